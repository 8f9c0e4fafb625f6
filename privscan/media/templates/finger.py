"""Finger picture records: ISO/IEC 19794-4 of 2005 and 2011, ANSI/INCITS 381 of 2004.

A record counts when its views can be walked to the length it declares and sizes, densities and depth are in range.
"""

from __future__ import annotations

from privscan.media.seen import Seen
from privscan.media.templates.octets import MalformedError, Octets
from privscan.media.templates.representation import captured, header_2011
from privscan.model import Confidence

__all__ = ["MAGIC", "look"]

MAGIC = (b"FIR\x00010\x00", b"FIR\x00020\x00")

_POSITIONS = {*range(16), *range(20, 38), *range(40, 51)}  # fingers, slaps, palms, pairs of fingers
_CODINGS = ("raw", "packed", "WSQ", "JPEG", "JPEG 2000", "PNG")


def look(data: bytes | memoryview) -> list[Seen]:
    """Return the one finger picture record that `data` begins with, or nothing."""
    for edition, read in _EDITIONS.get(bytes(data[4:8]), ()):
        try:
            count, coding, width, height = read(Octets(data, 8))
        except MalformedError:
            continue
        size = f"size:{width}x{height}"
        evidence = (edition, f"pictures:{count}", f"coding:{_CODINGS[coding]}", size, f"bytes:{len(data)}")
        return [Seen("FINGERPRINT_IMAGE", "biometric.fingerprint.image", Confidence.HIGH, evidence)]
    return []


def _iso_2005(octets: Octets) -> tuple[int, int, int, int]:
    return _old(octets, 0)


def _ansi_2004(octets: Octets) -> tuple[int, int, int, int]:
    return _old(octets, 4)


def _old(octets: Octets, product: int) -> tuple[int, int, int, int]:
    """Read a record of the first editions; ANSI's has `product` bytes more, which say who made it."""
    declared = octets.uint(6)
    octets.need(32 < declared <= octets.end)
    octets.skip(product + 4)  # the device, the level of acquisition
    count = octets.uint(1)
    octets.need(count > 0)
    _density(octets)
    octets.need(1 <= octets.uint(1) <= 16)
    coding = octets.uint(1)
    octets.need(coding < len(_CODINGS) and octets.uint(2) == 0)
    octets.end = declared
    width = height = 0
    for _ in range(count):
        length = octets.uint(4)
        octets.need(length > 14)
        view = octets.part(length - 4)
        view.need(view.uint(1) in _POSITIONS)
        views, number, quality = view.uint(1), view.uint(1), view.uint(1)
        view.need(number <= views and (quality <= 100 or quality >= 254))
        view.need(view.uint(1) <= 30)
        width, height = view.uint(2), view.uint(2)
        view.need(width > 0 and height > 0 and view.uint(1) == 0 and view.left > 0)
    octets.need(octets.left == 0)
    return count, coding, width, height


def _iso_2011(octets: Octets) -> tuple[int, int, int, int]:
    count, certified = header_2011(octets)
    octets.skip(1)  # how many fingers
    coding = width = height = 0
    for _ in range(count):
        view = captured(octets, certified=certified)
        view.need(view.uint(1) in _POSITIONS)
        view.skip(1)  # number of the representation
        _density(view)
        view.need(1 <= view.uint(1) <= 16)
        coding = view.uint(1)
        view.need(coding < len(_CODINGS) and view.uint(1) <= 30)
        width, height = view.uint(2), view.uint(2)
        length = view.uint(4)
        view.need(width > 0 and height > 0 and length > 0)
        view.skip(length)  # segments, notes and comments may follow
    octets.need(octets.left == 0)
    return count, coding, width, height


def _density(octets: Octets) -> None:
    """Read the unit (1 inch, 2 centimetre) and four densities: of the scan and of the picture, each way."""
    octets.need(octets.uint(1) in (1, 2))
    octets.need(all(20 <= octets.uint(2) <= 8000 for _ in range(4)))


_OLD = (("ISO 19794-4:2005", _iso_2005), ("INCITS 381-2004", _ansi_2004))
_EDITIONS = {b"010\x00": _OLD, b"020\x00": (("ISO 19794-4:2011", _iso_2011),)}
