"""Prove a run's promises on its files: read the input again beside the output and believe neither the report nor ourselves.

Each check is told as passed, failed (with the first place that differs) or not checked (and why).
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from privscan import config, formats, jsontext, manifest, runfolder, shard
from privscan.errors import InputError, UsageError
from privscan.model import Outcome, Shard, State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from privscan.config import Settings
    from privscan.formats import Block
    from privscan.model import Leaf

VALUES = 20_000  # distinct values looked for in the side files
SHORT = 6  # characters; shorter values stand in any text by chance


@dataclass(slots=True)
class Check:
    """One promise. `passed` is None when it could not be checked; `detail` says where it failed or why not."""

    promise: int
    name: str
    passed: bool | None = True
    detail: str = ""

    def fail(self, detail: str) -> None:
        """Keep the first failure."""
        if self.passed is not False:
            self.passed, self.detail = False, detail


@dataclass(slots=True)
class _Evidence:
    """What the reading of one input file beside its output leaves for the other checks."""

    outcomes: Counter[str] = field(default_factory=Counter)
    values: set[str] = field(default_factory=set)


def verify(run: str, *, moved: str | None = None, key: bytes | None = None, cache_dir: str | None = None) -> list[Check]:
    """Check promises 1 to 7 and the digests on a run folder; UsageError where it is none.

    `moved` is where the inputs are now if not where they were; `key` the run's key if it had one of the user's.
    """
    found = manifest.load(run)
    if found["command"] == "scan":
        raise UsageError(f"{run}: is the run of a scan, which writes no data; verify checks runs of clean and dedup")
    checks = [
        Check(0, "files are the ones the manifest names"),
        Check(1, "every record has exactly one outcome"),
        Check(2, "every character of every finding is covered"),
        Check(3, "nothing else has changed by a byte"),
        Check(4, "what was not understood is not in the output"),
        Check(5, "no value stands in a report"),
        Check(6, "another order of work gives the same bytes"),
        Check(7, "a second scan of the copies finds nothing to remove"),
    ]
    settings = _settings(found, key, cache_dir)
    _digests(run, found, checks[0])
    sources = _sources(found, moved)
    if sources is None:
        for check in checks[1:7]:
            check.passed, check.detail = None, "the inputs are not where they were; say where with --input"
    else:
        evidence = _compare(run, found, sources, checks)
        _accounts(found, evidence, checks[1])
        _values(run, evidence.values, checks[5])
        _again(found, moved, settings, checks[6])
    _rescan(run, found, settings, checks[7])
    return checks


def _settings(found: dict[str, Any], key: bytes | None, cache_dir: str | None) -> Settings:
    """Make the run's settings again; UsageError when rules or policy are no longer the same."""
    told = found["settings"]
    same_key = key is not None and bool(found["key_check"])
    settings = config.settings(
        found["command"],
        policy=found["policy_file"],
        select=told["select"],
        ignore=told["ignore"],
        rule_files=found["rule_files"],
        min_confidence=told["min_confidence"],
        fields=told["field"],
        exclude_fields=told["exclude_field"],
        workers=1,
        key=key if same_key else None,
        dedup=told["dedup"],
        dedup_threshold=told["dedup_threshold"],
        dedup_fields=told["dedup_field"],
        cache_dir=cache_dir,
        split=told["split"],
    )
    for name, now in (("rules", settings.rules_sha256), ("policy", settings.policy.sha256)):
        if now != found[f"{name}_sha256"]:
            raise UsageError(f"the {name} are not those of the run (privscan {found['version']}); verify with the same version and files")
    if same_key and manifest.key_check(settings) != found["key_check"]:
        raise UsageError("the key is not the one of the run")
    return settings


def _digests(run: str, found: dict[str, Any], check: Check) -> None:
    for entry in found["outputs"]:
        path = os.path.join(run, entry["uri"])
        if not os.path.exists(path):
            check.fail(f"{entry['uri']} is missing")
        elif runfolder.sha256(path) != entry["sha256"]:
            check.fail(f"{entry['uri']} has another sha256")
    named = {os.path.normpath(entry["uri"]) for entry in found["outputs"]}
    for folder, _, files in os.walk(os.path.join(run, "data")):
        for name in files:
            uri = os.path.relpath(os.path.join(folder, name), run)
            if uri not in named:
                check.fail(f"{uri} is not in the manifest")


def _sources(found: dict[str, Any], moved: str | None) -> dict[str, str] | None:
    """Return where each input is, None when one is missing or no longer the one that was read."""
    sources = {}
    for entry in found["inputs"]:
        uri = entry["uri"]
        path = found["read_from"].get(uri, "")
        if moved is not None:
            path = os.path.join(moved, uri) if os.path.isdir(moved) else moved
        if not os.path.exists(path) or runfolder.sha256(path) != entry["sha256"]:
            return None
        sources[uri] = path
    return sources


