"""The gate of the other readings: which rows hold something that only a view shows, and which leaves of them.

A detector that finds nothing itself: the rows it names are looked at with their views, as all are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from privscan import views
from privscan.detectors import hits, triggers
from privscan.views import json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from privscan.config import Settings
    from privscan.formats import Block
    from privscan.model import Leaf, Match
    from privscan.views import View


class Readings:
    """The triggers of all readings in one small database."""

    reach = 1 << 14
    """Characters round what is packed that may be read with it, through all readings (`respell.REACH`)."""

    def __init__(self, settings: Settings) -> None:
        triggered = [(reading, text) for reading in views.READINGS for text in reading.TRIGGERS]
        self._readings = [reading for reading, _ in triggered]
        self._hits = triggers.scanner([text for _, text in triggered], settings.cache_dir)

    def candidates(self, block: Block) -> dict[int, list[int] | None]:
        """Return the rows with a trigger of a reading in their raw bytes, and where."""
        return hits.rows_with(self._hits, block)

    def views(self, leaves: Sequence[Leaf]) -> Iterator[tuple[int, View]]:
        """Yield (position, view) of all leaves: one scan of them tells which readings are worth a try on which."""
        texts = [leaf.text.encode("utf-8", "surrogatepass") for leaf in leaves]
        stops = np.cumsum([len(text) + 1 for text in texts])
        numbers, ends = self._hits(b"\x1e".join([*texts, b""]), 0)
        named: dict[int, set[int]] = {}
        for owner, number in zip(np.searchsorted(stops, ends, side="right").tolist(), numbers.tolist(), strict=True):
            named.setdefault(owner, set()).add(number)
        budget = views.Budget()
        for position, leaf in enumerate(leaves):
            likely = {self._readings[number].NAME for number in named.get(position, ())}
            if likely or json.likely(leaf.text):
                for view in views.of(leaf, budget, likely | {json.NAME}):
                    yield position, view

    def detect(self, leaves: Sequence[Leaf]) -> dict[int, list[Match]]:  # noqa: ARG002 - the protocol's
        """Find nothing: views are shown to all detectors."""
        return {}
