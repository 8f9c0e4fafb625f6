"""Does it work on my data? Findings held against labelled spans, through the whole engine.

Gold is JSON Lines: {"text": ..., "spans": [[start, end, TYPE], ...]}, half-open, code points. A span is found when a
finding of its entity overlaps it by a character or more; a character leaks when no finding of any entity covers it.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from privscan import rows
from privscan.config import read_toml
from privscan.errors import ConfigError, InputError, UsageError, nearest
from privscan.run import Run

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from privscan.config import Settings

__all__ = ["Score", "evaluate", "mapping"]

Span = tuple[int, int, str]


@dataclass(slots=True)
class Score:
    """Of one entity: labelled spans and those found, findings and those that are right, characters and those missed."""

    gold: int = 0
    found: int = 0
    told: int = 0
    right: int = 0
    characters: int = 0
    leaked: int = 0

    @property
    def recall(self) -> float | None:
        return self.found / self.gold if self.gold else None

    @property
    def precision(self) -> float | None:
        return self.right / self.told if self.told else None

    @property
    def f2(self) -> float | None:
        """The F measure that weighs recall over precision: what is missed is worse than what is too much."""
        recall, precision = self.recall, self.precision
        if recall is None or precision is None:
            return None
        return 5 * precision * recall / (4 * precision + recall) if precision + recall else 0.0

    def __add__(self, other: Score) -> Score:
        names = self.__dataclass_fields__
        return Score(*(getattr(self, name) + getattr(other, name) for name in names))


@dataclass(slots=True)
class Evaluation:
    """Scores by entity, and the labelled types that were not scored, with how many spans they have."""

    scores: dict[str, Score] = field(default_factory=lambda: defaultdict(Score))
    unscored: Counter[str] = field(default_factory=Counter)
    records: int = 0

    @property
    def total(self) -> Score:
        out = Score()
        for score in self.scores.values():
            out = out + score
        return out


def mapping(path: str | None, entities: set[str]) -> dict[str, str]:
    """Return type -> entity: a TOML file's, over every entity's own name; an empty entity leaves a type out."""
    own = {name: name for name in entities}
    if path is None:
        return own
    for name, entity in read_toml(path, f"--map {path}").items():
        if entity != "" and entity not in entities:
            known = f"{nearest(str(entity), entities)}"
            raise ConfigError(f'{path}: {name}: "{entity}" is no entity the policy looks for{known}')
        own[name] = entity
    return own


def evaluate(gold: str, settings: Settings, types: Mapping[str, str]) -> Evaluation:
    """Scan the texts of a gold file and score what was found. InputError for a line that is none of gold."""
    made = Evaluation()
    with tempfile.TemporaryDirectory(prefix="privscan-eval-") as folder:
        labels = list(_texts(gold, os.path.join(folder, "gold.jsonl")))
        Run(replace(settings, samples=False), [os.path.join(folder, "gold.jsonl")], os.path.join(folder, "run")).run()
        found: dict[int, list[Span]] = defaultdict(list)
        for row in rows.read(os.path.join(folder, "run")):
            if row["start"] is not None:
                found[row["record"]].append((row["start"], row["end"], row["entity"]))
    entities = set(types.values()) - {""}
    for number, spans in enumerate(labels):
        _score(made, [(a, b, types.get(t, ""), t) for a, b, t in spans], found.get(number, []), entities)
    made.records = len(labels)
    if not made.scores or not made.total.gold:
        kinds = ", ".join(sorted(made.unscored)[:8]) or "none"
        raise UsageError(f"{gold}: no label is scored (types there: {kinds}); name their entities with --map FILE")
    return made


def _texts(gold: str, target: str) -> Iterator[list[Span]]:
    """Write the texts as records of their own; yield each one's spans."""
    try:
        with open(gold, "rb") as source, open(target, "w", encoding="utf-8") as out:
            for number, line in enumerate(source, 1):
                if not line.strip():
                    continue
                try:
                    row = json.loads(line)
                    text, spans = row["text"], [(int(a), int(b), str(t)) for a, b, t in row["spans"]]
                    fits = isinstance(text, str) and all(0 <= a < b <= len(text) for a, b, _ in spans)
                except (ValueError, KeyError, TypeError):
                    fits = False
                if not fits:
                    shape = '{"text": ..., "spans": [[start, end, TYPE], ...]}'
                    raise InputError(f"{gold}: line {number} is not {shape} with spans inside the text")
                out.write(json.dumps({"text": text}) + "\n")
                yield spans
    except OSError as error:
        raise UsageError(f"{gold}: cannot be read ({error.strerror})") from None


def _score(made: Evaluation, gold: list[tuple[int, int, str, str]], found: list[Span], entities: set[str]) -> None:
    """Score one text: `gold` holds (start, end, entity or "", type)."""
    for start, end, entity, kind in gold:
        if not entity:
            made.unscored[kind] += 1
            continue
        score = made.scores[entity]
        score.gold += 1
        score.found += any(e == entity and a < end and start < b for a, b, e in found)
        score.characters += end - start
        score.leaked += end - start - _covered(start, end, found)
    for start, end, entity in found:
        if entity not in entities:
            continue
        near = [(kind, e) for a, b, e, kind in gold if a < end and start < b]
        if near and not any(e for _, e in near):
            continue  # stands on what is not scored: neither right nor wrong
        made.scores[entity].told += 1
        made.scores[entity].right += any(e == entity for _, e in near)


def _covered(start: int, end: int, found: Iterable[Span]) -> int:
    covered, at = 0, start
    for low, high, _ in sorted(found):
        low, high = max(low, at), min(high, end)  # noqa: PLW2901
        if high > low:
            covered, at = covered + high - low, high
    return covered


def section(made: Evaluation) -> Any:
    """Return the evaluation as a section of a report."""
    from privscan.reports.parts import Column, Section, Table

    heads = (
        Column("entity", "name"), Column("labelled", "count"), Column("recall", "share"), Column("precision", "share"),
        Column("F2", "count"), Column("leaked", "count"), Column("of all", "share"),
    )  # fmt: skip
    ordered = sorted(made.scores.items(), key=lambda item: (-item[1].gold, item[0]))
    listed = [*ordered, *([("all", made.total)] if len(ordered) > 1 else [])]
    cells = tuple(
        (name, s.gold, s.recall, s.precision, None if s.f2 is None else round(s.f2, 3), s.leaked,
         s.leaked / s.characters if s.characters else None)
        for name, s in listed
    )  # fmt: skip
    first = f"{made.records:,} texts. A span is found when a finding of its entity overlaps it; leaked are its"
    words = [f"{first} characters that no finding covers."]
    if made.unscored:
        kinds = ", ".join(f"{kind} ({count:,})" for kind, count in made.unscored.most_common(12))
        words.append(f"Types without an entity, not scored: {kinds}.")
    return Section("evaluation", "Evaluation", tuple(words), (Table("By entity", heads, cells),))
