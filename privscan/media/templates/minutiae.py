"""Finger minutiae records: ISO/IEC 19794-2 of 2005 and 2011, ANSI/INCITS 378 of 2004, 2007 and 2009.

All begin with `FMR` and a version; the editions tell themselves apart by their lengths. A record counts when its views
can be walked from the first to the last byte that it declares (or that there is), and every field is in its range.
"""

from __future__ import annotations

from privscan.media.seen import Seen
from privscan.media.templates.octets import MalformedError, Octets
from privscan.media.templates.representation import captured, header_2011
from privscan.model import Confidence

__all__ = ["MAGIC", "look"]

MAGIC = (b"FMR\x00 20\x00", b"FMR\x00020\x00", b"FMR\x00030\x00", b"FMR\x00035\x00")

_HEAD = 8  # magic and version
_VIEW_HEADS = (17, 16, 18, 15, 14, 19, 20)  # bytes
_VIEWS = 176  # eleven positions, sixteen views each
_LEAST_DENSITY = 99  # pixels per centimetre
_QUALITIES = (254, 255)  # not reported, failed: beside 0 to 100


def look(data: bytes | memoryview) -> list[Seen]:
    """Return the one finger minutiae record that `data` begins with, or nothing."""
    for edition, read in _EDITIONS.get(bytes(data[4:_HEAD]), ()):
        try:
            views, minutiae = read(Octets(data, _HEAD))
        except MalformedError:
            continue
        evidence = (edition, f"views:{views}", f"minutiae:{minutiae}", f"bytes:{len(data)}")
        return [Seen("FINGERPRINT_TEMPLATE", "biometric.fingerprint.template", Confidence.HIGH, evidence)]
    return []


# ---------------------------------------------------------------- 2004 and 2005: one picture's size for all views


def _iso_2005(octets: Octets) -> tuple[int, int]:
    declared = octets.uint(4)
    octets.need(declared >= 24)
    octets.skip(2)  # the sensor
    return _views_2005(octets, declared)


def _ansi_2004(octets: Octets) -> tuple[int, int]:
    declared = octets.uint(2) or octets.uint(4)
    octets.need(declared >= 26)
    octets.need(octets.uint(2) > 0)  # who made it
    octets.skip(4)  # its own number of the format, the sensor
    return _views_2005(octets, declared)


def _views_2005(octets: Octets, declared: int) -> tuple[int, int]:
    """Walk the views of a record whose header goes on with the size of the picture."""
    width, height = octets.uint(2), octets.uint(2)
    octets.need(width > 0 and height > 0)
    octets.need(octets.uint(2) >= _LEAST_DENSITY and octets.uint(2) >= _LEAST_DENSITY)
    views = octets.uint(1)
    octets.need(0 < views <= _VIEWS and octets.uint(1) == 0)
    minutiae = 0
    for _ in range(views):
        octets.need(octets.uint(1) <= 10)
        octets.skip(1)  # number of the view, kind of impression
        octets.need(_is_quality(octets.uint(1)))
        count = octets.uint(1)
        _minutiae(octets, count, 6, width, height)
        _extended(octets)
        minutiae += count
    _ends(octets, declared)
    return views, minutiae


# ---------------------------------------------------------------- 2007 and 2009: each view has its own


def _ansi_2009(octets: Octets) -> tuple[int, int]:
    """Read a record whose views each begin with position, ..., size, density and a count.

    How many bytes those take differs by edition: they are the size with which the views fill the record.
    """
    declared = octets.uint(4)
    octets.need(21 < declared <= octets.end and octets.uint(2) > 0)
    octets.skip(5)  # the format's own number, certificates, the sensor
    views = octets.uint(1)
    octets.need(0 < views <= _VIEWS and octets.uint(1) == 0)
    for size in _VIEW_HEADS:
        try:
            return views, _walked(Octets(octets.data, octets.at, declared), views, size)
        except MalformedError:
            continue
    raise MalformedError


def _walked(octets: Octets, views: int, size: int) -> int:
    """Walk views with heads of `size` bytes, the last the count of minutiae; return how many of these there are."""
    minutiae = 0
    for _ in range(views):
        octets.need(octets.uint(1) <= 10)
        octets.skip(size - 10)
        width, height = octets.uint(2), octets.uint(2)
        octets.need(width > 0 and height > 0)
        octets.need(octets.uint(2) >= _LEAST_DENSITY and octets.uint(2) >= _LEAST_DENSITY)
        count = octets.uint(1)
        _minutiae(octets, count, 6, width, height)
        _extended(octets)
        minutiae += count
    octets.need(octets.left == 0)
    return minutiae


def _iso_2011(octets: Octets) -> tuple[int, int]:
    views, certified = header_2011(octets)
    minutiae = 0
    for _ in range(views):
        view = captured(octets, certified=certified)
        view.need(view.uint(1) <= 10)
        view.skip(1)  # number of the representation
        view.need(view.uint(2) >= _LEAST_DENSITY and view.uint(2) >= _LEAST_DENSITY)
        view.skip(1)  # kind of impression
        width, height = view.uint(2), view.uint(2)
        view.need(width > 0 and height > 0)
        size = view.uint(1) >> 4
        view.need(size in (5, 6))
        count = view.uint(1)
        _minutiae(view, count, size, width, height)
        _extended(view)
        view.need(view.left == 0)
        minutiae += count
    octets.need(octets.left == 0)
    return views, minutiae


# ---------------------------------------------------------------- what they share


def _minutiae(octets: Octets, count: int, size: int, width: int, height: int) -> None:
    """Pass over minutiae: two bits of kind and x, y, an angle and, where there are six bytes, a quality."""
    for _ in range(count):
        place = octets.uint(4)
        octets.need((place >> 16) & 0x3FFF <= width and place & 0x3FFF <= height)
        octets.skip(1)  # ANSI's angles end at 179, those of published samples do not
        if size == 6:
            octets.need(_is_quality(octets.uint(1)))


def _extended(octets: Octets) -> None:
    """Pass over the extended data of a view: ridge counts, cores, deltas and what vendors add."""
    octets.skip(octets.uint(2))


def _is_quality(value: int) -> bool:
    return value <= 100 or value in _QUALITIES


def _ends(octets: Octets, declared: int) -> None:
    """Ask that the views end where the record says, or where the bytes do: published samples lack the one or other."""
    there = octets.at == declared or octets.left == 0
    octets.need(there and abs(octets.at - declared) <= 2)


_OLD = (("ISO 19794-2:2005", _iso_2005), ("INCITS 378-2004", _ansi_2004))
_NEW = (("ISO 19794-2:2011", _iso_2011), ("INCITS 378-2009", _ansi_2009))
_EDITIONS = {b" 20\x00": _OLD, b"020\x00": _OLD, b"030\x00": _NEW, b"035\x00": _NEW[1:]}
