"""Nested Arrow arrays as flat columns of leaves.

Promises: no value of a string, number or map key stays out of sight, whatever it is nested in. Nothing here loops over
values in Python but `leaves`, and that only over the rows asked for. The way back is `privscan.formats.rebuild`.

Words: a column is one leaf of the schema (`/messages/*/content`), its values stand in one flat array in row order, and
`first[r]` is the position of the first value of row r (`first` has one entry more than there are rows).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import repeat, starmap
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from privscan.formats import binary
from privscan.model import Blob, Leaf, LeafKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

__all__ = [
    "LONGEST_NUMBER_LIST",
    "SEPARATOR",
    "Column",
    "entries_of",
    "filled",
    "flatten",
    "garbled",
    "is_binary",
    "is_list",
    "is_text",
    "joined",
    "leaves",
    "offsets_of",
]

SEPARATOR = b"\x1e"
"""Stands before the first and behind every value of a buffer."""

LONGEST_NUMBER_LIST = 16
"""A list with more numbers than this (an embedding, token ids, a signal; lists inside it counted together) is not read
as numbers. Each list is judged on its own, so that what is seen of a row does not depend on its neighbours."""


class Level(NamedTuple):
    """A list or map on the way to a leaf: item i holds the values offsets[i] to offsets[i + 1] one level down.

    `keys` are the texts of a map's keys, None for a list and for keys that are neither strings nor numbers.
    """

    offsets: Ints
    keys: pa.Array | None


class Step(NamedTuple):
    """One step of a column's path: a field by its name, or a level; `turn` is its place among its siblings."""

    to: str | Level
    turn: int


@dataclass(frozen=True, slots=True)
class Column:
    """One leaf of the schema in one batch.

    `array` holds every value as the file has it, nulls included, and is what `rebuild` takes back. `kind` is None where
    the type is not scanned. `texts` are the values as detectors see them, with `first` counting in them; `at` maps a
    position in `texts` to one in `array` (None: the same). `boxed` bytes stand in a struct of bytes and path, as
    pictures and sound do in datasets. `written` are the texts among bytes, which are then no leaves of this column.
    """

    steps: tuple[Step, ...]
    kind: LeafKind | None
    nullable: bool
    array: pa.Array
    first: Ints
    texts: pa.Array
    at: Ints | None
    boxed: bool = False
    written: Column | None = None

    @property
    def name(self) -> str:
        """The name nearest to the values, "" for a map's."""
        names = (step.to for step in reversed(self.steps[:-1] if self.boxed else self.steps))
        found = next((to for to in names if isinstance(to, str) or to.keys is not None), "")
        return found if isinstance(found, str) else ""

    @property
    def pattern(self) -> str:
        """The column's JSON Pointer with `*` for list indexes and map keys, as in `/messages/*/content`."""
        return "".join(f"/{_escaped(step.to) if isinstance(step.to, str) else '*'}" for step in self.steps)


def flatten(array: pa.Array, field: pa.Field, turn: int = 0) -> list[Column]:
    """Return the leaves under a top-level column, scanned or not, in schema order. ValueError on a damaged array.

    `turn` is the column's number in the batch: leaves of several columns then sort into document order.
    """
    first = np.arange(len(array) + 1, dtype=np.int64)
    return list(_walk(array, field, (Step(field.name, turn),), first, is_key=False))


def _walk(array: pa.Array, field: pa.Field, steps: tuple[Step, ...], first: Ints, *, is_key: bool) -> Iterator[Column]:
    kind = array.type
    if isinstance(kind, pa.BaseExtensionType):
        yield from _walk(array.storage, field, steps, first, is_key=is_key)
    elif pa.types.is_struct(kind):
        boxed = {inner.name for inner in kind} == {"bytes", "path"}
        for turn, (child, inner) in enumerate(zip(array.flatten(), kind, strict=True)):
            for column in _walk(child, inner, (*steps, Step(inner.name, turn)), first, is_key=is_key):
                if boxed and column.kind is LeafKind.BINARY:
                    text = column.written and replace(column.written, boxed=True)
                    column = replace(column, boxed=True, written=text)  # noqa: PLW2901
                yield column
    elif pa.types.is_map(kind):
        entries = entries_of(array)
        offsets = offsets_of(entries)
        keys, items = entries.flatten().flatten()
        named = _texts(keys)
        level = Level(offsets, named)
        yield from _walk(keys, kind.key_field, (*steps, Step(level, 0)), offsets[first], is_key=True)
        yield from _walk(items, kind.item_field, (*steps, Step(level, 1)), offsets[first], is_key=is_key)
    elif is_list(kind):
        offsets = offsets_of(array)
        level = Level(offsets, None)
        yield from _walk(array.flatten(), kind.value_field, (*steps, Step(level, 0)), offsets[first], is_key=is_key)
    else:
        yield _column(array, field, steps, first, is_key=is_key)


