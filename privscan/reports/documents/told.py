"""What every document tells of a run, in sentences: what was looked for, what was found, what was done about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from privscan.model import Outcome
from privscan.reports import wording
from privscan.reports.figures import summarise

if TYPE_CHECKING:
    from privscan.model import Report

__all__ = ["FILL", "done", "found", "limits", "looked", "tool"]

FILL = "[More Information Needed]"
"""What the Hugging Face templates write where a person has to speak."""

_NAMED = 12
_DOES = {
    "replace": "replaced by the name of its kind",
    "mask": "masked",
    "hash": "replaced by a keyed digest",
    "pseudonym": "replaced by an invented value of the same shape",
    "drop": "removed with its record",
    "keep": "left as it is",
}


def tool(report: Report) -> str:
    """Return the name and version of the tool."""
    return f"privscan {wording.clip(str(report.tool.get('version', '')), 40)}".strip()


def looked(report: Report) -> str:
    """Say what was looked at, with what, and when."""
    policy = wording.clip(str(report.policy.get("name") or report.policy.get("id") or "unnamed"), 80)
    when = f" on {wording.moment(report.started)[:10]}" if report.started else ""
    records = f"{wording.plural(report.tally.records, 'record')} in {wording.plural(len(report.inputs), 'file')}"
    rules = report.policy.get("rules")
    many = f" ({rules:,} rules)" if isinstance(rules, int) else ""
    seen = "" if report.complete else " Part of the data could not be looked at, and nothing is said about that part."
    sample = report.details.get("sample")
    part = f" Only a sample of the {sample['of']:,} records was looked at." if sample else ""
    return f'{records} were searched{when} by {tool(report)} under the policy "{policy}"{many}.{part}{seen}'


def found(report: Report) -> str:
    """Say what was found, by entity."""
    summary = summarise(report)
    if not summary.found:
        return "No personal data or secret that the policy looks for was found. That is not proof that there is none."
    groups = sorted(summary.entities, key=lambda group: (-group.count, group.name))
    named = ", ".join(f"{wording.clip(group.name, 40)} ({wording.number(group.count)})" for group in groups[:_NAMED])
    more = f" and {len(groups) - _NAMED} further kinds" if len(groups) > _NAMED else ""
    counted = f"{wording.plural(summary.found, 'occurrence')} of {wording.plural(len(groups), 'kind')}"
    return f"{counted} were found: {named}{more}."


def done(report: Report) -> str:
    """Say what was done about it."""
    if report.command == "scan":
        return "The data was only searched; nothing was changed."
    counts = report.tally.outcomes
    parts = [
        f"{wording.plural(counts[outcome], 'record')} {words}"
        for outcome, words in (
            (Outcome.REDACTED, "had values removed"),
            (Outcome.DROPPED, "were dropped"),
            (Outcome.DUPLICATE, "were left out as repetitions of others"),
            (Outcome.QUARANTINED, "could not be read or looked at and were left out"),
        )
        if counts[outcome]
    ]
    if report.command == "dedup":
        return f"Repeated records were removed, values were not: {', '.join(parts) or 'nothing had to be removed'}."
    default = _DOES.get(str(report.policy.get("default", "replace")), "rewritten")
    others = report.policy.get("actions") or {}
    special = ", ".join(
        f"{wording.clip(str(name), 40)} is {_DOES.get(str(operator), 'rewritten')}"
        for name, operator in list(others.items())[:_NAMED]
    )
    how = f"Each value is {default}" + (f"; {special}" if special else "")
    return (
        f"{how}. {'; '.join(parts) if parts else 'No record had to be changed'}; the rest is as it was, byte for byte."
    )


def limits() -> str:
    """Say what cannot be concluded."""
    return (
        "Rules and models miss values in forms they were not made for, and what is not a direct identifier can still "
        "point to someone in context. This is no statement that the data is anonymous."
    )
