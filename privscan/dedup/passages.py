"""Passages that stand in a corpus more than once: lines, paragraphs, or runs of 50 words and more, found exactly.

Pass one writes a 64-bit hash for every passage of a text: each line, each paragraph, each run of 50 words. `find` sorts
them, a partition by hash at a time, and keeps the places of those that stood somewhere before; `spans` turns the
places in a text into stretches of it. Rows that are dropped as duplicates do not count. Memory is that of a partition.

A work file is a row of blocks: how many rows and passages (8 bytes each), the rows (8), passages of each row (8), the
hashes (8). With 50-word runs it takes 8 bytes a word.
"""

from __future__ import annotations

import os
import re
import struct
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np
import xxhash

from privscan.dedup.shingle import grams, word_spans
from privscan.dedup.store import unwritable
from privscan.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

__all__ = ["WORDS", "Block", "Span", "Writer", "cut", "find", "places", "read", "spans"]

WORDS = 50
"""Words of the shortest repeated span."""

_LEAST = 5  # words of a line or paragraph that is worth telling of
_HEAD = struct.Struct("<QQ")
_BATCH = 1 << 18  # characters hashed at a time
_EACH = 40  # bytes sorting takes for a passage
_PIECES = {
    "line": re.compile(r"[^\n]*\S[^\n]*"),
    "paragraph": re.compile(r"[^\n]*\S[^\n]*(?:\n[^\n]*\S[^\n]*)*"),
}


class Block(NamedTuple):
    """Some rows of a file, how many passages each has, and their hashes, end to end."""

    rows: NDArray[np.int64]
    counts: NDArray[np.int64]
    hashes: NDArray[np.uint64]


class Span(NamedTuple):
    """A stretch of a text, in characters, how many words it has, and the hash of how it begins."""

    start: int
    end: int
    words: int
    hash: int


def cut(texts: Sequence[str], kind: str) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """Return how many passages each text has, and the hashes of all of them."""
    if kind == "span":
        hashes, offsets = grams(texts, WORDS)
        return np.diff(offsets), hashes
    found = [
        [xxhash.xxh3_64_intdigest(text[at:to].encode("utf-8", "surrogatepass")) for at, to in _pieces(text, kind)]
        for text in texts
    ]
    counts = np.array([len(each) for each in found], np.int64)
    return counts, np.array([value for each in found for value in each], np.uint64)


def spans(text: str, kind: str, flags: NDArray[np.int64], hashes: NDArray[np.uint64]) -> list[Span]:
    """Return the stretches of a text whose passages of the given numbers (ascending) stood somewhere before."""
    if not flags.size:
        return []
    if kind != "span":
        pieces = _pieces(text, kind)
        stretches = [(at, *pieces[at]) for at in flags.tolist()]
        return [Span(start, end, len(text[start:end].split()), int(hashes[at])) for at, start, end in stretches]
    starts, ends = word_spans(text)
    cuts = np.flatnonzero(np.diff(flags) > WORDS)
    first, last = flags[np.append(0, cuts + 1)], flags[np.append(cuts, flags.size - 1)] + WORDS - 1
    places = zip(first.tolist(), last.tolist(), strict=True)
    return [Span(int(starts[a]), int(ends[b]), b - a + 1, int(hashes[a])) for a, b in places]


def _pieces(text: str, kind: str) -> list[tuple[int, int]]:
    """Return where lines or paragraphs of some words stand, white space around them left out."""
    found = []
    for piece in _PIECES[kind].finditer(text):
        inner = piece[0].strip()
        if len(inner.split(None, _LEAST)) >= _LEAST:
            start = piece.start() + len(piece[0]) - len(piece[0].lstrip())
            found.append((start, start + len(inner)))
    return found


class Writer:
    """One work file in the making, beside its final name. OutputError when it cannot be written."""

    def __init__(self, path: str, kind: str) -> None:
        self._path, self._kind = path, kind
        try:
            self._file = open(f"{path}.part", "wb")  # noqa: SIM115 - closed by close() or discard()
        except OSError as error:
            raise unwritable("work file", path, error) from None

    def add(self, rows: Sequence[int], texts: Sequence[str | None]) -> None:
        """Take the texts of a block; what has none has no passage."""
        there = [(row, text) for row, text in zip(rows, texts, strict=True) if text]
        at = 0
        while at < len(there):
            stop, characters = at, 0
            while stop < len(there) and characters < _BATCH:
                characters += len(there[stop][1])
                stop += 1
            counts, hashes = cut([text for _, text in there[at:stop]], self._kind)
            values = (np.array([row for row, _ in there[at:stop]], np.int64), counts, hashes)
            try:
                self._file.write(_HEAD.pack(stop - at, hashes.size))
                self._file.writelines(each.astype("<u8").tobytes() for each in values)
            except OSError as error:
                raise unwritable("work file", self._path, error) from None
            at = stop

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            self._file.close()
            if kind is None:
                os.replace(f"{self._path}.part", self._path)
            else:
                os.unlink(f"{self._path}.part")
        except OSError as error:
            raise unwritable("work file", self._path, error) from None


