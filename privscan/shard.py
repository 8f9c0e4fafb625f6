"""The straight line: read, gate, detect, resolve, decide, write, account. One shard in, one result out.

Pure but for its own part files, and picklable, so that it runs in any process. Every record of the shard ends with
exactly one outcome; one that could not be looked at is quarantined, never passed on.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from privscan import detectors, formats, operators, policy, resolve, views
from privscan.errors import InputError
from privscan.formats import Rewrite
from privscan.model import Action, Finding, LeafKind, Match, Outcome, Problem, Span, State, Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from privscan.config import Settings
    from privscan.dedup import Duplicate
    from privscan.detectors import Detector
    from privscan.formats import Block
    from privscan.model import Edit, Leaf, Shard

ROUNDS = 6  # of looking again at what was redacted; a record still not clean then is quarantined
SAMPLES = 2  # redacted contexts kept of each entity and shard
SAMPLE_REACH = 48  # characters on either side
FIELDS_KEPT = 1000  # distinct (field, entity) pairs counted by name in a shard; the rest count as "(other)"
PLAIN = Action("replace", (("template", "<{entity}>"),))


@dataclass(slots=True)
class Result:
    """What a shard came to: counts, a few problems and samples; the rows themselves stand in its part files."""

    index: int
    tally: Tally
    problems: list[Problem] = field(default_factory=list)
    samples: list[dict[str, Any]] = field(default_factory=list)
    broken: str = ""


@dataclass(slots=True)
class Tools:
    """What a process needs to work on shards, made once from the settings."""

    settings: Settings
    detectors: tuple[Detector, ...]
    operators: dict[str, Any]


def tools(settings: Settings) -> Tools:
    """Build the detectors and operators; ConfigError or RuleError where they cannot be."""
    chosen = {settings.policy.default.operator, *(action.operator for _, action in settings.policy.actions)}
    return Tools(settings, detectors.build(settings), operators.table(chosen))


@dataclass(slots=True)
class _Record:
    """The matches of one record, by leaf, and what is to become of them."""

    leaves: dict[int, tuple[Leaf, list[Match]]] = field(default_factory=dict)


class _Line:
    """One shard's way through. Lives as long as `process_shard` runs."""

    def __init__(self, shard: Shard, kit: Tools, parts: str | None, *, data: bool, duplicates: str | None) -> None:
        self.shard, self.kit, self.settings = shard, kit, kit.settings
        self.format = formats.known()[shard.format]
        self.data = data
        self.result = Result(shard.index, Tally())
        self.duplicates: Mapping[int, Duplicate] = {}
        if duplicates:
            from privscan.dedup.store import drops

            self.duplicates = drops(duplicates)
        self.findings = open(f"{parts}.findings", "wb") if parts else None  # noqa: SIM115 - closed in `close`
        self.quarantine = open(f"{parts}.quarantine", "wb") if parts else None  # noqa: SIM115
        self.writer = self.format.writer(shard, f"{parts}.data") if data and parts else None
        self._sampled: dict[str, int] = {}

    def run(self, tick: Callable[[int, int], None] | None) -> Result:
        tally = self.result.tally
        try:
            for block in self.format.blocks(self.shard):
                before = tally.findings.total()
                self.block(block)
                tally.bytes += block.nbytes
                if tick is not None:
                    tick(block.nbytes, tally.findings.total() - before)
        except InputError as error:
            self.result.broken = str(error)
            self.problem(Problem(self.shard.uri, None, "read", str(error)))
        finally:
            self.close()
        return self.result

    def close(self) -> None:
        for open_ in (self.writer, self.findings, self.quarantine):
            if open_ is not None:
                open_.close()

    # ------------------------------------------------------------ the line

    def block(self, block: Block) -> None:
        rows = block.rows()
        outcomes = dict.fromkeys(rows, Outcome.CLEAN)
        for row, problem in block.problems.items():
            outcomes[row] = Outcome.QUARANTINED
            self.problem(problem)
        for row in rows:
            if self.duplicates and block.first + row in self.duplicates and outcomes[row] is Outcome.CLEAN:
                outcomes[row] = Outcome.DUPLICATE
        edits: dict[int, list[Rewrite]] = {}
        for row, record in self.detected(block, outcomes):
            outcomes[row] = self.record(block, row, record, edits)
        without = frozenset(
            row for row, outcome in outcomes.items() if outcome in (Outcome.DROPPED, Outcome.DUPLICATE, Outcome.QUARANTINED)
        )
        if self.writer is not None:
            self.writer.write(block.render(edits, without))
        self.result.tally.records += len(rows)
        for outcome in outcomes.values():
            self.result.tally.outcomes[outcome.value] += 1

    def detected(self, block: Block, outcomes: dict[int, Outcome]) -> Iterator[tuple[int, _Record]]:
        """Yield (row, record) for every row with a match, in order; rows that could not be looked at are quarantined."""
        candidates: set[int] = set()
        for detector in self.kit.detectors:
            candidates.update(detector.candidates(block))
        rows = sorted(row for row in candidates if outcomes.get(row) is Outcome.CLEAN)
        if not rows:
            return
        leaves = [leaf for leaf in block.leaves(rows) if self.wanted(leaf)]
        try:
            found = detect(self.kit.detectors, leaves)
        except Exception:  # noqa: BLE001 - a detector is anybody's code: one record at a time tells which it was
            found = self.one_by_one(block, leaves, outcomes)
        records: dict[int, _Record] = {}
        for position in sorted(found):
            leaf = leaves[position]
            records.setdefault(leaf.record - block.first, _Record()).leaves[position] = (leaf, found[position])
        for row, record in records.items():
            if outcomes[row] is Outcome.CLEAN:
                yield row, record

    def one_by_one(
        self, block: Block, leaves: Sequence[Leaf], outcomes: dict[int, Outcome]
    ) -> dict[int, list[Match]]:
        """Detect record by record, quarantining those a detector fails on."""
        found: dict[int, list[Match]] = {}
        at = 0
        while at < len(leaves):
            record = leaves[at].record
            stop = at
            while stop < len(leaves) and leaves[stop].record == record:
                stop += 1
            try:
                found |= {at + place: matches for place, matches in detect(self.kit.detectors, leaves[at:stop]).items()}
            except Exception as error:  # noqa: BLE001 - its message may hold data: only its type is told
                outcomes[record - block.first] = Outcome.QUARANTINED
                self.problem(Problem(self.shard.uri, record, "detect", f"a detector failed ({type(error).__name__})"))
            at = stop
        return found

    def record(self, block: Block, row: int, record: _Record, edits: dict[int, list[Rewrite]]) -> Outcome:
        """Account for the findings of one record and decide what becomes of it."""
        if not self.data:
            self.account(record)
            return Outcome.CLEAN if not self.acted(record) else Outcome.REDACTED
        rewrites, dropped, reason = self.rewritten(record)
        if reason:
            self.problem(Problem(self.shard.uri, block.first + row, "redact", reason))
            return Outcome.QUARANTINED
        self.account(record)
        if dropped:
            return Outcome.DROPPED
        if rewrites:
            self.sample(record, rewrites)
            edits[row] = rewrites
            return Outcome.REDACTED
        return Outcome.CLEAN

    def acted(self, record: _Record) -> bool:
        action_of = self.action_of
        return any(action_of(match).operator != "keep" for _, matches in record.leaves.values() for match in matches)

    def action_of(self, match: Match) -> Action:
        return policy.action(self.settings.policy, match)

    def rewritten(self, record: _Record) -> tuple[list[Rewrite], bool, str]:
        """Return the rewrites of a record that re-scans clean, whether to drop it, and why it cannot be cleaned."""
        plain: set[tuple[int, Span]] = set()  # spans whose operator's output was itself found: told as <ENTITY>
        for _ in range(ROUNDS):
            rewrites: dict[int, tuple[Rewrite, list[Edit]]] = {}
            for position, (leaf, matches) in record.leaves.items():
                found = resolve.edits(matches, self.action_of)
                if any(edit.action.operator == "drop" for edit in found):
                    return [], True, ""
                if found:
                    rewrites[position] = (self.rewrite(leaf, found, {s for p, s in plain if p == position}), found)
            left = self.residue(rewrites)
            if not left:
                return unique_keys([rewrite for rewrite, _ in rewrites.values()]), False, ""
            for position, match, inside in left:
                if inside is not None:
                    plain.add((position, inside))
                else:
                    record.leaves[position][1].append(match)
        return [], False, "does not come clean: a detector finds its own replacement"

    def rewrite(self, leaf: Leaf, found: Sequence[Edit], plain: set[Span]) -> Rewrite:
        """Apply the edits of one leaf."""
        if leaf.kind is LeafKind.NUMBER:
            return Rewrite(leaf, None, ())
        inner = list(views.of(leaf))
        spans = []
        for edit in found:
            entity = edit.matches[0].entity
            value = leaf.text[edit.span.start : edit.span.end]
            action = edit.action
            if edit.span in plain:
                action = PLAIN if action.operator in ("replace", "mask") else Action("hash")
            new = operators.apply(self.kit.operators | operators.TABLE, action, self.settings.key, entity, value)
            spans.append((edit.span.start, edit.span.end, views.fitting(inner, edit.span, new)))
        return Rewrite(leaf, replaced(leaf.text, spans), spans)

    def residue(
        self, rewrites: Mapping[int, tuple[Rewrite, Sequence[Edit]]]
    ) -> list[tuple[int, Match, Span | None]]:
        """Look again at the rewritten leaves: yield what is still found, with its span in the original.

        The last of the three is the edit's span where the operator's own output is what was found.
        """
        positions = [position for position, (rewrite, _) in rewrites.items() if rewrite.text]
        leaves = [rewrites[position][0].leaf._replace(text=rewrites[position][0].text or "") for position in positions]
        again = detect(self.kit.detectors, leaves)
        left = []
        for place, matches in again.items():
            position = positions[place]
            rewrite, found = rewrites[position]
            for match in matches:
                if self.action_of(match).operator != "keep":
                    span, inside = original(match.span, rewrite.spans, [edit.span for edit in found])
                    left.append((position, moved(match, span), inside))
        return left

    # ------------------------------------------------------------ fields and accounts

    def wanted(self, leaf: Leaf) -> bool:
        """Say whether the settings look at a leaf's field."""
        settings = self.settings
        if not settings.fields and not settings.exclude_fields:
            return True
        pointer = leaf.field.removesuffix("~key")
        if settings.fields and not any(covers(pattern, pointer) for pattern in settings.fields):
            return False
        return not any(covers(pattern, pointer) for pattern in settings.exclude_fields)

    def account(self, record: _Record) -> None:
        tally = self.result.tally
        hidden = hidden_names(record)
        lines = []
        for leaf, matches in record.leaves.values():
            pointer = shown(leaf.field, hidden)
            general = re.sub(r"/\d+(?=/|$|~)", "/*", pointer)
            for match in sorted(matches, key=lambda entry: (entry.span, entry.rule)):
                finding = self.finding(leaf, pointer, match)
                level, severity = match.confidence.label, match.severity.label
                tally.findings[(match.entity, match.rule, level, severity, match.state.value)] += 1
                tally.files[(self.shard.uri, match.entity)] += 1
                name = (general, match.entity)
                if len(tally.fields) >= FIELDS_KEPT and name not in tally.fields:
                    name = ("(other)", match.entity)
                tally.fields[name] += 1
                lines.append(json.dumps(finding.row(), ensure_ascii=False, separators=(",", ":")))
        if self.findings is not None and lines:
            self.findings.write(("\n".join(lines) + "\n").encode("utf-8", "backslashreplace"))

    def finding(self, leaf: Leaf, pointer: str, match: Match) -> Finding:
        settings, span = self.settings, match.span
        whole = leaf.kind is LeafKind.BINARY
        place = f"{self.shard.uri}\0{leaf.record}\0{pointer}\0{span.start}\0{span.end}\0{match.rule}"
        value = leaf.text[span.start : span.end]
        return Finding(
            id=hashlib.sha256(place.encode("utf-8", "backslashreplace")).hexdigest()[:12],
            uri=self.shard.uri,
            record=leaf.record,
            field=pointer,
            start=None if whole else span.start,
            end=None if whole else span.end,
            entity=match.entity,
            rule=match.rule,
            confidence=match.confidence,
            score=match.score,
            severity=match.severity,
            evidence=match.evidence,
            fingerprint=operators.digest(settings.key, match.entity, value).hex()[:32],
            state=match.state,
        )

    def problem(self, problem: Problem) -> None:
        self.result.tally.reasons[(problem.stage, re.sub(r"\d+", "N", problem.reason))] += 1
        if len(self.result.problems) < 100:
            self.result.problems.append(problem)
        if self.quarantine is not None:
            self.quarantine.write(json.dumps(problem.row()).encode() + b"\n")

    def sample(self, record: _Record, rewrites: Sequence[Rewrite]) -> None:
        """Keep a few contexts for the report, taken from what was written, digits and capitals blotted out."""
        if not self.settings.samples:
            return
        hidden = hidden_names(record)
        by_place = {rewrite.leaf.place: rewrite for rewrite in rewrites if rewrite.text and rewrite.leaf.kind is LeafKind.STRING}
        for leaf, matches in record.leaves.values():
            rewrite = by_place.get(leaf.place)
            best = max(matches, key=resolve.strength)
            if rewrite is None or best.state is not State.NEW or self._sampled.get(best.entity, 0) >= SAMPLES:
                continue
            self._sampled[best.entity] = self._sampled.get(best.entity, 0) + 1
            self.result.samples.append(
                {
                    "entity": best.entity,
                    "rule": best.rule,
                    "uri": self.shard.uri,
                    "record": leaf.record,
                    "field": shown(leaf.field, hidden),
                    "text": blotted(rewrite, best.entity),
                }
            )


