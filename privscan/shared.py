"""Pieces of patterns that have a name: `%{told}` in a rule's `pattern` or `trigger` stands for one.

A pack names its own under `[pieces]`, each of which may hold those before it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from privscan.errors import RuleError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# `told` opens a pattern whose value follows a telling name, is given to a name with one of the rule's keywords, or is
# all of its field. `told_or_bare` takes a value that stands free as well, where it is no digest and no UUID.
PIECES = {
    "told": r"""(?:\A(?=\S{1,4096}\s{0,8}\Z)|(?:-u|--user)\s["']?[^\s:]{1,80}:|"""
    r"""(?i:key|token|secret|pass(?!ed|ing|age|es)|pwd|bearer|credential|auth(?!or))"""
    r"""[^\r\n]{0,32}?(?:\r?\n[^\r\n]{0,24}?)?[\s"'`=:>({,/])""",
}
_BARE = (
    r"(?<!(?<!\\)\w)(?<![./+@#~-])"
    r"(?!(?:[0-9A-Fa-f]{32,128}|[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})(?!\w))"
)
PIECES["told_or_bare"] = f"(?:{PIECES['told']}|{_BARE})"
# a name with a keyword, which does not call its value an id or a digest; the sign of an assignment; or a call that
# opens an account: `AcmeClient("`
_GIVEN = (
    r"""|(?i:(?:%s)(?![\w.\x2d]{0,12}(?:ids?|hash|sha\d*|md5|commit|version|checksum|digest)(?![a-z])))"""
    r"""[\w.\x2d]{0,16}["'`\])]{0,2}\s{0,3}(?:=\s{0,3}["'`]?|(?:=>|:=?)\s{0,3}["'`])"""
    r"""|(?i:(?:%s)[._-]?(?:client|api|sdk|init(?:ialize)?|start|configure|connect|login|session|account|auth)?)"""
    r"""\(\s{0,3}["'`]|(?i:(?:%s)\s(?:login|auth|configure)\s))"""
)
_PIECE = re.compile(r"%\{([a-z][a-z_]*)\}")


def put_in(rows: Iterable[dict[str, Any]], own: Any, source: str) -> None:
    """Put the pieces into the rows of a pack; RuleError for one that is not known, or no text."""
    if not isinstance(own, dict) or not all(isinstance(text, str) for text in own.values()):
        raise RuleError(f"{source}: pieces: must be a table of name = pattern")
    pieces: dict[str, Any] = dict(PIECES)
    for name, text in own.items():
        pieces[name] = _whole(text, pieces, source)
    for row in rows:
        keywords = row.get("keywords")  # what is no list of words is told when the rule is read
        told = _told(keywords) if keywords and isinstance(keywords, list) else PIECES["told"]
        mine = pieces | {"told": told, "told_or_bare": f"(?:{told}|{_BARE})"}
        row |= {key: _whole(row[key], mine, source) for key in ("pattern", "trigger") if key in row}


def _told(keywords: Iterable[Any]) -> str:
    names = "|".join(re.sub(r"(?:\\[ -]|_)+", "[ _\\\\x2d]?", re.escape(str(word))) for word in keywords)
    return PIECES["told"][:-1] + _GIVEN % (names, names, names)


def _whole(text: Any, pieces: Mapping[str, Any], where: str) -> Any:
    if not isinstance(text, str):
        return text
    for name in _PIECE.findall(text):
        if name not in pieces:
            raise RuleError(f"{where}: the piece %{{{name}}} is unknown{nearest(name, pieces)}")
    return _PIECE.sub(lambda found: str(pieces[found[1]]), text)