# ---------------------------------------------------------------- input beside output


def _compare(run: str, found: dict[str, Any], sources: dict[str, str], checks: list[Check]) -> _Evidence:
    """Walk every input beside its output, with the findings, duplicates and quarantine of the run at hand."""
    evidence = _Evidence()
    rows = _Rows(run)
    kept = _kept(found)
    for uri, path in sources.items():
        out = os.path.join(run, "data", uri)
        if not os.path.exists(out):
            continue
        format_ = formats.of(uri)
        if format_ is None:
            continue
        written = _records(format_, out, uri)
        for row, leaves in _records(format_, path, uri):
            findings = rows.findings(uri, row)
            outcome = rows.outcome(uri, row)
            if leaves is None:
                outcome = outcome or Outcome.QUARANTINED
                if outcome is not Outcome.QUARANTINED:
                    checks[4].fail(f"{uri}, record {row} is not understood, but counted as {outcome}")
            if outcome is None and any(entry["entity"] in kept.dropped or entry["rule"] in kept.dropped for entry in findings):
                outcome = Outcome.DROPPED
            if outcome is not None:
                evidence.outcomes[outcome.value] += 1
                continue
            _, copy = next(written, (None, None))
            if copy is None:
                checks[1].fail(f"{uri}, record {row} is in none of the outputs")
                break
            changed = _same(uri, row, leaves or [], copy, findings, checks, evidence)
            evidence.outcomes[(Outcome.REDACTED if changed else Outcome.CLEAN).value] += 1
        if next(written, None) is not None:
            checks[4].fail(f"{uri}: the copy holds more records than it should")
    return evidence


@dataclass(frozen=True, slots=True)
class _Kept:
    dropped: frozenset[str]


def _kept(found: dict[str, Any]) -> _Kept:
    policy = config.policies.load(found["policy_file"], config.operators.names())
    return _Kept(frozenset(name for name, action in policy.actions if action.operator == "drop"))


def _records(format_: formats.Format, path: str, uri: str) -> Iterator[tuple[int, list[Leaf] | None]]:
    """Yield (record, leaves) for every record of a file, None for leaves of one that is not understood."""
    try:
        for block in format_.blocks(Shard(0, 0, path, uri, format_.name)):
            yield from _block_records(block)
    except InputError:
        return


def _block_records(block: Block) -> Iterator[tuple[int, list[Leaf] | None]]:
    rows = block.rows()
    leaves: dict[int, list[Leaf]] = {}
    for leaf in block.leaves([row for row in rows if row not in block.problems]):
        leaves.setdefault(leaf.record - block.first, []).append(leaf)
    for row in rows:
        yield block.first + row, None if row in block.problems else leaves.get(row, [])


def _same(
    uri: str,
    row: int,
    before: list[Leaf],
    after: list[Leaf],
    findings: list[dict[str, Any]],
    checks: list[Check],
    evidence: _Evidence,
) -> bool:
    """Check one record: leaves without findings are equal, in the others only the found spans have changed."""
    place = f"{uri}, record {row}"
    spans: dict[str, list[tuple[int, int]]] = {}
    for entry in findings:
        if entry["start"] is not None:
            spans.setdefault(entry["field"], []).append((entry["start"], entry["end"]))
    hidden = any("<" in name for name in spans)
    written = {leaf.field: leaf.text for leaf in after} if not hidden else {}
    changed = False
    for number, leaf in enumerate(before):
        found = spans.get(leaf.field, [])
        if hidden and not found:
            continue  # a key itself was covered: the leaves under it go by another name
        copy = written.get(leaf.field, "") if not hidden else (after[number].text if number < len(after) else "")
        if not found:
            if copy != leaf.text:
                checks[3].fail(f"{place}, {leaf.field}: has changed and nothing was found in it")
            continue
        for start, end in found:
            value = leaf.text[start:end]
            if len(evidence.values) < VALUES and len(value) >= SHORT:
                evidence.values.add(value)
        if copy == leaf.text:
            continue
        changed = True
        _covered(place, leaf, copy, sorted(found), checks)
    return changed


def _covered(place: str, leaf: Leaf, copy: str, found: list[tuple[int, int]], checks: list[Check]) -> None:
    """See that what stands between the found spans is still there, in order, and what stood in them is not."""
    merged: list[list[int]] = []
    for start, end in found:
        if merged and start < merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], end)
        else:
            merged.append([start, end])
    at = 0
    last = 0
    for start, end in merged:
        between = leaf.text[last:start]
        if last == 0 and not copy.startswith(between):
            checks[3].fail(f"{place}, {leaf.field}: text before the first finding has changed")
            return
        spot = copy.find(between, at)
        if spot < 0:
            checks[3].fail(f"{place}, {leaf.field}: text between findings has changed")
            return
        at = spot + len(between)
        value = leaf.text[start:end]
        if len(value) >= SHORT and copy.startswith(value, at):
            checks[2].fail(f"{place}, {leaf.field}: characters {start} to {end} are still there")
        last = end
    if copy and not copy.endswith(leaf.text[last:]):
        checks[3].fail(f"{place}, {leaf.field}: text behind the last finding has changed")


