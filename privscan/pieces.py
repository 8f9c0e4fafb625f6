"""Cuts what can only be read from its start into pieces that several processes can work on.

A large compressed JSONL file is one stream. With one worker it is read as that. With several, the parent decompresses
it and writes it, block by block, to spool files of at least `split` bytes in the work folder; a worker takes a spool
file as a plain file of the same name, and deletes it. The stream is read on only as pieces are asked for, so few lie
about at a time. A block ends where its start says and nothing else does, so pieces hold the blocks, and give the output
frames, that the stream itself has.
"""

from __future__ import annotations

import contextlib
import heapq
import json
import operator
import os
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from privscan import cuts, formats, operators, ranking
from privscan.errors import InputError
from privscan.formats import jsonl
from privscan.formats.lines import count
from privscan.model import Outcome, Problem, Shard
from privscan.shard import field_filter, process_shard
from privscan.writing import appearing, writing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from privscan.dedup import Duplicate, passages
    from privscan.dedup.passages import Found
    from privscan.runfolder import RunFolder
    from privscan.shard import Result, Tools

SPOOL = ".spool"
SWELL = 4  # how many bytes one compressed byte is taken for, to tell of progress


class Piece(NamedTuple):
    """What a worker takes at a time: a shard, or a spooled piece of one.

    `name` is the same in every pass and every resume of a run; `size` is its share of the bytes of its file as it
    lies; `problem` is what the stream was found to hold behind it: a line too long to keep (`record` is its number),
    or its untimely end (None).
    """

    shard: Shard
    name: str
    size: int
    spooled: bool = False
    problem: Problem | None = None

    def discard(self) -> None:
        """Delete the spool file."""
        if self.spooled:
            os.unlink(self.shard.path)


def streams(shard: Shard, size: int, split: int) -> bool:
    """Say whether a shard is a stream worth cutting: a compressed file of at least a quarter of a split."""
    return shard.format == jsonl.Jsonl.name and not plain(shard) and size >= split // 4


def plain(shard: Shard) -> bool:
    """Say whether a shard's bytes are those of its records: not compressed."""
    return shard.format == jsonl.Jsonl.name and not jsonl.codec_of(shard.path)


