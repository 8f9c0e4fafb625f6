"""Tags of Ogg files (Vorbis, Opus, Speex, FLAC): the comments in the second packet of each stream. Source: RFC 3533.

Comments are emptied where they stand, so that every page keeps its size, number and place, and only the pages that
held them get a new checksum.
"""

from __future__ import annotations

import zlib
from collections import defaultdict
from typing import TYPE_CHECKING, Final, NamedTuple

from privscan.media import tagwords

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["stripped", "told"]

_PREFIX: Final = (  # how the first packet begins, and what stands before the comments in the second
    (b"\x01vorbis", b"\x03vorbis"),
    (b"OpusHead", b"OpusTags"),
    (b"\x7fFLAC", None),
    (b"Speex   ", b""),
)
_MIRROR: Final = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


class _Comments(NamedTuple):
    """The packet of comments of one stream: its bytes, where each stretch of them stands, its own prefix."""

    packet: bytes
    places: list[tuple[int, int]]
    prefix: int
    framed: bool


def told(data: bytes) -> frozenset[str]:
    """Return the words for what the comments of all streams tell."""
    found = (tagwords.of_comments(one.packet[one.prefix :])[0] for one in _comments(data))
    return frozenset[str]().union(*found)


def stripped(data: bytes) -> bytes:
    """Return the file with its comments emptied, the packets of sound untouched."""
    out = bytearray(data)
    for one in _comments(data):
        body = one.packet[one.prefix :]
        vendor = tagwords.of_comments(body)[1]
        empty = body[:vendor] + bytes(4) + (b"\x01" if one.framed else b"")
        fresh = (one.packet[: one.prefix] + empty).ljust(len(one.packet), b"\0")[: len(one.packet)]
        at = 0
        for start, end in one.places:
            out[start:end] = fresh[at : at + end - start]
            at += end - start
    if out != data:
        for start, behind, end in _pages(data):
            if out[behind:end] != data[behind:end]:
                out[start + 22 : start + 26] = bytes(4)
                out[start + 22 : start + 26] = _checksum(bytes(out[start:end])).to_bytes(4, "little")
    return bytes(out)


def _checksum(page: bytes) -> int:
    """Return the checksum of a page: the polynomial of zlib's, neither mirrored nor inverted."""
    mirrored = zlib.crc32(page.translate(_MIRROR), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int.from_bytes(mirrored.to_bytes(4).translate(_MIRROR)[::-1])


def _pages(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield (start, start of the packets, end) of every page."""
    at = 0
    while at + 27 <= len(data) and data[at : at + 4] == b"OggS":
        body = at + 27 + data[at + 26]
        end = body + sum(data[at + 27 : body])
        if end > len(data):
            return
        yield at, body, end
        at = end


def _comments(data: bytes) -> Iterator[_Comments]:
    """Yield the comments of every stream, those of chained files too."""
    heads: dict[bytes, bytes] = {}
    places: dict[bytes, list[tuple[int, int]]] = defaultdict(list)
    number: dict[bytes, int] = {}
    for start, body, _ in _pages(data):
        serial, at = data[start + 14 : start + 18], body
        if data[start + 5] & 2:  # a stream begins
            number[serial], places[serial] = 0, []
        for size in data[start + 27 : body]:
            if number.get(serial, 2) > 1:
                break
            places[serial].append((at, at + size))
            at += size
            if size == 255:
                continue
            packet = b"".join(data[first:behind] for first, behind in places[serial])
            if number[serial] == 0:
                heads[serial] = packet[:8]
            elif (found := _known(heads[serial], packet, places[serial])) is not None:
                yield found
            number[serial] += 1
            places[serial] = []


def _known(head: bytes, packet: bytes, places: list[tuple[int, int]]) -> _Comments | None:
    """Return the packet as comments, None where the stream is of no known coding."""
    for begin, prefix in _PREFIX:
        if head.startswith(begin):
            if prefix is None:  # a block of FLAC's: its kind and size
                return _Comments(packet, places, 4, framed=False) if packet[:1] in (b"\x04", b"\x84") else None
            if packet.startswith(prefix):
                return _Comments(packet, places, len(prefix), framed=begin == b"\x01vorbis")
    return None
