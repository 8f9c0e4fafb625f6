"""Pieces of patterns that have a name: `%{told}` in a rule's `pattern` or `trigger` stands for one.

A pack names its own under `[pieces]`, each of which may hold those before it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from privscan.errors import RuleError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# `told` opens a pattern whose value follows a telling name, or is all of its field.
PIECES = {
    "told": r"""(?:\A|(?i:key|token|secret|pass(?!ed|ing|age|es)|pwd|bearer|credential|auth(?!or))"""
    r"""[^\r\n]{0,32}?(?:\r?\n[^\r\n]{0,24}?)?[\s"'`=:>({,/])""",
}
_PIECE = re.compile(r"%\{([a-z][a-z_]*)\}")


def put_in(rows: Iterable[dict[str, Any]], own: Mapping[str, Any], source: str) -> None:
    """Put the pieces into the rows of a pack; RuleError for one that is not known."""
    pieces: dict[str, Any] = dict(PIECES)
    for name, text in own.items():
        pieces[name] = _whole(text, pieces, source)
    for row in rows:
        row |= {key: _whole(row[key], pieces, source) for key in ("pattern", "trigger") if key in row}


def _whole(text: Any, pieces: Mapping[str, Any], where: str) -> Any:
    if not isinstance(text, str):
        return text
    for name in _PIECE.findall(text):
        if name not in pieces:
            raise RuleError(f"{where}: the piece %{{{name}}} is unknown{nearest(name, pieces)}")
    return _PIECE.sub(lambda found: str(pieces[found[1]]), text)
