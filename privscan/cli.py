"""The command line: one function a verb. The only room that prints, exits or reads the environment."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from privscan import __version__, flags
from privscan.errors import OutputError, PrivscanError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from privscan.model import Report

app = typer.Typer(
    name="privscan",
    help="Find and remove personal data, secrets and repetition in training corpora (JSONL, Parquet). Works offline.",
    epilog="Exit codes: 0 complete and nothing at or over --fail-on · 1 findings · 2 usage, config or rules wrong · "
    "3 incomplete · 130 interrupted.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help: half the time, and brackets stay
    add_completion=False,
)
rules_app = typer.Typer(help="Look at rules, and check your own.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(rules_app, name="rules")


@app.callback()
def _start(
    context: typer.Context,
    config: Annotated[
        str | None,
        typer.Option(
            "--config",
            envvar="PRIVSCAN_CONFIG",
            metavar="FILE",
            help="Default: privscan.toml, else [tool.privscan] of pyproject.toml.",
        ),
    ] = None,
    _version: Annotated[
        bool,
        typer.Option(
            "-V", "--version", callback=lambda value: _print_version(on=value), is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    with _errors():
        context.default_map = flags.defaults(context.command.commands, config)  # type: ignore[attr-defined]


def _print_version(*, on: bool) -> None:
    if on:
        typer.echo(f"privscan {__version__}")
        raise typer.Exit


@app.command()
def scan(
    paths: flags.Paths,
    out: Annotated[
        str | None, typer.Option("-o", "--out", metavar="DIR", help="Also write a run folder with the report.")
    ] = None,
    policy: flags.PolicyName = "standard",
    select: flags.Select = None,
    ignore: flags.Ignore = None,
    rules: flags.RuleFiles = None,
    min_confidence: flags.MinConfidence = None,
    fail_on: flags.FailOn = None,
    field: flags.Field = None,
    exclude_field: flags.ExcludeField = None,
    workers: flags.WorkerCount = None,
    key_file: flags.KeyFile = None,
    findings: flags.Findings = None,
    format_: flags.Formats = None,
    no_samples: flags.NoSamples = False,
    overwrite: flags.Overwrite = False,
    quiet: flags.Quiet = False,
    verbose: flags.Verbose = False,
) -> None:
    """Look, report and gate; change nothing.

    Exits 1 when something of medium severity or more is found (see --fail-on).
    """
    _run("scan", paths, out, locals())


@app.command()
def clean(
    paths: flags.Paths,
    out: flags.Out,
    policy: flags.PolicyName = "standard",
    select: flags.Select = None,
    ignore: flags.Ignore = None,
    rules: flags.RuleFiles = None,
    min_confidence: flags.MinConfidence = None,
    fail_on: flags.FailOn = None,
    field: flags.Field = None,
    exclude_field: flags.ExcludeField = None,
    dedup: flags.Dedup = "near",
    dedup_field: flags.DedupField = None,
    dedup_threshold: flags.DedupThreshold = 0.8,
    workers: flags.WorkerCount = None,
    key_file: flags.KeyFile = None,
    findings: flags.Findings = None,
    format_: flags.Formats = None,
    no_samples: flags.NoSamples = False,
    overwrite: flags.Overwrite = False,
    resume: flags.Resume = False,
    quiet: flags.Quiet = False,
    verbose: flags.Verbose = False,
) -> None:
    """Write redacted copies without repeated records, the findings and a report. The main job."""
    _run("clean", paths, out, locals())


@app.command(name="dedup")
def dedup_(
    paths: flags.Paths,
    out: flags.Out,
    dedup: flags.Dedup = "near",
    dedup_field: flags.DedupField = None,
    dedup_threshold: flags.DedupThreshold = 0.8,
    workers: flags.WorkerCount = None,
    format_: flags.Formats = None,
    overwrite: flags.Overwrite = False,
    resume: flags.Resume = False,
    quiet: flags.Quiet = False,
    verbose: flags.Verbose = False,
) -> None:
    """Write copies without repeated records; nothing is redacted."""
    _run("dedup", paths, out, locals())


@app.command()
def verify(
    run: Annotated[str, typer.Argument(metavar="DIR", help="Run folder of `clean` or `dedup`.")],
    input_: Annotated[
        str | None, typer.Option("--input", metavar="PATH", help="Where the inputs are now, if they have moved.")
    ] = None,
    key_file: flags.KeyFile = None,
    quiet: flags.Quiet = False,
) -> None:
    """Prove a run's promises on its files: accounts, coverage, untouched bytes, quarantine, no values, a re-scan."""
    with _errors():
        from privscan.reports import tables
        from privscan.verify import verify as prove

        checks = prove(run, moved=input_, key=_key(key_file)[0], cache_dir=_cache())
        if not quiet:
            tables.checks(checks, _console())
        raise typer.Exit(0 if all(check.passed is not False for check in checks) else 1)


