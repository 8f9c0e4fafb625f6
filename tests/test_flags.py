"""Flags are read as Typer reads them, and a run whose flags are plain does not wait for what Typer reads by."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Annotated, Any

import pytest
import typer
from typer.testing import CliRunner

from privscan import flags

if TYPE_CHECKING:
    from pathlib import Path


def _app(**more: Any) -> typer.Typer:
    """A verb with a flag of each kind ours have; it prints what it was given."""
    app = typer.Typer(rich_markup_mode=None, **more)

    @app.callback()
    def _start(context: typer.Context, config: str | None = None) -> None:
        context.default_map = {"verb": json.loads(config)} if config else None

    @app.command()
    def verb(
        paths: Annotated[list[str], typer.Argument()],
        name: Annotated[str, typer.Option(envvar="T_NAME")] = "standard",
        word: Annotated[str | None, typer.Option(envvar="T_WORD")] = None,
        words: Annotated[list[str] | None, typer.Option(envvar="T_WORDS")] = None,
        count: Annotated[int | None, typer.Option(min=1, max=9000, envvar="T_COUNT")] = None,
        share: float | None = None,
        quiet: Annotated[bool, typer.Option("-q", "--quiet")] = False,
    ) -> None:
        typer.echo(repr((paths, name, word, words, count, share, quiet)))

    @app.command()
    def other(out: Annotated[str, typer.Option("-o")]) -> None:
        typer.echo(out)

    return app


GIVEN: dict[str, tuple[list[str], dict[str, str]]] = {
    "paths alone": (["verb", "a", "b"], {}),
    "texts": (["verb", "a", "--name", "", "--word", "é ☃", "--words", "x", "--words", "y"], {}),
    "environment": (["verb", "a"], {"T_NAME": "n", "T_WORD": "w", "T_WORDS": "x y", "T_COUNT": "7"}),
    "flags over environment": (["verb", "a", "--word", "f"], {"T_WORD": "w", "T_COUNT": ""}),
    "file": (["--config", '{"name": "n", "words": ["x"], "count": 3, "share": 1, "quiet": true}', "verb", "a"], {}),
    "file of wrong kinds": (["--config", '{"name": 5, "words": "x", "count": "3"}', "verb", "a"], {}),
    "file out of range": (["--config", '{"count": 0}', "verb", "a"], {}),
    "numbers": (["verb", "a", "--count", "0012", "--share", "0.5", "-q"], {}),
    "spaced number": (["verb", "a", "--count", " 12"], {}),
    "too small": (["verb", "a", "--count", "0"], {}),
    "too large": (["verb", "a", "--count", "9001"], {}),
    "far too large": (["verb", "a", "--count", "9" * 5000], {}),
    "other digits": (["verb", "a", "--count", "٣"], {}),
    "no number": (["verb", "a", "--count", "many"], {}),
    "no path": (["verb"], {}),
    "no out": (["other"], {}),
    "out": (["other", "-o", "x"], {}),
    "help": (["verb", "--help"], {}),
    "unknown": (["verb", "a", "--nmae", "x"], {}),
}


@pytest.mark.parametrize("given", GIVEN.values(), ids=GIVEN)
def test_values_are_those_typer_reads(given: tuple[list[str], dict[str, str]]) -> None:
    ours, theirs = (CliRunner().invoke(app, given[0], env=given[1]) for app in (_app(cls=flags.Verbs), _app()))
    said = theirs.output.replace("... <list[str]>", "...")  # ours names no type of an argument
    assert (ours.exit_code, ours.output) == (theirs.exit_code, said)


UNUSED = {"pydantic", "pyarrow", "jinja2", "rich", "phonenumbers", "stdnum", "cryptography", "multiprocessing.pool"}


def test_a_plain_scan_loads_what_it_uses(process_env: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b'{"text": "nothing here"}\n')
    code = f"""
import sys
sys.argv = ["privscan", "scan", "a.jsonl", "-q", "--policy", "web", "--select", "pii.email", "--workers", "1"]
from privscan.cli import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
print("loaded:", *sorted({UNUSED!r} & sys.modules.keys()))
"""
    done = subprocess.run([sys.executable, "-c", code], env=process_env, cwd=tmp_path, capture_output=True, check=True)
    assert done.stdout.decode().splitlines()[-1] == "loaded:"
