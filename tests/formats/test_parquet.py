"""The Parquet reader and writer: what goes through unchanged, what an edit changes, what a damaged file does."""

from __future__ import annotations

import datetime as dt
import io
import os
import random
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from privscan.errors import InputError, OutputError, PrivscanError
from privscan.formats import Rewrite
from privscan.formats import parquet as module
from privscan.formats.parquet import Parquet
from privscan.model import Leaf, LeafKind, Shard

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FORMAT = Parquet()
ONE_SHARD = 1 << 60
Edit = "Callable[[Leaf], str | None]"


def same(leaf: Leaf) -> str | None:
    return leaf.text


def swap(old: str, new: str | None) -> Edit:
    return lambda leaf: new if leaf.text == old else leaf.text


def clean(
    source: Path, target: Path, split: int = ONE_SHARD, edit: Edit = same, drop: frozenset[int] = frozenset()
) -> int:
    """Take a file through plan, blocks, render, writer and assemble; return the number of shards."""
    shards = FORMAT.plan(str(source), source.name, 0, split)
    parts = []
    for number, shard in enumerate(shards):
        part = f"{target}.part{number}"
        writer = FORMAT.writer(shard, part)
        for block in FORMAT.blocks(shard):
            edits: dict[int, list[Rewrite]] = {}
            for leaf in block.leaves(block.rows()):
                if (text := edit(leaf)) != leaf.text:
                    edits.setdefault(leaf.record - block.first, []).append(Rewrite(leaf, text, ()))
            gone = frozenset(row for row in block.rows() if block.first + row in drop)
            writer.write(block.render(edits, gone))
        writer.close()
        parts.append(part)
    FORMAT.assemble(shards[0], parts, str(target))
    return len(shards)


def read(path: Path) -> pa.Table:
    """Read by row group: Arrow cannot read every nested type over several."""
    with pq.ParquetFile(path) as source:
        parts = [source.read_row_group(i) for i in range(source.num_row_groups)]
        return pa.concat_tables(parts) if parts else source.read()


def decoded(kind: pa.DataType) -> pa.DataType:
    """Return the type without dictionaries: two arrays of the same values may differ in theirs."""
    if pa.types.is_dictionary(kind):
        return kind.value_type
    if pa.types.is_struct(kind):
        return pa.struct([field.with_type(decoded(field.type)) for field in kind])
    if pa.types.is_map(kind):
        return pa.map_(kind.key_type, kind.item_field.with_type(decoded(kind.item_type)))
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        make = pa.list_ if pa.types.is_list(kind) else pa.large_list
        return make(kind.value_field.with_type(decoded(kind.value_type)))
    if pa.types.is_fixed_size_list(kind):
        return pa.list_(kind.value_field.with_type(decoded(kind.value_type)), kind.list_size)
    return kind


def values(table: pa.Table) -> list[pa.ChunkedArray]:
    kinds = [decoded(field.type) for field in table.schema]
    return [
        column if column.type == kind else pa.chunked_array([chunk.cast(kind) for chunk in column.chunks], kind)
        for column, kind in zip(table.columns, kinds, strict=True)
    ]


def equal(one: Path | pa.Table, other: Path | pa.Table) -> bool:
    one, other = (item if isinstance(item, pa.Table) else read(item) for item in (one, other))
    return one.schema.equals(other.schema, check_metadata=True) and values(one) == values(other)


def groups(path: Path) -> list[int]:
    meta = pq.read_metadata(path)
    return [meta.row_group(i).num_rows for i in range(meta.num_row_groups)]


def leaves(path: Path) -> list[Leaf]:
    shard = FORMAT.plan(str(path), path.name, 0, ONE_SHARD)[0]
    return [leaf for block in FORMAT.blocks(shard) for leaf in block.leaves(block.rows())]


def block_of(table: pa.Table, tmp_path: Path) -> Any:
    path = tmp_path / "block.parquet"
    pq.write_table(table, path)
    return next(FORMAT.blocks(FORMAT.plan(str(path), path.name, 0, ONE_SHARD)[0]))


def not_null(kind: pa.DataType) -> pa.Field:
    return pa.field("value", kind, nullable=False)


CHAT = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))

