"""One file an output format; `FORMATS` or `LISTS` is the one place a new one is named.

A format is a function `(report, text stream) -> None`, or `(report, listing, text stream) -> None` where it tells of
single findings. Formats of other packages are functions `report -> str` under
the entry point group `privscan.reports`; they are looked up only when asked for by name and cannot take over ours.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from privscan.errors import UsageError, nearest
from privscan.reports.grouped import Listing
from privscan.reports.wording import clip

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

    from privscan.model import Report

__all__ = ["FORMATS", "LISTS", "Listing", "check", "write"]

GROUP = "privscan.reports"

# Name -> module and function; a format is imported when it is asked for.
FORMATS = {
    "ai-act": ("documents.aiact", "write"),
    "card": ("documents.card", "write_whole"),
    "card-section": ("documents.card", "write_section"),
    "console": ("console", "write"),
    "croissant": ("documents.croissant", "write"),
    "datasheet": ("documents.datasheet", "write"),
    "json": ("json", "write"),
    "markdown": ("markdown", "write"),
}


LISTS = {
    "csv": ("csv", "write"),
    "findings": ("findings", "write"),
    "github": ("github", "write"),
    "gitlab": ("gitlab", "write"),
    "html": ("html", "write"),
    "junit": ("junit", "write"),
    "sarif": ("sarif", "write"),
}


SUFFICIENT = frozenset({"html"})
"""Those of `LISTS` that have something to tell without the rows, too."""


def write(report: Report, name: str, stream: TextIO, listing: Listing | None = None) -> None:
    """Write `report` to a text stream in the format called `name`; those of `LISTS` are given `listing`.

    UsageError where there is no such format, or another package's does not load or does not return text.
    """
    if name in FORMATS:
        _ours(*FORMATS[name])(report, stream)
        return
    if name in LISTS:
        _ours(*LISTS[name])(report, listing or Listing(), stream)
        return
    text = _plugin(name)(report)
    if not isinstance(text, str):
        raise UsageError(f'report format "{clip(name)}" returned {type(text).__name__}, not text; ask its authors')
    stream.write(text)


def check(name: str) -> None:
    """Raise UsageError for a format that nobody provides: before any data is read."""
    if name not in FORMATS and name not in LISTS:
        _plugin(name)


def _ours(module: str, function: str) -> Callable[..., None]:
    found: Callable[..., None] = getattr(import_module(f"privscan.reports.{module}"), function)
    return found


def _plugin(name: str) -> Callable[[Report], object]:
    from importlib import metadata

    found = metadata.entry_points(group=GROUP)
    if name not in found.names:
        raise UsageError(f'no report format is called "{clip(name)}"{nearest(name, {*FORMATS, *LISTS, *found.names})}')
    try:
        loaded: Callable[[Report], object] = found[name].load()
    except (ImportError, AttributeError) as error:
        raise UsageError(
            f'report format "{clip(name)}" does not load ({type(error).__name__}); install its package again'
        ) from None
    return loaded
