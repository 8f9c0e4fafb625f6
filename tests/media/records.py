"""Writes biometric records by the layouts of their standards, with invented content: what the parsers are tried on."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

JPEG = b"\xff\xd8\xff\xe0" + bytes(28) + b"\xff\xd9"
JP2 = b"\x00\x00\x00\x0cjP  \r\n\x87\n" + bytes(24)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(24)
DATE = struct.pack(">HBBBBBH", 2024, 5, 17, 9, 30, 0, 250)


def points(count: int, size: int = 6) -> bytes:
    """Minutiae in a picture of 300 by 400."""
    each = (
        struct.pack(">HHBB", 1 + number % 2 << 14 | number * 7 % 300, number * 11 % 400, number % 180, number % 101)
        for number in range(count)
    )
    return b"".join(minutia[:size] for minutia in each)


def numbered(length: int, rest: bytes) -> bytes:
    """A part that begins with its own length, counted in."""
    return (len(rest) + length).to_bytes(length) + rest


# ---------------------------------------------------------------- minutiae


def fmr_2005(counts: tuple[int, ...] = (38,), extended: bytes = b"") -> bytes:
    head = struct.pack(">HHHHHBB", 0x0155, 300, 400, 197, 197, len(counts), 0)
    views = b"".join(
        struct.pack(">BBBB", at % 11, at << 4, 80, count) + points(count) + struct.pack(">H", len(extended)) + extended
        for at, count in enumerate(counts)
    )
    return b"FMR\0 20\0" + struct.pack(">I", 12 + len(head) + len(views)) + head + views


def ansi_2004(counts: tuple[int, ...] = (25, 0), *, long: bool = False) -> bytes:
    head = struct.pack(">HHHHHHHBB", 0x42, 0x11, 0x0155, 300, 400, 197, 197, len(counts), 0)
    views = b"".join(
        struct.pack(">BBBB", at % 11, at << 4, 80, count) + points(count) + b"\0\0" for at, count in enumerate(counts)
    )
    length = 8 + (6 if long else 2) + len(head) + len(views)
    size = struct.pack(">HI", 0, length) if long else struct.pack(">H", length)
    return b"FMR\0 20\0" + size + head + views


def ansi_2009(count: int = 30, version: bytes = b"030\0", *, packed: bool = False) -> bytes:
    head = struct.pack(">BB" if packed else ">BBB", *(2, 0) if packed else (2, 0, 0))
    view = head + struct.pack(">BHHHHHHB", 90, 0x42, 1, 300, 400, 197, 197, count) + points(count) + b"\0\0"
    rest = struct.pack(">HHBHBB", 0x42, 0x11, 0, 0x0155, 1, 0) + view
    return b"FMR\0" + version + struct.pack(">I", 12 + len(rest)) + rest


def capture(body: bytes, *, qualities: int = 1, certificates: int | None = None) -> bytes:
    """A representation of the 2011 edition."""
    certified = b"" if certificates is None else bytes([certificates]) + bytes(3 * certificates)
    blocks = bytes([qualities]) + struct.pack(">BHH", 80, 0x42, 1) * qualities
    return numbered(4, DATE + struct.pack(">BHH", 0, 0x42, 7) + blocks + certified + body)


def head_2011(magic: bytes, captures: list[bytes], more: bytes = b"", *, certified: bool = False) -> bytes:
    rest = struct.pack(">HB", len(captures), certified) + more + b"".join(captures)
    return magic + struct.pack(">I", 12 + len(rest)) + rest


def fmr_2011(counts: tuple[int, ...] = (20, 31), size: int = 6) -> bytes:
    views = [
        capture(
            struct.pack(">BBHHBHHBB", 3, at, 197, 197, 0, 300, 400, size << 4, count) + points(count, size) + b"\0\0"
        )
        for at, count in enumerate(counts)
    ]
    return head_2011(b"FMR\x00030\0", views)


def fmr_2011_certified() -> bytes:
    body = struct.pack(">BBHHBHHBB", 3, 0, 197, 197, 0, 300, 400, 0x60, 9) + points(9) + b"\0\0"
    return head_2011(b"FMR\x00030\0", [capture(body, qualities=2, certificates=2)], certified=True)


# ---------------------------------------------------------------- pictures of fingers


def fir_2005(views: int = 2, product: bytes = b"") -> bytes:
    picture = wsq()
    head = struct.pack(">HHBBHHHHBBH", 1, 31, views, 2, 197, 197, 197, 197, 8, 2, 0)
    fingers = b"".join(
        numbered(4, struct.pack(">BBBBBHHB", 1 + at, 1, 1, 254, 0, 300, 400, 0) + picture) for at in range(views)
    )
    return b"FIR\x00010\0" + (14 + len(product) + len(head) + len(fingers)).to_bytes(6) + product + head + fingers


def fir_2011() -> bytes:
    body = struct.pack(">BBBHHHHBBBHHI", 7, 0, 1, 500, 500, 500, 500, 8, 5, 0, 300, 400, len(PNG)) + PNG
    return head_2011(b"FIR\x00020\0", [capture(body), capture(body, qualities=0)], b"\x01")


# ---------------------------------------------------------------- faces, irises


def fac_2005(faces: int = 1, marks: int = 3, picture: bytes = JPEG) -> bytes:
    body = struct.pack(">HBBB3sH6s", marks, 1, 2, 3, bytes(3), 0, bytes(6)) + bytes(8 * marks)
    body += struct.pack(">BBHHBBHH", 1, int(picture is JP2), 480, 640, 1, 2, 0, 0) + picture
    rest = struct.pack(">H", faces) + numbered(4, body) * faces
    return b"FAC\x00010\0" + struct.pack(">I", 12 + len(rest)) + rest


def fac_2011(picture: bytes = JPEG) -> bytes:
    body = struct.pack(">HBBBB3sH6s", 2, 1, 2, 3, 170, bytes(3), 0, bytes(6)) + bytes(16)
    body += struct.pack(">BBHHBHBBI", 1, 0, 480, 640, 0, 0, 0, 1, len(picture)) + picture
    return head_2011(b"FAC\x00030\0", [capture(body)], b"\0\0")


def iir_2005(eyes: int = 2, pictures: int = 2, coding: int = 14) -> bytes:
    rest = struct.pack(">HBHHHHHHBB16s", 1, eyes, 45, 0, 0, coding, 640, 480, 8, 0, b"invented device\0")
    one = struct.pack(">HBHHI", 1, 90, 0, 0, len(JP2)) + JP2
    rest += b"".join(struct.pack(">BH", 1 + at, pictures) + one * pictures for at in range(eyes))
    return b"IIR\x00010\0" + struct.pack(">I", 12 + len(rest)) + rest


def iir_2011() -> bytes:
    body = struct.pack(">HBBBBHHB9HI", 1, 1, 2, 10, 0x55, 640, 480, 8, *range(9), len(JP2)) + JP2
    return head_2011(b"IIR\x00020\0", [capture(body)], b"\x02")


def wsq(*, comment: bytes = b"NIST_COM 4\nPIX_WIDTH 300\n", width: int = 300, height: int = 400) -> bytes:
    def segment(marker: int, body: bytes) -> bytes:
        return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body

    out = b"\xff\xa0" + segment(0xA8, comment)
    out += segment(0xA4, bytes([7, 9]) + bytes(6 * (4 + 5)))
    out += segment(0xA5, bytes(387))
    out += segment(0xA2, struct.pack(">BBHHBHBHBH", 0, 255, height, width, 0, 1, 0, 1, 2, 0))
    out += segment(0xA6, b"\0" + bytes(16) + bytes(20))
    return out + segment(0xA3, b"\0") + bytes(range(64)) + b"\xff\xa1"


# ---------------------------------------------------------------- transactions, envelopes


def itl(types: tuple[int, ...] = (2, 14, 9), version: bytes = b"0500", tag: bytes = b"%d.%03d") -> bytes:
    """A transaction whose first record is whole and whose others are there."""

    def name(kind: int, field: int) -> bytes:
        return tag % (kind, field)

    content = b"\x1e".join([b"1\x1f%d" % len(types), *(b"%d\x1f%02d" % (kind, at) for at, kind in enumerate(types))])
    body = (
        b"\x1d".join(
            [
                b"",
                name(1, 2) + b":" + version,
                name(1, 3) + b":" + content,
                name(1, 4) + b":ENROL",
                name(1, 5) + b":20240517",
            ]
        )
        + b"\x1c"
    )
    head = name(1, 1) + b":"
    length = len(head) + len(body) + 2
    while len(head) + len(b"%d" % length) + len(body) != length:
        length += 1
    others = b"".join(_record(kind, name(kind, 1)) for kind in types)
    return head + b"%d" % length + body + others


def _record(kind: int, name: bytes) -> bytes:
    if 3 <= kind <= 8:
        return struct.pack(">IB", 64, 0) + bytes(59)
    return name + b":20\x1d" + b"x" * 6 + b"\x1c"


def tlv(tag: int, value: bytes) -> bytes:
    name = tag.to_bytes(2 if tag > 0xFF else 1)
    if len(value) < 0x80:
        return name + bytes([len(value)]) + value
    size = (len(value).bit_length() + 7) // 8
    return name + bytes([0x80 | size]) + len(value).to_bytes(size) + value


def bit(record: bytes, kind: int = 2, *, tag: int = 0x5F2E) -> bytes:
    """A biometric information template."""
    header = tlv(0x80, b"\x01\x01") + tlv(0x81, bytes([kind])) + tlv(0x87, b"\x01\x01") + tlv(0x88, b"\x00\x08")
    return tlv(0x7F60, tlv(0xA1, header) + tlv(tag, record))


def group(tag: int, *templates: bytes) -> bytes:
    inner = tlv(0x7F61, tlv(0x02, bytes([len(templates)])) + b"".join(templates))
    return tlv(tag, inner) if tag else inner


def dg(tag: int = 0x75) -> bytes:
    record, kind = {0x75: (fac_2005(), 2), 0x63: (fir_2005(), 8), 0x76: (iir_2005(), 16)}[tag]
    return group(tag, bit(record, kind))


def dg_39794() -> bytes:
    """A face in the ASN.1 of ISO/IEC 39794-5: versions, then a representation."""
    body = tlv(0xA0, tlv(0x80, b"\x03") + tlv(0x81, b"\x07\xe3")) + tlv(0xA1, tlv(0x30, tlv(0x80, bytes(200))))
    return group(0x75, bit(tlv(0x65, body), 2, tag=0x7F2E))


def piv(record: bytes | None = None, signature: bytes = b"") -> bytes:
    """A record with the header of SP 800-76."""
    record = ansi_2004() if record is None else record
    date = bytes([20, 24, 5, 17, 9, 30, 0]) + b"Z"
    head = struct.pack(">BBIHHH", 3, 0x0D, len(record), len(signature), 0x1B, 0x201) + date * 3
    head += (8).to_bytes(3) + b"\x80\x50" + b"invented issuer\0\0\0" + bytes(25) + bytes(4)
    return head + record + signature


def xml(record: bytes | None = None) -> bytes:
    import base64

    data = base64.encodebytes(fir_2005() if record is None else record)
    return (
        b'<?xml version="1.0"?>\n<BIR xmlns="http://standards.iso.org/iso-iec/19785/-3/ed-2/"><Version>'
        b"<Major>1</Major></Version><BDBInfo><Type>Finger</Type></BDBInfo><BDB>" + data + b"</BDB></BIR>"
    )


def xml_39794() -> bytes:
    return (
        b'<faceImageData xmlns="https://standards.iso.org/iso-iec/39794/-5/ed-1/en"><versionBlock/>'
        b"<representationBlocks/></faceImageData>"
    )


SAMPLES: dict[str, tuple[Callable[[], bytes], str, str]] = {
    # what it is: (writer, entity, first word of its evidence)
    "FMR 2005": (fmr_2005, "FINGERPRINT_TEMPLATE", "ISO 19794-2:2005"),
    "FMR 2005, many views": (
        lambda: fmr_2005((0, 7, 255), b"\0\1\0\6\0\0"),
        "FINGERPRINT_TEMPLATE",
        "ISO 19794-2:2005",
    ),
    "INCITS 378-2004": (ansi_2004, "FINGERPRINT_TEMPLATE", "INCITS 378-2004"),
    "INCITS 378-2004, long": (lambda: ansi_2004(long=True), "FINGERPRINT_TEMPLATE", "INCITS 378-2004"),
    "INCITS 378-2009": (ansi_2009, "FINGERPRINT_TEMPLATE", "INCITS 378-2009"),
    "INCITS 378-2009 AM1": (lambda: ansi_2009(9, b"035\0"), "FINGERPRINT_TEMPLATE", "INCITS 378-2009"),
    "INCITS 378-2009, packed": (lambda: ansi_2009(12, packed=True), "FINGERPRINT_TEMPLATE", "INCITS 378-2009"),
    "FMR 2011": (fmr_2011, "FINGERPRINT_TEMPLATE", "ISO 19794-2:2011"),
    "FMR 2011, five bytes": (lambda: fmr_2011((12,), 5), "FINGERPRINT_TEMPLATE", "ISO 19794-2:2011"),
    "FMR 2011, certified": (fmr_2011_certified, "FINGERPRINT_TEMPLATE", "ISO 19794-2:2011"),
    "FIR 2005": (fir_2005, "FINGERPRINT_IMAGE", "ISO 19794-4:2005"),
    "INCITS 381-2004": (lambda: fir_2005(product=b"\0\x42\0\x01"), "FINGERPRINT_IMAGE", "INCITS 381-2004"),
    "FIR 2011": (fir_2011, "FINGERPRINT_IMAGE", "ISO 19794-4:2011"),
    "FAC 2005": (fac_2005, "FACE_TEMPLATE", "ISO 19794-5:2005"),
    "FAC 2005, JPEG 2000": (lambda: fac_2005(2, 0, JP2), "FACE_TEMPLATE", "ISO 19794-5:2005"),
    "FAC 2011": (fac_2011, "FACE_TEMPLATE", "ISO 19794-5:2011"),
    "FAC 2011, PNG": (lambda: fac_2011(PNG), "FACE_TEMPLATE", "ISO 19794-5:2011"),
    "IIR 2005": (iir_2005, "IRIS_IMAGE", "ISO 19794-6:2005"),
    "IIR 2005, one eye": (lambda: iir_2005(1, 1, 2), "IRIS_IMAGE", "ISO 19794-6:2005"),
    "IIR 2011": (iir_2011, "IRIS_IMAGE", "ISO 19794-6:2011"),
    "WSQ": (wsq, "FINGERPRINT_IMAGE", "WSQ"),
    "WSQ without a comment's words": (lambda: wsq(comment=b"."), "FINGERPRINT_IMAGE", "WSQ"),
    "ITL, latent": (lambda: itl((2, 13)), "FINGERPRINT_IMAGE", "ANSI/NIST-ITL 0500"),
    "ITL, binary": (lambda: itl((4, 4), b"0201", b"%d.%02d"), "FINGERPRINT_IMAGE", "ANSI/NIST-ITL 0201"),
    "ITL, minutiae": (lambda: itl((9,), b"0300"), "FINGERPRINT_TEMPLATE", "ANSI/NIST-ITL 0300"),
    "ITL, face": (lambda: itl((10,)), "FACE_TEMPLATE", "ANSI/NIST-ITL 0500"),
    "ITL, iris": (lambda: itl((17, 2)), "IRIS_IMAGE", "ANSI/NIST-ITL 0500"),
    "ITL, DNA": (lambda: itl((18,)), "GENETIC_DATA", "ANSI/NIST-ITL 0500"),
    "DG2": (lambda: dg(0x75), "FACE_TEMPLATE", "DG2"),
    "DG3": (lambda: dg(0x63), "FINGERPRINT_IMAGE", "DG3"),
    "DG4": (lambda: dg(0x76), "IRIS_IMAGE", "DG4"),
    "DG2, ISO 39794": (dg_39794, "FACE_TEMPLATE", "DG2"),
    "DG3, enciphered": (lambda: group(0x63, bit(bytes(range(256)), 8)), "FINGERPRINT_IMAGE", "DG3"),
    "CBEFF group": (lambda: group(0, bit(fmr_2005(), 8)), "FINGERPRINT_TEMPLATE", "CBEFF"),
    "CBEFF template": (lambda: bit(fac_2005()), "FACE_TEMPLATE", "CBEFF"),
    "SP 800-76": (piv, "FINGERPRINT_TEMPLATE", "CBEFF (SP 800-76)"),
    "SP 800-76, enciphered": (lambda: piv(bytes(100), b"signed"), "FINGERPRINT_TEMPLATE", "CBEFF (SP 800-76)"),
    "CBEFF XML": (xml, "FINGERPRINT_IMAGE", "CBEFF XML"),
    "CBEFF XML, own coding": (lambda: xml(bytes(64)), "FINGERPRINT_IMAGE", "CBEFF XML"),
    "ISO 39794 XML": (xml_39794, "FACE_TEMPLATE", "ISO 39794 XML"),
}
