"""Flat columns of leaves back into nested Arrow arrays, with the new values in.

Promises: what is not changed keeps its type, its nulls and its place; a dictionary holds no value that no row uses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from privscan.formats.columns import entries_of, flatten, is_binary, is_list, is_text, offsets_of
from privscan.model import Blob

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from privscan.formats.columns import Column, Ints

__all__ = ["compact", "gapped", "has_dictionary", "kept", "plain", "rebuild", "recast", "rewrite"]


def rewrite(array: pa.Array, columns: Sequence[Column], changes: Mapping[int, Mapping[int, str | None]]) -> pa.Array:
    """Return the top-level column with new values: changes[number of the leaf column][position] = text or None.

    None is null, or "" where the schema allows no null. A number becomes null or 0 whatever its text.
    """
    fresh = [_changed(column, changes[n]) if n in changes else column.array for n, column in enumerate(columns)]
    return rebuild(array, iter(fresh))


def gapped(array: pa.Array, rows: Sequence[int]) -> pa.Array:
    """Return a column of lists with null in some rows, and nothing of what stood there left behind."""
    keep = np.ones(len(array), dtype=bool)
    keep[list(rows)] = False
    index = np.where(keep, np.arange(len(array)), -1)
    return array.take(pa.array(index, mask=~keep))


def _changed(column: Column, changes: Mapping[int, str | None]) -> pa.Array:
    old, kind = column.array, column.array.type
    index = np.arange(len(old))
    index[list(changes)] = np.arange(len(old), len(old) + len(changes))
    if pa.types.is_dictionary(kind):
        wide = pa.dictionary(pa.int64(), kind.value_type, kind.ordered)
        fresh = _values(kind.value_type, changes.values(), nullable=column.nullable).dictionary_encode()
        new = pa.concat_arrays([old.cast(wide), fresh.cast(wide)]).take(pa.array(index))
        # Values other blocks of the row group may use stay, in their order, while the file's index type can count them.
        if len(new.dictionary) > np.iinfo(kind.index_type.to_pandas_dtype()).max:
            new = compact(new)
        return pa.DictionaryArray.from_arrays(new.indices.cast(kind.index_type), new.dictionary, ordered=kind.ordered)
    if pa.types.is_string_view(kind) or pa.types.is_binary_view(kind):
        old = column.texts
    fresh = _values(old.type, changes.values(), nullable=column.nullable)
    return pa.concat_arrays([old, fresh]).take(pa.array(index)).cast(kind)


def _values(kind: pa.DataType, texts: Iterable[str | None], *, nullable: bool) -> pa.Array:
    if is_text(kind):
        return pa.array([text if nullable or text is not None else "" for text in texts], kind)
    if is_binary(kind):
        nothing = None if nullable else bytes(max(kind.byte_width, 0) if pa.types.is_fixed_size_binary(kind) else 0)
        return pa.array([_data(text, kind, nothing) for text in texts], kind)
    count = sum(1 for _ in texts)
    return pa.nulls(count, kind) if nullable else pa.array(["0"] * count).cast(kind)


def _data(text: str | None, kind: pa.DataType, nothing: bytes | None) -> bytes | None:
    """Return the bytes of a new value; what does not fit a fixed size goes whole."""
    if text is None:
        return nothing
    data = text.data if isinstance(text, Blob) else text.encode("utf-8", "surrogatepass")
    return nothing if pa.types.is_fixed_size_binary(kind) and len(data) != kind.byte_width else data


def kept(batch: pa.RecordBatch, without: frozenset[int]) -> Iterator[pa.RecordBatch]:
    """Yield the runs of rows that stay: slices, for a filter does not know every type and copies."""
    start = 0
    for row in (*sorted(without), batch.num_rows):
        if row > start:
            yield batch.slice(start, row - start)
        start = row + 1


def compact(array: pa.Array) -> pa.Array:
    """Drop the values of a dictionary that no row uses, keep the order of the rest; others pass as they are.

    A Parquet dictionary page holds every value of the dictionary: what was redacted or dropped would still be there.
    """
    if not pa.types.is_dictionary(array.type):
        return array
    codes = array.indices
    used = np.unique(codes.drop_null().to_numpy())
    if len(used) == len(array.dictionary):
        return array
    place = np.searchsorted(used, codes.fill_null(0).to_numpy())
    gaps = codes.is_null().to_numpy(zero_copy_only=False)
    codes = pa.array(place, codes.type, mask=gaps)
    return pa.DictionaryArray.from_arrays(codes, array.dictionary.take(pa.array(used)), ordered=array.type.ordered)


def has_dictionary(kind: pa.DataType) -> bool:
    """Tell whether a dictionary stands anywhere in the type."""
    if isinstance(kind, pa.BaseExtensionType):
        return has_dictionary(kind.storage_type)
    return pa.types.is_dictionary(kind) or any(has_dictionary(kind.field(i).type) for i in range(kind.num_fields))


def recast(array: pa.Array, kind: pa.DataType) -> pa.Array:
    """Return the array in a type of the same shape with other kinds of lists and leaves.

    In place of Arrow's own cast, which writes past its buffers when it turns list views into lists.
    """
    if kind.equals(array.type):
        return array
    return rebuild(array, (column.array for column in flatten(array, pa.field("", array.type))), kind)


def plain(kind: pa.DataType) -> pa.DataType:  # noqa: PLR0911 - a return for every kind of type
    """Return the type to recast to for Python objects that always are: times as integers, decimals as strings."""
    types = pa.types
    if isinstance(kind, pa.BaseExtensionType):
        return plain(kind.storage_type)
    if types.is_struct(kind):
        return pa.struct([field.with_type(plain(field.type)) for field in kind])
    if types.is_map(kind):
        return pa.map_(plain(kind.key_type), kind.item_field.with_type(plain(kind.item_type)))
    if is_list(kind):
        inner = kind.value_field.with_type(plain(kind.value_type))
        return pa.list_(inner) if types.is_list(kind) else pa.large_list(inner)
    if types.is_dictionary(kind):
        return plain(kind.value_type)
    if types.is_string_view(kind) or types.is_decimal(kind):
        return pa.large_string()
    if types.is_binary_view(kind):
        return pa.large_binary()
    if types.is_temporal(kind):
        return pa.int32() if kind.bit_width == 32 else pa.int64()
    return kind


def rebuild(
    array: pa.Array, fresh: Iterator[pa.Array], kind: pa.DataType | None = None, *, nullable: bool = True
) -> pa.Array:
    """Return an array shaped like `array` with the flat leaves of `fresh`, in the order of `flatten`.

    `kind` is its type (`recast` says which are possible), by default that of `array`. Where it is not `nullable`, the
    gaps that a parent's nulls left in it hold something: Arrow writes no others.
    """
    kind = kind or array.type
    if isinstance(array.type, pa.BaseExtensionType):
        if not isinstance(kind, pa.BaseExtensionType):
            return rebuild(array.storage, fresh, kind, nullable=nullable)
        inner = rebuild(array.storage, fresh, kind.storage_type, nullable=nullable)
        return pa.ExtensionArray.from_storage(kind, inner)
    gaps = array.is_null() if array.null_count else None
    mask = gaps if nullable else None
    if pa.types.is_struct(kind):
        pairs = zip(array.flatten(), kind, strict=True)
        children = [rebuild(child, fresh, field.type, nullable=field.nullable) for child, field in pairs]
        return pa.StructArray.from_arrays(children, fields=list(kind), mask=mask)
    if pa.types.is_map(kind):
        entries = entries_of(array)
        keys, items = entries.flatten().flatten()
        keys, items = rebuild(keys, fresh, kind.key_type), rebuild(items, fresh, kind.item_type)
        return pa.MapArray.from_arrays(pa.array(offsets_of(entries), pa.int32()), keys, items, type=kind, mask=mask)
    if is_list(kind):
        return _relisted(offsets_of(array), rebuild(array.flatten(), fresh, kind.value_type), kind, gaps, mask)
    leaf = next(fresh)
    leaf = leaf if leaf.type.equals(kind) else leaf.cast(kind)
    return leaf if nullable else _filled(leaf)


def _filled(leaf: pa.Array) -> pa.Array:
    """Return a flat array with anything in place of its nulls."""
    if not leaf.null_count:
        return leaf
    if pa.types.is_dictionary(leaf.type):
        words = leaf.dictionary if len(leaf.dictionary) else _values(leaf.type.value_type, [None], nullable=False)
        return pa.DictionaryArray.from_arrays(leaf.indices.fill_null(0), words, ordered=leaf.type.ordered)
    return pa.Array.from_buffers(leaf.type, len(leaf), [None, *leaf.buffers()[1:]], 0, leaf.offset)


def _relisted(
    offsets: Ints, values: pa.Array, kind: pa.DataType, gaps: pa.Array | None, mask: pa.Array | None
) -> pa.Array:
    """Put flat values back into lists, those of `mask` null."""
    if pa.types.is_fixed_size_list(kind):
        if gaps is not None:  # a null list has its slots, too
            gap = pa.nulls(kind.list_size, kind.value_type)
            slots = zip(offsets[:-1].tolist(), gaps.to_pylist(), strict=True)
            values = pa.concat_arrays([gap if null else values.slice(at, kind.list_size) for at, null in slots])
        return pa.FixedSizeListArray.from_arrays(values, type=kind, mask=mask)
    width = pa.int64() if pa.types.is_large_list(kind) or pa.types.is_large_list_view(kind) else pa.int32()
    if pa.types.is_list(kind):
        return pa.ListArray.from_arrays(pa.array(offsets, width), values, type=kind, mask=mask)
    if pa.types.is_large_list(kind):
        return pa.LargeListArray.from_arrays(pa.array(offsets, width), values, type=kind, mask=mask)
    views = pa.ListViewArray if pa.types.is_list_view(kind) else pa.LargeListViewArray
    starts, sizes = pa.array(offsets[:-1], width), pa.array(np.diff(offsets), width)
    return views.from_arrays(starts, sizes, values, type=kind, mask=mask)
