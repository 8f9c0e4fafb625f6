"""Biometric records in their interchange formats, one leaf a family of formats.

A leaf's `MAGIC` names the bytes its records begin with, its `look` reads one to its end. Promises: every length is held
against the bytes there are, every field against its range, so that chance bytes are never taken for a record; no byte
is looked at twice; nothing is raised.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from privscan.media.templates import envelope, face, finger, iris, itl, minutiae, passport, wsq

if TYPE_CHECKING:
    from privscan.media.seen import Seen


class _Leaf(Protocol):
    """What every module of this package is."""

    @property
    def MAGIC(self) -> tuple[bytes, ...]: ...  # noqa: N802 - a module's constant

    def look(self, data: bytes | memoryview) -> list[Seen]: ...


__all__ = ["LEAVES", "MAGIC", "TRIGGERS", "look", "look_text"]

LEAVES: tuple[_Leaf, ...] = (minutiae, finger, face, iris, wsq, itl, passport, envelope)
MAGIC = tuple(magic for leaf in LEAVES for magic in leaf.MAGIC)
"""What any of the records may begin with. Some are one byte long: they say where to look, no more."""

_LONGEST = max(map(len, MAGIC))
_LEAF = {magic: leaf for leaf in LEAVES for magic in leaf.MAGIC}


TRIGGERS = (rb"standards\.iso\.org", rb"[^0-9.]1\.0{1,2}1:[0-9]{2,7}")
"""Hyperscan expressions: a text without one of them is no record."""
_AS_TEXT = ("1.01:", "1.001:", "<")


def look_text(text: str) -> list[Seen]:
    """Return the record that a text is, in a format that is written as text; the whole text."""
    if not text.lstrip().startswith(_AS_TEXT):
        return []
    found = look(text.strip().encode("utf-8", "replace"))
    return [replace(seen, start=0, end=len(text)) for seen in found]


def look(data: bytes | memoryview) -> list[Seen]:
    """Return the biometric records that `data` begins with; empty for anything else."""
    head = bytes(data[:_LONGEST])
    for size in range(len(head), 0, -1):
        leaf = _LEAF.get(head[:size])
        if leaf is not None:
            return leaf.look(data)
    return []
