"""Iris picture records: ISO/IEC 19794-6 of 2005 and 2011."""

from __future__ import annotations

from privscan.media.seen import Seen
from privscan.media.templates.octets import MalformedError, Octets
from privscan.media.templates.representation import captured, header_2011
from privscan.model import Confidence

__all__ = ["MAGIC", "look"]

MAGIC = (b"IIR\x00010\x00", b"IIR\x00020\x00")

_CODINGS = (2, 4, 6, 8, 10, 12, 14, 16)  # grey or coloured: raw, JPEG, lossless JPEG or PNG, JPEG 2000


def look(data: bytes | memoryview) -> list[Seen]:
    """Return the one iris record that `data` begins with, or nothing."""
    edition, read = ("ISO 19794-6:2005", _iso_2005) if data[4:8] == b"010\x00" else ("ISO 19794-6:2011", _iso_2011)
    try:
        eyes, pictures, width, height = read(Octets(data, 8))
    except MalformedError:
        return []
    evidence = (edition, f"eyes:{eyes}", f"pictures:{pictures}", f"size:{width}x{height}", f"bytes:{len(data)}")
    return [Seen("IRIS_IMAGE", "biometric.iris.image", Confidence.HIGH, evidence)]


def _iso_2005(octets: Octets) -> tuple[int, int, int, int]:
    declared = octets.uint(4)
    octets.need(45 < declared <= octets.end)
    octets.skip(2)  # the device
    eyes = octets.uint(1)
    octets.need(1 <= eyes <= 2 and octets.uint(2) == 45)
    octets.skip(4)  # how the picture lies, the diameter
    octets.need(octets.uint(2) in _CODINGS)
    width, height = octets.uint(2), octets.uint(2)
    octets.need(width > 0 and height > 0 and 1 <= octets.uint(1) <= 16)
    octets.skip(17)  # what was done to it, the device's own number
    octets.end = declared
    pictures = 0
    for _ in range(eyes):
        octets.need(octets.uint(1) <= 2)
        count = octets.uint(2)
        octets.need(count > 0)
        for _ in range(count):
            octets.skip(2)  # its number
            quality = octets.uint(1)
            octets.need(quality <= 100 or quality >= 254)
            octets.skip(4)  # how far it is turned
            length = octets.uint(4)
            octets.need(length > 0)
            octets.skip(length)
        pictures += count
    octets.need(octets.left == 0)
    return eyes, pictures, width, height


def _iso_2011(octets: Octets) -> tuple[int, int, int, int]:
    pictures, certified = header_2011(octets)
    eyes = octets.uint(1)
    octets.need(eyes <= 2)
    width = height = 0
    for _ in range(pictures):
        view = captured(octets, certified=certified)
        view.skip(2)  # its number
        view.need(view.uint(1) <= 2)
        view.skip(1)  # how much of the eye
        view.need(view.uint(1) in _CODINGS)
        view.skip(1)  # how it lies
        width, height = view.uint(2), view.uint(2)
        view.need(width > 0 and height > 0 and 1 <= view.uint(1) <= 16)
        view.skip(18)  # distance, roll, centre, diameter
        length = view.uint(4)
        view.need(length == view.left and length > 0)
    octets.need(octets.left == 0)
    return eyes, pictures, width, height