# name -> (type, three values), each with a null where the type may hold one
TYPES: dict[str, tuple[pa.DataType, list[Any]]] = {
    "string": (pa.string(), ["a", None, "ø\u2028𝄞"]),
    "large_string": (pa.large_string(), ["a", None, ""]),
    "string_view": (pa.string_view(), ["a", None, "longer than twelve bytes"]),
    "binary": (pa.binary(), [b"text", None, b"\xff\x00"]),
    "binary_view": (pa.binary_view(), [b"text", None, b"\xff\x00 and more than twelve"]),
    "fixed_binary": (pa.binary(3), [b"abc", None, b"\xff\x00\x01"]),
    "dictionary": (pa.dictionary(pa.int8(), pa.string()), ["a", None, "b"]),
    "dictionary_ordered": (pa.dictionary(pa.int32(), pa.string(), ordered=True), ["b", None, "a"]),
    "int8": (pa.int8(), [-1, None, 7]),
    "uint32": (pa.uint32(), [1, None, 2**32 - 1]),
    "uint64": (pa.uint64(), [1, None, 2**64 - 1]),
    "float16": (pa.float16(), [0.5, None, 1.0]),
    "float32": (pa.float32(), [0.1, None, 1e30]),
    "float64": (pa.float64(), [0.1, None, float("inf")]),
    "decimal128": (pa.decimal128(20, 4), [Decimal("1.5000"), None, Decimal("-7.0001")]),
    "decimal256": (pa.decimal256(50, 2), [Decimal("1.50"), None, Decimal("-7.25")]),
    "bool": (pa.bool_(), [True, None, False]),
    "null": (pa.null(), [None, None, None]),
    "date32": (pa.date32(), [dt.date(1970, 1, 2), None, dt.date(9999, 12, 31)]),
    "timestamp_ns": (pa.timestamp("ns", "UTC"), [1, None, 2**62]),
    "timestamp_us": (pa.timestamp("us"), [1, None, 2**62]),
    "time64": (pa.time64("ns"), [1, None, 86399999999999]),
    "duration": (pa.duration("ns"), [1, None, 2**62]),
    "struct": (pa.struct([("a", pa.string()), ("b", pa.int64())]), [{"a": "x", "b": 1}, None, {"a": None, "b": None}]),
    "list": (pa.list_(pa.string()), [["a", None, ""], None, []]),
    "large_list": (pa.large_list(pa.string()), [["a", None], None, []]),
    "list_view": (pa.list_view(pa.string()), [["a", None], None, []]),
    "fixed_list": (pa.list_(pa.string(), 2), [["a", None], None, ["b", "c"]]),
    "list_of_views": (pa.list_(pa.string_view()), [["a", None], None, []]),
    "list_of_lists": (pa.list_(pa.list_(pa.int32())), [[[1], None, []], None, [[], [2, None]]]),
    "fixed_list_of_structs": (pa.list_(pa.struct([("s", pa.string())]), 1), [[{"s": "a"}], None, [None]]),
    "list_of_dictionaries": (pa.list_(pa.dictionary(pa.int32(), pa.string())), [["a", None], None, ["b", "a"]]),
    "struct_of_dictionary": (
        pa.struct([("d", pa.dictionary(pa.int32(), pa.string()))]),
        [{"d": "a"}, None, {"d": None}],
    ),
    "map": (pa.map_(pa.string(), pa.int64()), [[("k", 1), ("k", None)], None, []]),
    "map_of_lists": (pa.map_(pa.int32(), pa.list_(pa.string())), [[(1, ["x", None])], None, [(2, None)]]),
    "chat": (CHAT, [[{"role": "user", "content": "a"}, None], None, []]),
    "string_required": (not_null(pa.string()), ["a", "b", "c"]),
    "int_required": (not_null(pa.int64()), [1, 2, 3]),
    "list_of_required": (pa.list_(not_null(pa.string())), [["a"], None, []]),
    "json": (pa.json_(), ['{"a": 1}', None, "[]"]),
    "bool8": (pa.bool8(), [1, None, 0]),
}


