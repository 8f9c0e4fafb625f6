"""Other readings of a leaf map back to the characters they were read from."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privscan import views
from privscan.model import Leaf, LeafKind, Span

VALUE = st.recursive(
    st.one_of(st.text(max_size=12), st.integers(), st.none()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)),
    max_leaves=10,
)


def leaf(text: str) -> Leaf:
    return Leaf(3, "/args", "args", text, LeafKind.STRING, "place")


@given(VALUE, st.booleans(), st.data())
def test_spans_map_back_to_what_they_were_read_from(value: Any, ascii_only: bool, data: st.DataObject) -> None:
    origin = leaf(json.dumps(value, ensure_ascii=ascii_only))
    for view in views.of(origin):
        assert (view.leaf.record, view.leaf.place) == (3, "place")
        text = view.leaf.text
        start = data.draw(st.integers(0, len(text) - 1))
        end = data.draw(st.integers(start + 1, len(text)))
        span = view.back(Span(start, end))
        covered = origin.text[span.start : span.end]
        if view.leaf.kind is LeafKind.NUMBER:
            assert covered == text
        else:
            assert json.loads(f'"{covered}"') == text[start:end]


READ = [
    ("an object", '{"to": "x", "n": 5}', ["to", "x", "n", "5"]),
    ("a list", ' ["a", {"b": ""}]', ["a", "b"]),
    ("escapes", '{"a": "\\u00e9\\n"}', ["a", "\u00e9\n"]),
    ("no JSON", '{"to": "x"', []),
    ("plain text", "hello", []),
    ("a string in quotes", '"x"', []),
    ("nothing", "", []),
]


@pytest.mark.parametrize(("text", "expected"), [case[1:] for case in READ], ids=[case[0] for case in READ])
def test_json_in_a_string_is_read(text: str, expected: list[str]) -> None:
    assert [view.leaf.text for view in views.of(leaf(text))] == expected


def test_what_is_put_in_json_stays_json() -> None:
    text = '{"to": "bob", "n": 5}'
    inner = list(views.of(leaf(text)))
    assert views.fitting(inner, Span(8, 11), 'a "b"') == 'a \\"b\\"'
    assert views.fitting(inner, Span(19, 20), "<X>") == "null"
    assert views.fitting([], Span(0, 3), 'a "b"') == 'a "b"'
