"""The README says what is so: its commands, flags, codes, tables, examples and tree are held against the program."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import typer.main

from privscan import cli, config, load_rules, operators, states
from privscan.policy import shipped

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLE = ROOT / "examples" / "support_chats.jsonl"
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
OTHERS = {"python3", "pip", "python"}  # commands whose flags are not ours


def commands(command: Any = None, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield ("rules list", command) for every verb."""
    command = command or typer.main.get_command(cli.app)
    for name, inner in getattr(command, "commands", {}).items():
        yield f"{path}{name}", inner
        yield from commands(inner, f"{path}{name} ")


VERBS = dict(commands())
OPTIONS = [option for command in [typer.main.get_command(cli.app), *VERBS.values()] for option in command.params]
FLAGS = {flag for option in OPTIONS for flag in option.opts} | {"--help", "-h"}
VARIABLES = {str(option.envvar) for option in OPTIONS if getattr(option, "envvar", None)}
REPEATS = {
    "dedup_preset": '"stack"', "ngram": "3", "bands": "5", "rows": "5", "dedup_seed": "3", "dedup_chat": '"dialogue"',
    "keep": "2", "keep_policy": '"source"', "keep_field": '"/source"', "source": '["wiki", "web"]',
    "against": '["old"]', "save_index": '"index.parquet"', "memory_budget": '"2GB"', "list_repeated": '""',
    "dedup_scope": '"line"', "repeated_over": "9",
}  # fmt: skip
SHARED = {option.name for verb in ("scan", "clean", "dedup") for option in VERBS[verb].params}


def block(language: str, holding: str) -> str:
    """Return the one fenced block of a language that holds a text."""
    (found,) = [text for kind, text in BLOCKS if kind == language and holding in text]
    return found


