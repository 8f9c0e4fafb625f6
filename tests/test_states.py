"""Known and excused findings: what they change, what they leave, and what a wrong file is told."""

from __future__ import annotations

import datetime
import json
from typing import TYPE_CHECKING, Any

import pytest

import privscan
from privscan import states
from privscan.compare import diff, write_baseline
from privscan.errors import ConfigError, UsageError
from privscan.gate import exit_code
from privscan.model import Confidence, Leaf, LeafKind, Match, Severity, Span, Suppression
from privscan.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MAILS = [f"person{number}@mail.acme-widgets.com" for number in range(4)]
DAY = datetime.date(2026, 11, 22)


def corpus(path: Path, mails: list[str]) -> str:
    """Write a record a mail, in the text and, quoted, in JSON inside a string."""
    rows = [{"text": f"write to {mail}", "call": json.dumps({"to": mail})} for mail in mails]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


@pytest.fixture(scope="module")
def shared(cache_dir: str) -> dict[str, Any]:
    return {"cache_dir": cache_dir, "select": ["pii.email"], "key": b"0123456789abcdef" * 2, "workers": 1, "day": DAY}


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory, shared: dict[str, Any]) -> Path:
    """Return a folder with a run of three mails, and its baseline."""
    folder = tmp_path_factory.mktemp("earlier")
    privscan.scan(corpus(folder / "a.jsonl", MAILS[:3]), out=str(folder / "run"), **shared)
    assert write_baseline(str(folder / "run"), str(folder / "base.jsonl")) == 3
    return folder


def states_of(report: privscan.Report) -> dict[str, int]:
    out: dict[str, int] = {}
    for (*_, state), count in report.tally.findings.items():
        out[state] = out.get(state, 0) + count
    return out


def test_what_the_baseline_knows_fails_no_gate(tmp_path: Path, earlier: Path, shared: dict[str, Any]) -> None:
    base = str(earlier / "base.jsonl")
    same = privscan.scan(corpus(tmp_path / "b.jsonl", MAILS[2::-1]), baseline=base, **shared)
    assert (states_of(same), exit_code(same)) == ({"known": 6}, 0)
    more = privscan.scan(corpus(tmp_path / "c.jsonl", MAILS), baseline=base, **shared)
    assert (states_of(more), exit_code(more)) == ({"known": 6, "new": 2}, 1)


def test_known_values_are_redacted_all_the_same(tmp_path: Path, earlier: Path, shared: dict[str, Any]) -> None:
    base = str(earlier / "base.jsonl")
    out = str(tmp_path / "out")
    report = privscan.clean(corpus(tmp_path / "b.jsonl", MAILS[:2]), out, baseline=base, dedup="off", **shared)
    assert states_of(report) == {"known": 4}
    assert "acme-widgets" not in (tmp_path / "out/data/b.jsonl").read_text(encoding="utf-8")


def test_a_baseline_tells_no_value_and_compares_well(earlier: Path) -> None:
    lines = (earlier / "base.jsonl").read_text(encoding="utf-8").splitlines()
    assert lines[1:] == sorted(lines[1:])
    assert not any(mail[:7] in line for mail in MAILS for line in lines)
    assert {json.loads(line)["findings"] for line in lines[1:]} == {2}


def changed(line: int, **more: Any) -> Callable[[list[str]], list[str]]:
    def change(lines: list[str]) -> list[str]:
        lines[line] = json.dumps(json.loads(lines[line]) | more)
        return lines

    return change


BAD: list[tuple[str, Callable[[list[str]], list[str]], str]] = [
    ("another key", changed(0, key_check="0" * 16), "was made with another key"),
    ("another schema", changed(0, schema="privscan/baseline/9"), "is no baseline"),
    ("cut off", lambda lines: lines[:-1], "is not whole"),
    ("half a line", lambda lines: [*lines[:-1], lines[-1][:20]], "a line is none of a baseline's"),
    ("no hex", changed(1, fingerprint="person0@mail"), "a line is none of a baseline's"),
    ("a number", changed(1, fingerprint=3), "a line is none of a baseline's"),
    ("nothing", lambda _: [""], "is no baseline"),
    ("findings", lambda lines: lines[1:], "is no baseline"),
]


