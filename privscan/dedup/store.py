"""The work files between the passes: what is signed of a shard, and which of its rows are dropped.

A signature file is read back a piece at a time:

    header     8 bytes
    body       shingle hashes (4 bytes each) of some rows, then a block of those rows, and so on
    footer     JSON: how it was signed, and [offset, rows] of every block
    tail       length and XXH3-64 of the footer (8 bytes each), 8 bytes that only a whole file ends with

A block is a run of columns, each whole: `row` (file row), `text` (XXH3-128 of the text), with a keep policy `key` (its
place in the order) and, for near duplicates, `sum` (of the shingles), `meta` (where the shingles stand, how many, and
the low byte of every MinHash value), and one band hash a column; `anchors` where containment is sought. All numbers are
little-endian. A near row takes 44 + 4 * bands + hashes bytes (269 with the defaults) and 4 bytes a word. A list of
drops is a NumPy file of `DROP`. Both appear under their names only when they are whole.
"""

from __future__ import annotations

import itertools
import json
import os
import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import xxhash

from privscan.dedup import Duplicate
from privscan.errors import InputError
from privscan.writing import appearing, writing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from privscan.dedup import DedupSettings, Part

__all__ = ["DROP", "Store", "Writer", "columns", "drops", "save_array", "table", "twins"]

AT_ONCE = 1 << 14  # rows made into objects
DROP = np.dtype(
    [
        ("row", "<i8"),
        ("kept_file", "<i4"),
        ("kept_row", "<i8"),
        ("similarity", "<f4"),
        ("method", "u1"),
        ("dropped", "?"),
    ]
)
"""A row with a twin as written: `method` is 0 for exact, 1 for near, 2 for contained; it may stay if not `dropped`."""

_HEAD = b"PSDEDUP1"
_TAIL = b"1PUDEDSP"
_CLOSING = struct.Struct("<QQ8s")
_OPEN_FILES = 64
_METHODS = ("exact", "near", "contained")
_DENSE = 128  # read a run of rows whole when at least one in so many is wanted: asking costs more than copying
_GAP = 1 << 12  # bytes between shingles that are read with them rather than asked for apart


def columns(settings: DedupSettings) -> dict[str, np.dtype[Any]]:
    """Return the columns of a block and their types, in the order they stand in."""
    found = {"row": np.dtype("<i8"), "text": np.dtype(("<u8", (2,)))}
    if settings.keep_policy != "first":
        found["key"] = np.dtype("<i8")
    hashes = settings.hashes if settings.method == "near" else 0
    if settings.shingled:
        found["sum"] = np.dtype("<u8")
        found["meta"] = np.dtype([("offset", "<i8"), ("count", "<u4"), ("low", "u1", (hashes,))])
    if settings.method == "contained":
        found["anchors"] = np.dtype(("<u4", (8,)))
    if settings.method == "near":
        found |= {f"band{band}": np.dtype("<u4") for band in range(settings.bands)}
    return found


def _signed_with(settings: DedupSettings) -> dict[str, Any]:
    """Return what two signature files must share to be joined; the threshold may still be chosen."""
    near = {"ngram": settings.ngram, "bands": settings.bands, "rows": settings.rows, "seed": settings.seed}
    key = {"key": [settings.keep_policy, settings.keep_field, *settings.sources]}
    return {"method": settings.method, "chat": settings.chat} | (near if settings.shingled else {}) | key


class Writer:
    """One signature file in the making, beside its final name. OutputError when it cannot be written."""

    def __init__(self, path: str, settings: DedupSettings) -> None:
        self._path = path
        self._settings = settings
        self._columns = columns(settings)
        self._blocks: list[tuple[int, int]] = []
        self._offset = 0
        with writing(path):
            self._file = open(f"{path}.part", "wb")  # noqa: SIM115 - closed by close() or discard()
        self._write(_HEAD)

    def shingles(self, hashes: NDArray[np.uint32]) -> int:
        """Append shingle hashes and return the byte they start at."""
        start = self._offset
        self._write(hashes.astype("<u4", copy=False).tobytes())
        return start

    def block(self, values: Mapping[str, NDArray[Any]]) -> None:
        """Append a block: every column of `columns`, all of the same number of rows."""
        self._blocks.append((self._offset, len(values["row"])))
        for name, kind in self._columns.items():
            self._write(values[name].astype(kind.base, copy=False).tobytes())

    def close(self) -> None:
        """Finish the file and give it its name."""
        footer = json.dumps({"signed": _signed_with(self._settings), "blocks": self._blocks}).encode()
        self._write(footer + _CLOSING.pack(len(footer), xxhash.xxh3_64_intdigest(footer), _TAIL))
        with writing(self._path):
            self._file.close()
            os.replace(f"{self._path}.part", self._path)

    def discard(self) -> None:
        """Give the file up."""
        self._file.close()
        os.unlink(f"{self._path}.part")

    def _write(self, data: bytes) -> None:
        with writing(self._path):
            self._file.write(data)
        self._offset += len(data)


