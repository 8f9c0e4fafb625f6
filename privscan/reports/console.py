"""The report as a terminal page of 80 columns or more; a narrower terminal wraps its lines.

Promise: nothing is left out for want of room, nothing is printed twice, names cannot steer the terminal, colour never
carries meaning alone, and a stream that has no UTF-8 gets plain ASCII.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from privscan.reports import sections
from privscan.reports.figures import summarise, top
from privscan.reports.wording import DASH, brief, cell, clip, duration, number, plural, rate, share, size

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import TextIO

    from rich.console import Console, RenderableType
    from rich.table import Table

    from privscan.model import Report
    from privscan.reports.figures import Summary, Trouble
    from privscan.reports.parts import Section

__all__ = ["of", "render", "render_section", "write"]

_ROWS = 20  # entities
_PLACES = 8  # fields, reasons
_NEAR = 3  # entities named beside a field, locations beside a reason
_BAR = 24
_FIRST = 24  # columns of a table's first column, at least
_NUMBERS = ("count", "share")
_STYLES = {"passed": "bold green", "open": "bold green", "failed": "bold red", "incomplete": "bold yellow"}
_SEVERITIES = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "dim"}


def write(report: Report, stream: TextIO) -> None:
    """Write `report` to a text stream, in colour where it is a terminal that wants it."""
    render(report, of(stream))


def of(stream: TextIO) -> Console:
    """Return a console on a text stream, of 80 columns or more: in less, tables would lose their last columns."""
    from rich.console import Console

    console = Console(file=stream, highlight=False)
    console.width = max(console.width, 80)
    return console


def render(report: Report, console: Console) -> None:
    """Print `report` on `console`: what was looked at, what came of it, what was found, what to do, the verdict."""
    summary = summarise(report)
    page = _Page(console.options.ascii_only, console.width)
    for part in page.parts(report, summary):
        console.print(part, highlight=False)


def render_section(part: Section, console: Console, rows: int = _PLACES) -> None:
    """Print one section by itself, its sentences and tables."""
    from rich.text import Text

    page = _Page(console.options.ascii_only, console.width)
    for found in page.section(part, rows):
        console.print(found, highlight=False)
    for words in part.words:
        console.print(Text(f"\n{page.words(page.name(words, 400))}"), highlight=False)


@dataclass(frozen=True, slots=True)
class _Page:
    """What a console can show: `ascii_only` where it has no UTF-8, `width` in columns."""

    ascii_only: bool
    width: int

    @property
    def dash(self) -> str:
        return "-" if self.ascii_only else DASH

    @property
    def dot(self) -> str:
        return ", " if self.ascii_only else " · "

    def parts(self, report: Report, summary: Summary) -> Iterator[RenderableType]:
        yield self.heading(report, summary)
        yield self.outcomes(report, summary)
        yield from self.findings(summary)
        yield from self.apart(summary)
        yield from self.fields(summary)
        yield from self.duplicates(summary)
        for part in sections.of(report):
            yield from self.section(part)
        yield from self.problems(summary)
        yield from self.closing(report, summary)

    def name(self, text: str, limit: int = 60) -> str:
        return clip(text, limit, ascii_only=self.ascii_only)

    def words(self, text: str) -> str:
        return text.replace(DASH, self.dash)

    def table(self, title: str, *columns: tuple[str, str]) -> Table:
        """Start a table: `columns` holds (heading, "left" or "right"); the first heading is the section's title."""
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, show_edge=False, header_style="dim")
        table.add_column(Text(title, style="bold"), overflow="fold", min_width=_FIRST)
        for heading, justify in columns:
            fold: Any = {"justify": justify, "overflow": "fold"}
            table.add_column(Text(heading), **fold)
        return table

    def bar(self, count: int, whole: int) -> str:
        block = "#" if self.ascii_only else "━"
        return block * (max(1, round(_BAR * count / whole)) if count and whole else 0)

    def heading(self, report: Report, summary: Summary) -> RenderableType:
        from rich.text import Text

        tally = report.tally
        facts = [
            f"policy {self.name(str(report.policy.get('id', '?')))}",
            plural(summary.files, "file"),
            plural(tally.records, "record"),
            size(tally.bytes),
            duration(report.seconds),
            self.words(rate(tally.bytes, report.seconds)),
        ]
        return Text.assemble((self.name(summary.command, 200), "bold"), "\n", (self.dot.join(facts), "dim"), "\n")

    def outcomes(self, report: Report, summary: Summary) -> RenderableType:
        from rich.text import Text

        table = self.table("Records", ("count", "right"), ("share", "right"), ("", "left"))
        for outcome, count in summary.outcomes:
            if count:
                bar = Text(self.bar(count, report.tally.records), style="cyan")
                table.add_row(Text(outcome), number(count), share(count, report.tally.records), bar)
        if not table.row_count:
            table.add_row(Text("none"), "0", "", "")
        return table

    def findings(self, summary: Summary) -> Iterator[RenderableType]:
        from rich.text import Text

        if not summary.entities:
            yield Text.assemble("\n", ("Findings", "bold"), "  none")
            return
        wide = self.width >= 80 + _BAR
        shown, most = top(summary.entities, _ROWS), max(group.count for group in summary.entities)
        columns = [("severity", "left"), ("high", "right"), ("medium", "right"), ("low", "right"), ("total", "right")]
        table = self.table("Findings by confidence", *columns, *([("", "left")] if wide else []))
        for group in shown.rows:
            severity = Text(group.severity.label, style=_SEVERITIES[group.severity.label])
            cells = [brief(count) if count else self.dash for count in group.confidence]
            bar = [Text(self.bar(group.count, most), style="cyan")] if wide else []
            table.add_row(Text(self.name(group.entity, 36)), severity, *cells, brief(group.count), *bar)
        if shown.more:
            table.add_row(Text(f"{number(shown.more)} more entities", style="dim"), "", "", "", "", brief(shown.rest))
        if len(summary.entities) > 1:
            sums = [sum(group.confidence[level] for group in summary.entities) for level in range(3)]
            cells = [brief(count) if count else self.dash for count in (*sums, summary.found)]
            table.add_row(Text("all"), "", *cells, style="bold")
        yield Text()
        yield table

    def apart(self, summary: Summary) -> Iterator[RenderableType]:
        from rich.text import Text

        if not summary.apart:
            return
        states = [
            state for state in ("placeholder", "known", "suppressed") if any(getattr(r, state) for r in summary.apart)
        ]
        table = self.table("Not counted by the gate", *((state, "right") for state in states))
        shown = top(summary.apart, _PLACES)
        for row in shown.rows:
            counts = [getattr(row, state) for state in states]
            table.add_row(Text(self.name(row.entity, 36)), *(brief(count) if count else self.dash for count in counts))
        if shown.more:
            table.add_row(Text(f"{number(shown.more)} more entities: {number(shown.rest)}", style="dim"))
        yield Text()
        yield table

    def fields(self, summary: Summary) -> Iterator[RenderableType]:
        from rich.text import Text

        if not summary.fields:
            return
        shown = top(summary.fields, _PLACES)
        table = self.table("Fields", ("findings", "right"), ("mostly", "left"))
        for place in shown.rows:
            table.add_row(Text(self.name(place.name, 44)), number(place.count), Text(self.mostly(place.entities)))
        if shown.more:
            table.add_row(Text(f"{number(shown.more)} more fields", style="dim"), number(shown.rest), "")
        yield Text()
        yield table

    def mostly(self, entities: Sequence[tuple[str, int]]) -> str:
        rest = f" +{len(entities) - _NEAR}" if len(entities) > _NEAR else ""
        return ", ".join(self.name(entity, 36) for entity, _ in entities[:_NEAR]) + rest

    def duplicates(self, summary: Summary) -> Iterator[RenderableType]:
        from rich.text import Text

        if summary.methods:
            table = self.table("Duplicates by method", ("records", "right"))
            for method, count in summary.methods:
                table.add_row(Text(self.name(method, 36)), number(count))
            yield Text()
            yield table

    def section(self, part: Section, rows: int = _PLACES) -> Iterator[RenderableType]:
        from rich.text import Text

        for number_, listed in enumerate(part.tables):
            others = listed.columns[1:]
            columns = [(other.heading, "right" if other.kind in _NUMBERS else "left") for other in others]
            table = self.table(self.name(part.title if number_ == 0 else listed.title, 44), *columns)
            shown = top(listed.rows, rows)
            cells = [
                [
                    self.name(self.words(cell(value, at.kind)), 120)
                    for value, at in zip(row, listed.columns, strict=True)
                ]
                for row in shown.rows
            ]
            for row in cells:
                table.add_row(*map(Text, row))
            self.fit(table, [other.heading for other in others], cells)
            if more := shown.more + listed.beyond:
                table.add_row(Text(f"{number(more)} more: see {listed.rest}", style="dim"))
            yield Text()
            yield table

    def fit(self, table: Table, headings: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
        """Break the headings of numbers at their blanks where the table is too wide otherwise."""
        widest = [max(map(len, column)) for column in zip(*cells, strict=True)][1:]
        if _FIRST + sum(2 + max(len(name), wide) for name, wide in zip(headings, widest, strict=True)) > self.width:
            for column, name, wide in zip(table.columns[1:], headings, widest, strict=True):
                if column.justify == "right":
                    column.max_width = max(wide, *map(len, name.split()))

    def problems(self, summary: Summary) -> Iterator[RenderableType]:
        from rich.text import Text

        if not summary.troubles:
            return
        yield Text("\nCould not be looked at", style="bold yellow")
        shown = top(summary.troubles, _PLACES)
        said: set[str] = set()
        for trouble in shown.rows:
            yield self.trouble(trouble, remedy=trouble.remedy not in said)
            said.add(trouble.remedy)
        if shown.more:
            yield Text(f"{number(shown.more)} more reasons: {number(shown.rest)}", style="dim")

    def trouble(self, trouble: Trouble, *, remedy: bool) -> RenderableType:
        from rich.console import Group
        from rich.padding import Padding
        from rich.text import Text

        where: dict[str, list[str]] = {}
        for problem in trouble.places[:_NEAR]:
            records = where.setdefault(problem.uri, [])
            records += [] if problem.record is None else [str(problem.record)]
        near = [f"{self.name(uri, 48)}{_noun(len(records))}{', '.join(records)}" for uri, records in where.items()]
        left = trouble.count - len(trouble.places[:_NEAR])
        places = self.dot.join([*near, f"{number(left)} more"] if left > 0 and near else near)
        first = f"{number(trouble.count)} {self.dash} {self.name(trouble.reason, 120)} ({self.name(trouble.stage, 24)})"
        lines = [Padding(Text(first), (0, 0, 0, 2))]
        lines += [Padding(Text(places, style="dim"), (0, 0, 0, 4))] if places else []
        lines += [Padding(Text(trouble.remedy), (0, 0, 0, 4))] if remedy else []
        return Group(*lines)

    def closing(self, report: Report, summary: Summary) -> Iterator[RenderableType]:
        from rich.text import Text

        for note in report.notes:
            yield Text(f"\n{self.words(self.name(note, 400))}", style="dim")
        title, words = summary.verdict.title, self.words(summary.verdict.words)
        yield Text.assemble("\n", (title, _STYLES[summary.verdict.kind]), f"  {words}")


def _noun(records: int) -> str:
    return " record " if records == 1 else " records " if records else ""
