"""Pictures: opened with bounds, looked at frame by frame, cleaned in their own format.

Promises: no more than `MOST_PIXELS` are ever decoded of a picture; what cannot be decoded whole raises `DetectorError`;
a picture with nothing to change is not written anew; one with faces is, in its own format, with its own size, mode,
colour profile and (JPEG) quantisation tables, and without metadata.
"""

from __future__ import annotations

import hashlib
import io
import warnings
from typing import TYPE_CHECKING, Any, Final

from privscan.errors import DetectorError
from privscan.media import faces, metadata
from privscan.media.seen import Seen
from privscan.model import Confidence

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from PIL.Image import Image

    from privscan.media.faces import Box, Mode
    from privscan.media.ridges import Ridges
    from privscan.media.seen import Told
    from privscan.media.sniff import Kind

__all__ = ["FACE", "MOST_FRAMES", "MOST_PIXELS", "STYLES", "clean", "look"]

MOST_PIXELS: Final = 100_000_000
"""Of all frames of a picture together: at three bytes each what a process can bear."""
MOST_FRAMES: Final = 1000
MARGIN: Final = 0.18  # of a face's size, added on every side before it is covered
STYLES: Final = ("fill", "blur", "mosaic")
FILL: Final = 0  # black
_ROUNDS: Final = 4  # of covering what is still taken for a face
_LOSSLESS: Final = ("png", "gif", "bmp", "tiff", "pnm")
# How each way of turning (Exif 1 to 8) maps a point of the upright picture back to the stored one.
_FLIPPED: Final = {2: "x", 3: "xy", 4: "y", 5: "t", 6: "ty", 7: "txy", 8: "tx"}


def look(data: bytes, kind: Kind, mode: Mode | None, told: Told, *, ridges: bool = False) -> list[Seen] | None:
    """Return what is seen in a picture: faces (not where `mode` is None), metadata, a print (where `ridges` says so).

    None where it only begins like one.

    DetectorError where it cannot be decoded, MissingError where the face model is not installed.
    """
    if kind.name in _WEAK and not _openable(data):
        return None
    with _opened(data, kind) as picture:
        told.update({"pictures": 1, f"format:{kind.name}": 1, f"side:{_bucket(max(picture.size))}": 1})
        found = metadata.look(data, kind.name, _info(picture), told)
        size = f"{picture.size[0]}x{picture.size[1]}"  # as stored: reading it small changes what it says
        boxes = faces_of(data, kind, mode) if mode is not None else ()
        print_ = _print(data, kind) if ridges and not boxes else None
    if print_ is not None:
        ridged = (f"ridges:{print_.share:.2f}", f"size:{size}")
        found.append(Seen("FINGERPRINT_IMAGE", "biometric.fingerprint.image", Confidence.MEDIUM, ridged))
    if boxes:
        told.update({"pictures with faces": 1, "faces": len(boxes)})
        best = max(box.score for box in boxes)
        evidence = (f"faces:{len(boxes)}", f"size:{size}", f"model:{best:.2f}")
        level = Confidence.HIGH if best >= _SURE else Confidence.MEDIUM
        found.append(Seen("FACE", FACE, level, evidence))
    return found


def _openable(data: bytes) -> bool:
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            Image.open(io.BytesIO(data))
        except Exception:  # noqa: BLE001 - a decoder may raise anything on hostile bytes
            return False
    return True


def _print(data: bytes, kind: Kind) -> Ridges | None:
    """Return what the ridges of a grey picture measure where they are those of a print."""
    import numpy as np
    from PIL.Image import Resampling

    from privscan.media import ridges

    with _opened(data, kind) as picture:
        if picture.mode not in ("L", "1", "LA", "P", "I;16", "I") and not _is_grey(picture):
            return None
        grey = _rgb(picture).convert("L")
        side = max(grey.size)
        if side > 2 * ridges.LARGEST:
            share = 2 * ridges.LARGEST / side
            size = (max(1, int(grey.size[0] * share)), max(1, int(grey.size[1] * share)))
            grey = grey.resize(size, Resampling.BILINEAR)
        measured = ridges.measure(np.asarray(grey))
    return measured if measured.found else None


def _is_grey(picture: Image) -> bool:
    """Say whether a picture of colours has none, by a small copy of it."""
    import numpy as np

    small = np.asarray(_rgb(picture).resize((32, 32)), dtype=np.int16)
    return bool(np.abs(small - small[:, :, :1]).mean() < _TINGE)


FACE: Final = "biometric.face.picture"
_SURE: Final = 0.9
_TINGE: Final = 6  # of 255: how far the colours of a grey picture may differ
_WEAK: Final = ("pnm", "ico")  # formats that other bytes may begin like


def _info(picture: Image) -> dict[str, Any]:
    return {str(key): value for key, value in picture.info.items()}


def _bucket(side: int) -> int:
    """Return the power of two at or above a side, for the report."""
    return 1 << max(side - 1, 1).bit_length()


