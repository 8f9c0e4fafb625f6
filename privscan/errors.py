"""Every error privscan raises on purpose. Each carries a sentence with the place and the remedy, never a value.

PrivscanError
├── UsageError          flags, paths, fields: what was asked for cannot be done      exit 2
│   └── ConfigError     a configuration or policy file is wrong                      exit 2
├── RuleError           a rule pack is wrong                                         exit 2
├── InputError          a file cannot be read, or not to its end                     exit 3
├── OutputError         a result cannot be written                                   exit 3
└── DetectorError       a detector could not look at a record                        exit 3
    └── MissingError    ... because what it needs is not installed here              exit 3
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class PrivscanError(Exception):
    """The root of the tree; `exit_code` is what the command line returns for it."""

    exit_code = 2


class UsageError(PrivscanError):
    """What was asked for cannot be done."""


class ConfigError(UsageError):
    """A configuration or policy file is wrong."""


class RuleError(PrivscanError):
    """A rule pack is wrong."""


class InputError(PrivscanError):
    """A file cannot be read, or not to its end."""

    exit_code = 3


class OutputError(PrivscanError):
    """A result cannot be written."""

    exit_code = 3


class DetectorError(PrivscanError):
    """A detector could not look at a record. The sentence stands in the quarantine: why, and what would help."""

    exit_code = 3


class MissingError(DetectorError):
    """A model or library is not installed here; `what` is the word that --allow-missing takes for it."""

    def __init__(self, what: str, sentence: str) -> None:
        super().__init__(sentence)
        self.what = what


def nearest(word: str, known: Iterable[str], listed: str = "") -> str:
    """Say which known name comes closest, as the tail of an error sentence; `listed` says what shows a long list.

    >>> nearest("standrad", ["standard", "web"])
    '; did you mean "standard"?'
    >>> nearest("q", ["standard", "web"])
    '; known: standard, web'
    """
    names = sorted(known)
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if close:
        return f'; did you mean "{close[0]}"?'
    if len(names) <= 40:
        return f"; known: {', '.join(names)}"
    return f"; {listed or len(names)} {'shows those there are' if listed else 'names are known'}"
