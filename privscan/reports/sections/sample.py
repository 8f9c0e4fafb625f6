"""What a sample tells of the whole, with how sure that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from privscan.reports.parts import Column, Section, Table

if TYPE_CHECKING:
    from privscan.model import Report

__all__ = ["section"]


def section(report: Report) -> Section | None:
    """List findings per 1,000 records with their 95 % intervals; None where everything was looked at."""
    told = report.details.get("sample")
    if not told:
        return None
    heads = (Column("entity", "name"), Column("per 1,000 records", "count"), Column("from"), Column("to"))
    ordered = sorted(told["per_thousand"].items(), key=lambda item: (-item[1][0], item[0]))
    rows = tuple((name, rate, f"{low:,.4g}", f"{high:,.4g}") for name, (rate, low, high) in ordered)
    looked = f"{told['records']:,} of about {told['of']:,} records were looked at, in {told['parts']:,} of"
    unseen = f"What was not met at all may still come up to {told['unseen_below']:,.3g} times in 1,000 records"
    words = (
        f"{looked} {told['of_parts']:,} parts. This is an estimate; only a run without --sample looks at everything.",
        f"{unseen} (rule of three, if records were independent).",
    )
    table = Table("Findings per 1,000 records, 95 % intervals", heads, rows)
    return Section("sample", "Estimates from the sample", words, (table,) if rows else ())
