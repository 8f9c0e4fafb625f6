"""The duplicates of an earlier run: its families, and why one record went or stayed. No text of a record is shown."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from privscan import alike, formats, jsontext, manifest, rows
from privscan.errors import InputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Family", "families", "family"]

_MEMBERS = 50
_HELD = 1 << 20
_FILE = "duplicates.jsonl"

Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Family:
    """A record that stays and what is like it.

    `asked` is the record asked for, `own` its row of the duplicates file, None when it is the one that stays; `kept`
    that one, of a reference set if `against`. `members` are rows of the file, the first fifty of `count`; `difference`
    tells by shape how the text asked for differs from the one that stays, "" where it does not or cannot be had.
    `passages` are the rows of what was removed from the record asked for, the first fifty of `removed`.
    """

    asked: Place
    own: dict[str, Any] | None
    kept: Place
    against: bool
    members: tuple[dict[str, Any], ...]
    count: int
    difference: str
    passages: tuple[dict[str, Any], ...] = ()
    removed: int = 0


def families(run: str, limit: int) -> tuple[list[tuple[Place, int]], int]:
    """Return the (record that stays, copies) of the largest families, largest first, and how many there are.

    UsageError for a run without duplicates or whose file was changed. Beyond a million families at a time, those of one
    copy are forgotten, and the number is the least there are.
    """
    rows.check(run, _FILE)
    counts: Counter[Place] = Counter()
    forgotten = 0
    for row in _records(run):
        counts[(row["kept_uri"], row["kept_record"])] += 1
        if len(counts) > _HELD:
            once = [place for place, count in counts.items() if count == 1]
            forgotten += len(once)
            for place in once:
                del counts[place]
    largest = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))[:limit]
    return largest, len(counts) + forgotten


def family(run: str, wanted: str, *, moved: str | None = None) -> Family:
    """Return the family of a record, given as FILE:ROW, or ROW where the run read one file.

    UsageError for a record that has no copy, or when that cannot be said.
    """
    found = rows.check(run, _FILE)
    asked = _place(found, wanted)
    own = next((row for row in _records(run) if (row["uri"], row["record"]) == asked), None)
    kept = (own["kept_uri"], own["kept_record"]) if own else asked
    against = bool(own and own.get("against"))
    members, passages = _Some(), _Some()
    for row in _rows(run):
        if "field" in row:
            passages.add(row, (row["uri"], row["record"]) == asked)
        else:
            members.add(row, (row["kept_uri"], row["kept_record"]) == kept and bool(row.get("against")) == against)
    if not members.count and not passages.count:
        raise UsageError(f"{wanted}: has no copy in this run; records with one stand in {os.path.join(run, _FILE)}")
    alone = own is None or own["method"] == "exact" or against
    difference = "" if alone else _difference(found, kept, asked, moved)
    some = tuple(members.rows), members.count, difference, tuple(passages.rows), passages.count
    return Family(asked, own, kept, against, *some)


@dataclass(slots=True)
class _Some:
    """The first few rows of many, and how many they are."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    count: int = 0

    def add(self, row: dict[str, Any], wanted: bool) -> None:  # noqa: FBT001 - reads as "add, if wanted"
        self.count += wanted
        if wanted and len(self.rows) < _MEMBERS:
            self.rows.append(row)


def _records(run: str) -> Iterator[dict[str, Any]]:
    """Yield the rows that tell of whole records, not of passages in them."""
    return (row for row in _rows(run) if "field" not in row)


def _rows(run: str) -> Iterator[dict[str, Any]]:
    path = os.path.join(run, _FILE)
    try:
        with open(path, "rb") as file:
            for number, line in enumerate(file):
                row = jsontext.parse(line)
                if (
                    not isinstance(row, dict)
                    or not {"uri", "record", "kept_uri", "kept_record", "method"} <= row.keys()
                ):
                    raise InputError(f"{path}: line {number} is no row of a run; the file was changed")
                yield row
    except FileNotFoundError:
        raise UsageError(f"{path}: is missing; give the run folder of `clean` or `dedup`") from None
    except ValueError:
        raise InputError(f"{path}: holds a line that is no JSON; the file was changed") from None


def _place(found: dict[str, Any], wanted: str) -> Place:
    """Return file and row of what was asked for."""
    uri, _, number = wanted.rpartition(":")
    names = [entry["uri"] for entry in found["inputs"]]
    if not (number.isascii() and number.isdigit()):
        raise UsageError(f'"{wanted[:80]}": give a record as FILE:ROW, or ROW where the run read one file')
    if not uri and len(names) != 1:
        raise UsageError(
            f"{wanted}: this run read {len(names)} files; give FILE:ROW, as {(names or ['a.jsonl'])[0]}:{number}"
        )
    if uri and uri not in names:
        raise UsageError(f"{uri}: is no file of this run; names are those in its manifest.json")
    return uri or names[0], int(number)


def _difference(found: dict[str, Any], kept: Place, asked: Place, moved: str | None) -> str:
    """Read both texts again and tell how they differ; "" when an input is not what it was."""
    settings = found["settings"]
    chat = settings.get("dedup_options", {}).get("chat", "dialogue")
    texts = []
    for uri, record in (kept, asked):
        path = manifest.place(found, uri, moved)
        if not manifest.unchanged(found, uri, path):
            return ""
        kind = formats.named(formats.name_of(uri) or "jsonl")
        try:
            shards = kind.plan(path, uri, 0, settings["split"])
        except (OSError, InputError):
            return ""
        text = alike.texts_of(shards, [record], settings["dedup_field"], chat).get(record)
        if text is None:
            return ""
        texts.append(text)
    return alike.difference(*texts)
