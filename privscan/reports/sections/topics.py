"""What the data speaks of: records with words of special categories, and names in encyclopaedic prose. No findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from privscan.reports.parts import Column, Section, Table

if TYPE_CHECKING:
    from privscan.model import Report

__all__ = ["section"]

_SPECIAL = "pii.special."
_PROSE, _NAMES, _ALL = "encyclopaedic texts", "names in encyclopaedic texts", "texts with names"


def section(report: Report) -> Section | None:
    """Tell how many records speak of what, and what hiding names costs; None where there is nothing to tell."""
    topics, records = report.tally.topics, report.tally.records
    special = {
        topic.removeprefix(_SPECIAL): count for topic, count in topics.items() if topic.startswith(_SPECIAL) and count
    }
    words, tables = [], []
    if special:
        words.append("A word of a topic says nothing of anybody; only what is tied to a person is a finding.")
        rows = tuple(
            (name, count, count / max(records, 1))
            for name, count in sorted(special.items(), key=lambda entry: (-entry[1], entry[0]))
        )
        columns = (Column("topic", "name"), Column("records", "count"), Column("share", "share"))
        tables.append(Table("Records with words of a topic", columns, rows))
    if topics[_PROSE]:
        words.append(
            f"Of {topics[_ALL]:,} texts with names {topics[_PROSE]:,} are encyclopaedic prose about the past; the "
            f"{topics[_NAMES]:,} names in them are most likely those of public figures. The policy web leaves names "
            "alone; a policy's allow list keeps those it holds."
        )
        counts = ((_ALL, topics[_ALL]), (f"{_PROSE} among them", topics[_PROSE]), (_NAMES, topics[_NAMES]))
        tables.append(Table("Names of public figures", (Column("what", "name"), Column("count", "count")), counts))
    return Section("topics", "What the data speaks of", tuple(words), tuple(tables)) if words else None