def process_shard(
    shard: Shard,
    kit: Tools,
    parts: str | None = None,
    *,
    data: bool = False,
    duplicates: str | None = None,
    tick: Callable[[int, int], None] | None = None,
) -> Result:
    """Take one shard through the line. `parts` is the stem of its part files, None to write none.

    `duplicates` names the shard's file of rows to leave out; `tick` is told bytes and findings, block by block.
    """
    return _Line(shard, kit, parts, data=data, duplicates=duplicates).run(tick)


def detect(found_by: Iterable[Detector], leaves: Sequence[Leaf]) -> dict[int, list[Match]]:
    """Show leaves and their other readings to every detector; return matches by position, in the leaves' own spans."""
    readings = list(leaves)
    seen = [(position, view) for position, leaf in enumerate(leaves) for view in views.of(leaf)]
    readings += [view.leaf for _, view in seen]
    out: dict[int, list[Match]] = {}
    for detector in found_by:
        for place, matches in detector.detect(readings).items():
            if place < len(leaves):
                out.setdefault(place, []).extend(matches)
            else:
                position, view = seen[place - len(leaves)]
                mapped = [moved(match, view.back(match.span), f"view:{view.name}") for match in matches]
                known = {(match.span, match.rule) for match in out.get(position, ())}
                fresh = [match for match in mapped if (match.span, match.rule) not in known]
                if fresh:
                    out.setdefault(position, []).extend(fresh)
    return out