def read(path: str) -> Iterator[Block]:
    """Yield the blocks of a work file. InputError for a torn one."""
    with open(path, "rb") as file:
        while head := file.read(_HEAD.size):
            try:
                rows, passages = _HEAD.unpack(head)
                data = np.frombuffer(file.read(8 * (2 * rows + passages)), "<u8")
                yield Block(data[:rows].astype(np.int64), data[rows : 2 * rows].astype(np.int64), data[2 * rows :])
            except (struct.error, ValueError):
                raise InputError(f"work file {path} is torn; run the deduplication again") from None


def find(paths: Sequence[str], dropped: Sequence[Sequence[int]], memory: int) -> list[str]:
    """Find what repeats over the work files; return one list of passage numbers a file, as a NumPy file beside it.

    `dropped` are the rows of each file that do not count. OutputError, InputError.
    """
    counts = [sum(block.hashes.size for block in read(path)) for path in paths]
    bounds = np.cumsum([0, *counts])
    parts = max(1, -(-int(bounds[-1]) * _EACH // max(memory // 2, 1)))
    runs = []
    for part in range(parts):
        _save(f"{paths[0]}.run{part}.npy", _repeated(paths, dropped, part, parts))
        runs.append(np.load(f"{paths[0]}.run{part}.npy", mmap_mode="r", allow_pickle=False))
    names = []
    for index, path in enumerate(paths):
        mine = [run[slice(*np.searchsorted(run, bounds[index : index + 2]))] for run in runs]
        names.append(f"{path}.flags.npy")
        _save(names[-1], np.sort(np.concatenate(mine)) - bounds[index])
    return names


def _save(path: str, numbers: NDArray[np.int64]) -> None:
    try:
        with open(f"{path}.part", "wb") as file:
            np.save(file, numbers, allow_pickle=False)
        os.replace(f"{path}.part", path)
    except OSError as error:
        raise unwritable("work file", path, error) from None


def _repeated(paths: Sequence[str], dropped: Sequence[Sequence[int]], part: int, parts: int) -> NDArray[np.int64]:
    """Return the numbers of the passages of one partition that stood somewhere before, over all files, ascending."""
    hashes, numbers = [np.zeros(0, np.uint64)], [np.zeros(0, np.int64)]
    low = 0
    for path, gone in zip(paths, dropped, strict=True):
        rows_gone = np.array(gone, np.int64)
        for block in read(path):
            taken = np.repeat(~np.isin(block.rows, rows_gone), block.counts)
            if parts > 1:
                taken &= (block.hashes >> np.uint64(32)) * np.uint64(parts) >> np.uint64(32) == part
            hashes.append(block.hashes[taken])
            numbers.append(np.flatnonzero(taken) + low)
            low += block.hashes.size
    together = np.concatenate(hashes)
    del hashes
    order = np.argsort(together, kind="stable")
    together = together[order]
    again = np.zeros(order.size, np.bool_)
    again[1:] = together[1:] == together[:-1]
    return np.sort(np.concatenate(numbers)[order[again]])


def places(path: str, flags: str) -> dict[int, tuple[NDArray[np.int64], NDArray[np.uint64]]]:
    """Return, for each row with a passage that stood before, the numbers of those in the row, and all its hashes.

    Holds 8 bytes for each passage of such a row.
    """
    numbers: NDArray[np.int64] = np.load(flags, allow_pickle=False)
    found: dict[int, tuple[NDArray[np.int64], NDArray[np.uint64]]] = {}
    low = 0
    for block in read(path):
        starts = np.concatenate((np.zeros(1, np.int64), np.cumsum(block.counts)))
        cuts = np.searchsorted(numbers, starts + low)
        for at in np.flatnonzero(np.diff(cuts)).tolist():
            first = int(starts[at])
            mine = numbers[cuts[at] : cuts[at + 1]] - (first + low)
            found[int(block.rows[at])] = (mine, block.hashes[first : int(starts[at + 1])].copy())
        low += block.hashes.size
    return found
