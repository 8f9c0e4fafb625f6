"""Flat columns of leaves back into nested Arrow arrays, with the new values in.

Promises: what is not changed keeps its type, its nulls and its place; a dictionary holds no value that no row uses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from privscan.formats.columns import entries_of, is_list, is_text, offsets_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from privscan.formats.columns import Column

__all__ = ["compact", "has_dictionary", "rebuild", "rewrite"]


def rewrite(array: pa.Array, columns: Sequence[Column], changes: Mapping[int, Mapping[int, str | None]]) -> pa.Array:
    """Return the top-level column with new values: changes[number of the leaf column][position] = text or None.

    None is null, or "" where the schema allows no null. A number becomes null or 0 whatever its text.
    """
    fresh = [_changed(column, changes[n]) if n in changes else column.array for n, column in enumerate(columns)]
    return rebuild(array, iter(fresh))


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
    if pa.types.is_string_view(kind):
        old = column.texts
    fresh = _values(old.type, changes.values(), nullable=column.nullable)
    return pa.concat_arrays([old, fresh]).take(pa.array(index)).cast(kind)


def _values(kind: pa.DataType, texts: Iterable[str | None], *, nullable: bool) -> pa.Array:
    if is_text(kind):
        return pa.array([text if nullable or text is not None else "" for text in texts], kind)
    count = sum(1 for _ in texts)
    return pa.nulls(count, kind) if nullable else pa.array(["0"] * count).cast(kind)


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


def rebuild(array: pa.Array, fresh: Iterator[pa.Array]) -> pa.Array:
    """Return an array shaped like `array` with the flat leaves of `fresh`, in the order of `flatten`."""
    kind = array.type
    mask = array.is_null() if array.null_count else None
    if isinstance(kind, pa.BaseExtensionType):
        return pa.ExtensionArray.from_storage(kind, rebuild(array.storage, fresh))
    if pa.types.is_struct(kind):
        children = [rebuild(child, fresh) for child in array.flatten()]
        return pa.StructArray.from_arrays(children, fields=list(kind), mask=mask)
    if pa.types.is_map(kind):
        entries = entries_of(array)
        keys, items = (rebuild(child, fresh) for child in entries.flatten().flatten())
        return pa.MapArray.from_arrays(pa.array(offsets_of(entries), pa.int32()), keys, items, type=kind, mask=mask)
    if not is_list(kind):
        return next(fresh)
    return _relisted(array, rebuild(array.flatten(), fresh), mask)


def _relisted(array: pa.Array, values: pa.Array, mask: pa.Array | None) -> pa.Array:
    """Put the flat values of a list array back into lists."""
    kind, offsets = array.type, offsets_of(array)
    if pa.types.is_fixed_size_list(kind):
        if mask is not None:  # a null list has its slots, too
            gap = pa.nulls(kind.list_size, kind.value_type)
            slots = zip(offsets[:-1].tolist(), mask.to_pylist(), strict=True)
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
