"""The gate: what fails a run, read from a policy or flags, and the exit code that follows."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from privscan.config import settings
from privscan.errors import ConfigError
from privscan.gate import exit_code, judge, read, with_flags
from privscan.model import Confidence, Gate, Report, Severity, Tally

TALLY = Tally(records=1000)
TALLY.outcomes = Counter(clean=890, redacted=10, duplicate=100)
TALLY.findings = Counter(
    {
        ("EMAIL_ADDRESS", "pii.email", "high", "medium", "new"): 7,
        ("EMAIL_ADDRESS", "pii.email", "low", "medium", "new"): 2,
        ("CREDIT_CARD", "pii.card", "high", "high", "new"): 1,
        ("CREDIT_CARD", "pii.card", "high", "critical", "known"): 50,
        ("JWT", "secret.jwt", "high", "critical", "suppressed"): 5,
        ("JWT", "secret.jwt", "high", "critical", "placeholder"): 5,
    }
)


def report(verdict: dict[str, Any], *, complete: bool = True) -> Report:
    return Report(
        command="scan", tool={}, started="", seconds=0.0, policy={}, inputs=(), outputs=(), tally=TALLY,
        problems=(), samples=(), gate=verdict, complete=complete, key="",
    )  # fmt: skip


CASES: list[tuple[str, Severity | None, dict[str, Any], int, int]] = [
    ("nothing asked", None, {}, 0, 0),
    ("severity", Severity.MEDIUM, {}, 10, 1),
    ("a higher severity", Severity.HIGH, {}, 1, 1),
    ("only new ones", Severity.CRITICAL, {}, 0, 0),
    ("confidence", Severity.MEDIUM, {"min_confidence": "high"}, 8, 1),
    ("a count", None, {"max_findings": 9}, 0, 1),
    ("a count that is kept", None, {"max_findings": 10}, 0, 0),
    ("a count of the sure", None, {"max_findings": 8, "min_confidence": "high"}, 0, 0),
    ("a rate", None, {"max_per_million": 9999}, 0, 1),
    ("a rate that is kept", None, {"max_per_million": 10000}, 0, 0),
    ("duplicates", None, {"max_duplicates": 0.05}, 0, 1),
    ("duplicates kept", None, {"max_duplicates": 0.1}, 0, 0),
    ("quarantined", None, {"max_quarantined": 0}, 0, 0),
    ("an entity", None, {"entities": {"EMAIL_ADDRESS": 8}}, 0, 1),
    ("an entity not there", None, {"entities": {"US_SSN": 0}}, 0, 0),
]


@pytest.mark.parametrize(("fail_on", "table", "failing", "code"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_verdicts(fail_on: Severity | None, table: dict[str, Any], failing: int, code: int) -> None:
    verdict = judge(TALLY, fail_on, read(table, "p: gate"))
    assert verdict["failing"] == failing
    assert exit_code(report(verdict)) == code
    assert exit_code(report(verdict, complete=False)) == 3


def test_an_empty_run_breaks_no_rate() -> None:
    verdict = judge(Tally(), None, read({"max_per_million": 0, "max_duplicates": 0}, "p"))
    assert exit_code(report(verdict)) == 0


WRONG: list[tuple[Any, str]] = [
    ([], "must be a table"),
    ({"max_finding": 1}, 'unknown key "max_finding"; did you mean "max_findings"'),
    ({"max_findings": "many"}, "max_findings: must be a number"),
    ({"max_findings": -1}, "max_findings: must be a number, 0 or more"),
    ({"max_findings": float("nan")}, "must be a number, 0 or more"),
    ({"max_findings": True}, "must be a number"),
    ({"max_duplicates": 5}, "is a share of the records"),
    ({"fail_on": "grave"}, 'fail_on: "grave" is none of'),
    ({"entities": 3}, "must be a table of entity"),
    ({"entities": {"JWT": "x"}}, "JWT: must be a number"),
]


@pytest.mark.parametrize(("table", "reason"), WRONG, ids=[reason for _, reason in WRONG])
def test_a_wrong_gate_is_told(table: Any, reason: str) -> None:
    with pytest.raises(ConfigError, match="acme: gate: ") as told:
        read(table, "acme: gate")
    assert reason in str(told.value)


def test_flags_go_over_the_policy() -> None:
    gate = read({"max_findings": 3, "entities": {"JWT": 0}}, "p")
    made = with_flags(gate, ["max_findings=5", "JWT=2", "min_confidence=high"], ["JWT"])
    assert made == Gate(None, Confidence.HIGH, limits=(("max_findings", 5.0),), entities=(("JWT", 2),))


@pytest.mark.parametrize(
    ("flag", "reason"),
    [
        ("max_findings", "give it as NAME=VALUE"),
        ("max_findings=x", "must be a number"),
        ("max_find=1", 'is neither a limit nor an entity; did you mean "max_findings"'),
        ("JWT=inf", "must be a number, 0 or more"),
        ("min_confidence=sure", "is none of low"),
    ],
)
def test_a_wrong_flag_is_told(flag: str, reason: str) -> None:
    with pytest.raises(ConfigError, match="--gate") as told:
        with_flags(Gate(), [flag], ["JWT"])
    assert reason in str(told.value)


LEVELS: list[tuple[str, list[str], str | None, Severity | None]] = [
    ("scan", [], None, Severity.MEDIUM),
    ("scan", ["max_findings=3"], None, None),
    ("scan", ["max_findings=3"], "low", Severity.LOW),
    ("scan", ["min_confidence=high"], None, Severity.MEDIUM),
    ("clean", [], None, None),
    ("clean", [], "high", Severity.HIGH),
]


@pytest.mark.parametrize(("command", "limits", "fail_on", "level"), LEVELS)
def test_what_fails_when_nothing_is_said(
    command: str, limits: list[str], fail_on: str | None, level: Severity | None
) -> None:
    assert settings(command, gate=limits, fail_on=fail_on).fail_on is level
