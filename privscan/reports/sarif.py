"""SARIF 2.1.0 for code scanning: a result for each rule and file, since no viewer takes all findings of a corpus.

Limits are those GitHub states for uploads: 25,000 results a run of which 5,000 are shown, 1,000 locations a result
of which 100 are shown, 10 MB compressed. The findings file has every finding; values are in neither.
Source: OASIS SARIF 2.1.0; docs.github.com, "SARIF support for code scanning".
"""

from __future__ import annotations

import hashlib
import json
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from privscan.gate import exit_code
from privscan.model import State
from privscan.reports import wording
from privscan.reports.figures import summarise
from privscan.reports.grouped import bundles, gravest, line

if TYPE_CHECKING:
    from typing import TextIO

    from privscan.model import Report
    from privscan.reports.grouped import Bundle, Listing

__all__ = ["build", "write"]

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
RESULTS = 5000
PROBLEMS = 50

_LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note"}
_SCORES = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "2.0"}  # GitHub's bands of security-severity
_PRECISION = {"high": "very-high", "medium": "high", "low": "low"}
_BASELINE = {State.NEW.value: "new", State.KNOWN.value: "unchanged"}


def write(report: Report, listing: Listing, stream: TextIO) -> None:
    """Write the log to a text stream."""
    json.dump(build(report, listing), stream, ensure_ascii=True, indent=1)
    stream.write("\n")


def build(report: Report, listing: Listing) -> dict[str, Any]:
    """Return the log as JSON values. Placeholders are counted in `properties` and are no results."""
    states = (State.NEW.value, State.KNOWN.value, State.SUPPRESSED.value)
    kept, more = gravest(bundles(listing.rows, states), RESULTS)
    rules = sorted({bundle.rule for bundle in kept})
    numbers = {rule: number for number, rule in enumerate(rules)}
    uris = sorted({bundle.uri for bundle in kept})
    artifacts = {uri: number for number, uri in enumerate(uris)}
    against = bool(report.details.get("baseline"))
    run = {
        "tool": {"driver": _driver(report, rules, kept)},
        "automationDetails": {"id": f"privscan/{wording.clip(str(report.policy.get('id', '')), 60)}/"},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"ROOT": {"description": {"text": "The folder the scan was started in."}}},
        "invocations": [_invocation(report, more)],
        "artifacts": [_artifact(report, uri, listing.path(uri)) for uri in uris],
        "results": [
            _result(bundle, numbers, artifacts, listing, _reason(report, bundle), against=against) for bundle in kept
        ],
        "properties": {
            "records": report.tally.records,
            "findings": summarise(report).found,
            "placeholders": sum(n for key, n in report.tally.findings.items() if key[4] == State.PLACEHOLDER),
            "resultsLeftOut": more,
        },
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _driver(report: Report, rules: list[str], kept: list[Bundle]) -> dict[str, Any]:
    entities = {bundle.rule: bundle for bundle in kept}
    told = report.details.get("rules", {})
    return {
        "name": "privscan",
        "version": str(report.tool.get("version", "")) or "0",
        "rules": [_rule(rule, entities[rule], told.get(rule, {})) for rule in rules],
    }


def _rule(rule: str, bundle: Bundle, told: dict[str, Any]) -> dict[str, Any]:
    name = wording.clip(str(told.get("name") or bundle.entity), 200)
    laws = ", ".join(map(str, told.get("regulations", ())))
    words = f"{name} ({bundle.entity}). Take the value out, or run privscan clean on the file."
    references = [str(entry) for entry in told.get("references", ())]
    entry: dict[str, Any] = {
        "id": wording.clip(rule, 200),
        "name": "".join(word.capitalize() for word in re.findall("[A-Za-z0-9]+", bundle.entity[:200])),
        "shortDescription": {"text": name},
        "fullDescription": {"text": f"{words}{f' Laws and standards: {laws}.' if laws else ''}"},
        "help": {"text": f"{words}\nprivscan rules show {wording.clip(rule, 200)}\n" + "\n".join(references)},
        "defaultConfiguration": {"level": _LEVELS[bundle.severity]},
        "properties": {
            "tags": ["security", "privacy"],
            "security-severity": _SCORES[bundle.severity],
            "precision": _PRECISION[bundle.confidence],
        },
    }
    links = [entry for entry in references if entry.startswith("https://")]
    return entry | ({"helpUri": links[0]} if links else {})