def table(heading: str) -> list[list[str]]:
    """Return the cells of the first table under a heading, without its head."""
    section = README.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def quoted(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def privscan(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PRIVSCAN_")}
    environment["PYTHONPATH"] = str(Path(cli.__file__).parents[1])
    command = [sys.executable, "-m", "privscan", *arguments]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False, timeout=300)


def test_two_commands_do_all_the_setting_up() -> None:
    first, second = BLOCKS[0][1].splitlines()
    assert first.startswith("python3 -m venv .venv && .venv/bin/pip install -q . && .venv/bin/privscan clean ")
    assert second == ".venv/bin/pip install -q '.[dev]' && .venv/bin/python -m pytest -q"
    arguments = first.rsplit("privscan ", 1)[1].split()
    assert arguments == ["clean", "examples/support_chats.jsonl", "-o", "out"]
    assert EXAMPLE.is_file()


@pytest.mark.parametrize("line", [line for _, text in BLOCKS for line in text.splitlines() if "privscan " in line])
def test_commands_name_verbs_and_flags_there_are(line: str) -> None:
    for call in re.findall(r"(?:^|/)privscan ([^&#]+)", line):
        words = call.split()
        verb = " ".join(words[:2]) if words[0] in ("rules", "policy") else words[0]
        assert verb in VERBS
        known = {flag for option in VERBS[verb].params for flag in option.opts}
        assert {word.split("=")[0] for word in words if word.startswith("-")} <= known


def test_every_flag_named_anywhere_is_one_of_ours() -> None:
    named = {flag for text in quoted(README) for flag in re.findall(r"(?<![\w-])--[a-z][a-z-]+", text)}
    assert named
    assert named <= FLAGS


def test_every_verb_is_told() -> None:
    told = {verb for verb in VERBS if f"privscan {verb}" in README}
    assert set(VERBS) - told <= {"rules", "rules show", "policy", "policy list", "policy check"}


def test_the_environment_is_told_whole() -> None:
    told = set(re.findall(r"PRIVSCAN_[A-Z_]+", README))
    assert told == VARIABLES | {"PRIVSCAN_KEY", "PRIVSCAN_CACHE_DIR"}


def test_keys_of_the_configuration_are_accepted(tmp_path: Path) -> None:
    values = {
        "gate": '["max_findings=10000"]',
        "min_confidence": '"low"',
        "dedup_threshold": "0.9",
        "workers": "1",
        "no_samples": "true",
    }
    lists = {"select": '["pii.email"]', "ignore": '["pii.ip"]', "field": '["/messages"]', "exclude_field": '["/id"]'}
    names = {"policy": '"web"', "fail_on": '"never"', "dedup": '"exact"', "key_file": '"key"', "findings": '"f.jsonl"'}
    rest = {"region": '["us", "de"]', "rules": f'["{ROOT / "examples/rules"}"]', "dedup_field": '["/messages"]'}
    given = (
        values
        | lists
        | names
        | rest
        | REPEATS
        | {"require_field": '"/messages/0/role"', "allow_values": '["user,system,assistant"]'}
        | {"suppress": '["excuses.toml"]', "baseline": '"base.jsonl"', "engine": '"privscan"', "ner": '""'}
        | {"faces": '"precision"', "allow_missing": '["faces", "audio"]', "media_root": '"."'}
    )
    head = {"schema": states.SCHEMA, "key_check": config.key_check(b"k" * 32), "fingerprints": 0}
    (tmp_path / "base.jsonl").write_text(json.dumps(head) + "\n", encoding="utf-8")
    (tmp_path / "excuses.toml").write_text("", encoding="utf-8")
    keys = [key for row in table("Configuration") for key in quoted(row[0])]
    assert set(keys) == set(given)
    assert (
        set(keys)
        | {
            "paths",
            "out",
            "quiet",
            "verbose",
            "overwrite",
            "resume",
            "format_",
            "write_baseline",
            "audit",
            "sign_key",
            "sample",
            "group_by",
        }
        == SHARED
    )
    (tmp_path / "key").write_bytes(b"k" * 32)
    (tmp_path / "privscan.toml").write_text("".join(f"{key} = {given[key]}\n" for key in keys), encoding="utf-8")
    done = privscan("scan", str(EXAMPLE), "-q", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    rows = [json.loads(line) for line in (tmp_path / "f.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {row["rule"] for row in rows} == {"pii.email"}


@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        pytest.param(0, ("clean", str(EXAMPLE), "-o", "out", "-q"), id="0"),
        pytest.param(1, ("scan", str(EXAMPLE), "-q"), id="1"),
        pytest.param(2, ("scan", str(EXAMPLE), "--policy", "no-such-policy"), id="2"),
        pytest.param(3, ("scan", "broken.jsonl", "-q"), id="3"),
    ],
)
def test_exit_codes_are_those_of_the_table(tmp_path: Path, code: int, arguments: tuple[str, ...]) -> None:
    assert [row[0] for row in table("Exit codes")] == ["0", "1", "2", "3", "130"]
    (tmp_path / "broken.jsonl").write_text('{"mail": "ann@reedwater-mail.net"}\n{"a": \n', encoding="utf-8")
    assert privscan(*arguments, cwd=tmp_path).returncode == code


def test_before_becomes_after(tmp_path: Path) -> None:
    before, after = (text for kind, text in BLOCKS if kind == "json")
    (tmp_path / "in.jsonl").write_text(before, encoding="utf-8")
    assert privscan("clean", "in.jsonl", "-o", "out", "-q", cwd=tmp_path).returncode == 0
    assert (tmp_path / "out/data/in.jsonl").read_text(encoding="utf-8") == after


def test_operators_do_what_the_table_says() -> None:
    rows = table("Before and after")
    assert {name for row in rows for name in quoted(row[0])} == set(operators.TABLE)
    made = {
        name: operators.TABLE[name](b"k" * 32, "CREDIT_CARD", "4539 9821 7745 0617", {"keep_last": 4})
        for row in rows
        for name in quoted(row[0])
    }
    told = {quoted(row[0])[0]: quoted(row[1])[0] for row in rows if quoted(row[1])}
    assert made["replace"] == told["replace"]
    assert made["mask"] == told["mask"]
    assert re.fullmatch(r"<CREDIT_CARD:[0-9a-f]{16}>", made["hash"])
    assert told["hash"].startswith("<CREDIT_CARD:")
    assert re.fullmatch(r"0000( \d{4}){3}", made["pseudonym"])
    assert told["pseudonym"].startswith("0000 ")


def test_entities_and_packs_are_there() -> None:
    rows = table("What it finds")
    entities = {rule.entity for rule in load_rules()}
    assert {name for row in rows for name in quoted(row[1])} <= entities
    assert all((ROOT / name).exists() for row in rows for name in quoted(row[3]))
    assert len(load_rules()) > 1950  # "About 2,000 rules"


def test_policies_are_those_shipped() -> None:
    (row,) = [row for row in table("Configuration") if row[0] == "`policy`"]
    assert set(quoted(row[3])) == set(shipped())


def test_a_run_folder_holds_what_the_table_says(tmp_path: Path) -> None:
    assert privscan("clean", str(EXAMPLE), "-o", "out", "-q", cwd=tmp_path).returncode == 0
    told = {name.rstrip("/") for row in table("In a pipeline") for name in quoted(row[0])}
    assert told == {path.name for path in (tmp_path / "out").iterdir()}


def test_the_rule_can_be_used(tmp_path: Path) -> None:
    text = block("toml", "[[rule]]")
    (tmp_path / "acme.toml").write_text(text, encoding="utf-8")
    checked = privscan("rules", "check", "acme.toml", cwd=tmp_path)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    (rule,) = [rule for rule in load_rules([str(tmp_path / "acme.toml")]) if rule.id == "acme.badge"]
    for examples, found in ((rule.examples, True), (rule.counter_examples, False)):
        lines = [json.dumps({"text": example.replace("⟦", "").replace("⟧", "")}) for example in examples]
        (tmp_path / "in.jsonl").write_text("\n".join(lines), encoding="utf-8")
        arguments = ("scan", "in.jsonl", "--rules", "acme.toml", "-q")
        assert privscan(*arguments, cwd=tmp_path).returncode == int(found)


def test_the_rules_among_the_examples_pass_their_checks() -> None:
    checked = privscan("rules", "check", "examples/rules/lindenow.toml", cwd=ROOT)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_python_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(block("python", "privscan"), "README.md", "exec"), {})  # noqa: S102 - the README's own words
    first, second = said.getvalue().splitlines()
    assert first.startswith("True ")
    assert "'data/support_chats.jsonl', 23" in second


def test_the_tree_is_the_tree() -> None:
    inside, outside = block("", "privscan/\n").split("\nrules/", 1)
    told = set(re.findall(r"(?:^  |\s{2,})([a-z]+(?:\.py|/))(?=\s)", inside, re.MULTILINE)) - {"privscan/"}
    there = {path.name + "/" * path.is_dir() for path in (ROOT / "privscan").iterdir()}
    assert told == {name for name in there if re.fullmatch(r"[a-z]+(?:\.py|/)", name)}
    missing = {name for name in re.findall(r"\b([a-z]+)/", f"rules/{outside}") if not (ROOT / name).is_dir()}
    assert missing == {"policies"}  # which stands inside rules/


def test_links_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", README)
    assert links
    assert [link for link in links if "://" not in link and not (ROOT / link).exists()] == []
