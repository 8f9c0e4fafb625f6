"""What every report says, worked out once from the tally: groups, orders and sentences, but no layout.

Promise: each finding is counted in one place only. New ones make up the groups; placeholders, known and suppressed
ones stand apart and never fail the gate.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from privscan.gate import LIMITS as MEASURES
from privscan.gate import failed
from privscan.model import Confidence, Outcome, Severity, State
from privscan.reports.wording import clip, plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from privscan.model import Problem, Report, Tally

__all__ = ["LIMITS", "Apart", "Group", "Place", "Summary", "Top", "Trouble", "Verdict", "summarise", "top"]

LIMITS = (
    (
        "No finding is not no personal data: rules know the forms they were written for, and names, places and hints "
        "that only make sense in context can pass."
    ),
    (
        "A finding is a claim with a stated confidence. High stands on a checksum, a parser or the issuer's own "
        "structure, medium on shape with context or on a shape nobody else has, low on shape alone."
    ),
    "Counts are of findings, not of people: one person may appear many times, and many may share one value.",
    (
        "Removing direct identifiers is not anonymisation in the legal sense. What remains, put together or held "
        "against other sources, may still point to someone."
    ),
    "The page speaks of the files whose digests it lists, as they were read, and of no other copy.",
)

_APART = (State.PLACEHOLDER, State.KNOWN, State.SUPPRESSED)

_REMEDIES = {
    "plan": "Give the paths to read, and the right to read them, then run again.",
    "read": "Mend or remove what cannot be read, then run again.",
    "detect": "Run again. If it stays, leave that detector out by policy and say so in the release.",
    "redact": "Choose another operator for this entity in the policy, then run again.",
    "sample": "It was asked for. Run without --sample to look at everything.",
    "write": "Check the space and rights of the output folder, then run again.",
}
_REMEDY = "Look at the places listed, mend the cause, then run again."

T = TypeVar("T")


class Top(NamedTuple, Generic[T]):
    """The first rows of a list, how many rows were left out, and what these add up to."""

    rows: Sequence[T]
    more: int
    rest: int


class Verdict(NamedTuple):
    """How a run ended: `kind` is "passed", "failed", "incomplete" or "open" (no gate); the rest is for people."""

    kind: str
    title: str
    words: str


@dataclass(frozen=True, slots=True)
class Group:
    """New findings of an entity, or of a rule. `confidence` counts high, medium, low; `severity` is the highest."""

    name: str
    entity: str
    count: int
    severity: Severity
    confidence: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Place:
    """Findings in a field or a file, with (entity, count) most frequent first."""

    name: str
    count: int
    entities: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Apart:
    """Findings of an entity that the gate does not count."""

    entity: str
    count: int
    placeholder: int
    known: int
    suppressed: int


@dataclass(frozen=True, slots=True)
class Trouble:
    """What could not be looked at, by reason. `places` holds the locations the report kept."""

    stage: str
    reason: str
    count: int
    places: tuple[Problem, ...]
    remedy: str


@dataclass(frozen=True, slots=True)
class Summary:
    """Everything a page shows; `entities` and `rules` gravest first, so that no cut hides those, the rest by count.

    `grid` holds (severity, high, medium and low confidence), critical first. `everything` is true where `fields` and
    `places` (the files) count the findings of `apart` too.
    """

    verdict: Verdict
    command: str
    files: int
    outcomes: tuple[tuple[str, int], ...]
    found: int
    entities: tuple[Group, ...]
    rules: tuple[Group, ...]
    grid: tuple[tuple[Severity, tuple[int, int, int]], ...]
    apart: tuple[Apart, ...]
    fields: tuple[Place, ...]
    places: tuple[Place, ...]
    methods: tuple[tuple[str, int], ...]
    troubles: tuple[Trouble, ...]
    everything: bool


def summarise(report: Report) -> Summary:
    """Work out what a page about `report` shows; one pass over each counter."""
    tally = report.tally
    entities = _groups(tally, by_rule=False)
    found = sum(group.count for group in entities)
    apart = _apart(tally)
    located = sum(tally.fields.values()) or sum(tally.files.values())
    return Summary(
        verdict=_verdict(report),
        command=_command(report),
        files=len(report.inputs),
        outcomes=tuple((_outcome(report, outcome), tally.outcomes[outcome.value]) for outcome in Outcome),
        found=found,
        entities=entities,
        rules=_groups(tally, by_rule=True),
        grid=_grid(tally),
        apart=apart,
        fields=_places(tally.fields.items()),
        places=_places(tally.files.items()),
        methods=tuple(sorted(tally.methods.items(), key=lambda item: (-item[1], item[0]))),
        troubles=_troubles(report),
        everything=bool(apart) and located == found + sum(row.count for row in apart),
    )


def _outcome(report: Report, outcome: Outcome) -> str:
    """Return an outcome's name; a scan changes nothing, so it tells what `clean` would redact."""
    return "to redact" if report.command == "scan" and outcome is Outcome.REDACTED else outcome.value


def top(rows: Sequence[T], limit: int) -> Top[T]:
    """Keep the first `limit` rows, and one more where a line saying "1 more" would take its place.

    Rows count what their `count` says; those without one, themselves.
    """
    if len(rows) <= limit + 1:
        return Top(rows, 0, 0)
    return Top(rows[:limit], len(rows) - limit, sum(_count(row) for row in rows[limit:]))


