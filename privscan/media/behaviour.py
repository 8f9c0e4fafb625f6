"""Series of how somebody types or walks, by the names of their fields: keystroke timings, gait.

A list of numbers under a telling name is a series. Events with times of pressing and releasing, and columns named as
the public data sets of typing name theirs (`H.t`, `DD.t.i`), are told at low confidence: the names are all there is.
"""

from __future__ import annotations

import functools
import re
from collections import defaultdict
from typing import TYPE_CHECKING, Final

from privscan.media.seen import Seen
from privscan.model import Confidence

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["TRIGGERS", "look_record", "look_text", "named", "timed"]

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+")
_SERIES = re.compile(
    r"\b(?:key ?strokes?(?: dynamics| timings?| intervals?| times?| latenc(?:y|ies))?"
    r"|typing (?:rhythm|pattern|dynamics|cadence)"
    r"|(?:dwell|flight|hold|digraph|inter ?key)(?: times?| intervals?| ms| durations?| latenc(?:y|ies))"
    r"|gait(?: cycles?| signals?| series| pattern| accel\w*| data| sequence)?(?: [xyz])?"
    r"|mouse (?:dynamics|trajector(?:y|ies)|movements?))$"
)
TRIGGERS: Final = (
    rb"(?i:keystroke|key_stroke|typing[ _\x2d]?(?:rhythm|pattern|dynamics|cadence))",
    rb"(?i:mouse[ _\x2d]?(?:dynamics|trajector|movement))",
    rb"(?i:(?:dwell|flight|digraph|inter_?key)[ _\x2d]?(?:time|interval|ms|duration|latenc))",
    rb"(?i:[^a-z]gait[^a-z]|[^a-z]gait(?:Cycle|Signal|Series|Pattern|Accel|Data|Sequence))",
    rb"(?:press|down|release|up|dwell|flight|hold)(?:ed|d)?(?:_(?:time|ts|at|ms)|Time|Ts|At|Ms)[a-z_]{0,5}[\"\x1f]",
    rb"[\"\x1f](?:DD|UD|H)\.[A-Za-z]",
)
"""Hyperscan expressions for the names."""

_EVENT = re.compile(
    r"^(?:key )?(press|down|release|up|dwell|flight|hold)(?:ed|d)?(?: (?:time|ts|at|ms|timestamp))(?: ms)?$"
)
_COLUMN = re.compile(r"^(DD|UD|H)\.[A-Za-z]+(?:\.[A-Za-z]+)*$")
_NUMBERS = re.compile(r"\s*\[\s*-?\d[-+0-9.eE,\s]*\]\s*")
_LEAST, _EVENTS = 8, 4  # numbers of a series; events or columns of each kind


@functools.lru_cache(maxsize=4096)
def named(name: str) -> str:
    """Return the words of a field's name that say it holds such a series, "" for none.

    >>> named("keystrokeTimings"), named("dwell_times"), named("investigation")
    ('keystroke timings', 'dwell times', '')
    """
    found = _SERIES.search(_CAMEL.sub(" ", name).lower().strip())
    return found[0] if found else ""


def look_text(name: str, text: str) -> list[Seen]:
    """Return the series that a list of numbers, written out, is by its field's name; the whole leaf."""
    said = named(name)
    if not said or text.count(",") < _LEAST - 1 or not _NUMBERS.fullmatch(text):
        return []
    return [_seen(Confidence.MEDIUM, f"field:{said}", f"numbers:{text.count(',') + 1}", span=(0, len(text)))]


@functools.lru_cache(maxsize=4096)
def timed(name: str) -> tuple[str, str] | None:
    """Return what a field's name says is timed, ("event" or "column", which), None for nothing.

    >>> timed("press_ts"), timed("DD.t.i"), timed("uptime")
    (('event', 'press'), ('column', 'DD'), None)
    """
    if event := _EVENT.match(_CAMEL.sub(" ", name).lower().strip()):
        return "event", event[1]
    column = _COLUMN.match(name)
    return ("column", column[1]) if column else None


def look_record(numbers: Sequence[tuple[int, str]]) -> dict[int, Seen]:
    """Return by position what times of single keys there are among a record's numbers: (position, field's name)."""
    ways: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for position, name in numbers:
        if what := timed(name):
            ways[what[0]][what[1]].append(position)
    out: dict[int, Seen] = {}
    for kinds in ways.values():
        if len(kinds) >= 2 and all(len(places) >= _EVENTS for places in kinds.values()):
            count = sum(map(len, kinds.values()))
            found = _seen(Confidence.LOW, f"kinds:{'+'.join(sorted(kinds)).lower()}", f"numbers:{count}")
            out |= dict.fromkeys((place for places in kinds.values() for place in places), found)
    return out


def _seen(confidence: Confidence, *evidence: str, span: tuple[int, int] | None = None) -> Seen:
    start, end = span or (None, None)
    return Seen("BEHAVIORAL_BIOMETRIC", "biometric.behaviour", confidence, evidence, start, end)
