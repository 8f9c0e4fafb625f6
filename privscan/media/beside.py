"""Files that lie beside the data: a text that is the path of a picture or sound, under a folder the user names.

Promises: no file outside of that folder is read, whatever the path says, and none over `LARGEST` bytes.
"""

from __future__ import annotations

import os
import re
from typing import Final

from privscan.errors import DetectorError

__all__ = ["LARGEST", "TRIGGERS", "named", "read"]

LARGEST: Final = 1 << 29
_ENDS: Final = (
    "jpe?g|jfif|png|gif|webp|bmp|tiff?|jp2|avif|heic|jxl|p[bgp]m|wav|flac|ogg|oga|opus|mp3|m4a|aiff?|wsq|fmr|fir|nist|an2"
    "|mp4|webm|vcf"
)
_PATH: Final = re.compile(rf"(?![a-zA-Z][\w+.-]*:)[^\x00-\x1f]{{1,1000}}\.(?:{_ENDS})", re.IGNORECASE)
TRIGGERS: Final = (rf"(?i)\.(?:{_ENDS})[\x22\x1e]".encode(),)
"""Hyperscan expressions: a row without one of them names no such file."""


def named(text: str) -> bool:
    """Say whether a text is the path of a picture or sound: its end says so, and it is no URL.

    >>> named("train/0001.JPG"), named("https://a.example/0001.jpg"), named("see 0001.jpg there")
    (True, False, False)
    """
    return len(text) <= 1024 and _PATH.fullmatch(text) is not None


def read(root: str, path: str) -> bytes | None:
    """Return the bytes of a file under `root`, None where there is none. DetectorError where it may not be read."""
    base = os.path.realpath(root)
    target = os.path.realpath(os.path.join(base, path.lstrip("/")))
    if not target.startswith(os.path.join(base, "")) or not os.path.isfile(target):
        return None
    try:
        if os.path.getsize(target) > LARGEST:
            raise DetectorError(f"names a file over {LARGEST >> 20} MiB under --media-root; cut it up")
        with open(target, "rb") as file:
            return file.read()
    except OSError as error:
        raise DetectorError(f"names a file under --media-root that cannot be read ({error.strerror})") from None
