"""The findings of an earlier run, one by one: read as a stream, and only when they are the ones that run wrote."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from privscan import jsontext, manifest, runfolder
from privscan.errors import UsageError
from privscan.model import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from privscan.model import Report

__all__ = ["check", "findings", "path", "places", "read", "report"]

_FIELDS = ("id", "uri", "record", "field", "entity", "rule", "confidence", "severity", "fingerprint", "state")


def path(run: str) -> str:
    """Return the findings file of a run folder."""
    return os.path.join(run, "findings.jsonl")


def check(run: str, *names: str) -> dict[str, Any]:
    """Return the manifest of a run folder after comparing files with the digests in it.

    UsageError for the first file that is not the one the run wrote.
    """
    found = manifest.load(run)
    for name in names:
        digest, file = found["files"].get(name), os.path.join(run, name)
        if digest is None or not os.path.exists(file):
            raise UsageError(f"{file}: is missing, so the run folder is not whole; run again")
        if runfolder.sha256(file) != digest:
            raise UsageError(f"{file}: is not the file this run wrote (it has another sha256); run again")
    return found


def report(run: str) -> Report:
    """Return the report of a run folder, checked against its manifest, or of a report.json; UsageError, InputError."""
    from privscan.reports import json as report_json

    file = run
    if os.path.isdir(run):
        check(run, "report.json")
        file = os.path.join(run, "report.json")
    try:
        with open(file, "rb") as source:
            return report_json.load(source.read())
    except OSError as error:
        raise UsageError(f"{file}: cannot be read ({error.strerror}); give a run folder") from None


def read(run: str) -> Iterator[dict[str, Any]]:
    """Yield the findings rows of a run folder; UsageError for a line that is none."""
    with open(path(run), "rb") as file:
        for number, line in enumerate(file, 1):
            try:
                row: Any = jsontext.parse(line)
            except ValueError:
                row = None
            if not isinstance(row, dict) or any(name not in row for name in _FIELDS):
                raise UsageError(f"{path(run)}: line {number} is no finding; take the run's own file, or run again")
            yield row


def findings(run: str) -> Iterator[Finding]:
    """Yield the findings of a run folder after comparing them with its manifest; UsageError as `check` and `read`."""
    check(run, "findings.jsonl")
    return map(Finding.of, read(run))


def places(run: str) -> dict[str, str]:
    """Return where each input lies, by its name in the report: from here where it lies below, else by that name.

    Viewers of code look files up from the root of a checkout, which is where their jobs run.
    """
    here = os.getcwd()
    out = {}
    for uri, file in manifest.load(run)["read_from"].items():
        inside = os.path.commonpath([here, file]) == here if os.path.isabs(file) else False
        out[uri] = os.path.relpath(file, here) if inside else uri
    return out
