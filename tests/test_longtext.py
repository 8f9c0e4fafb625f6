"""Strings too long to be held: what they say, wherever they are cut, and how they are written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privscan import jsontext, longtext
from privscan.longtext import LongText, windows

if TYPE_CHECKING:
    from collections.abc import Iterator

MARKS = [
    "a",
    " b",
    "é",
    "ñ",
    "λ",
    "中",
    "文",
    "😀",
    "\\",
    "\\\\",
    '"',
    "\n",
    "\x01",
    "/",
    "<",
    "12",
    "u0041",
    "\ud83d",
    "\ude00",
]
TEXTS = st.lists(st.sampled_from(MARKS), min_size=1, max_size=60).map("".join)


@pytest.fixture(autouse=True, scope="module")
def _short() -> Iterator[None]:
    """Cut so often that every kind of character stands at a cut."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(longtext, "STEP", 7)
        patch.setattr(longtext, "CORE", 16)
        yield


def joined(text: str) -> str:
    """Return a text as JSON would give it back: halves of a pair that meet are one character."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def written(text: str, *, ascii_only: bool, slashes: bool) -> bytearray:
    lone = any(0xD800 <= ord(mark) < 0xE000 for mark in text)
    raw = json.dumps(text, ensure_ascii=ascii_only or lone)
    return bytearray(b"\n" + (raw.replace("/", "\\/") if slashes else raw).encode() + b"\n")


@given(TEXTS.map(joined), st.booleans(), st.booleans(), st.data())
def test_a_stretch_is_what_the_whole_text_has_there(
    text: str, ascii_only: bool, slashes: bool, data: st.DataObject
) -> None:
    raw = written(text, ascii_only=ascii_only, slashes=slashes)
    long = LongText(raw, 2, len(raw) - 2)
    assert (len(long), str(long)) == (len(text), text)
    start, end = data.draw(st.integers(0, len(text))), data.draw(st.integers(0, len(text) + 3))
    assert long[start:end] == text[start:end]


@given(TEXTS.map(joined), st.booleans(), st.data())
def test_spans_are_rewritten_as_in_a_text_that_is_held(text: str, ascii_only: bool, data: st.DataObject) -> None:
    raw = written(text, ascii_only=ascii_only, slashes=False)
    places = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=6)))
    places = places[: len(places) // 2 * 2]
    news = data.draw(st.lists(st.sampled_from(["", "X<>", '"q"', "中", "a\udc00b"]), min_size=3, max_size=3))
    spans = list(zip(places[::2], places[1::2], news, strict=False))
    wanted, at = "", 0
    for start, end, new in spans:
        wanted, at = wanted + text[at:start] + new, end
    wanted += text[at:]
    long = LongText(raw, 2, len(raw) - 2)
    edited = long.edited(spans)
    assert (len(edited), str(edited)) == (len(wanted), wanted)
    start, end = data.draw(st.integers(0, len(wanted))), data.draw(st.integers(0, len(wanted)))
    assert edited[start:end] == wanted[start:end]
    assert edited.find("<") == wanted.find("<")
    assert b"".join(long.pieces(spans)) == jsontext.splice(raw[2:-2].decode(), spans).encode()


@given(TEXTS.map(joined), st.integers(0, 40))
def test_windows_have_all_of_a_text_and_what_stands_round_it(text: str, overlap: int) -> None:
    raw = written(text, ascii_only=True, slashes=False)
    long = LongText(raw, 2, len(raw) - 2)
    seen = list(windows(long, overlap))
    assert "".join(long[window.start : window.end] for window in seen) == text
    for window in seen:
        assert window.low == max(window.start - overlap, 0)
        assert window.high == min(window.end + overlap, len(text))


@given(st.lists(TEXTS.map(joined), min_size=1, max_size=4), st.booleans())
def test_tokens_of_bytes_are_those_of_text(texts: list[str], ascii_only: bool) -> None:
    record = {text: [text, {"n": [1e5, text]}] for text in texts}
    lone = any(0xD800 <= ord(mark) < 0xE000 for text in texts for mark in text)
    line = json.dumps(record, ensure_ascii=ascii_only or lone)
    by_bytes = [
        (line.encode()[token.start : token.end].decode(), *token[2:])
        for token in jsontext.tokens(bytearray(line.encode()))
    ]
    assert by_bytes == [(line[token.start : token.end], *token[2:]) for token in jsontext.tokens(line)]


@pytest.mark.parametrize(
    ("text", "seen"),
    [('{"a": "b"}', True), ("\n\t [1]", True), (" " * 200, True), ("text {", False), ("\\u007b", True), ("中{", False)],
)
def test_what_may_be_json_is_told_by_its_head(text: str, seen: bool) -> None:
    raw = json.dumps(text, ensure_ascii=False).replace("\\\\u", "\\u").encode()
    assert longtext.packed(raw, 1, len(raw) - 1) is seen


def test_it_shows_its_length_and_no_more() -> None:
    raw = b'"secret words"'
    assert repr(LongText(raw, 1, len(raw) - 1)) == "LongText(characters=12)"