@app.command()
def report(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Run folder, or its report.json.")],
    format_: flags.Formats = None,
) -> None:
    """Print or write the report of an earlier run, without scanning again."""
    from privscan.reports import json as report_json

    with _errors():
        path = os.path.join(run, "report.json") if os.path.isdir(run) else run
        try:
            with open(path, "rb") as file:
                told = report_json.load(file.read())
        except OSError as error:
            raise UsageError(f"{path}: cannot be read ({error.strerror}); give a run folder") from None
        _write(told, format_ or ["console"], None)


@app.command()
def explain(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Run folder.")],
    finding: Annotated[str, typer.Argument(metavar="FINDING", help="A finding's id, or the start of one.")],
    input_: Annotated[
        str | None, typer.Option("--input", metavar="PATH", help="Where the inputs are now, if they have moved.")
    ] = None,
) -> None:
    """Tell why something was found: rule, validators, context, score steps; the value masked."""
    from privscan.explain import explain as tell

    with _errors():
        tell(run, finding, moved=input_).show(_console())


@rules_app.command("list")
def rules_list(
    policy: flags.PolicyName = "standard",
    select: flags.Select = None,
    ignore: flags.Ignore = None,
    rules: flags.RuleFiles = None,
) -> None:
    """List the rules a policy uses."""
    from privscan import config
    from privscan.reports import tables

    with _errors():
        settings = config.settings(
            "scan", policy=policy, select=select or (), ignore=ignore or (), rule_files=rules or ()
        )
        tables.rules(settings.rules, _console())


@rules_app.command("show")
def rules_show(
    rule: Annotated[str, typer.Argument(metavar="ID", help="A rule's id.")], rules: flags.RuleFiles = None
) -> None:
    """Show one rule: pattern, validators, context, examples, references."""
    from privscan import rules as packs
    from privscan.reports import tables

    with _errors():
        found = packs.select(packs.load_rules(rules or ()), [rule], [])
        for entry in [entry for entry in found if entry.id == rule] or found:
            tables.rule(entry, _console())


@rules_app.command("check")
def rules_check(
    path: Annotated[
        str | None, typer.Argument(metavar="PATH", help="A rule pack of yours; default: the shipped packs.")
    ] = None,
) -> None:
    """Run every check on rules: their examples through the whole engine, counter-examples, time, overlaps."""
    from privscan.checks import check
    from privscan.reports import tables

    with _errors():
        failures, count = check(path, cache_dir=_cache())
        tables.rule_checks(failures, count, _console())
        raise typer.Exit(2 if failures else 0)


# ---------------------------------------------------------------- what the verbs share


