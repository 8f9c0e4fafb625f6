"""ANSI/NIST-ITL transactions in their traditional coding (.an2, .eft): what police forces exchange.

The first record says its length and which records follow; it must hold to that.
"""

from __future__ import annotations

import re
from collections import Counter

from privscan.media.seen import Seen
from privscan.model import Confidence

__all__ = ["MAGIC", "look"]

MAGIC = (b"1.01:", b"1.001:")

_FIELD, _GROUP, _RECORD, _UNIT = b"\x1d", b"\x1c", b"\x1e", b"\x1f"
_LENGTH = re.compile(rb"1\.0{1,8}1:(\d{1,7})\x1d1\.0{1,8}2:(0[2-9]\d\d)\x1d")
_CONTENT = re.compile(rb"1\.0{1,8}3:([0-9\x1e\x1f]{3,65536})[\x1d\x1c]")
_LONGEST = 1 << 17  # bytes of a first record: it lists at most a thousand others
_TYPES = {  # what record types hold, by the standard's table of record types
    "FINGERPRINT_IMAGE": (3, 4, 5, 6, 13, 14, 15, 19),  # prints of fingers, latent ones, palms, soles
    "FINGERPRINT_TEMPLATE": (9,),
    "FACE_TEMPLATE": (10,),
    "IRIS_IMAGE": (17,),
    "GENETIC_DATA": (18,),
    "VOICE": (11,),
}
_RULES = {
    "FINGERPRINT_IMAGE": "biometric.fingerprint.image",
    "FINGERPRINT_TEMPLATE": "biometric.fingerprint.template",
    "FACE_TEMPLATE": "biometric.face.template",
    "IRIS_IMAGE": "biometric.iris.image",
    "GENETIC_DATA": "biometric.genetic.profile",
    "VOICE": "biometric.voice",
}
_OTHER = "FINGERPRINT_TEMPLATE"  # only who was asked for, or 99: an exchange of the police all the same


def look(data: bytes | memoryview) -> list[Seen]:
    """Return what the transaction that `data` begins with holds, one for each kind of record."""
    head = bytes(data[:_LONGEST])
    begin = _LENGTH.match(head)
    content = _CONTENT.match(head, begin.end()) if begin else None
    if begin is None or content is None:
        return []
    length, version = int(begin[1]), begin[2].decode()
    if not content.end() <= length <= len(head) or head[length - 1 : length] != _GROUP:
        return []
    types = _types(content[1])
    if not types or not _goes_on(head[length : length + 16], types):
        return []
    return _seen(Counter(types), version, len(data))


def _types(content: bytes) -> list[int]:
    """Return the types of the records listed in field 1.03; empty where the list is none."""
    pairs = [pair.split(_UNIT) for pair in content.split(_RECORD)]
    if any(len(pair) != 2 or not all(part.isdigit() and len(part) <= 4 for part in pair) for pair in pairs):
        return []
    first, *rest = [(int(kind), int(number)) for kind, number in pairs]
    if first[0] != 1 or first[1] != len(rest):
        return []
    types = [kind for kind, _ in rest]
    return types if all(2 <= kind <= 99 for kind in types) else []


def _goes_on(behind: bytes, types: list[int]) -> bool:
    """Say whether the next record begins as its type does; records 3 to 8 are binary and begin with a length."""
    if not behind:
        return True
    if 3 <= types[0] <= 8:
        return len(behind) < 4 or int.from_bytes(behind[:4]) >= 18
    return re.match(rb"0?%d\.0{1,8}1:" % types[0], behind) is not None or len(behind) < 8


def _seen(types: Counter[int], version: str, size: int) -> list[Seen]:
    out = []
    for entity, numbers in _TYPES.items():
        there = [f"type-{number}:{types[number]}" for number in numbers if types[number]]
        if there:
            evidence = (f"ANSI/NIST-ITL {version}", *there, f"bytes:{size}")
            out.append(Seen(entity, _RULES[entity], Confidence.HIGH, evidence))
    if not out:
        evidence = (f"ANSI/NIST-ITL {version}", f"records:{types.total()}", f"bytes:{size}")
        out.append(Seen(_OTHER, _RULES[_OTHER], Confidence.MEDIUM, evidence))
    return out
