"""Pictures of every kind: looked at with bounds, covered in their own format, told of where they cannot be read."""

from __future__ import annotations

import base64
import io
import struct
import zlib
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from privscan.errors import DetectorError
from privscan.media import faces, pictures, sniff

if TYPE_CHECKING:
    from collections.abc import Callable

MODE = faces.MODES["default"]


def look(data: bytes, mode: faces.Mode | None = MODE) -> set[str]:
    kind = sniff.sniff(data)
    assert kind is not None
    seen = pictures.look(data, kind, mode, Counter())
    assert seen is not None
    return {one.entity for one in seen}


def clean(data: bytes, style: str = "fill", *, bare: bool = True) -> bytes | None:
    kind = sniff.sniff(data)
    assert kind is not None
    return pictures.clean(data, kind, MODE, style, bare=bare)


def opened(data: bytes | None) -> Image.Image:
    assert data is not None
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


FORMS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "jpeg": ("JPEG", "RGB", {"quality": 90}),
    "jpeg grey": ("JPEG", "L", {"quality": 90}),
    "jpeg cmyk": ("JPEG", "CMYK", {"quality": 95}),
    "jpeg progressive": ("JPEG", "RGB", {"quality": 80, "progressive": True}),
    "png": ("PNG", "RGB", {}),
    "png palette": ("PNG", "P", {}),
    "png transparent": ("PNG", "RGBA", {}),
    "png 16 bits": ("PNG", "I;16", {}),
    "png grey, transparent": ("PNG", "LA", {}),
    "webp": ("WEBP", "RGB", {"quality": 90}),
    "webp lossless": ("WEBP", "RGB", {"lossless": True}),
    "gif": ("GIF", "P", {}),
    "bmp": ("BMP", "RGB", {}),
    "tiff": ("TIFF", "RGB", {"compression": "tiff_lzw"}),
    "ppm": ("PPM", "RGB", {}),
    "pgm": ("PPM", "L", {}),
}


def made(portrait: Image.Image, mode: str) -> Image.Image:
    if mode == "I;16":
        return Image.fromarray(np.asarray(portrait.convert("L"), dtype=np.uint16) * 256)
    return portrait.convert(mode)


@pytest.mark.parametrize("name", FORMS)
def test_a_face_is_found_and_covered_in_the_picture_s_own_format(
    name: str, portrait: Image.Image, packed: Callable[..., bytes]
) -> None:
    form, mode, options = FORMS[name]
    before = packed(made(portrait, mode), form, **options)
    assert "FACE" in look(before)
    after = clean(before)
    assert after is not None
    assert "FACE" not in look(after)
    one, other = opened(before), opened(after)
    assert (one.format, one.size, one.mode) == (other.format, other.size, other.mode)
    near, far = (90, 100), (300, 30)
    assert one.convert("RGB").getpixel(near) != other.convert("RGB").getpixel(near)
    assert np.abs(np.subtract(one.convert("RGB").getpixel(far), other.convert("RGB").getpixel(far))).max() < 16


def test_jpeg_keeps_its_tables_and_its_profile(portrait: Image.Image, packed: Callable[..., bytes]) -> None:
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    before = packed(portrait, "JPEG", quality=71, subsampling=2, icc_profile=profile)
    one, other = opened(before), opened(clean(before))
    assert one.quantization == other.quantization  # type: ignore[attr-defined]
    assert one.info["icc_profile"] == other.info["icc_profile"]
    assert [layer[1:3] for layer in one.layer] == [layer[1:3] for layer in other.layer]  # type: ignore[attr-defined]


