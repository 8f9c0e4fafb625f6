"""The house rules that a machine can hold: docstrings, sizes, names, and nothing of the place it was written in."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CODE = sorted((ROOT / "privscan").rglob("*.py"))
TEXT = {".py", ".toml", ".md", ".yml", ".yaml", ".sh", ".j2", ".css", ".jsonl", ".json", ".txt", ".cfg", ""}
LONGEST = 400  # lines of a file
LONGER = {  # and those that may be, up to 500, and why
    "privscan/cli.py": "a function a verb, and their flags",
    "privscan/detectors/patterns.py": "one way from a trigger to a match, for every rule",
    "privscan/model.py": "every noun, in one place",
    "privscan/run.py": "one run, from paths to report",
}
README_LONGEST = 300
NAMES = {"utils", "util", "helpers", "helper", "base", "common", "manager", "misc"}
# Places and people that mean something on one machine only; written in pieces, so that this file holds none of them.
FOREIGN = re.compile(
    "|".join(
        [
            r"(?<![\w.])/" + r"(?:wo" + r"rk|farm|roo" + r"t)/(?!\.)",
            r"(?<![\w.])/tm" + r"p/(?!x\b)",
            r"(?<![\w.])/ho" + r"me/(?!(?:user|me|you|ubuntu|imoravec)\b|⟦)",
            r"shar" + r"ed/fa" + r"cts",
            r"DESIGN\.m" + r"d",
            r"(?i:\b(?:cla" + r"ude|chat" + r"gpt|co" + r"pilot|language model wro" + r"te)\b)",
            r"(?i:\bsub-?age" + r"nts?\b)",
            r"opt/pyp" + r"i",
        ]
    )
)


def files() -> list[Path]:
    """Return the files of the project: what git knows or would add, else everything but hidden and built folders."""
    git = shutil.which("git")
    if git and (ROOT / ".git").exists():
        command = [git, "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
        if done.returncode == 0:
            return sorted(path for name in done.stdout.decode().split("\0") if name and (path := ROOT / name).is_file())
    hidden = {"build", "dist", "out", "__pycache__"}
    found = (path for path in ROOT.rglob("*") if path.is_file())
    return sorted(
        path
        for path in found
        if not any(part in hidden or part.startswith(".") for part in path.relative_to(ROOT).parts[:-1])
    )


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", CODE, ids=name)
def test_every_module_says_what_it_is_for(path: Path) -> None:
    told = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert told
    assert re.match(r"[^\n]*[.:?]", told), "the first line is a sentence"


def test_no_file_of_code_is_longer_than_it_should_be() -> None:
    lengths = {name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in CODE}
    assert {path: length for path, length in lengths.items() if length > (500 if path in LONGER else LONGEST)} == {}


def test_the_readme_is_read_in_one_sitting() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) < README_LONGEST


def test_files_are_called_what_they_contain() -> None:
    assert [name(path) for path in files() if path.stem.lower() in NAMES] == []


def test_nothing_names_the_place_it_was_written_in() -> None:
    found = []
    for path in files():
        if path.suffix in TEXT:
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
            found += [f"{name(path)}:{number}" for number, line in enumerate(lines, 1) if FOREIGN.search(line)]
    assert found == []


@pytest.mark.parametrize(
    ("text", "foreign"),
    [
        pytest.param("see /wo" + "rk/main/x.py", True, id="path"),
        pytest.param("open('/tm" + "p/v/a')", True, id="scratch"),
        pytest.param("https://example.org/work/a", False, id="url"),
        pytest.param("a framework/tmpl", False, id="inside-a-word"),
    ],
)
def test_foreign_places_are_known(text: str, foreign: bool) -> None:
    assert bool(FOREIGN.search(text)) is foreign


def test_only_the_command_line_prints_exits_or_reads_the_environment() -> None:
    found = []
    for path in CODE:
        if name(path) in ("privscan/cli.py", "privscan/shell.py", "privscan/__main__.py"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            text = ast.unparse(node) if isinstance(node, (ast.Call, ast.Attribute)) else ""
            if re.match(r"(?:print|sys\.exit|exit)\(|os\.(?:environ|getenv)\b", text):
                found.append(f"{name(path)}:{getattr(node, 'lineno', 0)}")
    assert found == []


def test_rule_packs_and_examples_hold_nothing_that_looks_live() -> None:
    live = re.compile(
        r"AKIA(?!IOSFODNN7EXAMPLE)[A-Z2-7]{16}"
        r"|gh[pousr]_[0-9A-Za-z]{36}"
        r"|sk_live_[0-9A-Za-z]{24}"
        r"|-----BEGIN [A-Z ]*PRIVATE KEY-----\\n[A-Za-z0-9+/]{64}"
    )
    shown = [path for path in files() if name(path).startswith(("rules/", "examples/"))]
    assert shown
    assert [name(path) for path in shown if live.search(path.read_text(encoding="utf-8"))] == []
