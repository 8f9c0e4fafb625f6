"""Other readings of a leaf map back to the characters they were read from."""

from __future__ import annotations

import base64
import json
import random
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
        if view.outer is not None or view.name != "json":
            continue
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


@pytest.mark.parametrize("odd", ['"\\ud83d"', '"\ud83d"', "1e400", "9" * 5000], ids=["escape", "half", "large", "long"])
def test_json_that_few_readers_take_is_read_too(odd: str) -> None:
    assert [view.leaf.text for view in views.of(leaf(f'{{"a": {odd}, "b": "c"}}')) if view.leaf.key == "b"] == [
        "b",
        "c",
    ]


def test_what_is_put_in_json_stays_json() -> None:
    text = '{"to": "bob", "n": 5}'
    inner = list(views.of(leaf(text)))
    assert views.fitting(inner, Span(8, 11), 'a "b"') == 'a \\"b\\"'
    assert views.fitting(inner, Span(19, 20), "<X>") == "null"
    assert views.fitting([], Span(0, 3), 'a "b"') == 'a "b"'


def test_what_is_put_in_json_in_json_is_escaped_twice() -> None:
    text = json.dumps({"args": json.dumps({"to": "bob at the dock"})})
    inner = list(views.of(leaf(text)))
    at = text.index("bob")
    fitted = views.fitting(inner, Span(at, at + 3), 'a "b"')
    assert json.loads(json.loads(text[:at] + fitted + text[at + 3 :])["args"]) == {"to": 'a "b" at the dock'}


MAIL = "jane.doe@fjordlight.net"
TEXT = f"write to {MAIL} or call, says Zoë"
PLAIN = f"write to {MAIL} or call"


def _hex(text: str, head: str) -> str:
    return "".join(f"{head}{byte:02X}" for byte in text.encode())


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


MAIL_64 = (len(MAIL) * 4 + 2) // 3 + 1  # letters that stand for some of its characters, at most
ENCODED = [
    ("base64", _base64(TEXT), MAIL_64),
    ("base64", f"see {_base64(TEXT)} there", MAIL_64),
    ("base64", f"data/x/{_base64(TEXT)}", MAIL_64),
    ("base64", base64.urlsafe_b64encode(("ÿ?" + TEXT).encode()).decode().rstrip("="), MAIL_64),
    ("base64", base64.encodebytes((TEXT + " and that is all there is to say" * 4).encode()).decode(), MAIL_64 + 1),
    ("hex", TEXT.encode().hex(), 2 * len(MAIL)),
    ("hex", "0x" + TEXT.encode().hex().upper(), 2 * len(MAIL)),
    ("percent", _hex(TEXT, "%"), 3 * len(MAIL)),
    ("percent", "https://x.example/?to=jane.doe%40fjordlight.net&n=%C3%AB", len(MAIL) + 2),
    ("html", "jane.doe&#64;fjordlight.net", len(MAIL) + 4),
    ("html", "jane.doe&#x40;fjordlight.net &amp; co", len(MAIL) + 5),
    ("html", "jane.doe&commat;fjordlight&period;net", len(MAIL) + 14),
    ("escapes", _hex(TEXT, "\\x"), 4 * len(MAIL)),
    ("escapes", "".join(f"\\u{ord(c):04x}" for c in TEXT), 6 * len(MAIL)),
    ("escapes", "x = '\\u{6a}ane.doe@fjordlight.net'", len(MAIL) + 5),
    ("quoted-printable", "to=3Djane.d=\r\noe=40fjordlight.net", len(MAIL) + 5),
]


@pytest.mark.parametrize(("name", "text", "size"), ENCODED, ids=[f"{n}-{case[0]}" for n, case in enumerate(ENCODED)])
def test_encodings_are_read_and_map_back_to_the_smallest_stretch(name: str, text: str, size: int) -> None:
    spans = [
        (view.name, view.back(Span(at, at + len(MAIL))))
        for view in views.of(leaf(text))
        if (at := view.leaf.text.find(MAIL)) >= 0
    ]
    assert spans[0][0] == name
    start, end = spans[0][1]
    assert end - start <= size
    cut = text[:start] + "<>" + text[end:]
    shown = [cut, *(view.leaf.text for view in views.of(leaf(cut)))]
    assert not any(piece in one for one in shown for piece in ("jane", "@", ".net", "ane.", "ght.")), (
        "all of it is gone"
    )


