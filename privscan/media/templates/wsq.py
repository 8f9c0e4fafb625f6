"""WSQ: the wavelet coding of fingerprints that the FBI prescribes (IAFIS-IC-0110).

Two bytes of magic are no evidence: the segments are walked, and the tables, the frame and its size must be there.
"""

from __future__ import annotations

from privscan.media.seen import Seen
from privscan.media.templates.octets import MalformedError, Octets
from privscan.model import Confidence

__all__ = ["MAGIC", "look"]

MAGIC = (b"\xff\xa0\xff",)

_END, _FRAME, _BLOCK, _TRANSFORM, _QUANTISER, _CODES, _RESTART, _COMMENT = range(0xA1, 0xA9)
_SEGMENTS = 4096  # comments are few


def look(data: bytes | memoryview) -> list[Seen]:
    """Return the one WSQ picture that `data` begins with, or nothing."""
    try:
        width, height, tables = _frame(Octets(data, 2))
    except MalformedError:
        return []
    evidence = ("WSQ", f"size:{width}x{height}", f"tables:{tables}", f"bytes:{len(data)}")
    return [Seen("FINGERPRINT_IMAGE", "biometric.fingerprint.image", Confidence.HIGH, evidence)]


def _frame(octets: Octets) -> tuple[int, int, int]:
    """Walk the segments to the first block of data; return width, height and the number of tables."""
    size: tuple[int, int] | None = None
    seen: list[int] = []
    for _ in range(_SEGMENTS):
        octets.need(octets.uint(1) == 0xFF)
        marker = octets.uint(1)
        octets.need(_FRAME <= marker <= _COMMENT)
        length = octets.uint(2)
        octets.need(length >= 3)
        segment = octets.part(length - 2)
        seen.append(marker)
        if marker == _FRAME:
            segment.need(length == 17)
            segment.skip(2)  # black, white
            height, width = segment.uint(2), segment.uint(2)
            segment.need(0 < width <= 20_000 and 0 < height <= 20_000)
            size = width, height
        elif marker == _QUANTISER:
            segment.need(length == 389)  # 64 bands of two numbers, each with its place of the point
        elif marker == _TRANSFORM:
            _transform(segment)
        elif marker == _BLOCK:
            break
    octets.need(size is not None and {_TRANSFORM, _QUANTISER, _CODES} <= set(seen) and octets.left > 0)
    assert size is not None
    return *size, sum(marker in (_TRANSFORM, _QUANTISER, _CODES) for marker in seen)


def _transform(segment: Octets) -> None:
    """Ask that the filters of the transform table fill it: half of each is stored, in six bytes a number."""
    low, high = segment.uint(1), segment.uint(1)
    segment.need(1 <= low <= 32 and 1 <= high <= 32)
    segment.need(segment.left == 6 * ((low + 1) // 2 + (high + 1) // 2))
