"""Settings: what is checked, and what wins over what."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from privscan import config
from privscan.errors import ConfigError, PrivscanError, RuleError, UsageError
from privscan.model import Confidence, Severity

if TYPE_CHECKING:
    from collections.abc import Callable

KNOWN = {"policy": str, "select": list, "workers": int, "dedup-threshold": float, "no-samples": bool}

GOOD: list[tuple[str, str, dict[str, Any]]] = [
    ("strings", 'policy = "web"', {"policy": "web"}),
    ("a list", 'select = ["a", "b"]', {"select": ["a", "b"]}),
    ("one for a list", 'select = "pii.email"', {"select": ["pii.email"]}),
    ("numbers", "workers = 3\ndedup-threshold = 1", {"workers": 3, "dedup-threshold": 1}),
    ("underscores", "dedup_threshold = 0.5", {"dedup-threshold": 0.5}),
    ("a switch", "no-samples = true", {"no-samples": True}),
    ("nothing", "", {}),
]


@pytest.mark.parametrize(("text", "expected"), [case[1:] for case in GOOD], ids=[case[0] for case in GOOD])
def test_files(tmp_path: Path, text: str, expected: dict[str, Any]) -> None:
    (tmp_path / "p.toml").write_text(text)
    (tmp_path / "pyproject.toml").write_text(f"[tool.privscan]\n{text}\n[tool.other]\nx = 1\n")
    assert config.file_defaults(str(tmp_path / "p.toml"), KNOWN) == expected
    assert config.file_defaults(str(tmp_path / "pyproject.toml"), KNOWN) == expected


WRONG = [
    ("unknown", 'polcy = "web"', 'unknown key "polcy"; did you mean "policy"'),
    ("number for a string", "policy = 3", '"policy" takes a string'),
    ("string for a number", 'workers = "3"', '"workers" takes a whole number'),
    ("true for a number", "workers = true", '"workers" takes a whole number'),
    ("number in a list", "select = [1]", '"select" takes a list of strings'),
    ("string for a switch", 'no-samples = "yes"', '"no-samples" takes true or false'),
    ("no TOML", "policy = ", "is not TOML"),
]


@pytest.mark.parametrize(("text", "reason"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
def test_wrong_files(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "p.toml").write_text(text)
    with pytest.raises(ConfigError, match=reason):
        config.file_defaults(str(tmp_path / "p.toml"), KNOWN)


def test_the_file_in_the_folder_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert config.file_defaults(None, KNOWN) == {}
    (tmp_path / "pyproject.toml").write_text("tool = 3")
    assert config.file_defaults(None, KNOWN) == {}
    (tmp_path / "pyproject.toml").write_text('[tool.privscan]\npolicy = "secrets"')
    assert config.file_defaults(None, KNOWN) == {"policy": "secrets"}
    (tmp_path / "privscan.toml").write_text('policy = "web"')
    assert config.file_defaults(None, KNOWN) == {"policy": "web"}
    with pytest.raises(ConfigError, match="cannot be read"):
        config.file_defaults(str(tmp_path / "no.toml"), KNOWN)


REFUSED: list[tuple[str, dict[str, Any], type[PrivscanError], str]] = [
    ("policy", {"policy": "standrad"}, PrivscanError, 'did you mean "standard"'),
    ("rule", {"select": ["pii.emial"]}, PrivscanError, 'did you mean "pii.email"'),
    ("entity", {"select": ["CREDIT_CRAD"]}, PrivscanError, 'did you mean "CREDIT_CARD"'),
    ("ignored rule", {"ignore": ["pii.emial"]}, PrivscanError, 'did you mean "pii.email"'),
    ("confidence", {"min_confidence": "sure"}, UsageError, "--min-confidence: .* low, medium, high"),
    ("severity", {"fail_on": "bad"}, UsageError, "--fail-on: .* low, medium, high, critical, never"),
    ("field", {"fields": ["text"]}, UsageError, 'did you mean "/text"'),
    ("workers", {"workers": 0}, UsageError, "1 or more"),
    ("key", {"key": b"short"}, UsageError, "shorter than 16 bytes"),
    ("dedup", {"dedup": "naer"}, ConfigError, 'did you mean "near"'),
    ("threshold", {"dedup": "near", "dedup_threshold": 1.5}, ConfigError, "at most 1"),
    (
        "rule of another policy",
        {"policy": "secrets", "select": ["pii.email"]},
        UsageError,
        "policy secrets does not look",
    ),
    ("rule file", {"rule_files": ["/nowhere.toml"]}, RuleError, "nowhere"),
]


@pytest.mark.parametrize(
    ("wanted", "kind", "reason"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_refused(wanted: dict[str, Any], kind: type[PrivscanError], reason: str) -> None:
    with pytest.raises(kind, match=reason) as told:
        config.settings("scan", **wanted)
    assert told.value.exit_code == 2


PACK = str(Path(__file__).parents[1] / "examples/rules/lindenow.toml")


@pytest.mark.parametrize("policy", ["standard", "secrets", "gdpr", "biometrics"])
def test_a_pack_that_is_named_is_looked_for(policy: str) -> None:
    plain = config.settings("scan", policy=policy)
    found = {rule.id for rule in config.settings("scan", policy=policy, rule_files=[PACK]).rules}
    added = found - {rule.id for rule in plain.rules}
    assert added == ({"lindenow.order", "lindenow.staff"} if "patterns" in plain.policy.detectors else set())


def test_flags_leave_out_what_a_pack_brings() -> None:
    left = config.settings("scan", policy="secrets", rule_files=[PACK], ignore=["lindenow"])
    assert not [rule for rule in left.rules if rule.id.startswith("lindenow")]


def test_a_policy_that_names_a_pack_that_was_not_given_says_so(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text('id = "port"\nname = "Port"\nselect = ["harbour"]\n')
    with pytest.raises(ConfigError, match=r'policy port: "harbour" names no rule .*--rules'):
        config.settings("scan", policy=str(tmp_path / "own.toml"))


def test_rules_may_be_listed_with_commas() -> None:
    both = config.settings("scan", select=["pii.email,US_SSN"])
    assert {rule.entity for rule in both.rules} == {"EMAIL_ADDRESS", "US_SSN"}
    assert both.select == config.settings("scan", select=["pii.email", "US_SSN"]).select
    assert config.settings("scan", select="pii.email").select == ("pii.email",)


def test_defaults() -> None:
    scan, clean = config.settings("scan"), config.settings("clean")
    assert (scan.fail_on, clean.fail_on) == (Severity.MEDIUM, None)
    assert scan.min_confidence is Confidence.MEDIUM
    assert scan.key != clean.key
    assert (len(scan.key), scan.key_source) == (32, "ephemeral")
    assert scan.key.hex() not in repr(scan)
    assert str(scan.key) not in repr(scan)
    assert "key" in scan.told()
    assert scan.key.hex() not in json.dumps(scan.told())


def test_a_key_file_is_read_without_its_newline(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"0123456789abcdef\n")
    assert config.read_key(str(tmp_path / "key")) == b"0123456789abcdef"
    with pytest.raises(UsageError, match="cannot be read"):
        config.read_key(str(tmp_path / "no"))


LEVELS: list[tuple[str, str, dict[str, str], list[str], str]] = [
    ("default", "", {}, [], "medium"),
    ("file", 'fail-on = "low"', {}, [], "low"),
    ("environment over file", 'fail-on = "low"', {"PRIVSCAN_FAIL_ON": "high"}, [], "high"),
    ("flag over environment", 'fail-on = "low"', {"PRIVSCAN_FAIL_ON": "high"}, ["--fail-on", "critical"], "critical"),
]


@pytest.mark.parametrize(
    ("text", "env", "flags", "level"), [case[1:] for case in LEVELS], ids=[case[0] for case in LEVELS]
)
def test_what_wins_over_what(
    tmp_path: Path, cli: Callable[..., Any], text: str, env: dict[str, str], flags: list[str], level: str
) -> None:
    (tmp_path / "privscan.toml").write_text(f'{text}\nselect = "pii.email"\nformat = ["json"]\n')
    (tmp_path / "a.jsonl").write_text("{}\n")
    done = cli("scan", "a.jsonl", *flags, env=env)
    assert (done.returncode, done.stderr) == (0, b"")
    told = json.loads(done.stdout)
    assert told["gate"]["fail_on"] == level
    assert told["settings"]["select"] == ["pii.email"]