def _command(report: Report) -> str:
    line = report.command.strip()
    return line if line.split(" ", 1)[0].endswith("privscan") else f"privscan {line}"


def _count(row: object) -> int:
    return row.count if isinstance(row, Group | Place | Apart | Trouble) else 1


def _groups(tally: Tally, *, by_rule: bool) -> tuple[Group, ...]:
    counts: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    gravest: dict[tuple[str, str], Severity] = {}
    for (entity, rule, confidence, severity, state), count in tally.findings.items():
        if state == State.NEW:
            key = (rule, entity) if by_rule else (entity, entity)
            counts[key][Confidence.HIGH - Confidence.of(confidence)] += count
            gravest[key] = max(gravest.get(key, Severity.LOW), Severity.of(severity))
    groups = [
        Group(name, entity, sum(parts), gravest[name, entity], (parts[0], parts[1], parts[2]))
        for (name, entity), parts in counts.items()
    ]
    return tuple(sorted(groups, key=lambda group: (-group.severity, -group.count, group.name, group.entity)))


def _grid(tally: Tally) -> tuple[tuple[Severity, tuple[int, int, int]], ...]:
    counts = {severity: [0, 0, 0] for severity in sorted(Severity, reverse=True)}
    for (_, _, confidence, severity, state), count in tally.findings.items():
        if state == State.NEW:
            counts[Severity.of(severity)][Confidence.HIGH - Confidence.of(confidence)] += count
    return tuple((severity, (parts[0], parts[1], parts[2])) for severity, parts in counts.items())


def _apart(tally: Tally) -> tuple[Apart, ...]:
    counts: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(_APART, 0))
    for (entity, _, _, _, state), count in tally.findings.items():
        if state != State.NEW:
            counts[entity][State(state)] += count
    rows = [Apart(entity, sum(parts.values()), *(parts[state] for state in _APART)) for entity, parts in counts.items()]
    return tuple(sorted(rows, key=lambda row: (-row.count, row.entity)))


def _places(items: Iterable[tuple[tuple[str, str], int]]) -> tuple[Place, ...]:
    counts: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for (name, entity), count in items:
        counts[name].append((entity, count))
    rows = [
        Place(name, sum(count for _, count in parts), tuple(sorted(parts, key=lambda part: (-part[1], part[0]))))
        for name, parts in counts.items()
    ]
    return tuple(sorted(rows, key=lambda row: (-row.count, row.name)))


def _troubles(report: Report) -> tuple[Trouble, ...]:
    reasons = report.tally.reasons
    places: dict[tuple[str, str], list[Problem]] = defaultdict(list)
    for problem in report.problems:
        exact = (problem.stage, problem.reason)
        # The tally leaves the figures out of a reason, so that there are few; a place keeps its own.
        general = problem.kind
        places[general if exact not in reasons and general in reasons else exact].append(problem)
    rows = [
        Trouble(*key, max(reasons[key], len(places[key])), tuple(places[key]), _REMEDIES.get(key[0], _REMEDY))
        for key in reasons.keys() | places.keys()
    ]
    return tuple(sorted(rows, key=lambda row: (-row.count, row.stage, row.reason)))


def _verdict(report: Report) -> Verdict:
    level, failing = str(report.gate.get("fail_on", "never")), int(report.gate.get("failing", 0))
    gated = level != "never"
    over = f"of {level} severity{'' if level == 'critical' else ' or above'}"
    if not report.complete:
        missed = report.tally.outcomes[Outcome.QUARANTINED.value]
        what = f"{plural(missed, 'record')} could" if missed else "Part of the input could"
        unknown = f"so nothing can be said about {'them' if missed > 1 else 'it'}"
        rest = f" What was looked at holds {plural(failing, 'new finding')} {over}." if gated and failing else ""
        return Verdict("incomplete", "Incomplete", f"{what} not be looked at, {unknown}.{rest}")
    looked = "Every record was looked at" if report.tally.records else "There was no record to look at"
    over_limit = _over(report)
    if failed(report.gate):
        holds = f"there {'is' if failing == 1 else 'are'} {plural(failing, 'new finding')} {over}" if failing else ""
        return Verdict("failed", "Failed", f"{looked}, and {' and '.join(filter(None, (holds, *over_limit)))}.")
    if not gated and report.gate.get("limits"):
        return Verdict("passed", "Passed", f"{looked}, and every limit of the gate is kept.")
    if not gated:
        return Verdict("open", "Complete", f"{looked}. No gate was set, so no finding fails this run.")
    return Verdict("passed", "Passed", f"{looked}, and there is no new finding {over}.")


def _over(report: Report) -> list[str]:
    """Say which limits are passed, and by how much."""
    words = []
    for entry in report.gate.get("limits", ()):
        if entry["failed"]:
            name = MEASURES[entry["name"]][0] if entry["name"] in MEASURES else f"findings of {clip(entry['name'], 40)}"
            words.append(f"{name}: {entry['value']:,.6g}, over the limit of {entry['limit']:,.6g}")
    return words
