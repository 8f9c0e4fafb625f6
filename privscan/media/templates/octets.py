"""Bytes read one field after the other, big-endian, as the interchange formats of biometrics are written.

Promises: nothing outside the bytes is ever read, whatever a length in them claims; what does not fit
is a `MalformedError`.
"""

from __future__ import annotations

from typing import Self

__all__ = ["MalformedError", "Octets"]


class MalformedError(ValueError):
    """The bytes are not what they begin like. Never leaves `privscan.media.templates`."""


class Octets:
    """A run of bytes with a place in it. `end` is where it ends, `at` the next byte to read."""

    __slots__ = ("at", "data", "end")

    def __init__(self, data: bytes | memoryview, at: int = 0, end: int | None = None) -> None:
        self.data = memoryview(data)
        self.at = at
        self.end = len(self.data) if end is None else end

    @property
    def left(self) -> int:
        """Bytes not read yet."""
        return self.end - self.at

    def uint(self, size: int) -> int:
        """Read an unsigned number of `size` bytes; MalformedError where they are not there."""
        start = self.skip(size)
        return int.from_bytes(self.data[start : self.at])

    def take(self, size: int) -> bytes:
        """Read `size` bytes."""
        start = self.skip(size)
        return bytes(self.data[start : self.at])

    def skip(self, size: int) -> int:
        """Pass over `size` bytes; return where they began."""
        self.need(0 <= size <= self.end - self.at)
        start, self.at = self.at, self.at + size
        return start

    def part(self, size: int) -> Self:
        """Pass over `size` bytes and return them as a run of their own, which reads no further."""
        start = self.skip(size)
        return type(self)(self.data, start, self.at)

    def need(self, condition: bool) -> None:  # noqa: FBT001 - reads as a sentence where it is called
        """Raise MalformedError unless the condition holds."""
        if not condition:
            raise MalformedError
