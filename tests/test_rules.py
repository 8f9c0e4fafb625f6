"""Every shipped rule, tried by the checks that `privscan rules check` runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from privscan import checks, rules
from privscan.errors import RuleError

if TYPE_CHECKING:
    from pathlib import Path

RULES = rules.load_rules()
STARTER = 70


def test_shipped_rules() -> None:
    failures, count = checks.check()
    assert failures == []
    assert count == len(RULES)


def test_there_are_enough() -> None:
    assert len(RULES) >= STARTER


def pack(folder: Path, **keys: str) -> str:
    """Write a pack of one sound rule, some of its keys replaced."""
    sound = {
        "id": "'acme.staff'",
        "entity": "'ACME_STAFF'",
        "name": "'Staff number'",
        "pattern": r"'''\bACME-\d{6}\b'''",
        "confidence": "'medium'",
        "examples": "['badge ⟦ACME-123456⟧ lost']",
        "counter_examples": "['ACME-12 is short']",
    }
    file = folder / "acme.toml"
    file.write_text(
        "[[rule]]\n" + "".join(f"{key} = {value}\n" for key, value in (sound | keys).items()), encoding="utf-8"
    )
    return str(file)


PAIR = """
[[rule]]
id = "acme.host"
entity = "ACME_HOST"
name = "Acme address"
pattern = '''\\b[a-z]{2,20}\\.acme\\.test\\b'''
partner = true
examples = ["at ⟦shop.acme.test⟧"]
counter_examples = ["acme.test"]

[[rule]]
id = "acme.token"
entity = "ACME_TOKEN"
name = "Acme token beside its address"
pattern = '''\\bq[0-9]{16}q\\b'''
requires = ["acme.host"]
examples = ["shop.acme.test q: ⟦q0123456789123456q⟧", '{"url": "https://shop.acme.test", "v": "⟦q0123456789123456q⟧"}']
counter_examples = ["q0123456789123456q"]
"""


def test_sound_rules_of_the_users_pass(tmp_path) -> None:
    path = pack(tmp_path)
    with open(path, "a", encoding="utf-8") as file:
        file.write(PAIR)
    assert checks.check(path) == ([], 3)


@pytest.mark.parametrize(
    ("keys", "check"),
    [
        pytest.param({"examples": "['badge ⟦ACME-1234⟧ lost']"}, "example", id="example-not-found"),
        pytest.param({"examples": "['⟦badge ACME-123456⟧ lost']"}, "example", id="another-span"),
        pytest.param({"counter_examples": "['ACME-123456']"}, "counter-example", id="counter-example-found"),
        pytest.param(
            {"pattern": r"'''[a-z.]{3,20}@acme\.com'''", "examples": "['⟦bob@acme.com⟧']"},
            "overlap",
            id="takes-the-place-of-another",
        ),
        pytest.param(
            {"pattern": r"'''ACME(?:x+)+-\d'''", "examples": "['⟦ACMExx-1⟧']"}, "linear time", id="exponential"
        ),
        pytest.param({"pattern": r"'''\b[a-z]{2,30} = \d+\b'''", "examples": "['⟦self = 1⟧']"}, "alarms", id="noisy"),
        pytest.param({"trigger": "'zzz'"}, "trigger", id="trigger-that-misses"),
    ],
)
def test_a_bad_rule_is_told(tmp_path, keys, check) -> None:
    found, _ = checks.check(pack(tmp_path, **keys))
    assert check in {failure.check for failure in found}


def test_a_trigger_hyperscan_refuses_is_told(tmp_path) -> None:
    found, _ = checks.check(pack(tmp_path, trigger="'(?<=a)ACME'"))
    assert [failure.check for failure in found] == ["trigger"]


def test_a_broken_pattern_names_file_and_rule(tmp_path) -> None:
    with pytest.raises(RuleError, match=r"acme\.toml.*acme\.staff.*pattern"):
        checks.check(pack(tmp_path, pattern="'('"))
