"""Tags of recordings: what tells of a person is found in every container, and gone without a change to the sound."""

from __future__ import annotations

import io
import random
import struct

import numpy as np
import pytest
import soundfile

from privscan.media import tags, vorbis

RATE = 8_000
TONE = (np.sin(np.arange(RATE) / 9) * 0.3).astype(np.float32)


def tagged(kind: str, subtype: str | None = None, **fields: str) -> bytes:
    out = io.BytesIO()
    with soundfile.SoundFile(out, "w", RATE, 1, subtype, None, kind) as file:
        for name, value in fields.items():
            setattr(file, name, value)
        file.write(TONE)
    return out.getvalue()


def safe(size: int) -> bytes:
    return bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))


def id3(version: int, **fields: str) -> bytes:
    body = b""
    for name, value in fields.items():
        text = b"\x03" + value.encode()
        size = safe(len(text)) if version == 4 else len(text).to_bytes(3 if version == 2 else 4)
        body += name.encode() + size + (b"" if version == 2 else b"\0\0") + text
    return b"ID3" + bytes([version, 0, 0]) + safe(len(body) + 20) + body + bytes(20)


def ape(**fields: str) -> bytes:
    items = b"".join(struct.pack("<II", len(v), 0) + k.encode() + b"\0" + v.encode() for k, v in fields.items())
    foot = struct.pack("<IIII", 2000, len(items) + 32, len(fields), 0) + bytes(8)
    return items + b"APETAGEX" + foot


def old(title: str, artist: str) -> bytes:
    return b"TAG" + title.encode().ljust(30, b"\0") + artist.encode().ljust(30, b"\0") + bytes(64) + b"\xff"


def chunk(name: bytes, body: bytes, order: str = "<") -> bytes:
    return name + struct.pack(order + "I", len(body)) + body + b"\0" * (len(body) % 2)


def with_chunks(data: bytes, *chunks: bytes, order: str = "<") -> bytes:
    out = data + b"".join(chunks)
    return out[:4] + struct.pack(order + "I", len(out) - 8) + out[8:]


MP3 = tagged("MP3")
WAV = tagged("WAV")
AIFF = tagged("AIFF")
BROADCAST = b"call".ljust(256, b"\0") + b"Jo Doe".ljust(346, b"\0")
SAID = ((b"AUTH", b"Jo Doe"), (b"ANNO", b"call me"))
TAGGED = {
    "ID3v2.2": (id3(2, TP1="Jo Doe", TT2="Notes") + MP3, "owner title"),
    "ID3v2.3": (id3(3, TPE1="Jo Doe", TSSE="Lavf58") + MP3, "owner"),
    "ID3v2.4": (id3(4, COMM="engcall me", TDRC="2024-05-17") + MP3, "comment time"),
    "ID3, a place": (id3(4, TXXX="geo_lat\x0048.1") + MP3, "gps comment"),
    "two tags": (id3(3, TPE1="Jo Doe") + id3(4, TIT2="Notes") + MP3, "owner title"),
    "ID3v1": (MP3 + old("Notes", "Jo Doe"), "title owner"),
    "APE": (MP3 + ape(Artist="Jo Doe"), "owner"),
    "APE and ID3v1": (MP3 + ape(Comment="call me") + old("", "Jo Doe"), "owner comment"),
    "FLAC": (tagged("FLAC", artist="Jo Doe", title="Notes"), "owner title"),
    "FLAC behind ID3": (id3(3, TPE1="Jo Doe") + tagged("FLAC"), "owner"),
    "Vorbis": (tagged("OGG", "VORBIS", artist="Jo Doe", comment="call me"), "owner comment"),
    "Opus": (tagged("OGG", "OPUS", title="Notes", date="2024"), "title time"),
    "WAV": (tagged("WAV", artist="Jo Doe", comment="call me"), "owner comment"),
    "WAV, broadcast": (with_chunks(WAV, chunk(b"bext", BROADCAST)), "comment owner"),
    "WAV, ID3": (with_chunks(WAV, chunk(b"id3 ", id3(3, TPE1="Jo Doe"))), "owner"),
    "WAV, XMP": (with_chunks(WAV, chunk(b"_PMX", b"<x:xmpmeta><dc:creator>Jo Doe</dc:creator></x:xmpmeta>")), "owner"),
    "AIFF": (with_chunks(AIFF, *(chunk(*pair, ">") for pair in SAID), order=">"), "owner comment"),
}  # fmt: skip


def told(data: bytes) -> set[str]:
    return {word.removeprefix("metadata:") for seen in tags.look(data) for word in seen.evidence}


def samples(data: bytes) -> np.ndarray:
    return soundfile.read(io.BytesIO(data))[0]


@pytest.mark.parametrize("name", TAGGED)
def test_tags_are_told_and_stripped_and_the_sound_stays(name) -> None:
    data, words = TAGGED[name]
    assert told(data) == set(words.split())
    bare = tags.stripped(data)
    assert tags.look(bare) == []
    assert tags.stripped(bare) == bare
    for value in (b"Jo Doe", b"call me", b"Notes"):
        assert value not in bare
    assert np.array_equal(samples(bare), samples(data))


@pytest.mark.parametrize(
    "data",
    [MP3, WAV, AIFF, tagged("FLAC"), tagged("OGG", "VORBIS"), tagged("OGG", "OPUS"), id3(3, TSSE="LAME 3.100") + MP3],
    ids=["MP3", "WAV", "AIFF", "FLAC", "Vorbis", "Opus", "encoder"],
)
def test_what_programs_say_of_themselves_is_nothing(data) -> None:
    assert tags.look(data) == []


def test_what_is_kept_is_the_same_bytes() -> None:
    assert tags.stripped(id3(3, TPE1="Jo Doe") + MP3 + old("a", "b")) == MP3
    bare = tags.stripped(tagged("OGG", "VORBIS", artist="Jo Doe"))
    assert len(bare) == len(tagged("OGG", "VORBIS", artist="Jo Doe"))


def test_pages_of_ogg_have_right_checksums() -> None:
    data = tags.stripped(tagged("OGG", "VORBIS", artist="Jo Doe", comment="x" * 70_000))
    for start, _, end in vorbis._pages(data):
        page = bytearray(data[start:end])
        stated, page[22:26] = page[22:26], bytes(4)
        register = 0
        for byte in page:  # bit by bit, as the standard has it
            register ^= byte << 24
            for _ in range(8):
                register = (register << 1 ^ (0x04C11DB7 if register & 0x80000000 else 0)) & 0xFFFFFFFF
        assert register == int.from_bytes(stated, "little")


def test_changed_and_cut_tags_raise_nothing() -> None:
    chance = random.Random(5)
    for data, _ in TAGGED.values():
        for _ in range(60):
            changed = bytearray(data[: chance.choice((len(data), 20, 200, 900))])
            for _ in range(chance.randint(1, 6)):
                changed[chance.randrange(min(len(changed), 300))] = chance.randrange(256)
            tags.look(bytes(changed))
            assert isinstance(tags.stripped(bytes(changed)), bytes)
