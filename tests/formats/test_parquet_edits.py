"""What an edit changes in a Parquet file, and what detectors get to see."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from privscan.errors import OutputError
from privscan.formats import Rewrite
from privscan.formats import parquet as module
from privscan.model import LeafKind

if TYPE_CHECKING:
    from pathlib import Path

from .tables import CHAT, FORMAT, ONE_SHARD, TYPES, block_of, clean, leaves, not_null, read, swap, table_of


def listed(value: Any) -> Any:
    """Turn what Arrow gives into something to search: maps and structs as lists."""
    if isinstance(value, dict):
        return [listed(item) for item in value.values()]
    return [listed(item) for item in value] if isinstance(value, list | tuple) else value


def flattened(value: Any) -> list[Any]:
    return [leaf for item in value for leaf in flattened(item)] if isinstance(value, list) else [value]


SCANNED = [
    name
    for name in TYPES
    if name
    not in {
        "list_view_of_binary_views",
        "binary",
        "binary_view",
        "fixed_binary",
        "bool",
        "null",
        "date32",
        "timestamp_ns",
        "timestamp_us",
        "time64",
        "duration",
    }
]


@pytest.mark.parametrize("name", SCANNED)
def test_every_value_is_seen_and_can_be_replaced(name: str, tmp_path: Path) -> None:
    kind, values = TYPES[name]
    source, target = tmp_path / "in.parquet", tmp_path / "out.parquet"
    pq.write_table(table_of(kind, values), source)
    seen = [leaf for leaf in leaves(source) if leaf.field != "/id"]
    expected = [v for v in flattened(listed(read(source).column("value").to_pylist())) if v is not None and v != ""]
    assert len(seen) == len(expected)
    assert seen
    clean(source, target, ONE_SHARD, lambda leaf: "|gone|" if leaf.field.startswith("/value") else leaf.text)
    result = read(target)
    result.validate(full=True)
    assert result.schema.equals(read(source).schema, check_metadata=True)
    after = [v for v in flattened(listed(result.column("value").to_pylist())) if v not in (None, "", 0, False)]
    texts = sum(leaf.kind is not LeafKind.NUMBER for leaf in seen)
    numeric_keys = sum(leaf.kind is LeafKind.KEY and leaf.text.isdigit() for leaf in seen)
    assert after == ["|gone|"] * (texts - numeric_keys)


@pytest.mark.parametrize(
    ("kind", "values", "expected"),
    [
        pytest.param(pa.string(), ["x", "y"], [None, "y"], id="string"),
        pytest.param(not_null(pa.string()), ["x", "y"], ["", "y"], id="string-required"),
        pytest.param(pa.dictionary(pa.int32(), pa.string()), ["x", "y"], [None, "y"], id="dictionary"),
        pytest.param(not_null(pa.dictionary(pa.int32(), pa.string())), ["x", "y"], ["", "y"], id="dictionary-required"),
        pytest.param(
            pa.map_(pa.string(), pa.string()), [[("x", "x"), ("y", None)]], [[("", None), ("y", None)]], id="map"
        ),
        pytest.param(pa.list_(not_null(pa.string())), [["x"], None], [[""], None], id="list-of-required"),
    ],
)
def test_null_is_written_where_the_schema_allows_it(
    kind: Any, values: list[Any], expected: list[Any], tmp_path: Path
) -> None:
    source, target = tmp_path / "in.parquet", tmp_path / "out.parquet"
    pq.write_table(table_of(kind, values), source)
    clean(source, target, ONE_SHARD, swap("x", None))
    assert read(target).column("value").to_pylist() == expected
    assert read(target).schema.equals(read(source).schema, check_metadata=True)


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        pytest.param(pa.field("value", pa.int64()), [None, 7], id="nullable"),
        pytest.param(not_null(pa.int64()), [0, 7], id="required"),
        pytest.param(not_null(pa.decimal128(9, 2)), [Decimal("0.00"), Decimal("7.00")], id="decimal-required"),
        pytest.param(not_null(pa.float32()), [0.0, 7.0], id="float-required"),
    ],
)
def test_a_number_becomes_null_or_zero(field: pa.Field, expected: list[Any], tmp_path: Path) -> None:
    source, target = tmp_path / "in.parquet", tmp_path / "out.parquet"
    pq.write_table(table_of(field, [5, 7]), source)
    clean(
        source,
        target,
        ONE_SHARD,
        lambda leaf: "12" if leaf.field == "/value" and leaf.text.startswith("5") else leaf.text,
    )
    assert read(target).column("value").to_pylist() == expected


@pytest.mark.parametrize(
    ("kind", "one"),
    [(pa.int64(), 7), (pa.bool_(), True), (pa.timestamp("us"), 7), (pa.dictionary(pa.int8(), pa.string()), "y")],
    ids=str,
)
def test_what_stands_under_a_null_may_be_of_a_field_without_nulls(kind: pa.DataType, one: Any, tmp_path: Path) -> None:
    must = pa.struct([pa.field("text", pa.string(), nullable=False), pa.field("one", kind, nullable=False)])
    source, target = tmp_path / "in.parquet", tmp_path / "out.parquet"
    value = {"text": "x", "one": one}
    pq.write_table(table_of(pa.list_(must), [[None, value], None, [value]]), source)
    clean(source, target, ONE_SHARD, lambda leaf: "|gone|" if leaf.field.endswith("/text") else leaf.text)
    before, after = (read(file).column("value").to_pylist() for file in (source, target))
    assert after == [[item and item | {"text": "|gone|"} for item in row] if row else row for row in before]


def test_untouched_columns_are_the_same_arrays(tmp_path: Path) -> None:
    block = block_of(pa.table({"a": ["x", "y"], "b": ["x", "y"]}), tmp_path)
    leaf = next(leaf for leaf in block.leaves([0]) if leaf.field == "/a")
    batch = block.render({0: [Rewrite(leaf, "new", ())]}, frozenset()).batches[0]
    assert batch.column("a").to_pylist() == ["new", "y"]
    same_buffers = zip(batch.column("b").buffers(), block._batch.column("b").buffers(), strict=True)
    assert all(new is old is None or new.address == old.address for new, old in same_buffers)


def test_leaves_come_in_document_order_with_their_names(tmp_path: Path) -> None:
    kind = pa.struct([("a/b", CHAT), ("m~p", pa.map_(pa.string(), pa.list_(pa.int32())))])
    chat = [{"role": "user", "content": "hi"}, {"role": "bot", "content": ""}, {"role": None, "content": "yo"}]
    block = block_of(
        pa.table({"n": [None, 1.0], "s": pa.array([None, {"a/b": chat, "m~p": [("k/", [4, 5])]}], kind)}), tmp_path
    )
    assert [tuple(leaf)[:5] for leaf in block.leaves([1, 0])] == [
        (1, "/n", "n", "1", LeafKind.NUMBER),
        (1, "/s/a~1b/0/role", "role", "user", LeafKind.STRING),
        (1, "/s/a~1b/0/content", "content", "hi", LeafKind.STRING),
        (1, "/s/a~1b/1/role", "role", "bot", LeafKind.STRING),
        (1, "/s/a~1b/2/content", "content", "yo", LeafKind.STRING),
        (1, "/s/m~0p/k~1~key", "k/", "k/", LeafKind.KEY),
        (1, "/s/m~0p/k~1/0", "k/", "4", LeafKind.NUMBER),
        (1, "/s/m~0p/k~1/1", "k/", "5", LeafKind.NUMBER),
    ]
    assert list(block.leaves([])) == []
    assert dict(block.names()) == {
        "/n": [1],
        "/s/a~1b/*/role": [1],
        "/s/a~1b/*/content": [1],
        "/s/m~0p/*": [1],
        "/s/m~0p/*/*": [1],
    }


def test_records_count_through_the_file(tmp_path: Path) -> None:
    path = tmp_path / "in.parquet"
    pq.write_table(pa.table({"a": [str(i) for i in range(25)]}), path, row_group_size=4)
    found = [
        leaf
        for shard in FORMAT.plan(str(path), "in", 0, 1)
        for b in FORMAT.blocks(shard)
        for leaf in b.leaves(b.rows())
    ]
    assert [(leaf.record, leaf.text) for leaf in found] == [(i, str(i)) for i in range(25)]


def test_dictionary_pages_hold_no_value_that_no_row_uses(tmp_path: Path) -> None:
    source, target = tmp_path / "in.parquet", tmp_path / "out.parquet"
    values = pa.array(["UNUSED-VALUE", "kept", "DROPPED-VALUE", "REDACTED-VALUE"])
    array = pa.DictionaryArray.from_arrays(pa.array([1, 2, 3, 1], pa.int8()), values)
    nested = pa.ListArray.from_arrays(pa.array(range(5), pa.int32()), array)
    pq.write_table(pa.table({"d": array, "n": nested}), source)
    assert b"UNUSED-VALUE" in source.read_bytes()
    clean(source, target, ONE_SHARD, swap("REDACTED-VALUE", "new"), frozenset({1}))
    assert read(target).to_pydict() == {"d": ["kept", "new", "kept"], "n": [["kept"], ["new"], ["kept"]]}
    assert read(target).schema.equals(read(source).schema)
    assert b"-VALUE" not in target.read_bytes()


def test_a_dictionary_index_too_narrow_for_the_new_values_is_an_error(tmp_path: Path) -> None:
    source, target = tmp_path / "in.parquet", tmp_path / "out.parquet"
    pq.write_table(table_of(pa.dictionary(pa.int8(), pa.string()), ["one value"] * 200), source)
    with pytest.raises(OutputError) as caught:
        clean(source, target, ONE_SHARD, lambda leaf: f"v{leaf.record}" if leaf.field == "/value" else leaf.text)
    assert "one value" not in str(caught.value)
    assert not target.exists()


def test_categories_keep_their_order_over_many_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BATCH_ROWS", 100)
    monkeypatch.setattr(module, "CHUNK_ROWS", 64)
    order = [f"c{i:03}" for i in range(50)]
    random.Random(1).shuffle(order)
    codes = [random.Random(2 + i).randrange(50) for i in range(1000)]
    array = pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), pa.array(order), ordered=True)
    source = tmp_path / "in.parquet"
    pq.write_table(pa.table({"d": array}), source, row_group_size=500)
    outs = []
    for split in (1, ONE_SHARD):
        target = tmp_path / f"{split}.parquet"
        clean(source, target, split, swap("c001", "new"))
        outs.append(target.read_bytes())
        kept = [name for name in order if name != "c001"]
        assert read(target).column("d").chunk(0).dictionary.to_pylist() == [*kept, "new"]
    assert outs[0] == outs[1]
