"""What a report may tell of a finding: its place without its value, and a context with nothing telling left in it."""

from __future__ import annotations

import hashlib
import heapq
import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import orjson

from privscan import operators
from privscan.model import WHOLE, Leaf, LeafKind, Match

if TYPE_CHECKING:
    from collections.abc import Mapping

    from privscan.formats import Rewrite
    from privscan.redact import Record

SAMPLE_REACH = 48  # characters on either side of a sample's entity
_INDEX = re.compile(r"/\d+(?=/|$|~key$)")
_TELLING = re.compile(r"@\w+|(?![a-z]+(?!\w))\w+")  # handles; names have capitals or other scripts, numbers have digits
FIELDS = 1000  # distinct (field, entity) pairs that are counted by name
OTHER = "(other)"


def row(uri: str, leaf: Leaf, pointer: str, match: Match, key: bytes) -> dict[str, Any]:
    """Return the columns of `Finding` for a match, as the findings file holds them.

    `pointer` is the leaf's field as it may be shown.
    """
    start, end = match.span
    whole = leaf.kind is LeafKind.BINARY
    return {
        "id": _identity(uri, leaf.record, pointer, (start, end), match.rule),
        "uri": uri,
        "record": leaf.record,
        "field": pointer,
        "start": None if whole else start,
        "end": None if whole else end,
        "entity": match.entity,
        "rule": match.rule,
        "confidence": match.confidence.label,
        "score": match.score,
        "severity": match.severity.label,
        "evidence": match.evidence,
        "fingerprint": operators.digest(key, match.entity, leaf.value(match.span)).hex()[:32],
        "state": str(match.state),
    }


def _identity(uri: str, record: int, pointer: str, span: tuple[int, int], rule: str) -> str:
    place = f"{uri}\0{record}\0{pointer}\0{span[0]}\0{span[1]}\0{rule}"
    return hashlib.sha256(place.encode("utf-8", "backslashreplace")).hexdigest()[:12]


def elsewhere(columns: dict[str, Any], pointer: str) -> dict[str, Any]:
    """Return a row with its field told otherwise; the id of a finding goes with it."""
    made = columns | {"field": pointer}
    if "id" in made:
        span = WHOLE if made["start"] is None else (made["start"], made["end"])
        made["id"] = _identity(made["uri"], made["record"], pointer, span, made["rule"])
    return made


def line(columns: dict[str, Any]) -> bytes:
    """Return a findings row as a line of JSON; lone surrogates in a field's name are escaped."""
    try:
        return orjson.dumps(columns) + b"\n"
    except orjson.JSONEncodeError:
        return json.dumps(columns, separators=(",", ":")).encode("ascii") + b"\n"  # as orjson writes it


def general(pointer: str) -> str:
    """Return a field with `*` for every list index, as reports count it.

    >>> general("/messages/12/content")
    '/messages/*/content'
    """
    return _INDEX.sub("/*", pointer) if "/" in pointer[1:] else pointer


def fewest(fields: Counter[tuple[str, str]]) -> Counter[tuple[str, str]]:
    """Return counts of (field, entity) with no more than FIELDS pairs by name, the rest under OTHER.

    The shortest names stay: a schema's are shorter than those with data for keys. Which they are is the same however
    the counts were cut into parts, since what is not among the shortest of a part is not among those of the whole.
    """
    named = [name for name in fields if name[0] != OTHER]
    if len(named) <= FIELDS:
        return fields
    kept = heapq.nsmallest(FIELDS, named, key=lambda name: (len(name[0]), name))
    out = Counter({name: fields[name] for name in kept})
    for name in fields.keys() - out.keys():
        out[OTHER, name[1]] += fields[name]
    return out


def hidden_names(record: Record) -> dict[str, str]:
    """Return the object keys in which something was found: they may not stand in any field told about the record."""
    return {
        leaf.field.removesuffix("~key"): f"<{matches[0].entity}>"
        for leaf, matches in record.leaves.values()
        if leaf.kind is LeafKind.KEY and matches
    }


def shown(pointer: str, hidden: Mapping[str, str]) -> str:
    """Return a field's pointer with the segments that hold a value covered."""
    segments = pointer.split("/")
    out = list(segments)
    for depth in range(1, len(segments)):
        name = "/".join(segments[: depth + 1]).removesuffix("~key")
        if name in hidden:
            out[depth] = hidden[name] + ("~key" if segments[depth].endswith("~key") else "")
    return "/".join(out)


def blotted(rewrite: Rewrite, entity: str) -> str:
    """Return a stretch of the rewritten text round its first replacement of the entity, nothing telling left in it."""
    text = rewrite.text or ""
    at = max(text.find(f"<{entity}"), 0)
    stretch = text[max(at - SAMPLE_REACH, 0) : at + len(entity) + SAMPLE_REACH]
    pieces = re.split(r"(<[A-Z][A-Z0-9_]*(?::[0-9a-f]+)?>)", stretch)
    for place in range(0, len(pieces), 2):
        pieces[place] = blot(pieces[place])
    return " ".join("".join(pieces).split())


def blot(text: str) -> str:
    """Cover every word that is not plain small Latin letters: names, handles and numbers that no rule knows.

    >>> blot("ask Jo or @lights at 12")
    'ask ▒ or ▒ at ▒'
    """
    return _TELLING.sub("▒", text)