def moved(match: Match, span: Span, evidence: str = "") -> Match:
    """Return the match at another span."""
    return Match(
        span,
        match.rule,
        match.entity,
        match.confidence,
        match.score,
        match.severity,
        (*match.evidence, evidence) if evidence else match.evidence,
        match.state,
    )


def replaced(text: str, spans: Sequence[tuple[int, int, str]]) -> str:
    """Return the text with spans rewritten, joined once."""
    out, at = [], 0
    for start, end, new in spans:
        out += (text[at:start], new)
        at = end
    out.append(text[at:])
    return "".join(out)


def original(
    span: Span, spans: Sequence[tuple[int, int, str]], edits: Sequence[Span]
) -> tuple[Span, Span | None]:
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


def covers(pattern: str, pointer: str) -> bool:
    """Say whether a field pattern (JSON Pointer, `*` for any one segment) names a field or one above it.

    >>> covers("/messages/*/content", "/messages/3/content/0/text"), covers("/id", "/idea")
    (True, False)
    """
    wanted, have = pattern.strip("/").split("/"), pointer.strip("/").split("/")
    if pattern.strip("/") == "":
        return True
    return len(wanted) <= len(have) and all(w in ("*", h) for w, h in zip(wanted, have, strict=False))


def hidden_names(record: _Record) -> dict[str, str]:
    """Return the object keys in which something was found: they may not stand in any field told about the record."""
    return {
        leaf.field.removesuffix("~key"): f"<{matches[0].entity}>"
        for leaf, matches in record.leaves.values()
        if leaf.kind is LeafKind.KEY and matches
    }


