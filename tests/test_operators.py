"""Operators are pure, keyed where they say so, and show as little as they promise."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privscan import operators
from privscan.errors import ConfigError
from privscan.model import Action

KEY, OTHER = b"k" * 32, b"o" * 32
VALUE = st.text(min_size=1, max_size=40)


@pytest.mark.parametrize("name", sorted(operators.TABLE))
@given(value=VALUE, entity=st.sampled_from(["EMAIL_ADDRESS", "CREDIT_CARD", "IP_ADDRESS", "PERSON"]))
def test_operators_are_pure(name: str, value: str, entity: str) -> None:
    first = operators.TABLE[name](KEY, entity, value, {})
    assert first == operators.TABLE[name](KEY, entity, value, {})


@given(VALUE, st.integers(-5, 100), st.sampled_from(["*", "#", "x"]))
def test_mask_shows_a_quarter_at_most(value: str, keep: int, char: str) -> None:
    shown = operators.mask(KEY, "X", value, {"keep_last": keep, "char": char})
    marks = [(old, new) for old, new in zip(value, shown, strict=True) if old.isalnum()]
    left = sum(old == new and new != char for old, new in marks)
    assert left <= len(marks) // 4
    assert [new for old, new in zip(value, shown, strict=True) if not old.isalnum()] == [
        m for m in value if not m.isalnum()
    ]


@given(st.text("abcXYZ019 .-/+", min_size=1, max_size=60))
def test_shaped_keeps_separators_case_and_kind(value: str) -> None:
    made = operators.pseudonym(KEY, "CUSTOMER_ID", value, {})
    assert len(made) == len(value)
    for old, new in zip(value, made, strict=True):
        assert (old.isdigit(), old.isalpha(), old.isupper()) == (new.isdigit(), new.isalpha(), new.isupper())
        assert old.isalnum() or old == new


def test_pseudonyms_depend_on_key_entity_and_value() -> None:
    made = {
        operators.pseudonym(key, entity, value, {})
        for key in (KEY, OTHER)
        for entity in ("PERSON", "ID")
        for value in ("Ada Lovelace 1815", "Ada Lovelace 1816")
    }
    assert len(made) == 8


PAIRS = [
    ("card, spaced or not", "4111 1111 1111 1111", "4111111111111111", True),
    ("mail, any case", "Bob@Example.com", "bob@example.com", True),
    ("another number", "4111111111111111", "4111111111111112", False),
    ("another name", "bob@example.com", "rob@example.com", False),
]


@pytest.mark.parametrize(("one", "two", "same"), [pair[1:] for pair in PAIRS], ids=[pair[0] for pair in PAIRS])
def test_fingerprints_see_through_spelling(one: str, two: str, same: bool) -> None:
    assert (operators.digest(KEY, "X", one) == operators.digest(KEY, "X", two)) is same


OUTPUTS: list[tuple[str, str, dict[str, Any], str]] = [
    ("replace", "replace", {}, r"<CREDIT_CARD>"),
    ("replace, template", "replace", {"template": "[{entity}]"}, r"\[CREDIT_CARD\]"),
    ("mask", "mask", {}, r"\*{4} \*{4} \*{4} \*{4}"),
    ("mask, last four", "mask", {"keep_last": 4}, r"\*{4} \*{4} \*{4} 1111"),
    ("mask, asks for more", "mask", {"keep_last": 12}, r"\*{4} \*{4} \*{4} 1111"),
    ("hash", "hash", {}, r"<CREDIT_CARD:[0-9a-f]{16}>"),
    ("hash, short", "hash", {"length": 1}, r"<CREDIT_CARD:[0-9a-f]{8}>"),
    ("pseudonym", "pseudonym", {}, r"0000 \d{4} \d{4} \d{4}"),
    ("keep", "keep", {}, r"4111 1111 1111 1111"),
]


@pytest.mark.parametrize(
    ("name", "params", "expected"), [case[1:] for case in OUTPUTS], ids=[case[0] for case in OUTPUTS]
)
def test_apply(name: str, params: dict[str, Any], expected: str) -> None:
    action = Action(name, tuple(params.items()))
    made = operators.apply(operators.table([name]), action, KEY, "CREDIT_CARD", "4111 1111 1111 1111")
    assert re.fullmatch(expected, made)


def test_special_pseudonyms_are_reserved() -> None:
    assert re.fullmatch(r"u[0-9a-f]{12}@pseudonym\.invalid", operators.pseudonym(KEY, "EMAIL_ADDRESS", "a@b.org", {}))
    assert re.fullmatch(r"0(\.\d{1,3}){3}", operators.pseudonym(KEY, "IP_ADDRESS", "81.2.69.142", {}))


def test_an_unknown_operator_is_told_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match='did you mean "replace"'):
        operators.table(["repalce"])
