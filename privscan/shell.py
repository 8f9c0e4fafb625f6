"""What the verbs share at the edge of the system: errors into exit codes, keys and caches, formats, pipes.

With `cli.py` the only room that prints, exits or reads the environment.
"""

from __future__ import annotations

import contextlib
import inspect
import json
import os
import sys
from typing import TYPE_CHECKING, Any

import typer

from privscan.errors import OutputError, PrivscanError, UsageError
from privscan.writing import check_place, unwritable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import TextIO

    from privscan.config import Settings
    from privscan.model import Report


def chosen(wanted: list[str] | None, *, quiet: bool, group_by: str | None = None) -> list[str]:
    """Check the formats asked for, and what to group by, before any data is read."""
    from privscan import reports

    if group_by not in (None, "secret"):
        raise UsageError(f'--group-by: nothing can be grouped by "{group_by}"; give secret')
    chosen = wanted or ([] if quiet else ["console"])
    for entry in chosen:
        name, _, target = entry.partition("=")
        if group_by:
            from privscan.reports import alone

            alone.check([name])
        reports.check(name)
        check_place(target)
    return chosen


def lists(formats: list[str]) -> bool:
    """Say whether any of the formats tells of single findings, so that a run must keep them."""
    from privscan import reports

    return any(entry.partition("=")[0] in reports.LISTS for entry in formats)


def write(told: Report, formats: list[str], run: str | None, group_by: str | None = None) -> None:
    """Write the report, or its distinct secrets, in each format: to its file by name, else to standard output.

    `run` is the run folder, which formats that tell of single findings need; UsageError where there is none.
    """
    from privscan import reports, rows

    if group_by:
        grouped(formats, run)
        return

    def one(name: str, stream: TextIO) -> None:
        listing = None
        if name in reports.LISTS and (run is not None or name not in reports.SUFFICIENT):
            if run is None:
                raise UsageError(f"-f {name} lists findings, which a report.json does not hold; name the run folder")
            rows.check(run, "findings.jsonl")
            listing = reports.Listing(rows.read(run), rows.places(run))
        reports.write(told, name, stream, listing)

    each(formats, one)


def grouped(formats: list[str], run: str | None) -> None:
    """Write the distinct secrets of a run folder in each format."""
    from privscan import distinct, rows
    from privscan.reports import alone
    from privscan.reports.sections import secrets

    if run is None:
        raise UsageError("--group-by: counts findings, which a report.json does not hold; name the run folder")
    rows.check(run, "findings.jsonl")
    told = distinct.told(rows.read(run), distinct.ALL)

    def one(name: str, stream: TextIO) -> None:
        if name == "json":
            stream.write(json.dumps({"schema": 1, "kind": "secrets"} | told, indent=1) + "\n")
        else:
            alone.write(secrets.table_of(told), name, stream)

    each(formats, one)


def each(formats: list[str], one: Callable[[str, TextIO], None]) -> None:
    """Call `one` with the name and the stream of each FORMAT[=FILE]; OutputError where a file cannot be written."""
    for entry in formats:
        name, _, target = entry.partition("=")
        if target:
            try:
                with open(target, "w", encoding="utf-8", errors="backslashreplace", newline="") as stream:
                    one(name, stream)
            except OSError as error:
                raise unwritable(target, error) from None
        else:
            with piped():
                one(name, sys.stdout)


def key(path: str | None) -> tuple[bytes | None, str]:
    """Return the key and where it came from: a file, else the environment, never a flag's value."""
    from privscan.config import read_key

    if path:
        return read_key(path), "file"
    text = os.environ.get("PRIVSCAN_KEY")
    return (text.encode(), "environment") if text else (None, "ephemeral")


_SETTING = {
    "rules": "rule_files",
    "field": "fields",
    "exclude_field": "exclude_fields",
    "dedup_field": "dedup_fields",
}
"""What the settings call a flag where they have another name for it."""


def settings(command: str, flags: Mapping[str, Any], **more: Any) -> Settings:
    """Return the settings that the flags of a verb ask for: those not given are left at their defaults, others out."""
    from privscan import config

    taken = inspect.signature(config.settings).parameters
    named = {_SETTING.get(name, name): value for name, value in flags.items() if value is not None}
    return config.settings(command, **{n: v for n, v in named.items() if n in taken}, cache_dir=cache(), **more)


def signer(out: str | None, log: str | None, key_file: str | None) -> Callable[[Any], None]:
    """Return what signs a run folder and adds it to a log, as asked for; UsageError before any data is read."""
    from privscan import audit

    if (log or key_file) and out is None:
        raise UsageError("--audit and --sign-key: speak of a run folder; give -o DIR")
    check_place(log, "--audit ")
    key = audit.signing_key(key_file) if key_file else None

    def sign(run: Any) -> None:
        if key is not None:
            audit.sign(run, key)
        if log:
            audit.append(log, run, key)

    return sign


def environment() -> dict[str, str]:
    """Return the variables of ours that are set; of the key, only that it is."""
    found = {name: value for name, value in sorted(os.environ.items()) if name.startswith("PRIVSCAN_")}
    return found | ({"PRIVSCAN_KEY": "set"} if "PRIVSCAN_KEY" in found else {})


def cache() -> str:
    """Return the folder of compiled rules."""
    from privscan.config import default_cache

    base = os.environ.get("XDG_CACHE_HOME")
    return os.environ.get("PRIVSCAN_CACHE_DIR") or (os.path.join(base, "privscan") if base else default_cache())


@contextlib.contextmanager
def console() -> Iterator[Any]:
    """Give a console on standard output, whose reader may go away."""
    from privscan.reports.console import of

    with piped():
        yield of(sys.stdout)


@contextlib.contextmanager
def piped() -> Iterator[None]:
    """Let the reader of our output go away: what a run came to, and its exit code, stay the same.

    OutputError where there is no room for it.
    """
    try:
        yield
        sys.stdout.flush()
    except (BrokenPipeError, SystemExit):  # rich ends the process over it
        _hushed()
    except OSError as error:
        if error.filename is not None:  # of another file
            raise
        _hushed()
        raise OutputError(
            f"standard output: cannot be written ({error.strerror}); free space, or send it elsewhere"
        ) from None


def _hushed() -> None:
    """Let nothing more come out, not even what is held back until the end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextlib.contextmanager
def errors(*, resumes: bool = False) -> Iterator[None]:
    """Turn our errors into a sentence on standard error and an exit code; an unexpected one into its type and place.

    `resumes` says that a run that is cut off can be gone on with.
    """
    try:
        yield
    except PrivscanError as error:
        typer.echo(f"privscan: {error}", err=True)
        raise typer.Exit(error.exit_code) from None
    except KeyboardInterrupt:
        hint = "; finished work stays in the run folder, go on with --resume" if resumes else ""
        typer.echo(f"privscan: interrupted{hint}", err=True)
        raise typer.Exit(130) from None
    except (typer.Exit, typer.Abort):
        raise
    except Exception as error:
        if type(error).__module__.startswith(("click", "typer")):
            raise
        from privscan.parallel import place

        text = (
            f"privscan: unexpected {type(error).__name__} at {place(error)}; please report it (no data is shown here)"
        )
        typer.echo(text, err=True)
        raise typer.Exit(3) from None
