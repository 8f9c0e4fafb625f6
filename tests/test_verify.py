"""`verify` holds on a good run, and each check fails when its promise is broken."""

from __future__ import annotations

import hashlib
import json
import shutil
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import privscan
from privscan.errors import UsageError
from privscan.verify import exit_code, verify

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

POLICY = """
id = "mixed"
name = "Mixed"
detectors = ["patterns"]
select = ["pii.email", "pii.card", "secret.github"]
[default]
operator = "replace"
[actions.CREDIT_CARD]
operator = "mask"
keep_last = 4
[actions."secret.github"]
operator = "drop"
"""
MAIL, CARD = "jane.roe@mail.acme-widgets.com", "5105 1051 0510 5100"
TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"


def make(folder: Path, cache_dir: str) -> Path:
    """A run over JSON Lines and Parquet with every outcome but none unforeseen."""
    source = folder / "in"
    source.mkdir(parents=True)
    rows = [
        {"n": 1, "text": "nothing here to see, move along please, and take care"},
        {"n": 1.50, "text": f"write to {MAIL} or {MAIL} soon \u00e9"},
        {"n": 1, "text": "nothing here to see, move along please, and take care"},
        {"text": f"paid by {CARD} today", "flag": True, MAIL: {"inner": 3}},
        {"args": json.dumps({"to": MAIL, "said": 'a "quote"'})},
        {"text": "last of the good ones", "none": None},
    ]
    body = "".join(json.dumps(row) + "\n" for row in rows) + "{broken\n"
    (source / "a.jsonl").write_text(body)
    table = pa.table({"text": [f"ask {MAIL}", "plain words", "more words"], "n": [1, 2, 3]})
    pq.write_table(table, source / "b.parquet")
    (folder / "policy.toml").write_text(POLICY)
    out = folder / "out"
    privscan.clean(
        str(source), str(out), policy=str(folder / "policy.toml"), cache_dir=cache_dir, dedup="exact", workers=1
    )
    return out


def test_what_only_looks_like_a_leak_or_a_change_is_none(tmp_path: Path, cache_dir: str) -> None:
    """A value that is a word the evidence names, part of another, digits of a reference in the page or a number of
    ours; keys that stand twice, and those that a covered one comes to look like.
    """
    policy = tmp_path / "policy.toml"
    policy.write_text('id = "p"\nname = "P"\n[default]\noperator = "replace"\ntemplate = ""\n')
    (tmp_path / "rules.toml").write_text(RULE.replace("Italian|Portnoy", "kenteken|128512|Italian|\\x00after"))
    (tmp_path / "a.jsonl").write_text(
        '{"text": "Italian \U0001f600 on 128512 \\u0000after"}\n{"text": "kenteken: 12-ABC-3"}\n'
        '{"a": "Italian at first", "b": 1, "a": "and then Italian"}\n'
        '{"Italianate": "all that is Italian"}\n{"Italian": {"x": 1}, "<USERNAME>": {"x": "Italian"}}\n'
    )
    with open(tmp_path / "a.jsonl", "ab") as file:
        file.write(b"\n" * (128_512 - file.tell()))
    kind = pa.map_(pa.string(), pa.string())
    maps = [
        [("k", "Italian"), ("k", "plain")],
        [("Italian", "a"), ("<USERNAME>", "is Italian")],
        [("k", "b"), ("k", "b")],
    ]
    pq.write_table(pa.table({"m": pa.array(maps, kind)}), tmp_path / "b.parquet")
    options = {"policy": str(policy), "rule_files": [str(tmp_path / "rules.toml")], "cache_dir": cache_dir}
    asked = options | {"select": ["pii.own", "pii.plate"], "dedup": "off"}
    privscan.clean([str(tmp_path / "a.jsonl"), str(tmp_path / "b.parquet")], str(tmp_path / "out"), **asked)
    assert b'"bytes": 128512,' in (tmp_path / "out" / "report.json").read_bytes()
    assert b"context:kenteken" in (tmp_path / "out" / "findings.jsonl").read_bytes()
    assert b"&#128512;" in (tmp_path / "out" / "report.html").read_bytes()
    assert failed(tmp_path / "out", cache_dir) == set()


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory, cache_dir: str) -> Path:
    return make(tmp_path_factory.mktemp("good"), cache_dir)


@pytest.fixture
def run(tmp_path: Path, good: Path) -> Path:
    shutil.copytree(good, tmp_path / "out")
    return tmp_path / "out"


def failed(run: Path, cache_dir: str) -> set[int]:
    return {check.promise for check in verify(str(run), cache_dir=cache_dir) if check.passed is False}


