"""One rule made ready: its expressions, how far its triggers reach, and what a match of it is worth."""

from __future__ import annotations

import hashlib
import logging
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from privscan import validators
from privscan.detectors import triggers
from privscan.detectors.starts import LENGTH, starts
from privscan.detectors.syntax import parsed
from privscan.detectors.words import Words
from privscan.kept import held, load, store
from privscan.model import Confidence, LeafKind, Rule
from privscan.rules import digest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from privscan.model import Leaf, Span

LOG = logging.getLogger(__name__)
CONTEXT_BEFORE = 60  # characters of the same leaf in which a context word counts
CONTEXT_AFTER = 30
LONGEST_WORD = 40
LONGEST_MARGIN = 9  # characters of blanks and the full stop round a value that is alone in its text
# Names of fields that hold what somebody says or writes, where a number that is all of it answers a question.
TEXTS = frozenset(
    "text content contents message messages answer answers response responses reply input inputs output outputs "
    "prompt prompts completion question query utterance body comment sentence instruction user assistant".split()
)
ONE_BY_ONE = 3  # times as long as trying everywhere, trying place by place takes
KEPT, KEPT_LENGTH = 4096, 128  # values of a rule whose verdicts are remembered, and how long they may be
Verdicts = tuple[tuple[str, validators.Verdict], ...]
Weight = tuple[Confidence, float, tuple[str, ...]]  # confidence, score, evidence
SCORES = {Confidence.LOW: 0.3, Confidence.MEDIUM: 0.6, Confidence.HIGH: 0.9}


def needs_context(rule: Rule, minimum: Confidence) -> bool:
    """Say whether a match of the rule is below the minimum unless a context word stands near it."""
    best = max(rule.confidence, rule.checked if rule.validators else rule.confidence)
    return bool(rule.context) and best < minimum


