"""JSON text as tokens: agreement with a parser, offsets that map, splices that change nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privscan import jsontext
from privscan.formats.jsonl import JsonlBlock
from privscan.model import LeafKind, Shard

TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=30)  # lone surrogates included
SCALAR = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), TEXT)
VALUE = st.recursive(
    SCALAR,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXT, inner, max_size=4)),
    max_leaves=20,
)
SHORT = {'"': '\\"', "\\": "\\\\", "/": "\\/", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def units(mark: str) -> str:
    """Write a character as \\u escapes, a pair of them beyond the first plane."""
    data = mark.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{data[i]:02x}{data[i + 1]:02X}" for i in range(0, len(data), 2))


@st.composite
def escaped(draw: st.DrawFn) -> tuple[str, str]:
    """A string token's content, escaped at random, and what it stands for."""
    text = draw(TEXT)
    # two lone halves side by side would be read as one character
    text = json.loads(json.dumps(text))
    raw = []
    for mark in text:
        must = mark in '"\\' or mark < " "
        ways = [units(mark)]
        if mark in SHORT:
            ways.append(SHORT[mark])
        if not must and not 0xD800 <= ord(mark) <= 0xDFFF:
            ways.append(mark)
        raw.append(draw(st.sampled_from(ways)))
    return "".join(raw), text


def leaves(value: Any, pointer: str = "") -> list[tuple[str, str, Any]]:
    """The keys, strings and numbers of a value, in order, as a parser sees them."""
    if isinstance(value, dict):
        out: list[tuple[str, str, Any]] = []
        for key, inner in value.items():
            place = f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}"
            out += [(place + "~key", "key", key), *leaves(inner, place)]
        return out
    if isinstance(value, list):
        return [leaf for index, inner in enumerate(value) for leaf in leaves(inner, f"{pointer}/{index}")]
    if isinstance(value, bool) or value is None:
        return []
    return [(pointer, "string" if isinstance(value, str) else "number", value)]