NESTED = [
    ("thrice base64", _base64(_base64(_base64(PLAIN))), True),
    ("four times base64", _base64(_base64(_base64(_base64(PLAIN)))), False),
    ("JSON in base64 in JSON", json.dumps({"x": _base64(json.dumps({"to": PLAIN}))}), True),
    ("base64 in percent", _hex(_base64(PLAIN), "%"), True),
    ("HTML in quoted-printable", "a=3D1 jane.doe=26#64;fjord=\nlight.net", True),
]


@pytest.mark.parametrize(("text", "seen"), [case[1:] for case in NESTED], ids=[case[0] for case in NESTED])
def test_readings_nest_to_a_depth(text: str, seen: bool) -> None:
    assert any(MAIL in view.leaf.text for view in views.of(leaf(text))) is seen


NO_TEXT = [
    ("bytes", base64.b64encode(random.Random(1).randbytes(2000)).decode()),
    ("a digest", "9e107d9d372bb6826bd81d3542a419d69e107d9d372bb6826bd81d3542a419d6"),
    ("a number", "3141592653589793238462643383279502884197"),
    ("prose", "An extraordinarily_long_identifier_stands_here/and/a/path/there, 100% of it & more = less"),
    ("code", 'printf("%3d%%\\n", x); y = a&b; z =\\\n 4'),
    ("one letter", "Q" * 4000),
    ("one digit", "3" * 4000),
    ("controls", "\\x00\\x01\\x1b[0m"),
]


@pytest.mark.parametrize("text", [case[1] for case in NO_TEXT], ids=[case[0] for case in NO_TEXT])
def test_what_holds_no_text_is_no_view(text: str) -> None:
    assert [view.leaf.text for view in views.of(leaf(text))] == []


@given(st.text(alphabet='aZ0=%&#;x\\u4"{}[]:, \n3D6e\u00e9\U0001f600/+-_', max_size=60), st.data())
def test_any_text_is_read_without_harm(text: str, data: st.DataObject) -> None:
    for view in views.of(leaf(text)):
        size = len(view.leaf.text)
        assert size
        start = data.draw(st.integers(0, size - 1))
        span = view.back(Span(start, data.draw(st.integers(start + 1, size))))
        assert 0 <= span.start < span.end <= len(text)


def test_a_leaf_that_nests_too_much_is_not_passed_on() -> None:
    spent = views.Budget()
    spent.open(leaf("x"))
    spent.spend(views.FREE)
    with pytest.raises(views.Spent, match="record 3"):
        spent.spend(views.FREE)


def test_long_blobs_and_long_runs_take_linear_room() -> None:
    for text in (_base64(PLAIN * 20_000), "%41" * 200_000, "A" * 1_000_000, "=\n" * 100_000, "&#65;" * 100_000):
        assert sum(len(view.leaf.text) for view in views.of(leaf(text))) <= 4 * len(text)


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        pytest.param("key: c2VjcmV0MTIzNDU2Nzg=\nnext line", False, id="padding of base64"),
        pytest.param("aGVsbG8gd29ybGQhIQ==\nnext line", False, id="two of them"),
        pytest.param("write to jane.doe@fjordlight-mai=\nl.net", True, id="a word in two lines"),
        pytest.param("the invoice=\nnumber", True, id="seven small letters"),
    ],
)
def test_an_equals_sign_at_a_line_s_end_breaks_a_word_unless_it_fills_up_base64(text: str, broken: bool) -> None:
    assert views.quoted.likely(text) is broken
    leaf = Leaf(0, "/text", "text", text, LeafKind.STRING, 0)
    assert bool(list(views.quoted.read(leaf))) is broken
