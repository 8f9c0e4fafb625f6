"""Media in binary values and in the letters of texts, shown to the leaves of `privscan.media`.

A gate over the first bytes of binary columns and the first letters of base64 runs; then the leaf of the kind. A value
is looked at once however often it stands there. What cannot be looked at raises `DetectorError`, which quarantines its
record; with --allow-missing, what only lacks a model passes and is counted.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from privscan.detectors import hits, triggers
from privscan.errors import DetectorError, MissingError
from privscan.media import beside, carriers, dispatch, faces, sniff
from privscan.media.dispatch import Asked, Value
from privscan.model import WHOLE, Blob, Confidence, LeafKind, Match, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from privscan.config import Settings
    from privscan.formats import Block
    from privscan.media.seen import Seen, Told
    from privscan.model import Action, Edit, Leaf

__all__ = ["Media"]

SCORES: Final = {Confidence.LOW: 0.3, Confidence.MEDIUM: 0.6, Confidence.HIGH: 0.95}
KEPT: Final = 4096  # values whose looks are remembered
SHORTEST: Final = 20  # characters of a text with anything of media in it, but for names of files and of fields
BLANK: Final = "\x1e"  # a separator: no rule matches it


class Found(NamedTuple):
    """A value of a leaf, and the span that it, or the letters it is written in, takes there."""

    span: Span
    value: Value


class Look(NamedTuple):
    """What was seen in a value and measured; `known` is False where it is of no kind after all."""

    seen: tuple[Seen, ...]
    told: Told
    known: bool


class Media:
    """Looks at media with the leaf of their kind. `rules` are those of the run that this detector answers for."""

    def __init__(self, settings: Settings) -> None:
        self.rules = {rule.id: rule for rule in settings.rules if rule.detector == "media"}
        self.minimum = settings.min_confidence
        self.allowed = settings.allow_missing
        entities = frozenset(rule.entity for rule in self.rules.values())
        self.asked = Asked(faces.asked(settings.faces) if "FACE" in entities else None, entities)
        self.root = settings.media_root
        paths = beside.TRIGGERS if self.root else ()
        self._hits = triggers.scanner([*carriers.TRIGGERS, *dispatch.TRIGGERS, *paths], settings.cache_dir)
        self._seen: dict[bytes, Look] = {}
        self._texts: dict[str, list[Found]] = {}
        self._told: Told = Counter()

    def candidates(self, block: Block) -> dict[int, list[int] | None]:
        """Return the rows with media in a binary value or, by their first letters, in a text."""
        # whole rows: of triggers that stand close together only the first is told
        rows: dict[int, list[int] | None] = dict.fromkeys(hits.rows_with(self._hits, block))
        for name, heads, owners in block.heads():
            found = owners if dispatch.telling(name) else owners[sniff.likely(heads)]
            rows.update(dict.fromkeys(found.tolist()))
        for path, members in block.names():
            name = path.rstrip("/*").rpartition("/")[2]
            if dispatch.telling(name) or dispatch.together(name):
                rows.update(dict.fromkeys(members))
        rows.update(dict.fromkeys(block.lists(dispatch.telling)))
        return rows

    def shown(self, leaves: Sequence[Leaf]) -> Sequence[Leaf]:
        """Return the leaves as other detectors should see them: separators where letters are a picture or a sound.

        Letters that cannot be looked at stay as they are: `detect` then says what is wrong with them.
        """
        self._texts.clear()
        out = list(leaves)
        for position in self._worth(leaves):
            leaf = leaves[position]
            if not isinstance(leaf.text, Blob):
                out[position] = leaf._replace(text=self._blanked(leaf))
        return out

    def _blanked(self, leaf: Leaf) -> str:
        text, parts, at = leaf.text, [], 0
        for found in self._found(leaf):
            with contextlib.suppress(DetectorError):
                if self._look(found.value).known:
                    parts += [text[at : found.span.start], BLANK * (found.span.end - found.span.start)]
                    at = found.span.end
        return "".join([*parts, text[at:]])

    def detect(self, leaves: Sequence[Leaf]) -> dict[int, list[Match]]:
        """Return what is seen in the media of each leaf. DetectorError where one of them cannot be looked at."""
        out: dict[int, list[Match]] = {}
        for position in self._worth(leaves):
            for found in self._found(leaves[position]):
                look = self._look(found.value)
                self._told += look.told
                matches = [match for seen in look.seen if (match := self._match(seen, found.span)) is not None]
                if matches:
                    out.setdefault(position, []).extend(matches)
            text = leaves[position].text
            if not isinstance(text, Blob):
                span = Span(0, len(text))
                seen_there = [*dispatch.look_text(text, leaves[position].key), *self._beside(leaves[position])]
                matches = [match for seen in seen_there if (match := self._match(seen, span)) is not None]
                if matches:
                    out.setdefault(position, []).extend(matches)
        for position, seen in dispatch.look_records(leaves).items():
            found_together = self._match(seen, Span(0, len(leaves[position].text)))
            if found_together is not None:
                out.setdefault(position, []).append(found_together)
        return out

    def _beside(self, leaf: Leaf) -> Sequence[Seen]:
        """Return what is seen in the file that a text names, where files are to be looked into."""
        if self.root is None or not beside.named(leaf.text):
            return ()
        data = beside.read(self.root, leaf.text)
        if data is None:
            self._told["files not found"] += 1
            return ()
        look = self._look(Value(data, leaf.key))
        self._told += look.told
        self._told["files"] += 1
        return look.seen

    def _worth(self, leaves: Sequence[Leaf]) -> list[int]:
        """Return which leaves hold media: one scan over the letters of all of them."""
        telling = {name for name in {leaf.key for leaf in leaves} if dispatch.telling(name)}
        least = 1 if self.root else SHORTEST
        long = [place for place, leaf in enumerate(leaves) if len(leaf.text) >= least]
        texts = [leaves[place].text.encode("utf-8", "surrogatepass") for place in long]
        stops = np.cumsum([len(text) + 1 for text in texts])
        _, ends = self._hits(b"\x1e".join([b"", *texts, b""]), 0)
        named = {long[number] for number in np.unique(np.searchsorted(stops, ends - 1)).tolist()}
        binary = LeafKind.BINARY
        if not telling:
            named.update(place for place, leaf in enumerate(leaves) if leaf.kind is binary)
            return sorted(named)
        return [
            place for place, leaf in enumerate(leaves) if place in named or leaf.kind is binary or leaf.key in telling
        ]

    def _found(self, leaf: Leaf) -> list[Found]:
        if isinstance(leaf.text, Blob):
            return _found(leaf.text, leaf.key)
        if leaf.text not in self._texts:
            self._texts[leaf.text] = _found(leaf.text, leaf.key)
        return self._texts[leaf.text]

    def _look(self, value: Value) -> Look:
        """Return what is seen in a value, from memory where it was looked at before."""
        digest = hashlib.blake2b(value.data, digest_size=16, key=value.name.encode("utf-8", "replace")[:64]).digest()
        if digest not in self._seen:
            if len(self._seen) >= KEPT:
                self._seen.clear()
            told: Told = Counter()
            seen = self._looked(value, told)
            self._seen[digest] = Look(tuple(seen or ()), told, seen is not None)
        return self._seen[digest]

    def _looked(self, value: Value, told: Told) -> Sequence[Seen] | None:
        try:
            return dispatch.look(value, self.asked, told)
        except MissingError as error:
            if error.what not in self.allowed:
                raise
            told.clear()
            told[f"not looked at: {error.what}"] += 1
            return dispatch.look(value, self.asked.without(error.what), told)

    def _match(self, seen: Seen, span: Span) -> Match | None:
        rule = self.rules.get(seen.rule)
        if rule is None or seen.confidence < self.minimum:
            return None
        place = span if seen.start is None or seen.end is None else Span(span.start + seen.start, span.start + seen.end)
        score = SCORES[seen.confidence]
        return Match(place, rule.id, rule.entity, seen.confidence, score, rule.severity, seen.evidence)

    wanted = staticmethod(dispatch.telling)
    """Under which names a list of numbers is one value."""

    def measured(self) -> Counter[str]:
        """Return what was measured since this was last asked."""
        told, self._told = self._told, Counter()
        return told

    def remade(self, leaf: Leaf, edit: Edit, action_of: Callable[[Match], Action]) -> str | None:
        """Return a value with what the edit's matches found taken out of it, None where only all of it can go."""
        actions = {match.rule: action_of(match).operator for match in edit.matches if match.rule in self.rules}
        if not actions:
            return None
        if leaf.kind is LeafKind.BINARY and isinstance(leaf.text, Blob):
            made = dispatch.clean(Value(leaf.text.data, leaf.key), self.asked, actions)
            return None if made is None else Blob.of(made)
        text = leaf.text[edit.span.start : edit.span.end]
        run = next(carriers.runs(text), None)
        if run is None or (run.start, run.end) != (0, len(text)):
            return None
        made = dispatch.clean(Value(run.data, leaf.key), self.asked, actions)
        return None if made is None else carriers.written(run, made)


def _found(text: str, name: str) -> list[Found]:
    """Return the media that a leaf's text holds, or is."""
    if isinstance(text, Blob):
        return [Found(Span(*WHOLE), Value(text.data, name))]
    return [Found(Span(run.start, run.end), Value(run.data, name)) for run in carriers.runs(text)]
