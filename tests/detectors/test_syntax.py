"""Pieces of parse trees: made once, and the same however few are remembered."""

from __future__ import annotations

import pytest

from privscan.detectors import syntax
from privscan.detectors.derive import derive, least_run, loose

PATTERNS = [
    r"(?i)(?:key|token|secret)[ =:]{1,3}(?:[0-9a-f]{8}-){3}[0-9a-f]{12}",
    r"(?:a|b)(?:c|d)(?:e|(?-i:F))[0-9]{9}(?![0-9])",
    r"\b(?:[A-Z]{2}\d{6}|\d{3}[ -]?\d{3}[ -]?\d{3}|é{2}[^x]{4})\b",
]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_what_is_remembered_changes_nothing(monkeypatch: pytest.MonkeyPatch, pattern: str) -> None:
    def told() -> tuple[object, ...]:
        return derive(pattern), loose(pattern), least_run(pattern)

    once, again = told(), told()
    monkeypatch.setattr(syntax, "MOST_PIECES", 1)
    syntax.parsed.cache_clear()
    assert once == again == told()
    assert len(syntax._PIECES) <= 1


def test_case_is_told_apart() -> None:
    (op, value), *_ = syntax.parsed("[a-c]")
    plain, folded = (syntax.pieces_of([(op, value, fold)], outer=False)[0].text for fold in (False, True))
    assert (plain, folded) == (rb"[\x61-\x63]", rb"[\x41-\x43\x61-\x63]")
