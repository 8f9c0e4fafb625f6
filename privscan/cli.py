"""The command line: one function a verb. With `shell.py` the only room that prints, exits or reads the environment."""

import contextlib
import gc
import os
import signal
from typing import Annotated, Any

import typer

from privscan import __version__, flags, repetition, shell, verbs
from privscan.errors import UsageError
from privscan.writing import check_place

app = typer.Typer(
    name="privscan",
    cls=flags.Verbs,
    help="Find and remove personal data, secrets and repetition in training corpora (JSONL, Parquet). Works offline.",
    epilog="Exit codes: 0 complete and nothing at or over --fail-on · 1 findings · 2 usage, config or rules wrong · "
    "3 incomplete · 130 interrupted.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help: half the time, and brackets stay
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
            help="Default: privscan.toml, else [tool.privscan] of pyproject.toml. May stand behind the verb, too.",
        ),
    ] = None,
    _version: Annotated[
        bool,
        typer.Option(
            "-V", "--version", callback=lambda value: _print_version(on=value), is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    with shell.errors():
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
    region: flags.Region = None,
    rules: flags.RuleFiles = None,
    min_confidence: flags.MinConfidence = None,
    engine: flags.Engine = "",
    ner: flags.Ner = "",
    fail_on: flags.FailOn = None,
    gate: flags.GateLimits = None,
    baseline: flags.Baseline = None,
    write_baseline: flags.WriteBaseline = None,
    suppress: flags.Suppress = None,
    require_field: flags.RequireField = None,
    allow_values: flags.AllowValues = None,
    sample: flags.Sample = 0,
    audit: flags.Audit = None,
    sign_key: flags.SignKey = None,
    field: flags.Field = None,
    exclude_field: flags.ExcludeField = None,
    faces: flags.Faces = "default",
    allow_missing: flags.AllowMissing = None,
    media_root: flags.MediaRoot = None,
    workers: flags.WorkerCount = None,
    key_file: flags.KeyFile = None,
    findings: flags.Findings = None,
    format_: flags.Formats = None,
    group_by: flags.GroupBy = None,
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
@repetition.with_flags
def clean(
    paths: flags.Paths,
    out: flags.Out,
    policy: flags.PolicyName = "standard",
    select: flags.Select = None,
    ignore: flags.Ignore = None,
    region: flags.Region = None,
    rules: flags.RuleFiles = None,
    min_confidence: flags.MinConfidence = None,
    engine: flags.Engine = "",
    ner: flags.Ner = "",
    fail_on: flags.FailOn = None,
    gate: flags.GateLimits = None,
    suppress: flags.Suppress = None,
    require_field: flags.RequireField = None,
    allow_values: flags.AllowValues = None,
    audit: flags.Audit = None,
    sign_key: flags.SignKey = None,
    field: flags.Field = None,
    exclude_field: flags.ExcludeField = None,
    faces: flags.Faces = "default",
    allow_missing: flags.AllowMissing = None,
    media_root: flags.MediaRoot = None,
    dedup: flags.Dedup = "near",
    dedup_field: flags.DedupField = None,
    dedup_threshold: flags.DedupThreshold = None,
    workers: flags.WorkerCount = None,
    key_file: flags.KeyFile = None,
    findings: flags.Findings = None,
    format_: flags.Formats = None,
    no_samples: flags.NoSamples = False,
    overwrite: flags.Overwrite = False,
    resume: flags.Resume = False,
    quiet: flags.Quiet = False,
    verbose: flags.Verbose = False,
    dedup_options: dict[str, Any] | None = None,
) -> None:
    """Write redacted copies without repeated records. The main job; findings and a report come with them."""
    _run("clean", paths, out, locals())


@app.command(name="dedup")
@repetition.with_flags
def dedup_(
    paths: flags.Paths,
    out: flags.Out,
    dedup: flags.Dedup = "near",
    dedup_field: flags.DedupField = None,
    dedup_threshold: flags.DedupThreshold = None,
    workers: flags.WorkerCount = None,
    audit: flags.Audit = None,
    sign_key: flags.SignKey = None,
    format_: flags.Formats = None,
    overwrite: flags.Overwrite = False,
    resume: flags.Resume = False,
    quiet: flags.Quiet = False,
    verbose: flags.Verbose = False,
    dedup_options: dict[str, Any] | None = None,
) -> None:
    """Write copies without repeated records; nothing is redacted."""
    _run("dedup", paths, out, locals())


@app.command()
def verify(
    run: Annotated[str, typer.Argument(metavar="DIR", help="Run folder of `clean` or `dedup`.")],
    input_: flags.MovedInput = None,
    key_file: flags.RunKey = None,
    audit: flags.RunAudit = None,
    public_key: Annotated[
        str | None,
        typer.Option("--public-key", metavar="FILE", help="Ed25519 public key (PEM): is the run signed by it?"),
    ] = None,
    quiet: flags.Quiet = False,
) -> None:
    """Prove a run's promises on its own files.

    Looks at accounts, coverage, untouched bytes, quarantine and values in reports; runs and scans again.
    Exits 1 when one does not hold, 3 when the inputs are not there to look.
    """
    with shell.errors():
        from privscan.reports import tables
        from privscan.verify import exit_code
        from privscan.verify import verify as prove

        checks = prove(
            run, moved=input_, key=shell.key(key_file)[0], cache_dir=shell.cache(), audit=audit, public=public_key
        )
        if not quiet:
            with shell.console() as console:
                tables.checks(checks, console)
        raise typer.Exit(exit_code(checks))


@app.command()
def report(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Run folder, or its report.json.")],
    format_: flags.Formats = None,
    findings: flags.Findings = None,
    group_by: flags.GroupBy = None,
) -> None:
    """Print or write the report of an earlier run. Nothing is scanned again."""
    with shell.errors():
        from privscan import manifest, rows

        formats = shell.chosen(format_, quiet=findings is not None and not format_, group_by=group_by)
        told = rows.report(run)
        if findings is not None:
            manifest.check_findings(findings)
            rows.check(run, "findings.jsonl")
            manifest.export_findings(rows.path(run), findings)
        shell.write(told, formats, run if os.path.isdir(run) else None, group_by)


@app.command()
def explain(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Run folder.")],
    finding: Annotated[str, typer.Argument(metavar="FINDING", help="A finding's id, or the start of one.")],
    input_: flags.MovedInput = None,
) -> None:
    """Tell why something was found.

    Shows the rule, its validators, the context, and each step of the confidence; the value is masked.
    """
    from privscan.explain import explain as tell

    with shell.errors():
        told = tell(run, finding, moved=input_)
        with shell.console() as console:
            told.show(console)


@rules_app.command("list")
def rules_list(
    policy: flags.PolicyName = "standard",
    select: flags.Select = None,
    ignore: flags.Ignore = None,
    region: flags.Region = None,
    rules: flags.RuleFiles = None,
) -> None:
    """List the rules a policy uses."""
    asked = locals()
    with shell.errors():
        from privscan.reports import tables

        settings = shell.settings("scan", asked)
        with shell.console() as console:
            tables.rules(settings.rules, console)


@rules_app.command("show")
def rules_show(
    rule: Annotated[str, typer.Argument(metavar="ID", help="A rule's id, the head of one, or an entity.")],
    rules: flags.RuleFiles = None,
) -> None:
    """Show rules: pattern, validators, context, examples, references."""
    from privscan import rules as packs
    from privscan.reports import tables

    with shell.errors():
        found = packs.select(packs.load_rules(rules or (), shell.cache()), [rule], [])
        with shell.console() as console:
            for entry in [entry for entry in found if entry.id == rule] or found:
                tables.rule(entry, console)


@rules_app.command("check")
def rules_check(
    path: Annotated[
        str | None, typer.Argument(metavar="PATH", help="A rule pack of yours; default: the shipped packs.")
    ] = None,
) -> None:
    """Run every check on rules.

    Looks for their examples through the whole engine, for counter-examples, time, overlaps. Exits 2 where one fails.
    """
    from privscan.checks import check
    from privscan.reports import tables

    with shell.errors():
        failures, count = check(path, cache_dir=shell.cache())
        with shell.console() as console:
            tables.rule_checks(failures, count, console)
        raise typer.Exit(2 if failures else 0)


verbs.add(app)
repetition.add(app)


# ---------------------------------------------------------------- what the verbs share


def _run(command: str, paths: list[str], out: str | None, options: dict[str, Any]) -> None:
    with shell.errors(resumes=command != "scan"):
        from privscan.gate import exit_code

        key, source = shell.key(options.get("key_file"))
        formats = shell.chosen(options["format_"], quiet=options["quiet"], group_by=options.get("group_by"))
        samples = not options.get("no_samples")
        settings = shell.settings(command, options, key=key, key_source=source, samples=samples)
        signer = shell.signer(out, options.get("audit"), options.get("sign_key"))
        baseline = options.get("write_baseline")
        if baseline and source == "ephemeral":
            raise UsageError("--write-baseline: needs a key that is kept, to compare with later; give --key-file")
        check_place(baseline, "--write-baseline ")
        with contextlib.ExitStack() as stack:
            folder = out
            if out is None and (
                baseline or options.get("group_by") or shell.lists(formats)
            ):  # kept for as long as it takes to tell of them
                import tempfile

                folder = os.path.join(stack.enter_context(tempfile.TemporaryDirectory(prefix="privscan-")), "run")
            told = _told(settings, paths, folder, options)
            signer(folder)
            shell.write(told, formats, folder, options.get("group_by"))
            if baseline:
                from privscan.compare import write_baseline

                write_baseline(str(folder), baseline)
            if out is not None and "console" in formats:
                with shell.piped():
                    typer.echo(f"Run folder: {out} (report.html, report.json, findings.jsonl, manifest.json)")
        raise typer.Exit(exit_code(told))


def _told(settings: Any, paths: list[str], out: str | None, options: dict[str, Any]) -> Any:
    """Run, with the bar; return the report."""
    from privscan.progress import Progress
    from privscan.run import Run

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
    if run.over and not options["quiet"]:
        typer.echo(f"privscan: {out}: this run is whole, nothing was left to do; its report follows", err=True)
    shown = told.problems if options["verbose"] else told.problems[:1] if options["quiet"] else ()
    for problem in shown:
        where = problem.uri if problem.record is None else f"{problem.uri}, record {problem.record}"
        reason = problem.reason.removeprefix(f"{problem.uri}: ")
        typer.echo(f"privscan: {where}: {reason} ({problem.stage})", err=True)
    if shown and len(told.problems) > len(shown):
        typer.echo(f"privscan: and {len(told.problems) - len(shown)} more; -v tells each", err=True)
    return told


def _interrupted(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt


def main() -> None:
    """Run the command line. Being told to end is taken as Ctrl-C is: tidy up, exit 130."""
    for name in ("OPENBLAS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):  # our matrices are small: threads would only wait
        os.environ.setdefault(name, "1")
    gc.set_threshold(20_000)  # rules and parse trees are many objects that stay: not to be gone through so often
    with contextlib.suppress(ValueError):  # not the main thread
        signal.signal(signal.SIGTERM, _interrupted)
    try:
        app()
    finally:
        gc.freeze()  # what is left goes with the process: nobody need look for rubbish in it
