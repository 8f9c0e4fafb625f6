"""What raw bytes stand for: every text that a pattern will be shown is among what is read of them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privscan import jsontext
from privscan.detectors.raw import SEPARATOR, texts


def read(raw: bytes, *, quoted: bool = True) -> list[str | None]:
    return [text for _, text, _ in texts(raw, len(raw), quoted=quoted)]


@pytest.mark.parametrize(
    ("raw", "quoted", "text"),
    [
        pytest.param(b'{"a": "x y"}', True, "x y", id="string"),
        pytest.param(b'{"a": "x y"}', True, "a", id="key"),
        pytest.param(rb'{"a": "say \"hi\"\n\u00e9\\"}', True, 'say "hi"\né\\', id="escapes"),
        pytest.param(b'{"a": 536221234, "b": -1.5e3}', True, "536221234", id="number"),
        pytest.param(b'{"a": 536221234, "b": -1.5e3}', True, "-1.5e3", id="number-with-a-sign"),
        pytest.param(rb'{"a": "{\"b\": \"x \\\"y\\\" z\"}"}', True, 'x "y" z', id="json-in-a-string"),
        pytest.param(rb"ab\ncd \u00", True, "ab\ncd ", id="cut-in-an-escape"),
        pytest.param(b"\xa9 ab", True, "\ufffd ab", id="cut-in-a-character"),
        pytest.param(b'\x1esay "hi" x\x1ey\x1e', False, 'say "hi" x', id="column"),
        pytest.param(b'\x1e{"a": "x y"}\x1e', False, "x y", id="json-in-a-column"),
        pytest.param(rb"a\q", True, None, id="cannot-be-read"),
    ],
)
def test_texts(raw: bytes, quoted: bool, text: str | None) -> None:
    assert text in read(raw, quoted=quoted)


VALUES = st.recursive(
    st.text(st.characters(codec="utf-8"), max_size=12) | st.integers(-(10**9), 10**9) | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('ab\\"é', max_size=4), inner, max_size=3),
    max_leaves=6,
)


@given(VALUES, st.booleans(), st.integers(1, 3))
def test_every_leaf_is_among_them(value, ascii_only, times) -> None:
    line = json.dumps({"v": value}, ensure_ascii=ascii_only)
    found = read(line.encode())
    tokens = list(jsontext.tokens(line))
    leaves = [
        line[token.start : token.end] if token.kind == "number" else jsontext.content(line, *token[:2])
        for token in tokens
    ]
    assert {leaf for leaf in leaves if leaf} <= set(found)
    nested = line
    for _ in range(times - 1):
        nested = json.dumps({"n": nested}, ensure_ascii=ascii_only)
    assert {leaf for leaf in leaves if leaf} <= set(read(nested.encode()))
    assert {leaf for leaf in leaves if leaf} <= set(read(SEPARATOR + line.encode() + SEPARATOR, quoted=False))


@given(VALUES, st.data())
def test_a_stretch_holds_the_strings_that_stand_in_it(value, data) -> None:
    line = json.dumps({"v": value}, ensure_ascii=False)
    low = data.draw(st.integers(0, len(line) - 1))
    while low and line[low - 1] == "\\":
        low -= 1
    high = data.draw(st.integers(low, len(line)))
    found = set(read(line[low:high].encode()))
    for token in jsontext.tokens(line):
        if token.kind != "number" and low < token.start < token.end < high:
            assert jsontext.content(line, *token[:2]) in found


@given(st.binary(max_size=40), st.booleans())
def test_any_bytes_are_read_and_no_text_is_longer_than_its_bytes(raw, quoted) -> None:
    for begin, text, _ in texts(raw, len(raw), quoted=quoted):
        assert 0 <= begin <= len(raw)
        assert text is None or len(text) <= len(raw) - begin


@pytest.mark.parametrize(
    ("raw", "quoted", "cut"),
    [
        pytest.param(b'": "abc', True, ["abc"], id="in-a-string"),
        pytest.param(b'": "abc"', True, [], id="string-closed"),
        pytest.param(b'": "abc\\', True, ["abc"], id="in-an-escape"),
        pytest.param(b'": 12', True, [": 12", "12"], id="in-a-number"),
        pytest.param(b"\x1eab\x1ecd", False, ["cd"], id="in-a-value"),
        pytest.param(b"\x1eab\x1e", False, [""], id="value-closed"),
        pytest.param(rb'"{\"a\": \"xy', True, ['{"a": "xy', "xy"], id="in-json-in-a-string"),
    ],
)
def test_what_the_stretch_cuts_off_is_told(raw: bytes, quoted: bool, cut: list[str]) -> None:
    assert [text for _, text, open_ in texts(raw, len(raw), quoted=quoted) if open_] == cut