class Store:
    """The signature files of a run, read as one table whose rows are numbered in the order of the parts.

    Holds some 40 bytes a block (4,096 rows, or the rest of a shard) and at most 64 open files. InputError on a file
    that is missing, torn, changed, or signed with other settings.
    """

    def __init__(self, parts: Sequence[Part], settings: DedupSettings) -> None:
        self._parts = tuple(parts)
        self._files: dict[int, int] = {}
        self._kinds = columns(settings)
        self._before: dict[str, int] = {}
        width = 0
        for name, kind in self._kinds.items():
            self._before[name] = width
            width += kind.itemsize
        blocks: list[tuple[int, int, int]] = []
        totals = [0]
        for index in range(len(self._parts)):
            listed = self._read_footer(index, settings)
            blocks += [(index, offset, rows) for offset, rows in listed]
            totals.append(totals[-1] + sum(rows for _, rows in listed))
        table = np.array(blocks, np.int64).reshape(-1, 3)
        self._block_part, self._block_offset, self._block_rows = table.T.copy()
        self._block_first = np.concatenate((np.zeros(1, np.int64), np.cumsum(self._block_rows)))
        self.bounds = np.array(totals, np.int64)
        """First row of each part, then the number of rows."""

    def has(self, name: str) -> bool:
        """Say whether rows have a column."""
        return name in self._kinds

    @property
    def rows(self) -> int:
        """Rows in all parts."""
        return int(self.bounds[-1])

    @property
    def blocks(self) -> int:
        """Blocks in all parts."""
        return int(self._block_rows.size)

    def first(self, block: int) -> int:
        """Return the row a block starts with."""
        return int(self._block_first[block])

    def size(self, block: int) -> int:
        """Return how many rows a block has, never 0."""
        return int(self._block_rows[block])

    def column(self, block: int, name: str) -> NDArray[Any]:
        """Return a column of a block, whole."""
        return self._slice(block, name, 0, self.size(block))

    def gather(self, name: str, rows: NDArray[np.int64]) -> NDArray[Any]:
        """Return a column for distinct ascending rows."""
        kind = self._kinds[name]
        out = np.empty((rows.size, *kind.shape), kind.base)
        blocks = np.searchsorted(self._block_first, rows, side="right") - 1
        cuts = np.flatnonzero(np.diff(blocks, prepend=-1, append=self.blocks))
        for low, high in zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True):
            block = int(blocks[low])
            inside = rows[low:high] - self._block_first[block]
            start, stop = int(inside[0]), int(inside[-1]) + 1
            if stop - start <= _DENSE * inside.size:
                out[low:high] = self._slice(block, name, start, stop)[inside - start]
                continue
            out[low:high] = self._scattered(block, name, inside)
        return out

    def shingles(
        self, rows: NDArray[np.int64], offsets: NDArray[np.int64], counts: NDArray[np.int64]
    ) -> NDArray[np.uint32]:
        """Return the shingle hashes of rows end to end, as their `meta` says where they stand."""
        if not rows.size:
            return np.zeros(0, np.uint32)
        parts, lengths = np.searchsorted(self.bounds, rows, side="right") - 1, 4 * counts
        ends = offsets + lengths
        apart = np.ones(rows.size, np.bool_)
        apart[1:] = (parts[1:] != parts[:-1]) | (offsets[1:] < ends[:-1]) | (offsets[1:] > ends[:-1] + _GAP)
        heads = np.flatnonzero(apart)
        first, last = offsets[heads], ends[np.append(heads[1:], rows.size) - 1]
        found: list[bytes] = []
        of = parts[heads]
        for part in np.unique(of).tolist():
            mine = of == part
            found += self._reads(part, (last - first)[mine].tolist(), first[mine].tolist())
        read: NDArray[np.uint32] = np.frombuffer(b"".join(found), "<u4")
        if read.size == counts.sum():
            return read
        before = np.cumsum(last - first) - (last - first)
        place = (offsets + np.repeat(before - first, np.diff(heads, append=rows.size))) >> 2
        at = np.arange(counts.sum()) + np.repeat(place - (np.cumsum(counts) - counts), counts)
        return np.asarray(read[at])

    def close(self) -> None:
        """Close the files."""
        while self._files:
            os.close(self._files.popitem()[1])

    def _slice(self, block: int, name: str, start: int, stop: int) -> NDArray[Any]:
        kind = self._kinds[name]
        offset = int(self._block_offset[block] + self._block_rows[block] * self._before[name]) + start * kind.itemsize
        data = self._read(int(self._block_part[block]), offset, (stop - start) * kind.itemsize)
        return np.frombuffer(data, kind.base).reshape(-1, *kind.shape)

    def _scattered(self, block: int, name: str, inside: NDArray[np.int64]) -> NDArray[Any]:
        """Return a column of a block for rows far apart."""
        kind = self._kinds[name]
        part = int(self._block_part[block])
        first = int(self._block_offset[block] + self._block_rows[block] * self._before[name])
        data = self._reads(part, [kind.itemsize] * inside.size, (first + inside * kind.itemsize).tolist())
        return np.frombuffer(b"".join(data), kind.base).reshape(-1, *kind.shape)

    def _reads(self, part: int, sizes: list[int], offsets: list[int]) -> list[bytes]:
        """Return many pieces of a file, with little to do for each."""
        found = list(map(os.pread, itertools.repeat(self._descriptor(part)), sizes, offsets))
        if list(map(len, found)) != sizes:
            raise self._torn(part, "it ends too soon")
        return found

    def _read(self, part: int, offset: int, size: int) -> bytes:
        data = os.pread(self._descriptor(part), size, offset)
        if len(data) != size:
            raise self._torn(part, "it ends too soon")
        return data

    def _descriptor(self, part: int) -> int:
        if part not in self._files:
            if len(self._files) >= _OPEN_FILES:
                os.close(self._files.pop(next(iter(self._files))))
            try:
                self._files[part] = os.open(self._parts[part].path, os.O_RDONLY)
            except OSError as error:
                raise self._torn(part, f"{error.strerror}") from None
        return self._files[part]

    def _read_footer(self, part: int, settings: DedupSettings) -> list[tuple[int, int]]:
        size = os.fstat(self._descriptor(part)).st_size
        if size < len(_HEAD) + _CLOSING.size or self._read(part, 0, len(_HEAD)) != _HEAD:
            raise self._torn(part, "it is not one, or was cut off")
        length, digest, tail = _CLOSING.unpack(self._read(part, size - _CLOSING.size, _CLOSING.size))
        if tail != _TAIL or length > size - _CLOSING.size:
            raise self._torn(part, "its end is missing")
        footer = self._read(part, size - _CLOSING.size - length, length)
        if xxhash.xxh3_64_intdigest(footer) != digest:
            raise self._torn(part, "its end does not match its checksum")
        content = json.loads(footer)
        if content["signed"] != _signed_with(settings):
            wrong = "signed with other settings than it is to be joined with; sign all shards again"
            raise InputError(f"signature file {self._parts[part].path} was {wrong}")
        return [(offset, rows) for offset, rows in content["blocks"]]

    def _torn(self, part: int, reason: str) -> InputError:
        return InputError(f"signature file {self._parts[part].path} cannot be used: {reason}; sign the shard again")


