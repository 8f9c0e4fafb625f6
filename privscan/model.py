"""The nouns every room speaks in. Imports nothing of ours.

No noun that reaches a report can hold a value found in the data: `Finding` has no field for one, and what does hold
data (`Leaf`) shows its length, not its content.
"""

from __future__ import annotations

import enum
import hashlib
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterable, Mapping

__all__ = [
    "Action",
    "Artifact",
    "Blob",
    "Confidence",
    "Edit",
    "Finding",
    "Gate",
    "Leaf",
    "LeafKind",
    "Match",
    "Outcome",
    "Policy",
    "Problem",
    "Report",
    "Rule",
    "Severity",
    "Shard",
    "Span",
    "State",
    "Suppression",
    "Tally",
]


class _Level(enum.IntEnum):
    """An ordered word: compares as a number, prints as lower case."""

    @property
    def label(self) -> str:
        return _LABELS[self.__class__][self]

    @classmethod
    def of(cls, word: str) -> Any:
        """Return the level called `word`; ValueError lists the levels there are."""
        try:
            return cls[word.upper()]
        except KeyError:
            raise ValueError(f'"{word}" is none of {", ".join(level.label for level in cls)}') from None


class Confidence(_Level):
    """How sure a match is: shape only, shape plus context, proved."""

    LOW = 0
    MEDIUM = 1
    HIGH = 2


class Severity(_Level):
    """How much harm the value does in the wrong hands."""

    LOW = 0
    MEDIUM = 1
    HIGH = 2
    CRITICAL = 3


# A member's own name is slow to ask for, and is asked for twice a finding.
_LABELS: dict[type[_Level], tuple[str, ...]] = {
    levels: tuple(level.name.lower() for level in levels) for levels in (Confidence, Severity)
}


class State(enum.StrEnum):
    """Whether a finding counts for the gate. Only `new` does."""

    NEW = "new"
    KNOWN = "known"
    SUPPRESSED = "suppressed"
    PLACEHOLDER = "placeholder"


class Outcome(enum.StrEnum):
    """What became of a record; every record has exactly one."""

    CLEAN = "clean"
    REDACTED = "redacted"
    DROPPED = "dropped"
    DUPLICATE = "duplicate"
    QUARANTINED = "quarantined"


class LeafKind(enum.StrEnum):
    """What a leaf is in its record: decides how a redaction is written."""

    STRING = "string"
    NUMBER = "number"
    KEY = "key"
    BINARY = "binary"


LONG_VALUE = 1 << 16  # characters: what is longer is no number to be compared without its separators
WHOLE = (0, 1)  # the span of a match that is all of a binary leaf


class Span(NamedTuple):
    """Half-open range of code points in a decoded leaf."""

    start: int
    end: int


class Blob(str):
    """The text of a binary leaf: empty to all who read text; `data` is the value itself."""

    __slots__ = ("data",)
    data: bytes

    @classmethod
    def of(cls, data: bytes) -> Blob:
        """Return the text of a binary value."""
        made = cls()
        made.data = data
        return made


