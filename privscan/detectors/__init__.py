"""Anything that turns leaves into matches. Gate, then detect.

A detector first says cheaply which rows of a block it must see, then looks exactly at their decoded leaves. Third-party
detectors come by the entry point group `privscan.detectors` (a callable taking `Settings`), used only when the policy
names them.
"""

from __future__ import annotations

from collections import Counter
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from privscan import views
from privscan.detectors.marks import Marks, Told
from privscan.errors import ConfigError, nearest
from privscan.longtext import LongText
from privscan.model import Match
from privscan.rules import shipped
from privscan.states import Watched

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from privscan.config import Settings
    from privscan.formats import Block
    from privscan.model import Leaf, Rule, Span


# Detectors that come along: module and class, which takes the settings. One that no rule of the run names (`detector`
# in the packs) is not loaded.
OWN = {
    "patterns": ("privscan.detectors.patterns", "Patterns"),
    "names": ("privscan.detectors.names", "Names"),
    "presidio": ("privscan.detectors.presidio", "Presidio"),
    "models": ("privscan.detectors.models", "Models"),
    "media": ("privscan.detectors.media", "Media"),
}
RULELESS = ("patterns", "presidio", "models")  # loaded whatever the rules


class Detector(Protocol):
    """What a detector is. Both calls may be made for any block, in any order, in any process."""

    def candidates(self, block: Block) -> Iterable[int] | Mapping[int, Sequence[int] | None]:
        """Return the rows of the block that `detect` must see.

        A mapping may add marks: the offsets in the block's only buffer round which anything can be found, so that the
        leaves elsewhere need not be decoded; None for the whole row.
        """

    def detect(self, leaves: Sequence[Leaf]) -> Mapping[int, Sequence[Match]]:
        """Return matches by position in `leaves`. Spans are code points of that leaf's text."""


def build(settings: Settings) -> tuple[Detector, ...]:
    """Make the detectors the policy names; ConfigError for one that nobody provides."""
    found: list[Detector] = []
    wanted_by = {*RULELESS, *(rule.detector for rule in settings.rules)}
    for name in settings.policy.detectors:
        if name in OWN:
            module, kind = OWN[name]
            if name in wanted_by:
                made = getattr(import_module(module), kind)
                found += (
                    [made(settings, rules) for rules in _packs(settings)] if name == "patterns" else [made(settings)]
                )
        else:
            found.append(_plugin(name, settings))
    if settings.policy.allow:
        from privscan.detectors.allow import Allowing

        # what is no text is on no list of allowed texts
        found = [
            detector if hasattr(detector, "measured") else Allowing(detector, settings.policy.allow)
            for detector in found
        ]
    if settings.require:
        from privscan.detectors.provenance import Provenance

        found.append(Provenance(settings))
    if found:
        from privscan.detectors.readings import Readings

        found.append(Readings(settings))
        if any(rule.requires for rule in settings.rules):
            from privscan.detectors.together import Together

            found.append(Together(settings))
        if any(rule.regions or "phone_national" in rule.validators for rule in settings.rules):
            from privscan.detectors.origin import Origins

            found.append(Origins(settings))
    return tuple(found)


def _packs(settings: Settings) -> list[tuple[Rule, ...]]:
    """Return the shipped rules of a run, and those of the user's packs apart where there are any.

    What is compiled of the first stays as it is while somebody writes the others.
    """
    known = shipped(settings.cache_dir)
    parts = [tuple(rule for rule in settings.rules if (rule.id in known) is own) for own in (True, False)]
    return [part for part in parts if part] or [()]


def _plugin(name: str, settings: Settings) -> Detector:
    from importlib.metadata import entry_points  # it and its look at what is installed take their time

    plugins = {point.name: point for point in entry_points(group="privscan.detectors")}
    if name not in plugins:
        known = {*OWN, *plugins}
        raise ConfigError(f'policy {settings.policy.id}: no detector is called "{name}"{nearest(name, known)}')
    try:
        made: Detector = plugins[name].load()(settings)
    except Exception as error:  # noqa: BLE001 - a plugin is anybody's code
        raise ConfigError(
            f'detector "{name}" does not load ({type(error).__name__}); install its package again'
        ) from None
    return made


