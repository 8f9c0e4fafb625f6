"""Named settings of well-known corpora, and what a user says turned into `DedupSettings`.

The numbers are those the corpora's authors published or their code holds: FineWeb (datatrove's example), RefinedWeb
(arXiv 2306.01116), SlimPajama (Cerebras' card; 13-grams and 128 hashes, of which 9 x 13 suit 0.8) and The Stack
(BigCode; 256 hashes, of which 25 x 10 suit 0.7). Unlike there, every pair is checked exactly here.
"""

from __future__ import annotations

import os
import re
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from privscan.dedup import DedupSettings
from privscan.errors import ConfigError, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["PRESETS", "resolve", "size_of", "told"]

PRESETS: dict[str, dict[str, Any]] = {
    "fineweb": {"ngram": 5, "bands": 14, "rows": 8, "threshold": 0.72},
    "refinedweb": {"ngram": 5, "bands": 450, "rows": 20, "threshold": 0.8},
    "slimpajama": {"ngram": 13, "bands": 9, "rows": 13, "threshold": 0.8},
    "stack": {"ngram": 5, "bands": 25, "rows": 10, "threshold": 0.7},
}

_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,15})?) ?([KMGT]?)i?B?", re.IGNORECASE)
_UNITS = {"": 0, "K": 10, "M": 20, "G": 30, "T": 40}
_ELSEWHERE = ("method", "threshold", "memory")  # the first two are told by themselves


def resolve(method: str, threshold: float | None, options: Mapping[str, Any]) -> DedupSettings:
    """Return the settings for a method and further options; what is said wins over the preset, that over the defaults.

    `options` are fields of `DedupSettings` by name, `preset`, and `memory` as bytes or text; None stands for not said.
    ConfigError for what is unknown or makes no sense.
    """
    said = {name: value for name, value in options.items() if value is not None} | (
        {} if threshold is None else {"threshold": threshold}
    )
    preset = said.pop("preset", None)
    known = {entry.name for entry in fields(DedupSettings)} - {"method"}
    for name in said:
        if name not in known:
            raise ConfigError(f'deduplication option "{name}" is unknown{nearest(name, known)}')
    if preset is not None and preset not in PRESETS:
        raise ConfigError(f'--dedup-preset "{preset}" is unknown{nearest(preset, PRESETS)}')
    if isinstance(said.get("memory"), str):
        said["memory"] = size_of(said["memory"])
    for name in ("sources", "against"):
        if name in said:
            said[name] = tuple(said[name])
    return DedupSettings(method=method, **(PRESETS[preset] if preset else {}) | said)


def told(settings: DedupSettings) -> dict[str, Any]:
    """Return the options that are not the defaults, so that `resolve` makes the same settings of them.

    What changes no row, and where the user's files lie, is left out: `memory`, and all but the names of files.
    """
    usual = DedupSettings()
    found = {
        entry.name: list(value) if isinstance(value, tuple) else value
        for entry in fields(DedupSettings)
        if entry.name not in _ELSEWHERE and (value := getattr(settings, entry.name)) != getattr(usual, entry.name)
    }
    if "against" in found:
        found["against"] = [os.path.basename(os.path.abspath(path)) for path in settings.against]
    if "index" in found:
        found["index"] = os.path.basename(settings.index)
    return found


def size_of(text: str) -> int:
    """Return a size in bytes. ConfigError for text that is none.

    >>> size_of("2GB"), size_of("512 MiB"), size_of("1.5g")
    (2147483648, 536870912, 1610612736)
    """
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise ConfigError(f'--memory-budget "{text[:20]}" is no size; give one as 512MB or 4GB')
    return int(float(found[1]) * (1 << _UNITS[found[2].upper()]))
