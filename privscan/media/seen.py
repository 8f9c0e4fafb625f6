"""What a leaf saw in one value, and what it measured on the way."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from privscan.model import Confidence

__all__ = ["Seen", "Told"]

Told = Counter[str]
"""What was met, for the report, in whole numbers that add up: `pictures`, `faces`, `sounds`, `milliseconds`,
`speech_milliseconds`, `metadata:gps`, `size:640`, ... A leaf that measures takes one and adds to it."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing seen in a value. Holds no piece of the value.

    `rule` is the id of a rule whose `detector` is "media", which gives the finding its severity and regulations.
    `evidence` says why in words and numbers (`ISO 19794-2:2005`, `minutiae:38`, `faces:2`, `model:0.87`). `start` and
    `end` are code points of a text leaf, None for the whole value. `parts` are the places inside, for `clean`: boxes
    (left, top, width, height) in pixels of a picture as stored, (first, behind) samples of a sound.
    """

    entity: str
    rule: str
    confidence: Confidence
    evidence: tuple[str, ...] = ()
    start: int | None = None
    end: int | None = None
    parts: tuple[tuple[int, ...], ...] = ()
