"""The serial number of an Ogg stream, which encoders draw by lot: with a fixed one the same sound is the same file.

Source: RFC 3533. A page's checksum is linear, so that it is mended without reading the page again.
"""

from __future__ import annotations

import functools
from typing import Final

__all__ = ["renumbered"]

_POLYNOMIAL: Final = 0x04C11DB7
_SERIAL, _SUM, _SEGMENTS = 14, 22, 26  # where they stand in a page


def renumbered(data: bytes, serial: int) -> bytes:
    """Return the stream with another serial number in all of its pages."""
    out = bytearray(data)
    at = 0
    while data[at : at + 4] == b"OggS" and at + 27 <= len(data):
        count = data[at + _SEGMENTS]
        size = 27 + count + sum(data[at + 27 : at + 27 + count])
        change = int.from_bytes(data[at + _SERIAL : at + _SERIAL + 4], "little") ^ serial
        out[at + _SERIAL : at + _SERIAL + 4] = serial.to_bytes(4, "little")
        behind = size - _SERIAL - 4
        # the changed bytes as a polynomial, moved as far as bytes stand behind them (32 bits of it are the remainder's)
        moved = _times(int.from_bytes(change.to_bytes(4, "little"), "big"), _power(8 * behind + 32))
        total = int.from_bytes(data[at + _SUM : at + _SUM + 4], "little") ^ moved
        out[at + _SUM : at + _SUM + 4] = total.to_bytes(4, "little")
        at += size
    return bytes(out)


def _times(one: int, other: int) -> int:
    """Multiply two polynomials over GF(2), modulo the checksum's."""
    product = 0
    while other:
        if other & 1:
            product ^= one
        one = one << 1 ^ (_POLYNOMIAL | 1 << 32) if one & 0x80000000 else one << 1
        other >>= 1
    return product


@functools.lru_cache(maxsize=1024)
def _power(bits: int) -> int:
    """Return x to the power of `bits`, modulo the checksum's polynomial."""
    result, base = 1, 2
    while bits:
        if bits & 1:
            result = _times(result, base)
        base = _times(base, base)
        bits >>= 1
    return result
