"""What a run's report tells of repetition: families of copies, how copies differ, values that stand in many records."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, NamedTuple

from privscan import alike, distinct, pieces
from privscan.dedup.copies import Copies, copies
from privscan.spread import Spread

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from privscan.dedup import Part
    from privscan.dedup.copies import Pair
    from privscan.parallel import Workers
    from privscan.run import Run
    from privscan.runfolder import RunFolder

__all__ = ["Repeats", "find", "told"]

_LARGEST = 20
_STREAM = 64 << 20  # bytes of a file that can be entered nowhere up to which it is read again for examples


class Repeats(NamedTuple):
    """Passages that stand again, their words, and the records they stand in."""

    found: int
    words: int
    records: int


def told(run: Run, folder: RunFolder) -> dict[str, Any]:
    """Return the details of a run by the names the sections know; empty where there is nothing to tell."""
    families: Copies | None = None
    found = {}
    if run.chosen is not None:
        families, pairs = copies((piece.shard.file, run.drops[piece.name]) for piece in run.pieces)
        found["duplicates"] = _families(run, families, pairs)
        if run.repeats is not None:
            asked = run.settings.dedup
            found["repeated"] = {"what": asked.passage, "cut": asked.cuts} | run.repeats._asdict()
    spread = Spread(families)
    numbers = {file.uri: number for number, file in enumerate(run.inputs.files)}
    for _, mine in itertools.groupby(run.pieces, key=lambda piece: piece.shard.file):
        spread.add((f"{folder.stem(piece.name)}.findings" for piece in mine), numbers.__getitem__)
    values = spread.told()
    if values["repeated"]:
        found["repetition"] = values
    secrets = distinct.told(distinct.of_files(f"{folder.stem(piece.name)}.findings" for piece in run.pieces))
    return found | ({"secrets": secrets} if secrets["values"] else {})


def find(run: Run, folder: RunFolder, workers: Workers, signed: Sequence[Part], dropped: Sequence[str]) -> None:
    """Find the passages that stand again in what stays, for pass two, and count them for the report."""
    from privscan.dedup import passages as passage
    from privscan.dedup.store import drops

    if not signed:
        return
    asked = run.settings.dedup
    limits = passage.Limits(max(asked.keep, 1) if asked.cuts else 1, asked.least if asked.cuts else 0)
    gone = [drops(path) for path in dropped]
    found = passage.find([f"{part.path}.passages" for part in signed], gone, asked.memory, limits)
    names = [run.named(part.file) for part in signed]

    def tasks() -> Iterator[tuple[Any, ...]]:
        for piece, mine in zip(run.cut(), found, strict=True):
            yield piece, mine, f"{folder.stem(piece.name)}.cuts", names

    counts = list(workers.map(pieces.list_repeated, tasks()))
    passages, words, records = map(sum, zip(*counts, strict=True))
    run.repeats = Repeats(passages, words, records)


def _families(run: Run, families: Copies, pairs: list[Pair]) -> dict[str, Any]:
    chosen, asked = run.chosen, run.settings.dedup
    assert chosen is not None
    return {
        "rows": chosen.rows,
        "families": len(families),
        "sizes": [list(entry) for entry in families.sizes],
        "capped": chosen.capped,
        "matched": chosen.matched,
        "compared": chosen.compared,
        "threshold": asked.threshold,
        "recall": round(asked.recall, 7) if asked.method == "near" else 1.0,
        "largest": [
            {"uri": run.named(file), "record": row, "exact": exact, "near": near}
            for file, row, exact, near in families.largest(_LARGEST)
        ],
        "samples": list(_samples(run, pairs)) if run.settings.samples else [],
    }


def _samples(run: Run, pairs: Sequence[Pair]) -> Iterator[dict[str, Any]]:
    """Yield pairs with their difference by shape, but those of which a text cannot be had again at little cost."""
    wanted = sorted({place for pair in pairs for place in (pair.kept, pair.row)})
    texts = {
        (file, row): text
        for file, places in itertools.groupby(wanted, key=lambda place: place[0])
        for row, text in _texts(run, file, [row for _, row in places]).items()
    }
    for pair in pairs:
        if pair.kept not in texts or pair.row not in texts:
            continue
        (kept_file, kept), (file, row) = pair.kept, pair.row
        yield {
            "uri": run.named(file),
            "record": row,
            "kept_uri": run.named(kept_file),
            "kept_record": kept,
            "similarity": pair.similarity,
            "difference": alike.difference(texts[pair.kept], texts[pair.row]),
        }


def _texts(run: Run, file: int, rows: Sequence[int]) -> dict[int, str]:
    shards = [shard for shard in run.plan if shard.file == file]
    if run.before[run.inputs.files[file].path][0] > _STREAM * len(shards):
        return {}
    return alike.texts_of(shards, rows, run.settings.dedup_fields, run.settings.dedup.chat)
