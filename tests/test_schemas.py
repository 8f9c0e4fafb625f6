"""The schemas hold for what the program writes and reads, and the committed ones are those it makes."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from privscan import policy, schemas

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("name", ["report", "finding"])
def test_the_committed_schemas_are_those_made(name: str) -> None:
    assert json.loads((ROOT / f"schemas/{name}.schema.json").read_text(encoding="utf-8")) == getattr(schemas, name)()


def valid(schema: dict[str, Any], value: Any) -> bool:
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema).is_valid(value)


def test_a_run_keeps_to_them(cli: Callable[..., Any], tmp_path: Path) -> None:
    example = ROOT / "examples/support_chats.jsonl"
    done = cli("clean", example, "-o", "out", "-q", "--gate", "max_findings=3")
    assert done.returncode == 1
    report = json.loads((tmp_path / "out/report.json").read_text(encoding="utf-8"))
    jsonschema.validate(report, schemas.report())
    assert not valid(schemas.report(), report | {"complete": "yes"})
    rows = [json.loads(line) for line in (tmp_path / "out/findings.jsonl").read_text(encoding="utf-8").splitlines()]
    assert rows
    for row in rows:
        jsonschema.validate(row, schemas.finding())
    assert not valid(schemas.finding(), rows[0] | {"value": "x"})


@pytest.mark.parametrize(
    "name", [*policy.shipped(), str(ROOT / "examples/policy.toml")], ids=lambda name: Path(name).stem
)
def test_policies_keep_to_theirs(name: str) -> None:
    jsonschema.validate(tomllib.loads(policy.text(name)), schemas.policy())


def test_the_schema_of_policies_knows_every_key() -> None:
    assert set(schemas.policy()["properties"]) == set(policy._KEYS)


@pytest.mark.parametrize(
    "text",
    [
        "gate = { max_finding = 1 }",
        'suppress = [{ rule = "x" }]',
        'suppress = [{ reason = "x" }]',
        'placeholders = "no"',
        'default = { operator = "mask", keep = 1 }',
        "selects = []",
    ],
)
def test_the_schema_of_policies_refuses_what_the_program_refuses(text: str, tmp_path: Path) -> None:
    whole = f'id = "x"\nname = "X"\n{text}\n'
    assert not valid(schemas.policy(), tomllib.loads(whole))
    (tmp_path / "p.toml").write_text(whole, encoding="utf-8")
    with pytest.raises(policy.ConfigError):
        policy.load(str(tmp_path / "p.toml"))


def test_the_verbs_print_and_check(cli: Callable[..., Any], tmp_path: Path) -> None:
    schema = json.loads(cli("config", "--schema", "config").stdout)
    example = tomllib.loads((ROOT / "examples/privscan.toml").read_text(encoding="utf-8"))
    jsonschema.validate(example, schema)
    assert not valid(schema, {"polcy": "web"})
    assert b'did you mean "policy"' in cli("config", "--schema", "polic").stderr
    shown = cli("policy", "show", "web")
    assert shown.stdout.decode() == policy.text("web")
    (tmp_path / "own.toml").write_bytes(shown.stdout + b'\n[actions.EMIAL_ADDRESS]\noperator = "drop"\n')
    wrong = cli("policy", "check", "own.toml")
    assert (wrong.returncode, b'did you mean "EMAIL_ADDRESS"' in wrong.stderr) == (2, True)
    (tmp_path / "none.toml").write_text('id = "n"\nname = "N"\nselect = ["pii.email"]\nignore = ["pii"]\n')
    empty = cli("policy", "check", "none.toml")
    assert (empty.returncode, b"nothing is left to look for" in empty.stderr) == (2, True)
