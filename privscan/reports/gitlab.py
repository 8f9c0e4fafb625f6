"""GitLab's security report, kind secret detection: an entry for each rule and file, gravest first, new findings only.

The field for the extract of the source is left out: it would hold the value. Source: gitlab-org
security-report-schemas, version 15 (fields, their lengths, the form of times).
"""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from privscan.model import State
from privscan.reports import wording
from privscan.reports.grouped import bundles, gravest, line

if TYPE_CHECKING:
    from typing import TextIO

    from privscan.model import Report
    from privscan.reports.grouped import Bundle, Listing

__all__ = ["build", "write"]

VERSION = "15.2.1"
ENTRIES = 5000
_SPACE = uuid.UUID("6c9c2f0e-51a4-4b53-9d1f-0b7c2f6f6a51")  # of our entries' ids
_MOMENT = "%Y-%m-%dT%H:%M:%S"


def write(report: Report, listing: Listing, stream: TextIO) -> None:
    """Write the security report to a text stream."""
    json.dump(build(report, listing), stream, ensure_ascii=True, indent=1)
    stream.write("\n")


def build(report: Report, listing: Listing) -> dict[str, Any]:
    """Return the security report as JSON values."""
    kept, more = gravest(bundles(listing.rows, (State.NEW.value,)), ENTRIES)
    told = report.details.get("rules", {})
    tool = {
        "id": "privscan",
        "name": "privscan",
        "version": str(report.tool.get("version", "")) or "0",
        "vendor": {"name": "privscan"},
    }
    start, end = _times(report)
    scan: dict[str, Any] = {
        "analyzer": tool,
        "scanner": tool,
        "type": "secret_detection",
        "start_time": start,
        "end_time": end,
        "status": "success" if report.complete else "failure",
    }
    notes = [f"{wording.clip(p.uri, 120)}: {wording.clip(p.reason, 200)}" for p in report.problems[:20]]
    messages = [{"level": "fatal", "value": note} for note in notes]
    if more:
        words = f"{wording.plural(more, 'entry')} of lesser gravity left out: see the findings file"
        messages.append({"level": "warn", "value": words})
    if messages:
        scan["messages"] = messages
    entries = [_entry(bundle, told.get(bundle.rule, {}), listing) for bundle in kept]
    return {"version": VERSION, "scan": scan, "vulnerabilities": entries}


def _times(report: Report) -> tuple[str, str]:
    try:
        start = datetime.fromisoformat(report.started)
    except ValueError:
        start = datetime.fromtimestamp(0, UTC)
    return start.strftime(_MOMENT), (start + timedelta(seconds=report.seconds)).strftime(_MOMENT)


def _entry(bundle: Bundle, told: dict[str, Any], listing: Listing) -> dict[str, Any]:
    row = bundle.first[0]
    name = wording.clip(str(told.get("name") or bundle.entity), 200)
    fields = sorted({wording.clip(str(row["field"]), 80) for row in bundle.first})
    words = f"{wording.plural(bundle.count, 'finding')} of {bundle.entity}, {bundle.confidence} confidence"
    at = line(row, bundle.uri)
    return {
        "id": str(uuid.uuid5(_SPACE, f"{bundle.rule}\0{bundle.uri}".encode("utf-8", "backslashreplace").decode())),
        "category": "secret_detection",
        "name": f"{name} in {wording.clip(bundle.uri, 50)}"[:255],
        "description": f"{wording.clip(words, 400)}; fields: {', '.join(fields[:5])}",
        "severity": bundle.severity.capitalize(),
        "identifiers": [
            {
                "type": "privscan_rule_id",
                "name": f"privscan {wording.clip(bundle.rule, 200)}",
                "value": wording.clip(bundle.rule, 200),
            }
        ],
        "location": {
            "file": wording.clip(listing.path(bundle.uri), 1000),
            "start_line": at,
            "end_line": at,
            "commit": {"sha": "0000000"},
        },
    }