def cut(shard: Shard, size: int, split: int, folder: str) -> Iterator[Piece]:
    """Yield a stream in pieces spooled to `folder`, one ahead at most. OutputError when that cannot be written."""
    source = jsonl.Jsonl()
    lines = source.lines(shard)
    number, first, left, going = 0, 0, size, True
    while going:
        name = f"{shard.index:06d}-{number:05d}"
        path = os.path.join(folder, name + SPOOL)
        written = 0
        with writing(path), open(path, "wb") as out:
            record = first
            problem: Problem | None = None
            while written < split and problem is None:
                try:
                    found = next(lines, None)
                except InputError as error:
                    found, problem = None, Problem(shard.uri, None, "read", str(error))
                if found is None:
                    going = False
                    break
                start, buffer, whole = found
                record = start + count(buffer)
                if whole:
                    written += out.write(buffer)
                else:
                    problem = jsonl.too_long(shard.uri, start)
        spooled = Shard(shard.index, shard.file, path, shard.uri, shard.format, first_record=first)
        share = min(written // SWELL, left) if going else left
        yield Piece(spooled, name, share, spooled=True, problem=problem)
        number, first, left = number + 1, record, left - share


def work(
    kit: Tools,
    piece: Piece,
    folder: RunFolder | None,
    data: bool,  # noqa: FBT001 - a task is a tuple
    joined: bool,  # noqa: FBT001
    drops: str | None,
    tick: Callable[[int, int], None] | None,
) -> Result:
    """Process one piece in any process, or take over what an earlier run left of it."""
    stem = folder.stem(piece.name) if folder is not None else None
    try:
        if folder is not None and stem is not None:
            kept = folder.recall(stem, joined=joined)
            if kept is not None:
                return kept
        with writing(stem or piece.shard.uri):
            result = process_shard(piece.shard, kit, stem, data=data, duplicates=drops, tick=tick)
        result = told(result, piece, f"{stem}.quarantine" if stem else None)
        if folder is not None and stem is not None:
            folder.remember(stem, result)
        return result
    finally:
        piece.discard()


def sign(kit: Tools, piece: Piece, path: str) -> None:
    """Sign one piece's rows for deduplication. Signed before: nothing to do."""
    try:
        if not os.path.exists(path):
            sign_shard(kit, piece.shard, path)
    finally:
        piece.discard()


def list_repeated(kit: Tools, piece: Piece, found: Found, target: str, names: Sequence[str]) -> tuple[int, int, int]:
    """Write a row for each record of a piece with passages that stood before, for pass two to act on.

    `names` are the files of the parts. Return how many passages, words of them, and records.
    """
    asked, counts = kit.settings, [0, 0, 0]
    try:
        with (
            appearing(target) as name,
            open(name, "w", encoding="utf-8") as out,
            contextlib.suppress(InputError),  # pass two tells of it
        ):
            blocks = formats.named(piece.shard.format).blocks(piece.shard)
            wanted = field_filter(asked.dedup_fields, ())
            for row in cuts.listed(blocks, found, asked.dedup.passage, wanted, cut=asked.dedup.cuts):
                for passage in row["passages"]:
                    *_, words, mark, part, _ = passage
                    passage[4:6] = [operators.digest(asked.key, "passage", str(mark)).hex()[:16], names[part]]
                    counts[1] += words
                counts[0], counts[2] = counts[0] + len(row["passages"]), counts[2] + 1
                out.write(json.dumps(row) + "\n")
    finally:
        piece.discard()
    return counts[0], counts[1], counts[2]


def sign_reference(kit: Tools, shard: Shard, path: str) -> str:
    """Sign a file of a reference set; return what could not be read of it. Signed before: nothing to do."""
    if os.path.exists(path):
        return ""
    try:
        unread = sign_shard(kit, shard, path, strict=True)
    except InputError as error:
        return str(error)
    return f"{unread} of its records cannot be read" if unread else ""


def sign_shard(kit: Tools, shard: Shard, path: str, *, strict: bool = False) -> int:
    """Sign the rows of a shard; return how many of them cannot be read. `strict`: InputError where it breaks off."""
    from privscan.dedup.sign import Signer

    settings, unread = kit.settings, 0
    kind, wanted = settings.dedup.passage, field_filter(settings.dedup_fields, ())
    with (
        Signer(path, settings.dedup) as signer,  # closed last: where it is whole, so is the other
        _units(f"{path}.passages", kind) if kind and not strict else contextlib.nullcontext() as units,
        contextlib.nullcontext() if strict else contextlib.suppress(InputError),  # pass two tells of it
    ):
        for block in formats.named(shard.format).blocks(shard):
            read = getattr(block, "stretched_texts", block.texts)  # a long line's long texts are not held
            texts = read(settings.dedup_fields, settings.dedup.chat)
            rows = [block.first + row for row in range(len(texts))]
            signer.add(block.first, rows, texts, ranking.keys(kit, shard, block, texts))
            if units is not None:
                found = cuts.texts(block, block.rows(), wanted)
                units.add([block.first + row for row in found], [[leaf.text for leaf in found[row]] for row in found])
            unread += len(block.problems)
    return unread


def _units(path: str, kind: str) -> passages.Writer:
    from privscan.dedup import passages

    return passages.Writer(path, kind)


def told(result: Result, piece: Piece, quarantine: str | None) -> Result:
    """Add to a piece's result what its stream was found to hold behind it, as a shard of the whole stream would."""
    problem = piece.problem
    if problem is None:
        return result
    tally = result.tally
    tally.reasons[problem.kind] += 1
    result.problems.append(problem)
    if problem.record is None:
        result.broken = problem.reason
    else:
        tally.records += 1
        tally.bytes += 1
        tally.outcomes[Outcome.QUARANTINED.value] += 1
    if quarantine is not None:
        with writing(quarantine), open(quarantine, "ab") as out:
            out.write(json.dumps(problem.row()).encode() + b"\n")
    return result


def told_duplicates(piece: Piece, dropped: str, stem: str, uris: Callable[[int], str]) -> Counter[str]:
    """Write the rows of a piece's duplicates, records and removed passages; count the dropped records by method."""
    from privscan.dedup.store import twins

    methods: Counter[str] = Counter()
    path = f"{stem}.duplicates"
    known = (_told(piece.shard.uri, record, twin, uris) for record, twin in twins(dropped))
    with writing(path), open(path, "w", encoding="utf-8") as out, contextlib.ExitStack() as open_:
        passages: Iterator[dict[str, Any]] = iter(())
        if os.path.exists(f"{stem}.removed"):
            passages = map(json.loads, open_.enter_context(open(f"{stem}.removed", encoding="utf-8")))
        for row in heapq.merge(known, passages, key=operator.itemgetter("record")):
            methods[row["method"]] += row.get("dropped", True)
            out.write(json.dumps(row) + "\n")
    return +methods


def _told(uri: str, record: int, twin: Duplicate, uris: Callable[[int], str]) -> dict[str, Any]:
    row: dict[str, Any] = {"uri": uri, "record": record, "kept_uri": uris(twin.file), "kept_record": twin.row}
    row |= {"similarity": twin.similarity, "method": twin.method}
    if twin.file < 0:
        row["against"] = True
    if not twin.dropped:
        row["dropped"] = False
    return row


def sweep(folder: str) -> None:
    """Delete the spool files an interrupted run left behind."""
    for name in os.listdir(folder):
        if name.endswith(SPOOL):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(os.path.join(folder, name))