def _invocation(report: Report, more: int) -> dict[str, Any]:
    notes = [
        _note("error", f"{problem.reason} ({problem.stage})", problem.uri, problem.record)
        for problem in report.problems[:PROBLEMS]
    ]
    if more:
        notes.append(_note("warning", f"{wording.plural(more, 'result')} of lesser gravity left out: see the findings"))
    made: dict[str, Any] = {
        "executionSuccessful": report.complete,
        "exitCode": exit_code(report),
        "toolExecutionNotifications": notes,
    }
    try:
        start = datetime.fromisoformat(report.started)
    except ValueError:
        return made
    end = start + timedelta(seconds=report.seconds)
    return made | {"startTimeUtc": f"{start:%Y-%m-%dT%H:%M:%SZ}", "endTimeUtc": f"{end:%Y-%m-%dT%H:%M:%SZ}"}


def _note(level: str, words: str, uri: str = "", record: int | None = None) -> dict[str, Any]:
    note: dict[str, Any] = {"level": level, "message": {"text": wording.clip(words, 300)}}
    if uri:
        place: dict[str, Any] = {"artifactLocation": _location(uri)}
        if record is not None:
            place["region"] = {"startLine": record + 1}
        note["locations"] = [{"physicalLocation": place}]
    return note


def _location(path: str) -> dict[str, Any]:
    safe = path.encode("utf-8", "backslashreplace").decode("utf-8").replace("\\", "/")
    return {"uri": quote(safe, safe="/"), "uriBaseId": "ROOT"}


def _artifact(report: Report, uri: str, path: str) -> dict[str, Any]:
    entry: dict[str, Any] = {"location": _location(path)}
    for artifact in report.inputs:
        if artifact.uri == uri:
            entry["length"] = artifact.bytes
            if artifact.sha256:
                entry["hashes"] = {"sha-256": artifact.sha256}
    return entry


def _result(
    bundle: Bundle, numbers: dict[str, int], artifacts: dict[str, int], listing: Listing, reason: str, *, against: bool
) -> dict[str, Any]:
    fields = sorted({str(row["field"]) for row in bundle.first})
    where = ", ".join(wording.clip(name, 80) for name in fields[:3])
    found = f"{wording.plural(bundle.count, 'finding')} of {wording.clip(bundle.entity)}"
    words = f"{found} ({bundle.confidence} confidence) in {where}"
    entry: dict[str, Any] = {
        "ruleId": wording.clip(bundle.rule, 200),
        "ruleIndex": numbers[bundle.rule],
        "level": _LEVELS[bundle.severity],
        "rank": round(min(bundle.score, 1.0) * 100, 1),
        "message": {"text": words},
        "occurrenceCount": bundle.count,
        "locations": [_place(row, listing.path(bundle.uri), artifacts[bundle.uri]) for row in bundle.first],
        "fingerprints": {"privscan/v1": f"{bundle.fingerprint:032x}"},
        "partialFingerprints": {"privscanRuleAndFile/v1": _digest(bundle.rule, bundle.uri)},
        "properties": {"entity": wording.clip(bundle.entity), "confidence": bundle.confidence, "state": bundle.state},
    }
    if against and bundle.state in _BASELINE:
        entry["baselineState"] = _BASELINE[bundle.state]
    if bundle.state == State.SUPPRESSED:
        entry["suppressions"] = [{"kind": "external", "status": "accepted", "justification": reason}]
    return entry


def _reason(report: Report, bundle: Bundle) -> str:
    told = report.details.get("suppressions", [])
    marks = [
        word.removeprefix("suppressed:") for word in bundle.first[0].get("evidence") or () if "suppressed:" in word
    ]
    number = int(marks[0]) if marks and marks[0].isdecimal() else len(told)
    return wording.clip(str(told[number]["reason"]), 400) if number < len(told) else "suppressed"


def _place(row: dict[str, Any], path: str, artifact: int) -> dict[str, Any]:
    logical = f"record {row['record']}{wording.clip(str(row['field']), 200)}"
    properties = {name: row.get(name) for name in ("id", "record", "start", "end", "fingerprint")}
    return {
        "physicalLocation": {
            "artifactLocation": _location(path) | {"index": artifact},
            "region": {"startLine": line(row, str(row["uri"]))},
        },
        "logicalLocations": [{"fullyQualifiedName": logical, "kind": "value"}],
        "properties": properties | {"field": wording.clip(str(row["field"]), 200)},
    }


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "backslashreplace")).hexdigest()[:32]
