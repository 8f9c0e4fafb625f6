"""A Hugging Face dataset card: its section "Personal and Sensitive Information", or a whole card to fill in.

Source: the headings of the dataset card template of huggingface_hub.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from privscan.reports import markdown, sections
from privscan.reports.documents import told
from privscan.reports.figures import summarise

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

    from privscan.model import Report

__all__ = ["write_section", "write_whole"]

_BEFORE = (
    ("## Dataset Details", ("### Dataset Description", "### Dataset Sources")),
    ("## Uses", ("### Direct Use", "### Out-of-Scope Use")),
    ("## Dataset Structure", ()),
    ("## Dataset Creation", ("### Curation Rationale", "### Source Data", "#### Data Collection and Processing")),
)
_AFTER = ("## Bias, Risks, and Limitations", "## Citation", "## Dataset Card Contact")


def write_section(report: Report, stream: TextIO) -> None:
    """Write the section to a text stream, to be put under "Dataset Creation"."""
    stream.write("\n".join(_section(report)) + "\n")


def write_whole(report: Report, stream: TextIO) -> None:
    """Write a whole card: the section from the run, and the template's other headings to fill in."""
    lines = [
        "---",
        "# license, language and task_categories: see the Hub's documentation",
        "pretty_name: ''",
        "---",
        "",
    ]
    lines += ["# Dataset Card", ""]
    for heading, inner in _BEFORE:
        lines += [heading, ""]
        if not inner:
            lines += [told.FILL, ""]
        for name in inner:
            lines += [name, "", told.FILL if "Processing" not in name else markdown.text(told.done(report), 2000), ""]
    lines += _section(report)
    for heading in _AFTER:
        lines += ["", heading, "", told.FILL]
    stream.write("\n".join(lines) + "\n")


def _section(report: Report) -> Iterator[str]:
    yield from ("### Personal and Sensitive Information", "")
    for words in (told.looked(report), told.found(report), told.done(report), told.limits()):
        yield from (markdown.text(words, 2000), "")
    summary = summarise(report)
    if summary.entities:
        yield from ("| kind | severity | found |", "| --- | --- | --: |")
        for group in summary.entities[:40]:
            yield f"| {markdown.code(group.name, 40)} | {group.severity.label} | {group.count:,} |"
        yield ""
    for part in sections.of(report):
        if part.id == "regulations":
            yield from (f"{line}" for line in markdown.listing(part, 10) if not line.startswith("###"))
    yield "Was consent obtained, and can people ask for removal? " + told.FILL
