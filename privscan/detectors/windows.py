"""Looks at records with texts too long to be held: window by window, as if each text were seen whole.

What begins in a window's own part is the window's; it is shown as much on either side of that as counts for a match
(`reach`, which a detector has that may be shown a text so). A match that goes on to the end of what is shown is looked
at again in a wider window. A detector without a `reach` is shown every text whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from privscan import longtext
from privscan.longtext import Window
from privscan.model import Leaf, LeafKind, Match, Span
from privscan.states import Watched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from privscan.detectors import Detector
    from privscan.detectors.together import Together

    Look = Callable[[Iterable[Detector], Sequence[Leaf]], dict[int, list[Match]]]

LEAST = 1 << 14  # characters of either side that are shown at least: what is packed takes more room than it says
GROWTH = 4  # times as much is shown where a match goes on


def look(found_by: Iterable[Detector], leaves: Sequence[Leaf], look: Look) -> dict[int, list[Match]]:
    """Return matches by position, as `detectors.look`, which is `look`, does for texts that are held."""
    reaches = [getattr(detector, "reach", None) for detector in found_by]
    if None in reaches:
        return look(found_by, [held(leaf) for leaf in leaves])
    record = _Record(leaves, max([LEAST, *(reach for reach in reaches if reach is not None)]), look)
    together: Any = next((detector for detector in found_by if hasattr(detector, "beside")), None)
    if together is None:
        out = record.look(tuple(found_by))
    else:
        partners = _Partners(together)
        out = record.look([partners if detector is together else detector for detector in found_by])
        if partners.told:
            readings = [detector for detector in found_by if hasattr(detector, "views")]
            for position, matches in record.look([_Knowing(partners), *readings]).items():
                out.setdefault(position, []).extend(matches)
    return found_by.mark(leaves, out) if isinstance(found_by, Watched) else out


def held(leaf: Leaf) -> Leaf:
    """Return a leaf with its text held whole."""
    return leaf._replace(text=str(leaf.text)) if longtext.long(leaf.text) is not None else leaf


class Shown(NamedTuple):
    """What is shown at once: the leaves with the positions they have among the record's, -1 for company.

    `window` is that of a long text's only leaf.
    """

    leaves: list[Leaf]
    positions: list[int]
    window: Window | None

    def span(self, span: Span | None) -> Span:
        """Return a stretch in the spans of the text; the middle of what is shown for one of a reading."""
        if self.window is None:
            return span or Span(0, 0)
        middle = (self.window.start + self.window.end) // 2
        return (
            Span(middle, middle + 1) if span is None else Span(span.start + self.window.low, span.end + self.window.low)
        )

    def covers(self, position: int, span: Span) -> bool:
        """Say whether a stretch of the record is among what is shown."""
        if self.window is None:
            return position in self.positions
        return position == self.positions[0] and span.start < self.window.high and span.end > self.window.low


class _Record:
    """The leaves of a record, to be shown in turns."""

    def __init__(self, leaves: Sequence[Leaf], reach: int, look: Look) -> None:
        self._leaves, self._reach, self._look = leaves, reach, look
        self._long = [place for place, leaf in enumerate(leaves) if longtext.long(leaf.text) is not None]
        self._short = [place for place, leaf in enumerate(leaves) if longtext.long(leaf.text) is None]

    def look(self, found_by: Sequence[Any]) -> dict[int, list[Match]]:
        out: dict[int, list[Match]] = {}
        if self._short:
            shown = Shown([self._leaves[place] for place in self._short], self._short, None)
            found = self._seen(found_by, shown)
            out.update((self._short[place], matches) for place, matches in found.items())
        company = [leaf for one in found_by if hasattr(one, "company") for leaf in one.company(self._leaves)]
        for position in self._long:
            matches: list[Match] = []
            reached: dict[str, int] = {}  # of each rule, where its matches so far end
            for window in longtext.windows(self._leaves[position].text, 2 * self._reach):  # type: ignore[arg-type]
                for match in self._window(found_by, position, window, company, reached):
                    matches.append(match)
                    reached[match.rule] = max(match.span.end, reached.get(match.rule, 0))
            if matches:
                out[position] = matches
        return out

    def _window(
        self,
        found_by: Sequence[Any],
        position: int,
        window: Window,
        company: Sequence[Leaf],
        reached: Mapping[str, int],
    ) -> list[Match]:
        """Return the matches that are a window's own, in the spans of the text."""
        leaf = self._leaves[position]
        while True:
            text = leaf.text[window.low : window.high]
            shown = Shown([leaf._replace(text=text), *company], [position] + [-1] * len(company), window)
            found = [_moved(match, window.low) for match in self._seen(found_by, shown).get(0, ())]
            wider = self._wider(window, len(leaf.text), found, reached)
            if wider == window:
                return [
                    match
                    for match in found
                    if window.start <= match.span.start < window.end and match.span.end > reached.get(match.rule, 0)
                ]
            window = wider

    def _wider(self, window: Window, size: int, found: Sequence[Match], reached: Mapping[str, int]) -> Window:
        """Return a window with more on the side where a match of its own part goes on beyond what is shown.

        One that begins before that part is known already where the rule's matches so far reach into it.
        """
        low, start, end, high = window
        more = GROWTH * (high - low)
        before = low and any(
            m.span.start < low + self._reach and m.span.end > start >= reached.get(m.rule, 0) for m in found
        )
        behind = high < size and any(
            m.span.end > high - self._reach and max(start, reached.get(m.rule, 0)) <= m.span.start < end for m in found
        )
        return Window(max(low - more, 0) if before else low, start, end, min(high + more, size) if behind else high)

    def _seen(self, found_by: Sequence[Any], shown: Shown) -> Mapping[int, list[Match]]:
        bound: list[Any] = [_Bound(one, shown) if isinstance(one, _SEEING) else one for one in found_by]
        return self._look(bound, shown.leaves)


