"""The flags the verbs share, as Typer reads them: name, environment variable, help; and what a file sets of them."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Paths = Annotated[list[str], typer.Argument(metavar="PATH", help="Files, folders, or - for JSONL on standard input.")]
Out = Annotated[str, typer.Option("-o", "--out", metavar="DIR", help="Run folder to write; must be empty or new.")]
PolicyName = Annotated[
    str,
    typer.Option(
        "--policy",
        envvar="PRIVSCAN_POLICY",
        metavar="NAME|FILE",
        help="standard, web, secrets, gdpr, hipaa-safe-harbor, pci, bipa, biometrics, presidio, or a file.",
    ),
]
Select = Annotated[
    list[str] | None,
    typer.Option(
        "--select",
        envvar="PRIVSCAN_SELECT",
        metavar="PREFIX",
        help="Only these rule ids or entities, as pii.us,PERSON (repeatable).",
    ),
]
Ignore = Annotated[
    list[str] | None,
    typer.Option(
        "--ignore", envvar="PRIVSCAN_IGNORE", metavar="PREFIX", help="Not these rule ids or entities (repeatable)."
    ),
]
Region = Annotated[
    list[str] | None,
    typer.Option(
        "--region",
        envvar="PRIVSCAN_REGION",
        metavar="us,de",
        help="National formats of these countries only; unasked, all, and more of a record's own country.",
    ),
]
RuleFiles = Annotated[
    list[str] | None,
    typer.Option("--rules", envvar="PRIVSCAN_RULES", metavar="PATH", help="Further rule packs, TOML (repeatable)."),
]
MinConfidence = Annotated[
    str | None,
    typer.Option(
        "--min-confidence", envvar="PRIVSCAN_MIN_CONFIDENCE", metavar="LEVEL", help="low, medium (default) or high."
    ),
]
Engine = Annotated[
    str,
    typer.Option(
        "--engine", envvar="PRIVSCAN_ENGINE", metavar="NAME",
        help="presidio: every recogniser of presidio-analyzer beside our rules; slow.",
    ),
]  # fmt: skip
Ner = Annotated[
    str,
    typer.Option(
        "--ner", envvar="PRIVSCAN_NER", metavar="MODEL",
        help="Another model for names: rampart; hub:WHERE or gliner:WHERE, ONNX; spacy:WHERE, with Presidio. "
        "WHERE is a folder or an installed or fetched model's name.",
    ),
]  # fmt: skip
FailOn = Annotated[
    str | None,
    typer.Option(
        "--fail-on", envvar="PRIVSCAN_FAIL_ON", metavar="LEVEL",
        help="Exit 1 at this severity or above: low, medium, high, critical; or never. Default: scan medium, "
        "clean never.",
    ),
]  # fmt: skip
GateLimits = Annotated[
    list[str] | None,
    typer.Option(
        "--gate", envvar="PRIVSCAN_GATE", metavar="NAME=VALUE",
        help="Exit 1 over a limit: max_findings, max_per_million (records), max_duplicates, max_quarantined (shares), "
        "or an ENTITY's findings; min_confidence=LEVEL says what counts (repeatable).",
    ),
]  # fmt: skip
Baseline = Annotated[
    str | None,
    typer.Option(
        "--baseline", envvar="PRIVSCAN_BASELINE", metavar="FILE",
        help="Findings of these values are known and fail no gate; needs the key the file was made with.",
    ),
]  # fmt: skip
WriteBaseline = Annotated[
    str | None, typer.Option("--write-baseline", metavar="FILE", help="Write what was found as a baseline.")
]
Suppress = Annotated[
    list[str] | None,
    typer.Option(
        "--suppress", envvar="PRIVSCAN_SUPPRESS", metavar="FILE",
        help="TOML with [[suppress]] tables: findings excused, why, and until when (repeatable).",
    ),
]  # fmt: skip
RequireField = Annotated[
    list[str] | None,
    typer.Option(
        "--require-field", envvar="PRIVSCAN_REQUIRE_FIELD", metavar="FIELD",
        help="Records without a value in this field are findings (PROVENANCE), e.g. license or /meta/consent "
        "(repeatable).",
    ),
]  # fmt: skip
AllowValues = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-values", envvar="PRIVSCAN_ALLOW_VALUES", metavar="[FIELD=]A,B",
        help="With --require-field: records with another value than these are findings too (repeatable).",
    ),
]  # fmt: skip
Faces = Annotated[
    str,
    typer.Option(
        "--faces", envvar="PRIVSCAN_FACES", metavar="MODE",
        help="default, precision (fewer false alarms), recall (fainter faces, and pictures lying on their side); or "
        "FILE.onnx, a YuNet or CenterFace model of your own.",
    ),
]  # fmt: skip
MediaRoot = Annotated[
    str | None,
    typer.Option(
        "--media-root", envvar="PRIVSCAN_MEDIA_ROOT", metavar="DIR",
        help="Look into the pictures and sound that paths in the data name, under this folder. The files are left as "
        "they are: clean takes out the path of one in which something is found.",
    ),
]  # fmt: skip
AllowMissing = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-missing", envvar="PRIVSCAN_ALLOW_MISSING", metavar="faces,audio",
        help="Pass on pictures or sound that cannot be looked at because a model is not installed.",
    ),
]  # fmt: skip
Sample = Annotated[
    int,
    typer.Option(
        "--sample",
        min=0,
        metavar="N",
        help="Look at about N records only and estimate the rest, with intervals; exits 3 where any was not looked at.",
    ),
]
Audit = Annotated[
    str | None,
    typer.Option(
        "--audit", envvar="PRIVSCAN_AUDIT", metavar="FILE",
        help="Add the run to this log, each line of which is chained to the one before; needs -o.",
    ),
]  # fmt: skip
SignKey = Annotated[
    str | None,
    typer.Option(
        "--sign-key", envvar="PRIVSCAN_SIGN_KEY", metavar="FILE",
        help="Ed25519 private key (PEM) to sign the manifest, and the line of --audit, with; needs -o.",
    ),
]  # fmt: skip
Field = Annotated[
    list[str] | None,
    typer.Option(
        "--field",
        envvar="PRIVSCAN_FIELD",
        metavar="POINTER",
        help="Only these fields, e.g. /messages/*/content (repeatable).",
    ),
]
ExcludeField = Annotated[
    list[str] | None,
    typer.Option(
        "--exclude-field", envvar="PRIVSCAN_EXCLUDE_FIELD", metavar="POINTER", help="Not these fields (repeatable)."
    ),
]
WorkerCount = Annotated[
    int | None,
    typer.Option(
        "--workers", envvar="PRIVSCAN_WORKERS", min=1, metavar="N", help="Processes; default: every processor."
    ),
]
KeyFile = Annotated[
    str | None,
    typer.Option(
        "--key-file", envvar="PRIVSCAN_KEY_FILE", metavar="FILE",
        help="Key of fingerprints and pseudonyms (or its text in PRIVSCAN_KEY); else one is made and thrown away.",
    ),
]  # fmt: skip
MovedInput = Annotated[
    str | None, typer.Option("--input", metavar="PATH", help="Where the inputs are now, if they have moved.")
]
RunKey = Annotated[
    str | None,
    typer.Option(
        "--key-file", envvar="PRIVSCAN_KEY_FILE", metavar="FILE",
        help="The run's key (or its text in PRIVSCAN_KEY), which pseudonyms and hashes need to be made again.",
    ),
]  # fmt: skip
RunAudit = Annotated[
    str | None,
    typer.Option(
        "--audit", envvar="PRIVSCAN_AUDIT", metavar="FILE",
        help="The log the run was added to: is it whole, and does it name this run?",
    ),
]  # fmt: skip
Formats = Annotated[
    list[str] | None,
    typer.Option(
        "-f",
        "--format",
        metavar="FORMAT[=FILE]",
        help="console (default), json, html, markdown, sarif, gitlab, github, junit, csv, findings; documents: card, "
        "card-section, croissant, ai-act, datasheet; or a plugin's (repeatable).",
    ),
]
Findings = Annotated[
    str | None,
    typer.Option(
        "--findings",
        envvar="PRIVSCAN_FINDINGS",
        metavar="FILE",
        help="Write every finding to a .jsonl or .parquet file.",
    ),
]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Print nothing but errors.")]
Verbose = Annotated[bool, typer.Option("-v", "--verbose", help="Print every problem on standard error.")]
Dedup = Annotated[
    str,
    typer.Option(
        "--dedup",
        envvar="PRIVSCAN_DEDUP",
        metavar="METHOD",
        help="near (exact, then verified MinHash), exact, contained (texts inside longer ones too), substring (exact, "
        "then runs of 50 words), off.",
    ),
]
DedupField = Annotated[
    list[str] | None,
    typer.Option(
        "--dedup-field",
        envvar="PRIVSCAN_DEDUP_FIELD",
        metavar="POINTER",
        help="Compare these fields; default: the record's text.",
    ),
]
DedupThreshold = Annotated[
    float | None,
    typer.Option(
        "--dedup-threshold",
        envvar="PRIVSCAN_DEDUP_THRESHOLD",
        metavar="SHARE",
        help="Jaccard similarity of word 5-grams that makes a repetition. Default: 0.8.",
    ),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace the run that is in --out.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on where the run in --out was cut off.")]
GroupBy = Annotated[
    str | None,
    typer.Option(
        "--group-by",
        metavar="WHAT",
        help="secret: a row for each different one, with how often and where it stands (-f console, markdown, json).",
    ),
]
NoSamples = Annotated[bool, typer.Option("--no-samples", help="Put no masked contexts in the report.")]

SAID = frozenset(
    {
        "paths",
        "out",
        "quiet",
        "verbose",
        "overwrite",
        "resume",
        "write_baseline",
        "audit",
        "sign_key",
        "sample",
        "group_by",
    }
)
"""What no file sets: where to, how talkative, and what may be replaced are said on the spot."""


_KINDS = {"dedup_threshold": float} | dict.fromkeys(
    ("workers", "ngram", "bands", "rows", "dedup_seed", "keep", "repeated_over"), int
)
"""What a file must give for a flag that is no text."""


def defaults(commands: Mapping[str, Any], path: str | None) -> dict[str, dict[str, Any]]:
    """Return what a configuration file sets, by verb and parameter; ConfigError where it is wrong."""
    from privscan.config import file_defaults

    found = file_defaults(path, known(commands)[0])
    return {
        name: {param.name: found[_flag(param)] for param in command.params if _flag(param) in found}
        for name, command in commands.items()
        if hasattr(command, "params")
    }


def known(commands: Mapping[str, Any]) -> tuple[dict[str, type], dict[str, str]]:
    """Return the keys a configuration file may set: their types, and what each is for."""
    shared = [param for name in ("scan", "clean", "dedup") for param in commands[name].params if param.name not in SAID]
    return {_flag(param): _kind(param) for param in shared}, {_flag(param): param.help or "" for param in shared}


def _flag(param: Any) -> str:
    return str(max(param.opts, key=len)).removeprefix("--")


def _kind(param: Any) -> type:
    """Return the type a configuration file must give for a flag: list, bool, int, float or str."""
    if param.multiple:
        return list
    return bool if param.is_flag else _KINDS.get(param.name, str)


class Verbs(TyperGroup):
    """The group of the verbs. It takes text as it was given, and leaves to Typer whatever else there is to read.

    Typer has pydantic read every value, whose start takes as long as looking at a megabyte.
    """

    def __init__(self, **told: Any) -> None:
        super().__init__(**told)
        waiting: list[Any] = [self]
        while waiting:
            entry = waiting.pop()
            waiting += getattr(entry, "commands", {}).values()
            entry.get_params = functools.partial(_plain, entry.get_params)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Take --config from wherever it stands, before the verb or behind it."""
        return super().parse_args(ctx, _in_front(args))