def _column(array: pa.Array, field: pa.Field, steps: tuple[Step, ...], first: Ints, *, is_key: bool) -> Column:
    if first[-1] != len(array):
        raise ValueError("lists and values do not agree")
    if is_binary(array.type) and not is_key:
        values = array.cast(pa.large_binary()) if pa.types.is_binary_view(array.type) else array
        column = Column(steps, LeafKind.BINARY, field.nullable, array, first, values, None)
        return replace(column, written=binary.written(column))
    if not _is_number(array.type):
        texts = _texts(array)
        kind = None if texts is None else LeafKind.KEY if is_key else LeafKind.STRING
        return Column(steps, kind, field.nullable, array, first, array if texts is None else texts, None)
    at, numbers = _short_lists(steps), array
    if at is not None:
        first = np.searchsorted(at, first).astype(np.int64)
        numbers = array.take(pa.array(at))
    kind = LeafKind.KEY if is_key else LeafKind.NUMBER
    return Column(steps, kind, field.nullable, array, first, _texts(numbers), at)


def _short_lists(steps: Sequence[Step]) -> Ints | None:
    """Return the positions of numbers that are not part of a long list; None means all."""
    spans = None
    for step in reversed(steps):
        if isinstance(step.to, str) or step.to.keys is not None:
            break
        spans = step.to.offsets if spans is None else spans[step.to.offsets]
    if spans is None:
        return None
    sizes = np.diff(spans)
    if not (sizes > LONGEST_NUMBER_LIST).any():
        return None
    return np.flatnonzero(np.repeat(sizes <= LONGEST_NUMBER_LIST, sizes)).astype(np.int64)


def is_list(kind: pa.DataType) -> bool:
    """Tell whether the type is any kind of list; a map is none."""
    return bool(
        pa.types.is_list(kind)
        or pa.types.is_large_list(kind)
        or pa.types.is_fixed_size_list(kind)
        or pa.types.is_list_view(kind)
        or pa.types.is_large_list_view(kind)
    )


def is_text(kind: pa.DataType) -> bool:
    """Tell whether the type is any kind of string."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def is_binary(kind: pa.DataType) -> bool:
    """Tell whether the type is any kind of bytes."""
    types = pa.types
    return bool(
        types.is_binary(kind)
        or types.is_large_binary(kind)
        or types.is_fixed_size_binary(kind)
        or types.is_binary_view(kind)
    )


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def offsets_of(array: pa.Array) -> Ints:
    """Return where each list's values begin in `array.flatten()`, which leaves out what stands under null lists."""
    sizes = pc.list_value_length(array).fill_null(0).to_numpy(zero_copy_only=False)
    return np.concatenate(([0], np.cumsum(sizes, dtype=np.int64)))


def entries_of(array: pa.Array) -> pa.Array:
    """Read a map as the list of key-value structs that it is, without a copy."""
    keys, items = array.keys, array.items
    used = min(len(keys), len(items))  # they differ in a damaged file, beyond what the map refers to
    fields = [array.type.key_field, array.type.item_field]
    pair = pa.StructArray.from_arrays([keys.slice(0, used), items.slice(0, used)], fields=fields)
    kind = pa.list_(pa.field("entries", pair.type, nullable=False))
    return pa.Array.from_buffers(kind, len(array), array.buffers()[:2], array.null_count, array.offset, [pair])


def _texts(array: pa.Array) -> pa.Array | None:
    """Return the values as strings, None for a type that is not scanned (see `privscan.formats.parquet`)."""
    if pa.types.is_dictionary(array.type) and is_text(array.type.value_type):
        array = array.dictionary_decode()
    if pa.types.is_string_view(array.type):
        return array.cast(pa.large_string())
    if is_text(array.type):
        return array
    if not _is_number(array.type):
        return None
    if pa.types.is_floating(array.type):
        return _float_texts(array)
    return array.cast(pa.string())


def _float_texts(array: pa.Array) -> pa.Array:
    """Write floats as JSON does, whole ones without exponent and fraction.

    A column of integers with a gap becomes floats in pandas: a card number would read 4.111111111111111e+15.
    """
    wide = array.cast(pa.float64())
    whole = pc.and_(pc.equal(wide, pc.floor(wide)), pc.less(pc.abs(wide), 2.0**63))
    texts = array.cast(pa.string())
    if not pc.any(whole).as_py():
        return texts
    return pc.if_else(whole, pc.if_else(whole, wide, 0.0).cast(pa.int64()).cast(pa.string()), texts)


