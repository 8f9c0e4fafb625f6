"""Face models of a user's own, in ONNX: YuNet and CenterFace, told apart by what they give.

Promises: no network; a file that is missing, cannot be run or is another model is a ConfigError before any data is
read. Sources: what the numbers of YuNet mean is told in OpenCV's `face_detect.cpp` (Apache-2.0), those of CenterFace in
github.com/Star-Clouds/CenterFace (MIT).
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from privscan.errors import ConfigError, DetectorError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PIL.Image import Image

__all__ = ["LEAST", "Network", "digest", "opened"]

Array = np.ndarray[Any, Any]

LEAST: Final = {"yunet": 0.6, "centerface": 0.5}
"""The least score of a face: of 100 pictures with one about 90 are found, 2 (CenterFace) to 4 of 100 without one."""
STRIDES: Final = (8, 16, 32)  # pixels of a cell of YuNet's three grids
CELL: Final = 4  # and of CenterFace's one
STEP: Final = 32  # a side is a multiple of it
SMALLEST: Final = 128  # pixels: an export for a side below it sees nothing, and is given free sizes
OVERLAP: Final = 0.3  # of the area of two boxes together; above it they are one face
MOST: Final = 2000  # boxes of one picture that are compared with one another
LARGEST: Final = 256 << 20  # bytes of a model; the real ones have 0.2 to 7 MB
GROWTH: Final = 8.0  # exponent of the largest box, in cells


@dataclass(frozen=True, slots=True)
class Network:
    """A model ready to run: its kind, and the width and height it takes, None where any multiple of `STEP` will do."""

    path: str
    kind: str
    session: Any
    size: tuple[int, int] | None

    def find(self, picture: Image, least: float) -> list[tuple[int, int, int, int, float]]:
        """Return left, top, width, height (pixels of the RGB picture) and score (`least` to 1) of its faces."""
        width, height = picture.size
        share = min(1.0, self.size[0] / width, self.size[1] / height) if self.size else 1.0
        if share < 1:
            picture = picture.resize((max(1, int(width * share)), max(1, int(height * share))))
        wide, high = self.size or (-(-width // STEP) * STEP, -(-height // STEP) * STEP)
        order = slice(None, None, -1 if self.kind == "yunet" else 1)  # it was taught with blue first
        shown = np.zeros((1, 3, high, wide), np.float32)
        shown[0, :, : picture.size[1], : picture.size[0]] = np.asarray(picture)[:, :, order].transpose(2, 0, 1)
        try:
            boxes = _DECODED[self.kind](_run(self.session, shown), wide, high, least)
        except Exception as error:  # noqa: BLE001 - a model may hold anything
            raise DetectorError(
                f"a picture on which {os.path.basename(self.path)} fails ({type(error).__name__})"
            ) from None
        return _whole(_distinct(boxes), share, width, height)


def digest(path: str) -> str:
    """Return the SHA-256 of a model; ConfigError where it cannot be read."""
    return hashlib.sha256(_read(path)).hexdigest()


@functools.lru_cache(maxsize=2)
def opened(path: str, sha256: str) -> Network:
    """Return the model in a file of that digest, tried on an empty picture; ConfigError where it is none for faces."""
    data = _read(path)
    if hashlib.sha256(data).hexdigest() != sha256:
        raise _wrong(path, "the file has changed since the run began")
    session = _session(path, data)
    size = _size(path, session)
    if size is not None and min(size) < SMALLEST:
        session, size = _session(path, _freed(path, data)), None
    wide, high = size or (2 * STEP, 3 * STEP)
    try:
        given = _run(session, np.zeros((1, 3, high, wide), np.float32))
        kind = next(kind for kind, decoded in _DECODED.items() if _fits(decoded, given, wide, high))
    except StopIteration:
        raise _wrong(path, "gives neither what YuNet nor what CenterFace gives") from None
    except Exception as error:  # noqa: BLE001 - the same
        raise _wrong(path, f"cannot be run on a picture of {wide}x{high} ({type(error).__name__})") from None
    return Network(path, kind, session, size)


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise _wrong(path, f"cannot be read ({error.strerror})") from None
    if len(data) > LARGEST:
        raise _wrong(path, f"is larger than {LARGEST >> 20} MB")
    return data


def _wrong(path: str, what: str) -> ConfigError:
    return ConfigError(f"--faces {os.path.basename(path)}: {what}; give a YuNet or CenterFace model in ONNX")


def _library(name: str, path: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        told = f'--faces {os.path.basename(path)}: needs {name}; run: pip install "privscan[faces]"'
        raise ConfigError(told) from None


def _session(path: str, data: bytes) -> Any:
    library = _library("onnxruntime", path)
    options = library.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4  # its warnings are for those who make models
    try:
        return library.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # noqa: BLE001 - a file may hold anything
        raise _wrong(path, f"is no network that can be run ({type(error).__name__})") from None


def _size(path: str, session: Any) -> tuple[int, int] | None:
    """Return width and height of the only input, None where they are free."""
    inputs = session.get_inputs()
    shape: list[Any] = list(inputs[0].shape) if len(inputs) == 1 and inputs[0].type == "tensor(float)" else []
    if len(shape) != 4 or (isinstance(shape[1], int) and shape[1] != 3):
        raise _wrong(path, "does not take one picture of three colours as floating-point numbers")
    fixed = [side for side in shape[2:] if isinstance(side, int)]
    if not fixed:
        return None
    if len(fixed) == 1 or not all(0 < side <= 4096 and side % STEP == 0 for side in fixed):
        raise _wrong(path, f"takes pictures of {shape[3]}x{shape[2]}, no multiples of {STEP} pixels")
    return fixed[1], fixed[0]


def _freed(path: str, data: bytes) -> bytes:
    """Return the model with free sizes: CenterFace is published for 32 by 32 pixels, though it takes any."""
    model = _library("onnx", path).load_from_string(data)
    weights = {entry.name for entry in model.graph.initializer}
    for value in (*model.graph.input, *model.graph.output):
        if value.name not in weights:
            for place, side in enumerate(value.type.tensor_type.shape.dim):
                side.dim_param = f"{value.name}_{place}"
    del model.graph.value_info[:]
    freed: bytes = model.SerializeToString()
    return freed


def _run(session: Any, shown: Array) -> dict[str, Array]:
    names = [entry.name for entry in session.get_outputs()]
    return dict(zip(names, session.run(names, {session.get_inputs()[0].name: shown}), strict=True))


def _fits(decoded: Any, given: Mapping[str, Array], wide: int, high: int) -> bool:
    try:
        decoded(given, wide, high, 1.0)
    except (KeyError, ValueError, IndexError, TypeError):
        return False
    return True


def _yunet(given: Mapping[str, Array], wide: int, high: int, least: float) -> Array:
    """Return rows of left, top, width, height, score: three grids, a cell's box told from its corner in cells."""
    found = []
    for stride in STRIDES:
        cells, across = (high // stride) * (wide // stride), wide // stride
        sure = given[f"cls_{stride}"].reshape(cells).clip(0, 1) * given[f"obj_{stride}"].reshape(cells).clip(0, 1)
        score = np.sqrt(sure)
        box = given[f"bbox_{stride}"].reshape(cells, 4)
        at = np.flatnonzero(score >= least)
        size = np.exp(box[at, 2:].clip(-GROWTH, GROWTH)) * stride
        middle = (box[at, :2] + np.stack((at % across, at // across), 1)) * stride
        found.append(np.column_stack((middle - size / 2, size, score[at])))
    return np.concatenate(found)


def _centerface(given: Mapping[str, Array], wide: int, high: int, least: float) -> Array:
    """Return the same of one grid; sizes and places are told height first. Most exports only number what they give."""
    names = ("heatmap", "scale", "offset")
    picked = [given[name] for name in names] if set(names) <= set(given) else list(given.values())[:3]
    heat, scale, offset = (
        part.reshape(depth, high // CELL, wide // CELL) for part, depth in zip(picked, (1, 2, 2), strict=True)
    )
    down, along = np.nonzero(heat[0] >= least)
    size = np.exp(scale[::-1, down, along].clip(-GROWTH, GROWTH)) * CELL
    middle = (offset[::-1, down, along] + np.stack((along, down)) + 0.5) * CELL
    return np.column_stack(((middle - size / 2).T, size.T, heat[0, down, along].clip(0, 1)))


_DECODED: Final = {"yunet": _yunet, "centerface": _centerface}


def _distinct(boxes: Array) -> Array:
    """Return the boxes, the surest first, without those that lie on a surer one."""
    boxes = boxes[np.isfinite(boxes).all(1)]
    boxes = boxes[np.argsort(-boxes[:, 4], kind="stable")][:MOST]
    start, stop, area = boxes[:, :2], boxes[:, :2] + boxes[:, 2:4], boxes[:, 2] * boxes[:, 3]
    kept, left = [], np.arange(len(boxes))
    while len(left):
        best, left = left[0], left[1:]
        kept.append(best)
        shared = (np.minimum(stop[best], stop[left]) - np.maximum(start[best], start[left])).clip(0).prod(1)
        left = left[shared <= OVERLAP * (area[best] + area[left] - shared)]
    return boxes[kept]


def _whole(boxes: Array, share: float, width: int, height: int) -> list[tuple[int, int, int, int, float]]:
    """Return boxes as whole pixels of the picture before it was made smaller, cut at its edges."""
    sides = np.array([width, height])
    start = np.floor(boxes[:, :2] / share).clip(0, sides).astype(int)
    size = np.ceil((boxes[:, :2] + boxes[:, 2:4]) / share).clip(0, sides).astype(int) - start
    rows = np.column_stack((start, size)).tolist()
    return [(*row, score) for row, score in zip(rows, boxes[:, 4].tolist(), strict=True) if row[2] > 0 and row[3] > 0]