def look(found_by: Iterable[Detector], leaves: Sequence[Leaf]) -> dict[int, list[Match]]:
    """Show leaves and their other readings to every detector; return matches by position, in the leaves' own spans."""
    if found_by == ():
        return {}  # nobody would look at the other readings
    kinds: set[type] = {leaf.text.__class__ for leaf in leaves}
    if LongText in kinds:
        from privscan.detectors import windows

        return windows.look(found_by, leaves, look)
    own = next((detector for detector in found_by if hasattr(detector, "shown")), None)
    shown = own.shown(leaves) if own is not None else leaves  # what is no text is read by its own detector alone
    seen = list(_views(found_by, shown))
    readings = [view.leaf._replace(asked=None) for _, view in seen]
    out: dict[int, list[Match]] = {}
    for detector in found_by:
        known: dict[int, set[tuple[Span, str]]] = {}
        first = leaves if detector is own else shown
        for place, matches in sorted(detector.detect([*first, *readings]).items()):
            if place < len(leaves):
                out.setdefault(place, []).extend(matches)
                continue
            position, view = seen[place - len(leaves)]
            if position not in known:
                known[position] = {(match.span, match.rule) for match in out.get(position, ())}
            for match in matches:
                span = view.back(match.span)
                if (span, match.rule) not in known[position]:
                    known[position].add((span, match.rule))
                    out.setdefault(position, []).append(moved(match, span, f"view:{view.name}"))
    for detector in found_by:
        settle = getattr(detector, "settle", None)  # one that judges what others found
        out = settle(leaves, out) if settle is not None else out
    return found_by.mark(leaves, out) if isinstance(found_by, Watched) else out


def _views(found_by: Iterable[Detector], leaves: Sequence[Leaf]) -> Iterator[tuple[int, views.View]]:
    """Yield (position, view) of all leaves; the gate of the readings, where there is one, says which to try."""
    for detector in found_by:
        if hasattr(detector, "views"):
            yield from detector.views(leaves)
            return
    budget = views.Budget()
    for position, leaf in enumerate(leaves):
        for view in views.of(leaf, budget):
            yield position, view


def gathered(found_by: Iterable[Detector], block: Block, leaves: list[Leaf], rows: Iterable[int]) -> list[Leaf]:
    """Return the leaves, lists of numbers as one leaf where a detector wants those of that name."""
    for detector in found_by:
        wanted = getattr(detector, "wanted", None)
        if wanted is not None:
            return block.gathered(leaves, rows, wanted)
    return leaves


def measured(found_by: Iterable[Detector]) -> Counter[str]:
    """Return what detectors measured since this was last asked, for the report."""
    told: Counter[str] = Counter()
    for detector in found_by:
        take = getattr(detector, "measured", None)
        if take is not None:
            told += take()
    return told


def moved(match: Match, span: Span, evidence: str = "") -> Match:
    """Return the match at another span."""
    return Match(
        span,
        match.rule,
        match.entity,
        match.confidence,
        match.score,
        match.severity,
        (*match.evidence, evidence) if evidence else match.evidence,
        match.state,
    )


class Wanted(NamedTuple):
    """What is wanted of a row: the leaves round some marks, None for all of them, and what gates ask of each."""

    marks: list[int] | None
    asked: dict[Any, frozenset[int] | None]


def wanted(found_by: Iterable[Detector], block: Block, rows: Iterable[int]) -> dict[int, Wanted]:
    """Ask every detector's gate: return the rows to look at.

    A gate that fails lets all rows through: `look` then finds out which record it fails on.
    """
    near: dict[int, list[int] | None] = {}
    told: list[Told] = []
    for detector in found_by:
        try:
            candidates = detector.candidates(block)
        except Exception:  # noqa: BLE001 - a detector is anybody's code
            candidates = rows
        if not hasattr(candidates, "items"):
            near.update(dict.fromkeys(candidates))
            continue
        if isinstance(candidates, Told):
            told.append(candidates)
        for row, marks in candidates.items():
            known = near.get(row, [])
            whole = marks is None or known is None or (isinstance(marks, Marks) and marks.whole)
            near[row] = None if whole else sorted({*known, *marks}) if known else list(marks)
    return {row: Wanted(marks, {gate.by: gate.asked(row) for gate in told}) for row, marks in near.items()}


def leaves(block: Block, rows: Sequence[int], wanted: Mapping[int, Wanted]) -> Iterator[Leaf]:
    """Yield the leaves of some rows that are wanted, each with what is asked of it."""
    marks = {row: near for row in rows if (near := wanted[row].marks) is not None}
    read = getattr(block, "stretched", block.leaves)  # a long line's long texts are not held
    for leaf in read(rows, marks):
        yield leaf._replace(asked=wanted[leaf.record - block.first].asked)