def signed_again(run: Path) -> None:
    """Make the manifest name the files as they are now, as somebody who wants to deceive would."""
    path = run / "manifest.json"
    told = json.loads(path.read_text())
    for entry in told["outputs"]:
        entry["sha256"] = hashlib.sha256((run / entry["uri"]).read_bytes()).hexdigest()
    told["files"] = {name: hashlib.sha256((run / name).read_bytes()).hexdigest() for name in told["files"]}
    path.write_text(json.dumps(told))


def test_a_good_run_holds(good: Path, cache_dir: str) -> None:
    checks = verify(str(good), cache_dir=cache_dir)
    assert [(check.promise, check.passed, check.detail) for check in checks] == [(n, True, "") for n in range(8)]
    outcomes = json.loads((good / "manifest.json").read_text())["outcomes"]
    assert outcomes == {"clean": 4, "redacted": 4, "duplicate": 1, "quarantined": 1}


RULE = """
[[rule]]
id = "pii.own.name"
entity = "USERNAME"
name = "A word for the Italian style of a card"
pattern = 'Italian|Portnoy'
severity = "low"
confidence = "high"
examples = ["⟦Italian⟧"]
counter_examples = ["Dutch"]
"""


def test_a_value_that_is_a_word_of_our_own_is_no_leak(tmp_path: Path, cache_dir: str) -> None:
    (tmp_path / "rules.toml").write_text(RULE)
    source, out = tmp_path / "a.jsonl", tmp_path / "out"
    source.write_text('{"text": "Ms. Italian and Mr. Portnoy met"}\n')
    privscan.clean(
        str(source), str(out), policy="web", rule_files=[str(tmp_path / "rules.toml")], cache_dir=cache_dir, workers=1
    )
    assert "Italian" in (out / "report.json").read_text()
    assert failed(out, cache_dir) == set()
    report = out / "report.json"
    report.write_text(report.read_text().replace('"notes": []', '"notes": ["Portnoy"]'))
    signed_again(out)
    assert failed(out, cache_dir) == {5}


def edit(name: str, old: bytes, new: bytes, times: int = 1) -> Callable[[Path], None]:
    def change(run: Path) -> None:
        body = (run / name).read_bytes()
        assert old in body
        (run / name).write_bytes(body.replace(old, new, times))

    return change


def without_line(name: str, line: int) -> Callable[[Path], None]:
    def change(run: Path) -> None:
        lines = (run / name).read_bytes().splitlines(keepends=True)
        del lines[line]
        (run / name).write_bytes(b"".join(lines))

    return change


def with_line(name: str, line: bytes) -> Callable[[Path], None]:
    def change(run: Path) -> None:
        (run / name).write_bytes((run / name).read_bytes() + line)

    return change


def other_schema(run: Path) -> None:
    path = run / "data" / "b.parquet"
    table = pq.read_table(path)
    pq.write_table(table.replace_schema_metadata({"x": "y"}), path)


def other_cell(run: Path) -> None:
    path = run / "data" / "b.parquet"
    table = pq.read_table(path)
    pq.write_table(table.set_column(1, table.schema.field(1), pa.array([1, 2, 4])), path)


DATA = "data/a.jsonl"
# what was done, and the promises that must be told as broken even when the manifest was made to agree
TAMPERED: list[tuple[str, Callable[[Path], None], set[int]]] = [
    ("a byte of a clean record", edit(DATA, b"move along", b"move alone"), {3}),
    ("a number in a redacted record", edit(DATA, b"1.5", b"1.6"), {3}),
    ("a flag in a redacted record", edit(DATA, b"true", b"false"), {3}),
    ("a string beside a covered name", edit(DATA, b"paid by", b"paid to"), {3}),
    ("a null in a clean record", edit(DATA, b"null", b"0"), {3}),
    ("a space in a redacted record", edit(DATA, b'"n": 1.5', b'"n":1.5'), {3}),
    ("text beside a finding", edit(DATA, b"or <EMAIL", b"of <EMAIL"), {3}),
    ("a value put back", edit(DATA, b"<EMAIL_ADDRESS> or", MAIL.encode() + b" or"), {2, 7}),
    ("a line removed", without_line(DATA, 0), {1}),
    ("a line added", with_line(DATA, b'{"x":1}\n'), {4}),
    ("the broken line passed on", with_line(DATA, b"{broken\n"), {4}),
    ("a finding removed", without_line("findings.jsonl", 0), {3}),
    ("a finding moved", edit("findings.jsonl", b'"record":1', b'"record":0'), {2}),
    ("a finding made no row", edit("findings.jsonl", b'"record"', b'"recrod"'), {1}),
    ("a finding with words for numbers", edit("findings.jsonl", b'"start":', b'"start":"x","end":"y","x":'), {1}),
    (
        "a finding of nothing",
        edit("findings.jsonl", b'"uri":"b.parquet","record":0', b'"uri":"b.parquet","record":9'),
        {1},
    ),
    ("a duplicate untold", without_line("duplicates.jsonl", 0), {1}),
    ("a quarantine untold", without_line("quarantine.jsonl", 0), {4}),
    ("a duplicate of no file", with_line("duplicates.jsonl", b'{"uri":"none.jsonl","record":3,"method":"exact"}'), {1}),
    ("a quarantine of no file", with_line("quarantine.jsonl", b'{"uri":"none.jsonl","record":3,"kind":"read"}'), {1}),
    ("a value in the page", with_line("report.html", MAIL.encode()), {5}),
    ("a value in the findings", edit("findings.jsonl", b'"state"', b'"extra":"' + CARD.encode() + b'","state"'), {5}),
    ("another schema", other_schema, {3}),
    ("another cell", other_cell, {3}),
]


