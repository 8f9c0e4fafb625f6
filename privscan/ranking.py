"""What a keep policy orders rows by, taken from the record: its length, its date, its source, what is found in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from privscan import detectors
from privscan.model import State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from privscan.formats import Block
    from privscan.model import Shard
    from privscan.shard import Tools

__all__ = ["keys"]

_UNSEEN = 2**61  # more findings than any record has: a record that cannot be looked at is the last to stay


def keys(kit: Tools, shard: Shard, block: Block, texts: Sequence[str | None]) -> list[int] | None:
    """Return what each row of a block is ordered by, the least first; None where the order is that of the rows."""
    from privscan.dedup import order

    asked = kit.settings.dedup
    if asked.keep_policy == "longest":
        return [-len(text or "") for text in texts]
    if asked.keep_policy == "fewest-findings":
        return _findings(kit, block, len(texts))
    if asked.keep_policy == "first":
        return None
    values = block.texts((asked.keep_field,)) if asked.keep_field else [shard.uri] * len(texts)
    if asked.keep_policy == "newest":
        return [order.newest(value) for value in values]
    return [order.source(value, asked.sources) for value in values]


def _findings(kit: Tools, block: Block, rows: int) -> list[int]:
    """Count what the policy's detectors find in each record, placeholders left out."""
    counts = [0] * rows
    wanted = detectors.wanted(kit.detectors, block, dict.fromkeys(block.rows()))
    for row in sorted(set(wanted) - block.problems.keys()):
        leaves = list(block.leaves([row]))
        try:
            found = detectors.look(kit.detectors, leaves)
        except Exception:  # noqa: BLE001 - a detector is anybody's code; pass two tells of it
            counts[row] = _UNSEEN
            continue
        counts[row] = sum(match.state is not State.PLACEHOLDER for matches in found.values() for match in matches)
    return counts
