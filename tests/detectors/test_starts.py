"""Where a pattern can begin: never too few places."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privscan import examples, rules
from privscan.detectors.starts import starts


@pytest.mark.parametrize(
    ("pattern", "expression"),
    [
        pytest.param("(?:key|token)=[a-z]{9}", "[kt](?=[eo][ky])", id="alternatives"),
        pytest.param(r"(?<!x)(?i:pwd)\b", "[Pp](?=[Ww][Dd])", id="case-and-neighbours"),
        pytest.param("(?:ab)?cd", "[ac](?=[bd])", id="optional"),
        pytest.param("q{2,5}r", "[q](?=[q][qr])", id="repeat"),
        pytest.param("q{1,5}r", "[q](?=[qr])", id="repeat-that-may-end"),
        pytest.param("z", "[z]", id="one-character"),
        pytest.param(r"[a-z]+\d", None, id="most-of-a-text"),
        pytest.param(r"(?:\A|key=)\d\d", "[k](?=[e][y])", id="beginning-of-the-text-or-not"),
        pytest.param(r"\A\d\d", "(?!)", id="beginning-of-the-text-alone"),
        pytest.param("x?", None, id="nothing-at-all"),
        pytest.param(r".\w", None, id="anything"),
        pytest.param(r"(?P<q>[\"'])k(?P=q)", "[\"'](?=[k])", id="reference-further-on"),
    ],
)
def test_starts(pattern: str, expression: str | None) -> None:
    assert starts(pattern) == expression


def test_alternatives_are_kept_apart_where_mixing_them_would_be_common() -> None:
    words = "pass secret token access admin client deploy master service shared signing storage write consumer".split()
    first = starts(f"(?i:{'|'.join(words)})=")
    assert first is not None
    assert re.findall(first, "Secret passwd tokEn clients") == ["S", "p", "t", "c"]
    assert not re.search(first, "case the sort wise post sink make")


@pytest.mark.parametrize("letter", ["\u212a", "\u017f", "\u0130"], ids=["kelvin", "long-s", "dotted-i"])
def test_letters_that_fold_to_plain_ones(letter: str) -> None:
    text = letter + "=1"
    pattern = f"(?i:{letter.lower()[0]}|k|s)=1"
    found = starts(pattern)
    assert re.search(pattern, text)
    assert found is None or re.search(found, text)


RULES = [rule for rule in rules.load_rules() if rule.pattern]


def test_examples_begin_where_they_may() -> None:
    for rule in RULES:
        first, pattern = starts(rule.pattern), re.compile(rule.pattern)
        for example in rule.examples if first else ():
            text = example.replace(examples.OPEN, "").replace(examples.CLOSE, "")
            for found in pattern.finditer(text):
                assert first is not None
                assert _told(rule, first, text, found.start()), rule.id


def _told(rule, first: str, text: str, at: int) -> bool:
    """Say whether a match of a rule is looked for where it begins."""
    return (at == 0 and r"\A" in rule.pattern) or re.compile(first).match(text, at) is not None


@given(st.sampled_from([rule for rule in RULES if len(rule.pattern) < 200]), st.data())
def test_matches_of_a_pattern_begin_where_they_may(rule, data) -> None:
    text = data.draw(st.from_regex(rule.pattern))
    first = starts(rule.pattern)
    for found in re.finditer(rule.pattern, text):
        assert first is None or _told(rule, first, text, found.start())
