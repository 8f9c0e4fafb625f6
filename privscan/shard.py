"""The straight line: read, gate, detect, resolve, decide, write, account. One shard in, one result out.

Pure but for its own part files, and picklable, so that it runs in any process. Every record of the shard ends with
exactly one outcome; one that could not be looked at is quarantined, never passed on.
"""

from __future__ import annotations

import functools
import json
import operator
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from privscan import account, cuts, detectors, formats, operators, policy, quasi, redact, resolve, states, topics
from privscan.echo import Values
from privscan.errors import DetectorError, InputError
from privscan.model import Action, LeafKind, Match, Outcome, Problem, State, Tally
from privscan.redact import Record, Redactor
from privscan.states import Watched

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from privscan.config import Settings
    from privscan.detectors import Detector
    from privscan.formats import Block, Rewrite
    from privscan.model import Leaf, Rule, Shard

SAMPLES = 2  # redacted contexts kept of each entity and shard
PROBLEMS_KEPT = 100  # of a shard, for the report; all stand in the quarantine
_PLACE = operator.attrgetter("span", "rule")
GONE = (Outcome.DROPPED, Outcome.DUPLICATE, Outcome.QUARANTINED)


@dataclass(slots=True)
class Result:
    """What a shard came to: counts, a few problems and samples; the rows themselves stand in its part files."""

    index: int
    tally: Tally
    problems: list[Problem] = field(default_factory=list)
    samples: list[dict[str, Any]] = field(default_factory=list)
    broken: str = ""
    groups: quasi.Groups = field(default_factory=Counter)
    values: Values = field(default_factory=Values)


@dataclass(slots=True)
class Tools:
    """What a process needs to work on shards, made once from the settings."""

    settings: Settings
    detectors: tuple[Detector, ...]
    operators: dict[str, Any]
    special: tuple[Rule, ...]  # of categories that are told of as information
    names: bool  # whether names of people are looked for
    actions: dict[tuple[str, str, State], Action] = field(default_factory=dict)

    def action_of(self, match: Match) -> Action:
        """Return what the policy does with a match."""
        name = (match.rule, match.entity, match.state)
        action = self.actions.get(name)
        if action is None:
            action = self.actions[name] = policy.action(self.settings.policy, match)
        return action


def tools(settings: Settings) -> Tools:
    """Build the detectors and operators; ConfigError or RuleError where they cannot be."""
    chosen = {settings.policy.default.operator, *(action.operator for _, action in settings.policy.actions)}
    idle = settings.command == "dedup" and settings.dedup.keep_policy != "fewest-findings"
    looking = () if idle else detectors.build(settings)
    names = any(rule.entity == "PERSON" for rule in settings.rules)
    return Tools(settings, looking, operators.table(chosen), topics.special(settings), names)


