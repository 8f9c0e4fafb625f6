"""Reads texts with the tagger: many at once, each as if it stood alone.

A text is cut into pieces that overlap, pieces are joined with walls between them and tagged together; what is found in
a piece counts where the piece answers for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from privscan.detectors.names import network, spans, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from privscan.detectors.names.network import Weights
    from privscan.detectors.names.spans import Name

PIECE = 1 << 15  # code points of a text tagged at once; longer ones are cut
OVERLAP = 256  # code points two pieces share, so that a name at the cut is seen whole
BATCH = 1 << 18  # code points tagged together
KEPT = 1 << 22  # code points of the texts whose names are remembered


class Reader:
    """The tagger over texts. `lean` lowers what speaks against a name, in logits, one number a kind.

    `kinds` are those that are told (indexes into `spans.KINDS`), all by default.
    """

    def __init__(self, weights: Weights, lean: Sequence[float] | None = None, kinds: Iterable[int] = (1, 2, 3)) -> None:
        self.weights = weights
        self.wanted = np.isin((1, 2, 3), list(kinds))
        self.lean = lean if lean is not None else weights.lean
        self.tagger = network.Tagger(weights)
        self._kept: dict[str, tuple[Name, ...]] = {}
        self._held = 0  # code points of their texts

    def names(self, texts: Sequence[str]) -> Iterator[tuple[str, tuple[Name, ...]]]:
        """Yield each of the distinct texts with the names in it, in the text's own code points."""
        batch: list[str] = []
        size = 0
        for text in texts:
            known = self._kept.get(text)
            if known is not None:
                yield text, known
                continue
            batch.append(text)
            size += len(text)
            if size >= BATCH:
                yield from self._batch(batch)
                batch, size = [], 0
        if batch:
            yield from self._batch(batch)

    def _batch(self, texts: Sequence[str]) -> Iterator[tuple[str, tuple[Name, ...]]]:
        found: list[list[Name]] = [[] for _ in texts]
        pieces: list[tuple[int, int, int]] = []  # text, where the piece begins, where what it answers for begins
        for number, text in enumerate(texts):
            pieces += [(number, max(at - OVERLAP, 0), at) for at in range(0, len(text), PIECE)]
        low = 0
        while low < len(pieces):
            high, size = low, 0
            while high < len(pieces) and (size < BATCH or high == low):
                size += min(len(texts[pieces[high][0]]) - pieces[high][1], PIECE + 2 * OVERLAP)
                high += 1
            self._pieces(texts, pieces[low:high], found)
            low = high
        for text, names in zip(texts, found, strict=True):
            if len(text) < PIECE:
                self._keep(text, tuple(names))
            yield text, tuple(names)

    def _keep(self, text: str, names: tuple[Name, ...]) -> None:
        self._held += len(text)
        if self._held > KEPT:
            self._kept.clear()
            self._held = len(text)
        self._kept[text] = names

    def _pieces(self, texts: Sequence[str], pieces: Sequence[tuple[int, int, int]], found: list[list[Name]]) -> None:
        """Tag some pieces as one text with walls between them."""
        wall = words.WALL_MARK * words.WALLS
        parts = [texts[number][begin : at + PIECE + OVERLAP] for number, begin, at in pieces]
        joined = wall + wall.join(parts) + wall
        lengths = np.array([len(part) + words.WALLS for part in parts])
        begins = np.concatenate(([0], np.cumsum(lengths)[:-1])) + words.WALLS
        seen = words.split(joined)
        asked, logits = self.tagger.logits(seen)
        for name in spans.found(seen, joined, asked, logits, self.weights, self.lean, self.wanted):
            owner = int(np.searchsorted(begins, name.start, "right")) - 1
            number, begin, at = pieces[owner]
            shift = begin - int(begins[owner])
            start = name.start + shift
            if at <= start < at + PIECE:
                found[number].append(name._replace(start=start, end=name.end + shift))
