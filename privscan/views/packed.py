"""Bytes written as letters, several bits each: what in them is text, and where it stands."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, NamedTuple

from privscan.views.view import View

if TYPE_CHECKING:
    from collections.abc import Iterator

    from privscan.model import Leaf
    from privscan.views.view import Offsets

LEAST = 12  # bytes of text worth a look
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_STRETCH = re.compile(rb"[\t\n\r -~]{15,}")  # of text among other bytes


class Packed(NamedTuple):
    """A map for text packed as `letters` characters for `octets` bytes, from character `first` of the packed form on.

    `places` leads from the packed form back to the text where line breaks were taken out of it, `offset` where none
    were. `sizes` are the running numbers of bytes before each character where they are not all one byte long.
    """

    first: int
    letters: int
    octets: int
    sizes: list[int] | None
    offset: int
    places: Offsets | None

    def back(self, start: int, end: int) -> tuple[int, int]:
        if self.sizes is not None:
            start, end = self.sizes[start], self.sizes[end]
        low = self.first + start * self.letters // self.octets
        high = self.first - (-end * self.letters // self.octets)
        if self.places is not None:
            low, high = self.places.back(low, high)
        return self.offset + low, self.offset + high


def views(leaf: Leaf, raw: bytes, name: str, packed: Packed) -> Iterator[View]:
    """Yield a view of the bytes if they are text, else of the stretches of text among them: mostly none."""
    for start, text in _texts(raw):
        sizes = None
        if not text.isascii():
            sizes = [0, *itertools.accumulate(len(character.encode()) for character in text)]
        first = packed.first + start * packed.letters // packed.octets
        # a stretch may begin between two letters' bytes: the map counts from a letter that begins a byte
        lead = start % packed.octets
        offsets = packed._replace(first=first, sizes=sizes)
        if lead:
            offsets = packed._replace(
                first=packed.first + (start - lead) * packed.letters // packed.octets,
                sizes=[lead + n for n in (sizes or range(len(text) + 1))],
            )
        low, high = offsets.back(0, len(text))
        yield View(leaf._replace(text=text), low, high, name, offsets)


def _texts(raw: bytes) -> Iterator[tuple[int, str]]:
    """Yield (offset, text): all of the bytes, or long stretches of ASCII among them."""
    if len(raw) < LEAST:
        return
    try:
        whole = raw.decode() if _CONTROL.search(raw) is None else None
    except UnicodeDecodeError:
        whole = None
    if whole is not None:
        yield 0, whole
        return
    for found in _STRETCH.finditer(raw):
        yield found.start(), found[0].decode("ascii")
