"""Prove a run's promises on its files: read the input beside the output, believe neither the report nor ourselves.

Each check is told as passed, failed (with the first place that differs) or not checked (and why).
"""

from __future__ import annotations

import datetime
import os
import re
import shutil
import tempfile
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from privscan import audit as audits
from privscan import beside, config, echo, formats, jsontext, manifest, runfolder, shard
from privscan.errors import InputError, UsageError
from privscan.model import Outcome, Shard, State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from privscan.config import Settings

OVERLAP = 4096  # characters read twice, so that no value hides in a seam


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


def verify(
    run: str,
    *,
    moved: str | None = None,
    key: bytes | None = None,
    cache_dir: str | None = None,
    audit: str | None = None,
    public: str | None = None,
) -> list[Check]:
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
    sources, gone = _sources(found, moved)
    if gone:
        for check in checks[1:7]:
            check.passed, check.detail = None, gone
    else:
        evidence = _compare(run, found, sources, settings, checks)
        _accounts(found, evidence, checks[1])
        read_from = [*found["read_from"], *found["read_from"].values()]
        own = echo.own(settings.policy, settings.rules, read_from)
        _values(run, evidence.values, own, checks[5])
        _again(found, sources, moved, settings, checks[6])
    _rescan(run, found, settings, checks[7])
    return [*checks, *_signed(run, audit, public)]


def exit_code(checks: Sequence[Check]) -> int:
    """Return 1 where a promise is broken, 3 where the inputs were not there to look, else 0."""
    if any(check.passed is False for check in checks):
        return 1
    return 3 if any(check.promise == 1 and check.passed is None for check in checks) else 0


def _signed(run: str, log: str | None, public: str | None) -> list[Check]:
    """Check the signature and the audit log, where they were named."""
    checks = []
    for name, wrong in (
        ("the manifest is signed by that key", audits.signed(run, public) if public else None),
        ("the audit log is whole and names this run", audits.broken(log, run, public) if log else None),
    ):
        if wrong is not None:
            checks.append(Check(0, name, not wrong, wrong))
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
        region=told.get("region", ()),
        rule_files=found["rule_files"],
        min_confidence=told["min_confidence"],
        fields=told["field"],
        exclude_fields=told["exclude_field"],
        workers=1,
        key=key if same_key else None,
        dedup=told["dedup"],
        dedup_threshold=told["dedup_threshold"],
        dedup_fields=told["dedup_field"],
        dedup_options=told.get("dedup_options", {}) | {"against": found.get("against", []), "index": ""},
        cache_dir=cache_dir,
        split=told["split"],
        suppress=found.get("suppress_files", ()),
        require_field=told.get("require_field", ()),
        allow_values=told.get("allow_values", ()),
        engine=told.get("engine", ""),
        ner=found.get("model", {}).get("ner", ""),
        faces=found.get("model", {}).get("faces") or told.get("faces", "default"),
        allow_missing=told.get("allow_missing", ()),
        media_root=found.get("media_root"),
        day=datetime.date.fromisoformat(found["day"]) if "day" in found else None,
    )
    if manifest.suppress_sha256(settings) != found.get("suppress_sha256", ""):
        raise UsageError("the suppressions in use now are not the run's; verify with the same files")
    for name, now in (("rules", settings.rules_sha256), ("policy", settings.policy.sha256)):
        if now != found[f"{name}_sha256"]:
            what = f"the {name} in use now {'are' if name == 'rules' else 'is'} not the run's"
            raise UsageError(f"{what} (privscan {found['version']}); verify with the same files")
    if manifest.model_told(settings) != found.get("model", {}):
        raise UsageError("a model, for names or for faces, is not the run's; verify with the same one")
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
    for name, digest in found["files"].items():
        path = os.path.join(run, name)
        if not os.path.exists(path) or runfolder.sha256(path) != digest:
            check.fail(f"{name} is missing or has another sha256")
    named = {os.path.normpath(entry["uri"]) for entry in found["outputs"]}
    for folder, _, files in os.walk(os.path.join(run, "data")):
        for name in files:
            uri = os.path.relpath(os.path.join(folder, name), run)
            if uri not in named:
                check.fail(f"{uri} is not in the manifest")


def _sources(found: dict[str, Any], moved: str | None) -> tuple[dict[str, str], str]:
    """Return where each input is, and what to say where one is missing or no longer the one that was read."""
    sources = {}
    for entry in found["inputs"]:
        uri = entry["uri"]
        path = manifest.place(found, uri, moved)
        if not os.path.exists(path):
            return {}, f"{uri} is not where it was; say where the inputs are with --input"
        if runfolder.sha256(path) != entry["sha256"]:
            return {}, f"{uri} is no longer what the run read; say with --input where it is as it was"
        sources[uri] = path
    return sources, ""


