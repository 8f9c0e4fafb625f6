"""Media in binary values and in the letters of texts: which leaf looks at which kind, in one table.

A gate over the first bytes of binary columns and the first letters of base64 runs; then the leaves of `privscan.media`.
A value is looked at once however often it stands there. What cannot be looked at raises `DetectorError`, which
quarantines its record; with --allow-missing, what only lacks a model passes and is counted.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections import Counter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from privscan.detectors import hits, triggers
from privscan.errors import DetectorError, MissingError
from privscan.media import carriers, faces, pictures, sniff
from privscan.model import WHOLE, Blob, Confidence, Match, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from privscan.config import Settings
    from privscan.formats import Block
    from privscan.media.seen import Seen, Told
    from privscan.media.sniff import Kind
    from privscan.model import Action, Edit, Leaf

__all__ = ["Media"]

SCORES: Final = {Confidence.LOW: 0.3, Confidence.MEDIUM: 0.6, Confidence.HIGH: 0.95}
KEPT: Final = 4096  # values whose looks are remembered
BLANK: Final = "\x1e"  # a separator: no rule matches it


class Value(NamedTuple):
    """One value of a leaf: its span there, its kind by its first bytes, its bytes."""

    span: Span
    kind: Kind
    data: bytes

    def __repr__(self) -> str:
        return f"Value({self.kind.name}, bytes={len(self.data)})"


class Look(NamedTuple):
    """What was seen in a value and measured; `known` is False where it is not of its kind after all."""

    seen: tuple[Seen, ...]
    told: Told
    known: bool


class Media:
    """Looks at media with the leaf of their kind. `rules` are those of the run that this detector answers for."""

    def __init__(self, settings: Settings) -> None:
        self.rules = {rule.id: rule for rule in settings.rules if rule.detector == "media"}
        self.minimum = settings.min_confidence
        self.allowed = settings.allow_missing
        wanted = {rule.entity for rule in self.rules.values()}
        self.mode = faces.MODES[settings.faces] if "FACE" in wanted else None
        self._hits = triggers.scanner(list(carriers.TRIGGERS), settings.cache_dir)
        self._seen: dict[bytes, Look] = {}
        self._texts: dict[str, list[Value]] = {}
        self._told: Told = Counter()

    def candidates(self, block: Block) -> dict[int, list[int] | None]:
        """Return the rows with media in a binary value or, by their first letters, in a text."""
        rows = hits.rows_with(self._hits, block)
        for heads, owners in block.heads():
            rows.update(dict.fromkeys(owners[sniff.likely(heads)].tolist()))
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
        for value in self._values(leaf):
            with contextlib.suppress(DetectorError):
                if self._look(value).known:
                    parts += [text[at : value.span.start], BLANK * (value.span.end - value.span.start)]
                    at = value.span.end
        return "".join([*parts, text[at:]])

    def detect(self, leaves: Sequence[Leaf]) -> dict[int, list[Match]]:
        """Return what is seen in the media of each leaf. DetectorError where one of them cannot be looked at."""
        out: dict[int, list[Match]] = {}
        for position in self._worth(leaves):
            for value in self._values(leaves[position]):
                look = self._look(value)
                self._told += look.told
                found = [match for seen in look.seen if (match := self._match(seen, value.span)) is not None]
                if found:
                    out.setdefault(position, []).extend(found)
        return out

    def _worth(self, leaves: Sequence[Leaf]) -> list[int]:
        """Return which leaves hold media: one scan over the letters of all of them."""
        texts = [leaf.text.encode("utf-8", "surrogatepass") for leaf in leaves]
        stops = np.cumsum([len(text) + 1 for text in texts])
        _, ends = self._hits(b"\x1e".join([b"", *texts]), 0)
        named = set(np.searchsorted(stops, ends - 1).tolist())
        return [place for place, leaf in enumerate(leaves) if place in named or isinstance(leaf.text, Blob)]

    def _values(self, leaf: Leaf) -> list[Value]:
        if isinstance(leaf.text, Blob):
            return _values(leaf.text)
        if leaf.text not in self._texts:
            self._texts[leaf.text] = _values(leaf.text)
        return self._texts[leaf.text]

    def _look(self, value: Value) -> Look:
        """Return what is seen in a value, from memory where it was looked at before."""
        digest = hashlib.blake2b(value.data, digest_size=16).digest()
        if digest not in self._seen:
            if len(self._seen) >= KEPT:
                self._seen.clear()
            told: Told = Counter()
            seen = self._looked(value.kind, value.data, told)
            self._seen[digest] = Look(tuple(seen or ()), told, seen is not None)
        return self._seen[digest]

    def _looked(self, kind: Kind, data: bytes, told: Told) -> Sequence[Seen] | None:
        """Ask the leaf of the kind; None where the value turns out to be no such thing."""
        looker = LOOK.get(kind.group)
        if looker is None:
            return None
        try:
            return looker(self, kind, data, told)
        except MissingError as error:
            if error.what not in self.allowed:
                raise
            told[f"not looked at: {error.what}"] += 1
            return ()

    def _match(self, seen: Seen, span: Span) -> Match | None:
        rule = self.rules.get(seen.rule)
        if rule is None or seen.confidence < self.minimum:
            return None
        place = span if seen.start is None or seen.end is None else Span(span.start + seen.start, span.start + seen.end)
        score = SCORES[seen.confidence]
        return Match(place, rule.id, rule.entity, seen.confidence, score, rule.severity, seen.evidence)

    def measured(self) -> Counter[str]:
        """Return what was measured since this was last asked."""
        told, self._told = self._told, Counter()
        return told

    def remade(self, leaf: Leaf, edit: Edit, action_of: Callable[[Match], Action]) -> str | None:
        """Return a value with what the edit's matches found taken out of it, None where only all of it can go."""
        actions = {match.rule: action_of(match).operator for match in edit.matches if match.rule in self.rules}
        if not actions:
            return None
        whole = isinstance(leaf.text, Blob)
        text = leaf.text if whole else leaf.text[edit.span.start : edit.span.end]
        for value in _values(text):
            clean = CLEAN.get(value.kind.group)
            if clean is not None and (whole or value.span == (0, len(text))):
                made = clean(self, value.kind, value.data, actions)
                if made is not None:
                    return Blob.of(made) if whole else _rewritten(text, made)
        return None


