"""A quick look: some parts of the data, drawn at random but always the same ones, and what they tell of the whole.

Parts are what is drawn, so records that stand together are drawn together; the intervals reckon with that. A sample is
never called complete.
"""

from __future__ import annotations

import hashlib
import math
import random
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from privscan import formats
from privscan.errors import InputError
from privscan.model import State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from privscan.model import Shard, Tally

__all__ = ["Draw", "draw", "split", "told"]

PARTS = 1000  # about as many as the data is cut into
LEAST = 12  # parts drawn, or the intervals would say little
SMALLEST = 32 << 10  # bytes of a part
_PROBES = 12  # parts looked into for the length of a record
_Z = 1.96  # 95 % of a normal distribution


@dataclass(frozen=True, slots=True)
class Draw:
    """The parts drawn, of how many, and about how many records the whole has."""

    shards: tuple[Shard, ...]
    of: int
    records: int


def split(total: int) -> int:
    """Return the bytes of a part for data of `total` bytes."""
    return max(SMALLEST, total // PARTS)


def draw(shards: Sequence[Shard], total: int, wanted: int) -> Draw:
    """Draw parts that hold about `wanted` records of data of `total` bytes, in the order of the data.

    Which ones depends on the files' names and sizes alone.
    """
    per_record = _bytes_per_record(shards)
    records = max(round(total / per_record), 1)
    count = min(len(shards), max(LEAST, math.ceil(len(shards) * wanted / records)))
    names = "\0".join(f"{shard.uri}:{shard.start}:{shard.stop}" for shard in shards)
    seed = hashlib.sha256(names.encode("utf-8", "backslashreplace")).digest()
    chosen = sorted(random.Random(seed).sample(range(len(shards)), count))  # noqa: S311 - a sample, not a secret
    return Draw(tuple(shards[number] for number in chosen), len(shards), records)


def _bytes_per_record(shards: Sequence[Shard]) -> float:
    """Look at the first records of a few parts from all over."""
    size = rows = 0
    for shard in shards[:: max(len(shards) // _PROBES, 1)]:
        try:
            block = next(iter(formats.named(shard.format).blocks(shard)), None)
        except (InputError, OSError):
            continue
        if block is not None:
            size, rows = size + block.nbytes, rows + len(block.rows())
    return max(size / rows, 1.0) if rows else 1024.0


def told(drawn: Draw, tallies: Sequence[Tally]) -> dict[str, Any]:
    """Return what a report says of a sample: for each entity findings per 1,000 records with a 95 % interval.

    The estimate is the ratio of findings to records over the parts, its variance that of a ratio over parts drawn
    without putting back (Cochran, Sampling Techniques, 1977, 6.4).
    """
    sizes = [tally.records for tally in tallies]
    seen, parts = sum(sizes), len(tallies)
    counts = [_by_entity(tally) for tally in tallies]
    entities = {}
    for entity in sorted({name for count in counts for name in count}):
        found = [count[entity] for count in counts]
        rate = sum(found) / max(seen, 1)
        spread = sum((n - rate * size) ** 2 for n, size in zip(found, sizes, strict=True))
        left = 1 - parts / max(drawn.of, 1)
        variance = left * parts / max(parts - 1, 1) * spread / max(seen, 1) ** 2
        reach = _Z * math.sqrt(max(variance, 0.0))
        entities[entity] = [round(1000 * value, 4) for value in (rate, max(rate - reach, 0.0), rate + reach)]
    return {
        "records": seen,
        "of": max(drawn.records, seen),
        "parts": parts,
        "of_parts": drawn.of,
        "per_thousand": entities,
        "unseen_below": round(3000 / max(seen, 1), 4),
    }


def _by_entity(tally: Tally) -> Counter[str]:
    counts: Counter[str] = Counter()
    for (entity, _, _, _, state), count in tally.findings.items():
        if state == State.NEW:
            counts[entity] += count
    return counts
