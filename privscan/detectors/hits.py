"""The rows of a block in which one of a few expressions stands: the gate of detectors without triggers of rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from privscan.detectors import triggers

if TYPE_CHECKING:
    from collections.abc import Callable

    from privscan.formats import Block

APART = 64  # bytes between marks: more of them say no more; and so many a trigger may have


def rows_with(hits: Callable[[Any, int], triggers.Hits], block: Block) -> dict[int, list[int] | None]:
    """Return the rows with a hit and where, in the block's only buffer; None for the whole row where it has several.

    `hits` is a `triggers.scanner`.
    """
    rows: dict[int, list[int] | None] = {}
    buffers = list(block.buffers())
    for buffer, starts in buffers:
        view = memoryview(buffer)
        for low in range(0, len(buffer), triggers.SCAN_BYTES):
            # so much of the next piece is scanned with it that no trigger is cut
            _, ends = hits(view[low : low + triggers.SCAN_BYTES + APART], APART)
            if not len(ends):
                continue
            ends = np.unique(ends) + low
            owners = np.searchsorted(starts, ends - 1, side="right") - 1
            beyond = np.searchsorted(starts, ends + APART - 1, side="right") - 1
            for owner, end, last in zip(owners.tolist(), ends.tolist(), beyond.tolist(), strict=True):
                if owner >= 0:
                    marks = rows.setdefault(owner, [])
                    if marks is not None:
                        marks.append(end)
                for row in range(owner + 1, last + 1):  # a trigger there may be one of those left out
                    rows[row] = None
    return rows if len(buffers) == 1 else dict.fromkeys(rows)
