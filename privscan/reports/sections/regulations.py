"""Which laws and standards speak of what was found, by what each rule says of itself."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from privscan.model import State
from privscan.reports import laws
from privscan.reports.parts import Column, Section, Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from privscan.model import Report

__all__ = ["section"]

_NAMED = 4  # entities named in a row


def section(report: Report) -> Section | None:
    """Count the new findings under each law or standard that a rule names; None where no rule found names one."""
    told = report.details.get("rules", {})
    counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for (entity, rule, _, _, state), count in report.tally.findings.items():
        if state == State.NEW:
            for regulation in told.get(rule, {}).get("regulations", ()):
                counts[regulation][entity] += count
    if not counts:
        return None
    rows = []
    for regulation, entities in sorted(counts.items(), key=lambda item: (-sum(item[1].values()), item[0])):
        named = sorted(entities, key=lambda entity: (-entities[entity], entity))
        more = f" +{len(named) - _NAMED}" if len(named) > _NAMED else ""
        rows.append((regulation, sum(entities.values()), ", ".join(named[:_NAMED]) + more))
    columns = (Column("law or standard", "name"), Column("findings", "count"), Column("entities", "text"))
    words = ("A finding may fall under several. The list says where to look; it is no legal advice.",)
    table = Table("Findings by law or standard", columns, tuple(rows))
    return Section("regulations", "Laws and standards", words, (table, *_lists(counts)))


def _lists(counts: Mapping[str, Mapping[str, int]]) -> Iterator[Table]:
    """Tell in the words of the laws on biometric data what of their lists was found."""
    rows = []
    for law in sorted(counts.keys() & laws.LISTS.keys()):
        named: dict[str, list[str]] = defaultdict(list)
        for entity in sorted(counts[law]):
            if said := laws.words(law, entity):
                named[said].append(entity)
        rows += [
            (law, said, ", ".join(entities), sum(counts[law][entity] for entity in entities))
            for said, entities in named.items()
        ]
    if rows:
        columns = (Column("law", "name"), Column("on its list as"), Column("entities"), Column("findings", "count"))
        places = "; ".join(f"{law}: {laws.LISTS[law][0]}" for law in dict.fromkeys(row[0] for row in rows))
        yield Table("In the laws' words", columns, tuple(rows), note=f"{places}.")
