"""Readers and writers, side by side in one file a format.

A format turns a shard into blocks of whole records, shows a block's raw bytes to the gates, its leaves to the
detectors, and writes it back with edits applied. `MODULES` is the one place a new format is named.
"""

from __future__ import annotations

import functools
import importlib
import shutil
from bisect import bisect_right
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    import numpy as np

    from privscan.model import Leaf, Problem, Shard


JSONL_SUFFIXES = tuple(stem + codec for stem in (".jsonl", ".ndjson", ".jsonlines") for codec in ("", ".gz", ".zst"))


STDIN = "stdin.jsonl"  # what standard input is called


class Rewrite(NamedTuple):
    """A leaf and what becomes of it: its whole new text (None for null), and the spans (start, end, new) changed."""

    leaf: Leaf
    text: str | None
    spans: Sequence[tuple[int, int, str]]


class Block(Protocol):
    """A run of whole records of one shard: about 1 MB of raw lines, or a Parquet record batch.

    Rows are numbered 0..len(block)-1 inside the block; `first` is the file row of row 0. `problems` maps rows that
    could not be understood to the reason; they are never shown to a detector nor written. `quoted` says that the raw
    bytes are JSON, strings between quotes and escaped.
    """

    first: int
    nbytes: int
    quoted: bool
    problems: dict[int, Problem]

    def rows(self) -> Sequence[int]:
        """Return the rows that hold a record (blank lines do not), problems included."""

    def buffers(self) -> Iterable[tuple[Any, np.ndarray[Any, Any]]]:
        """Yield (bytes-like, starts): raw bytes, and the offset at which each of the block's rows starts in them.

        Every buffer opens with a byte that belongs to no record and holds a separator behind every value, so that a
        trigger may ask for a neighbour. A row holds the bytes from its start to the next row's.
        """

    def obscured(self) -> Iterable[int]:
        """Return the rows whose raw bytes can hide a value from a trigger (JSON `\\u` and `\\/` escapes)."""

    def names(self) -> Iterable[tuple[str, Sequence[int]]]:
        """Yield (column name, rows with a value) where names are not part of `buffers` (Parquet)."""

    def heads(self) -> Iterable[tuple[str, np.ndarray[Any, Any], np.ndarray[Any, Any]]]:
        """Yield (nearest name, first two bytes as big-endian numbers, rows) of binary values of four bytes or more."""

    def leaves(self, rows: Iterable[int], marks: Mapping[int, Sequence[int]] | None = None) -> Iterator[Leaf]:
        """Yield every leaf of the given rows, in order; `Leaf.record` is the file row.

        Of a row in `marks` (ascending offsets in the block's only buffer) the leaves without a mark in them, or in
        their key, may be left out.
        """

    def lists(self, wanted: Callable[[str], bool]) -> Iterable[int]:
        """Return the rows with a list of numbers under a wanted name, where `buffers` hold no names."""

    def gathered(self, leaves: list[Leaf], rows: Iterable[int], wanted: Callable[[str], bool]) -> list[Leaf]:
        """Return the leaves of some rows with each list of numbers under a wanted name as one binary leaf."""

    def texts(self, fields: Sequence[str], chat: str = "dialogue") -> list[str | None]:
        """Return one text a row for deduplication, None where a row has none (see `privscan.dedup`)."""

    def render(self, edits: Mapping[int, Sequence[Rewrite]], without: frozenset[int]) -> Any:
        """Return the block as the writer takes it, without the rows `without` and those of `problems`.

        Untouched rows leave byte for byte as they came. A number becomes null.
        """


class Writer(Protocol):
    """Collects rendered blocks of one shard in a part file."""

    def write(self, rendered: Any) -> None: ...

    def close(self) -> None: ...


class Format(Protocol):
    """One file format. `blocks` raises InputError where a file stops being readable, after yielding what was."""

    name: str

    def plan(self, path: str, uri: str, file: int, split: int) -> list[Shard]: ...

    def blocks(self, shard: Shard) -> Iterator[Block]: ...

    def holding(self, shard: Shard, records: Sequence[int]) -> Iterator[Block]:
        """Yield blocks that hold some records (ascending) of a shard; what stands elsewhere costs little or nothing.

        InputError as for `blocks`.
        """

    def writer(self, shard: Shard, part: str) -> Writer: ...

    def assemble(self, shard: Shard, parts: Sequence[str], target: str) -> None:
        """Join the parts of one file, in order, into `target`."""


def by_shard(shards: Sequence[Shard], records: Iterable[int]) -> dict[Shard, list[int]]:
    """Return the shards of one file, in order, that hold some of its records, and which, ascending."""
    firsts = [shard.first_record for shard in shards]
    found: dict[Shard, list[int]] = {}
    for record in sorted(set(records)):
        place = bisect_right(firsts, record) - 1
        if place >= 0:
            found.setdefault(shards[place], []).append(record)
    return found


def among(
    blocks: Callable[[Shard], Iterable[Block]], shards: Sequence[Shard], records: Sequence[int]
) -> Iterator[Block]:
    """Yield those blocks of some shards that hold one of some records; of a shard none is read behind the last."""
    for shard, mine in by_shard(shards, records).items():
        for block in blocks(shard):
            beyond = block.first + len(block.rows())
            if any(block.first <= record < beyond for record in mine):
                yield block
            if mine[-1] < beyond:
                break


# Where each format lives, and the ends of the names it reads: the one place a new one is named. A format is imported
# when a file of it turns up: a run on JSONL alone never loads what Parquet needs.
MODULES = {
    "jsonl": ("privscan.formats.jsonl", "Jsonl", JSONL_SUFFIXES),
    "parquet": ("privscan.formats.parquet", "Parquet", (".parquet", ".pq")),
    "tar": ("privscan.formats.tar", "Tar", (".tar", ".tar.gz", ".tgz")),
}


def joined(parts: Sequence[str], target: str, empty: bytes) -> None:
    """Copy the parts, byte behind byte, into a file; one that would have nothing in it gets `empty`."""
    with open(target, "wb") as out:
        for part in parts:
            with open(part, "rb") as source:
                shutil.copyfileobj(source, out, 1 << 20)
        if not out.tell():
            out.write(empty)


@functools.cache
def named(name: str) -> Format:
    """Return a format by its name."""
    module, kind, _ = MODULES[name]
    format_: Format = getattr(importlib.import_module(module), kind)()
    return format_


def name_of(path: str) -> str:
    """Return the name of a file's format by the file's name, "" for one of no known format.

    >>> name_of("a/train-00000.JSONL.zst"), name_of("notes.txt")
    ('jsonl', '')
    """
    lowered = path.lower()
    return next((name for name, (_, _, suffixes) in MODULES.items() if lowered.endswith(suffixes)), "")


def of(path: str) -> Format | None:
    """Return the format of a file by its name, None for a file of no known format."""
    name = name_of(path)
    return named(name) if name else None
