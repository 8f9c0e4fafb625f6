"""What the tags of recordings tell, and the recording without them: one leaf file a container, one table.

A leaf has `told(data)`, the words for what its tags tell (`privscan.media.words`), and `stripped(data)`, the same
recording without them, the bytes of its sound untouched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from privscan.media import flac, frames, id3, riff, vorbis, words

if TYPE_CHECKING:
    from privscan.media.seen import Seen, Told

__all__ = ["look", "stripped"]

_CONTAINERS: Final[tuple[tuple[bytes, Any], ...]] = (
    (b"RIFF", riff),
    (b"RF64", riff),
    (b"FORM", riff),
    (b"fLaC", flac),
    (b"OggS", vorbis),
)


def look(data: bytes, told: Told | None = None) -> list[Seen]:
    """Return what the tags of a recording tell: a place, and all the rest together."""
    found = frozenset[str]().union(*(leaf.told(data) for leaf in _leaves(data)))
    if told is not None:
        told.update(f"metadata:{word}" for word in found)
    return words.seen(found)


def stripped(data: bytes) -> bytes:
    """Return the recording without its tags; the same bytes where it has none."""
    for leaf in _leaves(data):
        data = leaf.stripped(data)
    return data


def _leaves(data: bytes) -> list[Any]:
    """Return the leaves for a recording: ID3 stands in front of or behind others, too."""
    size = frames.tagged(data)
    inner = [leaf for magic, leaf in _CONTAINERS if data.startswith(magic, size)]
    return [id3, *inner] if size or not inner or inner == [flac] else inner
