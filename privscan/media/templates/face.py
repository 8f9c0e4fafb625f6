"""Face picture records: ISO/IEC 19794-5 of 2005 and 2011, as passports carry them; ANSI/INCITS 385 of 2004."""

from __future__ import annotations

from privscan.media.seen import Seen
from privscan.media.templates.octets import MalformedError, Octets
from privscan.media.templates.representation import captured, header_2011
from privscan.model import Confidence

__all__ = ["MAGIC", "look"]

MAGIC = (b"FAC\x00010\x00", b"FAC\x00030\x00")

_PICTURES = (b"\xff\xd8\xff", b"\x00\x00\x00\x0cjP  ", b"\xff\x4f\xff\x51", b"\x89PNG")  # JPEG, JP2, J2K, PNG


def look(data: bytes | memoryview) -> list[Seen]:
    """Return the one face record that `data` begins with, or nothing."""
    edition, read = ("ISO 19794-5:2005", _iso_2005) if data[4:8] == b"010\x00" else ("ISO 19794-5:2011", _iso_2011)
    try:
        faces, points, width, height = read(Octets(data, 8))
    except MalformedError:
        return []
    evidence = (edition, f"faces:{faces}", f"points:{points}", f"size:{width}x{height}", f"bytes:{len(data)}")
    return [Seen("FACE_TEMPLATE", "biometric.face.template", Confidence.HIGH, evidence)]


def _iso_2005(octets: Octets) -> tuple[int, int, int, int]:
    declared, faces = octets.uint(4), octets.uint(2)
    octets.need(14 < declared <= octets.end and faces > 0)
    octets.end = declared
    marked = width = height = 0
    for _ in range(faces):
        length = octets.uint(4)
        octets.need(length >= 32)
        face = octets.part(length - 4)
        points = face.uint(2)
        face.skip(14)  # gender, eyes, hair, properties, expression, pose
        face.skip(points * 8)
        face.need(face.uint(1) <= 3 and face.uint(1) <= 1)  # basic to token frontal; JPEG or JPEG 2000
        width, height = face.uint(2), face.uint(2)
        face.need(width > 0 and height > 0)
        face.skip(6)  # colours, source, device, quality
        _picture(face)
        marked += points
    octets.need(octets.left == 0)
    return faces, marked, width, height


def _iso_2011(octets: Octets) -> tuple[int, int, int, int]:
    faces, certified = header_2011(octets)
    octets.skip(2)  # how the faces follow one another in time
    marked = width = height = 0
    for _ in range(faces):
        face = captured(octets, certified=certified)
        points = face.uint(2)
        face.skip(15)  # gender, eyes, hair, height, properties, expression, pose
        face.skip(points * 8)
        face.need(face.uint(1) <= 0x82 and face.uint(1) <= 3)  # token frontal, 3D; JPEG, JPEG 2000 (two), PNG
        width, height = face.uint(2), face.uint(2)
        face.need(width > 0 and height > 0)
        face.skip(5)  # sampling, what was done to it, reference, colours
        length = face.uint(4)
        face.need(length > 0)
        _picture(face.part(length))
        marked += points
    octets.need(octets.left == 0)
    return faces, marked, width, height


def _picture(octets: Octets) -> None:
    """Ask that a picture begins here."""
    octets.need(octets.take(min(octets.left, 8)).startswith(_PICTURES))
