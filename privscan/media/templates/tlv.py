"""Tag, length, value: the coding (BER, DER; ISO/IEC 7816-4) of passports' data groups and of biometric envelopes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from privscan.media.templates.octets import Octets

__all__ = ["element", "fits"]

_MANY = 4096  # elements looked at in one value
_DEEP = 12


def element(octets: Octets) -> tuple[int, Octets]:
    """Read one element; return its tag and what it holds. MalformedError where its length does not fit."""
    tag = octets.uint(1)
    if tag & 0x1F == 0x1F:
        for _ in range(3):
            more = octets.uint(1)
            tag = tag << 8 | more
            if not more & 0x80:
                break
        else:
            octets.need(False)  # noqa: FBT003 - a tag of five bytes is none of these
    first = octets.uint(1)
    if first < 0x80:
        return tag, octets.part(first)
    octets.need(0x81 <= first <= 0x84)
    return tag, octets.part(octets.uint(first & 0x7F))


def fits(octets: Octets) -> int:
    """Walk all elements, constructed ones to their leaves; return how many there are. None may be short."""
    count, stack = 0, [octets]
    while stack:
        inner = stack[-1]
        if not inner.left:
            stack.pop()
            continue
        constructed = bool(inner.data[inner.at] & 0x20)
        _, value = element(inner)
        count += 1
        inner.need(count <= _MANY)
        if constructed:
            inner.need(len(stack) < _DEEP)
            stack.append(value)
    return count
