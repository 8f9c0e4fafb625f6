"""privscan finds and removes personal data, secrets and repetition in training corpora.

The command line's verbs are functions here, and it can do nothing that they cannot:

>>> from privscan import scan, clean
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from privscan.model import Finding, Policy, Report

if TYPE_CHECKING:
    from collections.abc import Sequence

    from privscan.model import Rule

__version__ = "0.1.0"
__all__ = ["Finding", "Policy", "Report", "__version__", "clean", "dedup", "load_rules", "scan"]


def scan(paths: str | Sequence[str], *, out: str | None = None, findings: str | None = None, **options: Any) -> Report:
    """Look for what the policy names and change nothing.

    `paths` are files and folders. `out` is a run folder to write the report and findings to, `findings` a .jsonl or
    .parquet file for the findings alone. `options` are those of `privscan.config.settings` (policy, select, ignore,
    min_confidence, fail_on, fields, exclude_fields, workers, key, ...). Returns the report; raises a PrivscanError
    for what could not be asked or written, and reports what could not be read.
    """
    return _run("scan", paths, out, findings=findings, **options)


def clean(paths: str | Sequence[str], out: str, *, overwrite: bool = False, resume: bool = False, **options: Any) -> Report:
    """Write redacted, deduplicated copies of `paths` and a report to the run folder `out`.

    `options` as for `scan`, and `dedup` ("near", "exact", "off"), `dedup_fields`, `dedup_threshold`.
    """
    options.setdefault("dedup", "near")
    return _run("clean", paths, out, overwrite=overwrite, resume=resume, **options)


def dedup(paths: str | Sequence[str], out: str, *, overwrite: bool = False, resume: bool = False, **options: Any) -> Report:
    """Write copies of `paths` without repeated records to the run folder `out`; nothing is redacted."""
    options.setdefault("dedup", "near")
    return _run("dedup", paths, out, overwrite=overwrite, resume=resume, **options)


def load_rules(paths: Sequence[str] = ()) -> tuple[Rule, ...]:
    """Return the shipped rules and those of further files or folders; RuleError names what is wrong in them."""
    from privscan import rules

    return rules.load_rules(paths)


def _run(
    command: str,
    paths: str | Sequence[str],
    out: str | None,
    *,
    findings: str | None = None,
    overwrite: bool = False,
    resume: bool = False,
    **options: Any,
) -> Report:
    from privscan.config import settings
    from privscan.run import Run

    wanted = settings(command, **options)
    given = [paths] if isinstance(paths, str) else list(paths)
    return Run(wanted, given, out, findings=findings, overwrite=overwrite, resume=resume).run()
