"""What a value is, told from its first bytes: one table of magic numbers, read in bytes, base64 and hexadecimal.

Sources: the formats' own specifications (JPEG ISO 10918-1, PNG, GIF89a, RIFF, TIFF 6.0, ISO 14496-12 brands, FLAC, Ogg,
ID3v2, ISO/IEC 19794 and INCITS 378 headers, WSQ, ICAO 9303-10, ANSI/NIST-ITL). A kind says what a value claims to be;
whether it is, the kind's leaf finds out.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from privscan.media import genetic, templates

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["HEAD", "KINDS", "Kind", "base64_forms", "faint_forms", "hex_forms", "likely", "sniff"]

HEAD: Final = 32
"""Bytes that are enough to tell a kind."""
_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_LEAST: Final = 3  # known bytes that make letters in a text worth a look


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of value, its group, and the ways it may begin: hexadecimal, `..` for any byte."""

    name: str
    group: str
    starts: tuple[str, ...]


_SIZES: Final = ("81..", "82....", "83......")  # of an element in DER


def _boxes(*brands: str) -> tuple[str, ...]:
    """Return the starts of ISO base media files: a size of the first box below 65,536, `ftyp`, the brand."""
    return tuple(f"0000....66747970{brand.encode().hex()}" for brand in brands)


KINDS: Final = (
    Kind("jpeg", "picture", ("ffd8ff",)),
    Kind("png", "picture", ("89504e470d0a1a0a",)),
    Kind("gif", "picture", ("474946383761", "474946383961")),
    Kind("webp", "picture", ("52494646........57454250",)),
    Kind("bmp", "picture", tuple(f"424d........00000000........{size}000000" for size in "28 0c 38 40 6c 7c".split())),
    Kind("tiff", "picture", ("49492a00", "4d4d002a", "49492b00", "4d4d002b")),
    Kind("jp2", "picture", ("0000000c6a5020200d0a870a", "ff4fff51")),
    Kind("avif", "picture", _boxes("avif", "avis")),
    Kind("heic", "picture", _boxes("heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1")),
    Kind("jxl", "picture", ("0000000c4a584c200d0a870a",)),
    Kind("pnm", "picture", tuple(f"50{kind}{gap}" for kind in ("31", "32", "34", "35", "36") for gap in ("0a", "20"))),
    Kind("psd", "picture", ("384250530001000000000000", "384250530002000000000000")),
    Kind("ico", "picture", ("00000100..00....00", "00000200..00....00")),
    Kind("wav", "sound", ("52494646........57415645", "52463634........57415645", "52494658........57415645")),
    Kind("flac", "sound", ("664c6143",)),
    Kind("ogg", "sound", ("4f67675300",)),
    Kind(
        "mp3", "sound", ("49443302", "49443303", "49443304", *(f"ff{layer}" for layer in "fb fa f3 f2 e3 e2".split()))
    ),
    Kind("aac", "sound", ("fff1", "fff9")),
    Kind("aiff", "sound", ("464f524d........41494646", "464f524d........41494643")),
    Kind("au", "sound", ("2e736e64000000",)),
    Kind("amr", "sound", ("2321414d52",)),
    Kind("m4a", "sound", _boxes("M4A ", "M4B ")),
    Kind("mp4", "video", _boxes("")),
    Kind("webm", "video", ("1a45dfa3",)),
    Kind("avi", "video", ("52494646........41564920",)),
    Kind("minutiae", "template", ("464d5200",)),
    Kind("finger record", "template", ("46495200",)),
    Kind("face record", "template", ("46414300",)),
    Kind("iris record", "template", ("49495200",)),
    Kind("wsq", "template", ("ffa0ffa4", "ffa0ffa5", "ffa0ffa6", "ffa0ffa8", "ffa0ffa2")),
    Kind("bgzf", "genetic", ("1f8b0804",)),
    Kind("cram", "genetic", ("4352414d02", "4352414d03")),
    Kind("nist", "template", ("312e30313a", "312e3030313a")),
    Kind(
        "passport group",
        "template",
        (
            "7f61",
            *(f"{tag}{size}7f61" for tag in ("75", "63", "76") for size in _SIZES),
            *(f"{tag}{size}{next_}" for tag, next_ in (("7f61", "0201"), ("7f60", "a1")) for size in ("..", *_SIZES)),
        ),
    ),
    # the header of US identity cards: security, sizes of record and signature, minutiae or face
    Kind(
        "card", "template", tuple(f"03{way}............001b{kind}" for way in ("0d", "0f") for kind in ("0201", "0501"))
    ),
)
"""In the order in which they are tried: the narrower first."""