class _Line:
    """One shard's way through. Lives as long as `process_shard` runs."""

    def __init__(self, shard: Shard, kit: Tools, parts: str | None, *, data: bool, duplicates: str | None) -> None:
        self.shard, self.kit, self.settings = shard, kit, kit.settings
        self.format = formats.named(shard.format)
        self.data = data
        self.result = Result(shard.index, Tally())
        self.duplicates: Any = None  # rows of the file, ascending
        if duplicates:
            from privscan.dedup.store import drops

            self.duplicates = drops(duplicates)
        self.findings = open(f"{parts}.findings", "wb") if parts else None  # noqa: SIM115 - closed in `close`
        self.quarantine = open(f"{parts}.quarantine", "wb") if parts else None  # noqa: SIM115
        self.writer = self.format.writer(shard, f"{parts}.data") if data and parts else None
        self.redactor = Redactor(kit.detectors, kit.action_of, kit.operators, self.settings.key)
        self.filter = field_filter(self.settings.fields, self.settings.exclude_fields)
        self.cuts = cuts.of(parts, shard.uri, kit.settings.dedup, field_filter(kit.settings.dedup_fields, ()))
        if self.cuts is not None:
            kit.actions[cuts.NAME] = cuts.ACTION
        self._sampled: dict[str, int] = {}
        self._problems: list[Problem] = []

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
            self._problems.append(Problem(self.shard.uri, None, "read", str(error)))
        finally:
            self.told_problems()
            self.close()
        return self.result

    def close(self) -> None:
        for open_ in (self.writer, self.findings, self.quarantine, self.cuts):
            if open_ is not None:
                open_.close()

    # ------------------------------------------------------------ the line

    def block(self, block: Block) -> None:
        rows, outcomes = block.rows(), self.fated(block)
        edits: dict[int, Sequence[Rewrite]] = {}
        if self.settings.command != "dedup":
            read = [row for row in rows if outcomes[row] is Outcome.CLEAN]
            fresh = quasi.counted(block, read, self.settings, self.filter)
            self.result.groups = quasi.merged(self.result.groups, fresh) if fresh else self.result.groups
            self.result.tally.topics.update(topics.speaking(block, self.kit.special, self.settings.cache_dir))
        found = self.detected(block, outcomes)
        if self.cuts is not None:
            found = self.cuts.into(block, found, outcomes)
        if self.data:
            for (row, record), fate in zip(found, self.rewritten([record for _, record in found]), strict=True):
                outcomes[row] = self.settle(block, row, record, fate, edits)
        else:
            for row, record in found:
                outcomes[row] = self.told(record)
        counts = Counter(outcomes.values())
        gone = any(outcome in counts for outcome in GONE)
        without = frozenset(row for row, outcome in outcomes.items() if outcome in GONE) if gone else frozenset()
        if self.writer is not None:
            self.writer.write(block.render(edits, without))
        self.result.tally.records += len(rows)
        for outcome, count in counts.items():
            self.result.tally.outcomes[outcome.value] += count
        self.told_problems()

    def fated(self, block: Block) -> dict[int, Outcome]:
        """Return the outcome of each row of a block as far as it is known before anybody looks."""
        outcomes = dict.fromkeys(block.rows(), Outcome.CLEAN)
        for row, problem in block.problems.items():
            outcomes[row] = Outcome.QUARANTINED
            self._problems.append(problem)
        if self.duplicates is not None and outcomes:
            low, high = self.duplicates.searchsorted((block.first, block.first + max(outcomes) + 1))
            for record in self.duplicates[low:high].tolist():
                if outcomes.get(record - block.first) is Outcome.CLEAN:
                    outcomes[record - block.first] = Outcome.DUPLICATE
        if self.cuts is not None:
            self.cuts.begin(block, outcomes)
        return outcomes

    def detected(self, block: Block, outcomes: dict[int, Outcome]) -> list[tuple[int, Record]]:
        """Return (row, record) for every row with a match, in order; quarantine rows that cannot be looked at."""
        candidates = detectors.wanted(self.kit.detectors, block, outcomes)
        rows = sorted(row for row in candidates if outcomes.get(row) is Outcome.CLEAN)
        if not rows:
            return []
        shown = detectors.leaves(block, rows, candidates)
        leaves = [leaf for leaf in shown if self.filter is None or self.filter(leaf)]
        leaves = detectors.gathered(self.kit.detectors, block, leaves, rows)
        detectors.measured(self.kit.detectors)  # of what was looked at again after the block before
        try:
            found = detectors.look(self.kit.detectors, leaves)
        except Exception:  # noqa: BLE001 - a detector is anybody's code: one record at a time tells which it was
            detectors.measured(self.kit.detectors)
            found = self.one_by_one(block, leaves, outcomes)
        self.result.tally.media += detectors.measured(self.kit.detectors)
        records: dict[int, Record] = {}
        for position in sorted(found):
            leaf = leaves[position]
            records.setdefault(leaf.record - block.first, Record()).leaves[position] = (leaf, found[position])
        social: dict[int, dict[int, Leaf]] = {row: {} for row, record in records.items() if record.social}
        for row, company in social.items():
            records[row].company = company
        for position, leaf in enumerate(leaves) if social else ():
            if (row := leaf.record - block.first) in social and position not in found:
                social[row][position] = leaf
        return [(row, record) for row, record in records.items() if outcomes[row] is Outcome.CLEAN]

    def one_by_one(self, block: Block, leaves: Sequence[Leaf], outcomes: dict[int, Outcome]) -> dict[int, list[Match]]:
        """Detect record by record, quarantining those a detector fails on."""
        found: dict[int, list[Match]] = {}
        at = 0
        while at < len(leaves):
            record = leaves[at].record
            stop = at
            while stop < len(leaves) and leaves[stop].record == record:
                stop += 1
            try:
                looked = detectors.look(self.kit.detectors, leaves[at:stop])
                found |= {at + place: matches for place, matches in looked.items()}
            except DetectorError as error:
                outcomes[record - block.first] = Outcome.QUARANTINED
                self._problems.append(Problem(self.shard.uri, record, "detect", str(error)))
            except Exception as error:  # noqa: BLE001 - its message may hold data: only its type is told
                outcomes[record - block.first] = Outcome.QUARANTINED
                self._problems.append(
                    Problem(self.shard.uri, record, "detect", f"a detector failed ({type(error).__name__})")
                )
            at = stop
        return found

    def told(self, record: Record) -> Outcome:
        """Account for the findings of one record of a scan: what would become of it."""
        self.account(record)
        matches = (match for _, found in record.leaves.values() for match in found)
        acted = any(self.kit.action_of(match).operator != "keep" for match in matches)
        return Outcome.REDACTED if acted else Outcome.CLEAN

    def rewritten(self, records: list[Record]) -> list[redact.Outcome]:
        """Rewrite the records of a block together, or one by one where a plugin fails on one of them."""
        try:
            return self.redactor.rewritten(records)
        except Exception:  # noqa: BLE001 - an operator may be anybody's code too
            return [self.rewritten_alone(record) for record in records]

    def rewritten_alone(self, record: Record) -> redact.Outcome:
        try:
            return self.redactor.rewritten([record])[0]
        except Exception as error:  # noqa: BLE001 - its message may hold data: only its type is told
            return redact.Outcome((), reason=f"an operator or detector failed ({type(error).__name__})")

    def settle(
        self, block: Block, row: int, record: Record, fate: redact.Outcome, edits: dict[int, Sequence[Rewrite]]
    ) -> Outcome:
        """Account for the findings of one record and write down what becomes of it."""
        if fate.reason:
            self._problems.append(Problem(self.shard.uri, block.first + row, "redact", fate.reason))
            return Outcome.QUARANTINED
        if self.cuts is not None:
            self.cuts.settle(row, record, written=not fate.dropped)
        self.account(record)
        if fate.dropped:
            return Outcome.DROPPED
        if fate.rewrites:
            self.sample(record, fate.rewrites)
            edits[row] = fate.rewrites
            return Outcome.REDACTED
        return Outcome.CLEAN

    # ------------------------------------------------------------ accounts

    def account(self, record: Record) -> None:
        """Count the record's findings and write their rows."""
        tally, uri = self.result.tally, self.shard.uri
        if self.kit.names:
            tally.topics.update(topics.naming(record.leaves))
        hidden = account.hidden_names(record)
        rows = []
        for leaf, matches in record.leaves.values():
            pointer = account.shown(leaf.field, hidden) if hidden else leaf.field
            where = account.general(pointer)
            for match in sorted(matches, key=_PLACE) if len(matches) > 1 else matches:
                level, severity = match.confidence.label, match.severity.label
                tally.findings[(match.entity, match.rule, level, severity, str(match.state))] += 1
                tally.files[(uri, match.entity)] += 1
                tally.fields[(where, match.entity)] += 1
                self.result.values.add(self.settings.key, leaf.value(match.span))
                if match.state is State.SUPPRESSED:
                    tally.excuses[str(states.number_of(match.evidence))] += 1
                if self.findings is not None:
                    rows.append(account.row(uri, leaf, pointer, match, self.settings.key))
        if len(tally.fields) > 2 * account.FIELDS:
            tally.fields = account.fewest(tally.fields)
        if self.findings is not None and rows:
            self.findings.write(b"".join(map(account.line, rows)))

    def told_problems(self) -> None:
        """Account for the problems of a block in the order of its records: it may end anywhere."""
        for problem in sorted(self._problems, key=lambda problem: (problem.record is None, problem.record or 0)):
            self.result.tally.reasons[problem.kind] += 1
            if len(self.result.problems) < PROBLEMS_KEPT:
                self.result.problems.append(problem)
            if self.quarantine is not None:
                self.quarantine.write(json.dumps(problem.row()).encode() + b"\n")
        self._problems.clear()

    def sample(self, record: Record, rewrites: Sequence[Rewrite]) -> None:
        """Keep a few contexts for the report, taken from what was written, digits and capitals blotted out."""
        if not self.settings.samples:
            return
        hidden = account.hidden_names(record)
        texts = (rewrite for rewrite in rewrites if rewrite.text and rewrite.leaf.kind is LeafKind.STRING)
        by_place = {rewrite.leaf.place: rewrite for rewrite in texts}
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
                    "field": account.shown(leaf.field, hidden),
                    "text": account.blotted(rewrite, best.entity),
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
    return _Line(shard, watching(shard, kit), parts, data=data, duplicates=duplicates).run(tick)


