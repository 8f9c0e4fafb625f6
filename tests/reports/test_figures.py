"""What a report comes down to."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from privscan.model import Problem, Severity, Tally
from privscan.reports.figures import Group, summarise, top

if TYPE_CHECKING:
    from privscan.model import Report


def test_every_finding_is_counted_once(full: Report) -> None:
    summary = summarise(full)
    apart = sum(row.count for row in summary.apart)
    assert summary.found + apart == sum(full.tally.findings.values())
    assert summary.found == sum(group.count for group in summary.rules)
    assert summary.found == sum(sum(parts) for _, parts in summary.grid)
    assert all(row.count == row.placeholder + row.known + row.suppressed for row in summary.apart)
    assert sum(count for _, count in summary.outcomes) == full.tally.records


def test_the_gravest_come_first_then_the_most_frequent(full: Report) -> None:
    entities = summarise(full).entities
    order = [(group.severity, group.count) for group in entities]
    assert order == sorted(order, reverse=True)
    assert entities[0].severity is Severity.CRITICAL


def test_an_entity_has_the_highest_severity_of_its_findings() -> None:
    tally = Tally(findings=Counter({("JWT", "a", "low", "low", "new"): 4, ("JWT", "b", "high", "critical", "new"): 1}))
    (group,) = summarise(_with(tally)).entities
    assert group == Group("JWT", "JWT", 5, Severity.CRITICAL, (1, 0, 4))


@pytest.mark.parametrize(
    ("fields", "everything"),
    [({("/a", "JWT"): 3}, True), ({("/a", "JWT"): 2}, False)],
    ids=["set apart included", "set apart left out"],
)
def test_it_is_known_whether_fields_count_what_is_set_apart(
    fields: dict[tuple[str, str], int], everything: bool
) -> None:
    findings = Counter({("JWT", "a", "high", "high", "new"): 2, ("JWT", "a", "high", "high", "placeholder"): 1})
    assert summarise(_with(Tally(findings=findings, fields=Counter(fields)))).everything is everything


def test_a_trouble_has_its_count_its_places_and_a_remedy(full: Report) -> None:
    first, second, third = summarise(full).troubles
    assert (first.count, second.count, third.count) == (9, 4, 1)
    assert len(first.places) == 9
    assert all(trouble.remedy.endswith(".") for trouble in (first, second, third))
    assert first.remedy != third.remedy


def test_a_file_that_could_not_be_opened_is_a_trouble_though_no_record_was_counted(empty: Report) -> None:
    (trouble,) = summarise(replace(empty, problems=(Problem("a.jsonl", None, "read", "no such file"),))).troubles
    assert (trouble.count, trouble.places[0].uri) == (1, "a.jsonl")


def test_places_are_found_though_the_tally_leaves_figures_out_of_a_reason(empty: Report) -> None:
    tally = Tally(reasons=Counter({("read", "not JSON at character N"): 2, ("read", "row 3 is bad"): 1}))
    problems = tuple(Problem("a", n, "read", f"not JSON at character {n}") for n in (7, 9))
    problems += (Problem("b", 1, "read", "row 3 is bad"),)
    first, second = summarise(replace(empty, tally=tally, problems=problems)).troubles
    assert (first.count, first.places) == (2, problems[:2])
    assert (second.count, second.places) == (1, problems[2:])


@pytest.mark.parametrize(
    ("gate", "complete", "quarantined", "kind", "says"),
    [
        ({"fail_on": "medium", "failing": 0}, True, 0, "passed", "no new finding of medium severity or above"),
        ({"fail_on": "medium", "failing": 1}, True, 0, "failed", "there is 1 new finding of medium severity or above"),
        ({"fail_on": "critical", "failing": 2000}, True, 0, "failed", "are 2,000 new findings of critical severity."),
        ({"fail_on": "never", "failing": 0}, True, 0, "open", "No gate was set"),
        ({}, True, 0, "open", "No gate was set"),
        ({"fail_on": "low", "failing": 0}, False, 1, "incomplete", "1 record could not be looked at"),
        ({"fail_on": "low", "failing": 7}, False, 3, "incomplete", "holds 7 new findings of low severity or above"),
        ({"fail_on": "never", "failing": 0}, False, 0, "incomplete", "Part of the input could not be looked at"),
    ],
)
def test_verdict(gate: dict[str, object], complete: bool, quarantined: int, kind: str, says: str) -> None:
    tally = Tally(records=5, outcomes=Counter(quarantined=quarantined))
    verdict = summarise(replace(_with(tally), gate=gate, complete=complete)).verdict
    assert verdict.kind == kind
    assert says in verdict.words


def test_a_run_over_nothing_does_not_claim_to_have_looked(empty: Report) -> None:
    assert "no record to look at" in summarise(empty).verdict.words


@pytest.mark.parametrize(("rows", "shown", "more", "rest"), [(0, 0, 0, 0), (5, 5, 0, 0), (6, 6, 0, 0), (7, 5, 2, 20)])
def test_top(rows: int, shown: int, more: int, rest: int) -> None:
    groups = [Group("a", "a", 10, Severity.LOW, (0, 0, 10))] * rows
    cut = top(groups, 5)
    assert (len(cut.rows), cut.more, cut.rest) == (shown, more, rest)


@pytest.mark.parametrize(
    ("command", "shown"),
    [("scan", "privscan scan"), ("privscan scan a", "privscan scan a"), ("/opt/privscan scan", "/opt/privscan scan")],
)
def test_command(empty: Report, command: str, shown: str) -> None:
    assert summarise(replace(empty, command=command)).command == shown


def _with(tally: Tally) -> Report:
    from privscan.model import Report

    return Report("scan", {}, "", 0.0, {}, (), (), tally, (), (), {}, complete=True, key="")
