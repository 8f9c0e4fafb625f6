from __future__ import annotations

import io
import struct
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from privscan.media import exif, metadata, sniff

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SQUARE = Image.linear_gradient("L").resize((24, 16)).convert("RGB")
XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><exif:GPSLatitude>48,1N</exif:GPSLatitude><dc:creator/></x:xmpmeta>"


def block(*names: str) -> bytes:
    """An Exif block with the tags named."""
    made = Image.Exif()
    tags: dict[str, Callable[[], object]] = {
        "gps": lambda: made.get_ifd(0x8825).update({1: "N", 2: (48.0, 12.0, 0.5), 3: "E", 4: (11.0, 33.0, 7.5)}),
        "empty gps": lambda: made.get_ifd(0x8825).update({0: b"\2\2\0\0"}),
        "owner": lambda: made.__setitem__(0x013B, "Jo Doe"),
        "camera": lambda: made.__setitem__(0x0110, "One"),
        "serial": lambda: made.get_ifd(0x8769).update({0xA431: "12345678"}),
        "maker_note": lambda: made.get_ifd(0x8769).update({0x927C: b"notes of the maker"}),
        "time": lambda: made.get_ifd(0x8769).update({0x9003: "2020:01:02 03:04:05"}),
        "turned": lambda: made.__setitem__(0x0112, 6),
        "software": lambda: made.__setitem__(0x0131, "gimp"),
    }
    for name in names:
        tags[name]()
    return made.tobytes()


def written(form: str, **options: Any) -> bytes:
    out = io.BytesIO()
    SQUARE.save(out, form, **options)
    return out.getvalue()


def words(data: bytes) -> set[str]:
    kind = sniff.sniff(data)
    assert kind is not None
    told: Counter[str] = Counter()
    with Image.open(io.BytesIO(data)) as picture:
        metadata.look(data, kind.name, dict(picture.info), told)
    return {word.partition(":")[2] for word in told}


def stripped(data: bytes) -> bytes:
    kind = sniff.sniff(data)
    assert kind is not None
    with Image.open(io.BytesIO(data)) as picture:
        bare = metadata.stripped(data, kind.name, dict(picture.info))
    assert bare is not None
    return bare


def text(**entries: str) -> PngImagePlugin.PngInfo:
    made = PngImagePlugin.PngInfo()
    for key, value in entries.items():
        made.add_text(key, value, zip=len(value) > 20)
    return made


TELLING = {
    "jpeg gps": (lambda: written("JPEG", exif=block("gps")), {"gps"}),
    "jpeg owner, serial": (lambda: written("JPEG", exif=block("owner", "serial")), {"owner", "serial"}),
    "jpeg camera, time": (lambda: written("JPEG", exif=block("camera", "time")), {"camera", "time"}),
    "jpeg maker note": (lambda: written("JPEG", exif=block("maker_note")), {"maker_note"}),
    "jpeg comment": (lambda: written("JPEG", comment=b"at home with Jo"), {"comment"}),
    "jpeg xmp": (lambda: written("JPEG", xmp=XMP), {"gps", "owner"}),
    "jpeg trailer": (lambda: written("JPEG") + b"\0\0\0\x18ftypmp42" + bytes(range(64)), {"trailer"}),
    "jpeg turned": (lambda: written("JPEG", exif=block("gps", "turned")), {"gps"}),
    "png text": (lambda: written("PNG", pnginfo=text(Author="Jo Doe", Comment="at home, in the garden, in May")),
                 {"owner", "comment"}),
    "png exif": (lambda: written("PNG", exif=block("gps", "turned")), {"gps"}),
    "png trailer": (lambda: written("PNG") + b"PK\3\4 and more", {"trailer"}),
    "webp exif, xmp": (lambda: written("WEBP", exif=block("gps"), xmp=XMP), {"gps", "owner"}),
    "webp turned": (lambda: written("WEBP", exif=block("owner", "turned")), {"owner"}),
    "gif comment": (lambda: written("GIF", comment=b"at home with Jo"), {"comment"}),
    "tiff owner": (lambda: written("TIFF", tiffinfo={0x013B: "Jo Doe", 0x0110: "One"}), {"owner", "camera"}),
}  # fmt: skip
QUIET = {
    "jpeg": lambda: written("JPEG"),
    "jpeg software, turned": lambda: written("JPEG", exif=block("software", "turned")),
    "jpeg empty gps": lambda: written("JPEG", exif=block("empty gps")),
    "jpeg encoder's mark": lambda: written("JPEG", comment=b"CREATOR: gd-jpeg v1.0"),
    "jpeg padding": lambda: written("JPEG") + bytes(40),
    "png software": lambda: written("PNG", pnginfo=text(Software="gimp")),
    "webp": lambda: written("WEBP"),
    "gif": lambda: written("GIF"),
    "tiff": lambda: written("TIFF"),
    "bmp": lambda: written("BMP"),
}


@pytest.mark.parametrize("name", TELLING)
def test_what_metadata_tells_is_found_and_stripped_without_loss(name: str) -> None:
    make, want = TELLING[name]
    data = make()
    assert words(data) == want
    bare = stripped(data)
    assert words(bare) == set()
    with Image.open(io.BytesIO(data)) as before, Image.open(io.BytesIO(bare)) as after:
        assert before.tobytes() == after.tobytes()
        assert before.getexif().get(0x0112, 1) == after.getexif().get(0x0112, 1)


@pytest.mark.parametrize("name", QUIET)
def test_what_concerns_nobody_is_not_found(name: str) -> None:
    assert words(QUIET[name]()) == set()


def test_seen_names_place_person_and_device_apart() -> None:
    data = written("JPEG", exif=block("gps", "owner", "camera"))
    seen = metadata.look(data, "jpeg", {}, Counter())
    assert [(entry.entity, entry.rule) for entry in seen] == [
        ("GPS_METADATA", "media.location"),
        ("MEDIA_METADATA", "media.person"),
    ]
    assert not any("Jo" in word for entry in seen for word in entry.evidence)


def _hostile() -> Sequence[bytes]:
    loop = (
        b"MM\0*\0\0\0\x08\0\x02" + struct.pack(">HHII", 0x8769, 4, 1, 8) + struct.pack(">HHII", 0x010E, 2, 1 << 31, 8)
    )
    return [loop + struct.pack(">I", 8), loop, b"II*\0\xff\xff\xff\xff", b"MM\0*\0\0\0\x08\xff\xff" + bytes(40), b"II"]


@pytest.mark.parametrize("data", _hostile())
def test_an_exif_block_that_lies_is_read_as_far_as_it_goes(data: bytes) -> None:
    assert exif.words_of(data) <= {"comment"}
    assert exif.orientation(data) == 1
    assert len(exif.blanked(data)) == len(data)


@given(st.data())
def test_cut_or_changed_files_raise_nothing(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(TELLING)))
    file = bytearray(TELLING[name][0]())
    kind = sniff.sniff(bytes(file))
    assert kind is not None
    for _ in range(data.draw(st.integers(0, 8))):
        file[data.draw(st.integers(12, len(file) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(file[: data.draw(st.integers(16, len(file)))])
    metadata.look(cut, kind.name, {}, Counter())
    metadata.stripped(cut, kind.name, {})