@pytest.mark.parametrize("turn", range(1, 9))
def test_a_picture_on_its_side_is_covered_where_the_face_is(
    turn: int, portrait: Image.Image, packed: Callable[..., bytes]
) -> None:
    back = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # Pillow's names for the way back
    stored = portrait if turn == 1 else portrait.transpose(Image.Transpose(back[turn]))
    exif = Image.Exif()
    exif[0x0112] = turn
    before = packed(stored, "JPEG", quality=92, exif=exif)
    after = clean(before)
    assert "FACE" not in look(after or b"")
    shown = opened(after)
    assert shown.getexif().get(0x0112, 1) == turn
    from PIL import ImageOps

    upright = np.asarray(ImageOps.exif_transpose(shown).convert("L"), dtype=int)
    assert upright[90:130, 80:110].mean() < 8
    assert upright[20:60, 280:340].mean() > 8


@pytest.mark.parametrize("style", pictures.STYLES)
def test_every_style_leaves_no_face_behind(style: str, portrait: Image.Image, packed: Callable[..., bytes]) -> None:
    assert "FACE" not in look(clean(packed(portrait, "PNG"), style) or b"")


def test_a_picture_without_a_face_stays_byte_for_byte(packed: Callable[..., bytes]) -> None:
    data = packed(Image.linear_gradient("L"), "JPEG")
    assert clean(data) == data


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG", "TIFF"])
def test_a_face_in_any_frame_is_found_and_the_picture_goes(
    form: str, portrait: Image.Image, packed: Callable[..., bytes]
) -> None:
    plain = Image.new("RGB", portrait.size, (40, 90, 60))
    more = {"compression": "tiff_lzw"} if form == "TIFF" else {}
    data = packed(plain, form, save_all=True, append_images=[plain.copy(), portrait.copy()], **more)
    assert "FACE" in look(data)
    assert clean(data) is None


def test_a_telephone_s_previews_go_and_the_picture_stays(portrait: Image.Image, packed: Callable[..., bytes]) -> None:
    data = packed(portrait, "MPO", save_all=True, append_images=[portrait.resize((180, 120))])
    assert opened(data).format == "MPO"
    after = opened(clean(data))
    assert (after.format, after.size) == ("JPEG", portrait.size)
    assert "FACE" not in look(clean(data) or b"")


@pytest.mark.parametrize("size", [(1, 1), (1, 640), (19, 300), (3000, 2), (21, 21)], ids=str)
def test_small_and_narrow_pictures_have_no_face(size: tuple[int, int], packed: Callable[..., bytes]) -> None:
    assert look(packed(Image.new("RGB", size), "PNG")) == set()


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(width: int, height: int, rows: bytes = b"") -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    packed = zlib.compress(rows)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


BROKEN = {
    "a bomb of pixels": png(60_000, 60_000),
    "a bomb of 2^31": png(2**31 - 1, 2**31 - 1),
    "no size": png(0, 0),
    "rows missing": png(64, 64, bytes(100)),
    "a jpeg cut short": base64.b64decode("/9j/4AAQSkZJRgABAQAAAQABAAD/2wBD") + bytes(80),
    "heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(90),
    "another extension": b"GIF89a" + bytes(60),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_cannot_be_read_is_an_error_that_says_so(name: str) -> None:
    with pytest.raises(DetectorError, match="picture"):
        look(BROKEN[name])


def test_what_only_begins_like_a_picture_is_none() -> None:
    data = b"P5 is the name of a chair, and P6 of another; " * 3
    kind = sniff.sniff(data)
    assert kind is not None
    assert pictures.look(data, kind, MODE, Counter()) is None


def test_the_library_gets_as_many_bytes_as_it_will_read(portrait: Image.Image) -> None:
    with pytest.raises(ValueError, match="RGB"):
        faces.find(portrait.convert("L"), MODE)
    with pytest.raises(ValueError, match="size"):
        faces.find(portrait.resize((faces.SIDE + 1, 100)), MODE)


def test_recall_looks_at_the_picture_turned(portrait: Image.Image) -> None:
    turned = portrait.transpose(Image.Transpose.ROTATE_90)
    (found, *_) = faces.find(turned, faces.MODES["recall"])
    left, top, width, height, _ = found
    assert 24 <= left + width // 2 <= 220
    assert 180 <= top + height // 2 <= 330
