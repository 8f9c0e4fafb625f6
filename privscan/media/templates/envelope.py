"""CBEFF envelopes (ISO/IEC 19785, NISTIR 6529-A): the 88-byte header of US identity cards, and records in XML.

Passports' own envelope stands in `passport`.
"""

from __future__ import annotations

import base64
import binascii
import re

from privscan.media.seen import Seen
from privscan.media.templates import face, finger, iris, minutiae
from privscan.media.templates.octets import MalformedError, Octets
from privscan.model import Confidence

__all__ = ["MAGIC", "look"]

MAGIC = (b"\x03", b"<")

_RECORDS = {b"FAC\x00": face, b"FIR\x00": finger, b"FMR\x00": minutiae, b"IIR\x00": iris}
_PIV = {  # NIST SP 800-76: biometric type
    0x08: ("FINGERPRINT_TEMPLATE", "biometric.fingerprint.template"),
    0x02: ("FACE_TEMPLATE", "biometric.face.template"),
    0x10: ("IRIS_IMAGE", "biometric.iris.image"),
}
_SPACE = re.compile(rb"standards\.iso\.org/iso-iec/(19785|39794)[^\s\"'<>]{0,64}[\"']")
_BLOCK = re.compile(rb"<(?:\w{1,16}:)?BDB(?:\s[^<>]{0,256})?>\s*([A-Za-z0-9+/=\s]{16,})")
_XML_KINDS = (  # words of element names and types, the nearest to a kind first
    (b"face", ("FACE_TEMPLATE", "biometric.face.template")),
    (b"iris", ("IRIS_IMAGE", "biometric.iris.image")),
    (b"minutia", ("FINGERPRINT_TEMPLATE", "biometric.fingerprint.template")),
    (b"finger", ("FINGERPRINT_IMAGE", "biometric.fingerprint.image")),
    (b"voice", ("VOICE", "biometric.voice")),
)
_HEAD = 4096  # bytes of an XML text in which its name space stands


def look(data: bytes | memoryview) -> list[Seen]:
    """Return what the envelope that `data` begins with holds."""
    if data[:1] == b"<":
        return _xml(data)
    try:
        return [_piv(Octets(data))]
    except MalformedError:
        return []


def _piv(octets: Octets) -> Seen:
    """Read the header of SP 800-76: 88 bytes, then the record, then a signature."""
    octets.need(octets.uint(1) == 0x03 and octets.uint(1) <= 0x0F)
    record, signature = octets.uint(4), octets.uint(2)
    octets.skip(4)  # owner and type of the record's format
    _dates(octets)
    kind = octets.uint(3)
    octets.need(kind in _PIV)
    octets.skip(1)  # raw, intermediate or processed
    quality = octets.uint(1)
    octets.need(quality <= 100 or quality >= 0xFE)
    octets.skip(18 + 25)  # who made it, for whom
    octets.need(octets.uint(4) == 0 and record > 0)
    inner = octets.part(record)
    octets.need(signature <= octets.left)
    found = _record(inner.data[inner.at : inner.end])
    if found:
        return _within(found[0], "CBEFF (SP 800-76)")
    octets.need(signature > 0)  # without one, and without a record that can be read, it may be anything
    entity, rule = _PIV[kind]
    return Seen(entity, rule, Confidence.HIGH, ("CBEFF (SP 800-76)", f"bytes:{record}"))


def _dates(octets: Octets) -> None:
    """Read when it was made, from when and until when it holds: century, year, ... second, a byte each, and a Z."""
    for _ in range(3):
        century, year, month, day, hour, minute, second, zone = octets.take(8)
        octets.need(19 <= century <= 99 and year <= 99 and 1 <= month <= 12 and 1 <= day <= 31)
        octets.need(hour <= 23 and minute <= 59 and second <= 60 and zone == 0x5A)


def _xml(data: bytes | memoryview) -> list[Seen]:
    """Look into a record written in XML: the base64 of its block of data, else what its name space says it is."""
    head = bytes(data[:_HEAD])
    space = _SPACE.search(head)
    if space is None:
        return []
    whole = bytes(data)
    out = []
    for block in _BLOCK.finditer(whole):
        out += [_within(seen, "CBEFF XML") for seen in _record(_decoded(block[1]))]
    if out or space[1] == b"19785":
        if not out and b"BDB>" in whole:
            out = [_named(whole, "CBEFF XML")]
        return list(dict.fromkeys(out))
    return [_named(whole, "ISO 39794 XML")]


def _named(whole: bytes, evidence: str) -> Seen:
    """Return what an envelope holds by the words in it, where its data cannot be read."""
    folded = whole.lower()
    entity, rule = next((kind for word, kind in _XML_KINDS if word in folded), _PIV[0x08])
    return Seen(entity, rule, Confidence.MEDIUM, (evidence, f"bytes:{len(whole)}"))


def _decoded(text: bytes) -> bytes:
    clean = b"".join(text.split())
    try:
        return base64.b64decode(clean[: len(clean) // 4 * 4])
    except binascii.Error:
        return b""


def _record(data: bytes | memoryview) -> list[Seen]:
    leaf = _RECORDS.get(bytes(data[:4]))
    return leaf.look(data) if leaf is not None else []


def _within(seen: Seen, envelope: str) -> Seen:
    return Seen(seen.entity, seen.rule, seen.confidence, (envelope, *seen.evidence))