@dataclass(slots=True)
class Compiled:
    """A rule with its expressions, made on first use: most rules of a run never fire."""

    rule: Rule
    hopeless: bool  # without context
    begins: str | None = None  # `starts` of its pattern where it is known, "" for none
    pattern: re.Pattern[str] = field(init=False)
    starts: re.Pattern[str] | None = field(init=False)
    top: bool = field(init=False)  # whether it may match at the beginning of a text, whatever `starts` says
    context: Words | None = field(init=False)
    keywords: Words | None = field(init=False)
    placeholders: tuple[re.Pattern[str], ...] = field(init=False)
    checks: tuple[tuple[str, Any], ...] = field(init=False)
    group: int | str = field(init=False)
    _verdicts: dict[str, Verdicts] = field(default_factory=dict)
    _weighed: dict[Any, Weight | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        rule = self.rule
        self.pattern = re.compile(rule.pattern)
        begins = starts(rule.pattern) if self.begins is None else self.begins
        self.starts = re.compile(begins) if begins else None
        self.top = r"\A" in rule.pattern
        self.group = "value" if "value" in self.pattern.groupindex else 0
        self.context = Words(rule.context) if rule.context else None
        own = (rule.trigger or rule.requires) and rule.keywords  # a trigger made of the keywords has seen to them
        self.keywords = Words(rule.keywords) if own else None
        self.placeholders = tuple(re.compile(entry) for entry in rule.placeholders)
        self.checks = tuple((name, validators.TABLE[name]) for name in rule.validators)

    def search(self, text: str, at: int, stop: int, final: int) -> re.Match[str] | None:
        """Return the first match from a place on that ends before `stop` and begins at `final` at the latest."""
        match = self.pattern.match
        if self.starts is None:
            if (final - at) * ONE_BY_ONE > stop - at:
                return self.pattern.search(text, at, stop)
            tried = (match(text, start, stop) for start in range(at, final + 1))
            return next(filter(None, tried), None)
        if self.top and at == 0 and (found := match(text, 0, stop)):
            return found
        for start in self.starts.finditer(text, at, min(final + LENGTH, stop)):
            found = match(text, start.start(), stop)
            if found is not None:
                return found
        return None

    def verdicts(self, value: str) -> Verdicts:
        """Return what the rule's validators say of a value, up to one that rejects it; asked again and again."""
        found = self._verdicts.get(value)
        if found is None:
            said = []
            for name, check in self.checks:
                said.append((name, check(value)))
                if said[-1][1].state == "failed" and self.rule.on_failed == "reject":
                    break
            found = tuple(said)
            if len(value) <= KEPT_LENGTH:
                if len(self._verdicts) >= KEPT:
                    self._verdicts.clear()
                self._verdicts[value] = found
        return found

    def rejects(self, value: str) -> bool:
        """Say whether a validator rejects a value, whatever stands around it."""
        if not self.checks or self.rule.on_failed != "reject":
            return False
        return self.verdicts(value)[-1][1].state == "failed"

    def weighed(self, seen: tuple[Verdicts, str, str, str]) -> Weight | None:
        """Return what `weigh` makes of (verdicts, context, field's word, lone): the same for the same."""
        try:
            return self._weighed[seen]
        except KeyError:
            weight = weigh(self.rule, *seen)
            if len(self._weighed) >= KEPT:
                self._weighed.clear()
            self._weighed[seen] = weight
            return weight


class Reach(NamedTuple):
    """How far from a trigger's end its match may stand; `anchored` when the match begins before that end."""

    before: int
    after: int
    anchored: bool


def reach_of(rule: Rule, *, hopeless: bool) -> Reach:
    """Return a rule's reach: at most the widest match there is, or the distance of the words that trigger it."""
    widest = int(parsed(rule.pattern).getwidth()[1]) + 2
    if rule.trigger or not (rule.keywords or hopeless):
        # a trigger that ends with the end of a field's name stands before its match
        named = any(line.rstrip(")]").endswith("\\x1f") for line in rule.trigger.splitlines())
        return Reach(min(rule.before or rule.window, widest), min(rule.window, widest), anchored=not named)
    if rule.keywords:
        return Reach(rule.window, rule.window, anchored=False)
    before, after = CONTEXT_AFTER + widest + LONGEST_WORD, CONTEXT_BEFORE + widest
    return Reach(min(rule.window, before), min(rule.window, after), anchored=False)


def alone(leaf: Leaf, span: Span) -> str:
    """Return the name of a text's field where the span is all the text holds, "" otherwise."""
    text = leaf.text
    if span.end - span.start + LONGEST_MARGIN < len(text) or leaf.kind is not LeafKind.STRING:
        return ""
    name = leaf.key.lower()
    return name if name in TEXTS and not (text[: span.start] + text[span.end :]).strip(" \t\r\n.") else ""


def weigh(
    rule: Rule,
    verdicts: Sequence[tuple[str, validators.Verdict]],
    context: str,
    field_word: str,
    lone: str = "",
) -> Weight | None:
    """Return confidence, score and evidence, in the order it counted; None when the rule rejects the match."""
    level = rule.confidence
    evidence: list[str] = []
    proof = "verified" if rule.id.startswith("secret.") else "checksum"
    failed = any(verdict.state == "failed" for _, verdict in verdicts)
    if failed and rule.on_failed == "reject":
        return None
    for name, verdict in verdicts:
        if verdict.state != "n/a":
            word = proof if verdict.state == "passed" else verdict.state
            evidence += [f"{word}:{name}", *verdict.facts]
    passed = any(verdict.state == "passed" for _, verdict in verdicts)
    if failed:
        if rule.on_failed == "lower":
            level = Confidence(max(level - 1, Confidence.LOW))
    elif passed:
        level = max(level, rule.checked)
    if failed and rule.on_failed == "lower":
        lone = ""  # a number that stands alone and is wrong is another number
    for word, where in ((context, "context"), (field_word, "field"), (lone, "alone")):
        if word:
            evidence.append(f"{where}:{word}")
    if context or field_word or lone:
        level = Confidence(min(level + 1, Confidence.HIGH))
    score = SCORES[level] + 0.03 * bool(context) + 0.03 * bool(field_word) + 0.03 * passed - 0.1 * failed
    return level, round(score, 2), tuple(evidence or ["shape"])


# What the plan of a run is made by.
SOURCES = ("syntax.py", "derive.py", "starts.py", "words.py", "triggers.py", "compiled.py")


def plan(rules: Sequence[Rule], hopeless: Sequence[bool], cache: str | None) -> dict[str, Any]:
    """Return triggers and reaches of the rules, and `begins` of their patterns; kept, because it takes seconds."""
    sources = b"".join(Path(__file__).with_name(name).read_bytes() for name in SOURCES)
    code = hashlib.sha256(sources).hexdigest()
    content = [code, digest(rules), [rule.id for rule in rules], list(hopeless)]
    if not cache:
        return _planned(rules, hopeless)
    path = os.path.join(cache, f"plan-{hashlib.sha256(orjson.dumps(content)).hexdigest()[:32]}.json")
    kept = load(path)
    if kept is None:
        LOG.info("compiling %s rules, once for each set of them", f"{len(rules):,}")
        with held(path):
            kept = load(path)
            if kept is None:
                kept = orjson.dumps(_planned(rules, hopeless))
                store(path, kept)
    return orjson.loads(kept)  # type: ignore[no-any-return]


def _planned(rules: Sequence[Rule], hopeless: Sequence[bool]) -> dict[str, Any]:
    plan: dict[str, list[Any]] = {"triggers": [], "reaches": [], "begins": []}
    for number, (rule, bad) in enumerate(zip(rules, hopeless, strict=True)):
        plan["triggers"] += [
            (trigger.rule, trigger.expression.decode("latin-1"), trigger.group)
            for trigger in triggers.triggers_of(rule, number, needs_context=bad)
        ]
        plan["reaches"].append(tuple(reach_of(rule, hopeless=bad)))
        plan["begins"].append(starts(rule.pattern) or "")
    return plan
