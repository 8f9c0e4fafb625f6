"""The part on personal data of the public summary of training content that the EU AI Act asks providers for.

Source: Regulation (EU) 2024/1689, Article 53(1)(d), and the Commission's template for the summary (July 2025), whose
third part asks about data processing; the wording is ours. A draft to check, no legal advice.
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
    """Write the part to a text stream, as Markdown."""
    text = wording.size(report.tally.bytes)
    kinds = sorted({artifact.uri.rpartition(".")[2] for artifact in report.inputs if "." in artifact.uri})
    lines = [
        "# Public summary of training content: personal data",
        "",
        "Draft for Article 53(1)(d) of Regulation (EU) 2024/1689. Check it, and fill in what is marked.",
        "",
        "## 1. General information",
        "",
        f"- Provider and model: {told.FILL}",
        f"- Data this part speaks of: {wording.plural(report.tally.records, 'record')}, {text} as read"
        + (f", files of the kinds {', '.join(markdown.code(kind, 12) for kind in kinds[:8])}" if kinds else ""),
        "",
        "## 2. Sources",
        "",
        f"- Public datasets, licensed data, crawled content, user data, synthetic data: {told.FILL}",
        f"- Legal ground for personal data in each: {told.FILL}",
        "",
        "## 3. Data processing",
        "",
        "### Measures taken on personal data before training",
        "",
        f"- {markdown.text(told.looked(report), 2000)}",
        f"- {markdown.text(told.found(report), 2000)}",
        f"- {markdown.text(told.done(report), 2000)}",
        f"- {markdown.text(told.limits(), 2000)}",
        "",
        f"### Requests of the people concerned\n\n{told.FILL}",
        "",
        f"### Respect of opt-outs from text and data mining\n\n{told.FILL}",
    ]
    stream.write("\n".join(lines) + "\n")
