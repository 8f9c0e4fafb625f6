"""Runs the rules: trigger, exact pattern, validators, context, confidence. Holds all rules of a run, compiled.

A match is never dropped for a reason that `explain` could not tell: every step that moved its confidence stands in its
evidence.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
from pathlib import Path
from re import _parser as sre_parse  # type: ignore[attr-defined]
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from privscan import validators
from privscan.detectors import triggers
from privscan.detectors.derive import folded, least_digits, raw_alike
from privscan.rules import digest
from privscan.model import Confidence, LeafKind, Match, Rule, Span, State

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from privscan.config import Settings
    from privscan.formats import Block
    from privscan.model import Leaf

CONTEXT_BEFORE = 60  # characters of the same leaf in which a context word counts
CONTEXT_AFTER = 30
LONGEST_WORD = 40
BIG_LEAF = 1 << 20  # bytes; longer leaves are scanned by themselves, their hits thinned
THIN = 64  # bytes: of hits of one rule closer than this one is kept, and its window widened by as much
_HARD_ESCAPE = re.compile(rb"\\[^nrt\"]|\\\Z")  # the few that a replacement cannot undo at a glance
_NAME_END = re.compile(rb"[^\"]{0,64}\"\s{0,8}:")
# Where in a leaf to look, in code points: from, to, and the last place where a match can begin.
Window = tuple[int, int, int]
NO_DIGITS = bytes(byte for byte in range(256) if not 0x30 <= byte <= 0x39)
NAMES_KEPT = 4096
CLOSE = 16  # bytes between hits that are looked at together
SCORES = {Confidence.LOW: 0.3, Confidence.MEDIUM: 0.6, Confidence.HIGH: 0.9}


def needs_context(rule: Rule, minimum: Confidence) -> bool:
    """Say whether a match of the rule is below the minimum unless a context word stands near it."""
    best = max(rule.confidence, rule.checked if rule.validators else rule.confidence)
    return bool(rule.context) and best < minimum


@dataclass(slots=True)
class _Compiled:
    """A rule with its expressions, made on first use: most rules of a run never fire."""

    rule: Rule
    hopeless: bool  # without context
    pattern: re.Pattern[str] = field(init=False)
    context: Words | None = field(init=False)
    keywords: Words | None = field(init=False)
    placeholders: tuple[re.Pattern[str], ...] = field(init=False)
    checks: tuple[tuple[str, Any], ...] = field(init=False)
    raw_alike: bool = field(init=False)
    digits: int = field(init=False)  # that a match holds at least
    group: int | str = field(init=False)

    def __post_init__(self) -> None:
        rule = self.rule
        self.pattern = re.compile(rule.pattern)
        self.group = "value" if "value" in self.pattern.groupindex else 0
        self.context = Words(rule.context) if rule.context else None
        own = rule.trigger and rule.keywords  # a trigger made of the keywords has seen to them
        self.keywords = Words(rule.keywords) if own else None
        self.placeholders = tuple(re.compile(entry) for entry in rule.placeholders)
        self.raw_alike = raw_alike(rule.pattern)
        self.digits = least_digits(rule.pattern)
        self.checks = tuple((name, validators.TABLE[name]) for name in rule.validators)


    def rejects(self, value: str) -> bool:
        """Say whether a validator rejects a value, whatever stands around it."""
        if self.rule.on_failed != "reject":
            return False
        return any(check(value).state == "failed" for _, check in self.checks)


class Words:
    """Context words and phrases, looked for in text whose words are joined by single blanks (`spaced`).

    Words of scripts written without blanks count wherever they stand.
    """

    def __init__(self, words: Sequence[str]) -> None:
        self.joined = tuple(f" {' '.join(_WORD.findall(folded(word)))} " for word in words)
        self.squeezed = {word.replace(" ", ""): word.strip() for word in self.joined}
        self._names: dict[str, str] = {}
        self.glued = tuple(word.strip() for word in self.joined if _UNSPACED.search(word))

    def find(self, text: str) -> str:
        """Return the first of the words that stands in the text, "" for none."""
        for word in self.joined:
            if word in text:
                return word.strip()
        for word in self.glued:
            if word in text:
                return word
        return ""

    def find_name(self, name: str) -> str:
        """Return the word that stands in a field's name; the name's parts may be written as one."""
        found = self._names.get(name)
        if found is None:
            if len(self._names) > NAMES_KEPT:
                self._names.clear()
            found = self.find(f" {name} ") or self.squeezed.get(name.replace(" ", ""), "")
            self._names[name] = found
        return found


_WORD = re.compile(r"[^\W_]+")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_TOKEN = re.compile(r"<[A-Z][A-Z0-9_]*(?::[0-9a-f]+)?>")


@functools.lru_cache(maxsize=64)  # several rules ask of the same neighbourhood, one after the other
def spaced(text: str) -> str:
    """Return the words of a text, folded and joined by single blanks; what we ourselves put in place is left out.

    >>> spaced("Tel.-Nr. <PHONE_NUMBER>: Büro")
    ' tel nr buro '
    """
    if "<" in text:
        text = _TOKEN.sub(" ", text)
    return f" {' '.join(_WORD.findall(folded(text)))} "


@functools.lru_cache(maxsize=65536)
def field_words(pointer: str) -> str:
    """Return the names in a field as folded words: the last two named segments, split at case and punctuation.

    >>> field_words("/users/0/homePhone")
    'users home phone'
    """
    names = [segment for segment in pointer.removesuffix("~key").split("/") if segment and not segment.isdigit()][-2:]
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", " ".join(names))
    return folded(re.sub(r"[\W_]+", " ", split))


class _Reach(NamedTuple):
    """How far from a trigger's end its match may stand; `anchored` when the match begins before that end."""

    before: int
    after: int
    anchored: bool