def shown(pointer: str, hidden: Mapping[str, str]) -> str:
    """Return a field's pointer with the segments that hold a value covered."""
    for prefix, entity in hidden.items():
        if pointer == prefix or pointer.startswith((prefix + "/", prefix + "~key")):
            segments, depth = pointer.split("/"), prefix.count("/")
            tail = "~key" if segments[depth].endswith("~key") else ""
            segments[depth] = entity + tail
            pointer = "/".join(segments)
    return pointer


def unique_keys(rewrites: list[Rewrite]) -> list[Rewrite]:
    """Number keys of one object that would become the same, so that no value is lost when the record is parsed."""
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


def blotted(rewrite: Rewrite, entity: str) -> str:
    """Return a stretch of the rewritten text round its first replacement of the entity, nothing telling left in it."""
    text = rewrite.text or ""
    at = max(text.find(f"<{entity}"), 0)
    stretch = text[max(at - SAMPLE_REACH, 0) : at + len(entity) + SAMPLE_REACH]
    pieces = re.split(r"(<[A-Z][A-Z0-9_]*(?::[0-9a-f]+)?>)", stretch)
    for place in range(0, len(pieces), 2):
        pieces[place] = re.sub(r"\w*(?:[^\W\d_]*[A-Z]|\d)\w*", "▒", pieces[place])
    return " ".join("".join(pieces).split())


def parts_of(stem: str) -> tuple[str, ...]:
    """Return the part files a shard may leave."""
    return tuple(path for kind in ("data", "findings", "quarantine") if os.path.exists(path := f"{stem}.{kind}"))
