"""Rewrites a record so that a second scan of it finds nothing to remove.

What was rewritten is looked at again before it is written: a match that only the rewriting brought about (a neighbour
gone, a context word nearer) is added to the record's own, in the spans of the original, and the record rewritten anew.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from privscan import detectors, longtext, operators, resolve, views
from privscan.formats import Rewrite
from privscan.model import WHOLE, Action, Blob, LeafKind, Match, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from privscan.detectors import Detector
    from privscan.model import Edit, Leaf

ROUNDS = 6  # of looking again; a record still not clean then is quarantined
_SOCIAL = ("with:", "region:")  # evidence

# Rewrites of one record by the place of their leaves, with the edits they come of.
Draft = dict[int, tuple[Rewrite, list["Edit"]]]
# Something still found: the leaf's place, the match in the original's spans, and the edit it lies wholly inside of.
Residue = tuple[int, Match, Span | None]


@dataclass(slots=True)
class Record:
    """The leaves of one record in which something was found, by their place among the block's leaves.

    `plain` counts how often a span's own replacement was found: the next one tells less, the last is <ENTITY>.
    `company` are the other leaves, where a match counts for what one of them says; else None.
    """

    leaves: dict[int, tuple[Leaf, list[Match]]] = field(default_factory=dict)
    company: dict[int, Leaf] | None = None
    plain: Counter[tuple[int, Span]] = field(default_factory=Counter)

    def add(self, residue: Sequence[Residue]) -> None:
        """Take in what was still found."""
        self.plain.update({(position, inside) for position, _, inside in residue if inside is not None})
        for position, match, inside in residue:
            if inside is None:
                if self.company is not None and position in self.company:
                    self.leaves[position] = (self.company.pop(position), [])
                self.leaves[position][1].append(match)

    def beside(self, draft: Draft) -> dict[int, Leaf]:
        """Return the leaves that are shown with the rewritten ones, by position."""
        if self.company is None:
            return {}
        known = {position: leaf for position, (leaf, _) in self.leaves.items()} | self.company
        return {position: leaf._replace(asked=None) for position, leaf in known.items() if position not in draft}

    @property
    def social(self) -> bool:
        """Say whether a match counts for what stands in another leaf: a partner, the record's country."""
        return any(
            entry.startswith(_SOCIAL)
            for _, matches in self.leaves.values()
            for match in matches
            for entry in match.evidence
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of a record: its rewrites, or that it is dropped, or the reason why it cannot be cleaned."""

    rewrites: tuple[Rewrite, ...]
    dropped: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Redactor:
    """What rewriting needs: who looks again, what to do with a match, the operators, their key."""

    detectors: tuple[Detector, ...]
    action_of: Callable[[Match], Action]
    operators: dict[str, Any]
    key: bytes

    def rewritten(self, records: Sequence[Record]) -> list[Outcome]:
        """Return what becomes of each record, in order: rewrites that re-scan clean, a drop, or why neither."""
        out: list[Outcome | None] = [None] * len(records)
        left = list(range(len(records)))
        for _ in range(ROUNDS):
            drafts = [self.draft(records[number]) for number in left]
            residues = self.residues([draft or {} for draft in drafts], [records[number] for number in left])
            again = []
            for number, draft, residue in zip(left, drafts, residues, strict=True):
                if draft is None:
                    out[number] = Outcome((), dropped=True)
                elif not residue:
                    out[number] = Outcome(tuple(unique_keys([rewrite for rewrite, _ in draft.values()])))
                else:
                    records[number].add(residue)
                    again.append(number)
            left = again
            if not left:
                break
        stuck = Outcome((), reason="does not come clean: a detector finds its own replacement")
        return [outcome or stuck for outcome in out]

    def draft(self, record: Record) -> Draft | None:
        """Rewrite the leaves of a record once; None where the policy drops it."""
        rewrites: Draft = {}
        for position, (leaf, matches) in record.leaves.items():
            found = resolve.edits(matches, self.action_of)
            if any(edit.action.operator == "drop" for edit in found):
                return None
            if found:
                plain = {span: times for (place, span), times in record.plain.items() if place == position}
                rewrites[position] = (self.rewrite(leaf, found, plain), found)
        return rewrites

    def rewrite(self, leaf: Leaf, found: Sequence[Edit], plain: Mapping[Span, int]) -> Rewrite:
        """Apply the edits of one leaf."""
        if leaf.kind is LeafKind.NUMBER:
            return Rewrite(leaf, None, ())
        if leaf.kind is LeafKind.BINARY:
            return Rewrite(leaf, None if plain else self.remade(leaf, found[0]), ((*WHOLE, "\0"),))
        long = longtext.long(leaf.text) is not None  # what is packed as JSON is never one
        packed = not long and (
            views.json.likely(leaf.text) or any("view:" in "".join(m.evidence) for e in found for m in e.matches)
        )
        inner = list(views.of(leaf)) if packed else []
        spans = []
        for edit in found:
            entity = edit.matches[0].entity
            value = leaf.text[edit.span.start : edit.span.end]
            action = edit.action
            if edit.span in plain:
                action = Action("hash") if action.operator == "pseudonym" and plain[edit.span] == 1 else resolve.REPLACE
            made = None if edit.span in plain else self.remade(leaf, edit)
            new = operators.apply(self.operators, action, self.key, entity, value) if made is None else made
            spans.append((edit.span.start, edit.span.end, views.fitting(inner, edit.span, new)))
        return Rewrite(leaf, replaced(leaf.text, spans), spans)

    def remade(self, leaf: Leaf, edit: Edit) -> str | None:
        """Return the value as the detector that found it would have it, None where it has no such."""
        for detector in self.detectors:
            remake = getattr(detector, "remade", None)
            made = remake(leaf, edit, self.action_of) if remake is not None else None
            if made is not None:
                return str(made) if not isinstance(made, Blob) else made
        return None

    def residues(self, drafts: Sequence[Draft], records: Sequence[Record]) -> list[list[Residue]]:
        """Look again at the rewritten leaves of all records at once; return what is still found in each."""
        places = [(number, position) for number, draft in enumerate(drafts) for position in draft]
        places = [
            (number, position)
            for number, position in places
            if (text := drafts[number][position][0].text) or isinstance(text, Blob)
        ]
        leaves = [_redone(drafts[number][position][0]) for number, position in places]
        for number, record in enumerate(records):
            beside = record.beside(drafts[number])
            places += [(number, position) for position in beside]
            leaves += beside.values()
        out: list[list[Residue]] = [[] for _ in drafts]
        for place, matches in detectors.look(self.detectors, leaves).items():
            number, position = places[place]
            rewrite, found = drafts[number].get(position, (None, []))
            for match in matches:
                if self.action_of(match).operator != "keep":
                    span, inside = match.span, None
                    if rewrite is not None:
                        span, inside = original(match.span, rewrite.spans, [edit.span for edit in found])
                    out[number].append((position, detectors.moved(match, span), inside))
        return out


def _redone(rewrite: Rewrite) -> Leaf:
    return rewrite.leaf._replace(text="" if rewrite.text is None else rewrite.text, asked=None)


def replaced(text: str, spans: Sequence[tuple[int, int, str]]) -> str:
    """Return the text with spans rewritten, joined once."""
    if (long := longtext.long(text)) is not None:
        return long.edited(spans)  # type: ignore[return-value]
    out: list[str] = []
    at = 0
    for start, end, new in spans:
        out += (text[at:start], new)
        at = end
    out.append(text[at:])
    return "".join(out)


def original(span: Span, spans: Sequence[tuple[int, int, str]], edits: Sequence[Span]) -> tuple[Span, Span | None]:
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
    """Give numbers to keys of one object that would become the same: no value is lost when the record is parsed."""
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
