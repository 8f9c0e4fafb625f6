"""Files that appear whole or not at all, and what is said where one cannot be written."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from privscan.errors import OutputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["appearing", "check_place", "unwritable", "writing"]


class writing:  # noqa: N801 - reads as a word at its use
    """Turn what the system says about writing into a sentence with place and remedy."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __enter__(self) -> None: ...

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, OSError):
            raise unwritable(self.path, error) from None


@contextlib.contextmanager
def appearing(path: str) -> Iterator[str]:
    """Give a name to write to: what stands there takes the path's place at the end, and is gone where that fails.

    OutputError where it cannot be written.
    """
    temporary = f"{path}.tmp"
    try:
        with writing(path):
            yield temporary
            os.replace(temporary, path)
    finally:
        with contextlib.suppress(OSError):
            os.unlink(temporary)


def check_place(target: str | None, flag: str = "") -> None:
    """UsageError, before any data is read, for a file to write that is a folder, or in none."""
    folder = os.path.dirname(os.path.abspath(target)) if target else ""
    if target and (os.path.isdir(target) or not os.path.isdir(folder)):
        raise UsageError(f"{flag}{target}: cannot be written; give a file in a folder that is there")


def unwritable(path: str, error: OSError) -> OutputError:
    """Return the error for a path that cannot be written."""
    reason = error.strerror or type(error).__name__
    remedy = "free space or give write permission, then run again (clean and dedup: with --resume)"
    if isinstance(error, FileNotFoundError | NotADirectoryError | IsADirectoryError):
        remedy = "give a place in a folder that is there"
    return OutputError(f"{path}: cannot be written ({reason}); {remedy}")
