"""Keeps what is slow to make between runs: files of the cache folder, sealed with their own digest.

A file that is not whole counts as absent, and a folder that cannot be written costs time, not the run.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile


def load(path: str) -> bytes | None:
    """Return what was kept at a path, None when that is nothing or not whole: it is then made anew."""
    with contextlib.suppress(OSError):
        with open(path, "rb") as file:
            seal, payload = file.read(32), file.read()
        if hashlib.sha256(payload).digest() == seal:
            return payload
    return None


def store(path: str, payload: bytes) -> None:
    """Keep something by rename, so that concurrent starts never see half of it."""
    with contextlib.suppress(OSError):
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=os.path.dirname(path))
        with os.fdopen(handle, "wb") as file:
            file.write(hashlib.sha256(payload).digest() + payload)
        os.replace(temporary, path)
