"""Parquet files to test with, and the way of a file through the format."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from privscan.formats import Rewrite
from privscan.formats.parquet import Parquet

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from privscan.model import Leaf

FORMAT = Parquet()
ONE_SHARD = 1 << 60


def same(leaf: Leaf) -> str | None:
    return leaf.text


def swap(old: str, new: str | None) -> Callable[[Leaf], str | None]:
    return lambda leaf: new if leaf.text == old else leaf.text


def clean(
    source: Path,
    target: Path,
    split: int = ONE_SHARD,
    edit: Callable[[Leaf], str | None] = same,
    drop: frozenset[int] = frozenset(),
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
    "list_view_of_binary_views": (pa.list_view(pa.binary_view()), [[b"a", None], None, []]),
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


SECRET = pa.table({"a": [f"SECRET-{i}-" + "q" * 50 for i in range(300)]})
