"""What the smaller verbs print: rules, checks, one explanation. No value of the data passes through here unmasked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.markup import escape
from rich.table import Table

from privscan.reports.wording import plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console

    from privscan.checks import Failure
    from privscan.explain import Explanation
    from privscan.model import Rule
    from privscan.verify import Check

_ELSEWHERE = {"presidio": "a recogniser of Presidio", "model": "the model that --ner named"}  # who else finds things
MARKS = {True: "[green]passed[/]", False: "[red]FAILED[/]", None: "[yellow]not checked[/]"}


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _facts(rows: Iterable[tuple[str, str]], console: Console) -> None:
    """Print names and values in two columns, those without a value left out."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows:
        if value:
            table.add_row(name, escape(value))
    console.print(table)


def rules(found: Sequence[Rule], console: Console) -> None:
    """Print one row a rule; where nobody reads along, one line, to be searched."""
    if not console.is_terminal:
        console.width = 250
    table = _table("rule", "entity", "severity", "confidence", "name")
    for rule in found:
        reach = rule.checked if rule.validators else rule.confidence
        level = rule.confidence.label if reach == rule.confidence else f"{rule.confidence.label} to {reach.label}"
        table.add_row(rule.id, rule.entity, rule.severity.label, level, escape(rule.name))
    console.print(table)
    console.print(plural(len(found), "rule"))


def rule(found: Rule, console: Console) -> None:
    """Print all there is to know of a rule."""
    console.print(f"[bold]{escape(found.id)}[/]  {escape(found.name)}")
    rows = [
        ("entity", found.entity),
        ("severity", found.severity.label),
        (
            "confidence",
            f"{found.confidence.label} by shape"
            + (f", {found.checked.label} when checked" if found.validators else ""),
        ),
        ("pattern", found.pattern),
        ("detector", found.detector),
        ("keywords", ", ".join(found.keywords)),
        ("validators", ", ".join(found.validators)),
        ("context", ", ".join(found.context)),
        ("requires", ", ".join(found.requires) + (f", within {found.within} characters" if found.within else "")),
        ("partner", "counts for the rules that require it, and is never reported itself" if found.partner else ""),
        ("placeholders", "  ".join(found.placeholders)),
        ("regulations", ", ".join(found.regulations)),
        ("references", ", ".join(found.references)),
        ("file", found.source),
    ]
    rows += [("finds", example) for example in found.examples]
    rows += [("leaves", example) for example in found.counter_examples]
    _facts(rows, console)


def rule_checks(failures: Sequence[Failure], count: int, console: Console) -> None:
    """Print what is wrong with rules, or that nothing is."""
    for failure in failures:
        console.print(
            f"[red]{escape(failure.rule)}[/]: {escape(failure.check)}: {escape(failure.detail)}", soft_wrap=True
        )
    console.print(f"{plural(count, 'rule')} checked, {plural(len(failures), 'failure')}")


def checks(found: Sequence[Check], console: Console) -> None:
    """Print the outcome of a verification."""
    table = _table("", "promise", "outcome")
    for check in found:
        detail = f": {escape(check.detail)}" if check.detail else ""
        table.add_row(str(check.promise) if check.promise else "", check.name, MARKS[check.passed] + detail)
    console.print(table)
    failed = sum(check.passed is False for check in found)
    unchecked = sum(check.passed is None for check in found)
    verdict = "every promise holds" if not failed and not unchecked else f"{failed} failed, {unchecked} not checked"
    console.print(verdict)


def explanation(found: Explanation, console: Console) -> None:
    """Print why a finding was made."""
    row, rule_ = found.row, found.rule
    console.print(
        f"[bold]{row['id']}[/]  {escape(row['entity'])}  {row['confidence']} confidence, "
        f"{row['severity']} severity, {row['state']}"
    )
    place = f"{row['uri']}, record {row['record']}, {row['field']}"
    span = "the whole value" if row["start"] is None else f"characters {row['start']} to {row['end']}"
    elsewhere = _ELSEWHERE.get(row["rule"].partition(".")[0], "no longer in the packs")
    rows = [
        ("where", f"{place}, {span}"),
        ("rule", f"{row['rule']} ({rule_.name if rule_ else elsewhere})"),
    ]
    if rule_:
        rows += [
            ("pattern", rule_.pattern),
            ("detector", rule_.detector),
            ("references", ", ".join(rule_.references)),
            ("regulations", ", ".join(rule_.regulations)),
        ]
    rows += [("fingerprint", row["fingerprint"]), ("context", found.context)]
    _facts(rows, console)
    table = _table("what was seen", "confidence then")
    for what, level in found.steps:
        table.add_row(escape(what), level)
    console.print(table)