def watching(shard: Shard, kit: Tools) -> Tools:
    """Return the tools for one file, where a baseline or suppressions change what its findings count for."""
    settings = kit.settings
    if settings.known is None and not settings.suppress:
        return kit
    digest = functools.partial(operators.digest, settings.key)
    watched = Watched.of(kit.detectors, shard.uri, settings.known, settings.suppress, settings.day, digest)
    return replace(kit, detectors=watched)


def field_filter(fields: Sequence[str], exclude: Sequence[str]) -> Callable[[Leaf], bool] | None:
    """Return the test whether a leaf's field is to be looked at, None where all are."""
    if not fields and not exclude:
        return None

    @functools.lru_cache(maxsize=4096)
    def looked_at(pointer: str) -> bool:
        if fields and not any(covers(pattern, pointer) for pattern in fields):
            return False
        return not any(covers(pattern, pointer) for pattern in exclude)

    return lambda leaf: looked_at(leaf.field.removesuffix("~key"))


def covers(pattern: str, pointer: str) -> bool:
    """Say whether a field pattern (JSON Pointer, `*` for any one segment) names a field or one above it.

    >>> covers("/messages/*/content", "/messages/3/content/0/text"), covers("/id", "/idea")
    (True, False)
    """
    wanted, have = pattern.strip("/").split("/"), pointer.strip("/").split("/")
    if pattern.strip("/") == "":
        return True
    return len(wanted) <= len(have) and all(w in ("*", h) for w, h in zip(wanted, have, strict=False))
