"""Columns: the buffers triggers look at, and which numbers are read."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from privscan.formats.columns import LONGEST_NUMBER_LIST, filled, flatten, joined, leaves


def columns_of(array: pa.Array) -> list[Any]:
    return flatten(array, pa.field("c", array.type))


def rows_of(array: pa.Array, leaf: int = 0) -> list[bytes]:
    """Cut a column's buffer at its row starts."""
    buffer, starts = joined(columns_of(array)[leaf])
    whole = bytes(buffer)
    assert whole[:1] == b"\x1e"
    assert len(starts) == len(array)
    ends = [*starts.tolist(), len(whole)][1:]
    return [whole[a:b] for a, b in zip(starts.tolist(), ends, strict=True)]


STRINGS = ["ab", None, "", "ünï\x1e"]


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        pytest.param(pa.array(STRINGS), [b"ab\x1e", b"\x1e", b"\x1e", "ünï\x1e\x1e".encode()], id="string"),
        pytest.param(
            pa.array(STRINGS, pa.large_string()).slice(2), [b"\x1e", "ünï\x1e\x1e".encode()], id="large-slice"
        ),
        pytest.param(pa.array(STRINGS, pa.string_view()).slice(0, 2), [b"ab\x1e", b"\x1e"], id="view-slice"),
        pytest.param(
            pa.array(["x", "y", "x"]).dictionary_encode().slice(1), [b"y\x1e", b"x\x1e"], id="dictionary-slice"
        ),
        pytest.param(pa.array([["a", "b"], None, [], ["c"]]), [b"a\x1eb\x1e", b"", b"", b"c\x1e"], id="list"),
        pytest.param(pa.array([["a", "b"], None, [], ["c"]]).slice(1), [b"", b"", b"c\x1e"], id="list-slice"),
        pytest.param(
            pa.array([["a", "b"], None, ["c", None]], pa.list_(pa.string(), 2)),
            [b"a\x1eb\x1e", b"", b"c\x1e\x1e"],
            id="fixed-list",
        ),
        pytest.param(
            pa.array([[["a"], []], None, [["b"], ["c", "d"]]]), [b"a\x1e", b"", b"b\x1ec\x1ed\x1e"], id="lists"
        ),
        pytest.param(pa.array([{"s": "a"}, None]), [b"a\x1e", b"\x1e"], id="struct"),
        pytest.param(
            pa.array([[("k", 1)], None, [("l", 2), ("m", 3)]], pa.map_("string", "int8")).slice(1),
            [b"", b"l\x1em\x1e"],
            id="keys",
        ),
        pytest.param(pa.array([1, None, -300]), [b"1\x1e", b"\x1e", b"-300\x1e"], id="int"),
        pytest.param(pa.array([Decimal("1.50"), None]), [b"1.50\x1e", b"\x1e"], id="decimal"),
        pytest.param(pa.array([], pa.string()), [], id="no-rows"),
    ],
)
def test_buffers_hold_each_value_and_where_its_row_starts(array: pa.Array, expected: list[bytes]) -> None:
    assert rows_of(array) == expected


def test_what_stands_under_a_null_is_not_read() -> None:
    hidden = pa.array(["HIDDEN", "b"])
    lists = pa.ListArray.from_arrays(pa.array([0, 1, 2], pa.int32()), hidden, mask=pa.array([True, False]))
    structs = pa.StructArray.from_arrays([hidden], ["s"], mask=pa.array([True, False]))
    maps = pa.MapArray.from_arrays([0, 1, 2], hidden, hidden, mask=pa.array([True, False]))
    assert rows_of(lists) == [b"", b"b\x1e"]
    assert rows_of(structs) == [b"\x1e", b"b\x1e"]
    assert rows_of(maps, 1) == [b"", b"b\x1e"]


@pytest.mark.parametrize("kind", [pa.float16(), pa.float32(), pa.float64()], ids=str)
def test_whole_floats_read_as_integers(kind: pa.DataType) -> None:
    texts = columns_of(pa.array([2.0, 0.5, None, -3.0], pa.float32()).cast(kind))[0].texts
    assert texts.to_pylist() == ["2", "0.5", None, "-3"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (4111111111111111.0, "4111111111111111"),
        (5551234567.0, "5551234567"),
        (1e300, "1e+300"),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        (-0.0, "0"),
        (123.25, "123.25"),
        (2.0**62, str(2**62)),
    ],
)
def test_texts_of_floats(value: float, text: str) -> None:
    assert columns_of(pa.array([value]))[0].texts.to_pylist() == [text]


LONG, SHORT = list(range(LONGEST_NUMBER_LIST + 1)), list(range(LONGEST_NUMBER_LIST))


@pytest.mark.parametrize(
    ("array", "read"),
    [
        pytest.param(pa.array([SHORT, LONG, [7]]), [*SHORT, 7], id="list"),
        pytest.param(pa.array([[[1, 2, 3]] * 6, [[4, 5]]]), [4, 5], id="lists-in-a-list-count-together"),
        pytest.param(pa.array([[[LONG], [[8]]]]).slice(0, 1), [], id="three-deep"),
        pytest.param(pa.array([LONG, LONG], pa.list_(pa.float32(), len(LONG))), [], id="fixed-list"),
        pytest.param(
            pa.array([[("a", LONG), ("b", [9])]], pa.map_(pa.string(), pa.list_(pa.int64()))), ["a", "b", 9], id="map"
        ),
        pytest.param(pa.array([[{"n": n} for n in LONG]]), LONG, id="structs-in-a-list-are-records"),
        pytest.param(pa.array([[str(n) for n in LONG]]), LONG, id="strings"),
    ],
)
def test_long_lists_of_numbers_are_not_read(array: pa.Array, read: list[Any]) -> None:
    columns = columns_of(array)
    found = leaves([columns], range(len(array)), 0)
    assert [leaf.text for leaf in found if leaf.kind != "key"] == [str(n) for n in read if n not in ("a", "b")]
    for leaf in found:
        column, position = columns[leaf.place[1]], leaf.place[2]
        assert str(column.array[position].as_py()) == leaf.text


def test_filled_names_rows_with_a_value() -> None:
    assert filled(columns_of(pa.array([["a"], None, [], [None], [None, "b"]]))[0]) == [0, 4]


def test_leaves_hold_no_value_in_their_repr() -> None:
    assert "SECRET" not in repr(leaves([columns_of(pa.array(["SECRET"]))], [0], 5))


@given(
    st.lists(st.none() | st.lists(st.none() | st.lists(st.none() | st.text(max_size=4), max_size=3), max_size=3)),
    st.data(),
)
def test_buffers_and_leaves_agree_with_the_plain_reading(value: list[Any], data: st.DataObject) -> None:
    array = pa.array(value, pa.list_(pa.list_(pa.string())))
    start = data.draw(st.integers(0, len(value)))
    array, value = array.slice(start), value[start:]
    flat = [[text for inner in row or [] for text in inner or []] for row in value]
    assert rows_of(array) == [b"".join((text or "").encode() + b"\x1e" for text in row) for row in flat]
    rows = data.draw(st.sets(st.integers(0, len(value) - 1))) if value else set()
    expected = [
        (10 + r, f"/c/{i}/{j}", "c", text)
        for r in sorted(rows)
        for i, inner in enumerate(value[r] or [])
        for j, text in enumerate(inner or [])
        if text
    ]
    assert [tuple(leaf)[:4] for leaf in leaves([columns_of(array)], rows, 10)] == expected
