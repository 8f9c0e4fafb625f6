"""The report as Markdown, for a pull request, a wiki, a release page or a job's summary.

Promise: no value, no raw HTML, every name in a code span that it cannot leave, at most `_ROWS` rows a table.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from privscan.reports import sections, wording
from privscan.reports.figures import LIMITS, summarise, top
from privscan.reports.parts import Cell, Column, Section, Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import TextIO

    from privscan.model import Report
    from privscan.reports.figures import Summary

__all__ = ["code", "listing", "overview", "render", "text", "write"]

_ROWS = 25
_MARK = {"passed": "✅", "open": "✅", "failed": "❌", "incomplete": "⚠️"}
_SPECIAL = re.compile(r"[\\`*_{}\[\]<>()#!|~$@&]|:(?=//|\w+:)|(?<=www)\.", re.IGNORECASE)


def write(report: Report, stream: TextIO) -> None:
    """Write the whole report to a text stream."""
    stream.write(render(report))


def render(report: Report) -> str:
    """Return the whole report as GitHub-flavoured Markdown, headings from level 2 on."""
    summary = summarise(report)
    lines = ["## Data privacy report", "", *_verdict(report, summary)]
    for part in (*overview(summary), *sections.of(report), *_quarantine(summary)):
        lines += listing(part)
    lines += ["### What the figures do not say", ""]
    lines += [f"- {text(words, 600)}" for words in (*report.notes, *LIMITS)]
    return "\n".join(lines) + "\n"


def listing(part: Section, rows: int = _ROWS) -> Iterator[str]:
    """Yield the lines of a section: heading, sentences, tables of at most `rows` rows."""
    yield from (f"### {text(part.title)}", "")
    for words in part.words:
        yield from (text(words, 600), "")
    for table in part.tables:
        if len(part.tables) > 1 and table.title:
            yield from (f"#### {text(table.title)}", "")
        if table.note:
            yield from (text(table.note, 400), "")
        yield _row([text(column.heading) for column in table.columns])
        yield _row(["--:" if column.kind in ("count", "share") else "---" for column in table.columns])
        shown = top(table.rows, rows)
        for row in shown.rows:
            cells = [
                (wording.cell(value, column.kind), column) for value, column in zip(row, table.columns, strict=True)
            ]
            yield _row([code(words) if column.kind == "name" else text(words, 320) for words, column in cells])
        if more := shown.more + table.beyond:
            yield from ("", f"{wording.number(more)} more rows: see {text(table.rest)}.")
        yield ""


def overview(summary: Summary) -> tuple[Section, ...]:
    """Return outcomes, entities, rules, fields, files and duplicates as sections."""
    counted = Column("count", "count")
    levels = (Column("high", "count"), Column("medium", "count"), Column("low", "count"), Column("total", "count"))
    groups = [
        (group.name, group.severity.label, *(count or None for count in group.confidence), group.count)
        for group in summary.entities
    ]
    made: list[tuple[str, str, tuple[Column, ...], Sequence[tuple[Cell, ...]]]] = [
        ("records", "Records", (Column("outcome"), counted), [row for row in summary.outcomes if row[1]]),
        ("findings", "Findings by confidence", (Column("entity", "name"), Column("severity"), *levels), groups),
        (
            "fields",
            "Findings by field",
            (Column("field", "name"), counted),
            [(p.name, p.count) for p in summary.fields],
        ),
        ("files", "Findings by file", (Column("file", "name"), counted), [(p.name, p.count) for p in summary.places]),
        ("duplicates", "Duplicates by method", (Column("method", "name"), counted), list(summary.methods)),
    ]
    return tuple(
        Section(name, title, (), (Table(title, columns, tuple(rows), rest="the findings file"),))
        for name, title, columns, rows in made
        if rows
    )


def _verdict(report: Report, summary: Summary) -> Iterator[str]:
    yield f"{_MARK[summary.verdict.kind]} **{summary.verdict.title}**: {text(summary.verdict.words, 600)}"
    facts = [
        f"policy {code(str(report.policy.get('id', '?')))}",
        wording.plural(summary.files, "file"),
        wording.plural(report.tally.records, "record"),
        wording.size(report.tally.bytes),
        wording.plural(summary.found, "new finding"),
    ]
    yield from ("", " · ".join(facts), "")


def _quarantine(summary: Summary) -> Iterator[Section]:
    if summary.troubles:
        columns = (Column("reason"), Column("stage"), Column("count", "count"), Column("what to do"))
        rows = tuple((row.reason, row.stage, row.count, row.remedy) for row in summary.troubles)
        words = "Only place and reason are kept, never the content."
        table = Table("By reason", columns, rows, rest="quarantine.jsonl")
        yield Section("quarantine", "What could not be looked at", (words,), (table,))


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def text(words: str, limit: int = 96) -> str:
    r"""Write words so that no sign in them is taken for Markdown, HTML, a mention or an autolink.

    >>> text("a|b <i> @all", 40)
    'a\\|b \\<i\\> \\@all'
    """
    return _SPECIAL.sub(r"\\\g<0>", wording.clip(words, limit))


def code(name: str, limit: int = 96) -> str:
    """Write a name in a code span that it cannot end, nor leave its cell of a table.

    >>> code("a`b"), code("/text")
    ('`` a`b ``', '`/text`')
    """
    shown = wording.clip(name, limit).replace("|", "\\|")
    if "`" not in shown:
        return f"`{shown}`" if shown.strip() else "` `"
    fence = "`" * (max(len(run) for run in re.findall("`+", shown)) + 1)
    return f"{fence} {shown} {fence}"
