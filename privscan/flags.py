"""The flags the verbs share, as Typer reads them: name, environment variable, help."""

from __future__ import annotations

from typing import Annotated, Optional

import typer

Paths = Annotated[
    list[str], typer.Argument(metavar="PATH...", help="Files, folders, or - for JSONL on standard input.")
]
Out = Annotated[str, typer.Option("-o", "--out", metavar="DIR", help="Run folder to write; must be empty or new.")]
PolicyName = Annotated[
    str,
    typer.Option(
        "--policy", envvar="PRIVSCAN_POLICY", metavar="NAME|FILE", help="standard, web, secrets, or a TOML file."
    ),
]
Select = Annotated[
    Optional[list[str]],  # noqa: UP045 - Typer reads it at run time
    typer.Option(
        "--select", envvar="PRIVSCAN_SELECT", metavar="PREFIX", help="Only these rule ids or entities (repeatable)."
    ),
]
Ignore = Annotated[
    Optional[list[str]],  # noqa: UP045
    typer.Option(
        "--ignore", envvar="PRIVSCAN_IGNORE", metavar="PREFIX", help="Not these rule ids or entities (repeatable)."
    ),
]
RuleFiles = Annotated[
    Optional[list[str]],  # noqa: UP045
    typer.Option("--rules", envvar="PRIVSCAN_RULES", metavar="PATH", help="Further rule packs, TOML (repeatable)."),
]
MinConfidence = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(
        "--min-confidence", envvar="PRIVSCAN_MIN_CONFIDENCE", metavar="LEVEL", help="low, medium (default) or high."
    ),
]
FailOn = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(
        "--fail-on", envvar="PRIVSCAN_FAIL_ON", metavar="LEVEL",
        help="Exit 1 at this severity: low, medium, high, critical, never. Default: scan medium, clean never.",
    ),
]  # fmt: skip
Field = Annotated[
    Optional[list[str]],  # noqa: UP045
    typer.Option(
        "--field", envvar="PRIVSCAN_FIELD", metavar="POINTER", help="Only these fields, e.g. /messages/*/content."
    ),
]
ExcludeField = Annotated[
    Optional[list[str]],  # noqa: UP045
    typer.Option(
        "--exclude-field", envvar="PRIVSCAN_EXCLUDE_FIELD", metavar="POINTER", help="Not these fields (repeatable)."
    ),
]
WorkerCount = Annotated[
    Optional[int],  # noqa: UP045
    typer.Option(
        "--workers", envvar="PRIVSCAN_WORKERS", min=1, metavar="N", help="Processes; default: every processor."
    ),
]
KeyFile = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(
        "--key-file", envvar="PRIVSCAN_KEY_FILE", metavar="FILE",
        help="Key of fingerprints and pseudonyms (or its text in PRIVSCAN_KEY). Without one, a key is made and thrown away.",
    ),
]  # fmt: skip
Formats = Annotated[
    Optional[list[str]],  # noqa: UP045
    typer.Option(
        "-f", "--format", metavar="FORMAT[=FILE]", help="console (default), json, html, or a plugin's (repeatable)."
    ),
]
Findings = Annotated[
    Optional[str],  # noqa: UP045
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
        "--dedup", envvar="PRIVSCAN_DEDUP", metavar="METHOD", help="near (exact, then verified MinHash), exact, off."
    ),
]
DedupField = Annotated[
    Optional[list[str]],  # noqa: UP045
    typer.Option(
        "--dedup-field",
        envvar="PRIVSCAN_DEDUP_FIELD",
        metavar="POINTER",
        help="Compare these fields; default: the record's text.",
    ),
]
DedupThreshold = Annotated[
    float,
    typer.Option(
        "--dedup-threshold",
        envvar="PRIVSCAN_DEDUP_THRESHOLD",
        help="Jaccard similarity of word 5-grams at which a row repeats another.",
    ),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace the run that is in --out.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on where the run in --out was cut off.")]
NoSamples = Annotated[bool, typer.Option("--no-samples", help="Put no masked contexts in the report.")]
