"""Second stages: models of others, slow and good, on the passages where our tagger sees a reason to look.

`ner` says which: `rampart` (the extra of that name), `hub:WHERE` (token classification) or `gliner:WHERE`, exported to
ONNX. What they find joins what the rules and the tagger find. Promises: no network; what is found in a text depends on
that text alone; a model that is missing, changed or cannot be read is an error before any data is read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from privscan.detectors.models import folder
from privscan.detectors.names import link, network, sober
from privscan.detectors.names.reader import Reader
from privscan.errors import ConfigError
from privscan.model import Confidence, LeafKind, Match, Span
from privscan.validators import surrogate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from privscan.config import Settings
    from privscan.detectors.models.found import Found
    from privscan.formats import Block
    from privscan.model import Leaf, Rule

LEAN = 3.0  # further lean, in logits, of what is a reason to look
ROUND = 160  # code points round such a place that the model is shown
LONGEST = 4000  # code points of a passage; longer ones are cut, so that memory has a bound
SHORTEST = 2
KEPT = 1 << 13  # passages whose names are remembered


class Model(Protocol):
    """A model of others."""

    def found(self, text: str) -> list[Found]:
        """Return the names in a text, in its code points."""


class Models:
    """One model as a detector. What it finds is told under the rule `model.KIND.ENTITY`."""

    def __init__(self, settings: Settings) -> None:
        ner = settings.policy.ner
        self.kind = ner.partition(":")[0]
        self.rules: dict[str, Rule] = {rule.entity: rule for rule in reversed(settings.rules)}
        self.model = opened(ner, self.rules)
        weights = network.load()
        self.reader = Reader(weights, [value + LEAN for value in weights.lean])
        self._kept: dict[str, list[Found]] = {}

    def candidates(self, block: Block) -> Sequence[int]:
        """Return every row: a name may stand anywhere."""
        return block.rows()

    def detect(self, leaves: Sequence[Leaf]) -> dict[int, list[Match]]:
        """Return names by position in `leaves`."""
        places: dict[str, list[int]] = {}
        for position, leaf in enumerate(leaves):
            if leaf.kind is LeafKind.STRING and len(leaf.text) >= SHORTEST:
                places.setdefault(leaf.text, []).append(position)
        read = dict(self.reader.names(list({sober.neutral(text) for text in places})))
        found: dict[int, list[Match]] = {}
        for text, positions in places.items():
            shown = sober.neutral(text)
            ours = link.Taken(token.span() for token in sober.TOKEN.finditer(text))
            spots = [(name.start, name.end) for name in read[shown]]
            matches = [
                match for name in self.names(shown, spots) if (match := self.match(text, name, ours)) is not None
            ]
            if matches:
                found |= dict.fromkeys(positions, matches)
        return found

    def names(self, text: str, spots: Iterable[tuple[int, int]]) -> Iterator[Found]:
        """Yield what the model finds in the passages round some places of a text."""
        seen: set[tuple[int, int, str]] = set()
        for start, end in passages(text, spots):
            passage = text[start:end]
            names = self._kept.get(passage)
            if names is None:
                if len(self._kept) >= KEPT:
                    self._kept.clear()
                names = self._kept[passage] = self.model.found(sober.paired(passage))
            for name in names:
                whole = name._replace(start=name.start + start, end=name.end + start)
                if whole[:3] not in seen:  # passages of a long stretch overlap
                    seen.add(whole[:3])
                    yield whole

    def match(self, text: str, name: Found, ours: link.Taken) -> Match | None:
        """Return a name as a match; None for what nobody asked for and for what a redaction left."""
        rule = self.rules.get(name.entity)
        start, end = trimmed(text, name.start, name.end)
        if rule is None or start >= end or surrogate.made(text[start:end]) or ours.touches(start, end):
            return None
        score = round(name.score, 2)
        told = f"model.{self.kind}.{name.entity.lower()}"
        evidence = (f"{self.kind}:{score:.2f}",)
        return Match(Span(start, end), told, name.entity, Confidence.MEDIUM, score, rule.severity, evidence)


def opened(ner: str, entities: Iterable[str]) -> Model:
    """Return the model that `ner` asks for; ConfigError where it cannot be had, or finds nothing that is asked for."""
    from privscan.detectors.models import gliner, labels, tags

    asked = set(entities)
    if not asked & set(labels.PROMPTS):
        raise ConfigError(f'ner = "{ner}": the policy looks for no names; use --policy standard, or select pii.person')
    found = folder.of(ner)
    return gliner.Gliner(found, asked) if ner.startswith("gliner:") else tags.Tags(found)


def passages(text: str, spots: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield the stretches of a text round some places, cut at blanks, those that meet as one.

    >>> list(passages("a" * 400 + " Ann " + "b" * 400, [(401, 404)]))
    [(401, 404)]
    """
    low = high = -1
    for start, end in sorted(spots):
        begin, stop = max(start - ROUND, 0), min(end + ROUND, len(text))
        begin = _blank(text, begin, start, 1) if begin else 0
        stop = _blank(text, stop, end, -1) if stop < len(text) else stop
        if begin <= high:
            high = max(high, stop)
            continue
        yield from _pieces(text, low, high)
        low, high = begin, stop
    yield from _pieces(text, low, high)


def _pieces(text: str, low: int, high: int) -> Iterator[tuple[int, int]]:
    """Yield a stretch in pieces that overlap, cut at blanks where there are any."""
    while high - low > LONGEST:
        cut = _blank(text, low + LONGEST, low + LONGEST - ROUND, -1)
        yield low, cut
        low = _blank(text, cut - ROUND, cut - ROUND // 2, 1)
    if high > low:
        yield low, high


def _blank(text: str, at: int, bound: int, step: int) -> int:
    """Return the nearest place from `at` to `bound` where a blank stands outside; `at` where there is none."""
    for place in range(at, bound + step, step):
        if text[place - 1 if step > 0 else place].isspace():
            return place
    return at


def trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """Return a span without marks and blanks at its edges."""
    while start < end and not text[start].isalnum():
        start += 1
    while start < end and not text[end - 1].isalnum():
        end -= 1
    return start, end
