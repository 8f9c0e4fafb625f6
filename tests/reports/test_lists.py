"""Formats that tell of single findings: valid when full, empty or hostile, within their viewers' limits, no value."""

from __future__ import annotations

import csv
import io
import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from privscan.reports import LISTS, Listing, gitlab, sarif, write

if TYPE_CHECKING:
    from privscan.model import Report

EMPTY = Listing()
NASTY = "=1+1<b>\x1b]0;x\x07\u202e%0A::error::,:\n\r\"'&\udcff|`" + "x" * 50_000


def row(number: int, **more: Any) -> dict[str, Any]:
    """Return a finding's row; `number` makes its place and value."""
    severity = ("low", "medium", "high", "critical")[number % 4]
    made: dict[str, Any] = {
        "id": f"{number:012x}", "uri": "a.jsonl", "record": number, "field": "/text", "start": 3, "end": 9,
        "entity": "EMAIL_ADDRESS", "rule": "pii.email", "confidence": "high", "score": 0.93, "severity": severity,
        "evidence": ["checksum:email"], "fingerprint": f"{number:032x}", "state": "new",
    }  # fmt: skip
    return made | more


STATES = ("new", "known", "suppressed", "placeholder")
ROWS = [
    row(n, uri=f"f{n // 40}.jsonl", rule=f"pii.r{n % 7}", state=STATES[n % 4 if n % 9 == 0 else 0]) for n in range(200)
]
HOSTILE_ROWS = [row(n, **{name: NASTY}) for n, name in enumerate(("uri", "field", "entity", "rule"))]
HOSTILE_ROWS += [row(9, uri="=cmd.jsonl", start=None, end=None, evidence=[NASTY])]


def told(name: str, report: Report, rows: list[dict[str, Any]]) -> str:
    stream = io.StringIO()
    write(report, name, stream, Listing(rows, {"f0.jsonl": "data/f0.jsonl"}))
    return stream.getvalue()


@pytest.mark.parametrize("form", sorted(LISTS.keys() - {"html"}))
@pytest.mark.parametrize("rows", [[], ROWS, HOSTILE_ROWS], ids=["none", "many", "hostile"])
@pytest.mark.parametrize("name", ["full", "empty", "hostile"])
def test_every_format_can_be_parsed_and_is_printable(
    form: str, rows: list[dict[str, Any]], name: str, request: pytest.FixtureRequest
) -> None:
    text = told(form, request.getfixturevalue(name), rows)
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202e\ud800-\udfff]", text)
    if form in ("sarif", "gitlab"):
        json.loads(text)
    elif form == "junit":
        ET.fromstring(text)
    elif form == "findings":
        assert [json.loads(line) for line in text.splitlines()] == rows
    elif form == "csv":
        table = list(csv.reader(io.StringIO(text, newline="")))
        assert len(table) == len(rows) + 1
        assert not any(cell[:1] in ("=", "+", "-", "@") for cells in table for cell in cells)
    else:
        assert all(re.fullmatch(r"::(error|warning|notice) [^\n]*::[^\n]+", line) for line in text.splitlines())


def test_a_command_cannot_be_forged(hostile: Report) -> None:
    for line in told("github", hostile, HOSTILE_ROWS).splitlines():
        head, _, _ = line.removeprefix("::").partition("::")
        assert re.fullmatch(r"(error|notice|warning) (file=[^,:]*,line=\d+,title=[^,:]*|title=privscan)", head)


def test_annotations_are_as_many_as_are_shown(full: Report) -> None:
    rows = [row(n, rule=f"pii.r{n}") for n in range(400)]
    lines = told("github", full, rows).splitlines()
    for level in ("error", "warning", "notice"):
        assert sum(line.startswith(f"::{level} file=") for line in lines) <= 10
    assert lines[-1].startswith("::error title=privscan::Incomplete")


def run_of(report: Report, rows: list[dict[str, Any]]) -> dict[str, Any]:
    log = sarif.build(report, Listing(rows, {"f0.jsonl": "data/f0.jsonl"}))
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    return dict(run)


