"""HTML's character references: `&#64;`, `&#x40;`, `&commat;`."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Final

from privscan.views.respell import Change, respelled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from privscan.model import Leaf
    from privscan.views.view import View

NAME: Final = "html"
# Ampersands, angle brackets and blanks stand in every page and hide nothing by themselves.
TRIGGERS: Final = (
    rb"&#[0-9xX]",
    rb"&quot;",
    rb"&apos;",
    rb"&commat;",
    rb"&period;",
    rb"&colon;",
    rb"&equals;",
    rb"&lowbar;",
    rb"&hyphen;",
    rb"&sol;",
)
_REFERENCE = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][0-9A-Za-z]{1,24});")


def likely(text: str) -> bool:
    """Say whether a character reference stands in a text."""
    return "&" in text and _REFERENCE.search(text) is not None


def read(leaf: Leaf) -> Iterator[View]:
    """Yield the text with its references read; unknown ones stay."""
    yield from respelled(leaf, _changes(leaf.text), NAME)


def _changes(text: str) -> Iterator[Change]:
    for found in _REFERENCE.finditer(text):
        new = html.unescape(found[0])
        if new != found[0]:
            yield Change(found.start(), found.end(), new)
