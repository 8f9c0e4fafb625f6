"""What other people's CI runs of ours: the action's step, the hooks in a scratch repository, the templates."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import typer.main
import yaml

from privscan import cli, formats

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
MAIL = '{"text": "card 4539 9821 7745 0617"}\n'
CLEAN = '{"text": "nothing to see"}\n'


def load(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


@pytest.fixture
def there(tmp_path: Path, process_env: dict[str, str]) -> tuple[Path, dict[str, str]]:
    """Return a folder, and an environment in which `privscan` is a command."""
    programs = tmp_path / "programs"
    programs.mkdir()
    shim = programs / "privscan"
    shim.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m privscan "$@"\n', encoding="utf-8")
    shim.chmod(0o755)
    path = f"{programs}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    (tmp_path / "work").mkdir()
    return tmp_path / "work", process_env | {"PATH": path, "HOME": str(tmp_path)}


SCHEMAS = [
    ("action.yml", "vendor.github-actions"),
    ("examples/ci/github-actions.yml", "vendor.github-workflows"),
    ("examples/ci/gitlab-ci.yml", "vendor.gitlab-ci"),
]


@pytest.mark.parametrize(("name", "schema"), SCHEMAS, ids=[name for name, _ in SCHEMAS])
def test_files_keep_to_their_schemas(name: str, schema: str) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(ROOT / name)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("data", "code", "level", "arguments"),
    [
        pytest.param(MAIL, 1, "error", "", id="findings"),
        pytest.param(CLEAN, 0, None, "", id="clean"),
        pytest.param(MAIL, 0, "error", "--gate\nmax_findings=5\n--field\n/text", id="arguments"),
        pytest.param("{broken\n", 3, None, "", id="incomplete"),
    ],
)
def test_the_action_gates_annotates_and_sums_up(
    there: tuple[Path, dict[str, str]], data: str, code: int, level: str | None, arguments: str
) -> None:
    folder, env = there
    (folder / "my data").mkdir()
    (folder / "my data/a.jsonl").write_text(data, encoding="utf-8")
    (step,) = [step for step in load("action.yml")["runs"]["steps"] if step.get("id") == "scan"]
    given = {name: spec.get("default", "") for name, spec in load("action.yml")["inputs"].items()}
    given |= {
        "paths": "my data",
        "arguments": f"--select\npii.card\n{arguments}",
        "fail-on": "never" if arguments else "high",
        "key": "",
    }
    inputs = {
        name: given[value[len("${{ inputs.") : -len(" }}")]]
        for name, value in step["env"].items()
        if "inputs." in value
    }
    files = {"GITHUB_STEP_SUMMARY": str(folder / "summary.md"), "GITHUB_OUTPUT": str(folder / "output")}
    done = subprocess.run(
        ["bash", "-c", step["run"]], cwd=folder, env=env | inputs | files, capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert (folder / "output").read_text(encoding="utf-8") == f"exit-code={code}\n"
    assert (folder / "summary.md").read_text(encoding="utf-8").startswith("## Data privacy report")
    (run,) = json.loads((folder / "privscan.sarif").read_text(encoding="utf-8"))["runs"]
    assert run["invocations"][0]["executionSuccessful"] is (code != 3)
    assert bool(run["results"]) is (level is not None)
    if level:
        assert "::error file=my data/a.jsonl,line=1,title=CREDIT_CARD by pii.card::" in done.stdout
        assert run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "my%20data/a.jsonl"


def test_the_hooks_stop_a_commit(there: tuple[Path, dict[str, str]]) -> None:
    folder, env = there
    env = env | {"PRE_COMMIT_HOME": str(folder.parent / "hooks"), "GIT_CONFIG_GLOBAL": os.devnull}

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)

    few = {"privscan": " --select pii.card", "privscan-secrets": " --select secret.aws"}  # quick to compile
    hooks = [
        hook | {"language": "system", "entry": hook["entry"] + few[hook["id"]]}
        for hook in load(".pre-commit-hooks.yaml")
    ]
    config = {"repos": [{"repo": "local", "hooks": hooks}]}
    (folder / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    pre_commit = [sys.executable, "-m", "pre_commit"]
    assert run(*pre_commit, "validate-manifest", str(ROOT / ".pre-commit-hooks.yaml")).returncode == 0
    assert run(*pre_commit, "validate-config", str(ROOT / "examples/ci/pre-commit-config.yaml")).returncode == 0
    run("git", "init", "-q")
    for name, body in (("a.jsonl", MAIL), ("notes.md", MAIL)):
        (folder / name).write_text(body, encoding="utf-8")
    run("git", "add", ".")
    stopped = run(*pre_commit, "run")
    assert stopped.returncode == 1, stopped.stdout + stopped.stderr
    assert "CREDIT_CARD" in stopped.stdout
    assert "4539" not in stopped.stdout
    (folder / "a.jsonl").write_text(CLEAN, encoding="utf-8")
    run("git", "add", ".")
    passed = run(*pre_commit, "run")
    assert passed.returncode == 0, passed.stdout + passed.stderr
    assert passed.stdout.count("Passed") == 2


def lines() -> Iterator[str]:
    """Yield every command line of ours in the files that other people's CI runs."""
    yield from (hook["entry"] for hook in load(".pre-commit-hooks.yaml"))
    for name in ("examples/ci/gitlab-ci.yml", "Dockerfile", "examples/ci/slurm-array.sh"):
        text = (ROOT / name).read_text(encoding="utf-8")
        yield from re.findall(r"privscan (?:scan|clean) [^\n|]*(?:\n {6}[^\n]+)*", text)


@pytest.mark.parametrize("line", list(lines()))
def test_command_lines_use_flags_there_are(line: str) -> None:
    words = line.split()
    verb = typer.main.get_command(cli.app).commands[words[1]]  # type: ignore[attr-defined]
    known = {flag for option in verb.params for flag in option.opts} | {"--"}
    assert {word.split("=")[0] for word in words if word.startswith("-") and word != "-"} <= known


def test_the_image_is_slim_and_without_rights() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert re.findall(r"^FROM (\S+)", text, re.MULTILINE) == ["python:3.12-slim"] * 2
    last = text.rsplit("FROM", 1)[1]
    assert "USER privscan" in last
    copied = [words.split()[:-1] for words in re.findall(r"^COPY (?!--from)(.+)$", text, re.MULTILINE)]
    assert all((ROOT / name).exists() for names in copied for name in names)


@pytest.mark.parametrize("number", [0, 1])
def test_the_hooks_look_at_every_kind_of_file_that_is_read(number: int) -> None:
    pattern = re.compile(load(".pre-commit-hooks.yaml")[number]["files"])
    for suffix in (suffix for _, _, suffixes in formats.MODULES.values() for suffix in suffixes):
        assert pattern.search(f"data/part{suffix}"), suffix
    assert not pattern.search("data/notes.txt")
