"""Reference sets: the files, folders and saved indexes that rows are compared with and that are never written.

A path that holds data is read and signed as the input is; an index (`dedup.index`) is taken as it was saved.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from privscan import formats, inputs, manifest, pieces
from privscan.dedup import Part
from privscan.errors import ConfigError, InputError
from privscan.model import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from privscan.config import Settings
    from privscan.model import Shard
    from privscan.parallel import Workers

__all__ = ["References", "identity", "sign_against"]


@dataclass(slots=True)
class References:
    """What was signed of the reference sets: a part for each file, and its name, by -1 less its number."""

    parts: list[Part] = field(default_factory=list)
    uris: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def name(self, file: int) -> str:
        """Return the name of the reference file that a part numbers below 0."""
        return self.uris[-1 - file]

    def number(self, uri: str) -> int:
        """Return the number of a further file."""
        self.uris.append(uri)
        return -len(self.uris)

    def missed(self, uri: str, reason: str) -> None:
        """Note a file that was not, or not wholly, compared with."""
        self.problems.append(Problem(uri, None, "against", f"{reason}; rows like what it holds may be left in"))


def identity(settings: Settings) -> list[Any]:
    """Return name, size and time of change of every reference file.

    UsageError for a path that is not there, an index of another version or other settings; InputError for a damaged
    one.
    """
    found: list[Any] = []
    if not settings.dedup.against:
        return found
    from privscan.dedup import index

    for path in settings.dedup.against:
        for file, uri in _files(path):
            if file.endswith(".parquet") and index.is_index(file):
                if settings.dedup.method != "near":
                    raise ConfigError(f"--against {path}: is an index, which is compared with --dedup near only")
                index.check(file, settings.dedup)
            found.append([uri, *manifest.identity(file)])
    return found


def sign_against(settings: Settings, folder: str, workers: Workers) -> References:
    """Sign every reference set of the settings into `folder`, or find it signed there.

    A file that cannot be read to its end, or a record of it, is a problem.
    """
    from privscan.dedup import index

    found = References()
    tasks: list[tuple[Shard, str]] = []
    for number, path in enumerate(settings.dedup.against):
        for place, (file, uri) in enumerate(_files(path)):
            stem = os.path.join(folder, f"against-{number:03d}-{place:06d}")
            if not (file.endswith(".parquet") and index.is_index(file)):
                _plan(found, file, uri, f"{stem}.sign", tasks)
                continue
            for part, name in index.unpack(file, settings.dedup, stem):
                found.parts.append(Part(part, found.number(name)))
    for (shard, target), told in zip(tasks, workers.map(pieces.sign_reference, tasks), strict=True):
        if told:
            found.missed(shard.uri, told)
        if os.path.exists(target):
            found.parts.append(Part(target, shard.file))
    return found


def _plan(found: References, file: str, uri: str, target: str, tasks: list[tuple[Shard, str]]) -> None:
    """Add a file of data to the tasks, as one shard."""
    kind = formats.named(formats.name_of(file) or "jsonl")
    try:
        tasks += [(shard, target) for shard in kind.plan(file, uri, found.number(uri), 1 << 62)]
    except OSError as error:
        found.missed(uri, f"cannot be read ({error.strerror})")
    except InputError as error:
        found.missed(uri, str(error))


def _files(path: str) -> Sequence[tuple[str, str]]:
    """Return (path, name) of the files of a reference set."""
    return [(file.path, file.uri) for file in inputs.gather([path]).files]