def _run(command: str, paths: list[str], out: str | None, options: dict[str, Any]) -> None:
    with _errors():
        from privscan import config
        from privscan.progress import Progress
        from privscan.run import Run, exit_code

        key, source = _key(options.get("key_file"))
        formats = _formats(options["format_"], quiet=options["quiet"])
        settings = config.settings(
            command,
            policy=options.get("policy", "standard"),
            select=options.get("select") or (),
            ignore=options.get("ignore") or (),
            rule_files=options.get("rules") or (),
            min_confidence=options.get("min_confidence"),
            fail_on=options.get("fail_on"),
            fields=options.get("field") or (),
            exclude_fields=options.get("exclude_field") or (),
            workers=options.get("workers"),
            key=key,
            key_source=source,
            dedup=options.get("dedup", "off"),
            dedup_threshold=options.get("dedup_threshold", 0.8),
            dedup_fields=options.get("dedup_field") or (),
            samples=not options.get("no_samples"),
            cache_dir=_cache(),
        )
        with Progress(paths, show=not options["quiet"]) as progress:
            run = Run(
                settings,
                paths,
                out,
                findings=options.get("findings"),
                overwrite=bool(options.get("overwrite")),
                resume=bool(options.get("resume")),
                tick=progress.tick,
            )
            progress.total(run)
            told = run.run()
        if options["verbose"]:
            for problem in told.problems:
                where = problem.uri if problem.record is None else f"{problem.uri}, record {problem.record}"
                typer.echo(f"privscan: {where}: {problem.reason} ({problem.stage})", err=True)
        _write(told, formats, out)
        raise typer.Exit(exit_code(told))


def _formats(wanted: list[str] | None, *, quiet: bool) -> list[str]:
    """Check the formats asked for before any data is read."""
    from privscan import reports

    chosen = wanted or ([] if quiet else ["console"])
    for entry in chosen:
        name, _, target = entry.partition("=")
        reports.check(name)
        folder = os.path.dirname(os.path.abspath(target)) if target else ""
        if target and (os.path.isdir(target) or not os.path.isdir(folder)):
            raise OutputError(f"{target}: cannot be written; give a file in a folder that is there")
    return chosen


def _write(told: Report, formats: list[str], out: str | None) -> None:
    from privscan import reports

    for entry in formats:
        name, _, target = entry.partition("=")
        if target:
            try:
                with open(target, "w", encoding="utf-8", errors="backslashreplace") as stream:
                    reports.write(told, name, stream)
            except OSError as error:
                from privscan.runfolder import unwritable

                raise unwritable(target, error) from None
        else:
            with _piped():
                reports.write(told, name, sys.stdout)
    if out is not None and "console" in formats:
        with _piped():
            typer.echo(f"Run folder: {out} (report.html, report.json, findings.jsonl, manifest.json)")


def _key(path: str | None) -> tuple[bytes | None, str]:
    """Return the key and where it came from: a file, else the environment, never a flag's value."""
    from privscan.config import read_key

    if path:
        return read_key(path), "file"
    text = os.environ.get("PRIVSCAN_KEY")
    return (text.encode(), "environment") if text else (None, "ephemeral")


def _cache() -> str:
    from privscan.config import default_cache

    base = os.environ.get("XDG_CACHE_HOME")
    return os.environ.get("PRIVSCAN_CACHE_DIR") or (os.path.join(base, "privscan") if base else default_cache())


def _console() -> Any:
    from rich.console import Console

    return Console(highlight=False, soft_wrap=False)


@contextlib.contextmanager
def _piped() -> Iterator[None]:
    """Let the reader of our output go away: what a run came to, and its exit code, stay the same."""
    try:
        yield
        sys.stdout.flush()
    except (BrokenPipeError, SystemExit):  # rich ends the process over it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextlib.contextmanager
def _errors() -> Iterator[None]:
    """Turn our errors into a sentence on standard error and an exit code; an unexpected one into its type and place."""
    try:
        yield
    except PrivscanError as error:
        typer.echo(f"privscan: {error}", err=True)
        raise typer.Exit(error.exit_code) from None
    except KeyboardInterrupt:
        typer.echo("privscan: interrupted; a run folder's finished work stays, go on with --resume", err=True)
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


def _interrupted(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt


def main() -> None:
    """Run the command line. Being told to end is taken as Ctrl-C is: tidy up, exit 130."""
    with contextlib.suppress(ValueError):  # not the main thread
        signal.signal(signal.SIGTERM, _interrupted)
    app()