@pytest.mark.parametrize("rows", [[], ROWS, HOSTILE_ROWS], ids=["none", "many", "hostile"])
def test_sarif_refers_to_what_it_holds(full: Report, rows: list[dict[str, Any]]) -> None:
    run = run_of(full, rows)
    rules = run["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("error", "warning", "note")
        assert 0 <= result["rank"] <= 100
        assert len(result["locations"]) <= 100
        assert result["occurrenceCount"] >= len(result["locations"])
        for location in result["locations"]:
            place = location["physicalLocation"]
            assert (
                run["artifacts"][place["artifactLocation"]["index"]]["location"]["uri"]
                == place["artifactLocation"]["uri"]
            )
            assert re.fullmatch(r"[!-~]+", place["artifactLocation"]["uri"])
            assert place["region"]["startLine"] >= 1
    assert "snippet" not in json.dumps(run)


def test_sarif_tells_how_the_run_went(full: Report) -> None:
    (invocation,) = run_of(full, [])["invocations"]
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (False, 3)
    notes = invocation["toolExecutionNotifications"]
    assert len(notes) == len(full.problems)
    assert "the line is not valid JSON" in notes[0]["message"]["text"]
    whole = replace(full, complete=True, problems=(), gate={"fail_on": "high", "failing": 0})
    (invocation,) = run_of(whole, [])["invocations"]
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (True, 0)


def test_sarif_counts_every_finding_once(full: Report) -> None:
    run = run_of(full, ROWS)
    counted = sum(result["occurrenceCount"] for result in run["results"])
    assert counted == sum(entry["state"] != "placeholder" for entry in ROWS)
    assert all(bool(r.get("suppressions")) is (r["properties"]["state"] == "suppressed") for r in run["results"])
    assert all("baselineState" not in result for result in run["results"])
    against = run_of(replace(full, details={"baseline": {"known": 3}}), ROWS)
    states = {(r["properties"]["state"], r.get("baselineState")) for r in against["results"]}
    assert states == {("new", "new"), ("known", "unchanged"), ("suppressed", None)}


def test_sarif_keeps_the_gravest_within_the_limit(full: Report) -> None:
    rows = [row(n, rule=f"pii.r{n}", severity="critical" if n > 5500 else "low") for n in range(6000)]
    run = run_of(full, rows)
    assert len(run["results"]) == 5000
    assert sum(result["level"] == "error" for result in run["results"]) == 499
    assert run["properties"]["resultsLeftOut"] == 1000


def test_fingerprints_tell_values_not_their_order(full: Report) -> None:
    rows = [row(n) for n in range(30)]
    first = run_of(full, rows)["results"][0]["fingerprints"]
    assert first == run_of(full, rows[::-1])["results"][0]["fingerprints"]
    assert first != run_of(full, rows[5:])["results"][0]["fingerprints"]


def test_gitlab_keeps_to_the_schema(full: Report) -> None:
    made = gitlab.build(full, Listing(ROWS, {}))
    assert made["scan"]["type"] == "secret_detection"
    assert made["scan"]["status"] == "failure"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", made["scan"]["start_time"])
    assert len({entry["id"] for entry in made["vulnerabilities"]}) == len(made["vulnerabilities"])
    for entry in made["vulnerabilities"]:
        assert entry["severity"] in ("Low", "Medium", "High", "Critical")
        assert 1 <= len(entry["identifiers"]) <= 20
        assert len(entry["name"]) <= 255
        assert entry["location"]["commit"]["sha"]
        assert "raw_source_code_extract" not in entry


def test_junit_fails_what_the_gate_fails(full: Report) -> None:
    tree = ET.fromstring(told("junit", replace(full, gate={"fail_on": "high", "failing": 1}), ROWS))
    for suite in tree.findall("testsuite"):
        assert int(suite.attrib["tests"]) == len(suite.findall("testcase"))
        assert int(suite.attrib["failures"]) == len(suite.findall("testcase/failure"))
    names = {suite.attrib["name"] for suite in tree}
    assert {artifact.uri for artifact in full.inputs} <= names
    assert tree.find("testsuite[@name='privscan']/testcase/error") is not None
    assert len(tree.findall(".//failure")) == len(
        {(r["uri"], r["rule"]) for r in ROWS if r["state"] == "new" and r["severity"] in ("high", "critical")}
    )
