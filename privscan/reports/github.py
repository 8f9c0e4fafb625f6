"""Workflow commands of GitHub Actions: a few annotations beside the files, then what came of the run in a line.

GitHub shows ten errors, ten warnings and ten notices of a step; so there are no more, gravest first. For the job's
summary write Markdown to the file it names: -f markdown="$GITHUB_STEP_SUMMARY".
Source: docs.github.com, "Workflow commands for GitHub Actions".
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from privscan.gate import exit_code
from privscan.model import State
from privscan.reports import wording
from privscan.reports.figures import summarise
from privscan.reports.grouped import bundles, gravest, line

if TYPE_CHECKING:
    from typing import TextIO

    from privscan.model import Report
    from privscan.reports.grouped import Listing

__all__ = ["write"]

_EACH = 10
_LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "notice"}


def write(report: Report, listing: Listing, stream: TextIO) -> None:
    """Write the commands to a text stream; the job's log is read for them."""
    kept, _ = gravest(bundles(listing.rows, (State.NEW.value,)), 1000)
    shown: Counter[str] = Counter()
    for problem in report.problems[:_EACH]:
        record = 0 if problem.record is None else problem.record
        shown["error"] += 1
        stream.write(_command("error", listing.path(problem.uri), record + 1, "Could not be looked at", problem.reason))
    for bundle in sorted(kept, key=lambda bundle: bundle.weight, reverse=True):
        level = _LEVELS[bundle.severity]
        shown[level] += 1
        if shown[level] <= _EACH:
            field = wording.clip(str(bundle.first[0]["field"]), 80)
            words = (
                f"{wording.plural(bundle.count, 'finding')}, {bundle.confidence} confidence, {bundle.severity} severity"
            )
            at = line(bundle.first[0], bundle.uri)
            title = f"{wording.clip(bundle.entity, 60)} by {wording.clip(bundle.rule, 60)}"
            stream.write(_command(level, listing.path(bundle.uri), at, title, f"{words}; first in {field}"))
    verdict = summarise(report).verdict
    level = "error" if exit_code(report) else "notice"
    stream.write(f"::{level} title=privscan::{_data(f'{verdict.title}. {verdict.words}')}\n")


def _command(level: str, path: str, at: int, title: str, words: str) -> str:
    place = f"file={_property(path)},line={at},title={_property(title)}"
    return f"::{level} {place}::{_data(words)}\n"


def _data(words: str) -> str:
    """Escape a command's message, which ends with its line."""
    return wording.clip(words, 400).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(words: str) -> str:
    """Escape a property, which ends with a comma or two colons."""
    return _data(words).replace(":", "%3A").replace(",", "%2C")
