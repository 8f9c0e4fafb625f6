"""People, places and organisations in running text, by a small tagger of our own.

Promises: what is found in a text depends on that text alone, not on its neighbours, its place in a file or the machine;
NumPy only, no network; memory does not grow with the length of a text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from privscan.detectors.names import fields, joined, link, network, sober, spans
from privscan.detectors.names.reader import Reader
from privscan.detectors.names.sober import PERSON
from privscan.detectors.names.spans import Name
from privscan.detectors.words import field_words
from privscan.model import Confidence, LeafKind, Match, Span
from privscan.validators import surrogate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from privscan.config import Settings
    from privscan.formats import Block
    from privscan.model import Leaf

SHORTEST = 2
SURE = 0.8  # chance of a name whose other mentions are looked for
LOW_LEAN = 1.5  # further lean of what is only told at low confidence


class Names:
    """The tagger as a detector."""

    def __init__(self, settings: Settings) -> None:
        rules = [rule for rule in settings.rules if rule.detector == "names"]
        self.rules = {spans.KINDS.index(rule.entity): rule for rule in rules}
        self.minimum = settings.min_confidence
        weights = network.load()
        extra = LOW_LEAN if settings.min_confidence is Confidence.LOW else 0.0
        self.reader = Reader(weights, [value + extra for value in weights.lean], self.rules)

    def candidates(self, block: Block) -> Sequence[int]:
        """Return every row: a name may stand anywhere."""
        return block.rows()

    def detect(self, leaves: Sequence[Leaf]) -> dict[int, list[Match]]:
        """Return names by position in `leaves`."""
        places: dict[str, list[int]] = {}
        for position, leaf in enumerate(leaves):
            if leaf.kind is LeafKind.STRING and len(leaf.text) >= SHORTEST:
                places.setdefault(leaf.text, []).append(position)
        found: dict[int, list[Match]] = {}
        people: dict[int, list[str]] = {}  # by record
        read = dict(self.reader.names(list({sober.neutral(text) for text in places})))
        for text, positions in places.items():
            ours = sober.kept(text, read[sober.neutral(text)])
            if PERSON in self.rules:
                ours += link.apart(joined.found(text), ours)
            for position in positions:
                here, evidence = self.of_field(leaves[position], ours)
                if here:
                    found[position] = [match for name in here if (match := self.match(name, evidence)) is not None]
                    people.setdefault(leaves[position].record, []).extend(
                        text[name.start : name.end] for name in here if name.kind == PERSON and name.chance >= SURE
                    )
        if PERSON in self.rules:
            self.link(leaves, places, people, found)
        return {position: matches for position, matches in found.items() if matches}

    def of_field(self, leaf: Leaf, names: Sequence[Name]) -> tuple[Sequence[Name], str]:
        """Return the names of a leaf: the whole value, with its evidence, where the field says that it holds one."""
        told = fields.holds_name(field_words(leaf.field))
        if told and fields.looks(leaf.text) and not surrogate.made(leaf.text):
            if told == "always" or fields.likely(leaf.text):
                return (Name(0, len(leaf.text), PERSON, SURE),), "field:name"
            if told == "maybe" and any(name.kind == PERSON for name in names):
                return (Name(0, len(leaf.text), PERSON, SURE),), "field:name"
        return names, ""

    def link(
        self,
        leaves: Sequence[Leaf],
        places: Mapping[str, Sequence[int]],
        people: Mapping[int, Sequence[str]],
        found: dict[int, list[Match]],
    ) -> None:
        """Add the other mentions of each record's people."""
        forms = {record: link.forms(names) for record, names in people.items() if names}
        for text, positions in places.items():
            for position in positions:
                wanted = forms.get(leaves[position].record)
                if wanted is None:
                    continue
                known = [
                    (match.span.start, match.span.end) for match in found.get(position, ()) if match.entity == "PERSON"
                ]
                for mention in link.fresh(link.mentions(text, *wanted), known):
                    if mention.kind == "name" and sober.nobody(text, mention.start, mention.end):
                        continue
                    match = self.match(Name(mention.start, mention.end, PERSON, SURE), f"linked:{mention.kind}")
                    if match is not None:
                        found.setdefault(position, []).append(match)

    def match(self, name: Name, evidence: str = "") -> Match | None:
        """Return a name as a match; None when its kind is not asked for or its confidence too low."""
        rule = self.rules.get(name.kind)
        if rule is None:
            return None
        return Match(
            Span(name.start, name.end),
            rule.id,
            rule.entity,
            rule.confidence,
            name.chance,
            rule.severity,
            (evidence or f"model:{name.chance:.2f}",),
        )