def _reach(rule: Rule, *, hopeless: bool) -> _Reach:
    """Return a rule's reach: no more than the widest match there is, and where words are the trigger, their distance."""
    widest = int(sre_parse.parse(rule.pattern).getwidth()[1]) + 2
    if rule.trigger or not (rule.keywords or hopeless):
        return _Reach(min(rule.before or rule.window, widest), min(rule.window, widest), anchored=True)
    if rule.keywords:
        return _Reach(rule.window, rule.window, anchored=False)
    before, after = CONTEXT_AFTER + widest + LONGEST_WORD, CONTEXT_BEFORE + widest
    return _Reach(min(rule.window, before), min(rule.window, after), anchored=False)


def weigh(
    rule: Rule, verdicts: Sequence[tuple[str, validators.Verdict]], context: str, field_word: str
) -> tuple[Confidence, float, tuple[str, ...], tuple[tuple[str, Confidence], ...]] | None:
    """Return confidence, score, evidence and the steps that led there; None when the rule rejects the match.

    A pure function of the rule and what was seen, so that `explain` can tell the story again.
    """
    level = rule.confidence
    evidence: list[str] = []
    steps = [(f"shape of {rule.name}", level)]
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
        steps.append(("a validator failed", level))
    elif passed:
        level = max(level, rule.checked)
        steps.append(("every validator that applies passed", level))
    for word, where in ((context, "context"), (field_word, "field")):
        if word:
            evidence.append(f"{where}:{word}")
    if context or field_word:
        level = Confidence(min(level + 1, Confidence.HIGH))
        steps.append((f"{'field name' if field_word else 'context'} says {field_word or context}", level))
    score = SCORES[level] + 0.03 * bool(context) + 0.03 * bool(field_word) + 0.03 * passed - 0.1 * failed
    return level, round(score, 2), tuple(evidence or ["shape"]), tuple(steps)


def _plan(rules: Sequence[Rule], hopeless: Sequence[bool], cache: str | None) -> dict[str, Any]:
    """Return the triggers and reaches of the rules; kept in the cache, because deriving them takes half a second."""
    sources = b"".join(Path(__file__).with_name(name).read_bytes() for name in ("derive.py", "triggers.py", "patterns.py"))
    code = hashlib.sha256(sources).hexdigest()
    content = [code, digest(rules), [rule.id for rule in rules], list(hopeless)]
    path = os.path.join(cache, f"plan-{hashlib.sha256(json.dumps(content).encode()).hexdigest()[:32]}.json") if cache else None
    kept = triggers.load(path) if path else None
    if kept is not None:
        return json.loads(kept)  # type: ignore[no-any-return]
    found = [
        (trigger.rule, trigger.expression.decode("latin-1"), trigger.group)
        for number, (rule, bad) in enumerate(zip(rules, hopeless, strict=True))
        for trigger in triggers.triggers_of(rule, number, needs_context=bad)
    ]
    reaches = [_reach(rule, hopeless=bad) for rule, bad in zip(rules, hopeless, strict=True)]
    plan = {"triggers": found, "reaches": reaches}
    if path:
        triggers.store(path, json.dumps(plan).encode())
    return plan