class Leaf(NamedTuple):
    """One string, number or key of a record. A tuple, because a run makes millions.

    `record` is the 0-based row in its file, `field` a JSON Pointer (`~key` suffix for a key itself), `key` the nearest
    object key or column name above the value, `place` the format's own handle to write back by. `asked` is what a
    detector's gate said of it (`privscan.detectors.marks`), which holds for this text alone.
    """

    record: int
    field: str
    key: str
    text: str
    kind: LeafKind
    place: Any
    asked: Any = None

    def __repr__(self) -> str:
        return f"Leaf(record={self.record}, kind={self.kind.value}, characters={len(self.text)})"

    def value(self, span: Span) -> str:
        """Return what a fingerprint of a match is made of: its text, or a digest of what is long or binary."""
        text = self.text
        if isinstance(text, Blob):
            return hashlib.sha256(text.data).hexdigest()
        if span.end - span.start > LONG_VALUE:
            return hashlib.sha256(text[span.start : span.end].encode("utf-8", "surrogatepass")).hexdigest()
        return text[span.start : span.end]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as a pack states it; `privscan.rules` loads and checks it, `privscan.detectors.patterns` runs it.

    The span is the group named `value` where the pattern has one, else the whole match. `keywords` gate: one of them
    must stand in the field's name or within `window` characters of the match; empty means the pattern's own trigger.
    `confidence` is what shape alone is worth, `checked` what it is worth when every validator passes; a word of
    `context` near (or in the field's name) raises either by a step. `on_failed` says what a failed validator does:
    "reject" the match, "keep" its confidence, or "lower" it a step. `trigger` overrides the derived Hyperscan
    expression. `before` says how far in front of a trigger's end a match may begin (0: `window`). `digits` promises
    that every match holds five digits in a run (single joints allowed), which makes the rule cheap where the pattern
    itself does not say so. `alone` says that a match which is all a text holds (an answer in a chat) is evidence, as a
    word of context is. `requires` names rules (or heads of ids): the rule is looked for only in records in which one of
    them is found, in one text no farther than `within` characters from it if that is given, and its confidence rises a
    step there. `partner` says that a rule is only such a one: it counts for those, and is never reported itself.
    `placeholders` are patterns of published sample values. `regions` are the countries (ISO 3166)
    whose format it is: a run that names regions leaves out the rules of others. `shares` lists rules that may
    match this rule's examples too, or it theirs; the head of an id stands for all below it. `detector` names who finds
    it: a rule of another detector than "patterns" has no pattern, and only gives its findings their id, entity,
    severity, examples and references.
    """

    id: str
    entity: str
    name: str
    pattern: str = ""
    detector: str = "patterns"
    keywords: tuple[str, ...] = ()
    trigger: str = ""
    digits: bool = False
    alone: bool = False
    validators: tuple[str, ...] = ()
    context: tuple[str, ...] = ()
    severity: Severity = Severity.MEDIUM
    confidence: Confidence = Confidence.LOW
    checked: Confidence = Confidence.HIGH
    on_failed: str = "reject"
    window: int = 256
    before: int = 0
    requires: tuple[str, ...] = ()
    within: int = 0
    partner: bool = False
    placeholders: tuple[str, ...] = ()
    shares: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    counter_examples: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    regulations: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """What a detector returns for one leaf. `evidence` lists why, in words that never hold a piece of the value."""

    span: Span
    rule: str
    entity: str
    confidence: Confidence
    score: float
    severity: Severity
    evidence: tuple[str, ...] = ()
    state: State = State.NEW


@dataclass(frozen=True, slots=True)
class Finding:
    """A match with its place; the row of the findings file. Holds no value and no piece of one.

    `start` and `end` are code points of the decoded leaf, None for a whole binary value. `id` is 12 hex digits of a
    digest over place and rule. `fingerprint` is a keyed HMAC-SHA-256 of entity and normalised value.
    """

    id: str
    uri: str
    record: int
    field: str
    start: int | None
    end: int | None
    entity: str
    rule: str
    confidence: Confidence
    score: float
    severity: Severity
    evidence: tuple[str, ...]
    fingerprint: str
    state: State

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Finding:
        """Return the finding that a row of the findings file tells of; its columns are the fields here, in order."""
        told = {
            "confidence": Confidence.of(row["confidence"]),
            "severity": Severity.of(row["severity"]),
            "evidence": tuple(row["evidence"]),
            "state": State(row["state"]),
        }
        return cls(**{**row, **told})


@dataclass(frozen=True, slots=True)
class Action:
    """What a policy does with an entity: an operator's name and its parameters."""

    operator: str
    params: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Gate:
    """When a run fails; `privscan.gate` reads and applies it. Only findings of `min_confidence` or more count.

    `fail_on` is the severity that fails, None where none is stated, or `never` one shall; `limits` holds (name, most),
    `entities` (entity, most findings).
    """

    fail_on: Severity | None = None
    min_confidence: Confidence = Confidence.LOW
    never: bool = False
    limits: tuple[tuple[str, float], ...] = ()
    entities: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Suppression:
    """Findings excused in writing; `privscan.states` reads and applies it. What is not empty must hold.

    `rule` is a prefix of rule ids or an entity, `location` a glob over files, `field` a JSON Pointer with `*`;
    `expires` is the last day it holds.
    """

    rule: str = ""
    fingerprint: str = ""
    location: str = ""
    field: str = ""
    reason: str = ""
    expires: datetime.date | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """What to look for and what to do with it, as a policy file states it.

    `select` and `ignore` are prefixes of rule ids or entity names; `regulations` selects the rules that name one of
    them as well. `regions` is what --region says by default. `by_shape` lists rules whose shape alone is enough here.
    `allow` lists values that are no findings, `ner` is another model for names. `actions` maps an entity (or a prefix
    of rule ids) to an action, `default` serves the rest. `placeholders` is "redact" or "keep". `detectors` names those
    to run.
    """

    id: str
    name: str
    description: str
    select: tuple[str, ...]
    ignore: tuple[str, ...]
    detectors: tuple[str, ...]
    default: Action
    actions: tuple[tuple[str, Action], ...]
    min_confidence: Confidence = Confidence.MEDIUM
    regulations: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()
    ner: str = ""
    regions: tuple[str, ...] = ()
    by_shape: tuple[str, ...] = ()
    placeholders: str = "redact"
    sha256: str = ""
    gate: Gate = Gate()
    suppress: tuple[Suppression, ...] = ()


@dataclass(frozen=True, slots=True)
class Edit:
    """A span to rewrite and the matches it covers, strongest first; edits of a leaf never overlap."""

    span: Span
    matches: tuple[Match, ...]
    action: Action


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that could not be looked at or understood. Location and reason only; no data is copied.

    `record` is None when a whole file or the rest of one is meant.
    """

    uri: str
    record: int | None
    stage: str
    reason: str

    @property
    def kind(self) -> tuple[str, str]:
        """Stage and reason without the numbers in it: what reports count by."""
        return self.stage, re.sub(r"(?<!UTF-)\d+", "N", self.reason)

    def row(self) -> dict[str, Any]:
        return {"uri": self.uri, "record": self.record, "stage": self.stage, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class Shard:
    """The unit of work and of resuming: part of one file.

    `path` is where to read, `uri` the name in reports (relative to the scanned root). `start` and `stop` are bytes of
    plain JSONL, row groups of Parquet, None for a whole stream. `first_record` is the 0-based row `start` stands at.
    `file` numbers the input files, `index` the shards of the run.
    """

    index: int
    file: int
    path: str
    uri: str
    format: str
    start: int | None = None
    stop: int | None = None
    first_record: int = 0


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file read or written. `sha256` in hex; `records` counts rows, blank lines not among them."""

    uri: str
    bytes: int
    records: int
    sha256: str


@dataclass(slots=True)
class Tally:
    """Counts that add up: merging shard results is `+`, and that is all distribution needs.

    `findings` counts (entity, rule, confidence, severity, state); `fields` counts (field with `*` for list indexes,
    entity); `files` counts (uri, entity); `reasons` counts (stage, reason) of problems; `methods` counts duplicates
    by method; `excuses` counts suppressed findings by the number of their suppression; `media` adds up what was
    measured in pictures and sound (`privscan.media.seen`); `topics` counts what texts speak of (`privscan.topics`),
    which is information and no finding.
    """

    records: int = 0
    bytes: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    findings: Counter[tuple[str, str, str, str, str]] = field(default_factory=Counter)
    fields: Counter[tuple[str, str]] = field(default_factory=Counter)
    files: Counter[tuple[str, str]] = field(default_factory=Counter)
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)
    methods: Counter[str] = field(default_factory=Counter)
    excuses: Counter[str] = field(default_factory=Counter)
    media: Counter[str] = field(default_factory=Counter)
    topics: Counter[str] = field(default_factory=Counter)

    @classmethod
    def total(cls, tallies: Iterable[Tally]) -> Tally:
        """Add many up at once: of a thousand files each would copy the counts of all before it."""
        out = cls()
        for tally in tallies:
            out.records += tally.records
            out.bytes += tally.bytes
            for name in cls.__slots__[2:]:
                getattr(out, name).update(getattr(tally, name))
        return out

    def __add__(self, other: Tally) -> Tally:
        return Tally.total((self, other))


@dataclass(frozen=True, slots=True)
class Report:
    """The whole story of a run, without a value in it; the exit code is a pure function of it.

    `problems` holds the first hundred rows of the quarantine, `samples` a few redacted contexts as
    {entity, rule, uri, record, field, text}. `complete` is False when anything could not be looked at. `gate` holds
    {"fail_on": level or "never", "failing": findings at or over it} and its `limits`.
    `details` is what further rooms tell of the run, JSON by their names, for `reports/sections/`.
    """

    command: str
    tool: dict[str, str]
    started: str
    seconds: float
    policy: dict[str, Any]
    inputs: tuple[Artifact, ...]
    outputs: tuple[Artifact, ...]
    tally: Tally
    problems: tuple[Problem, ...]
    samples: tuple[dict[str, Any], ...]
    gate: dict[str, Any]
    complete: bool
    key: str
    settings: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    details: dict[str, Any] = field(default_factory=dict)