@pytest.mark.parametrize(("change", "reason"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_a_bad_baseline_is_told(
    tmp_path: Path, earlier: Path, shared: dict[str, Any], change: Callable[[list[str]], list[str]], reason: str
) -> None:
    lines = (earlier / "base.jsonl").read_text(encoding="utf-8").splitlines()
    (tmp_path / "bad.jsonl").write_text("\n".join(change(lines)), encoding="utf-8")
    with pytest.raises(UsageError, match=reason):
        privscan.scan(str(earlier / "a.jsonl"), baseline=str(tmp_path / "bad.jsonl"), **shared)


def test_a_baseline_needs_a_key_that_is_kept(tmp_path: Path, earlier: Path, shared: dict[str, Any]) -> None:
    keyless = {name: value for name, value in shared.items() if name != "key"}
    with pytest.raises(UsageError, match="give --key-file"):
        privscan.scan(str(earlier / "a.jsonl"), baseline=str(earlier / "base.jsonl"), **keyless)
    privscan.scan(str(earlier / "a.jsonl"), out=str(tmp_path / "run"), **keyless)
    with pytest.raises(UsageError, match="with a key that was thrown away"):
        write_baseline(str(tmp_path / "run"), str(tmp_path / "base.jsonl"))
    assert not (tmp_path / "base.jsonl").exists()


EXCUSES = """
[[suppress]]
rule = "pii.email"
location = "b.*"
field = "/text"
reason = "our own addresses"
expires = 2026-11-22

[[suppress]]
rule = "EMAIL_ADDRESS"
reason = "was fine for a while"
expires = 2026-11-21

[[suppress]]
location = "other/*"
reason = "a lab"
"""


def test_excuses_hold_where_they_say_and_are_told(tmp_path: Path, shared: dict[str, Any]) -> None:
    (tmp_path / "excuses.toml").write_text(EXCUSES, encoding="utf-8")
    out = str(tmp_path / "out")
    given = shared | {"suppress": [str(tmp_path / "excuses.toml")], "fail_on": "medium"}
    report = privscan.clean(corpus(tmp_path / "b.jsonl", MAILS), out, dedup="off", **given)
    assert states_of(report) == {"suppressed": 4, "new": 4}
    told = [(entry["state"], entry["findings"]) for entry in report.details["suppressions"]]
    assert told == [("used", 4), ("expired", 0), ("unused", 0)]
    rows = [json.loads(line) for line in (tmp_path / "out/data/b.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row["text"] for row in rows] == [f"write to {mail}" for mail in MAILS]
    assert all("acme" not in row["call"] for row in rows)
    checks = verify(out, key=given["key"], cache_dir=given["cache_dir"])
    assert [(check.name, check.detail) for check in checks if check.passed is False] == []
    (tmp_path / "excuses.toml").write_text(EXCUSES.replace("/text", "/call"), encoding="utf-8")
    with pytest.raises(UsageError, match="the suppressions in use now are not the run's"):
        verify(out, key=given["key"], cache_dir=given["cache_dir"])


def test_a_value_is_excused_by_its_fingerprint_anywhere(tmp_path: Path, earlier: Path, shared: dict[str, Any]) -> None:
    row = json.loads((earlier / "run/findings.jsonl").read_text(encoding="utf-8").splitlines()[0])
    text = f'[[suppress]]\nfingerprint = "{row["fingerprint"]}"\nreason = "the office"\n'
    (tmp_path / "e.toml").write_text(text, encoding="utf-8")
    report = privscan.scan(corpus(tmp_path / "x.jsonl", MAILS[::-1]), suppress=[str(tmp_path / "e.toml")], **shared)
    assert states_of(report) == {"suppressed": 2, "new": 6}


WRONG = [
    ("reason", 'rule = "pii"', "reason: is missing"),
    ("blank reason", 'rule = "pii"\nreason = " "', "reason: is missing"),
    ("nothing named", 'reason = "x"', "names nothing; give one or more of rule"),
    ("unknown key", 'rules = "pii"\nreason = "x"', 'unknown key "rules"; did you mean "rule"'),
    ("unknown rule", 'rule = "pii.emial"\nreason = "x"', '"pii.emial" is no rule, prefix or entity; did you mean'),
    ("fingerprint", 'fingerprint = "abc"\nreason = "x"', "must be the 32 hex digits"),
    ("date", 'rule = "pii"\nreason = "x"\nexpires = "2027-01-01"', "expires: must be a date"),
    ("pointer", 'field = "text"\nreason = "x"', 'a JSON Pointer starts with "/"'),
    ("number", 'rule = 3\nreason = "x"', "rule: must be a string"),
]


@pytest.mark.parametrize(("text", "reason"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
def test_a_wrong_excuse_is_told(tmp_path: Path, shared: dict[str, Any], text: str, reason: str) -> None:
    (tmp_path / "e.toml").write_text(f"[[suppress]]\n{text}\n", encoding="utf-8")
    with pytest.raises(ConfigError) as told:
        privscan.scan(str(tmp_path), suppress=[str(tmp_path / "e.toml")], **shared)
    assert reason in str(told.value)


MATCH = Match(Span(0, 1), "pii.us.ssn", "US_SSN", Confidence.HIGH, 0.9, Severity.HIGH)
FITS: list[tuple[Suppression, bool]] = [
    (Suppression(rule="pii.us"), True),
    (Suppression(rule="pii.us.ssn"), True),
    (Suppression(rule="pii.u"), False),
    (Suppression(rule="US_SSN"), True),
    (Suppression(rule="pii.us.ssn.x"), False),
    (Suppression(location="logs/*"), True),
    (Suppression(location="*.parquet"), False),
    (Suppression(field="/a"), True),
    (Suppression(field="/a/*/c"), True),
    (Suppression(field="/b"), False),
    (Suppression(rule="pii", location="logs/*", field="/b"), False),
    (Suppression(fingerprint="f" * 32), False),
]


@pytest.mark.parametrize(("entry", "fits"), FITS)
def test_all_that_an_excuse_names_must_hold(entry: Suppression, fits: bool) -> None:
    leaf = Leaf(0, "/a/b/c", "c", "x", LeafKind.STRING, None)
    found = states.excused_by([(7, entry)], "logs/x.jsonl", leaf, MATCH, "0" * 32)
    assert found == (7 if fits else None)


# ---------------------------------------------------------------- the difference of two runs


def test_a_difference_counts_values_not_places(tmp_path: Path, earlier: Path, shared: dict[str, Any]) -> None:
    privscan.scan(corpus(tmp_path / "b.jsonl", MAILS[:0:-1]), out=str(tmp_path / "run"), **shared)
    found = diff(str(earlier / "run"), str(tmp_path / "run"))
    assert (dict(found.new), dict(found.same), dict(found.gone)) == (
        {"EMAIL_ADDRESS": 2}, {"EMAIL_ADDRESS": 4}, {"EMAIL_ADDRESS": 2},
    )  # fmt: skip
    assert found.verdict(Severity.MEDIUM)["failing"] == 2
    assert found.verdict(Severity.CRITICAL)["failing"] == 0
    itself = diff(str(earlier / "run"), str(earlier / "run"))
    assert not itself.new
    assert not itself.gone


def test_runs_that_do_not_compare_are_refused(tmp_path: Path, earlier: Path, shared: dict[str, Any]) -> None:
    for name, key in (("other", {"key": b"another key of 32 bytes and more"}), ("none", {"key": None})):
        privscan.scan(corpus(tmp_path / "b.jsonl", MAILS), out=str(tmp_path / name), **(shared | key))
    with pytest.raises(UsageError, match="were made with different keys"):
        diff(str(earlier / "run"), str(tmp_path / "other"))
    with pytest.raises(UsageError, match="with a key that was thrown away"):
        diff(str(earlier / "run"), str(tmp_path / "none"))
    with pytest.raises(UsageError, match=r"holds no manifest\.json"):
        diff(str(earlier / "run"), str(tmp_path))
    (tmp_path / "other/findings.jsonl").write_text("", encoding="utf-8")
    with pytest.raises(UsageError, match="is not the file this run wrote"):
        diff(str(tmp_path / "other"), str(tmp_path / "other"))


def test_the_verb_gates_on_what_is_new(
    tmp_path: Path, earlier: Path, shared: dict[str, Any], cli: Callable[..., Any]
) -> None:
    privscan.scan(corpus(tmp_path / "b.jsonl", MAILS), out=str(tmp_path / "run"), **shared)
    told = cli("diff", earlier / "run", "run", "-f", "console", "-f", "json=d.json", "-f", "markdown=d.md")
    assert told.returncode == 1, told.stderr
    assert b"2 of medium severity or above" in told.stdout
    made = json.loads((tmp_path / "d.json").read_text(encoding="utf-8"))
    assert made["entities"] == [{"entity": "EMAIL_ADDRESS", "new": 2, "unchanged": 6, "gone": 0}]
    assert len(made["new"]) == 2
    assert cli("diff", "run", earlier / "run", "-q").returncode == 0
    assert cli("diff", "run", "run", "-f", "xml").returncode == 2
