"""Cuts a stream of bytes at line ends, into blocks of about a megabyte; long lines whole, and held once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCK_BYTES = 1 << 20  # raw bytes of a block, to the end of a line
MAX_LINE = 128 << 20  # a longer line is quarantined unread: looking at one takes some ten times its size


def count(buffer: bytes) -> int:
    """Return the number of lines in a buffer, the last of which may lack its newline."""
    return buffer.count(b"\n") + (not buffer.endswith(b"\n"))


def whole_lines(source: Any) -> Iterator[list[Any]]:
    """Yield [bytes of whole lines, True], or [an empty line, False] in place of one over MAX_LINE.

    A line over BLOCK_BYTES comes by itself, as a `bytearray`, whose new owner may change it.
    A block is the whole lines of the BLOCK_BYTES behind its start, or its first line where that is longer: where it
    ends depends on where it starts and on nothing else, so that a file cut at any block's start gives the same blocks.
    """
    held = b""
    while True:
        window = held + _full(source, BLOCK_BYTES - len(held))
        cut = window.rfind(b"\n") + 1
        if len(window) < BLOCK_BYTES:  # the end of the source
            if window:
                yield [window, True]
            return
        if cut:
            yield [window[:cut], True]
            held = window[cut:]
            continue
        line, size = [bytearray(window)], len(window)  # in a list: whoever takes it is the only one to hold it
        window = b""
        while chunk := source.read(BLOCK_BYTES):
            end = chunk.find(b"\n") + 1
            size += end or len(chunk)
            if size <= MAX_LINE:
                line[0] += chunk[:end] if end else chunk
            else:
                line[0].clear()
            if end:
                held = chunk[end:]
                break
        else:
            held = b""
        yield [line.pop(), True] if size <= MAX_LINE else [b"\n", False]


def _full(source: Any, size: int) -> bytes:
    """Read exactly `size` bytes unless the end comes first."""
    chunk: bytes = source.read(size)
    if not chunk or len(chunk) == size:
        return chunk
    parts, total = [chunk], len(chunk)
    while total < size and (chunk := source.read(size - total)):
        parts.append(chunk)
        total += len(chunk)
    return b"".join(parts)
