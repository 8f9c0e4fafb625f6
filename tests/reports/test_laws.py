"""What laws call what was found: every name is a law our rules name, every entity one they find."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from privscan.model import Tally
from privscan.reports import laws, sections
from privscan.rules import load_rules

if TYPE_CHECKING:
    from privscan.model import Report

RULES = load_rules()
BODIES = ("biometric.", "media.")


@pytest.mark.parametrize("law", laws.LISTS)
def test_a_laws_list_and_the_rules_agree(law: str) -> None:
    """A rule that names a law finds what is on its list, but what is personal data for other reasons."""
    _, listed = laws.LISTS[law]
    named = {rule.entity for rule in RULES if rule.id.startswith(BODIES) and law in rule.regulations}
    personal = {"VOICE", "BIOMETRIC_MENTION", "GPS_METADATA", "MEDIA_METADATA"}
    assert named - set(listed) <= personal
    told = {rule.entity for rule in RULES if rule.id.startswith(BODIES)}
    assert {entity for entity in listed if entity in told} <= named


def test_a_report_tells_in_the_laws_words(full: Report) -> None:
    findings = Counter({("GENETIC_DATA", "biometric.genetic.genotype", "medium", "high", "new"): 3})
    rules = {"biometric.genetic.genotype": {"name": "Genotype", "regulations": ["GDPR", "CCPA", "PCI-DSS"]}}
    report = replace(full, tally=Tally(records=3, findings=findings), details={"rules": rules})
    (part,) = [part for part in sections.of(report) if part.id == "regulations"]
    (listed,) = [table for table in part.tables if "words" in table.title]
    assert [row[:4] for row in listed.rows] == [
        ("CCPA", "deoxyribonucleic acid (DNA)", "GENETIC_DATA", 3),
        ("GDPR", "genetic data", "GENETIC_DATA", 3),
    ]
