"""Percent-encoded text, as in addresses and forms (RFC 3986): `user%40host`, `token%3D...`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from privscan.views.respell import Change, respelled
from privscan.views.spelling import utf8

if TYPE_CHECKING:
    from collections.abc import Iterator

    from privscan.model import Leaf
    from privscan.views.view import View

NAME: Final = "percent"
# What is encoded in nearly every address (blanks, slashes) hides nothing by itself; small letters mean more in code.
TRIGGERS: Final = (
    rb"%[4-7][0-9A-F]",
    rb"%3[0-9AD]",
    rb"%2[2B]",
    rb"[0-9A-Za-z]%(?:3a|3d|2b|40)[0-9A-Za-z]",
)
_SIGN = re.compile("|".join(expression.decode() for expression in TRIGGERS))
_RUN = re.compile(r"(?:%[0-9A-Fa-f]{2})++")


def likely(text: str) -> bool:
    """Say whether something percent-encoded stands in a text that could hide a value."""
    return "%" in text and _SIGN.search(text) is not None


def read(leaf: Leaf) -> Iterator[View]:
    """Yield the text with its percent-encoded bytes read as UTF-8."""
    yield from respelled(leaf, _changes(leaf.text), NAME)


def _changes(text: str) -> Iterator[Change]:
    for found in _RUN.finditer(text):
        yield from utf8(found.start(), bytes.fromhex(found[0].replace("%", "")), 3)
