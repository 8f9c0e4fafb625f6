"""The sections that every kind of report shows in the same way; `SECTIONS` is the one place a new one is named.

A section is a file with one function from the report to a `Section`, or to None where there is nothing to tell. What
a run has to tell beyond its tally stands in `report.details`, JSON by the name of whoever put it there; a section
takes it from there with `.get`, since reports of earlier versions do not have it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from privscan.reports.sections import media, quasi, regulations, repetition, sample, secrets, suppressions, topics

if TYPE_CHECKING:
    from collections.abc import Callable

    from privscan.model import Report
    from privscan.reports.parts import Section

__all__ = ["SECTIONS", "of"]

SECTIONS: tuple[Callable[[Report], Section | None], ...] = (
    sample.section,
    media.section,
    regulations.section,
    secrets.section,
    repetition.values,
    repetition.families,
    quasi.section,
    topics.section,
    suppressions.section,
)
"""In the order of the page."""


def of(report: Report) -> tuple[Section, ...]:
    """Return the sections that have something to tell of this report."""
    return tuple(found for make in SECTIONS if (found := make(report)) is not None)
