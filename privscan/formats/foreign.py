"""Files and pipes that are said to be JSON Lines and hold something else: told at once, with what to do."""

from __future__ import annotations

from privscan.errors import InputError
from privscan.formats import STDIN

__all__ = ["check"]

# First bytes that no JSON has: what they say, and what to do about it in a file and in a pipe.
_MARKS = {
    b"\x1f\x8b": ("gzip", "name it .jsonl.gz", "decompress it on the way with gzip -dc"),
    b"\x28\xb5\x2f\xfd": ("zstd", "name it .jsonl.zst", "decompress it on the way with zstd -dc"),
    b"PAR1": ("Parquet", "name it .parquet", "give it as a file: Parquet cannot be read from a pipe"),
    b"\xff\xfe": ("UTF-16", "write it as UTF-8", "send it as UTF-8"),
    b"\xfe\xff": ("UTF-16", "write it as UTF-8", "send it as UTF-8"),
}


def check(head: bytes, uri: str) -> None:
    """InputError where the first four bytes say that not a line can be read."""
    for mark, (kind, in_file, in_pipe) in _MARKS.items():
        if head.startswith(mark):
            raise InputError(f"{uri}: holds {kind}, not JSON Lines; {in_pipe if uri == STDIN else in_file}")
