"""privscan finds and removes personal data, secrets and repetition in training corpora.

The command line's verbs are functions here, and it can do nothing that they cannot:

>>> from privscan import clean, deduplicate, scan
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from privscan.model import Finding, Policy, Report, Rule

    Path = str | os.PathLike[str]
    Paths = Path | Sequence[Path]

__version__ = "0.1.0"
__all__ = [
    "Finding",
    "Options",
    "Policy",
    "Report",
    "__version__",
    "clean",
    "deduplicate",
    "load_findings",
    "load_rules",
    "scan",
]


class Options(TypedDict, total=False):
    """What every function below takes by name; the command line's flags, with their defaults.

    What to look for: `policy` a shipped name or a TOML file; `select` and `ignore` prefixes of rule ids or entities;
    `region` countries whose national formats count, all when not given; `rule_files` further packs; `min_confidence`
    "low", "medium", "high"; `fields` and `exclude_fields` JSON Pointers with `*`; `engine` "presidio" for its
    recognisers beside ours; `ner` another model for names, as --ner takes it; `require_field` fields every record must
    have a value in, and `allow_values` "FIELD=A,B"; `sample` about how many records a quick look of `scan` takes.

    In pictures and sound: `faces` "default", "precision", "recall", or the path of a YuNet or CenterFace network,
    .onnx; `allow_missing` kinds of media ("faces", "audio") that may pass where their model is not installed;
    `media_root` the folder of the pictures and sound that paths in the data name.

    What counts: `fail_on` a severity or "never"; `gate` limits as "NAME=VALUE" (`privscan.gate.LIMITS`, an entity,
    `min_confidence`); `baseline` and `suppress` files of what is known and of what is excused; `day` the day on which
    excuses may have expired, today when not given.

    Repetition: `dedup` "near", "exact", "contained", "substring", "off"; `dedup_threshold` Jaccard similarity of word
    5-grams; `dedup_fields` JSON Pointers; `dedup_options` the rest by the names of `privscan.dedup.DedupSettings`, and
    `preset`.

    How: `workers` processes (where they are not forked, as on macOS, a script that asks for several keeps its calls
    under `if __name__ == "__main__":`); `key` 16 bytes or more, made for the run and thrown away when not given;
    `samples` whether the report holds masked contexts; `cache_dir` the folder of compiled rules.
    """

    policy: str
    select: Sequence[str]
    ignore: Sequence[str]
    region: Sequence[str]
    rule_files: Sequence[str]
    min_confidence: str
    fields: Sequence[str]
    exclude_fields: Sequence[str]
    engine: str
    ner: str
    require_field: Sequence[str]
    allow_values: Sequence[str]
    sample: int
    faces: str
    allow_missing: Sequence[str]
    media_root: str | None
    fail_on: str
    gate: Sequence[str]
    baseline: str | None
    suppress: Sequence[str]
    day: date | None
    dedup: str
    dedup_threshold: float
    dedup_fields: Sequence[str]
    dedup_options: Mapping[str, Any]
    workers: int
    key: bytes
    samples: bool
    cache_dir: str


def scan(paths: Paths, *, out: Path | None = None, findings: Path | None = None, **options: Unpack[Options]) -> Report:
    """Look for what the policy names and change nothing.

    `paths` are files and folders. `out` is a run folder to write the report and findings to (`load_findings` reads
    them), `findings` a .jsonl or .parquet file for the findings alone. Returns the report; raises a PrivscanError for
    what cannot be asked or written, and reports what cannot be read.
    """
    return _run("scan", paths, out, findings=findings, **options)


def clean(
    paths: Paths, out: Path, *, overwrite: bool = False, resume: bool = False, **options: Unpack[Options]
) -> Report:
    """Write redacted, deduplicated copies of `paths` and a report to the run folder `out`.

    `overwrite` replaces a run that is there, `resume` goes on with one that was cut off. Returns and raises as `scan`.
    """
    options.setdefault("dedup", "near")
    return _run("clean", paths, out, overwrite=overwrite, resume=resume, **options)


def deduplicate(
    paths: Paths, out: Path, *, overwrite: bool = False, resume: bool = False, **options: Unpack[Options]
) -> Report:
    """Write copies of `paths` without repeated records to the run folder `out`; nothing is redacted.

    `overwrite` and `resume` as for `clean`; returns and raises as `scan`.
    """
    options.setdefault("dedup", "near")
    return _run("dedup", paths, out, overwrite=overwrite, resume=resume, **options)


def load_rules(paths: Sequence[str] = ()) -> tuple[Rule, ...]:
    """Return the shipped rules and those of further files or folders `paths`; RuleError names what is wrong in them."""
    from privscan import rules

    return rules.load_rules(paths)


def load_findings(run: Path) -> Iterator[Finding]:
    """Yield the findings of the run folder `run`, file by file and record by record.

    UsageError where there is no whole run, or its findings file is not the one it wrote.
    """
    from privscan import rows

    return rows.findings(os.fspath(run))


def __getattr__(name: str) -> Any:
    if name in __all__:  # the nouns: --help does without them
        from privscan import model

        return getattr(model, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _run(
    command: str,
    paths: Paths,
    out: Path | None,
    *,
    findings: Path | None = None,
    overwrite: bool = False,
    resume: bool = False,
    **options: Unpack[Options],
) -> Report:
    from privscan.config import settings
    from privscan.run import Run

    wanted = settings(command, **options)
    given = [os.fspath(path) for path in ([paths] if isinstance(paths, str | os.PathLike) else paths)]
    folder, file = (None if path is None else os.fspath(path) for path in (out, findings))
    return Run(wanted, given, folder, findings=file, overwrite=overwrite, resume=resume).run()
