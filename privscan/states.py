"""Which findings do not count: those a baseline knows, and those somebody has excused in writing.

Promise: a state changes the verdict, and for an excused finding what is done to it, but hides nothing: every finding
stands in the reports under its state, and excuses that are expired or excuse nothing are named.
"""

from __future__ import annotations

import bisect
import fnmatch
import hashlib
import json
import re
from array import array
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from privscan.errors import ConfigError, UsageError, nearest
from privscan.model import State, Suppression

if TYPE_CHECKING:
    import datetime
    from collections.abc import Callable, Iterable, Sequence

    from privscan.detectors import Detector
    from privscan.model import Leaf, Match

__all__ = ["SCHEMA", "Known", "Watched", "excused_by", "known", "read", "told"]

SCHEMA = "privscan/baseline/1"
_KEYS = ("rule", "fingerprint", "location", "field", "reason", "expires")
_SELECTORS = _KEYS[:4]
_MARK = "suppressed:"


@dataclass(frozen=True, slots=True)
class Known:
    """The fingerprints of a baseline: the first 64 bits of each, sorted."""

    path: str
    sha256: str
    prints: array[int] = field(repr=False)

    def __contains__(self, fingerprint: bytes) -> bool:
        wanted = int.from_bytes(fingerprint[:8], "big")
        place = bisect.bisect_left(self.prints, wanted)
        return place < len(self.prints) and self.prints[place] == wanted


def known(path: str, key_check: str) -> Known:
    """Read a baseline. UsageError where it is none, was cut off, or was made with another key than `key_check` names.

    Fingerprints of another key never meet ours, so that every finding would count as new.
    """
    prints = array("Q")
    digest = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            head = _head(path, file.readline())
            if not key_check:
                raise UsageError(f"--baseline {path}: compares only with the key it was made with; give --key-file")
            if head.get("key_check") != key_check:
                raise UsageError(
                    f"--baseline {path}: was made with another key; give that one, or write a new baseline"
                )
            file.seek(0)
            for number, line in enumerate(file):
                digest.update(line)
                if number:
                    prints.append(int(json.loads(line)["fingerprint"][:16], 16))
    except OSError as error:
        raise UsageError(f"--baseline {path}: cannot be read ({error.strerror})") from None
    except (KeyError, TypeError, ValueError):
        raise UsageError(f"--baseline {path}: a line is none of a baseline's; write it anew") from None
    if head.get("fingerprints") != len(prints):
        raise UsageError(f"--baseline {path}: is not whole; write it anew")
    return Known(path, digest.hexdigest(), array("Q", sorted(prints)))


def _head(path: str, line: bytes) -> dict[str, Any]:
    try:
        head = json.loads(line)
    except ValueError:
        head = None
    if not isinstance(head, dict) or head.get("schema") != SCHEMA:
        raise UsageError(f"--baseline {path}: is no baseline; make one with: privscan scan ... --write-baseline FILE")
    return head


# ---------------------------------------------------------------- excuses


def read(tables: Any, where: str) -> tuple[Suppression, ...]:
    """Return the excuses that `[[suppress]]` tables state; ConfigError names the table and the key that is wrong."""
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ConfigError(f"{where}: suppress: must be tables, [[suppress]]")
    return tuple(_suppression(table, f"{where}: suppress {number}") for number, table in enumerate(tables, 1))


def _suppression(table: dict[str, Any], where: str) -> Suppression:
    import datetime

    for key in table:
        if key not in _KEYS:
            raise ConfigError(f'{where}: unknown key "{key}"{nearest(key, _KEYS)}')
    words = {key: table.get(key, "") for key in (*_SELECTORS, "reason")}
    for key, value in words.items():
        if not isinstance(value, str):
            raise ConfigError(f"{where}: {key}: must be a string")
    if not words["reason"].strip():
        raise ConfigError(f"{where}: reason: is missing; say why these findings are no cause for concern")
    if not any(words[key] for key in _SELECTORS):
        raise ConfigError(f"{where}: names nothing; give one or more of {', '.join(_SELECTORS)}")
    if words["fingerprint"] and not re.fullmatch(r"[0-9a-f]{32}", words["fingerprint"]):
        raise ConfigError(f"{where}: fingerprint: must be the 32 hex digits of a findings row")
    if words["field"] and not words["field"].startswith("/"):
        raise ConfigError(f'{where}: field: a JSON Pointer starts with "/"')
    expires = table.get("expires")
    if expires is not None and type(expires) is not datetime.date:
        raise ConfigError(f"{where}: expires: must be a date, such as 2027-01-31, without quotes")
    return Suppression(**words, expires=expires)


