"""Further verbs of the command line, those that come after a run or before one; `add` hangs them on the app."""

from __future__ import annotations

from typing import Annotated

import typer

from privscan import flags, shell
from privscan.errors import UsageError, nearest


def add(app: typer.Typer) -> None:
    """Hang the verbs on the app."""
    app.command()(diff)


def diff(
    earlier: Annotated[str, typer.Argument(metavar="RUN_A", help="Run folder of the earlier version.")],
    later: Annotated[str, typer.Argument(metavar="RUN_B", help="Run folder of the later version.")],
    fail_on: flags.FailOn = None,
    format_: Annotated[
        list[str] | None,
        typer.Option("-f", "--format", metavar="FORMAT[=FILE]", help="console (default), markdown, json (repeatable)."),
    ] = None,
    quiet: flags.Quiet = False,
) -> None:
    """Compare two runs with the same key: values that are new, gone, and in both.

    Exits 1 when a new one is of medium severity or more (see --fail-on).
    """
    with shell.errors():
        from privscan.compare import diff as compare
        from privscan.config import severity
        from privscan.gate import failed
        from privscan.reports import difference

        formats = format_ or ([] if quiet else ["console"])
        for entry in formats:
            if (name := entry.partition("=")[0]) not in difference.FORMATS:
                raise UsageError(f'diff: no format is called "{name}"{nearest(name, difference.FORMATS)}')
        found = compare(earlier, later)
        verdict = found.verdict(severity(fail_on or "medium"))
        part = difference.section((found.new, found.same, found.gone), found.places, verdict)
        shell.each(formats, lambda name, stream: difference.write(part, verdict, name, stream))
        raise typer.Exit(3 if not found.complete else int(failed(verdict)))
