"""Passages that stand in a corpus more than once: fields, paragraphs, lines, or runs of 50 words and more.

Pass one writes a 64-bit hash and a 32-bit check for every passage of the texts of a record: each text as a whole, each
of its paragraphs or lines, or each run of 50 of its words. `find` sorts them, a partition by hash at a time, and keeps
the places of those that stood often enough before; `stretches` turns places into stretches of text. Rows that are
dropped as duplicates do not count. Memory is that of a partition, whatever the corpus.

A work file is a row of blocks: how many rows and passages (8 bytes each), the rows (8), passages of each row (8), the
hashes (8), the checks (4). With runs of words it takes 12 bytes a word. Hash and check are 96 bits of XXH3-128 of a
passage, or come of two hashes of its words: in 10^10 passages no two that differ agree by chance.
"""

from __future__ import annotations

import bisect
import itertools
import os
import re
import struct
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np
import xxhash

from privscan.dedup.shingle import UNSPACED, passages, word_spans
from privscan.dedup.store import save_array
from privscan.errors import InputError
from privscan.writing import writing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

__all__ = [
    "FOUND",
    "WORDS",
    "Block",
    "Found",
    "Limits",
    "Passage",
    "Writer",
    "find",
    "hashed",
    "places",
    "read",
    "removal",
    "stretches",
]

WORDS = 50
"""Words of the shortest repeated run."""

FOUND = np.dtype([("passage", "<i8"), ("stays", "<i8"), ("part", "<i4"), ("row", "<u4")])
"""A passage and the last one like it that stays, by number over all work files; work file and row of the first."""

_LEAST = 5  # words of a field, paragraph or line that is worth telling of
_HEAD = struct.Struct("<QQ")
_BATCH = 1 << 18  # characters hashed at a time
_EACH = 64  # bytes sorting takes for a passage
_HALF = np.uint64(32)
_PIECES = {
    "field": re.compile(r".+", re.DOTALL),
    "paragraph": re.compile(r"[^\n]*\S[^\n]*(?:\n[^\n]*\S[^\n]*)*"),
    "line": re.compile(r"[^\n]*\S[^\n]*"),
}
_BEHIND = {  # what goes with a passage that is removed
    "field": re.compile(r"\s*"),
    "paragraph": re.compile(r"[^\S\n]*(?:\n(?:[^\S\n]*\n)*)?"),
    "line": re.compile(r"[^\S\n]*\n?"),
    "span": re.compile(r"[^\S\n]*"),
}
_ALONE = re.compile(f"[{''.join(f'{chr(low)}-{chr(high)}' for low, high in UNSPACED)}\U00020000-\U0003fffd]")
_DIGEST = np.dtype([("hash", ">u8"), ("check", ">u4"), ("rest", ">u4")])


class Block(NamedTuple):
    """Some rows of a file, how many passages each has, and their hashes and checks, end to end."""

    rows: NDArray[np.int64]
    counts: NDArray[np.int64]
    hashes: NDArray[np.uint64]
    checks: NDArray[np.uint32]


class Limits(NamedTuple):
    """Which passages are told of: those in more than `over` records, but for the first `keep` of each."""

    keep: int = 1
    over: int = 0


class Found(NamedTuple):
    """What was found in a work file: the file, the number of its first passage, and the files of `FOUND` rows."""

    path: str
    low: int
    names: tuple[str, ...]


class Passage(NamedTuple):
    """A stretch of a text, in characters, its words, the hash of how it begins, and the place it stood in first."""

    start: int
    end: int
    words: int
    hash: int
    part: int
    row: int


def hashed(texts: Sequence[str], kind: str) -> tuple[NDArray[np.int64], NDArray[np.uint64], NDArray[np.uint32]]:
    """Return how many passages each text has, and the hashes and checks of all of them."""
    if kind == "span":
        hashes, checks, offsets = passages(texts, WORDS)
        return np.diff(offsets), hashes, checks
    pieces = [_pieces(text, kind) for text in texts]
    data = b"".join(
        xxhash.xxh3_128_digest(text[start:end].encode("utf-8", "surrogatepass"))
        for text, found in zip(texts, pieces, strict=True)
        for start, end in found
    )
    digests = np.frombuffer(data, _DIGEST)
    counts = np.array([len(found) for found in pieces], np.int64)
    return counts, digests["hash"].astype(np.uint64), digests["check"].astype(np.uint32)


def _pieces(text: str, kind: str) -> list[tuple[int, int]]:
    """Return where the pieces of a text of some words stand, white space around them left out."""
    found = []
    for piece in _PIECES[kind].finditer(text):
        inner = piece[0].strip()
        spaced = len(inner.split(None, _LEAST)) >= _LEAST
        if spaced or (not inner.isascii() and len(_ALONE.findall(inner)) >= _LEAST):
            start = piece.start() + len(piece[0]) - len(piece[0].lstrip())
            found.append((start, start + len(inner)))
    return found