def _bytes_of(start: str) -> list[int | None]:
    return [None if start[at : at + 2] == ".." else int(start[at : at + 2], 16) for at in range(0, len(start), 2)]


def _raw(start: str) -> bytes:
    return b"".join(b"." if byte is None else re.escape(bytes([byte])) for byte in _bytes_of(start))


_MAGIC: Final = re.compile(
    b"|".join(b"(?P<k%d>%b)" % (number, b"|".join(map(_raw, kind.starts))) for number, kind in enumerate(KINDS)),
    re.DOTALL,
)
_FIRST: Final = np.zeros(1 << 16, dtype=bool)
for _start in (
    *(bytes.fromhex(start[:4]) for kind in KINDS for start in kind.starts),
    *(magic[:2] for magic in (*templates.MAGIC, *genetic.MAGIC)),
):
    _FIRST[int.from_bytes(_start.ljust(2, b"\0")) : int.from_bytes(_start.ljust(2, b"\xff")) + 1] = True


def sniff(data: bytes | memoryview) -> Kind | None:
    """Return the kind whose magic number the bytes begin with, None for none."""
    found = _MAGIC.match(data[:HEAD])
    return KINDS[int((found.lastgroup or "k0")[1:])] if found else None


def likely(heads: NDArray[Any]) -> NDArray[np.bool_]:
    """Say which values may be of a kind: `heads` holds their first two bytes as big-endian numbers (uint16)."""
    found: NDArray[np.bool_] = _FIRST[heads]
    return found


def base64_forms() -> Iterator[str]:
    """Yield a regular expression for the letters each kind begins with in base64, both alphabets."""
    for kind in KINDS:
        for start in kind.starts:
            data = _bytes_of(start)
            if sum(byte is not None for byte in data) >= _LEAST and None not in data[:2]:
                yield _letters(data)


def faint_forms() -> Iterator[str]:
    """Yield the same of the kinds of which two bytes are known: sound by frames, MP3 and AAC."""
    for kind in KINDS:
        for start in kind.starts:
            data = _bytes_of(start)
            if len(data) < _LEAST and kind.group == "sound":
                yield _letters(data)


def _letters(data: list[int | None]) -> str:
    """Return the letters that bytes make in base64, six bits each: a class where some of the bits are open."""
    bits = [bit for byte in data for bit in (f"{byte:08b}" if byte is not None else "." * 8)]
    return "".join(_fitting("".join(bits[at : at + 6])) for at in range(0, len(bits), 6))


@functools.cache
def _fitting(want: str) -> str:
    """Return the class of the letters whose first bits are those wanted, `.` for any."""
    if "." not in want and len(want) == 6:
        return _class([_ALPHABET[int(want, 2)]])
    pattern = re.compile(want)
    return _class([letter for number, letter in enumerate(_ALPHABET) if pattern.match(f"{number:06b}")])


def _class(letters: list[str]) -> str:
    if len(letters) == 1 and letters[0] not in "+/":
        return letters[0]
    if len(letters) == len(_ALPHABET):
        return "[A-Za-z0-9+/_-]"
    both = letters + [{"+": "-", "/": "_"}[letter] for letter in letters if letter in "+/"]
    return f"[{''.join(sorted(both)).replace('-', '')}{'-' if '-' in both else ''}]"


def hex_forms() -> Iterator[str]:
    """Yield a regular expression for the digits each kind begins with in hexadecimal, lower case."""
    for kind in KINDS:
        for start in kind.starts:
            if sum(byte is not None for byte in _bytes_of(start)) >= _LEAST:
                yield start.replace(".", "[0-9a-f]")
