"""Quoted-printable text, as mails are sent (RFC 2045): `=3D` for an equals sign, lines broken by a `=` at their end."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from privscan.views.respell import Change, respelled
from privscan.views.spelling import utf8

if TYPE_CHECKING:
    from collections.abc import Iterator

    from privscan.model import Leaf
    from privscan.views.view import View

NAME: Final = "quoted-printable"
TRIGGERS: Final = (rb"=3D", rb"=(?:\r?\n|\\r\\n|\\n)[0-9A-Za-z@._\x2d]")
_SIGN = re.compile(r"=3D|(?<=[!-~])=\r?\n(?=[0-9A-Za-z@._-])")
_RUN = re.compile(r"[0-9A-Za-z+/]*+\Z")
_LINE = 76  # characters of a line at most
_ENCODED = re.compile(r"((?:=[0-9A-F]{2})++)|=\r?\n")


def likely(text: str) -> bool:
    """Say whether an encoded equals sign or a word broken over two lines stands in a text."""
    return "=" in text and any(found[0] == "=3D" or not _padding(text, found.start()) for found in _SIGN.finditer(text))


def _padding(text: str, at: int) -> bool:
    """Say whether the equals sign at a place fills up base64: groups of four, of which words are not made."""
    if text[at - 1 : at] == "=":
        return True
    run = _RUN.search(text, max(at - _LINE, 0), at)
    value = run[0] if run else ""
    if len(value) < 7 or (len(value) + 1) % 4 or value.islower():
        return False
    return value[1:] != value[1:].lower() or any(map(str.isdigit, value))


def read(leaf: Leaf) -> Iterator[View]:
    """Yield the text with its lines joined and its bytes read as UTF-8."""
    yield from respelled(leaf, _changes(leaf.text), NAME)


def _changes(text: str) -> Iterator[Change]:
    for found in _ENCODED.finditer(text):
        if found[1]:
            yield from utf8(found.start(), bytes.fromhex(found[1].replace("=", "")), 3)
        elif not _padding(text, found.start()):
            yield Change(found.start(), found.end(), "")