class Patterns:
    """The rules of a run as one detector."""

    def __init__(self, settings: Settings) -> None:
        self.rules = settings.rules
        self.minimum = settings.min_confidence
        self.hopeless = [needs_context(rule, self.minimum) for rule in self.rules]
        plan = _plan(self.rules, self.hopeless, settings.cache_dir)
        self.reaches = [_Reach(*reach) for reach in plan["reaches"]]
        found = [triggers.Trigger(number, text.encode("latin-1"), group) for number, text, group in plan["triggers"]]
        self.databases = triggers.compile_rules(found, self.rules, settings.cache_dir) if found else None
        self._compiled: dict[int, _Compiled] = {}

    def compiled(self, number: int) -> _Compiled:
        entry = self._compiled.get(number)
        if entry is None:
            entry = self._compiled[number] = _Compiled(self.rules[number], self.hopeless[number])
        return entry

    # ------------------------------------------------------------ gate

    def candidates(self, block: Block) -> dict[int, list[int] | None]:
        """Return the rows with a trigger in their raw bytes and where, or with an escape that could hide one."""
        rows: dict[int, list[int] | None] = {}
        if self.databases is None:
            return rows
        buffers = list(block.buffers())
        for buffer, starts in buffers:
            self._triggered(memoryview(buffer), starts, rows)
        if len(buffers) > 1:
            rows = dict.fromkeys(rows)
        for name, members in block.names():
            if self.databases.names(f"\x1f{name}\x1f".encode(errors="surrogatepass")):
                rows.update(dict.fromkeys(members))
        rows.update(dict.fromkeys(block.obscured()))
        return rows

    def _triggered(
        self, buffer: memoryview, starts: np.ndarray[Any, Any], rows: dict[int, list[int] | None]
    ) -> None:
        """Scan in pieces of about SCAN_BYTES of whole rows, each with the byte before it and the one behind."""
        assert self.databases is not None
        row, total = 0, len(starts)
        while row < total:
            begin = int(starts[row])
            following = max(int(np.searchsorted(starts, begin + triggers.SCAN_BYTES)), row + 1)
            end = int(starts[following]) if following < total else len(buffer)
            low = max(begin - 1, 0)
            numbers, ends = self.databases.scan(buffer[low:end], THIN if end - begin > BIG_LEAF else 0)
            if len(ends):
                # a trigger ends inside its row, or one byte past it (its neighbour): never before the row begins
                owners = np.searchsorted(starts, ends + (low - 2), side="right") - 1
                order = np.lexsort((ends, numbers, owners))
                marks = (ends[order] + low).tolist()
                for owner, number, at, stop in _clusters(owners[order].tolist(), numbers[order].tolist(), marks):
                    if owner < 0:
                        continue
                    known = rows.get(owner)
                    if known is None:
                        if self._idle(number, buffer, int(starts[owner]), marks[at], marks[stop - 1]):
                            continue
                        rows[owner] = known = []
                    known += marks[at:stop]  # a row looked at anyway is not worth a second opinion
            row = following

    def _idle(self, number: int, buffer: memoryview, start: int, first: int, last: int) -> bool:
        """Say whether the neighbourhood of a cluster of hits, its escapes undone, holds no match of the rule.

        A word in a field's name reaches over the whole field: there nothing is said.
        """
        entry = self.compiled(number)
        if not entry.raw_alike:
            return False
        reach = self.reaches[number]
        low, high = max(first - reach.before - 8, start), last + reach.after + 8
        raw = bytes(buffer[low:high])
        if entry.digits and raw.isascii() and len(raw.translate(None, NO_DIGITS)) < entry.digits:
            return True
        more = raw.count(b"\\") + len(raw) - len(raw.decode("utf-8", "ignore"))
        if more:  # characters that take several bytes: the reach is in characters
            raw = bytes(buffer[max(low - 2 * more, start) : high + 2 * more])
        if _HARD_ESCAPE.search(raw) or (not reach.anchored and _NAME_END.match(bytes(buffer[last - 1 : last + 128]))):
            return False
        text = raw.decode("utf-8", "replace")
        if more:
            text = text.replace("\\n", "\n").replace('\\"', '"').replace("\\t", "\t").replace("\\r", "\r")
        at = 0
        while found := entry.pattern.search(text, at):
            if not entry.rejects(found[entry.group]):
                return False
            at = found.start() + 1
        return True

    # ------------------------------------------------------------ detect

    def detect(self, leaves: Sequence[Leaf]) -> dict[int, list[Match]]:
        """Return matches by position in `leaves`, those below the minimum confidence left out."""
        found: dict[int, list[Match]] = {}
        for number, position, window in self._windows(leaves):
            matches = list(self._confirm(self.compiled(number), leaves[position], window))
            if matches:
                found.setdefault(position, []).extend(matches)
        return {position: _settled(matches) for position, matches in found.items()}

    def _windows(self, leaves: Sequence[Leaf]) -> Iterator[tuple[int, int, Window | None]]:
        """Yield (rule, leaf position, window, None for the whole leaf), merged, in a fixed order."""
        if self.databases is None or not leaves:
            return
        small: list[int] = []
        for position, leaf in enumerate(leaves):
            if len(leaf.text) < BIG_LEAF:
                small.append(position)
            else:
                yield from self._spread(leaves, [position])
        if small:
            yield from self._spread(leaves, small)

    def _spread(
        self, leaves: Sequence[Leaf], positions: Sequence[int]
    ) -> Iterator[tuple[int, int, Window | None]]:
        """Scan some leaves as one buffer of `\\x1f key \\x1f text \\x1e` and turn hits into windows."""
        assert self.databases is not None
        parts: list[bytes] = []
        begins: list[int] = []
        at = 0
        for position in positions:
            leaf = leaves[position]
            head = b"\x1f" + leaf.key.encode("utf-8", "surrogatepass") + b"\x1f" if leaf.kind is not LeafKind.KEY else b"\x1f"
            body = leaf.text.encode("utf-8", "surrogatepass")
            parts += (head, body, b"\x1e")
            at += len(head)
            begins.append(at)
            at += len(body) + 1
        buffer = b"".join(parts)
        big = at >= BIG_LEAF and len(positions) == 1
        numbers, ends = self.databases.scan(buffer, THIN if big else 0)
        if not len(numbers):
            return
        starts = np.array(begins, dtype=np.int64)
        lengths = np.array([len(parts[3 * i]) for i in range(len(positions))], dtype=np.int64)
        owners = np.searchsorted(starts - lengths, ends - 2, side="right") - 1
        order = np.lexsort((ends, numbers, owners))
        yield from self._merged(leaves, positions, parts, starts, owners[order].tolist(), numbers[order].tolist(), ends[order].tolist())

    def _merged(
        self,
        leaves: Sequence[Leaf],
        positions: Sequence[int],
        parts: Sequence[bytes],
        starts: np.ndarray[Any, Any],
        owners: list[int],
        numbers: list[int],
        ends: list[int],
    ) -> Iterator[tuple[int, int, Window | None]]:
        """Merge the sorted hits of one rule in one leaf into windows."""
        last: tuple[int, int] | None = None
        low = high = final = 0
        whole = False
        index = _Index()
        for owner, number, end in zip(owners, numbers, ends, strict=True):
            if owner < 0 or (whole and (owner, number) == last):
                continue
            text = leaves[positions[owner]].text
            before, after, anchored = self.reaches[number]
            slack = THIN if len(text) >= BIG_LEAF else 0
            offset = end - int(starts[owner])
            in_key = offset <= 0
            at = offset if len(parts[3 * owner + 1]) == len(text) else index.at(owner, parts[3 * owner + 1], offset)
            if (owner, number) == last and at - before <= high:
                high, final = at + after + slack, at + slack if anchored else len(text)
                continue
            if last is not None:
                yield last[1], positions[last[0]], None if whole else (low, high, final)
            last, whole = (owner, number), in_key
            low, high, final = max(at - before, 0), at + after + slack, at + slack if anchored else len(text)
        if last is not None:
            yield last[1], positions[last[0]], None if whole else (low, high, final)

    def _confirm(self, entry: _Compiled, leaf: Leaf, window: Window | None) -> Iterator[Match]:
        """Yield the matches of one rule in a window of a leaf."""
        text = leaf.text
        size = len(text)
        at, stop, final = (0, size, size) if window is None else (window[0], min(window[1], size), window[2])
        pattern, group, rule = entry.pattern, entry.group, entry.rule
        while found := pattern.search(text, at, stop):
            if found.end() == stop < size:  # the window's edge is not the text's: let the match run on
                stop = min(stop + rule.window, size)
                again = pattern.match(text, found.start(), size)
                if again is None:
                    at = found.start() + 1
                    continue
                found = again
                stop = max(stop, found.end())
            start, end = found.span(group)
            match = self._judge(entry, leaf, text[start:end], Span(start, end)) if end > start else None
            if match is not None:
                yield match
                at = max(end, found.start() + 1)
            else:
                at = found.start() + 1
                at = max(at, start) if start > found.start() else at
            if at >= stop or at > final:
                return

    def _judge(self, entry: _Compiled, leaf: Leaf, value: str, span: Span) -> Match | None:
        """Weigh one candidate; None when it is rejected or below the minimum."""
        rule = entry.rule
        if entry.keywords is not None and not self._near(entry.keywords, leaf, span, rule.window, rule.window):
            return None
        context, named = self._context(entry, leaf, span)
        if entry.hopeless and not context and not named:
            return None  # nothing a validator says would lift it over the minimum
        verdicts = []
        for name, check in entry.checks:
            verdict = check(value)
            if verdict.state == "failed" and rule.on_failed == "reject":
                return None
            verdicts.append((name, verdict))
        weighed = weigh(rule, verdicts, context, named)
        if weighed is None or weighed[0] < self.minimum:
            return None
        level, score, evidence, _ = weighed
        state = State.NEW
        if "placeholder" in evidence or any(sample.search(value) for sample in entry.placeholders):
            state = State.PLACEHOLDER
        return Match(span, rule.id, rule.entity, level, score, rule.severity, evidence, state)

    def _context(self, entry: _Compiled, leaf: Leaf, span: Span) -> tuple[str, str]:
        """Return the context word near the span and the one in the field's name, "" for none."""
        if entry.context is None:
            return "", ""
        near = _around(entry.context, leaf.text, span, CONTEXT_BEFORE, CONTEXT_AFTER)
        named = entry.context.find_name(field_words(leaf.field)) if leaf.kind is not LeafKind.KEY else ""
        return near, named

    def _near(self, words: Words, leaf: Leaf, span: Span, before: int, after: int) -> bool:
        return bool(_around(words, leaf.text, span, before, after) or words.find_name(field_words(leaf.field)))


