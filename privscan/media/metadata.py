"""What a picture's metadata tells, and the picture without it: one leaf file a container, one table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from privscan.media import exif, gif, jpeg, png, webp, words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from privscan.media.seen import Seen, Told

__all__ = ["look", "stripped"]

CONTAINERS: Final[dict[str, Any]] = {"jpeg": jpeg, "png": png, "webp": webp, "gif": gif}


def look(data: bytes, kind: str, info: Mapping[str, Any], told: Told) -> list[Seen]:
    """Return what the metadata of a picture of a kind tells.

    `info` is what Pillow read of it; it serves for the containers that have no leaf here.
    """
    found = _words(data, kind, info)
    told.update(f"metadata:{word}" for word in found)
    return words.seen(found)


def _words(data: bytes, kind: str, info: Mapping[str, Any]) -> frozenset[str]:
    container = CONTAINERS.get(kind)
    if container is not None:
        return frozenset().union(*(piece.words for piece in container.pieces(data)))
    if kind == "tiff":
        return exif.words_of(data) - {"thumbnail"}  # further pages are looked at as pictures
    return exif.words_of(_exif(info)) | words.of_xmp(_xmp(info))


def stripped(data: bytes, kind: str, info: Mapping[str, Any]) -> bytes | None:
    """Return the picture without what its metadata tells, its pixels' bytes untouched; None where that is not known."""
    container = CONTAINERS.get(kind)
    if container is not None:
        bare: bytes = container.stripped(data)
        return bare
    if kind == "tiff":
        return exif.blanked(data)
    out = data
    for block, fresh in ((_exif(info), exif.blanked), (_xmp(info), lambda packet: b" " * len(packet))):
        if block:
            if out.count(block) != 1:  # in pieces, or more than once
                return None
            out = out.replace(block, fresh(block))
    return out


def _exif(info: Mapping[str, Any]) -> bytes:
    block = info.get("exif")
    return block.removeprefix(b"Exif\0\0") if isinstance(block, bytes) else b""


def _xmp(info: Mapping[str, Any]) -> bytes:
    packet = info.get("xmp")
    return packet if isinstance(packet, bytes) else b""