def _in_front(args: list[str]) -> list[str]:
    """Return arguments with --config first.

    >>> _in_front(["scan", "a.jsonl", "--config", "b.toml", "-q"])
    ['--config', 'b.toml', 'scan', 'a.jsonl', '-q']
    """
    end = args.index("--") if "--" in args else len(args)
    for at, word in enumerate(args[:end]):
        if word == "--config" or word.startswith("--config="):
            beyond = at + (2 if word == "--config" else 1)
            return [*args[at:beyond], *args[:at], *args[beyond:]]
    return args


def _plain(params: Callable[[Any], list[Any]], context: Any) -> list[Any]:
    """Return the parameters of a verb, made to read values by `_taken`."""
    found = params(context)
    for param in found:
        if "process_value" not in vars(param):
            param.process_value = functools.partial(_taken, param, param.process_value)
        if param.param_type_name == "argument":
            param.display_type_rich = _unsaid  # of an argument, help would say that it is text
    return found


def _unsaid(ctx: Any) -> None:
    """Return no name of a type."""


def _taken(param: Any, read: Callable[..., Any], context: Any, value: Any) -> Any:
    """Return a parameter's value as `read` does, without calling it where the value is text already, or not given."""
    kind = getattr(getattr(param, "type_descriptor", None), "annotation", None)
    several = param.multiple or param.nargs == -1
    if value is None and not param.required:
        found: Any = () if several else None
    elif kind is str and isinstance(value, str):
        found = value
    elif several and kind == list[str] and isinstance(value, list | tuple) and value and set(map(type, value)) == {str}:
        found = list(value)
    elif kind is int and _within(value, param.type_descriptor.parameter_info):
        found = int(value)
    else:
        return read(context, value)
    return found if param.callback is None else param.callback(context, param, found)


def _within(value: Any, limits: Any) -> bool:
    """Say whether a value is a whole number in digits, and none that the flag does not take."""
    digits = str(value)
    if not digits.isdecimal() or not digits.isascii() or len(digits) > 9:
        return False
    least, most = limits.min, limits.max
    return (least is None or int(value) >= least) and (most is None or int(value) <= most)