def _settled(matches: list[Match]) -> list[Match]:
    """Make what lies inside a placeholder of the same entity one too: part of a sample number is no number."""
    samples = [match for match in matches if match.state is State.PLACEHOLDER]
    if not samples or len(samples) == len(matches):
        return matches
    return [
        replace(match, state=State.PLACEHOLDER)
        if any(
            sample.entity == match.entity and sample.span.start <= match.span.start and match.span.end <= sample.span.end
            for sample in samples
        )
        else match
        for match in matches
    ]


def _clusters(owners: list[int], numbers: list[int], ends: list[int]) -> Iterator[tuple[int, int, int, int]]:
    """Yield (owner, rule, from, to): the runs of hits of one rule in one row that stand close together."""
    at = 0
    for place in range(1, len(ends) + 1):
        same = (
            place < len(ends)
            and owners[place] == owners[at]
            and numbers[place] == numbers[at]
            and ends[place] - ends[place - 1] <= CLOSE
        )
        if not same:
            yield owners[at], numbers[at], at, place
            at = place


def _around(words: Words, text: str, span: Span, before: int, after: int) -> str:
    """Return the word found before or behind a span, the value itself left out."""
    found = words.find(spaced(text[max(span.start - before, 0) : span.start]))
    return found or words.find(spaced(text[span.end : span.end + after]))


class _Index:
    """Turns byte offsets of a leaf into code points; counts a leaf's bytes once."""

    def __init__(self) -> None:
        self._owner, self._points = -1, np.zeros(1, dtype=np.int64)

    def at(self, owner: int, body: bytes, offset: int) -> int:
        """Return how many code points the first `offset` bytes of a body hold."""
        if owner != self._owner:
            starts = (np.frombuffer(body, dtype=np.uint8) & 0xC0) != 0x80
            self._owner, self._points = owner, np.concatenate(([0], np.cumsum(starts)))
        return int(self._points[min(max(offset, 0), len(body))])
