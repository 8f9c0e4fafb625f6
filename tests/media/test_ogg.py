from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile

from privscan.media import ogg

TABLE = []
for byte in range(256):
    rest = byte << 24
    for _ in range(8):
        rest = (rest << 1) ^ (0x04C11DB7 if rest & 0x80000000 else 0)
    TABLE.append(rest & 0xFFFFFFFF)


def checksum(page: bytes) -> int:
    """The checksum of a page, byte by byte, as RFC 3533 has it."""
    total = 0
    for octet in page[:22] + bytes(4) + page[26:]:
        total = (total << 8 & 0xFFFFFFFF) ^ TABLE[total >> 24 ^ octet]
    return total


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
def test_pages_carry_the_number_and_right_checksums(subtype: str) -> None:
    samples = np.sin(np.arange(24000) / 9).astype(np.float32) * 0.5
    made = []
    for _ in range(2):
        out = io.BytesIO()
        soundfile.write(out, samples, 24000, format="OGG", subtype=subtype)
        made.append(ogg.renumbered(out.getvalue(), 7))
    first, second = made
    assert first == second
    at = pages = 0
    while at < len(first):
        size = 27 + first[at + 26] + sum(first[at + 27 : at + 27 + first[at + 26]])
        page = first[at : at + size]
        assert page[14:18] == b"\7\0\0\0"
        assert checksum(page) == int.from_bytes(page[22:26], "little")
        at, pages = at + size, pages + 1
    assert pages > 2
    assert len(soundfile.read(io.BytesIO(first))[0]) == len(samples)


def test_other_bytes_stay_as_they_are() -> None:
    assert ogg.renumbered(b"RIFF and so on", 7) == b"RIFF and so on"
