"""Keeps what is slow to make between runs: files of the cache folder, sealed with their own digest.

A file that is not whole counts as absent, and a folder that cannot be written costs time, not the run. What nobody has
asked for in a month goes when something new comes: other versions, policies and rules leave theirs behind.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import re
import tempfile
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE, LOOK_AGAIN = 60.0, 0.05  # seconds to wait for another process that makes the same
DAY = 86_400.0  # seconds
LONGEST = 30 * DAY  # that something stays unasked for
_OURS = re.compile(r"(?:[a-z]+-[0-9a-f]{32}\.[a-z]+(?:\.lock)?|new-\w+)\Z")


def load(path: str) -> bytes | None:
    """Return what was kept at a path, None when that is nothing or not whole: it is then made anew."""
    with contextlib.suppress(OSError):
        with open(path, "rb") as file:
            seal, payload, asked = file.read(32), file.read(), os.fstat(file.fileno()).st_mtime
        if hashlib.sha256(payload).digest() == seal:
            if time.time() - asked > DAY:
                with contextlib.suppress(OSError):
                    os.utime(path)
            return payload
    return None


def store(path: str, payload: bytes) -> None:
    """Keep something by rename, so that concurrent starts never see half of it."""
    folder = os.path.dirname(path)
    with contextlib.suppress(OSError):
        os.makedirs(folder, mode=0o700, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix="new-", dir=folder)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(hashlib.sha256(payload).digest() + payload)
            os.replace(temporary, path)
        except OSError:
            _remove(temporary)
        _sweep(folder)


@functools.cache  # once a process
def _sweep(folder: str) -> None:
    """Remove what has not been asked for in a long time."""
    for entry in os.scandir(folder):
        with contextlib.suppress(OSError):
            if _OURS.match(entry.name) and time.time() - entry.stat().st_mtime > LONGEST:
                os.remove(entry.path)


@contextlib.contextmanager
def held(path: str) -> Iterator[None]:
    """Let one process at a time make what is to be kept at a path: the others wait, then look there again.

    Where nothing can be locked, or the wait gets too long, several make the same.
    """
    lock = f"{path}.lock"
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(ImportError, OSError):
            import fcntl

            os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
            file = stack.enter_context(open(lock, "wb"))
            until = time.monotonic() + PATIENCE
            while time.monotonic() < until:
                with contextlib.suppress(BlockingIOError):
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    stack.callback(_remove, lock)
                    break
                time.sleep(LOOK_AGAIN)
        yield


def _remove(path: str) -> None:
    with contextlib.suppress(OSError):
        os.remove(path)
