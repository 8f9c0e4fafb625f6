"""What all records of the 2011 edition of ISO/IEC 19794 have in common: the general header, the head of a capture."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from privscan.media.templates.octets import Octets

__all__ = ["captured", "header_2011"]

_YEARS = range(1900, 2200)
_NO_DATE = b"\xff" * 9


def header_2011(octets: Octets) -> tuple[int, bool]:
    """Read length, number of representations and the flag of certificates; cut the octets to that length.

    Returns (representations, certified).
    """
    declared = octets.uint(4)
    octets.need(octets.at < declared <= octets.end)
    octets.end = declared
    count = octets.uint(2)
    certified = octets.uint(1)
    octets.need(count > 0 and certified <= 1)
    return count, bool(certified)


def captured(octets: Octets, *, certified: bool) -> Octets:
    """Pass over one representation; return what it holds behind device, qualities and certificates."""
    length = octets.uint(4)
    octets.need(length > 4)
    inner = octets.part(length - 4)
    date = inner.take(9)
    inner.need(date == _NO_DATE or _is_date(date))
    inner.skip(5)  # technology, vendor and type of the device
    inner.skip(inner.uint(1) * 5)  # scores, each with vendor and algorithm
    if certified:
        inner.skip(inner.uint(1) * 3)
    return inner


def _is_date(date: bytes) -> bool:
    """Say whether nine bytes are year, month, day, hour, minute, second, millisecond; parts may be left out."""
    year = int.from_bytes(date[:2])
    milliseconds = int.from_bytes(date[7:])
    limits = zip(date[2:7], (12, 31, 23, 59, 60), strict=True)
    return (
        (year in _YEARS or year in (0, 0xFFFF))
        and all(value <= most or value == 0xFF for value, most in limits)
        and (milliseconds < 1000 or milliseconds == 0xFFFF)
    )