def _values(text: str) -> list[Value]:
    """Return the media that a leaf's text holds, or is."""
    if not isinstance(text, Blob):
        return [Value(Span(run.start, run.end), run.kind, run.data) for run in carriers.runs(text)]
    kind = sniff.sniff(text.data)
    return [Value(Span(*WHOLE), kind, text.data)] if kind is not None else []


def _rewritten(text: str, data: bytes) -> str | None:
    run = next(carriers.runs(text), None)
    return carriers.written(run, data) if run is not None else None


# ---------------------------------------------------------------- which leaf looks at which kind


def _picture(media: Media, kind: Kind, data: bytes, told: Told) -> Sequence[Seen] | None:
    return pictures.look(data, kind, media.mode, told)


def _clean_picture(media: Media, kind: Kind, data: bytes, actions: dict[str, str]) -> bytes | None:
    """Cover faces and strip metadata, as far as that is all there is to take out."""
    if not all(rule.startswith(("media.", "biometric.face.")) for rule in actions) or "null" in actions.values():
        return None
    style = next((word for rule, word in actions.items() if rule in _FACES and word in pictures.STYLES), "fill")
    mode = media.mode if _FACES & actions.keys() else None
    try:
        return pictures.clean(data, kind, mode, style, bare=any(rule.startswith("media.") for rule in actions))
    except DetectorError:
        return None


_FACES: Final = frozenset({"biometric.face.picture"})
LOOK: Final[dict[str, Callable[[Media, Kind, bytes, Any], Sequence[Seen] | None]]] = {"picture": _picture}
CLEAN: Final[dict[str, Callable[[Media, Kind, bytes, dict[str, str]], bytes | None]]] = {"picture": _clean_picture}
