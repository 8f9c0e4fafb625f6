"""Further verbs of the command line, those that come after a run or before one; `add` hangs them on the app."""

from typing import Annotated, Any

import typer

from privscan import flags, shell
from privscan.errors import UsageError, nearest

_ALONE = Annotated[
    list[str] | None,
    typer.Option("-f", "--format", metavar="FORMAT[=FILE]", help="console (default), markdown, json (repeatable)."),
]


def add(app: typer.Typer) -> None:
    """Hang the verbs on the app."""
    app.command()(diff)
    app.command(name="eval")(eval_)
    app.command()(canary)
    app.command(name="config")(config_)
    app.add_typer(policy_app, name="policy")


def diff(
    earlier: Annotated[str, typer.Argument(metavar="RUN_A", help="Run folder of the earlier version.")],
    later: Annotated[str, typer.Argument(metavar="RUN_B", help="Run folder of the later version.")],
    fail_on: Annotated[
        str | None,
        typer.Option(
            "--fail-on", envvar="PRIVSCAN_FAIL_ON", metavar="LEVEL",
            help="Exit 1 at a new value of this severity: low, medium (default), high, critical, never.",
        ),
    ] = None,
    format_: _ALONE = None,
    quiet: flags.Quiet = False,
) -> None:  # fmt: skip
    """Compare the findings of two runs.

    Both must be made with the same key. Tells the values that are new, gone, and in both.
    Exits 1 when a new one is of medium severity or more (see --fail-on).
    """
    with shell.errors():
        from privscan.compare import diff as compare
        from privscan.config import severity
        from privscan.gate import failed
        from privscan.reports import alone, difference

        formats = format_ or ([] if quiet else ["console"])
        alone.check(formats)
        found = compare(earlier, later)
        verdict = found.verdict(severity(fail_on or "medium"))
        part = difference.section((found.new, found.same, found.gone), found.places, verdict)
        shell.each(formats, lambda name, stream: difference.write(part, verdict, name, stream))
        raise typer.Exit(3 if not found.complete else int(failed(verdict)))


policy_app = typer.Typer(help="Look at policies, and check your own.", no_args_is_help=True, rich_markup_mode=None)


@policy_app.command("list")
def policy_list() -> None:
    """List the policies that come along."""
    from privscan import policy as policies

    with shell.errors(), shell.piped():
        for name in policies.shipped():
            typer.echo(f"{name:20} {policies.load(name).description}")


@policy_app.command("show")
def policy_show(
    name: Annotated[str, typer.Argument(metavar="NAME|FILE", help="A shipped policy, or a TOML file.")],
) -> None:
    """Print a policy as it is written: a start for one of your own."""
    from privscan import operators
    from privscan import policy as policies

    with shell.errors():
        policies.load(name, operators.names)
        with shell.piped():
            typer.echo(policies.text(name), nl=False)


@policy_app.command("check")
def policy_check(
    name: Annotated[str, typer.Argument(metavar="NAME|FILE", help="A shipped policy, or a TOML file.")],
    rules: flags.RuleFiles = None,
) -> None:
    """Check a policy whole.

    Looks at its keys, the rules and entities it names, its operators, and that it looks for anything.
    """
    from privscan import selection

    with shell.errors():
        settings = shell.settings("clean", {"policy": name, "rules": rules})
        selection.check_actions(settings.policy, rules or ())
        entities = {rule.entity for rule in settings.rules}
        typer.echo(f"{name}: {len(settings.rules)} rules, {len(entities)} entities; every name and key in it is known")


def config_(
    context: typer.Context,
    schema: Annotated[
        str | None,
        typer.Option("--schema", metavar="NAME", help="Print a JSON Schema: config, policy, report or finding."),
    ] = None,
) -> None:
    """Print what is configured, or a JSON Schema.

    Tells what a configuration file and the environment set; schemas are for editors and checkers.
    """
    import json

    with shell.errors():
        if schema is None:
            found = context.find_root().default_map or {}
            set_ = {name: value for verb in ("scan", "clean", "dedup") for name, value in found.get(verb, {}).items()}
            with shell.piped():
                typer.echo(json.dumps({"file": set_, "environment": shell.environment()}, indent=1))
            return
        from privscan import schemas

        root: Any = context.find_root().command
        made = {
            "config": lambda: schemas.config(*flags.known(root.commands)),
            "finding": schemas.finding,
            "policy": schemas.policy,
            "report": schemas.report,
        }
        if schema not in made:
            raise UsageError(f'--schema: there is none called "{schema}"{nearest(schema, made)}')
        with shell.piped():
            typer.echo(json.dumps(made[schema](), indent=1))


def eval_(
    gold: Annotated[
        str, typer.Argument(metavar="GOLD", help='JSON Lines of {"text": ..., "spans": [[start, end, TYPE], ...]}.')
    ],
    map_: Annotated[
        str | None, typer.Option("--map", metavar="FILE", help='TOML of TYPE = "ENTITY"; "" leaves a type out.')
    ] = None,
    policy: flags.PolicyName = "standard",
    select: flags.Select = None,
    ignore: flags.Ignore = None,
    region: flags.Region = None,
    rules: flags.RuleFiles = None,
    min_confidence: flags.MinConfidence = None,
    engine: flags.Engine = "",
    ner: flags.Ner = "",
    workers: flags.WorkerCount = None,
    format_: _ALONE = None,
) -> None:
    """Score a policy on labelled texts.

    Tells recall, precision, F2 and leaked characters by entity.
    """
    asked = locals()
    with shell.errors():
        from privscan import measure
        from privscan.reports import alone

        alone.check(format_ or ())
        settings = shell.settings("scan", asked)
        types = measure.mapping(map_, {rule.entity for rule in settings.rules})
        part = measure.section(measure.evaluate(gold, settings, types))
        shell.each(format_ or ["console"], lambda name, stream: alone.write(part, name, stream))


def canary(
    paths: flags.Paths,
    sample: Annotated[int, typer.Option("--sample", min=1, metavar="N", help="Texts of the data to plant in.")] = 100,
    policy: flags.PolicyName = "standard",
    select: flags.Select = None,
    ignore: flags.Ignore = None,
    region: flags.Region = None,
    rules: flags.RuleFiles = None,
    min_confidence: flags.MinConfidence = None,
    workers: flags.WorkerCount = None,
    format_: _ALONE = None,
) -> None:
    """See which planted values a policy misses.

    Invented values are planted in a copy of some texts, and that is cleaned: tells what was found, what survived.
    Exits 1 when a value that is no published sample survives.
    """
    asked = locals() | {"sample": None}  # of texts, not of what is looked at
    with shell.errors():
        from privscan import canary as canaries
        from privscan.reports import alone

        alone.check(format_ or ())
        settings = shell.settings("clean", asked)
        made = canaries.plant(paths, settings, sample)
        part = canaries.section(made)
        shell.each(format_ or ["console"], lambda name, stream: alone.write(part, name, stream, rows=25))
        raise typer.Exit(int(any(entry.survived for entry in made.values())))