@pytest.mark.parametrize(("change", "broken"), [case[1:] for case in TAMPERED], ids=[case[0] for case in TAMPERED])
def test_tampering_is_told(run: Path, cache_dir: str, change: Callable[[Path], None], broken: set[int]) -> None:
    change(run)
    assert 0 in failed(run, cache_dir)
    signed_again(run)
    told = failed(run, cache_dir)
    assert broken <= told
    assert 0 not in told


def test_a_file_too_many_or_too_few_is_told(run: Path, cache_dir: str) -> None:
    (run / "data" / "c.jsonl").write_text("{}\n")
    assert failed(run, cache_dir) == {0}
    (run / "data" / "c.jsonl").unlink()
    (run / "data" / "b.parquet").unlink()
    assert {0, 1} <= failed(run, cache_dir)


def test_changed_or_missing_inputs_leave_promises_open(tmp_path: Path, cache_dir: str) -> None:
    out = make(tmp_path, cache_dir)
    shutil.move(tmp_path / "in", tmp_path / "moved")
    checks = verify(str(out), cache_dir=cache_dir)
    assert {check.promise: check.passed for check in checks} == {0: True, **dict.fromkeys(range(1, 7)), 7: True}
    assert exit_code(checks) == 3
    moved = verify(str(out), moved=str(tmp_path / "moved"), cache_dir=cache_dir)
    assert all(check.passed for check in moved)
    with (tmp_path / "moved" / "a.jsonl").open("a") as file:
        file.write("{}\n")
    states = {
        check.promise: check.passed for check in verify(str(out), moved=str(tmp_path / "moved"), cache_dir=cache_dir)
    }
    assert states == {0: True, **dict.fromkeys(range(1, 7)), 7: True}


def test_files_beside_the_inputs_that_were_not_read_make_no_difference(tmp_path: Path, cache_dir: str) -> None:
    source = tmp_path / "in"
    source.mkdir()
    for name in "ab":
        (source / f"{name}.jsonl").write_text('{"text": "the same words in two files"}\n')
    privscan.clean(str(source), str(source / "out"), policy="web", cache_dir=cache_dir, dedup="exact", workers=1)
    (source / "0.jsonl").write_text('{"text": "the same words in two files"}\n')
    checks = verify(str(source / "out"), cache_dir=cache_dir)
    assert [check.detail for check in checks if not check.passed] == []
    assert exit_code(checks) == 0


def edited(run: Path, **more: Any) -> None:
    told = json.loads((run / "manifest.json").read_text())
    (run / "manifest.json").write_text(json.dumps(told | more))


REFUSED = [
    ("no manifest", lambda run: (run / "manifest.json").unlink(), "holds no manifest"),
    ("no JSON", lambda run: (run / "manifest.json").write_text("{"), "is not JSON"),
    ("of another schema", lambda run: edited(run, schema="x/9"), "is of schema"),
    ("of a scan", lambda run: edited(run, command="scan"), "writes no data"),
    ("of other rules", lambda run: edited(run, rules_sha256="0"), "the rules in use now"),
    ("of another policy", lambda run: edited(run, policy_sha256="0"), "the policy in use now"),
]


@pytest.mark.parametrize(("change", "reason"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_what_is_no_run_is_refused(run: Path, cache_dir: str, change: Callable[[Path], None], reason: str) -> None:
    change(run)
    with pytest.raises(UsageError, match=reason):
        verify(str(run), cache_dir=cache_dir)


def test_verify_exits_by_its_checks(run: Path, cli: Callable[..., Any]) -> None:
    assert cli("verify", run).returncode == 0
    edit(DATA, b"move along", b"move alone")(run)
    done = cli("verify", run)
    assert done.returncode == 1
    assert b"data/a.jsonl has another sha256" in b" ".join(done.stdout.split())
    assert cli("verify", run / "data").returncode == 2
