"""The policies of regulations: what they select, what they believe by its shape, what they do."""

from __future__ import annotations

import pytest

from privscan import policy, rules
from privscan.config import settings
from privscan.model import Confidence, Match, Severity, Span

PERSONAL = [rule for rule in rules.load_rules() if rule.id.startswith("pii.") and rule.detector == "patterns"]


def test_every_rule_of_personal_data_names_a_regulation() -> None:
    assert [rule.id for rule in PERSONAL if not rule.regulations] == []


@pytest.mark.parametrize(
    ("name", "there", "absent"),
    [
        pytest.param(
            "hipaa-safe-harbor",
            "pii.us.ssn pii.us.mrn pii.email pii.phone.us pii.ip.v4 pii.vin pii.url pii.date pii.device pii.age",
            "pii.bic",
            id="HIPAA",
        ),
        pytest.param(
            "gdpr", "pii.email pii.iban pii.ip.v4 pii.birth pii.handle.profile pii.geo", "pii.date", id="GDPR"
        ),
        pytest.param("pci", "pii.card pii.card.long pii.card.cvv", "pii.email secret.github", id="PCI"),
    ],
)
def test_a_policy_selects_by_its_regulation(name: str, there: str, absent: str) -> None:
    chosen = {rule.id for rule in settings("scan", policy=name).rules}
    assert set(there.split()) - chosen == set()
    assert set(absent.split()) & chosen == set()


def test_safe_harbor_believes_dates_and_addresses_by_their_shape() -> None:
    strict = {rule.id: rule for rule in settings("scan", policy="hipaa-safe-harbor").rules}
    usual = {rule.id: rule for rule in settings("scan").rules}
    for name in ("pii.date", "pii.url", "pii.ip.v4"):
        assert strict[name].confidence is Confidence.MEDIUM
        assert usual[name].confidence is Confidence.LOW


def test_pci_keeps_four_digits_of_a_card_and_nothing_of_its_code() -> None:
    chosen = policy.load("pci")

    def done(rule: str, entity: str) -> str:
        return policy.action(chosen, Match(Span(0, 1), rule, entity, Confidence.HIGH, 0.9, Severity.HIGH)).operator

    assert done("pii.card", "CREDIT_CARD") == "mask"
    assert done("pii.card.cvv", "CARD_SECURITY_CODE") == "replace"