# ---------------------------------------------------------------- the other promises


def _compare(
    run: str, found: dict[str, Any], sources: dict[str, str], settings: Settings, checks: list[Check]
) -> beside.Evidence:
    """Walk every input beside its output, with the findings, duplicates and quarantine of the run at hand."""
    evidence = beside.Evidence(lambda promise, detail: checks[promise].fail(detail))
    records = {entry["uri"]: entry["records"] for entry in found["inputs"]}
    try:
        rows = beside.Rows(run, settings.policy)
        for uri, path in sources.items():
            rows.enter(uri)
            if records[uri]:
                beside.compare(run, uri, path, rows, evidence)
        if (left := rows.left()) is not None:
            checks[1].fail(f"a side file tells of {left['uri']}, record {left['record']}, which was not met there")
    except InputError as error:
        checks[1].fail(str(error))
    except (KeyError, TypeError, ValueError):  # a row that was changed by hand
        checks[1].fail("a row of findings.jsonl, duplicates.jsonl or quarantine.jsonl is none of a run's")
    return evidence


def _accounts(found: dict[str, Any], evidence: beside.Evidence, check: Check) -> None:
    told = {name: count for name, count in found["outcomes"].items() if count}
    seen = {name: count for name, count in evidence.outcomes.items() if count}
    if told != seen:
        check.fail(f"the report counts {told}, the files hold {seen}")
    elif sum(told.values()) != sum(entry["records"] for entry in found["inputs"]):
        check.fail("outcomes do not add up to the records read")


def _values(run: str, values: set[str], own: bytes, check: Check) -> None:
    """Look for every value, as it is and as JSON writes it, in everything but the data; no text there holds a NUL."""
    import hyperscan

    forms = sorted({form for value in values for form in (value, jsontext.encode(value)) if "\0" not in form})
    if not forms:
        return
    needles = [form.encode("utf-8", "surrogatepass") for form in forms]
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(expressions=needles, ids=list(range(len(needles))), elements=len(needles), literal=True)
    for name in sorted(os.listdir(run)):
        path = os.path.join(run, name)
        if not os.path.isfile(path) or name.endswith(".parquet"):
            continue
        with open(path, "rb") as file:
            tail = b""
            while chunk := file.read(1 << 22):
                text, tail = tail + chunk, chunk[-OVERLAP:]
                hits: list[tuple[int, int]] = []

                database.scan(
                    text,
                    lambda number, _start, end, _flags, _context: hits.append((number, end)),  # noqa: B023
                )
                told = [(end - len(needles[number]), end) for number, end in hits if needles[number] not in own]
                if any(not _chance(text, start, end) for start, end in told):
                    check.fail(f"{name} holds a value that was found in the data")
                    return


def _chance(text: bytes, start: int, end: int) -> bool:
    """Say whether a hit is no leak, but part of a digest of ours, of a page's reference, a number or a longer word.

    Digests are hex of a few known lengths; numbers, as JSON writes them, are ours.
    """
    around = text[max(start - 2, 0) : start], text[end : end + 1]
    if text[start:end].isalpha() and (around[1].isalpha() or _INSIDE.fullmatch(around[0])):
        return True
    return any(
        found.start() <= start and end <= found.end() and (found["number"] or found.span() != (start, end))
        for found in _OURS.finditer(text, max(start - 64, 0), end + 64)
    )


_INSIDE = re.compile(rb"[^\\]?[A-Za-z]")
_OURS = re.compile(
    rb"(?<![0-9a-zA-Z])(?:[0-9a-f]{12}|[0-9a-f]{16}|[0-9a-f]{32}|[0-9a-f]{64})(?![0-9a-zA-Z])|&#[0-9]+;"
    rb'|(?<=":)(?P<number> ?[0-9]+(?:\.[0-9]+)?)(?=[,}\]\n])'
)


def _again(found: dict[str, Any], sources: dict[str, str], moved: str | None, settings: Settings, check: Check) -> None:
    """Run again on the same files with other cuts on one worker, and compare the copies."""
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
        paths = [moved] if moved else found["paths"]
        report = Run(other, paths, os.path.join(scratch, "run"), only=sources).run()
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
        result = shard.process_shard(Shard(0, 0, path, entry["uri"].removeprefix("data/"), format_.name), kit, None)
        left = result.tally.outcomes[Outcome.REDACTED]
        if result.tally.outcomes[Outcome.QUARANTINED] and not left:
            check.fail(f"{entry['uri']}: {result.tally.outcomes[Outcome.QUARANTINED]} records cannot be looked at")
        if left or result.broken:
            rules = sorted({rule for (_, rule, _, _, state) in result.tally.findings if state != State.SUPPRESSED})
            check.fail(f"{entry['uri']}: {left} records still hold something ({', '.join(rules[:3])})")
