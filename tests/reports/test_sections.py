"""Sections: each is a name, sentences and even tables, and every format shows it."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from privscan.reports import sections, write

if TYPE_CHECKING:
    from privscan.model import Report


@pytest.mark.parametrize("name", ["full", "empty", "hostile", "huge"])
def test_sections_are_well_formed(name: str, request: pytest.FixtureRequest) -> None:
    found = sections.of(request.getfixturevalue(name))
    assert len({part.id for part in found}) == len(found)
    for part in found:
        assert part.id.replace("-", "").isalpha()
        assert part.id.islower()
        for table in part.tables:
            assert all(len(row) == len(table.columns) for row in table.rows)


@pytest.mark.parametrize("form", ["console", "html", "markdown"])
def test_every_format_shows_every_section(full: Report, form: str) -> None:
    stream = io.StringIO()
    write(full, form, stream)
    text = stream.getvalue()
    found = sections.of(full)
    assert found
    assert all(part.title in text for part in found)


def test_regulations_count_new_findings_under_each(full: Report) -> None:
    (part,) = [part for part in sections.of(full) if part.id == "regulations"]
    mails = sum(n for key, n in full.tally.findings.items() if key[1] == "pii.email" and key[4] == "new")
    rows = {row[0]: row[1] for row in part.tables[0].rows}
    assert rows["GDPR"] == rows["CCPA"] == mails
    assert rows["GDPR"] > rows["PCI-DSS"] > 0
