"""A datasheet's account of processing: the questions a datasheet asks that a run can answer, and those it cannot.

Source: the questions follow Gebru et al., "Datasheets for Datasets" (2021), in our words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from privscan.reports import markdown, wording
from privscan.reports.documents import told

if TYPE_CHECKING:
    from typing import TextIO

    from privscan.model import Report

__all__ = ["write"]


def write(report: Report, stream: TextIO) -> None:
    """Write questions and answers to a text stream, as Markdown."""
    again = "The manifest of the run holds versions, digests and settings, enough to do it again."
    raw = f"{len(report.inputs):,} files as read; whether they are kept, and where: {told.FILL}"
    size = f"{wording.plural(report.tally.records, 'record')}, {wording.size(report.tally.bytes)} as read."
    questions = (
        ("Composition", "How much is there?", size),
        ("Composition", "Does it hold data that may be confidential or identify people?", told.found(report)),
        ("Composition", "Does it hold sensitive kinds (health, faith, politics, biometrics)?", told.FILL),
        ("Collection", "Were the people told, did they agree, can they withdraw?", told.FILL),
        ("Preprocessing and cleaning", "What was searched for, and how?", told.looked(report)),
        ("Preprocessing and cleaning", "What was done?", told.done(report)),
        ("Preprocessing and cleaning", "Is the raw data kept?", raw),
        ("Preprocessing and cleaning", "Is the software available?", f"{told.tool(report)}. {again}"),
        ("Uses", "What should users know of the limits?", told.limits()),
        ("Maintenance", "Whom can people ask to be removed?", told.FILL),
    )
    heading = ""
    for part, question, answer in questions:
        if part != heading:
            stream.write(f"## {part}\n\n")
            heading = part
        stream.write(f"**{question}**\n\n{markdown.text(answer, 2000) if told.FILL not in answer else answer}\n\n")