def joined(column: Column) -> tuple[memoryview, Ints]:
    """Return the column's texts as one buffer and the byte at which each row starts in it.

    A separator stands before the first and behind every value; a null reads as an empty value.
    """
    edge = pa.array([""], pa.large_string())
    texts = column.texts.cast(pa.large_string()).fill_null("")
    values = pa.LargeListArray.from_arrays(
        pa.array([0, len(texts) + 2], pa.int64()), pa.concat_arrays([edge, texts, edge])
    )
    whole = pc.binary_join(values, pa.scalar(SEPARATOR.decode(), pa.large_string()))[0].as_buffer()
    ends = 1 + np.cumsum(pc.binary_length(texts).to_numpy() + 1, dtype=np.int64)
    starts = np.concatenate((np.ones(1, dtype=np.int64), ends))
    return memoryview(whole), starts[column.first[:-1]]


def filled(column: Column) -> list[int]:
    """Return the rows with at least one value that is not null."""
    valid = column.texts.is_valid().to_numpy(zero_copy_only=False)
    before = np.concatenate(([0], np.cumsum(valid, dtype=np.int64)))[column.first]
    return [int(row) for row in np.flatnonzero(np.diff(before))]


def garbled(column: Column) -> list[int]:
    """Return the rows with a string that is not UTF-8; Arrow reads such bytes without a word."""
    try:
        column.texts.validate(full=True)
    except pa.ArrowInvalid:
        values = column.texts.cast(pa.large_binary()).to_pylist()
        bad = [i for i, value in enumerate(values) if value is not None and not _is_utf8(value)]
        return [int(row) for row in np.unique(np.searchsorted(column.first, bad, side="right") - 1)]
    return []


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def leaves(columns: Sequence[Sequence[Column]], rows: Iterable[int], first: int) -> list[Leaf]:
    """Return the leaves of the given rows of a batch, row by row in document order.

    `columns[t]` are the leaves of top-level column t, `first` is the file row of the batch's row 0. A leaf's place is
    (t, number of the column in columns[t], position in its array).
    """
    wanted = np.unique(np.fromiter(rows, np.int64))
    found: list[tuple[Any, ...]] = []
    for top, group in enumerate(columns):
        for number, column in enumerate(group):
            for seen in (column, column.written):
                if seen is not None and seen.kind is not None and len(wanted):
                    found.extend(_leaves(seen, wanted, first, top, number))
    # Places in a document differ, so no comparison ever gets as far as the leaf.
    found.sort(key=lambda entry: entry[:-1])
    return [entry[-1] for entry in found]


def _leaves(column: Column, wanted: Ints, first: int, top: int, number: int) -> Iterator[tuple[Any, ...]]:
    """Yield (row, place in the document ..., leaf) for every value that is neither null nor empty."""
    sizes = column.first[wanted + 1] - column.first[wanted]
    ends = np.cumsum(sizes)
    index = np.repeat(column.first[wanted] - (ends - sizes), sizes) + np.arange(ends[-1])
    if column.written is not None and column.written.at is not None:
        index = index[~np.isin(index, column.written.at)]
    texts = column.texts.take(pa.array(index)).to_pylist()
    if not all(texts):
        index = index[[bool(text) for text in texts]]
        texts = [text for text in texts if text]
    if column.kind is LeafKind.BINARY:
        texts = [Blob.of(data) for data in texts]
    rows = np.searchsorted(column.first, index, side="right") - 1
    places = index if column.at is None else column.at[index]
    fields, keys, order = _pointers(column, places)
    records = (rows + first).tolist()
    made = zip(records, fields, keys, texts, repeat(column.kind), zip(repeat(top), repeat(number), places.tolist()))
    return zip(records, *order, starmap(Leaf, made), strict=False)  # repeat() has no end


def _pointers(column: Column, places: Ints) -> tuple[Iterable[str], Iterable[str], list[Iterable[int]]]:
    """Return the JSON Pointers, the nearest names, and the sort keys of the values at `places` of the array."""
    pieces: list[Iterable[str]] = []
    order: list[Iterable[int]] = []
    names: Iterable[str] | None = None
    for to, turn in reversed(column.steps):
        order.append(repeat(turn))
        if isinstance(to, str):
            pieces.append(repeat(f"/{_escaped(to)}"))
            names = names or repeat(to)
            continue
        parents = np.searchsorted(to.offsets, places, side="right") - 1
        index = (places - to.offsets[parents]).tolist()
        order.append(index)
        if to.keys is None:
            pieces.append([f"/{i}" for i in index])
        else:
            texts = to.keys.take(pa.array(places)).to_pylist()
            pieces.append([f"/{_escaped(text)}" for text in texts])
            names = names or texts
        places = parents
    if column.boxed:  # the value is told by the name of its struct
        pieces.pop(0)
        names = repeat(column.name)
    pieces.reverse()
    order.reverse()
    if column.kind is LeafKind.KEY:
        pieces.append(repeat("~key"))
    if all(isinstance(step.to, str) for step in column.steps):
        return repeat("".join(next(iter(piece)) for piece in pieces)), names or repeat(""), order
    return map("".join, zip(*pieces, strict=False)), names or repeat(""), order


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1") if "~" in name or "/" in name else name
