"""Regions: an unknown one is told, rules of other countries go, national numbers are read in the plans asked for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import privscan
from privscan import regions, rules
from privscan.config import settings
from privscan.errors import RuleError, UsageError
from privscan.model import Confidence

if TYPE_CHECKING:
    from pathlib import Path

OWN = """
[[rule]]
id = "acme.{region}"
entity = "ACME"
name = "Acme"
pattern = '''\\bAC{region}-\\d{{6}}\\b'''
confidence = "medium"
regions = ["{code}"]
regulations = ["ACME-Act"]
examples = ["⟦AC{region}-123456⟧"]
counter_examples = ["no"]
"""


def pack(folder: Path) -> str:
    path = folder / "acme.toml"
    path.write_text("".join(OWN.format(region=code.lower(), code=code) for code in ("DE", "FR")), encoding="utf-8")
    return str(path)


def test_rules_of_other_countries_go(tmp_path: Path) -> None:
    everywhere = {
        rule.id
        for rule in settings("scan", rule_files=[pack(tmp_path)], select=["acme"], policy=policy(tmp_path)).rules
    }
    german = {
        rule.id
        for rule in settings(
            "scan", rule_files=[pack(tmp_path)], select=["acme"], policy=policy(tmp_path), region=["de"]
        ).rules
    }
    assert everywhere == {"acme.de", "acme.fr"}
    assert german == {"acme.de"}


def policy(folder: Path, more: str = "") -> str:
    path = folder / "policy.toml"
    path.write_text(f'id = "own"\nname = "Own"\nselect = ["acme", "pii"]\n{more}', encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        pytest.param(["xx"], "XX", id="no-country"),
        pytest.param(["de,deu"], "DEU", id="three-letters"),
        pytest.param(["us", "g"], '"G"', id="one-letter"),
    ],
)
def test_an_unknown_region_is_told(asked: list[str], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        settings("scan", region=asked)


def test_a_rule_of_no_country_is_told(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(OWN.format(region="zz", code="ZZ"), encoding="utf-8")
    with pytest.raises(RuleError, match="ZZ"):
        rules.load_rules([str(path)])


def test_a_policy_names_regions_and_regulations(tmp_path: Path) -> None:
    own = policy(tmp_path, 'regions = ["fr"]\nregulations = ["ACME-Act"]\nby_shape = ["pii.url"]\n')
    made = settings("scan", policy=own, rule_files=[pack(tmp_path)])
    assert made.regions == ("FR",)
    assert made.told()["region"] == ["FR"]
    by_id = {rule.id: rule for rule in made.rules}
    assert "acme.de" not in by_id
    assert by_id["pii.url"].confidence is Confidence.MEDIUM
    assert settings("scan", policy=own, rule_files=[pack(tmp_path)], region=["de"]).regions == ("DE",)


def test_a_policy_of_an_unknown_regulation_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="GDPR"):
        settings("scan", policy=policy(tmp_path, 'regulations = ["GDRP"]\n'), rule_files=[pack(tmp_path)])


def test_regulations_alone_select(tmp_path: Path) -> None:
    path = tmp_path / "alone.toml"
    path.write_text('id = "alone"\nname = "Alone"\nregulations = ["PCI-DSS"]\n', encoding="utf-8")
    chosen = settings("scan", policy=str(path)).rules
    assert {"pii.card", "pii.card.cvv"} <= {rule.id for rule in chosen}
    assert all("PCI-DSS" in rule.regulations for rule in chosen)


@pytest.mark.parametrize(
    ("text", "region", "found"),
    [
        pytest.param("zu erreichen unter 030 22191848 ab neun", None, 0, id="no-word-no-region"),
        pytest.param("zu erreichen unter 030 2219 1848 ab neun", None, 1, id="in-the-groups-of-its-country"),
        pytest.param("zu erreichen unter 030 2219 1848 ab neun", "de", 1, id="german-number-in-germany"),
        pytest.param("zu erreichen unter 030 2219 1848 ab neun", "us", 0, id="german-number-in-the-us"),
        pytest.param("la valeur 01 42 68 53 00 fut dite", "fr", 1, id="french-pairs"),
        pytest.param("order 1234567890 of 2021", "de,fr", 0, id="bare-digits"),
        pytest.param("ring +49 30 2219 1848", "us", 1, id="a-country-code-counts-anywhere"),
    ],
)
def test_phones_by_region(tmp_path: Path, cache_dir: str, text: str, region: str | None, found: int) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text(json.dumps({"text": text}) + "\n", encoding="utf-8")
    report = privscan.scan(
        str(path), select=["PHONE_NUMBER"], region=[region] if region else [], cache_dir=cache_dir, workers=1
    )
    assert min(report.tally.findings.total(), 1) == found


def test_unchanged_without_regions() -> None:
    loaded = rules.load_rules()
    assert regions.narrowed(loaded, ()) == loaded