def excused_by(
    excuses: Iterable[tuple[int, Suppression]], uri: str, leaf: Leaf, match: Match, fingerprint: str
) -> int | None:
    """Return the number of the first excuse for a match, None where there is none. All it names must hold."""
    for number, entry in excuses:
        if entry.fingerprint and entry.fingerprint != fingerprint:
            continue
        if entry.rule and entry.rule != match.entity and not f"{match.rule}.".startswith(f"{entry.rule}."):
            continue
        if entry.location and not fnmatch.fnmatchcase(uri, entry.location):
            continue
        pointer = leaf.field.removesuffix("~key")
        if entry.field and not any(fnmatch.fnmatchcase(pointer, glob) for glob in (entry.field, f"{entry.field}/*")):
            continue
        return number
    return None


class Watched(tuple["Detector", ...]):  # noqa: SLOT001 - a tuple of any length cannot have slots
    """Detectors together with what is known and excused: `detectors.look` lets it set the states of what they find."""

    uri: str
    known: Known | None
    excuses: tuple[tuple[int, Suppression], ...]
    digest: Callable[[str, str], bytes]

    @classmethod
    def of(
        cls,
        found_by: Sequence[Detector],
        uri: str,
        known: Known | None,
        excuses: Sequence[Suppression],
        day: datetime.date,
        digest: Callable[[str, str], bytes],
    ) -> Watched:
        """Return detectors that look at one file; expired excuses excuse nothing from the `day` after."""
        made = cls(found_by)
        made.uri, made.known, made.digest = uri, known, digest
        made.excuses = tuple(
            (number, entry) for number, entry in enumerate(excuses) if entry.expires is None or entry.expires >= day
        )
        return made

    def mark(self, leaves: Sequence[Leaf], found: dict[int, list[Match]]) -> dict[int, list[Match]]:
        """Return the matches in the states they have here; placeholders stay placeholders."""
        return {place: [self._marked(leaves[place], match) for match in matches] for place, matches in found.items()}

    def _marked(self, leaf: Leaf, match: Match) -> Match:
        if match.state is not State.NEW:
            return match
        print_ = self.digest(match.entity, leaf.value(match.span))
        number = excused_by(self.excuses, self.uri, leaf, match, print_.hex()[:32])
        if number is not None:
            return replace(match, state=State.SUPPRESSED, evidence=(*match.evidence, f"{_MARK}{number}"))
        if self.known is not None and print_ in self.known:
            return replace(match, state=State.KNOWN)
        return match


def number_of(evidence: Sequence[str]) -> int:
    """Return which excuse a suppressed finding's evidence names."""
    return next((int(word.removeprefix(_MARK)) for word in evidence if word.startswith(_MARK)), -1)


def told(excuses: Sequence[Suppression], counts: dict[str, int], day: datetime.date) -> list[dict[str, Any]]:
    """Return what a report says of each excuse: what it names, why, until when, and what came of it."""
    out = []
    for number, entry in enumerate(excuses):
        expired = entry.expires is not None and entry.expires < day
        count = counts.get(str(number), 0)
        out.append(
            {key: value for key in _SELECTORS if (value := getattr(entry, key))}
            | {"reason": entry.reason}
            | ({"expires": entry.expires.isoformat()} if entry.expires else {})
            | {"state": "expired" if expired else "used" if count else "unused", "findings": count}
        )
    return out
