"""Which files a run reads, and what they are called in its reports and its output."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from privscan import formats
from privscan.errors import UsageError
from privscan.model import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@dataclass(frozen=True, slots=True)
class Input:
    """A file to read: where it is, and its name relative to the root it was found under."""

    path: str
    uri: str
    format: str


@dataclass(slots=True)
class Inputs:
    """What was found under the paths given. `roots` maps back from uri to path for `verify` and `explain`."""

    files: list[Input] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def gather(paths: Sequence[str], exclude: str | None = None) -> Inputs:
    """Return the files of known formats under the paths, in a fixed order; `exclude` is the output folder.

    Names that meet take on the name of the path given, or where that does not do, the way from the common parent.
    UsageError for a path that does not exist, a file of no known format, or an output folder that is, or holds, an
    input. What cannot be read inside a folder is a problem, and the run goes on. A file met twice is read once.
    """
    if exclude is not None:
        _apart(paths, exclude)
    found = Inputs()
    roots: list[tuple[str, list[tuple[str, str]]]] = []
    for path in paths:
        if path == "-":
            roots.append(("", [(path, formats.STDIN)]))
        elif os.path.isdir(path):
            roots.append((name_of(path), sorted(_walk(path, exclude, found), key=lambda f: f[1])))
        elif not os.path.exists(path):
            link = "a link that leads nowhere or in a circle" if os.path.islink(path) else "no such file or folder"
            raise UsageError(f"{path}: {link}")
        elif not formats.name_of(path):
            raise UsageError(
                f"{path}: not a format privscan reads; it reads .jsonl, .ndjson and .jsonlines (plain, "
                ".gz, .zst), .parquet, and WebDataset .tar (plain, .gz)"
            )
        elif not os.path.isfile(path):
            raise UsageError(f"{path}: {_unreadable(path)}")
        else:
            roots.append((os.path.basename(os.path.dirname(os.path.abspath(path))), [(path, os.path.basename(path))]))
    _once(roots, found)
    names = Counter(uri for _, files in roots for _, uri in files)
    crowded = any(count > 1 for count in names.values())
    for root, files in roots:
        for path, uri in files:
            format_ = formats.name_of(uri)
            name = f"{root}/{uri}" if crowded and root else uri
            found.files.append(Input(path, name, format_ or "jsonl"))
    if len({file.uri for file in found.files}) < len(found.files):
        _from_parent(found)
    return found


def _from_parent(found: Inputs) -> None:
    """Call every file by its way from the folder that holds them all, where shorter names meet."""
    real = [file for file in found.files if file.path != "-"]
    parent = os.path.commonpath([os.path.dirname(os.path.abspath(file.path)) for file in real])
    found.files = [
        replace(file, uri=os.path.relpath(file.path, parent).replace(os.sep, "/")) if file.path != "-" else file
        for file in found.files
    ]
    if len({file.uri for file in found.files}) < len(found.files):
        raise UsageError("stdin.jsonl: standard input and a file given are both called so; give the file another name")


def _apart(paths: Sequence[str], out: str) -> None:
    """See that the output goes to no place that is read: never in place, nothing of the user's is replaced."""
    target = os.path.realpath(out)
    for path in paths:
        if path != "-" and _within(path, target):
            where = "is the input" if os.path.realpath(path) == target else f"holds the input {path}"
            raise UsageError(f"--out {out}: {where}; give a folder of its own, the input is never changed")


def _once(roots: list[tuple[str, list[tuple[str, str]]]], found: Inputs) -> None:
    """Leave out files that an earlier path has led to already."""
    seen: set[str] = set()
    for _, files in roots:
        real = [path if path == "-" else os.path.realpath(path) for path, _ in files]
        for place in (again := [place for place, path in enumerate(real) if path in seen]):
            found.notes.append(f"{files[place][1]}: the same file as one already read; not read again")
        gone = set(again)
        files[:] = [file for place, file in enumerate(files) if place not in gone]
        seen.update(real)


def name_of(path: str) -> str:
    """Return the last part of a path, also of `.`."""
    return os.path.basename(os.path.abspath(path))


def _within(path: str, folder: str | None) -> bool:
    return folder is not None and (os.path.realpath(path) + os.sep).startswith(os.path.join(folder, ""))


def _walk(root: str, exclude: str | None, found: Inputs) -> Iterator[tuple[str, str]]:
    """Yield (path, uri) of data files; links to folders are followed once, so that a loop ends."""
    seen: set[tuple[int, int]] = set()
    avoid = os.path.realpath(exclude) if exclude else None
    others = hidden = 0

    def failed(error: OSError) -> None:
        place = os.path.relpath(str(error.filename), root)
        found.problems.append(
            Problem(place, None, "plan", f"cannot be listed ({error.strerror}); give read permission")
        )

    for folder, folders, files in os.walk(root, onerror=failed, followlinks=True):
        folders.sort()
        status = os.stat(folder)
        if (status.st_dev, status.st_ino) in seen:
            found.notes.append(f"{os.path.relpath(folder, root)}: a link to a folder already read; not followed again")
            folders.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        hidden += sum(name.startswith(".") for name in folders)
        folders[:] = [
            name for name in folders if not name.startswith(".") and not _within(os.path.join(folder, name), avoid)
        ]
        for name in files:
            path = os.path.join(folder, name)
            uri = os.path.relpath(path, root).replace(os.sep, "/")
            if not formats.name_of(name):
                others += 1
            elif _within(path, avoid):
                continue
            elif reason := _unreadable(path):
                found.problems.append(Problem(uri, None, "plan", reason))
            else:
                yield path, uri
    if others:
        what = "file" if others == 1 else "files"
        found.notes.append(f"{others} {what} of other kinds under {name_of(root)}: not looked at, nor copied")
    if hidden:
        what = "folder" if hidden == 1 else "folders"
        found.notes.append(f"{hidden} hidden {what} under {name_of(root)}: not looked at, nor copied")


def _unreadable(path: str) -> str:
    """Say why a file cannot be read, and what would help; nothing where it can."""
    if not os.path.exists(path):
        return "a link that leads nowhere or in a circle; mend or remove it"
    if not os.access(path, os.R_OK):
        return "cannot be read (Permission denied); give read permission"
    if not os.path.isfile(path):
        return "is a pipe, a socket or a device; give what it holds as a file, or on standard input as -"
    return ""
