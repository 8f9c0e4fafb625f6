"""Figures and names in words."""

from __future__ import annotations

import doctest
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privscan.reports import wording

ANYTHING = st.text(st.characters(exclude_categories=()), max_size=300)


def test_the_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(wording) == doctest.TestResults(0, doctest.testmod(wording).attempted)
    assert doctest.testmod(wording).attempted >= 8


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.00 kB"),
        (999_999, "1.00 MB"),
        (99_960_000, "100 MB"),
        (10**19, "10,000 PB"),
    ],
)
def test_size(count: int, words: str) -> None:
    assert wording.size(count) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.0, "0.00 s"), (59.94, "59.9 s"), (59.96, "1 min 0 s"), (3599.9, "1 h 0 min"), (360_000, "100 h 0 min")],
)
def test_duration(seconds: float, words: str) -> None:
    assert wording.duration(seconds) == words


@given(ANYTHING, st.integers(4, 120), st.booleans())
def test_a_clipped_name_is_printable_bounded_and_on_one_line(text: str, limit: int, ascii_only: bool) -> None:
    shown = wording.clip(text, limit, ascii_only=ascii_only)
    assert len(shown) <= limit
    assert shown.isprintable()
    assert not any(unicodedata.bidirectional(c) in {"RLO", "LRO", "RLE", "LRE", "RLI", "LRI", "FSI"} for c in shown)
    assert shown.isascii() or not ascii_only


@given(st.text(st.characters(categories=["L", "N", "P"]), max_size=40))
def test_a_short_printable_name_stays_as_it_is(text: str) -> None:
    assert wording.clip(text, 40) == text


@given(st.integers(0, 10**12), st.integers(0, 10**12))
def test_a_share_is_nothing_or_everything_only_when_it_is(count: int, total: int) -> None:
    words = wording.share(count, total)
    assert (words == "0 %") == (count == 0 or total == 0)
    assert (words == "100 %") == (0 < total <= count)