def stretches(
    texts: Sequence[str], kind: str, found: NDArray[np.void], hashes: NDArray[np.uint64]
) -> Iterator[tuple[int, Passage]]:
    """Yield (number of a text, passage) for the texts of a record, given the passages of it that were found.

    `found` are `FOUND` rows whose passages count from the record's first; `hashes` are of all its passages.
    """
    low = 0
    for number, text in enumerate(texts):
        starts, ends = word_spans(text) if kind == "span" else np.array(_pieces(text, kind), np.int64).reshape(-1, 2).T
        count = starts.size if kind != "span" else max(starts.size - WORDS + 1, 0)
        mine = found[slice(*np.searchsorted(found["passage"], (low, low + count)))]
        if mine.size:
            first, begins, stops = _runs(mine, low) if kind == "span" else _each(mine["passage"] - low)
            for one, begin, stop in zip(first.tolist(), begins.tolist(), stops.tolist(), strict=True):
                start, end = int(starts[begin]), int(ends[stop - 1])
                words = stop - begin if kind == "span" else len(text[start:end].split())
                place = int(hashes[mine["passage"][one]]), int(mine["part"][one]), int(mine["row"][one])
                yield number, Passage(start, end, words, *place)
        low += count


def _each(at: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    return np.arange(at.size), at, at + 1


def _runs(mine: NDArray[np.void], low: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return (first passage, first word, word behind the last) of the stretches that runs of words cover together.

    A run that overlaps the one like it that stays covers only what is behind that: of a word said over and over, or
    a verse, the first run is left.
    """
    at, stays = mine["passage"] - low, mine["stays"] - low
    begins = np.maximum(at, np.where(stays >= 0, stays + WORDS, 0))
    begins = np.minimum.accumulate(begins[::-1])[::-1]
    ends = at + WORDS
    opens = np.flatnonzero(np.append(True, begins[1:] > ends[:-1]))
    last = np.append(opens[1:], at.size) - 1
    first = np.minimum(np.searchsorted(at, begins[opens]), last)  # that which is covered whole, where there is one
    return first, begins[opens], ends[last]


def removal(text: str, kind: str, start: int, end: int) -> tuple[int, int]:
    """Return what goes of a text when a passage does: with a line its line break, with a paragraph the blank lines.

    >>> removal("one\\n  two \\nthree", "line", 6, 9), removal("one\\n\\ntwo", "paragraph", 5, 8)
    ((4, 11), (3, 8))
    """
    behind = _BEHIND[kind].match(text, end).end()  # type: ignore[union-attr]  # matches nothing at the least
    if kind == "span":
        return start, behind if start == 0 or text[start - 1].isspace() else end
    begin = 0 if kind == "field" else text.rfind("\n", 0, start) + 1
    if behind == len(text) and not text.endswith("\n"):
        begin = len(text[:begin].rstrip("\n")) if kind == "paragraph" else max(begin - 1, 0)
    return begin, behind


class Writer:
    """One work file in the making, beside its final name. OutputError when it cannot be written."""

    def __init__(self, path: str, kind: str) -> None:
        self._path, self._kind = path, kind
        with writing(path):
            self._file = open(f"{path}.part", "wb")  # noqa: SIM115 - closed by close() or discard()

    def add(self, rows: Sequence[int], texts: Sequence[Sequence[str]]) -> None:
        """Take the texts of each row of a block; a row without a text has no passage."""
        at = 0
        while at < len(rows):
            stop, characters = at, 0
            while stop < len(rows) and characters < _BATCH:
                characters += sum(map(len, texts[stop]))
                stop += 1
            mine = texts[at:stop]
            counts, hashes, checks = hashed([text for each in mine for text in each], self._kind)
            before = np.concatenate((np.zeros(1, np.int64), np.cumsum(counts)))
            of_rows = np.diff(before[np.cumsum([0, *map(len, mine)])])
            self._write(Block(np.array(rows[at:stop], np.int64), of_rows, hashes, checks))
            at = stop

    def _write(self, block: Block) -> None:
        with writing(self._path):
            self._file.write(_HEAD.pack(block.rows.size, block.hashes.size))
            self._file.writelines(np.ascontiguousarray(values).data for values in block)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        with writing(self._path):
            self._file.close()
            if kind is None:
                os.replace(f"{self._path}.part", self._path)
            else:
                os.unlink(f"{self._path}.part")


def read(path: str) -> Iterator[Block]:
    """Yield the blocks of a work file. InputError for a torn one."""
    with open(path, "rb") as file:
        while head := file.read(_HEAD.size):
            try:
                rows, size = _HEAD.unpack(head)
                numbers = np.frombuffer(file.read(16 * rows), "<i8").reshape(2, rows)
                hashes = np.frombuffer(file.read(12 * size), "<u4")  # and the checks behind them
                pairs, checks = hashes[: 2 * size].reshape(2 * size).view("<u8"), hashes[2 * size :].reshape(size)
                yield Block(numbers[0], numbers[1], pairs, checks)
            except (struct.error, ValueError):
                raise InputError(f"work file {path} is torn; run the deduplication again") from None


def find(paths: Sequence[str], dropped: Sequence[NDArray[np.int64]], memory: int, limits: Limits) -> tuple[Found, ...]:
    """Find the passages over the limits; return what `places` takes for each work file.

    `dropped` are the rows of each work file that do not count. OutputError, InputError.
    """
    sizes = [_size(path) for path in paths]
    parts = max(1, -(-sum(sizes) * _EACH // max(memory // 2, 1)))
    names = tuple(f"{paths[0]}.found{part}.npy" for part in range(parts))
    for part, name in enumerate(names):
        found = _repeated(paths, dropped, part, parts, limits)
        save_array(name, found)
    return tuple(
        Found(path, low, names) for path, low in zip(paths, itertools.accumulate(sizes, initial=0), strict=False)
    )


def _size(path: str) -> int:
    """Return how many passages a work file has."""
    total = 0
    with open(path, "rb") as file:
        while len(head := file.read(_HEAD.size)) == _HEAD.size:
            rows, size = _HEAD.unpack(head)
            file.seek(16 * rows + 12 * size, os.SEEK_CUR)
            total += size
    return total


def _repeated(
    paths: Sequence[str], dropped: Sequence[NDArray[np.int64]], part: int, parts: int, limits: Limits
) -> NDArray[np.void]:
    """Return the passages of one partition that are over the limits, ascending."""
    found: list[tuple[NDArray[np.uint64], NDArray[np.uint32], NDArray[np.int64], NDArray[np.uint32]]] = []
    bounds, low = [], 0
    for path, gone in zip(paths, dropped, strict=True):
        bounds.append(low)
        for block in read(path):
            taken = np.repeat(~np.isin(block.rows, gone), block.counts)
            if parts > 1:
                taken &= (block.hashes >> _HALF) * np.uint64(parts) >> _HALF == part
            rows = np.repeat(block.rows.astype(np.uint32), block.counts)[taken]
            found.append((block.hashes[taken], block.checks[taken], np.flatnonzero(taken) + low, rows))
            low += block.hashes.size
    if not found:
        return np.zeros(0, FOUND)
    hashes, checks, numbers, rows = (np.concatenate(column) for column in zip(*found, strict=True))
    found.clear()
    order = np.argsort(hashes)
    again = np.zeros(order.size, np.bool_)
    again[1:] = hashes[order[1:]] == hashes[order[:-1]]
    again[:-1] |= again[1:]
    order = order[again]  # few are left
    order = order[np.lexsort((numbers[order], checks[order], hashes[order]))]
    parts_of = np.searchsorted(bounds, numbers[order], side="right") - 1
    return _over(hashes[order], checks[order], numbers[order], parts_of, rows[order], limits)


def _over(
    hashes: NDArray[np.uint64],
    checks: NDArray[np.uint32],
    numbers: NDArray[np.int64],
    parts: NDArray[np.int64],
    rows: NDArray[np.uint32],
    limits: Limits,
) -> NDArray[np.void]:
    """Return the passages over the limits, given all that may be some other, sorted by hash, check and number."""
    if not numbers.size:
        return np.zeros(0, FOUND)
    head = np.ones(numbers.size, np.bool_)
    head[1:] = (hashes[1:] != hashes[:-1]) | (checks[1:] != checks[:-1])
    record = head.copy()
    record[1:] |= (rows[1:] != rows[:-1]) | (parts[1:] != parts[:-1])
    starts = np.flatnonzero(head)
    sizes = np.diff(starts, append=numbers.size)
    first = np.repeat(starts, sizes)
    records = np.repeat(np.add.reduceat(record, starts, dtype=np.int64), sizes)
    told = (np.arange(numbers.size) - first >= limits.keep) & (records > limits.over)
    found = np.empty(int(np.count_nonzero(told)), FOUND)
    found["passage"], found["stays"] = numbers[told], numbers[first[told] + limits.keep - 1]
    found["part"], found["row"] = parts[first[told]], rows[first[told]]
    return found[np.argsort(found["passage"])]  # a sort of whole rows is fifty times as slow


def places(found: Found) -> Iterator[tuple[int, NDArray[np.void], NDArray[np.uint64]]]:
    """Yield, for each row of a work file with passages that were found, the row, those, and all its hashes.

    Passages count from the row's first. Holds what was found in a block of rows.
    """
    runs = [np.load(name, mmap_mode="r", allow_pickle=False) for name in found.names]
    low = found.low
    for block in read(found.path):
        stop = low + block.hashes.size
        mine = np.concatenate([run[_place(run, low) : _place(run, stop)] for run in runs])
        mine = mine[np.argsort(mine["passage"])]
        for name in ("passage", "stays"):
            mine[name] -= low
        ends = np.cumsum(block.counts)
        for at in np.unique(np.searchsorted(ends, mine["passage"], side="right")).tolist():
            start, end = int(ends[at] - block.counts[at]), int(ends[at])
            own = mine[slice(*np.searchsorted(mine["passage"], (start, end)))].copy()
            for name in ("passage", "stays"):
                own[name] -= start
            yield int(block.rows[at]), own, block.hashes[start:end]
        low = stop


def _place(run: NDArray[np.void], passage: int) -> int:
    """Return where a passage stands, or would, in what was found; reads a few pages of the file."""
    return bisect.bisect_left(run, passage, key=lambda row: int(row["passage"]))
