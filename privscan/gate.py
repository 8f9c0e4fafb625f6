"""The gate: whether a run passes, from its tally and the limits set; the exit code, from its report.

Promise: both are pure functions. Only new findings count: neither placeholders, nor those a baseline knows, nor
suppressed ones.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from privscan.errors import ConfigError, nearest
from privscan.model import Confidence, Gate, Outcome, Severity, State

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from privscan.model import Report, Tally

__all__ = ["LIMITS", "exit_code", "judge", "read", "with_flags"]

LIMITS: dict[str, tuple[str, Callable[[Tally, int], float]]] = {
    "max_findings": ("new findings", lambda _tally, found: found),
    "max_per_million": ("new findings per million records", lambda tally, found: _rate(found, tally) * 1e6),
    "max_duplicates": ("share of duplicates", lambda tally, _: _rate(tally.outcomes[Outcome.DUPLICATE], tally)),
    "max_quarantined": ("share of quarantined", lambda tally, _: _rate(tally.outcomes[Outcome.QUARANTINED], tally)),
}
"""Limits by name: what they measure in words, and how, from the tally and the number of findings that count."""

_KEYS = {"fail_on", "min_confidence", "entities", *LIMITS}
_SHARES = ("max_duplicates", "max_quarantined")


def _rate(count: int, tally: Tally) -> float:
    return count / tally.records if tally.records else 0.0


def read(table: Any, where: str) -> Gate:
    """Return the gate a policy's `[gate]` table states; ConfigError names the key that is wrong."""
    if not isinstance(table, dict):
        raise ConfigError(f"{where}: must be a table")
    for key in table:
        if key not in _KEYS:
            raise ConfigError(f'{where}: unknown key "{key}"{nearest(key, _KEYS)}')
    entities = table.get("entities", {})
    if not isinstance(entities, dict):
        raise ConfigError(f"{where}: entities: must be a table of entity = most findings")
    named = [(name, table[name]) for name in LIMITS if name in table]
    return Gate(
        fail_on=_level(Severity, table.get("fail_on"), f"{where}: fail_on"),
        min_confidence=_level(Confidence, table.get("min_confidence"), f"{where}: min_confidence") or Confidence.LOW,
        never=table.get("fail_on") == "never",
        limits=tuple((name, _number(name, value, f"{where}: {name}")) for name, value in named),
        entities=tuple((name, int(_number(name, value, f"{where}: {name}"))) for name, value in entities.items()),
    )


def with_flags(gate: Gate, words: Sequence[str], entities: Sequence[str]) -> Gate:
    """Return the gate with NAME=VALUE flags over it; a NAME is a limit's, `min_confidence`, or one of `entities`."""
    limits, counts = dict(gate.limits), dict(gate.entities)
    for word in words:
        name, sign, value = word.partition("=")
        where = f"--gate {name}"
        if not sign:
            raise ConfigError(f"{where}: give it as NAME=VALUE, such as max_per_million=50")
        if name == "min_confidence":
            gate = replace(gate, min_confidence=_level(Confidence, value, where))
            continue
        try:
            number = float(value)
        except ValueError:
            raise ConfigError(f"{where}: must be a number") from None
        if name in LIMITS:
            limits[name] = _number(name, number, where)
        elif name in entities:
            counts[name] = int(_number(name, number, where))
        else:
            raise ConfigError(f"{where}: is neither a limit nor an entity{nearest(name, {*LIMITS, *entities})}")
    return replace(gate, limits=tuple(limits.items()), entities=tuple(counts.items()))


def _level(kind: Any, word: Any, where: str) -> Any:
    if word is None or (kind is Severity and word == "never"):
        return None
    try:
        return kind.of(str(word))
    except ValueError as error:
        raise ConfigError(f"{where}: {error}") from None


def _number(name: str, value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise ConfigError(f"{where}: must be a number, 0 or more")
    if name in _SHARES and value > 1:
        raise ConfigError(f"{where}: is a share of the records, from 0 to 1")
    return value


def judge(tally: Tally, fail_on: Severity | None, gate: Gate | None = None) -> dict[str, Any]:
    """Return the verdict: new findings at or over the severity it fails on, and each limit with what was measured."""
    gate = gate or Gate()
    failing = found = 0
    counts = dict.fromkeys((name for name, _ in gate.entities), 0)
    for (entity, _, confidence, severity, state), count in tally.findings.items():
        if state != State.NEW or Confidence.of(confidence) < gate.min_confidence:
            continue
        found += count
        counts[entity] = counts.get(entity, 0) + count
        if fail_on is not None and Severity.of(severity) >= fail_on:
            failing += count
    measured = [(name, limit, LIMITS[name][1](tally, found)) for name, limit in gate.limits]
    measured += [(name, limit, counts[name]) for name, limit in gate.entities]
    told: dict[str, Any] = {"fail_on": "never" if fail_on is None else fail_on.label, "failing": failing}
    if gate.min_confidence > Confidence.LOW:
        told["min_confidence"] = gate.min_confidence.label
    if measured:
        told["limits"] = [
            {"name": name, "limit": limit, "value": round(value, 6), "failed": value > limit}
            for name, limit, value in measured
        ]
    return told


def failed(verdict: Mapping[str, Any]) -> bool:
    """Say whether a verdict of `judge` fails the run."""
    return bool(verdict.get("failing")) or any(entry["failed"] for entry in verdict.get("limits", ()))


def exit_code(report: Report) -> int:
    """Return the exit code; a pure function of the report."""
    if not report.complete:
        return 3
    return 1 if failed(report.gate) else 0