def save_array(path: str, table: NDArray[Any]) -> None:
    """Write a work file by rename, so that a kill leaves all of it or none. OutputError when that fails."""
    with appearing(path) as temporary, open(temporary, "wb") as file:
        np.save(file, table, allow_pickle=False)


def drops(path: str) -> NDArray[np.int64]:
    """Return the dropped rows of one part, ascending. InputError when the file is missing or torn."""
    found = table(path)
    return np.sort(found["row"][found["dropped"]])


def twins(path: str) -> Iterator[tuple[int, Duplicate]]:
    """Yield all rows of one part that have a twin, ascending, those that may stay too; InputError as `drops`."""
    found = table(path)
    order = np.argsort(found["row"], kind="stable")
    for start in range(0, len(order), AT_ONCE):
        for row, file, kept, similarity, method, dropped in found[order[start : start + AT_ONCE]].tolist():
            yield row, Duplicate(file, kept, round(similarity, 6), _METHODS[method], dropped)


def table(path: str) -> NDArray[Any]:
    """Return the rows of one part that have a twin, of type `DROP`; InputError as `drops`."""
    try:
        found: NDArray[Any] = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        raise InputError(f"work file {path} is missing or torn; run the deduplication again") from None
    if found.dtype != DROP:
        raise InputError(f"work file {path} is not a list of dropped rows; run the deduplication again")
    return found
