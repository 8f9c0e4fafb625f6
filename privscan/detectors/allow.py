"""Values a policy allows: what a detector says of them is not passed on, whatever it took them for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from privscan.detectors import Detector
    from privscan.formats import Block
    from privscan.model import Leaf, Match


class Allowing:
    """A detector whose matches of allowed values are left out; case and runs of blanks do not matter."""

    def __init__(self, detector: Detector, allowed: Iterable[str]) -> None:
        self.detector = detector
        self.allowed = frozenset(map(_same, allowed))
        if hasattr(detector, "reach"):
            self.reach = detector.reach

    def candidates(self, block: Block) -> Iterable[int] | Mapping[int, Sequence[int] | None]:
        return self.detector.candidates(block)

    def detect(self, leaves: Sequence[Leaf]) -> dict[int, list[Match]]:
        """Return the other detector's matches without those allowed."""
        out: dict[int, list[Match]] = {}
        for position, matches in self.detector.detect(leaves).items():
            text = leaves[position].text
            left = [match for match in matches if _same(text[match.span.start : match.span.end]) not in self.allowed]
            if left:
                out[position] = left
        return out


def _same(value: str) -> str:
    return " ".join(value.casefold().split())
