"""Put figures and names into words, the same in every report.

Promise: what comes out of `clip` is printable, on one line and no longer than asked, whatever a file is called.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

__all__ = ["DASH", "brief", "cell", "clip", "duration", "moment", "number", "pairs", "plural", "rate", "share", "size"]

DASH = "\N{EN DASH}"  # stands where there is no figure
_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


def number(count: int) -> str:
    """Write a count with separators.

    >>> number(1204331)
    '1,204,331'
    """
    return f"{count:,}"


def brief(count: int) -> str:
    """Write a count in nine characters at most, up to 9,999,999 exactly, for a narrow column.

    >>> brief(9_999_999), brief(12_345_678), brief(5_000_050_000)
    ('9,999,999', '12.3 M', '5,000 M')
    """
    if count < 10**7:
        return f"{count:,}"
    return f"{count / 1e6:,.{1 if count < 10**9 else 0}f} M"


def plural(count: int, noun: str) -> str:
    """Write a count and its noun.

    >>> plural(1, "file"), plural(2000, "file"), plural(2, "entity")
    ('1 file', '2,000 files', '2 entities')
    """
    if count == 1:
        return f"1 {noun}"
    return f"{count:,} {noun[:-1]}ies" if noun.endswith("y") else f"{count:,} {noun}s"


def size(count: int) -> str:
    """Write bytes in decimal units, three figures.

    >>> size(999), size(4_210_000_000), size(123_456)
    ('999 B', '4.21 GB', '123 kB')
    """
    value, unit = float(count), 0
    # 999.5 would be written as 1,000 of its unit
    while value >= (1000 if unit == 0 else 999.5) and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    places = 0 if unit == 0 or value >= 99.95 else 1 if value >= 9.995 else 2
    return f"{value:,.{places}f} {_UNITS[unit]}"


def duration(seconds: float) -> str:
    """Write a time in the two units that matter.

    >>> duration(0.031), duration(31.24), duration(125), duration(7265)
    ('0.03 s', '31.2 s', '2 min 5 s', '2 h 1 min')
    """
    if seconds < 59.95:
        return f"{seconds:.2f} s" if seconds < 1 else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours:,} h {minutes} min"


def moment(text: str) -> str:
    """Write an ISO 8601 time for people, to the minute; what is not one stays as it is.

    >>> moment("2026-11-21T10:03:44Z"), moment("today")
    ('2026-11-21 10:03 UTC', 'today')
    """
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return text
    zone = "" if when.tzinfo is None else f" {when.tzname()}"
    return f"{when:%Y-%m-%d %H:%M}{zone}"


def rate(count: int, seconds: float) -> str:
    """Write bytes over seconds as MB/s (10**6 bytes); a dash where no time was taken.

    >>> rate(4_210_000_000, 31.2), rate(5, 1.0), rate(5, 0.0) == DASH
    ('135 MB/s', '<0.1 MB/s', True)
    """
    if seconds <= 0:
        return DASH
    value = count / 1e6 / seconds
    return "<0.1 MB/s" if value < 0.1 else f"{value:,.{0 if value >= 99.5 else 1}f} MB/s"


def share(count: int, total: int) -> str:
    """Write a part of a whole; what is not nothing is never written as nothing, nor a part as the whole.

    >>> share(1, 3), share(1, 10**6), share(999_999, 10**6), share(0, 5), share(5, 5)
    ('33.3 %', '<0.1 %', '>99.9 %', '0 %', '100 %')
    """
    if count <= 0 or total <= 0:
        return "0 %"
    if count >= total:
        return "100 %"
    part = 100 * count / total
    return "<0.1 %" if part < 0.1 else ">99.9 %" if part > 99.9 else f"{part:.1f} %"


def cell(value: str | float | None, kind: str) -> str:
    """Write a cell of a section's table: a count with separators, a share in per cent, a dash for nothing.

    >>> cell(1204, "count"), cell(0.125, "share"), cell(None, "text") == DASH, cell("web", "name")
    ('1,204', '12.5 %', True, 'web')
    """
    if value is None:
        return DASH
    if isinstance(value, str):
        return value
    if kind == "share":
        return share(round(value * 10**9), 10**9)
    return f"{value:,}" if isinstance(value, int) else f"{value:,.4g}"


def clip(text: str, limit: int = 80, *, ascii_only: bool = False) -> str:
    r"""Make a hostile name harmless: unprintable characters spelled out, the middle of a long one left out.

    Control characters, bidirectional overrides, lone surrogates and line breaks are written as escapes, so that
    they can neither steer a terminal nor turn a line of a page around.

    >>> clip("a\x1b[31mb\u202e.jsonl")
    'a\\x1b[31mb\\u202e.jsonl'
    >>> clip("abcdefghij", 5)
    'abc…j'
    """
    longer = len(text) > 2 * limit
    if longer:  # a name of many megabytes costs no more than a long one
        text = text[:limit] + text[-limit:]
    shown = "".join(c if (c.isascii() or not ascii_only) and c.isprintable() else _spelled(c) for c in text)
    if not longer and len(shown) <= limit:
        return shown
    head = (limit * 2) // 3
    return f"{shown[:head]}{'~' if ascii_only else '…'}{shown[len(shown) - (limit - 1 - head) :]}"


def _spelled(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def pairs(values: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Flatten a dictionary into (dotted name, words), in its own order; empty values are left out.

    >>> pairs({"id": "web", "actions": {"JWT": "mask"}, "select": ["pii", "secret"], "deep": True, "none": None})
    [('id', 'web'), ('actions.JWT', 'mask'), ('select', 'pii, secret'), ('deep', 'yes')]
    """
    rows: list[tuple[str, str]] = []
    for key, value in values.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict):
            rows += pairs(value, f"{name}.")
        elif value not in (None, "", [], ()):
            rows.append((name, _words(value)))
    return rows


def _words(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(_words(item) for item in value)
    if isinstance(value, dict):
        return " ".join(f"{key}={_words(item)}" for key, item in value.items())
    return f"{value:,}" if isinstance(value, int) else str(value)
