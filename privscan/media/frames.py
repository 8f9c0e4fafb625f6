"""Sound as it is framed: tells chance bytes from MPEG frames, and headers that lie about their length from true ones.

Sources: ISO/IEC 11172-3 and 13818-3 (frame headers), ISO/IEC 13818-7 (ADTS), Microsoft's RIFF.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["cut", "mended", "mpeg", "plausible", "tagged"]

_STRONG = re.compile(
    rb"RIFF....WAVE|riff\x2e\x91\xcf\x11|RIFX....WAVE|RF64....WAVE|BW64....WAVE|fLaC|OggS\x00|FORM....AIF[FC]|\.snd|caff\x00\x01|....ftyp|#!AMR|\x1aE\xdf\xa3",
    re.DOTALL,
)
_RATES: Final = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_KBITS: Final = {  # by (MPEG-1, layer bits)
    (True, 3): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 1): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 3): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 1): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_ROW = 3  # frames in a row that are no chance
_TAGS = 16  # tags in a row


def plausible(data: bytes | memoryview) -> bool:
    """Say whether bytes are sound as far as their first frames tell."""
    at = tagged(data)
    if _STRONG.match(bytes(data[at : at + 16])):
        return True
    return at < len(data) and (mpeg(data, at) or (at == 0 and _adts(data)))


def tagged(data: bytes | memoryview) -> int:
    """Return the bytes of the ID3v2 tags in front, 0 for none."""
    at = 0
    for _ in range(_TAGS):
        size = _tag(bytes(data[at : at + 10]))
        if not size:
            break
        at += size
    return at


def _tag(head: bytes) -> int:
    if len(head) < 10 or head[:3] != b"ID3" or head[3] not in (2, 3, 4) or max(head[6:10]) > 0x7F:
        return 0
    size = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
    return 10 + size + (10 if head[5] & 0x10 else 0)


def mpeg(data: bytes | memoryview, at: int) -> bool:
    """Say whether some MPEG frames follow one another from a place on, zeros before them left out."""
    view = memoryview(data)
    while at < len(view) and view[at] == 0 and at < 1 << 20:
        at += 1
    for number in range(_ROW):
        size = _frame(bytes(view[at : at + 4]))
        if not size:
            return at == len(view) and number > 0
        at += size
        if at > len(view) and number == 0:
            return False  # less than one frame: no sound, and no chance to tell it from chance
    return True


def _frame(head: bytes) -> int:
    """Return the size in bytes of the MPEG frame that begins so, 0 for none."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return 0
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    kbits, rate = head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or layer == 0 or kbits in (0, 15) or rate == 3 or head[3] & 3 == 2:
        return 0
    bits = _KBITS[version == 3, layer][kbits] * 1000
    padding = head[2] >> 1 & 1
    if layer == 3:
        return (12 * bits // _RATES[version][rate] + padding) * 4
    samples = 72 if layer == 1 and version != 3 else 144
    return samples * bits // _RATES[version][rate] + padding


def _adts(data: bytes | memoryview) -> bool:
    """Say whether some AAC frames follow one another from the start."""
    at = 0
    for number in range(_ROW):
        head = bytes(data[at : at + 7])
        if len(head) < 7 or head[0] != 0xFF or head[1] & 0xF6 != 0xF0 or head[2] >> 2 & 15 > 12:
            return number > 0 and at == len(data)
        size = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
        if size < 7 or (number == 0 and size > len(data)):
            return False
        at += size
    return True


def cut(data: bytes | memoryview) -> bool:
    """Say whether an Ogg stream ends within a page: what stands there cannot be decoded."""
    view, at = memoryview(data), 0
    while at + 27 <= len(view) and bytes(view[at : at + 4]) == b"OggS":
        table = view[at + 27 : at + 27 + view[at + 26]]
        at += 27 + view[at + 26] + sum(table)
    return at > len(view)


def mended(data: bytes | memoryview) -> bytes:
    """Return a recording whose header tells the length of what is there: WAV written to a pipe says 0, or the most."""
    whole = bytes(data)
    if whole[:4] not in (b"RIFF", b"RF64"):
        return whole
    at = 12
    while at + 8 <= len(whole):
        name, size = whole[at : at + 4], int.from_bytes(whole[at + 4 : at + 8], "little")
        there = len(whole) - at - 8
        if name == b"data" and (size == 0 or size > there):
            if whole[:4] == b"RF64" and size == 0xFFFFFFFF:
                return whole
            sizes = [(min(part, 0xFFFFFFFF)).to_bytes(4, "little") for part in (len(whole) - 8, there)]
            return b"".join([whole[:4], sizes[0], whole[8 : at + 4], sizes[1], whole[at + 8 :]])
        if size > there:
            break
        at += 8 + size + size % 2
    return whole