@given(VALUE, st.sampled_from([None, 1]), st.booleans())
def test_tokens_agree_with_a_parser(value: Any, indent: int | None, ascii_only: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    found = []
    for token in jsontext.tokens(text):
        raw = text[token.start : token.end]
        seen = json.loads(raw) if token.kind is LeafKind.NUMBER else jsontext.decode(raw)
        found.append((token.pointer, token.kind.value, seen))
    assert found == leaves(json.loads(text))


@given(VALUE, st.lists(st.integers(0, 200), max_size=4))
def test_marked_tokens_are_those_a_mark_lies_in(value: Any, marks: list[int]) -> None:
    text = json.dumps(value)
    whole = list(jsontext.tokens(text))
    marked = list(jsontext.tokens(text, sorted(marks)))
    assert set(marked) <= set(whole)
    for token in whole:
        if any(token.start < mark <= token.end for mark in marks):
            assert token in marked


@pytest.mark.parametrize("length", [0, 159, 160, 161, 400, 5000])
@pytest.mark.parametrize("filler", ["a", '\\"', "\\\\", "é"], ids=["plain", "quotes", "backslashes", "accents"])
def test_long_strings_end_where_they_end(length: int, filler: str) -> None:
    text = '{"' + filler * length + '" : "' + filler * length + '", "n":[1,-2.5e3,true,"x"]}'
    found = [(token.kind.value, text[token.start : token.end]) for token in jsontext.tokens(text)]
    tail = [("key", "n"), ("number", "1"), ("number", "-2.5e3"), ("string", "x")]
    assert found == [("key", filler * length), ("string", filler * length), *tail]


@given(escaped())
def test_decode_undoes_any_escaping(pair: tuple[str, str]) -> None:
    raw, text = pair
    assert jsontext.decode(raw) == json.loads(f'"{raw}"')
    assert jsontext.decode(jsontext.encode(text)) == text


@given(escaped())
def test_raw_offsets_cut_between_characters(pair: tuple[str, str]) -> None:
    raw, _ = pair
    text = jsontext.decode(raw)
    places = jsontext.raw_offsets(raw, range(len(text) + 1))
    assert places[0] == 0
    assert places[-1] == len(raw)
    for index, mark in enumerate(text):
        assert jsontext.decode(raw[places[index] : places[index + 1]]) == mark


@given(escaped(), st.data())
def test_splice_changes_the_spans_and_nothing_else(pair: tuple[str, str], data: st.DataObject) -> None:
    raw, _ = pair
    text = jsontext.decode(raw)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    spans = [(a, b) for a, b in zip(cuts[::2], cuts[1::2], strict=False) if a < b]
    edits = [(a, b, data.draw(st.sampled_from(["", "<X>", '"', "\\", "\n", "é", "a\udc00b"]))) for a, b in spans]
    expected, at = "", 0
    for start, end, new in edits:
        expected, at = expected + text[at:start] + new, end
    done = jsontext.splice(raw, edits)
    done.encode()  # whatever is written can be
    assert jsontext.decode(done) == expected + text[at:]
    if not edits:
        assert done == raw


CHECKS = [
    ("object", b'{"a":1}', ""),
    ("a number alone", b"12", ""),
    ("a string alone", b'"x"', ""),
    ("duplicate keys", b'{"a":1,"a":2}', ""),
    ("lone surrogate", b'{"a":"\\ud800"}', ""),
    ("surrogate pair", b'{"a":"\\ud83d\\ude00"}', ""),
    ("huge number", b'{"a":123456789012345678901234567890}', ""),
    ("a number out of range", b'{"a":-1.5E+400}', ""),
    ("a number of 5,000 digits", b'["1e9",' + b"1" * 5000 + b"]", ""),
    ("a number out of range beside a lone surrogate", b'{"a":1e999,"b":"\\ud800"}', ""),
    ("a large number badly written", b'{"a":01e999}', "not JSON"),
    ("open string", b'{"a":"', "not JSON"),
    ("two values", b'{"a":1} {"b":2}', "not JSON"),
    ("single quotes", b"{'a':1}", "not JSON"),
    ("NaN", b'{"a":NaN}', "not JSON"),
    ("Infinity", b'{"a":-Infinity}', "not JSON"),
    ("NaN beside a lone surrogate", b'{"a":NaN,"b":"\\ud800"}', "not JSON"),
    ("bad UTF-8", b'{"a":"\xff"}', "not UTF-8 at byte 6"),
    ("encoded surrogate", b'{"a":"\xed\xa0\x80"}', "not UTF-8"),
    ("control character", b'{"a":"\x01"}', "not JSON"),
    ("depth 10,000", b"[" * 10_000 + b"]" * 10_000, "nested deeper than 1024"),
    ("depth 10,000 beside a lone surrogate", b'["\\ud800",' + b"[" * 9_999 + b"]" * 10_000, "nested deeper"),
    ("depth 10,000, never closed", b'{"a":' * 10_000, "nested deeper"),
]


@pytest.mark.parametrize(("line", "reason"), [case[1:] for case in CHECKS], ids=[case[0] for case in CHECKS])
def test_check_tells_what_is_wrong(line: bytes, reason: str) -> None:
    told = jsontext.check(line)
    assert told.startswith(reason) if reason else told == ""


@pytest.mark.parametrize("line", [case[1] for case in CHECKS if not case[2]], ids=[c[0] for c in CHECKS if not c[2]])
def test_what_passes_the_check_can_be_parsed_and_is_cut_as_it_is_with_others(line: bytes) -> None:
    jsontext.parse(line)
    blocks = [JsonlBlock(Shard(0, 0, "", "a.jsonl", "jsonl"), 1, body) for body in (line, line + b"\n\nno JSON")]
    assert [row for block in blocks for row in block.problems] == [2]


@pytest.mark.parametrize("depth", [900, 1000, 1020])
def test_deep_records_that_pass_the_check_can_be_parsed(depth: int) -> None:
    line = b'["\\ud800",' + b"[" * (depth - 1) + b"]" * depth

    def deeper(frames: int) -> Any:
        return jsontext.parse(line) if frames == 0 else deeper(frames - 1)

    assert jsontext.check(line) == ""
    assert len(deeper(60)) == 2


def test_what_looks_like_a_surrogate_behind_a_backslash_is_none() -> None:
    line = rb'{"a":"\\ud800","b":"\ud800","c":"\ud83d\ude00"}'
    assert jsontext.check(line) == ""
    assert jsontext.parse(line) == {"a": "\\ud800", "b": "\ud800", "c": "\U0001f600"}


VALUES = st.recursive(
    st.text(max_size=10) | st.sampled_from(["a/b", "caf\u00e9", "\\", "\\u00e9", "\U0001f600", "\ud800x", '"']),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)


@given(VALUES, st.booleans(), st.booleans())
def test_spelled_is_the_same_json(value: Any, ascii_only: bool, slashes: bool) -> None:
    line = json.dumps(value, ensure_ascii=ascii_only)
    raw = (line.replace("/", "\\/") if slashes else line).encode("utf-8", "surrogatepass")
    if b"\xed\xa0\x80" in raw:  # a lone surrogate as it is: no JSON line has one
        return
    out = jsontext.spelled(raw)
    if out is not None:
        assert json.loads(out.decode("utf-8", "surrogatepass")) == value
        assert b"\\u" not in out
        assert b"\\/" not in out


@pytest.mark.parametrize(
    ("line", "out"),
    [
        (rb'["\u043f\u0430"]', '["па"]'),
        (rb'["\ud83d\ude00"]', '["😀"]'),
        (rb'["https:\/\/x.org\/a"]', '["https://x.org/a"]'),
        ('["ü \\u00fc"]'.encode(), '["ü ü"]'),
        (rb'["a\\\u00e9"]', r'["a\\é"]'),
        (rb'["a \u0022 b"]', None),
        (rb'["{\"a\": \"\\u00e9\"}"]', None),
        (rb'["https:\\/\\/x.org"]', None),
    ],
    ids=["letters", "pair", "slash", "beside-others", "behind-a-backslash", "quote", "json-inside", "slash-inside"],
)
def test_spelled(line: bytes, out: str | None) -> None:
    found = jsontext.spelled(line)
    assert (None if found is None else found.decode()) == out
