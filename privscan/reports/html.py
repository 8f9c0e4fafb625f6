"""The report as one self-contained web page, fit to be attached to a dataset release.

Promise: nothing fetched, at most `_ROWS` rows a table; it reads well on paper, in the dark, aloud and without its
script, which sorts and filters tables and is the only one the page lets run; every name and every sample is escaped,
on one line, and of bounded length.
"""

from __future__ import annotations

import base64
import hashlib
import re
import shlex
from typing import TYPE_CHECKING, Any

from privscan.reports import census, sections, svg, wording
from privscan.reports.figures import LIMITS, summarise, top
from privscan.reports.grouped import Listing

if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import TextIO

    from privscan.model import Report
    from privscan.reports.census import Census
    from privscan.reports.figures import Summary

__all__ = ["render", "write"]

_ROWS = 50
_SAMPLES = 12
_RULES = 40  # whose findings are shown one by one
_NAME = 96  # characters of a name
_TEXT = 320  # characters of a sample
_LOOK = ("policy", "rules", "select", "ignore", "min_confidence", "fail_on", "field", "exclude_field")
_REPEATS = ("dedup", "dedup_field", "dedup_threshold")
_FLAGS = {"scan": _LOOK, "clean": _LOOK + _REPEATS, "dedup": _REPEATS}
_JOINT = re.compile(r"(?<=[./_=,;-])(?=[^./_=,;-])")
_BLOT = "▒"  # what the samples have in place of words that might tell
_LEVELS = ("high", "medium", "low")


def render(report: Report, listing: Listing | None = None, cache: str | None = None) -> str:
    """Return the page, a whole HTML 5 document in ASCII, so that it survives any stream and any server.

    With a `listing` it also tells where findings stand, how often values come back, and examples of each rule. `cache`
    is a folder to keep the compiled templates in.
    """
    from privscan.reports import jinja

    environment = jinja.environment(cache)
    environment.filters |= {
        "clip": lambda text, limit=_NAME: wording.clip(str(text), limit),
        "duration": wording.duration,
        "moment": wording.moment,
        "name": _name,
        "number": wording.number,
        "plural": wording.plural,
        "size": wording.size,
        "top": lambda rows, limit=_ROWS: top(rows, limit),
    }
    environment.globals |= {"cell": wording.cell, "share": wording.share, "rate": wording.rate, "pairs": wording.pairs}
    page = environment.get_template("report.html.j2").render(
        _context(report, summarise(report), census.take(report, (listing or Listing()).rows))
        | _script(environment.get_template("report.js").render())
    )
    return page.encode("ascii", "xmlcharrefreplace").decode("ascii")


def write(report: Report, listing: Listing, stream: TextIO) -> None:
    """Write the page to a text stream."""
    stream.write(render(report, listing))


def _script(text: str) -> dict[str, Any]:
    """Return the page's script and the digest by which its own policy lets it run, and no other."""
    digest = base64.b64encode(hashlib.sha256(text.encode("ascii")).digest()).decode("ascii")
    return {"script": _safe(text), "script_digest": f"sha256-{digest}"}


def _context(report: Report, summary: Summary, counted: Census) -> dict[str, Any]:
    entities = {group.entity for group in summary.entities} | {row.entity for row in summary.apart}
    return {
        "report": report,
        "tally": report.tally,
        "summary": summary,
        "limits": LIMITS,
        "sections": (*counted.sections(), *sections.of(report)),
        "columns": lambda chart: _safe(svg.columns(chart.bars, wording.clip(chart.title))),
        "examples": _examples(report, summary, counted),
        "again": _again(report, summary.command),
        "levels": _LEVELS,
        "artifacts": {artifact.uri: artifact for artifact in report.inputs},
        "outcome_bar": _safe(_outcome_bar(report, summary)),
        "count_bar": lambda count, whole: _safe(svg.bar([("plain", count)], whole)),
        "level_bar": lambda parts, whole: _safe(svg.bar(list(zip(_LEVELS, parts, strict=True)), whole)),
        "blotted": any(_BLOT in str(sample.get("text", "")) for sample in report.samples[:_SAMPLES]),
        "samples": [
            (sample, _marked(wording.clip(str(sample.get("text", "")), _TEXT), entities))
            for sample in report.samples[:_SAMPLES]
            if sample.get("text")
        ],
    }


def _examples(report: Report, summary: Summary, counted: Census) -> list[tuple[Any, list[tuple[Any, str]]]]:
    """Return (rule's group, [(row, masked context or "")]) for the gravest rules."""
    texts = {
        (sample.get("uri"), sample.get("record"), sample.get("field"), sample.get("rule")): str(sample.get("text", ""))
        for sample in report.samples
    }
    return [
        (
            group,
            [
                (row, wording.clip(texts.get((row["uri"], row["record"], row["field"], row["rule"]), ""), _TEXT))
                for row in rows
            ],
        )
        for group in summary.rules[:_RULES]
        if (rows := counted.examples.get(group.name))
    ]


def _safe(markup: str) -> Any:
    from markupsafe import Markup

    return Markup(markup)  # noqa: S704 - what svg made, escaped there


def _name(text: object, limit: int = _NAME) -> Any:
    """Escape a name, keep its writing direction to itself, and let it break at its joints first."""
    from markupsafe import Markup, escape

    joints = _JOINT.split(wording.clip(str(text), limit))
    return Markup('<bdi class="code">{}</bdi>').format(Markup("<wbr>").join(escape(part) for part in joints))


def _again(report: Report, command: str) -> str:
    """Return the command line that asks for the same again; one that was recorded whole stays as it is."""
    if " " in report.command.strip():
        return command
    words = [command, "PATH..."]
    if report.command != "scan":
        words += ["-o", "DIR"]
    if report.key == "file":
        words += ["--key-file", "FILE"]
    for name in _FLAGS.get(report.command, ()):
        value = report.settings.get(name)
        for item in value if isinstance(value, list) else [] if value in (None, "") else [value]:
            words += [f"--{name.replace('_', '-')}", shlex.quote(str(item))]
    return " ".join(words)


def _outcome_bar(report: Report, summary: Summary) -> str:
    parts = [f"{outcome} {wording.number(count)}" for outcome, count in summary.outcomes if count]
    title = f"Records by outcome: {', '.join(parts)}" if parts else "No records"
    return svg.bar(summary.outcomes, report.tally.records, title)


def _marked(text: str, entities: Collection[str]) -> list[tuple[bool, str]]:
    """Cut a sample into (is an entity's token, text), so that the page can mark what stands in place of a value."""
    if not entities:
        return [(False, text)]
    names = "|".join(re.escape(entity) for entity in sorted(entities, key=len, reverse=True))
    tail = r"(?![A-Z0-9])[_:#A-Za-z0-9]{0,40}"  # a pseudonym's number or tag
    token = re.compile(rf"([<\[(⟦{{]?(?<![A-Z0-9_])(?:{names}){tail}[>\])⟧}}]?)")
    return [(index % 2 == 1, part) for index, part in enumerate(token.split(text)) if part]
