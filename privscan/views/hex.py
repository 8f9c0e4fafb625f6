"""Text packed as hexadecimal digits."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from privscan.views import packed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from privscan.model import Leaf
    from privscan.views.view import View

NAME: Final = "hex"
# Twelve printable characters in a row: a digest has them once in a hundred thousand.
TRIGGERS: Final = (rb"(?:[2-7][0-9a-fA-F]){12}",)
_TEXT = re.compile(r"(?:[2-7][0-9a-fA-F]){12}")
_RUN = re.compile(r"[0-9a-fA-F]{24,}")


def likely(text: str) -> bool:
    """Say whether the digits of some printable characters stand in a row."""
    return len(text) >= 24 and _TEXT.search(text) is not None


def read(leaf: Leaf) -> Iterator[View]:
    """Yield the text inside every run of digits that holds some."""
    for found in _RUN.finditer(leaf.text):
        run = found[0]
        inside = _TEXT.search(run)
        if inside is None or run.isdecimal():  # digits alone are a number
            continue
        first = inside.start() % 2
        raw = bytes.fromhex(run[first : len(run) - (len(run) - first) % 2])
        yield from packed.views(leaf, raw, NAME, packed.Packed(first, 2, 1, None, found.start(), None))
