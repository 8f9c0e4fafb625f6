"""Escapes of programming languages: `\\u0041`, `\\U00000041`, `\\u{41}`, `\\x41`, and with them `\\n`, `\\"`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from privscan.views.respell import Change, respelled
from privscan.views.spelling import utf8

if TYPE_CHECKING:
    from collections.abc import Iterator

    from privscan.model import Leaf
    from privscan.views.view import View

NAME: Final = "escapes"
TRIGGERS: Final = (  # control characters hide nothing: those that print do
    rb"\\u00[2-7][0-9A-Fa-f]",
    rb"\\u\{[2-7][0-9A-Fa-f]\}",
    rb"\\U000000[2-7][0-9A-Fa-f]",
    rb"\\x[2-7][0-9A-Fa-f]",
)
_HIDES = re.compile(r"\\(?:u00[2-7]|u\{[2-7]|U000000[2-7]|x[2-7])[0-9A-Fa-f]")
_ESCAPE = re.compile(
    r"((?:\\x[0-9A-Fa-f]{2})++)"  # 1 bytes
    r"|\\u([dD][89abAB][0-9A-Fa-f]{2})\\u([dD][c-fC-F][0-9A-Fa-f]{2})"  # 2, 3 a pair of surrogates
    r"|\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|u\{([0-9A-Fa-f]{1,6})\})"  # 4, 5, 6 a character
    r"|\\(.)",  # 7
    re.DOTALL,
)
_SHORT = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "'": "'", "/": "/"}


def likely(text: str) -> bool:
    """Say whether a character that prints is written as an escape."""
    return "\\" in text and _HIDES.search(text) is not None


def read(leaf: Leaf) -> Iterator[View]:
    """Yield the text with its escapes read."""
    yield from respelled(leaf, _changes(leaf.text), NAME)


def _changes(text: str) -> Iterator[Change]:
    """Yield what each escape stands for; controls but for the short ones stay as they are written."""
    for found in _ESCAPE.finditer(text):
        start, end = found.span()
        if found[1]:
            yield from utf8(start, bytes.fromhex(found[1].replace("\\x", "")), 4)
        elif found[7]:
            new = _SHORT.get(found[7])
            if new:
                yield Change(start, end, new)
        else:
            code = _code(found)
            if code < 0x110000 and chr(code).isprintable():
                yield Change(start, end, chr(code))


def _code(found: re.Match[str]) -> int:
    if found[2]:
        return 0x10000 + ((int(found[2], 16) - 0xD800) << 10) + int(found[3], 16) - 0xDC00
    return int(found[4] or found[5] or found[6], 16)
