"""What each field of a tag tells, in the words of `privscan.media.words`: one table for all containers."""

from __future__ import annotations

import re
from typing import Final

from privscan.media import words

__all__ = ["of_comments", "of_field"]

_FIELDS: Final = {  # word: names of ID3 frames (2.2 and later), RIFF INFO, AIFF, Vorbis comments, APE
    "owner": """TP1 TP2 TP3 TP4 TCM TXT TOA TOL TEN TCR TPB WAR TPE1 TPE2 TPE3 TPE4 TCOM TEXT TOPE TOLY TOWN TENC TCOP
        TPUB WOAR TIPL TMCL IPLS IART IENG ICMS ITCH ICOP IOWN AUTH (C) ARTIST ALBUMARTIST AUTHOR PERFORMER COMPOSER
        LYRICIST CONDUCTOR CONTACT COPYRIGHT ORGANIZATION PUBLISHER SPEAKER NARRATOR ENGINEER PRODUCER ENCODED-BY
        ENCODEDBY EMAIL""",
    "title": "TT1 TT2 TT3 TAL TIT1 TIT2 TIT3 TALB INAM IPRD NAME TITLE ALBUM SUBTITLE",
    "comment": """COM ULT SLT TXX WXX COMM USLT SYLT TXXX WXXX PRIV GEOB ICMT ISBJ IKEY ANNO COMT APPL COMMENT
        DESCRIPTION LYRICS SUMMARY SYNOPSIS KEYWORDS""",
    "gps": "LOCATION GEO GEOLOCATION GPS LATITUDE LONGITUDE RECORDINGLOCATION ILOC",
    "time": "TDA TYE TIM TDRC TDRL TDEN TDTG TDOR TDAT TYER TIME ICRD IDIT DATE YEAR CREATION_TIME",
    "picture": "PIC APIC METADATA_BLOCK_PICTURE COVERART",
    "serial": "UFI UFID ISRC SERIAL SERIALNUMBER DEVICE MAKE MODEL DEVICEID",
}
_WORD: Final = {name: word for word, names in _FIELDS.items() for name in names.split()}
_PLACE: Final = re.compile(r"GEO|GPS|LATITUDE|LONGITUDE")
_MOST: Final = 4096  # comments of one recording that are read
_PROGRAM: Final = re.compile(
    rb"[\s\0]*(?:Lavf|Lavc|LAME|libsndfile|SoX|Processed by SoX|Audacity|Xiph|libvorbis|ffmpeg|iTunSMPB)",
    re.IGNORECASE,
)


def of_field(name: str, value: bytes) -> frozenset[str]:
    """Return the word for a field of a tag, none where it is empty, unknown, or a program's about itself."""
    text = value.strip(b"\0\x01\x02\x03\xff\xfe \t\r\n")
    word = _WORD.get(name) or ("gps" if _PLACE.search(name) else None)
    if not text or word is None or _PROGRAM.match(text) or words.is_mark(text):
        return frozenset()
    return frozenset({word})


def of_comments(block: bytes) -> tuple[frozenset[str], int]:
    """Read a block of Vorbis comments; return the words for them, and where the vendor's name ends."""
    vendor = 4 + int.from_bytes(block[:4], "little")
    count = int.from_bytes(block[vendor : vendor + 4], "little")
    found: set[str] = set()
    at = vendor + 4
    for _ in range(min(count, _MOST)):
        size = int.from_bytes(block[at : at + 4], "little")
        if at + 4 > len(block):
            break
        name, _, value = block[at + 4 : at + 4 + min(size, 1 << 16)].partition(b"=")
        found |= of_field(name.decode("ascii", "replace").upper().replace(" ", ""), value)
        at += 4 + size
    return frozenset(found), min(vendor, len(block))
