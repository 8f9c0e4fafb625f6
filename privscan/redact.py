"""Rewrites a record so that a second scan of it finds nothing to remove.

What was rewritten is looked at again before it is written: a match that only the rewriting brought about (a neighbour
gone, a context word nearer) is added to the record's own, in the spans of the original, and the record rewritten anew.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from privscan import detectors, operators, resolve, views
from privscan.formats import Rewrite
from privscan.model import Action, LeafKind, Match, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from privscan.detectors import Detector
    from privscan.model import Edit, Leaf

ROUNDS = 6  # of looking again; a record still not clean then is quarantined
PLAIN = Action("replace", (("template", "<{entity}>"),))


@dataclass(slots=True)
class Record:
    """The leaves of one record in which something was found, by their place among the block's leaves."""

    leaves: dict[int, tuple[Leaf, list[Match]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Redactor:
    """What rewriting needs: who looks again, what to do with a match, the operators, their key."""

    detectors: tuple[Detector, ...]
    action_of: Callable[[Match], Action]
    operators: dict[str, Any]
    key: bytes

    def rewritten(self, record: Record) -> tuple[list[Rewrite], bool, str]:
        """Return the rewrites of a record that re-scans clean, whether to drop it, and why it cannot be cleaned."""
        plain: set[tuple[int, Span]] = set()  # spans whose operator's output was itself found: told as <ENTITY>
        for _ in range(ROUNDS):
            rewrites: dict[int, tuple[Rewrite, list[Edit]]] = {}
            for position, (leaf, matches) in record.leaves.items():
                found = resolve.edits(matches, self.action_of)
                if any(edit.action.operator == "drop" for edit in found):
                    return [], True, ""
                if found:
                    rewrites[position] = (self.rewrite(leaf, found, {s for p, s in plain if p == position}), found)
            left = self.residue(rewrites)
            if not left:
                return unique_keys([rewrite for rewrite, _ in rewrites.values()]), False, ""
            for position, match, inside in left:
                if inside is not None:
                    plain.add((position, inside))
                else:
                    record.leaves[position][1].append(match)
        return [], False, "does not come clean: a detector finds its own replacement"

    def rewrite(self, leaf: Leaf, found: Sequence[Edit], plain: set[Span]) -> Rewrite:
        """Apply the edits of one leaf."""
        if leaf.kind is LeafKind.NUMBER:
            return Rewrite(leaf, None, ())
        inner = list(views.of(leaf))
        spans = []
        for edit in found:
            entity = edit.matches[0].entity
            value = leaf.text[edit.span.start : edit.span.end]
            action = edit.action
            if edit.span in plain:
                action = Action("hash") if action.operator == "pseudonym" else PLAIN
            new = operators.apply(self.operators, action, self.key, entity, value)
            spans.append((edit.span.start, edit.span.end, views.fitting(inner, edit.span, new)))
        return Rewrite(leaf, replaced(leaf.text, spans), spans)

    def residue(
        self, rewrites: Mapping[int, tuple[Rewrite, Sequence[Edit]]]
    ) -> list[tuple[int, Match, Span | None]]:
        """Look again at the rewritten leaves: yield what is still found, with its span in the original.

        The last of the three is the edit's span where the operator's own output is what was found.
        """
        positions = [position for position, (rewrite, _) in rewrites.items() if rewrite.text]
        leaves = [rewrites[position][0].leaf._replace(text=rewrites[position][0].text or "") for position in positions]
        again = detectors.look(self.detectors, leaves)
        left = []
        for place, matches in again.items():
            position = positions[place]
            rewrite, found = rewrites[position]
            for match in matches:
                if self.action_of(match).operator != "keep":
                    span, inside = original(match.span, rewrite.spans, [edit.span for edit in found])
                    left.append((position, detectors.moved(match, span), inside))
        return left


def replaced(text: str, spans: Sequence[tuple[int, int, str]]) -> str:
    """Return the text with spans rewritten, joined once."""
    out, at = [], 0
    for start, end, new in spans:
        out += (text[at:start], new)
        at = end
    out.append(text[at:])
    return "".join(out)


def original(
    span: Span, spans: Sequence[tuple[int, int, str]], edits: Sequence[Span]
) -> tuple[Span, Span | None]:
    """Map a span of the rewritten text back: the original span covering it, and the edit it lies wholly inside of."""
    shift = 0
    start = end = None
    for (old_start, old_end, new), edit in zip(spans, edits, strict=True):
        new_start, new_end = old_start + shift, old_start + shift + len(new)
        if new_start <= span.start and span.end <= new_end:
            return edit, edit
        if start is None and span.start < new_end:
            start = min(span.start - shift, old_start)
        if end is None and span.end <= new_end:
            end = span.end - shift if span.end <= new_start else old_end
        shift += len(new) - (old_end - old_start)
    start = span.start - shift if start is None else start
    end = span.end - shift if end is None else end
    return Span(start, max(end, start + 1)), None


def unique_keys(rewrites: list[Rewrite]) -> list[Rewrite]:
    """Number keys of one object that would become the same, so that no value is lost when the record is parsed."""
    seen: dict[tuple[str, str], int] = {}
    out = []
    for rewrite in rewrites:
        if rewrite.leaf.kind is LeafKind.KEY and rewrite.text is not None:
            name = (rewrite.leaf.field.rpartition("/")[0], rewrite.text)
            seen[name] = seen.get(name, 0) + 1
            if seen[name] > 1:
                text = f"{rewrite.text}_{seen[name]}"
                rewrite = Rewrite(rewrite.leaf, text, ((0, len(rewrite.leaf.text), text),))  # noqa: PLW2901
        out.append(rewrite)
    return out
