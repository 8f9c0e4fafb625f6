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
_SIGN = re.compile(r"=3D|[!-~]=\r?\n(?=[0-9A-Za-z@._-])")
_ENCODED = re.compile(r"((?:=[0-9A-F]{2})++)|=\r?\n")


def likely(text: str) -> bool:
    """Say whether an encoded equals sign or a word broken over two lines stands in a text."""
    return "=" in text and _SIGN.search(text) is not None


def read(leaf: Leaf) -> Iterator[View]:
    """Yield the text with its lines joined and its bytes read as UTF-8."""
    yield from respelled(leaf, _changes(leaf.text), NAME)


def _changes(text: str) -> Iterator[Change]:
    for found in _ENCODED.finditer(text):
        if found[1]:
            yield from utf8(found.start(), bytes.fromhex(found[1].replace("=", "")), 3)
        else:
            yield Change(found.start(), found.end(), "")
