"""The run folder: its names, the work kept for a resume, and files that appear whole or not at all.

    data/...            redacted copies      findings.jsonl    duplicates.jsonl    quarantine.jsonl
    report.json         report.html          manifest.json     .work/              gone when the run is whole
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from privscan.errors import OutputError, UsageError
from privscan.model import Problem, Tally
from privscan.shard import Result

if TYPE_CHECKING:
    from collections.abc import Iterable

WORK = ".work"
OURS = frozenset(
    {"data", "findings.jsonl", "findings.parquet", "duplicates.jsonl", "quarantine.jsonl", "report.json", "report.html"}
    | {"manifest.json", WORK}
)
COUNTERS = ("outcomes", "findings", "fields", "files", "reasons", "methods")


class RunFolder:
    """An output folder being filled. OutputError names the path and the remedy when something cannot be written."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.work = os.path.join(path, WORK)

    def open(self, *, overwrite: bool, resume: bool, stamp: dict[str, Any]) -> bool:
        """Make the folder ready; return True when earlier work with the same stamp is to be continued.

        UsageError for a folder that is not empty, unless told to overwrite a run folder or resume this very run.
        """
        plan = os.path.join(self.work, "plan.json")
        there = set(os.listdir(self.path)) if os.path.isdir(self.path) else set()
        if os.path.exists(self.path) and not os.path.isdir(self.path):
            raise UsageError(f"{self.path}: is a file; --out takes a folder")
        if resume and os.path.exists(plan):
            if _read(plan) != json.loads(json.dumps(stamp)):
                raise UsageError(f"{self.path}: the work in it is of other inputs or settings; give --overwrite to start anew")
            return True
        if resume and "manifest.json" in there:
            raise UsageError(f"{self.path}: this run is whole; nothing to resume")
        if there and not overwrite and not (resume and there <= {WORK}):
            raise UsageError(f"{self.path}: is not empty; give --overwrite, --resume or another folder")
        if strange := sorted(there - OURS):
            raise UsageError(f"{self.path}: holds {strange[0]}, which is no part of a run; --overwrite only replaces a run folder")
        with _writing(self.path):
            for name in there:
                whole = os.path.join(self.path, name)
                shutil.rmtree(whole) if os.path.isdir(whole) and not os.path.islink(whole) else os.unlink(whole)
            os.makedirs(self.work, exist_ok=True)
            self._put(plan, json.dumps(stamp))
        return False

    def stem(self, index: int) -> str:
        """Return the stem of a shard's part files."""
        return os.path.join(self.work, f"shard-{index:06d}")

    def remember(self, result: Result) -> None:
        """Keep a finished shard's result, written last and by rename: what it names is whole."""
        stem = self.stem(result.index)
        self._put(f"{stem}.json", json.dumps({"result": pack(result), "parts": digests(stem)}))

    def recall(self, index: int) -> Result | None:
        """Return a shard's result when its part files are as they were left, or already joined into their file."""
        stem = self.stem(index)
        kept = _read(f"{stem}.json")
        if kept is None or (kept["parts"] != digests(stem) and not os.path.exists(f"{stem}.joined")):
            return None
        return unpack(kept["result"])

    def put(self, name: str, text: str | bytes) -> None:
        """Write a file of the run folder by rename."""
        self._put(os.path.join(self.path, name), text)

    def _put(self, path: str, text: str | bytes) -> None:
        with _writing(path):
            os.makedirs(os.path.dirname(path), exist_ok=True)
            temporary = os.path.join(self.work, f"{os.path.basename(path)}.tmp")
            with open(temporary, "wb") as file:
                file.write(text.encode("utf-8", "backslashreplace") if isinstance(text, str) else text)
            os.replace(temporary, path)

    def join(self, name: str, parts: Iterable[str]) -> None:
        """Join part files, in order, into a file of the run folder that appears whole."""
        target = os.path.join(self.work, f"{name}.tmp")
        with _writing(target):
            with open(target, "wb") as out:
                for part in parts:
                    if os.path.exists(part):
                        with open(part, "rb") as source:
                            shutil.copyfileobj(source, out, 1 << 20)
            os.replace(target, os.path.join(self.path, name))

    def close(self) -> None:
        """Throw the work away: the run is whole."""
        shutil.rmtree(self.work, ignore_errors=True)


class _writing:  # noqa: N801 - reads as a word at its use
    """Turn what the system says about writing into a sentence with place and remedy."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __enter__(self) -> None: ...

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, OSError):
            raise unwritable(self.path, error) from None


def unwritable(path: str, error: OSError) -> OutputError:
    """Return the error for a path that cannot be written."""
    return OutputError(f"{path}: cannot be written ({error.strerror}); free space or give write permission, then run again with --resume")


def digests(stem: str) -> dict[str, str]:
    """Return the sha256 of each part file of a shard."""
    return {kind: sha256(path) for kind in ("data", "findings", "quarantine") if os.path.exists(path := f"{stem}.{kind}")}


def sha256(path: str) -> str:
    """Return the hex digest of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def pack(result: Result) -> dict[str, Any]:
    """Return a result as JSON: counters become lists of [key, count]."""
    tally = result.tally
    counters = {
        name: [[list(key) if isinstance(key, tuple) else key, count] for key, count in getattr(tally, name).items()]
        for name in COUNTERS
    }
    return {
        "index": result.index,
        "tally": {"records": tally.records, "bytes": tally.bytes, **counters},
        "problems": [asdict(problem) for problem in result.problems],
        "samples": result.samples,
        "broken": result.broken,
    }


def unpack(kept: dict[str, Any]) -> Result:
    """Undo `pack`."""
    tally = Tally(kept["tally"]["records"], kept["tally"]["bytes"])
    for name in COUNTERS:
        rows = kept["tally"][name]
        setattr(tally, name, Counter({tuple(key) if isinstance(key, list) else key: count for key, count in rows}))
    problems = [Problem(**problem) for problem in kept["problems"]]
    return Result(kept["index"], tally, problems, kept["samples"], kept["broken"])


def _read(path: str) -> Any | None:
    try:
        with open(path, "rb") as file:
            return json.load(file)
    except (OSError, ValueError):
        return None
