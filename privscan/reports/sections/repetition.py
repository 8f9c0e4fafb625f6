"""What repeats: the values in the most records, the families of copies, and how copies differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from privscan.reports.parts import Chart, Column, Section, Table

if TYPE_CHECKING:
    from privscan.model import Report

__all__ = ["families", "values"]

_RISK = (
    "What a model sees often it can say again by heart, so these values are the most at risk in the data as it was "
    "read. Copies are records like one the value was found in; the near ones may have changed it."
)


def values(report: Report) -> Section | None:
    """Rank the values that stand in several records; None where none does."""
    told = report.details.get("repetition", {})
    rows = [
        (
            row["entity"],
            row["fingerprint"][:12],
            row["severity"],
            row["records"],
            row["exact_copies"],
            row["near_copies"],
            row["files"],
        )
        for row in told.get("most", ())
    ]
    if not rows:
        return None
    columns = (
        Column("entity", "name"),
        Column("fingerprint", "name"),
        Column("severity"),
        Column("records", "count"),
        Column("exact copies", "count"),
        Column("near copies", "count"),
        Column("files", "count"),
    )
    words = [_RISK]
    if told.get("least"):
        words.append("There are more values than could be kept: the counts are the least there are.")
    count = told.get("repeated", len(rows))
    words.append(f"{count} of {told.get('values', count)} values stand in more than one record.")
    title, beyond = "Values by the records they stand in", max(count - len(rows), 0)
    table = Table(title, columns, tuple(rows), rest="the findings file", beyond=beyond)
    return Section("repeated-values", "Risk of being learnt by heart", tuple(words), (table,))


def families(report: Report) -> Section | None:
    """Tell of the records that are alike: families by size, the largest, and the least alike pairs."""
    told = report.details.get("duplicates", {})
    again = report.details.get("repeated", {})
    if not told.get("families") and not again.get("found"):
        return None
    words = [f"{told.get('families', 0)} records have copies among {told.get('rows', 0)} that hold text."]
    for name, what in (
        ("capped", "{} copies stay, as --keep allows."),
        ("matched", "{} records repeat one of a reference set."),
    ):
        if told.get(name):
            words.append(what.format(told[name]))
    if again.get("found"):
        words.append(
            "{found} times a {what} of {records} records stood somewhere before, {words} words in all; {then}.".format(
                then=(
                    "they were removed, as the duplicates file tells"
                    if again.get("cut")
                    else "repeated.jsonl lists them"
                ),
                **{"words": 0} | again,
            )
        )
    if told.get("recall", 1) < 1:
        words.append(
            f"Every pair was checked exactly; {told['recall']:.5f} of the pairs at {told['threshold']} are compared."
        )
    tables = (_sizes(told), _largest(told), _differences(told))
    bars = tuple((_span(size), count) for size, count in told.get("sizes", ()))
    charts = (Chart("Families by the records in them", bars),) if bars else ()
    return Section(
        "families", "Families of copies", tuple(words), tuple(table for table in tables if table.rows), charts
    )


def _sizes(told: dict[str, Any]) -> Table:
    sizes = told.get("sizes", ())
    rows = tuple((_span(size), count, count / max(told.get("families", 0), 1)) for size, count in sizes)
    columns = (Column("records in a family"), Column("families", "count"), Column("share", "share"))
    return Table("Families by size", columns, rows)


def _span(size: int) -> str:
    return str(size) if size < 4 else f"{size} to {2 * size - 1}"


def _largest(told: dict[str, Any]) -> Table:
    rows = tuple((row["uri"], row["record"], row["exact"], row["near"]) for row in told.get("largest", ()))
    columns = (
        Column("file of the record that stays", "name"),
        Column("record", "count"),
        Column("exact copies", "count"),
        Column("other copies", "count"),
    )
    return Table("The largest families", columns, rows, rest="the duplicates file")


def _differences(told: dict[str, Any]) -> Table:
    rows = tuple(
        (
            f"{row['uri']} {row['record']}",
            f"{row['kept_uri']} {row['kept_record']}",
            row["similarity"],
            row["difference"],
        )
        for row in told.get("samples", ())
    )
    columns = (
        Column("record", "name"),
        Column("is like", "name"),
        Column("similarity", "share"),
        Column("from the one that stays to it, words by shape"),
    )
    return Table("The least alike pairs", columns, rows, rest="the duplicates file")
