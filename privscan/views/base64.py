"""Text packed as base64 or base64url (RFC 4648), padded or not, in one line or in the lines of a mail."""

from __future__ import annotations

import binascii
import re
from typing import TYPE_CHECKING, Final

from privscan.views import packed
from privscan.views.view import Pieces

if TYPE_CHECKING:
    from collections.abc import Iterator

    from privscan.model import Leaf
    from privscan.views.view import View

NAME: Final = "base64"
# Four letters that stand for three characters of ASCII: which letters they can be is known, and words are not made so.
_FIRST, _SECOND, _THIRD, _FOURTH = (
    "[CDI-Za-f]",
    "[AC-HQS-Xgi-nwyz0-3]",
    "[ABEFIJMNQRUVYZcdghklopstwx014589]",
    r"[A-Za-z0-9+/_\x2d]",
)
_THREE = _FIRST + _SECOND + _THIRD + _FOURTH
TRIGGERS: Final = tuple(
    expression.encode()
    for expression in (
        # what begins with a capital letter or a digit is rare enough in prose to be looked for at next to no cost,
        # and stands somewhere in nearly everything that is packed
        f"[CDI-Z]{_SECOND}{_THIRD}{_FOURTH}(?:{_THREE}){{3}}",
        f"[0-3]{_THIRD}{_FOURTH}(?:{_THREE}){{3}}",
        f"ey[AIJ]{_FOURTH}(?:{_THREE}){{2}}",
    )
)
_TEXT = re.compile(f"(?:{_THREE}){{4}}")
_LETTER = r"[A-Za-z0-9+/_-]"
_RUN = re.compile(rf"(?:{_LETTER}{{56,}}\r?\n[ \t]{{0,8}})+{_LETTER}{{4,}}|{_LETTER}{{16,}}")
_BREAK = re.compile(r"\s+")
LEAST = 16  # letters
_KINDS = bytes(0x61 if chr(byte) in "+/_-" or (byte < 0x80 and chr(byte).isalnum()) else 0x20 for byte in range(256))
_LONG = b"a" * LEAST
_URL = str.maketrans("-_", "+/")


def likely(text: str) -> bool:
    """Say whether so many of its letters stand in a row."""
    return len(text) >= LEAST and _LONG in text.encode("utf-8", "replace").translate(_KINDS)


def read(leaf: Leaf) -> Iterator[View]:
    """Yield the text inside every run of letters that holds some."""
    for found in _RUN.finditer(leaf.text):
        run = found[0]
        places = None
        if "\n" in run:
            run, places = _joined(run)
        inside = _TEXT.search(run)
        if inside is None:
            continue
        first = inside.start() % 4
        letters = len(run) - first
        letters -= letters % 4 == 1
        body = run[first : first + letters].translate(_URL)
        raw = binascii.a2b_base64(body + "=" * (-letters % 4))
        yield from packed.views(leaf, raw, NAME, packed.Packed(first, 4, 3, None, found.start(), places))


def _joined(run: str) -> tuple[str, Pieces]:
    """Take the line breaks out of a run; return what is left and the way back."""
    pieces = Pieces([], [], [], [])
    parts: list[str] = []
    at = size = 0
    for gap in [*_BREAK.finditer(run), None]:
        end = gap.start() if gap else len(run)
        pieces.decoded.append(size)
        pieces.raw.append(at)
        pieces.strides.append(1)
        pieces.ends.append(end)
        parts.append(run[at:end])
        size += end - at
        at = gap.end() if gap else end
    return "".join(parts), pieces
