"""Tell why something was found: the rule, what its validators said, the context, the steps of its score.

The value is shown masked, and so is every other finding near it; digits and capitals of the rest are blotted out.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from privscan import account, formats, manifest, rows, rules
from privscan.detectors.compiled import SCORES
from privscan.errors import UsageError
from privscan.model import Confidence, Shard

if TYPE_CHECKING:
    from rich.console import Console

    from privscan.model import Rule

REACH = 48  # characters of context on either side
# What lifts a match, by the head of its evidence.
LIFTS = {
    "context": "context word",
    "field": "field name",
    "alone": "nothing else in the text, field",
    "region": "the record's own country",
}


@dataclass(frozen=True, slots=True)
class Explanation:
    """A finding's row, its rule (None when the pack no longer has it), the steps of its score, the masked context."""

    row: dict[str, Any]
    rule: Rule | None
    steps: tuple[tuple[str, str], ...]
    context: str

    def show(self, console: Console) -> None:
        """Print it."""
        from privscan.reports import tables

        tables.explanation(self, console)


def explain(run: str, finding: str, *, moved: str | None = None) -> Explanation:
    """Return the story of one finding; UsageError when the run has none, or several, of that id, or was changed."""
    found = rows.check(run, "findings.jsonl")
    row = _row(run, finding)
    rule = next((entry for entry in rules.load_rules(found["rule_files"]) if entry.id == row["rule"]), None)
    return Explanation(row, rule, steps(row, rule), _context(run, found, row, moved))


def steps(row: dict[str, Any], rule: Rule | None) -> tuple[tuple[str, str], ...]:
    """Return (what was seen, confidence after it) from a finding's evidence.

    The evidence holds everything that moved the confidence, in the order it did.
    """
    if rule is None:
        return tuple((entry, row["confidence"]) for entry in row["evidence"])
    level = rule.confidence
    out = [(f"shape of: {rule.name}", level.label)]
    proofs = [entry for entry in row["evidence"] if entry.startswith(("checksum:", "verified:"))]
    failures = [entry for entry in row["evidence"] if entry.startswith("failed:")]
    for entry in row["evidence"]:
        if entry in failures:
            if rule.on_failed == "lower" and entry == failures[0]:
                level = Confidence(max(level - 1, 0))
            out.append((f"validator {entry.partition(':')[2]} failed", level.label))
        elif entry in proofs:
            if not failures:
                level = max(level, rule.checked)
            out.append((f"validator {entry.partition(':')[2]} passed", level.label))
    lifts = [entry for entry in row["evidence"] if entry.partition(":")[0] in LIFTS]
    for entry in lifts:
        if entry == lifts[0]:
            level = Confidence(min(level + 1, Confidence.HIGH))
        kind, _, word = entry.partition(":")
        name = LIFTS[kind]
        out.append((f'{name} "{word}"', level.label))
    beside = [entry for entry in row["evidence"] if entry.startswith("with:")]
    for entry in beside:
        level = Confidence(min(level + 1, Confidence.HIGH))
        out.append((f"in the same record: {entry.partition(':')[2]}", level.label))
    told = {*proofs, *failures, *lifts, *beside, "shape"}
    rest = [entry for entry in row["evidence"] if entry not in told]
    out += [(f"fact: {entry}", level.label) for entry in rest]
    out.append((f"score {row['score']:.2f} (base {SCORES[level]:.1f} for {level.label})", level.label))
    return tuple(out)


def _row(run: str, finding: str) -> dict[str, Any]:
    path = os.path.join(run, "findings.jsonl")
    if not re.fullmatch(r"[0-9a-f]{4,12}", finding):
        raise UsageError("a finding's id is 4 to 12 hex digits; they stand in findings.jsonl")
    needle = f'"id":"{finding}'.encode()
    with open(path, "rb") as file:
        hits: list[dict[str, Any]] = [json.loads(line) for line in file if needle in line]
    if not hits:
        raise UsageError(f"{path}: holds no finding {finding}")
    if len({row["id"] for row in hits}) > 1:
        raise UsageError(f"{finding}: {len(hits)} findings start so; give more of the id")
    return hits[0]


def _context(run: str, found: dict[str, Any], row: dict[str, Any], moved: str | None) -> str:
    """Read the record again and mask its stretch; tell why not when the input is gone."""
    path = manifest.place(found, row["uri"], moved)
    format_ = formats.of(row["uri"])
    if row["start"] is None:
        return "(a whole binary value)"
    if not os.path.exists(path) or format_ is None:
        return "(the input is not where it was; say where with --input)"
    if not manifest.unchanged(found, row["uri"], path):
        return "(the input has changed since and is not shown)"
    spans = _spans(run, row)
    for block in format_.holding(Shard(0, 0, path, row["uri"], format_.name), [row["record"]]):
        place = row["record"] - block.first
        if place in set(block.rows()) - block.problems.keys():
            for leaf in block.leaves([place]):
                if leaf.field == row["field"]:
                    return masked(leaf.text, spans, (row["start"], row["end"]))
            return "(the field's name holds a value itself and is not shown)"
    return "(the record is no longer there)"


def _spans(run: str, row: dict[str, Any]) -> list[tuple[int, int, str]]:
    """Return the spans of every finding in the same leaf."""
    spans = []
    with open(os.path.join(run, "findings.jsonl"), "rb") as file:
        for line in file:
            entry = json.loads(line)
            same = all(entry[name] == row[name] for name in ("uri", "record", "field"))
            if same and entry["start"] is not None:
                spans.append((entry["start"], entry["end"], entry["entity"]))
    return sorted(spans)


def masked(text: str, spans: list[tuple[int, int, str]], around: tuple[int, int]) -> str:
    """Return the stretch of text round a span, every finding in it covered and the rest blotted out.

    >>> masked("Write to Bob at bob@x.org now", [(16, 25, "EMAIL_ADDRESS")], (16, 25))
    '▒ to ▒ at ‹EMAIL_ADDRESS, 9 characters› now'
    """
    low, high = max(around[0] - REACH, 0), min(around[1] + REACH, len(text))
    out, at = [], low
    for start, end, entity in spans:
        if end <= at or start >= high:
            continue
        out.append(account.blot(text[at : max(start, at)]))
        out.append(f"‹{entity}, {end - start} characters›")
        at = end
    out.append(account.blot(text[at:high] if at < high else ""))
    return " ".join("".join(out).split())
