"""Bad input and bad places: a sentence with place and remedy, the right exit code, and the rest of the run goes on."""

from __future__ import annotations

import gzip
import json
import os
import re
import resource
import sys
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import privscan
from privscan.errors import OutputError, UsageError
from privscan.explain import explain
from privscan.formats import lines as cut
from privscan.gate import exit_code

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    Options = dict[str, Any]
    Cli = Callable[..., subprocess.CompletedProcess[bytes]]

GOOD = b'{"text":"write to jane.roe@mail.acme-widgets.com"}\n'
CLEANED = b'{"text":"write to <EMAIL_ADDRESS>"}\n'


def parquet(path: Path) -> bytes:
    table = pa.table({"text": [f"row {row} {os.urandom(40).hex()}" for row in range(4000)]})
    pq.write_table(table, path, row_group_size=1000, compression="none", use_dictionary=False)
    return path.read_bytes()


def cut_footer(path: Path) -> None:
    path.write_bytes(parquet(path)[:-20])


def bad_page(path: Path) -> None:
    body = bytearray(parquet(path))
    body[len(body) // 2 : len(body) // 2 + 4000] = b"\xff" * 4000
    path.write_bytes(bytes(body))


def stub(name: str, body: bytes) -> tuple[str, Callable[[Path], object]]:
    return name, lambda path: path.write_bytes(body)


# name of the file, how it is made, what is told, what its copy holds (None: there is none)
FILES: list[tuple[str, tuple[str, Callable[[Path], object]], str, bytes | None]] = [
    (
        "invalid UTF-8",
        stub("x.jsonl", GOOD + b'{"text":"\xff\xfe"}\n' + GOOD),
        "record 1: not UTF-8 at byte 9",
        CLEANED * 2,
    ),
    ("malformed JSON", stub("x.jsonl", GOOD + b'{"text":\n' + GOOD), "record 1: not JSON at character", CLEANED * 2),
    ("NaN", stub("x.jsonl", b'{"n":NaN}\n' + GOOD), "record 0: not JSON", CLEANED),
    ("Infinity", stub("x.jsonl", b'{"n":-Infinity}\n' + GOOD), "record 0: not JSON", CLEANED),
    (
        "depth 10,000",
        stub("x.jsonl", b'{"a":' * 10_000 + b"1" + b"}" * 10_000 + b"\n" + GOOD),
        "nested deeper",
        CLEANED,
    ),
    ("no JSON Lines at all", stub("x.jsonl", b'[\n  {"a": 1}\n]\n'), "record 0: not JSON", b'  {"a": 1}\n'),
    ("gzip cut short", stub("x.jsonl.gz", gzip.compress(GOOD * 5_000)[:-50]), "cannot be read beyond record", b""),
    ("gzip by another name", stub("x.jsonl", gzip.compress(GOOD)), "holds gzip, not JSON Lines; name it", None),
    ("zstd by another name", stub("x.jsonl", b"\x28\xb5\x2f\xfd\x04"), "holds zstd, not JSON", None),
    ("Parquet by another name", ("x.ndjson", parquet), "holds Parquet, not JSON Lines; name it .parquet", None),
    (
        "UTF-16",
        stub("x.jsonl", GOOD.decode().encode("utf-16")),
        "holds UTF-16, not JSON Lines; write it as UTF-8",
        None,
    ),
    ("no gzip at all", stub("x.jsonl.gz", GOOD), "cannot be read beyond record 0", b""),
    ("no zstd at all", stub("x.jsonl.zst", GOOD), "cannot be read beyond record 0", b""),
    ("Parquet without a footer", ("x.parquet", cut_footer), "no readable Parquet footer", None),
    ("Parquet, empty file", stub("x.parquet", b""), "no readable Parquet footer", None),
    ("Parquet with a broken page", ("x.parquet", bad_page), "record|page|cannot be read", b""),
    ("a link to nowhere", ("x.jsonl", lambda path: os.symlink("nowhere.jsonl", path)), "leads nowhere", None),
    ("a link to itself", ("x.jsonl", lambda path: os.symlink("x.jsonl", path)), "in a circle", None),
]


@pytest.mark.parametrize(("file", "reason", "copy"), [case[1:] for case in FILES], ids=[case[0] for case in FILES])
def test_a_bad_file_is_told_and_the_others_are_done(
    tmp_path: Path, options: Options, file: tuple[str, Callable[[Path], object]], reason: str, copy: bytes | None
) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    file[1](source / file[0])
    (source / "a.jsonl").write_bytes(GOOD)
    (source / "z.jsonl").write_bytes(GOOD)
    report = privscan.clean(str(source), str(out), dedup="off", **options)
    assert exit_code(report) == 3
    assert [problem.uri for problem in report.problems] == [file[0]] * len(report.problems)
    problem = report.problems[0]
    place = "" if problem.record is None else f"record {problem.record}: "
    assert re.search(reason, place + problem.reason)
    rows = [json.loads(line) for line in (out / "quarantine.jsonl").read_bytes().splitlines()]
    assert rows[0] == problem.row()
    assert report.tally.records == report.tally.outcomes.total()
    for name in ("a.jsonl", "z.jsonl"):
        assert (out / "data" / name).read_bytes() == CLEANED
    if copy is None:
        assert not (out / "data" / file[0]).exists()
    elif file[0] == "x.jsonl":
        assert (out / "data" / file[0]).read_bytes() == copy
    assert not (out / ".work").exists()
    assert str(tmp_path) not in (out / "report.json").read_text()


KEPT = [
    ("byte order mark", b"\xef\xbb\xbf" + GOOD, b"\xef\xbb\xbf" + CLEANED),
    ("CRLF", GOOD.replace(b"\n", b"\r\n") * 2, CLEANED.replace(b"\n", b"\r\n") * 2),
    ("blank lines", b"\n" + GOOD + b"   \n\n" + GOOD, b"\n" + CLEANED + b"   \n\n" + CLEANED),
    ("no last newline", GOOD + GOOD[:-1], CLEANED + CLEANED[:-1]),
    ("duplicate keys", b'{"a":"x@acme-widgets.com","a":"y"}\n', b'{"a":"<EMAIL_ADDRESS>","a":"y"}\n'),
    ("escaped value", b'{"a":"\\u0078\\u0040acme-widgets.com"}\n', b'{"a":"<EMAIL_ADDRESS>"}\n'),
    ("surrogate pair", b'{"a":"\\ud83d\\ude00 x@acme-widgets.com"}\n', b'{"a":"\\ud83d\\ude00 <EMAIL_ADDRESS>"}\n'),
    ("lone surrogate", b'{"a":"\\ud83d x@acme-widgets.com \\ude00"}\n', b'{"a":"\\ud83d <EMAIL_ADDRESS> \\ude00"}\n'),
    ("escaped slash", b'{"a":"\\/x@acme-widgets.com\\/"}\n', b'{"a":"\\/<EMAIL_ADDRESS>\\/"}\n'),
    ("numbers as written", b'{"n":[1e5,0.10,-0,1E+2,1234567890123456789012]}\n', None),
    ("deep, but not too deep", b'{"a":' * 900 + b'"\\ud800"' + b"}" * 900 + b"\n", None),
    ("an empty file", b"", None),
    ("nothing but blank lines", b"\n \n", None),
]


@pytest.mark.parametrize("dedup", ["off", "near"])
@pytest.mark.parametrize(("body", "expected"), [case[1:] for case in KEPT], ids=[case[0] for case in KEPT])
def test_odd_input_is_kept_as_it_is(
    tmp_path: Path, options: Options, body: bytes, expected: bytes | None, dedup: str
) -> None:
    (tmp_path / "a.jsonl").write_bytes(body)
    if dedup == "near" and body.count(GOOD[:-1]) > 1:  # the second is a duplicate
        body = body.replace(GOOD[:-1], b'{"text":"one"}', 1)
        expected = (expected or b"").replace(CLEANED[:-1], b'{"text":"one"}', 1)
        (tmp_path / "a.jsonl").write_bytes(body)
    report = privscan.clean(str(tmp_path / "a.jsonl"), str(tmp_path / "out"), dedup=dedup, **options)
    assert (tmp_path / "out" / "data" / "a.jsonl").read_bytes() == (body if expected is None else expected)
    assert report.complete


def test_half_a_character_in_what_is_masked_stays_escaped(tmp_path: Path, options: Options) -> None:
    policy = tmp_path / "mask.toml"
    policy.write_text('id = "mask"\nname = "Mask"\nselect = ["secret"]\n[default]\noperator = "mask"\n')
    (tmp_path / "a.jsonl").write_bytes(b'{"text":"password: tN7-wq\\ud800Lz2kPx ok"}\n')
    privscan.clean(
        str(tmp_path / "a.jsonl"), str(tmp_path / "out"), **options | {"policy": str(policy), "select": ["PASSWORD"]}
    )
    assert (tmp_path / "out" / "data" / "a.jsonl").read_bytes() == b'{"text":"password: ***-**\\ud800****** ok"}\n'


def test_half_a_character_in_a_name_of_a_field_is_told_as_any_other(tmp_path: Path, options: Options) -> None:
    (tmp_path / "a.jsonl").write_bytes(b'{"\\ud800":"call x@acme-widgets.com","key":"AKIA4HK2LQ7NPX2RTYWV"}\n' * 2)
    asked = options | {"select": ["pii.email", "secret.aws"]}
    told = str(tmp_path / "told.parquet")
    report = privscan.clean(str(tmp_path / "a.jsonl"), str(tmp_path / "out"), findings=told, dedup="off", **asked)
    assert (report.details["repetition"]["repeated"], report.details["secrets"]["values"]) == (2, 1)
    rows = pq.read_table(told).to_pylist()
    assert [row["field"] for row in rows] == ["/\\ud800", "/key"] * 2
    assert explain(str(tmp_path / "out"), rows[0]["id"]).row["field"] == "/\ud800"


def test_a_long_line_is_cleaned(tmp_path: Path, options: Options) -> None:
    long = b'{"text":"' + b"lorem ipsum " * (20 << 20 >> 4) + b'x@acme-widgets.com"}\n'
    (tmp_path / "a.jsonl").write_bytes(GOOD + long + GOOD)
    report = privscan.clean(str(tmp_path / "a.jsonl"), str(tmp_path / "out"), dedup="off", **options)
    copy = (tmp_path / "out" / "data" / "a.jsonl").read_bytes()
    assert copy == CLEANED + long.replace(b"x@acme-widgets.com", b"<EMAIL_ADDRESS>") + CLEANED
    assert report.complete


def test_a_bomb_is_quarantined_in_bounded_memory(
    tmp_path: Path, options: Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tracemalloc

    monkeypatch.setattr(cut, "MAX_LINE", 4 << 20)
    with gzip.open(tmp_path / "a.jsonl.gz", "wb", 1) as file:
        file.write(GOOD)
        for _ in range(200):
            file.write(bytes(1 << 20))
    privscan.scan(str(tmp_path / "a.jsonl.gz"), **options)  # what is loaded once is not counted
    tracemalloc.start()
    report = privscan.scan(str(tmp_path / "a.jsonl.gz"), **options)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [(problem.record, problem.reason) for problem in report.problems] == [
        (1, "longer than 4 MiB; split the record")
    ]
    assert report.tally.findings.total() == 1
    assert peak < 40 << 20


def test_a_folder_with_nothing_to_read_is_incomplete(tmp_path: Path, options: Options) -> None:
    (tmp_path / "readme.txt").write_text("x")
    report = privscan.scan(str(tmp_path), **options)
    assert exit_code(report) == 3
    assert "nothing to read" in report.problems[0].reason
    assert report.inputs == ()


# ---------------------------------------------------------------- fields


FIELDS: list[tuple[str, Options, str]] = [
    ("field", {"fields": ["/txet"]}, '--field "/txet": no record has this field; did you mean "/text"'),
    ("one of two", {"fields": ["/text", "/other"]}, '--field "/other": no record has this field'),
    ("dedup field", {"dedup_fields": ["/texts"], "dedup": "near"}, '--dedup-field "/texts": .* did you mean "/text"'),
]


@pytest.mark.parametrize("name", ["a.jsonl", "a.parquet"])
@pytest.mark.parametrize(("more", "reason"), [case[1:] for case in FIELDS], ids=[case[0] for case in FIELDS])
def test_a_field_that_is_nowhere_is_refused_before_anything_is_written(
    tmp_path: Path, options: Options, more: Options, reason: str, name: str
) -> None:
    path = tmp_path / name
    pq.write_table(pa.table({"text": ["x"], "n": [1]}), path) if name.endswith("t") else path.write_bytes(GOOD)
    with pytest.raises(UsageError, match=reason):
        privscan.clean(str(path), str(tmp_path / "out"), **(options | {"dedup": "off"} | more))
    assert not (tmp_path / "out").exists()


def test_a_field_that_is_somewhere_is_enough(tmp_path: Path, options: Options) -> None:
    pq.write_table(pa.table({"n": [1], "text": pa.array([None], pa.string())}), tmp_path / "a.parquet")
    (tmp_path / "b.jsonl").write_bytes(b'{"other":"x@acme-widgets.com"}\n')
    report = privscan.scan(str(tmp_path), **options, fields=["/text"])
    assert report.complete
    assert not report.tally.findings


def test_a_field_says_nothing_of_other_data(tmp_path: Path, options: Options) -> None:
    (tmp_path / "a.jsonl").write_bytes(b'{"jane.roe@mail.acme-widgets.com":1,"4111111111111111":2}\n')
    with pytest.raises(UsageError) as told:
        privscan.scan(str(tmp_path), **options, fields=["/text"])
    assert "jane" not in str(told.value)
    assert "4111" not in str(told.value)


# ---------------------------------------------------------------- places that cannot be written


def limited(size: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
@pytest.mark.parametrize(
    ("size", "dedup", "workers"), [(200, "off", 1), (6_000, "near", 1), (300_000, "off", 1), (300_000, "near", 2)]
)
def test_a_full_disk_is_told_and_leaves_no_half_file(
    tmp_path: Path, cli: Cli, corpus: bytes, size: int, dedup: str, workers: int
) -> None:
    (tmp_path / "in").mkdir()
    for number in range(1 if workers == 1 else 11):
        (tmp_path / "in" / f"{number}.jsonl").write_bytes(corpus)
    args = ("clean", "in", "-o", "out", "-q", "--select", "pii.email", "--dedup", dedup, "--workers", workers)
    done = cli(*args, preexec_fn=limited(size))
    assert done.returncode == 3, done.stderr
    assert re.fullmatch(rb"privscan: .*cannot be written.*File too large.*\n", done.stderr), done.stderr
    assert b"Traceback" not in done.stderr
    assert not (tmp_path / "out" / "manifest.json").exists()
    for path in tmp_path.glob("out/data/*"):
        assert path.read_bytes().count(b"\n") > 3000
    again = cli(*args, "--resume")
    assert (again.returncode, again.stderr) == (0, b"")


PLACES: list[tuple[str, list[str], int, str]] = [
    ("out under a file", ["clean", "a.jsonl", "-o", "a.jsonl/out"], 3, "cannot be written"),
    ("out is a file", ["clean", "a.jsonl", "-o", "b.txt"], 2, "is a file"),
    ("out is the input", ["clean", ".", "-o", "."], 2, "never changed"),
    ("out is full", ["clean", "a.jsonl", "-o", "full"], 2, "is not empty"),
    ("findings nowhere", ["scan", "a.jsonl", "--findings", "no/f.jsonl"], 2, "no/f.jsonl: cannot be written"),
    ("findings of another kind", ["scan", "a.jsonl", "--findings", "f.csv"], 2, "must end in .jsonl or .parquet"),
    ("findings onto a folder", ["scan", "a.jsonl", "--findings", "full.jsonl"], 2, "cannot be written"),
    ("report nowhere", ["scan", "a.jsonl", "-f", "json=no/r.json"], 2, "no/r.json: cannot be written"),
    ("rules with a broken pattern", ["scan", "a.jsonl", "--rules", "broken.toml"], 2, "broken.toml"),
    ("unknown verb", ["scna", "a.jsonl"], 2, "scna"),
    ("unknown flag", ["scan", "a.jsonl", "--polcy", "web"], 2, "--polcy"),
    ("unknown format", ["scan", "a.jsonl", "-f", "jsno"], 2, 'did you mean "json"'),
    ("unknown policy", ["scan", "a.jsonl", "--policy", "standrad"], 2, 'did you mean "standard"'),
    ("unknown rule", ["scan", "a.jsonl", "--select", "pii.emial"], 2, 'did you mean "pii.email"'),
    ("unknown field", ["scan", "a.jsonl", "--field", "/txet"], 2, 'did you mean "/text"'),
    ("no such file", ["scan", "no.jsonl"], 2, "no.jsonl: no such file or folder"),
    ("key file nowhere", ["scan", "a.jsonl", "--key-file", "no.key"], 2, "no.key: cannot be read"),
    ("unknown key of the file", ["--config", "bad.toml", "scan", "a.jsonl"], 2, 'did you mean "policy"'),
    ("the same, behind the verb", ["scan", "a.jsonl", "--config=bad.toml", "-q"], 2, 'did you mean "policy"'),
    ("no run", ["report", "full"], 2, "give a run folder"),
]


@pytest.mark.parametrize(("args", "code", "reason"), [case[1:] for case in PLACES], ids=[case[0] for case in PLACES])
def test_what_cannot_be_done_is_told(tmp_path: Path, cli: Cli, args: list[str], code: int, reason: str) -> None:
    (tmp_path / "a.jsonl").write_bytes(b'{"text":"x"}\n')
    (tmp_path / "b.txt").write_text("x")
    (tmp_path / "bad.toml").write_text('polcy = "web"')
    (tmp_path / "full.jsonl").mkdir()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "precious").write_text("x")
    rule = (
        "[[rule]]\nid = 'x.y'\nentity = 'X'\nname = 'x'\npattern = '(('\nexamples = ['⟦x⟧']\ncounter_examples = ['y']\n"
    )
    (tmp_path / "broken.toml").write_text(rule, encoding="utf-8")
    before = sorted(path.name for path in tmp_path.rglob("*"))
    done = cli(*args)
    assert (done.returncode, done.stdout) == (code, b"")
    assert reason in " ".join(done.stderr.decode().split())
    assert "Traceback" not in done.stderr.decode()
    assert sorted(path.name for path in tmp_path.rglob("*")) == before


def test_an_output_error_names_place_and_remedy(tmp_path: Path, options: Options) -> None:
    (tmp_path / "a.jsonl").write_bytes(GOOD)
    (tmp_path / "file").write_text("")
    with pytest.raises(
        OutputError, match=r"file/out: cannot be written \(Not a directory\); give a place in a folder that is there"
    ):
        privscan.clean(str(tmp_path / "a.jsonl"), str(tmp_path / "file" / "out"), **options)


@pytest.mark.parametrize("verb", [["scan"], ["clean", "-o", "out"]], ids=["scan", "clean"])
def test_a_pipe_that_holds_no_lines_is_told_with_the_way_out(cli: Cli, verb: list[str]) -> None:
    done = cli(*verb, "-", "-q", "--select", "pii.email", stdin=gzip.compress(GOOD))
    assert done.returncode == 3
    assert re.fullmatch(rb"privscan: stdin.jsonl: holds gzip, not JSON Lines; [^\n]+ gzip -dc \(\w+\)\n", done.stderr)


def test_a_whole_run_resumed_is_done_at_once_and_exits_as_it_did(tmp_path: Path, cli: Cli) -> None:
    (tmp_path / "a.jsonl").write_bytes(GOOD)
    args = ("clean", "a.jsonl", "-o", "out", "--select", "pii.email", "--fail-on", "low", "-f", "json=r.json")
    assert cli(*args).returncode == 1
    (tmp_path / "r.json").unlink()
    again = cli(*args, "--resume")
    assert again.returncode == 1
    assert b"nothing was left to do" in again.stderr
    assert (tmp_path / "r.json").read_bytes() == (tmp_path / "out" / "report.json").read_bytes()