class _opened:  # noqa: N801 - used like a function
    """A picture opened within bounds, whatever Pillow raises told as a DetectorError."""

    def __init__(self, data: bytes, kind: Kind) -> None:
        self._data, self._kind = data, kind
        self._quiet = warnings.catch_warnings()

    def __enter__(self) -> Image:
        from PIL import Image

        self._quiet.__enter__()
        warnings.simplefilter("ignore")  # Pillow warns of large and of odd files; both are judged here
        try:
            picture = Image.open(io.BytesIO(self._data))
            frames = getattr(picture, "n_frames", 1)
        except Exception as error:  # noqa: BLE001 - a decoder may raise anything on hostile bytes
            self._quiet.__exit__(None, None, None)
            raise _unreadable(self._kind, error) from None
        pixels = picture.size[0] * picture.size[1]
        if pixels * frames > MOST_PIXELS or frames > MOST_FRAMES or min(picture.size) < 1:
            self._quiet.__exit__(None, None, None)
            size = f"{picture.size[0]}x{picture.size[1]}"
            raise DetectorError(f"a picture of {size} pixels and {frames} frames; store it smaller, or in parts")
        return picture

    def __exit__(self, _type: object, error: BaseException | None, _trace: object) -> None:
        self._quiet.__exit__(None, None, None)
        if isinstance(error, Exception) and not isinstance(error, DetectorError):
            raise _unreadable(self._kind, error) from None


def _unreadable(kind: Kind, error: Exception) -> DetectorError:
    """Return the sentence for a picture Pillow cannot decode; its own words may quote the file."""
    name = type(error).__name__
    if name in ("UnidentifiedImageError", "NotImplementedError"):
        return DetectorError(f"a {kind.name} picture that is damaged or of a variant that cannot be read; convert it")
    if name == "DecompressionBombError":
        return DetectorError("a picture that says it is larger than any; store it smaller, or in parts")
    return DetectorError(f"a {kind.name} picture that is cut short or damaged ({name}); store it again")


def faces_of(data: bytes, kind: Kind, mode: Mode) -> tuple[Box, ...]:
    """Return the faces of a picture's frames, from memory where they were looked for before: covering asks again."""
    name = hashlib.blake2b(data, digest_size=16, key=hashlib.sha256(repr(mode).encode()).digest()).digest()
    found = _REMEMBERED.get(name)
    if found is None:
        with _opened(data, kind) as picture:
            found = tuple(_faces(picture, kind, mode))
        if len(_REMEMBERED) >= _MOST_REMEMBERED:
            _REMEMBERED.clear()
        _REMEMBERED[name] = found
    return found


_REMEMBERED: dict[bytes, tuple[Box, ...]] = {}
_MOST_REMEMBERED: Final = 4096


def _faces(picture: Image, kind: Kind, mode: Mode) -> Iterator[Box]:
    """Yield the faces of all frames, in pixels of the stored frame."""
    for frame in _frames(picture):
        small, scale = _small(frame, kind)
        turn = _turn(picture)
        upright = _turned(small, turn)
        for box in faces.find(upright, mode):
            yield _back(box, turn, small.size, scale)


def _frames(picture: Image) -> Iterator[Image]:
    count = getattr(picture, "n_frames", 1)
    if count == 1:
        yield picture
        return
    seen = set()
    for number in range(count):
        picture.seek(number)
        digest = hash(picture.convert("RGB").tobytes())
        if digest not in seen:  # a still in a film costs nothing
            seen.add(digest)
            yield picture


def _small(frame: Image, kind: Kind) -> tuple[Image, float]:
    """Return the frame as RGB of at most `faces.SIDE` pixels a side, and how many stored pixels make one of it."""
    from PIL.Image import Resampling

    side = max(frame.size)
    width = frame.size[0]
    if kind.name == "jpeg" and side > faces.SIDE and frame.mode in ("RGB", "L", "CMYK", "YCbCr"):
        share = faces.SIDE / side  # the decoder halves at no cost; never below what is asked for
        frame.draft(
            "RGB" if frame.mode != "L" else "L", (int(frame.size[0] * share) or 1, int(frame.size[1] * share) or 1)
        )
    plain = _rgb(frame)
    if max(plain.size) > faces.SIDE:
        share = faces.SIDE / max(plain.size)
        size = (max(1, int(plain.size[0] * share)), max(1, int(plain.size[1] * share)))
        plain = plain.resize(size, Resampling.BILINEAR, reducing_gap=2.0)
    return plain, width / plain.size[0]


def _rgb(frame: Image) -> Image:
    """Return any mode as RGB: 16 bits scaled down, transparency over white and what it hides not left out."""
    if frame.mode == "RGB":
        frame.load()
        return frame
    if frame.mode.startswith(("I;16", "I", "F")):
        import numpy as np
        from PIL import Image

        values = np.asarray(frame, dtype=np.float64)
        low, high = float(values.min()), float(values.max())
        scaled = (values - low) * (255 / (high - low) if high > low else 0)
        return Image.fromarray(scaled.astype(np.uint8)).convert("RGB")
    if frame.mode in ("RGBa", "La"):
        frame = frame.convert("RGBA" if frame.mode == "RGBa" else "LA")
    return frame.convert("RGB")


