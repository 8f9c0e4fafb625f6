"""The members of a tar archive, one after the other, with the very bytes of their headers; and headers made anew.

Sources: POSIX.1-2001 pax interchange format, GNU tar. Checked: every header's sum, and that what it promises is there.
"""

from __future__ import annotations

import re
import tarfile
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from privscan.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["BLOCK", "LARGEST", "Member", "anew", "members"]

BLOCK: Final = tarfile.BLOCKSIZE
LARGEST: Final = 512 << 20
"""Bytes of a member that are looked at; a larger one makes its record a problem."""
_EXTRA: Final = 1 << 20  # bytes of names and attributes before a member
_DIGITS: Final = 20  # of a size: more than any file system holds
_PAX: Final = re.compile(rb"\d+ ([^=\n]+)=([^\n]*)\n")
_FILE: Final = (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE)


class Member(NamedTuple):
    """A member: its header, or headers, as they lie; its name, its bytes, and the zeros that fill its last block.

    `body` is None for what is no file (folders, links: all of it stands in `header`), or is larger than `LARGEST`:
    then `size` bytes were passed over.
    """

    header: bytes
    name: str
    body: bytes | None
    fill: bytes
    size: int = 0

    def __repr__(self) -> str:
        return f"Member(bytes={self.size})"


def members(source: Any, uri: str) -> Iterator[Member]:
    """Yield the members of an open archive, last what ends it (no name). InputError where it breaks off."""
    number = 0
    head, name, size = b"", "", -1
    while True:
        block = _read(source, BLOCK, uri, number)
        if not block.strip(b"\0"):
            yield Member(head + block + _rest(source, uri, number), "", None, b"")
            return
        info = _header(block, uri, number)
        head += block
        if info.type in (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE, tarfile.XGLTYPE):
            if info.size > _EXTRA:
                raise _broken(uri, number)
            extra = _read(source, _whole(info.size), uri, number)
            head += extra
            if info.type == tarfile.GNUTYPE_LONGNAME:
                name = extra[: info.size].rstrip(b"\0").decode("utf-8", "surrogateescape")
            elif info.type == tarfile.XHDTYPE:
                told = dict(_PAX.findall(extra[: info.size]))
                name = told.get(b"path", name.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")
                size = _told_size(told.get(b"size", b""), size, uri, number)
            continue
        number += 1
        size = info.size if size < 0 else size
        yield _member(source, info, Member(head, name or info.name, None, b"", size), uri, number)
        head, name, size = b"", "", -1


def _member(source: Any, info: tarfile.TarInfo, found: Member, uri: str, number: int) -> Member:
    """Read the bytes of a member whose header was read."""
    whole = _whole(found.size)
    if info.type not in _FILE:
        if info.type in (tarfile.LNKTYPE, tarfile.SYMTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE):
            return found._replace(size=0)
        raise _broken(uri, number)  # sparse files, parts of several volumes: their bytes lie elsewhere
    if found.size > LARGEST:
        for at in range(0, whole, 1 << 20):
            _read(source, min(1 << 20, whole - at), uri, number)
        return found
    data = _read(source, whole, uri, number)
    return found._replace(body=data[: found.size], fill=data[found.size :])


def _rest(source: Any, uri: str, number: int) -> bytes:
    """Return the zeros behind the block that ends an archive; anything else there is told, not passed on."""
    out = 0
    while chunk := source.read(1 << 20):
        if chunk.strip(b"\0"):
            raise InputError(f"{uri}: holds more behind its end, after member {number}; unpack it and pack it again")
        out += len(chunk)
    return bytes(out)


def _header(block: bytes, uri: str, number: int) -> tarfile.TarInfo:
    try:
        info = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except (tarfile.HeaderError, ValueError):
        raise _broken(uri, number) from None
    if info.size < 0:  # the long form of numbers has a sign
        raise _broken(uri, number)
    return info


def _told_size(digits: bytes, otherwise: int, uri: str, number: int) -> int:
    """Return the size that an extended header tells, `otherwise` where it tells none."""
    if len(digits) > _DIGITS:
        raise _broken(uri, number)
    return int(digits) if digits.isdigit() else otherwise


def _whole(size: int) -> int:
    return -(-size // BLOCK) * BLOCK


def _read(source: Any, size: int, uri: str, number: int) -> bytes:
    parts, left = [], size
    while left:
        chunk = source.read(left)
        if not chunk:
            raise _broken(uri, number)
        parts.append(chunk)
        left -= len(chunk)
    return b"".join(parts)


def _broken(uri: str, number: int) -> InputError:
    return InputError(f"{uri}: no readable tar archive beyond member {number}; fetch or write the file again")


def anew(member: Member, body: bytes, name: str | None = None) -> bytes:
    """Return a member with other bytes, and under another name where one is given; owner and time stay."""
    last = member.header[-BLOCK:]
    info = tarfile.TarInfo.frombuf(last, "utf-8", "surrogateescape")
    info.size, info.name = len(body), member.name if name is None else name
    info.pax_headers = {}
    header = info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")
    return header + body + bytes(-len(body) % BLOCK)
