"""Records without the marks they must bear: a licence, a source, a consent; or with one that is not allowed.

What is missing is told at the record's first leaf, as an empty span; what is not allowed, at its value. Every record
is read whole when this is asked for, which takes its time.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from privscan.model import Confidence, LeafKind, Match, Severity, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from privscan.config import Settings
    from privscan.formats import Block
    from privscan.model import Leaf

__all__ = ["Provenance"]

ENTITY = "PROVENANCE"


class Provenance:
    """Looks for the fields `require` names, each with the values that are allowed in it (none named: any but none)."""

    def __init__(self, settings: Settings) -> None:
        self.require = {field: frozenset(values) for field, values in settings.require}

    def candidates(self, block: Block) -> Iterable[int]:
        """Return every row: only the whole of a record tells what it lacks."""
        return list(block.rows())

    def detect(self, leaves: Sequence[Leaf]) -> Mapping[int, Sequence[Match]]:
        """Return matches by position in `leaves`, at most one a field and record."""
        out: dict[int, list[Match]] = {}
        numbered = sorted(enumerate(leaves), key=lambda pair: pair[1].record)
        for _, group in itertools.groupby(numbered, key=lambda pair: pair[1].record):
            record = list(group)
            first = next((place for place, leaf in record if leaf.kind is not LeafKind.KEY), record[0][0])
            there = {leaf.field: (place, leaf) for place, leaf in reversed(record) if leaf.kind is not LeafKind.KEY}
            for field, allowed in self.require.items():
                place, leaf = there.get(field, (first, None))
                value = "" if leaf is None else leaf.text.strip().casefold()
                if not value:
                    out.setdefault(place, []).append(_match(Span(0, 0), "missing", field))
                elif allowed and leaf is not None and value not in allowed:
                    out.setdefault(place, []).append(_match(Span(0, len(leaf.text)), "disallowed", field))
        return out


def _match(span: Span, kind: str, field: str) -> Match:
    evidence = (f"required:{field}",)
    return Match(span, f"provenance.{kind}", ENTITY, Confidence.HIGH, 0.95, Severity.MEDIUM, evidence)
