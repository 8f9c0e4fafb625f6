"""The flags of deduplication beyond `--dedup`, as Typer reads them, and the verbs that look at the copies of a run."""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Annotated, Any

import typer

from privscan import flags, shell

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["add", "with_flags"]

_FLAGS: dict[str, tuple[Any, str, str, str]] = {
    # parameter: (type, flag, what stands behind it, help)
    "dedup_preset": (
        str,
        "--dedup-preset",
        "NAME",
        "fineweb, refinedweb, slimpajama or stack: their n-gram and bands.",
    ),
    "ngram": (int, "--ngram", "N", "Words in a shingle; a character of an unspaced script is a word. Default: 5."),
    "bands": (int, "--bands", "N", "Bands of a signature: more find more pairs. Default: 25."),
    "rows": (int, "--rows", "N", "MinHash values in a band: more compare fewer pairs. Default: 5."),
    "dedup_seed": (int, "--dedup-seed", "N", "Which hash functions. Default: 1."),
    "keep": (int, "--keep", "N", "Copies of a text that may stay; 0 keeps all and only lists them. Default: 1."),
    "keep_policy": (str, "--keep-policy", "NAME", "Which stay: first, longest, newest, source, fewest-findings."),
    "keep_field": (str, "--keep-field", "POINTER", "Where the date (newest) or the source stands; default: the file."),
    "source": (list[str], "--source", "NAME", "A source, or folder, for --keep-policy source; repeatable, best first."),
    "dedup_chat": (
        str,
        "--dedup-chat",
        "WHAT",
        "What of a chat is compared: dialogue (all of it, default) or first-turn.",
    ),
    "against": (list[str], "--against", "PATH", "Also drop what repeats this file, folder or index (repeatable)."),
    "save_index": (str, "--save-index", "FILE", "Save the signatures of what stays, Parquet, for a later --against."),
    "list_repeated": (
        str,
        "--list-repeated",
        "WHAT",
        "List each line, paragraph, field, or span (50 words) that stood before.",
    ),
    "dedup_scope": (
        str,
        "--dedup-scope",
        "WHAT",
        "Also remove each field, paragraph or line that many records hold, but for --keep copies. Default: record.",
    ),
    "repeated_over": (
        int,
        "--repeated-over",
        "N",
        "How many records may hold a passage before copies of it are removed. Default: 6; 0 with --dedup substring.",
    ),
    "memory_budget": (str, "--memory-budget", "SIZE", "Memory of the search for duplicates. Default: 1GB."),
}

_FIELDS = {
    "dedup_preset": "preset",
    "dedup_seed": "seed",
    "source": "sources",
    "dedup_chat": "chat",
    "save_index": "index",
    "list_repeated": "repeated",
    "dedup_scope": "scope",
    "repeated_over": "over",
    "memory_budget": "memory",
}
"""What `DedupSettings` calls a parameter where it has another name for it."""


def with_flags(verb: Callable[..., None]) -> Callable[..., None]:
    """Give a verb these flags; it gets them as `dedup_options`, by their names in `DedupSettings`."""
    own = inspect.signature(verb, eval_str=True)
    further = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[kind | None, typer.Option(flag, metavar=metavar, help=told)],
        )
        for name, (kind, flag, metavar, told) in _FLAGS.items()
    ]

    @functools.wraps(verb)
    def wrapped(**given: Any) -> None:
        options = {_FIELDS.get(name, name): given.pop(name) for name in _FLAGS}
        verb(**given, dedup_options=options)

    mine = [parameter for name, parameter in own.parameters.items() if name != "dedup_options"]
    parameters = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in mine] + further
    wrapped.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    wrapped.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return wrapped


def add(app: typer.Typer) -> None:
    """Hang the verbs on the app."""
    told = "Look at the copies a run found."
    verbs = typer.Typer(help=told, no_args_is_help=True, rich_markup_mode=None)
    verbs.command("list")(_list)
    verbs.command("show")(_show)
    app.add_typer(verbs, name="duplicates")


def _list(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Run folder of `clean` or `dedup`.")],
    limit: Annotated[int, typer.Option("--limit", min=1, metavar="N", help="How many.")] = 20,
) -> None:
    """List the largest families of copies."""
    with shell.errors():
        from privscan import duplicates
        from privscan.reports import twins

        found = duplicates.families(run, limit)
        with shell.console() as console:
            twins.families(*found, console)


def _show(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Run folder of `clean` or `dedup`.")],
    row: Annotated[str, typer.Argument(metavar="ROW", help="FILE:ROW, or ROW where the run read one file.")],
    input_: flags.MovedInput = None,
) -> None:
    """Tell why a record went or stayed.

    Shows what it is like, how much, and how they differ, by the shapes of their words.
    """
    with shell.errors():
        from privscan import duplicates
        from privscan.reports import twins

        found = duplicates.family(run, row, moved=input_)
        with shell.console() as console:
            twins.family(found, console)
