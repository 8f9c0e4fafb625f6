"""What Hyperscan is asked for: every place is told, however many there are, and digits only where digits are."""

from __future__ import annotations

import re

import pytest

from privscan.detectors import triggers
from privscan.model import Confidence, Rule, Severity

RULE = Rule(
    id="acme.table",
    entity="PASSWORD",
    name="In a table",
    pattern=r"\|\s{0,20}word",
    severity=Severity.HIGH,
    confidence=Confidence.MEDIUM,
)
CELL = b"| zpassword |"


def of(trigger: str) -> list[triggers.Trigger]:
    from dataclasses import replace

    return triggers.triggers_of(replace(RULE, trigger=trigger), 0, needs_context=False)


@pytest.mark.parametrize(
    "expression",
    [
        r"\|\s{0,20}zpassword",
        r"\|\s{0,20}(?i:zpassword)\s{0,20}\|",
        r"\|[ \t]{1,64}zpassword",
        r"other|[|=] {0,3}\s{1,200}zpassword",
        r"\|(?:\s|x){0,16}zpassword",
    ],
)
@pytest.mark.parametrize("between", [b"\n", b'"}\n{"text": "', b"| |" + b"x" * 70])
def test_every_match_is_told(expression: str, between: bytes) -> None:
    buffer = b"\n" + b"".join((between, CELL) * 6) + b"\n"
    assert triggers.refused(expression.encode()) == ""
    _, ends = triggers.Databases(of(expression), None).scan(buffer)
    for found in re.finditer(rb"zpassword", buffer):
        assert any(found.start() < end <= found.end() + 2 for end in ends.tolist())


@pytest.mark.parametrize(
    ("trigger", "group"),
    [
        pytest.param(r"07[0-9]{3} [0-9]{6}", "run9", id="eleven digits"),
        pytest.param(r"\(0?[0-9]{2,4}\) ?[0-9]{3}", "run5", id="five at least"),
        pytest.param(r"[0-9]{2}-x-[0-9]{4}", "others", id="no run of five"),
        pytest.param(r"id=[0-9]{0,9}", "others", id="perhaps no digit"),
        pytest.param(r"word.{0,400}[0-9]{9}", "others", id="beyond what is scanned near a run"),
        pytest.param(r"[[:digit:]]{9}", "others", id="nobody here can read it"),
    ],
)
def test_digits_are_looked_for_where_digits_are(trigger: str, group: str) -> None:
    assert [entry.group for entry in of(trigger)] == [group]