def _turn(picture: Image) -> int:
    block = picture.info.get("exif")
    if not isinstance(block, bytes):
        return 1
    from privscan.media import exif

    return exif.orientation(block.removeprefix(b"Exif\0\0"))


def _turned(picture: Image, turn: int) -> Image:
    """Return the picture as it is shown."""
    from PIL.Image import Transpose

    ways = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    return picture.transpose(ways[turn]) if turn in ways else picture


def _back(box: Box, turn: int, size: tuple[int, int], scale: float) -> Box:
    """Return a box of the upright, small picture in pixels of the stored one; `size` is the small one's as stored."""
    left, top, width, height, score = box
    way = _FLIPPED.get(turn, "")
    if "t" in way:
        left, top, width, height = top, left, height, width
    if "x" in way:
        left = size[0] - left - width
    if "y" in way:
        top = size[1] - top - height
    return type(box)(round(left * scale), round(top * scale), round(width * scale), round(height * scale), score)


def clean(data: bytes, kind: Kind, mode: Mode | None, style: str, *, bare: bool) -> bytes | None:
    """Return the picture with its faces covered and (`bare`, or where it is written anew) without metadata.

    None where it can only go whole: moving pictures with a face, formats that cannot be written back.
    """
    with _opened(data, kind) as picture:
        boxes = list(faces_of(data, kind, mode)) if mode is not None else []
        if not boxes:
            return metadata.stripped(data, kind.name, _info(picture)) if bare else data
        if getattr(picture, "n_frames", 1) > 1:
            if kind.name != "jpeg":
                return None
            # a telephone's previews, behind the picture: they go with its metadata
            bare_ = metadata.stripped(data, kind.name, _info(picture)) or b""
            return None if len(bare_) >= len(data) else clean(bare_, kind, mode, style, bare=bare)
    for number in range(_ROUNDS):
        made = _covered(data, kind, boxes, style if number == 0 else "fill")
        if made is None or mode is None:
            return None
        more = faces_of(made, kind, mode)
        if not more:
            return made
        boxes += more
    return None


def _covered(data: bytes, kind: Kind, boxes: Sequence[Box], style: str) -> bytes | None:
    """Return the picture written anew with the boxes covered."""
    with _opened(data, kind) as picture:
        options = _options(picture, kind, data)
        if options is None:
            return None
        picture.load()
        for box in boxes:
            _cover(picture, _grown(box, picture.size), style)
        out = io.BytesIO()
        try:
            picture.save(out, format=picture.format, **options)
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return out.getvalue()


def _options(picture: Image, kind: Kind, data: bytes) -> dict[str, Any] | None:
    """Return how to write a picture as it was written; None for a format that is not written back."""
    turn = _turn(picture)
    profile = picture.info.get("icc_profile")
    options: dict[str, Any] = {"icc_profile": profile} if profile else {}
    if turn != 1:
        from privscan.media import exif

        options["exif"] = b"Exif\0\0" + exif.reduced(turn)
    if kind.name == "jpeg":
        if picture.format != "JPEG":
            return None
        options |= {"quality": "keep", "progressive": bool(picture.info.get("progressive"))}
        if "dpi" in picture.info:
            options["dpi"] = picture.info["dpi"]
        return options
    if kind.name == "webp":
        return options | {"quality": 90, "lossless": b"VP8L" in data[12:64]}
    if kind.name in _LOSSLESS:
        if kind.name == "png" and "transparency" in picture.info:
            options["transparency"] = picture.info["transparency"]
        if kind.name == "tiff":
            options["compression"] = picture.info.get("compression")
        return options
    return None


def _grown(box: Box, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return left, top, right, bottom of a box with its margin, within the picture."""
    wide, high = round(box.width * MARGIN) + 1, round(box.height * MARGIN) + 1
    return (
        max(box.left - wide, 0),
        max(box.top - high, 0),
        min(box.left + box.width + wide, size[0]),
        min(box.top + box.height + high, size[1]),
    )


def _cover(picture: Image, area: tuple[int, int, int, int], style: str) -> None:
    """Cover an area in place: one colour; or blurred, or in squares, both as coarse as a quarter of the face."""
    from PIL import ImageFilter
    from PIL.Image import Resampling

    left, top, right, bottom = area
    if right <= left or bottom <= top:
        return
    if style == "fill" or picture.mode in ("P", "1", "PA"):
        black = (0,) * (len(picture.getbands()) - 1) + (255,) if picture.mode in ("RGBA", "LA") else 0
        picture.paste(black, area)
        return
    part = picture.crop(area)
    if style == "blur":
        part = part.filter(ImageFilter.GaussianBlur(max(right - left, bottom - top) / 4))
    else:
        part = part.resize((4, 4), Resampling.BOX).resize(part.size, Resampling.NEAREST)
    picture.paste(part, area)