def _moved(match: Match, by: int) -> Match:
    from privscan.detectors import moved

    return moved(match, Span(match.span.start + by, match.span.end + by))


class _Partners:
    """What rules that ask for others of the record need to know of it: the first and the last match of each, by leaf.

    As a detector: finds nothing, and notes the partners in what is shown.
    """

    def __init__(self, together: Together) -> None:
        self.together = together
        self.told: dict[tuple[int, str], list[tuple[Span, str, Match]]] = {}

    def detect(self, leaves: Sequence[Leaf], shown: Shown) -> dict[int, list[Match]]:
        for place, match in self.together.partners(leaves):
            position = shown.positions[place] if place < len(shown.positions) else shown.positions[0]
            if position >= 0:
                span = shown.span(match.span if place < len(shown.positions) else None)
                known = self.told.setdefault((position, match.rule), [])
                known[1:] = [(span, leaves[place].field, match)]
        return {}

    def beyond(self, shown: Shown) -> list[tuple[str, Match]]:
        """Return the field and match of the partners that are not among what is shown."""
        return [
            (field, match)
            for (position, _), known in self.told.items()
            for span, field, match in known
            if not shown.covers(position, span)
        ]


class _Knowing:
    """The rules that ask for others, told of those that are not shown."""

    def __init__(self, partners: _Partners) -> None:
        self.partners = partners

    def detect(self, leaves: Sequence[Leaf], shown: Shown) -> dict[int, list[Match]]:
        together, beyond = self.partners.together, self.partners.beyond(shown)
        others = [Leaf(leaves[0].record, field, "", "", LeafKind.STRING, None) for field, _ in beyond]
        known = [(len(leaves) + number, match) for number, (_, match) in enumerate(beyond)]
        return together.beside([*leaves, *others], [*together.partners(leaves), *known])


class _Bound(NamedTuple):
    """One of these two before what is shown."""

    detector: _Partners | _Knowing
    what: Shown

    def detect(self, leaves: Sequence[Leaf]) -> dict[int, list[Match]]:
        return self.detector.detect(leaves, self.what)


_SEEING = (_Partners, _Knowing)
