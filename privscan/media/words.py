"""What metadata tells, in words: kinds of it that concern a person, never what it says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from privscan.media.seen import Seen
from privscan.model import Confidence

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["PERSON", "is_mark", "of_text", "of_xmp", "seen"]

PERSON: Final = frozenset({"owner", "people", "serial"})
"""Words of metadata that point at somebody; `gps` says where, the rest with what, when and how."""

_XMP: Final = (
    ("gps", re.compile(rb"GPSL(?:at|ong)itude")),
    ("people", re.compile(rb"mwg-rs:|MPReg:|MP:RegionInfo|PersonInImage|RegionList|apple-fi:")),
    (
        "owner",
        re.compile(rb"dc:creator|dc:rights|photoshop:Credit|AuthorsPosition|OwnerName|CreatorContactInfo|tiff:Artist"),
    ),
    ("serial", re.compile(rb"SerialNumber")),
    ("camera", re.compile(rb"tiff:(?:Make|Model)")),
    ("time", re.compile(rb"(?:CreateDate|DateCreated|DateTimeOriginal)")),
    ("comment", re.compile(rb"dc:(?:description|title|subject)")),
)
_MARK: Final = re.compile(
    rb"\s*(?:CREATOR: gd-jpeg|File written by Adobe|Created with (?:The )?GIMP|Optimized by JPEGmini|"
    rb"Compressed by jpeg-|"
    rb"LEAD Technologies|Intel\(R\) |AppleMark|Lav[cf]\d|LAVC|ImageMagick|Adobe |cmp3\.|JPEG Encoder|Exif_JPEG_PICTURE|"
    rb"OLYMPUS DIGITAL CAMERA|SONY DSC|x-default)[^@\n]{0,80}\Z",
    re.IGNORECASE,
)


def is_mark(text: bytes) -> bool:
    """Say whether a comment is nothing, or what a program leaves behind on its own account."""
    return not text.strip(b"\0 \t\r\n") or _MARK.match(text.rstrip(b"\0 \t\r\n")) is not None


def of_text(text: bytes, word: str = "comment") -> frozenset[str]:
    """Return the word for a piece of free text, none where a program wrote it about itself."""
    return frozenset() if is_mark(text) else frozenset({word})


def of_xmp(packet: bytes) -> frozenset[str]:
    """Return the words for an XMP packet; one without any of them still tells a history: `xmp`."""
    found = {word for word, pattern in _XMP if pattern.search(packet)}
    return frozenset(found or ({"xmp"} if packet.strip(b"\0 \t\r\n") else ()))


def seen(words: Iterable[str]) -> list[Seen]:
    """Return what metadata of these kinds is: a place, and all the rest together."""
    found = frozenset(words)
    out = []
    if "gps" in found:
        out.append(Seen("GPS_METADATA", "media.location", Confidence.HIGH, ("metadata:gps",)))
    rest = found - {"gps"}
    if rest:
        rule = "media.person" if rest & PERSON else "media.device"
        out.append(Seen("MEDIA_METADATA", rule, Confidence.HIGH, tuple(f"metadata:{word}" for word in sorted(rest))))
    return out
