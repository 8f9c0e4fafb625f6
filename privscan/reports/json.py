"""The report as JSON, for machines and for the run folder: `load(dump(report)) == report`.

Promise: plain ASCII, one row of a table a line, the same bytes for the same report however it was merged.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin, get_type_hints

from privscan.errors import InputError
from privscan.model import Confidence, Outcome, Report, Severity, State, Tally
from privscan.reports.wording import clip

if TYPE_CHECKING:
    from typing import TextIO

__all__ = ["COLUMNS", "SCHEMA", "dump", "load", "write"]

SCHEMA = 1

COLUMNS = {
    "outcomes": ("outcome",),
    "findings": ("entity", "rule", "confidence", "severity", "state"),
    "fields": ("field", "entity"),
    "files": ("uri", "entity"),
    "reasons": ("stage", "reason"),
    "methods": ("method",),
    "excuses": ("suppression",),
    "media": ("measure",),
    "topics": ("topic",),
}
"""The columns of each counter of `Tally`; every row has a `count` as well."""

_LATER = frozenset({"details", "excuses", "media", "topics"})
"""Members that reports of the first release do not have; they come back empty."""

_WORDS = {
    "outcome": {outcome.value for outcome in Outcome},
    "confidence": {level.label for level in Confidence},
    "severity": {level.label for level in Severity},
    "state": {state.value for state in State},
}


def dump(report: Report) -> bytes:
    """Return `report` as JSON; a tuple inside `settings`, `policy` or `samples` comes back from `load` as a list.

    Lone surrogates, as undecodable file names have them, are kept as escapes. Numbers must be finite (ValueError).
    """
    members = [("schema", str(SCHEMA))]
    for name, value in _members(report):
        members.append((name, _tally(value) if isinstance(value, Tally) else _table(_plain(value), "  ")))
    return (_object(members, "") + "\n").encode("ascii")


def load(data: bytes) -> Report:
    """Return the report that `dump` wrote. InputError says what is wrong with anything else, and where in it."""
    try:
        tree = json.loads(data)
    except (ValueError, RecursionError):
        raise InputError("this is not a report: it is not whole JSON; run again to make a new one") from None
    schema = tree.get("schema") if isinstance(tree, dict) else None
    if not isinstance(schema, int) or isinstance(schema, bool) or schema < 1:
        raise InputError("this is not a report: it has no schema version; name the report.json of a run folder")
    if schema > SCHEMA:
        raise InputError(
            f"this report was written by a newer privscan (schema {schema}, this one reads {SCHEMA}): update privscan"
        )
    report = _read(Report, tree, "report")
    assert isinstance(report, Report)
    return report


def write(report: Report, stream: TextIO) -> None:
    """Write `report` to a text stream."""
    stream.write(dump(report).decode("ascii"))


def _members(value: Any) -> list[tuple[str, Any]]:
    return [(member.name, getattr(value, member.name)) for member in fields(value)]


def _plain(value: Any) -> Any:
    """Turn the tuples of dataclasses a report holds into lists of dictionaries; the rest is JSON already."""
    if isinstance(value, tuple):
        return [dict(_members(item)) if is_dataclass(item) else item for item in value]
    return value


def _tally(tally: Tally) -> str:
    members = []
    for name, value in _members(tally):
        table = _rows(name, value) if isinstance(value, Counter) else value
        members.append((name, _table(table, "    ")))
    return _object(members, "  ")


def _rows(name: str, counter: Counter[Any]) -> list[dict[str, Any]]:
    keyed = sorted(((key,) if isinstance(key, str) else key, count) for key, count in counter.items())
    return [dict(zip((*COLUMNS[name], "count"), (*key, count), strict=True)) for key, count in keyed]


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=True, allow_nan=False)


def _object(members: list[tuple[str, str]], indent: str) -> str:
    lines = ",\n".join(f"{indent}  {_line(name)}: {text}" for name, text in members)
    return f"{{\n{lines}\n{indent}}}"


def _table(value: Any, indent: str) -> str:
    """Lay a list out with one row a line; anything else stays on the line it is on."""
    if not isinstance(value, list) or not value:
        return _line(value)
    rows = ",\n".join(f"{indent}  {_line(row)}" for row in value)
    return f"[\n{rows}\n{indent}]"


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def _read(kind: Any, value: Any, where: str) -> Any:
    """Check `value` against a type of the model and build it; the dataclasses are the schema."""
    origin, args = get_origin(kind), get_args(kind)
    if kind is Any:
        return value
    if is_dataclass(kind):
        return _read_dataclass(kind, value, where)
    if origin in (Union, UnionType):
        return None if value is None and NoneType in args else _read(args[0], value, where)
    if origin is tuple and isinstance(value, list):
        return tuple(_read(args[0], item, f"{where}[{index}]") for index, item in enumerate(value))
    if origin is dict and isinstance(value, dict):
        return {key: _read(args[1], item, f"{where}.{key}") for key, item in value.items()}
    if kind is float and type(value) in (int, float):
        return value
    if kind in (str, int, bool) and type(value) is kind:
        return value
    raise _wrong(where)


def _read_dataclass(kind: Any, value: Any, where: str) -> Any:
    if not isinstance(value, dict):
        raise _wrong(where)
    built = {}
    for name, hint in _hints(kind).items():
        if name not in value:
            if name in _LATER:
                continue
            raise _wrong(f"{where}.{name}")
        if get_origin(hint) is Counter:
            built[name] = _read_counter(COLUMNS[name], value[name], f"{where}.{name}")
        else:
            built[name] = _read(hint, value[name], f"{where}.{name}")
    return kind(**built)


def _read_counter(columns: tuple[str, ...], rows: Any, where: str) -> Counter[Any]:
    if not isinstance(rows, list):
        raise _wrong(where)
    counter: Counter[Any] = Counter()
    for index, row in enumerate(rows):
        if not (isinstance(row, dict) and type(row.get("count")) is int and all(_fits(row, name) for name in columns)):
            raise _wrong(f"{where}[{index}]")
        key = tuple(row[name] for name in columns)
        counter[key if len(columns) > 1 else key[0]] += row["count"]
    return counter


def _fits(row: dict[str, Any], column: str) -> bool:
    cell = row.get(column)
    return isinstance(cell, str) and cell in _WORDS.get(column, (cell,))


def _wrong(where: str) -> InputError:
    return InputError(f"this report is damaged at {clip(where)}; run again to make a new one")