def table_of(kind: Any, values: list[Any]) -> pa.Table:
    field = kind if isinstance(kind, pa.Field) else pa.field("value", kind)
    field = field.with_metadata({"note": "kept"})
    if isinstance(field.type, pa.BaseExtensionType):
        array = pa.ExtensionArray.from_storage(field.type, pa.array(values, field.type.storage_type))
    else:
        array = pa.array(values, field.type)
    id_ = pa.field("id", pa.int64(), nullable=False)
    schema = pa.schema([id_, field], metadata={"huggingface": '{"info": {}}', "other": "x"})
    return pa.table([pa.array(range(len(values)), pa.int64()), array], schema=schema)


@pytest.fixture(params=TYPES.values(), ids=TYPES.keys())
def typed(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A file with one column of the type, 30 rows in row groups of 7."""
    kind, values = request.param
    path = tmp_path / "typed.parquet"
    pq.write_table(table_of(kind, values * 10), path, row_group_size=7)
    return path


def test_a_file_without_edits_keeps_its_content_schema_and_row_groups(typed: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.parquet"
    clean(typed, target)
    before, after = pq.ParquetFile(typed), pq.ParquetFile(target)
    assert equal(target, typed)
    assert after.schema.equals(before.schema)
    assert after.schema_arrow.field("value").metadata[b"note"] == b"kept"
    assert groups(target) == [7, 7, 7, 7, 2]


def test_the_bytes_written_do_not_depend_on_the_shards(typed: Path, tmp_path: Path) -> None:
    edit = {"a": "new", "k": "key", "1": None}
    outs = []
    for split in (1, 500, ONE_SHARD):
        out = tmp_path / f"{split}.parquet"
        clean(typed, out, split, lambda leaf: edit.get(leaf.text, leaf.text), frozenset({3, 8, 9}))
        outs.append(out.read_bytes())
    assert outs[0] == outs[1] == outs[2]


def test_rows_that_go_take_nothing_else_with_them(typed: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.parquet"
    gone = frozenset({0, 5, *range(14, 21), 29})
    clean(typed, target, 1, same, gone)
    rows = pa.array([row for row in range(30) if row not in gone])
    runs = [read(typed).slice(row, 1) for row in rows.to_pylist()]
    assert equal(target, pa.concat_tables(runs))
    assert groups(target) == [5, 7, 7, 1]


def plain(value: Any) -> Any:
    """Turn what Arrow gives into something to search: maps and structs as lists."""
    if isinstance(value, dict):
        return [plain(item) for item in value.values()]
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value


def flattened(value: Any) -> list[Any]:
    return [leaf for item in value for leaf in flattened(item)] if isinstance(value, list) else [value]


SCANNED = [name for name in TYPES if name not in {
    "binary", "binary_view", "fixed_binary", "bool", "null", "date32", "timestamp_ns", "timestamp_us", "time64", "duration",
}]  # fmt: skip


@pytest.mark.parametrize("name", SCANNED)
def test_every_value_is_seen_and_can_be_replaced(name: str, tmp_path: Path) -> None:
    kind, values = TYPES[name]
    source, target = tmp_path / "in.parquet", tmp_path / "out.parquet"
    pq.write_table(table_of(kind, values), source)
    seen = [leaf for leaf in leaves(source) if leaf.field != "/id"]
    expected = [v for v in flattened(plain(read(source).column("value").to_pylist())) if v is not None and v != ""]
    assert len(seen) == len(expected)
    assert seen
    clean(source, target, ONE_SHARD, lambda leaf: "|gone|" if leaf.field.startswith("/value") else leaf.text)
    result = read(target)
    result.validate(full=True)
    assert result.schema.equals(read(source).schema, check_metadata=True)
    after = [v for v in flattened(plain(result.column("value").to_pylist())) if v not in (None, "", 0, False)]
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
        "/n": [1], "/s/a~1b/*/role": [1], "/s/a~1b/*/content": [1], "/s/m~0p/*": [1], "/s/m~0p/*/*": [1],
    }  # fmt: skip


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


@pytest.mark.parametrize("codec", ["snappy", "zstd", "gzip", "none", "lz4", "brotli"])
def test_the_codec_is_kept(codec: str, tmp_path: Path) -> None:
    source, target = tmp_path / "in.parquet", tmp_path / "out.parquet"
    pq.write_table(pa.table({"a": ["x" * 99] * 9, "b": range(9)}), source, compression=codec)
    clean(source, target)
    chunk = pq.read_metadata(target).row_group(0).column(0)
    assert chunk.compression == pq.read_metadata(source).row_group(0).column(0).compression


def test_properties_of_each_column_are_kept(tmp_path: Path) -> None:
    source, target = tmp_path / "in.parquet", tmp_path / "out.parquet"
    table = pa.table({"a.b": ["x"] * 9, "i": range(9), "f": [0.5] * 9, "l": [["p"]] * 9, "s": ["q"] * 9})
    pq.write_table(
        table,
        source,
        compression={"a.b": "zstd", "i": "none", "f": "gzip", "l.list.element": "brotli", "s": "snappy"},
        use_dictionary=["a.b", "l.list.element"],
        column_encoding={"i": "DELTA_BINARY_PACKED", "f": "BYTE_STREAM_SPLIT", "s": "DELTA_BYTE_ARRAY"},
        write_statistics=["i", "s"],
        write_page_index=True,
        store_schema=False,
    )
    for split in (1, ONE_SHARD):
        clean(source, target, split)
        for i in range(5):
            before, after = (pq.read_metadata(path).row_group(0).column(i) for path in (source, target))
            for name in ("path_in_schema", "compression", "encodings", "is_stats_set", "has_offset_index"):
                assert getattr(after, name) == getattr(before, name), (before.path_in_schema, name)
        assert b"ARROW:schema" not in (pq.read_metadata(target).metadata or {})
        assert equal(target, source)


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"version": "1.0"}, id="version-1"),
        pytest.param({"version": "2.4"}, id="version-2.4"),
        pytest.param({"use_compliant_nested_type": False}, id="items-called-item"),
        pytest.param({"use_deprecated_int96_timestamps": True}, id="int96"),
        pytest.param({"data_page_version": "2.0"}, id="data-page-2"),
        pytest.param({"write_page_checksum": True}, id="checksums"),
        pytest.param({"store_schema": False}, id="no-arrow-schema"),
    ],
)
def test_files_of_other_writers_keep_their_schema(options: dict[str, Any], tmp_path: Path) -> None:
    source, target = tmp_path / "in.parquet", tmp_path / "out.parquet"
    at = pa.array([1_000_000, None], pa.timestamp("ns"))
    table = pa.table(
        {
            "l": [["x"], None],
            "at": at,
            "u": pa.array([1, 2], pa.uint32()),
            "large": pa.array(["a", "b"], "large_string"),
        }
    )
    pq.write_table(table, source, **options)
    clean(source, target, 1)
    before, after = pq.ParquetFile(source), pq.ParquetFile(target)
    assert after.schema.equals(before.schema)
    assert after.read().equals(before.read(), check_metadata=True)
    assert after.metadata.format_version == before.metadata.format_version


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        pytest.param(
            pa.table({"a": pa.array([], pa.string()), "l": pa.array([], pa.list_(pa.int8()))}), [], id="zero-rows"
        ),
        pytest.param(pa.table({"a": [1]}).select([]), [], id="zero-columns"),
        pytest.param(pa.table({"a": ["x"]}), [1], id="one-row"),
        pytest.param(
            pa.table({"a": pa.nulls(3, pa.string()), "m": pa.nulls(3, pa.map_("string", "string"))}), [3], id="all-null"
        ),
        pytest.param(pa.Table.from_arrays([pa.array(["x"]), pa.array(["y"])], ["a", "a"]), [1], id="same-name-twice"),
        pytest.param(pa.table({"": ["x"], "/~": ["y"], "ünï": ["z"]}), [1], id="odd-names"),
    ],
)
@pytest.mark.parametrize("split", [1, ONE_SHARD], ids=["cut", "whole"])
def test_odd_tables(table: pa.Table, expected: list[int], split: int, tmp_path: Path) -> None:
    source, target = tmp_path / "in.parquet", tmp_path / "out.parquet"
    pq.write_table(table, source)
    assert clean(source, target, split) == 1
    assert groups(target) == expected
    assert equal(target, source)
    seen = sum(len(block.texts(())) for block in FORMAT.blocks(FORMAT.plan(str(source), "in", 0, split)[0]))
    assert seen == read(source).num_rows


def test_no_row_groups_and_all_rows_gone(tmp_path: Path) -> None:
    source, target = tmp_path / "none.parquet", tmp_path / "out.parquet"
    pq.ParquetWriter(source, pa.schema([("a", pa.string())], metadata={"huggingface": "{}"})).close()
    clean(source, target)
    assert groups(target) == []
    assert equal(target, source)
    pq.write_table(pa.table({"a": ["x"] * 9}), source, row_group_size=3)
    for split in (1, ONE_SHARD):
        clean(source, target, split, same, frozenset(range(9)))
        assert groups(target) == []
        assert read(target).schema.equals(read(source).schema)


def test_plan_cuts_between_row_groups(tmp_path: Path) -> None:
    path = tmp_path / "in.parquet"
    pq.write_table(pa.table({"a": range(100)}), path, row_group_size=10, compression="none", use_dictionary=False)
    whole = FORMAT.plan(str(path), "u", 3, ONE_SHARD)
    assert [(s.start, s.stop, s.first_record, s.file, s.uri) for s in whole] == [(0, 10, 0, 3, "u")]
    each = FORMAT.plan(str(path), "u", 3, 1)
    assert [(s.start, s.stop, s.first_record) for s in each] == [(i, i + 1, 10 * i) for i in range(10)]
    third = FORMAT.plan(str(path), "u", 3, os.path.getsize(path) // 4)
    assert [(s.start, s.stop, s.first_record) for s in third] == [(0, 3, 0), (3, 6, 30), (6, 9, 60), (9, 10, 90)]


def test_blocks_are_bounded(tmp_path: Path) -> None:
    path = tmp_path / "in.parquet"
    # Long values that repeat: little on disk, much when decoded.
    pq.write_table(pa.table({"a": ["y" * 5000] * 3000, "b": [[0.5] * 100] * 3000}), path)
    blocks = list(FORMAT.blocks(FORMAT.plan(str(path), "u", 0, ONE_SHARD)[0]))
    assert sum(len(block) for block in blocks) == 3000
    assert max(block.nbytes for block in blocks) <= 2 * module.BATCH_BYTES


CHUNKED = pa.table(
    {"t": [f"row {i} " + "z" * (i % 50) for i in range(4000)], "l": [[str(i)] * (i % 3) for i in range(4000)]}
)


@pytest.mark.parametrize("sizes", [(64, 64), (100, 64), (7, 1000), (4000, 1)], ids=str)
def test_the_bytes_do_not_depend_on_how_rows_arrive(
    sizes: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "in.parquet"
    pq.write_table(CHUNKED, source, row_group_size=1500)
    outs = []
    for rows in sizes:
        monkeypatch.setattr(module, "BATCH_ROWS", rows)
        clean(source, tmp_path / "out.parquet", ONE_SHARD, same, frozenset(range(0, 4000, 7)))
        outs.append((tmp_path / "out.parquet").read_bytes())
    assert outs[0] == outs[1]


# Damage


def damaged(table: pa.Table, tmp_path: Path, **options: Any) -> tuple[Path, bytearray]:
    path = tmp_path / "bad.parquet"
    pq.write_table(table, path, **options)
    return path, bytearray(path.read_bytes())


SECRET = pa.table({"a": [f"SECRET-{i}-" + "q" * 50 for i in range(300)]})


@pytest.mark.parametrize(
    "cut",
    [pytest.param(lambda d: d[:-100], id="cut-short"), pytest.param(lambda d: d[:3], id="three-bytes"),
     pytest.param(lambda d: b"", id="empty"), pytest.param(lambda d: b"SECRET" * 50, id="not-parquet"),
     pytest.param(lambda d: d[:-8] + b"\xff\xff\xff\x7fPAR1", id="footer-too-long"),
     pytest.param(lambda d: d[:-60] + b"\xff" * 52 + d[-8:], id="footer-garbled"),
     pytest.param(lambda d: d[:-4] + b"PARE", id="encrypted")],
)  # fmt: skip
def test_a_bad_footer_is_an_input_error(cut: Callable[[bytearray], bytes], tmp_path: Path) -> None:
    path, data = damaged(SECRET, tmp_path)
    path.write_bytes(cut(data))
    shard = Shard(0, 0, str(path), "bad.parquet", "parquet", 0, 1)
    for act in (lambda: FORMAT.plan(str(path), "bad.parquet", 0, 1), lambda: list(FORMAT.blocks(shard))):
        with pytest.raises(InputError) as caught:
            act()
        assert str(caught.value).startswith("bad.parquet: ")
        assert "SECRET" not in str(caught.value)
        assert str(tmp_path) not in str(caught.value)
        assert caught.value.__suppress_context__


def test_a_missing_file_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^gone: No such file"):
        FORMAT.plan(str(tmp_path / "gone"), "gone", 0, 1)


def test_a_bad_page_ends_the_shard_behind_what_could_be_read(tmp_path: Path) -> None:
    path, data = damaged(SECRET, tmp_path, row_group_size=100, compression="zstd", use_dictionary=False)
    chunk = pq.read_metadata(path).row_group(1).column(0)
    middle = chunk.data_page_offset + chunk.total_compressed_size // 2
    data[middle : middle + 40] = bytes(40)
    path.write_bytes(data)
    rows = []
    with pytest.raises(InputError, match=r"^bad.parquet: row group 1 cannot be read past its row 0 of 100") as caught:
        rows.extend(len(block) for block in FORMAT.blocks(FORMAT.plan(str(path), "bad.parquet", 0, ONE_SHARD)[0]))
    for block in FORMAT.blocks(Shard(0, 0, str(path), "bad.parquet", "parquet", 0, 1)):
        rows.append(len(block))
    assert rows == [100, 100]
    assert "SECRET" not in str(caught.value)


def test_a_page_that_fails_its_checksum_is_an_input_error(tmp_path: Path) -> None:
    path, data = damaged(SECRET, tmp_path, compression="none", use_dictionary=False, write_page_checksum=True)
    at = data.find(b"SECRET-7-")
    data[at] ^= 1
    path.write_bytes(data)
    with pytest.raises(InputError, match="row group 0"):
        list(FORMAT.blocks(FORMAT.plan(str(path), "bad.parquet", 0, ONE_SHARD)[0]))


@pytest.mark.parametrize("kind", ["string", "large_string", "string_view", "dictionary", "list", "key"])
def test_rows_with_bad_utf8_are_problems_and_are_not_written(kind: str, tmp_path: Path) -> None:
    good = pa.array(["fine", "REPLACE-ME", None, "last"], "string_view" if kind == "string_view" else "string")
    array: pa.Array = good.cast("large_string") if kind == "large_string" else good
    if kind == "dictionary":
        array = good.dictionary_encode()
    if kind == "list":
        array = pa.ListArray.from_arrays(pa.array([0, 1, 2, 3, 4], pa.int32()), good)
    if kind == "key":
        array = pa.MapArray.from_arrays([0, 1, 2, 2, 3], pa.array(["fine", "REPLACE-ME", "last"]), pa.array([1, 2, 3]))
    path, data = damaged(
        pa.table({"n": [1, 2, 3, 4], "a": array}), tmp_path, compression="none", write_statistics=False
    )
    path.write_bytes(data.replace(b"REPLACE-ME", b"\xff\xfe\xfd\xfcACE-ME"))
    target = tmp_path / "out.parquet"
    block = next(FORMAT.blocks(FORMAT.plan(str(path), "bad.parquet", 0, ONE_SHARD)[0]))
    assert list(block.problems) == [1]
    problem = block.problems[1]
    assert (problem.uri, problem.record, problem.stage) == ("bad.parquet", 1, "read")
    assert {leaf.record for leaf in block.leaves(block.rows())} == {0, 2, 3}
    assert block.texts(())[1] is None
    clean(path, target)
    assert read(target).column("n").to_pylist() == [1, 3, 4]
    assert b"ACE-ME" not in target.read_bytes()


@pytest.mark.parametrize("depth", [30, 49, 400])
@pytest.mark.parametrize("wrap", [pa.list_, lambda kind: pa.struct([("s", kind)])], ids=["lists", "structs"])
def test_deep_nesting_is_read_or_refused(wrap: Any, depth: int, tmp_path: Path) -> None:
    kind, value = pa.string(), "x"
    for _ in range(depth):
        kind = wrap(kind)
        value = [value] if pa.types.is_list(kind) else {"s": value}
    source, target = tmp_path / "in.parquet", tmp_path / "out.parquet"
    pq.write_table(pa.table({"a": pa.array([value], kind) if depth < 100 else pa.nulls(1, kind)}), source)
    try:
        clean(source, target, 1, swap("x", "new"))
    except InputError:
        assert depth > 48
    else:
        assert leaves(target)[0].text == "new"


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_damage_gets_past_as_anything_but_our_own_error(data: st.DataObject, tmp_path: Path) -> None:
    path, raw = damaged(FUZZED, tmp_path, row_group_size=20, compression="snappy")
    for _ in range(data.draw(st.integers(1, 6))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(raw)
    try:
        clean(path, tmp_path / "out.parquet", 1, swap("b", "new"))
    except PrivscanError as error:
        assert error.__suppress_context__
        assert "SECRET" not in str(error)
    else:
        read(tmp_path / "out.parquet").validate(full=True)


FUZZED = pa.table(
    {
        "a": ["b", "SECRET", None, "d"] * 15,
        "l": pa.array([["b", "c"], None, [], ["SECRET", None]] * 15),
        "m": pa.array([[("b", 1.5)], None, [], [("SECRET", None)]] * 15, pa.map_(pa.string(), pa.float64())),
        "d": pa.array(["b", "SECRET", None, "b"] * 15).dictionary_encode(),
    }
)


# Random tables

TEXT = st.text(alphabet=st.characters(codec="utf-8"), max_size=6)


def nested(depth: int) -> st.SearchStrategy[tuple[pa.DataType, Any]]:
    """Make (type, strategy of its values), lists, structs and maps down to `depth`."""
    flat = st.sampled_from(
        [
            (pa.string(), TEXT),
            (pa.large_string(), TEXT),
            (pa.string_view(), TEXT),
            (pa.int32(), st.integers(-(2**31), 2**31 - 1)),
            (pa.float64(), st.floats(allow_nan=False)),
            (pa.decimal128(9, 3), st.decimals(-99999, 99999, places=3)),
            (pa.bool_(), st.booleans()),
            (pa.binary(), st.binary(max_size=4)),
            (pa.timestamp("ns"), st.integers(-(2**62), 2**62)),
            (pa.dictionary(pa.int32(), pa.string()), TEXT),
        ]
    ).map(lambda pair: (pair[0], st.none() | pair[1]))
    if depth == 0:
        return flat
    inner = nested(depth - 1)
    listed = inner.map(lambda pair: (pa.list_(pair[0]), st.none() | st.lists(pair[1], max_size=3)))
    large = inner.map(lambda pair: (pa.large_list(pair[0]), st.none() | st.lists(pair[1], max_size=3)))
    fixed = inner.filter(lambda pair: "view" not in str(pair[0])).map(  # Arrow cannot write views in fixed-size lists
        lambda pair: (pa.list_(pair[0], 2), st.none() | st.lists(pair[1], min_size=2, max_size=2))
    )
    struct = st.lists(inner, min_size=1, max_size=3).map(
        lambda pairs: (
            pa.struct([(f"f{i}", kind) for i, (kind, _) in enumerate(pairs)]),
            st.none() | st.fixed_dictionaries({f"f{i}": values for i, (_, values) in enumerate(pairs)}),
        )
    )
    mapped = inner.map(
        lambda pair: (pa.map_(pa.string(), pair[0]), st.none() | st.lists(st.tuples(TEXT, pair[1]), max_size=2))
    )
    return st.one_of(flat, listed, large, fixed, struct, mapped)


@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(data=st.data())
def test_any_table_goes_round(data: st.DataObject, tmp_path: Path) -> None:
    columns = {}
    rows = data.draw(st.integers(1, 12))
    for i in range(data.draw(st.integers(1, 3))):
        kind, values = data.draw(nested(2))
        columns[f"c{i}"] = pa.array(data.draw(st.lists(values, min_size=rows, max_size=rows)), kind)
    source, target = tmp_path / "in.parquet", tmp_path / "out.parquet"
    pq.write_table(pa.table(columns), source, row_group_size=data.draw(st.integers(1, 12)))
    clean(source, target, 1)
    assert equal(target, source)
    # An edit that changes nothing rebuilds every array on the way and must give the same table.
    shard = FORMAT.plan(str(source), "in", 0, ONE_SHARD)[0]
    for block in FORMAT.blocks(shard):
        edits: dict[int, list[Rewrite]] = {}
        for leaf in block.leaves(block.rows()):
            if leaf.kind is LeafKind.STRING or (leaf.kind is LeafKind.KEY and leaf.text):
                edits.setdefault(leaf.record - block.first, []).append(Rewrite(leaf, leaf.text, ()))
        batch = block.render(edits, frozenset()).batches[0]
        batch.validate(full=True)
        plain_before = [
            str(array.to_pylist()) if not pa.types.is_temporal(array.type) else array
            for array in _untimed(block._batch)
        ]
        assert [str(array.to_pylist()) for array in _untimed(batch)] == plain_before


def _untimed(batch: pa.RecordBatch) -> list[pa.Array]:
    return [array.cast(module._plain(array.type)) for array in batch.columns]


# Texts for deduplication


@pytest.mark.parametrize(
    ("table", "fields", "expected"),
    [
        pytest.param(pa.table({"text": ["a", "b"], "x": ["p", "q"]}), [], ["a", "b"], id="text"),
        pytest.param(pa.table({"content": ["a", "b"]}), [], ["a", "b"], id="content"),
        pytest.param(pa.table({"text": ["a", None], "content": ["p", "q"]}), [], ["a", "q"], id="text-with-gaps"),
        pytest.param(pa.table({"x": ["a", "b"], "n": [1, 2], "y": ["p", None]}), [], ["a\np", "b"], id="all-strings"),
        pytest.param(pa.table({"x": ["a", None], "n": [1, 2]}), ["/n"], ["1", "2"], id="field-number"),
        pytest.param(pa.table({"x": ["a", None]}), ["x"], ["a", None], id="field-missing"),
        pytest.param(pa.table({"messages": pa.array([[{"role": "user", "content": t}] for t in "ab"], CHAT)}), [], ["a", "b"], id="chat"),
        pytest.param(pa.table({"m": pa.array([[("k", "v"), ("k", "w")], []], pa.map_("string", "string"))}), ["/m/k"], ["w", None], id="map"),
        pytest.param(pa.table({"t": pa.array([2**62, 1], pa.timestamp("ns")), "x": ["a", "b"]}), [], ["a", "b"], id="times"),
        pytest.param(pa.table({"a/b": ["x", "y"]}), ["/a~1b"], ["x", "y"], id="escaped"),
        pytest.param(pa.table({"d": pa.array(["x", "y"]).dictionary_encode()}), ["*"], ["x", "y"], id="star"),
    ],
)  # fmt: skip
def test_texts(table: pa.Table, fields: list[str], expected: list[str | None], tmp_path: Path) -> None:
    assert block_of(table, tmp_path).texts(fields) == expected


def test_accepts_by_name() -> None:
    accepted = [FORMAT.accepts(name) for name in ("a.parquet", "b/A.PARQUET", "a.pq", "a.jsonl", "parquet")]
    assert accepted == [True, True, True, False, False]


def test_a_target_that_cannot_be_written_is_an_output_error(tmp_path: Path) -> None:
    path = tmp_path / "in.parquet"
    pq.write_table(SECRET, path)
    shard = FORMAT.plan(str(path), "in.parquet", 0, 1)[0]
    with pytest.raises(OutputError, match=r"^part: No such file"):
        FORMAT.writer(shard, str(tmp_path / "none" / "part"))


def test_a_file_appears_when_it_is_whole(tmp_path: Path) -> None:
    path, part = tmp_path / "in:odd.parquet", tmp_path / "part:0"
    with io.FileIO(path, "w") as out:
        pq.write_table(SECRET, out)
    shard = FORMAT.plan(str(path), "in.parquet", 0, 1)[0]
    writer = FORMAT.writer(shard, str(part))
    for block in FORMAT.blocks(shard):
        writer.write(block.render({}, frozenset()))
    assert not part.exists()
    writer.close()
    assert read(part).equals(SECRET)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["in:odd.parquet", "part:0"]