class _Rows:
    """The run's side files, read in step with the inputs: findings stand in the order of the records."""

    def __init__(self, run: str) -> None:
        self._findings = _lines(os.path.join(run, "findings.jsonl"))
        self._next = next(self._findings, None)
        self._fates: dict[tuple[str, int], Outcome] = {}
        for name, outcome in (("duplicates.jsonl", Outcome.DUPLICATE), ("quarantine.jsonl", Outcome.QUARANTINED)):
            for entry in _lines(os.path.join(run, name)):
                if entry["record"] is not None:
                    self._fates[(entry["uri"], entry["record"])] = outcome

    def outcome(self, uri: str, record: int) -> Outcome | None:
        return self._fates.get((uri, record))

    def findings(self, uri: str, record: int) -> list[dict[str, Any]]:
        """Return the findings of the next record asked for; records are asked for in order."""
        out = []
        while self._next is not None and (self._next["uri"], self._next["record"]) == (uri, record):
            out.append(self._next)
            self._next = next(self._findings, None)
        return out


def _lines(path: str) -> Iterator[dict[str, Any]]:
    if os.path.exists(path):
        with open(path, "rb") as file:
            for line in file:
                yield json.loads(line)


# ---------------------------------------------------------------- the other promises


def _accounts(found: dict[str, Any], evidence: _Evidence, check: Check) -> None:
    told = {name: count for name, count in found["outcomes"].items() if count}
    seen = {name: count for name, count in evidence.outcomes.items() if count}
    # a record whose every finding is kept counts as clean on both sides; a wholly rewritten one as redacted
    if told != seen:
        check.fail(f"the report counts {told}, the files hold {seen}")
    elif sum(told.values()) != sum(entry["records"] for entry in found["inputs"]):
        check.fail("outcomes do not add up to the records read")


def _values(run: str, values: set[str], check: Check) -> None:
    """Look for every value in everything but the data."""
    for name in sorted(os.listdir(run)):
        path = os.path.join(run, name)
        if not os.path.isfile(path) or name.endswith(".parquet"):
            continue
        with open(path, encoding="utf-8", errors="replace") as file:
            while text := file.read(1 << 22):
                for value in values:
                    if value in text or (jsontext.encode(value) in text):
                        check.fail(f"{name} holds a value that was found in the data")
                        return


def _again(found: dict[str, Any], moved: str | None, settings: Settings, check: Check) -> None:
    """Run again with other cuts on one worker and compare the copies."""
    from privscan.run import Run

    if settings.key_source == "ephemeral" and _keyed(settings):
        check.passed, check.detail = None, "pseudonyms and hashes need the run's key; give --key-file"
        return
    if "-" in found["paths"]:
        check.passed, check.detail = None, "standard input cannot be read again"
        return
    scratch = tempfile.mkdtemp(prefix="privscan-verify-")
    try:
        other = replace(settings, split=max(settings.split // 16, 1 << 16), samples=False)
        report = Run(other, [moved] if moved else found["paths"], os.path.join(scratch, "run")).run()
        there = {entry.uri: entry.sha256 for entry in report.outputs}
        for entry in found["outputs"]:
            if there.get(entry["uri"]) != entry["sha256"]:
                check.fail(f"{entry['uri']} came out differently")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _keyed(settings: Settings) -> bool:
    actions = (settings.policy.default, *(action for _, action in settings.policy.actions))
    return any(action.operator in ("hash", "pseudonym") for action in actions)


def _rescan(run: str, found: dict[str, Any], settings: Settings, check: Check) -> None:
    if found["command"] == "dedup":
        check.passed, check.detail = None, "dedup removes no findings"
        return
    kit = shard.tools(settings)
    for entry in found["outputs"]:
        path = os.path.join(run, entry["uri"])
        format_ = formats.of(path)
        if format_ is None or not os.path.exists(path):
            continue
        result = shard.process_shard(Shard(0, 0, path, entry["uri"], format_.name), kit, None)
        left = result.tally.outcomes[Outcome.REDACTED]
        if left or result.broken:
            rules = sorted({rule for (_, rule, _, _, state) in result.tally.findings if state != State.SUPPRESSED})
            check.fail(f"{entry['uri']}: {left} records still hold something ({', '.join(rules[:3])})")
