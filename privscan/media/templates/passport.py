"""Data groups 2, 3 and 4 of electronic passports (ICAO Doc 9303-10), and the templates they are made of.

A data group is 7F61 { 02 how many, 7F60 { A1 what it is, 5F2E or 7F2E the data } ... }. The data of 5F2E is a record of
ISO/IEC 19794, that of 7F2E ASN.1 of ISO/IEC 39794; both are looked into.
"""

from __future__ import annotations

from privscan.media.seen import Seen
from privscan.media.templates import face, finger, iris, minutiae, tlv
from privscan.media.templates.octets import MalformedError, Octets
from privscan.model import Confidence

__all__ = ["MAGIC", "look"]

MAGIC = (b"\x75", b"\x63", b"\x76", b"\x7f\x61", b"\x7f\x60")

_GROUPS = {0x75: "DG2", 0x63: "DG3", 0x76: "DG4"}
_GROUP, _TEMPLATE, _HEADER, _DATA, _ASN1 = 0x7F61, 0x7F60, 0xA1, 0x5F2E, 0x7F2E
_RECORDS = {b"FAC\x00": face, b"FIR\x00": finger, b"FMR\x00": minutiae, b"IIR\x00": iris}
_KINDS = {  # of ISO/IEC 19785-3: bits of the biometric type, in the first byte or the last
    2: ("FACE_TEMPLATE", "biometric.face.template"),
    4: ("VOICE", "biometric.voice"),
    8: ("FINGERPRINT_IMAGE", "biometric.fingerprint.image"),
    16: ("IRIS_IMAGE", "biometric.iris.image"),
}
_BY_GROUP = {"DG2": 2, "DG3": 8, "DG4": 16}


def look(data: bytes | memoryview) -> list[Seen]:
    """Return what the data group or template that `data` begins with holds."""
    try:
        tag, value = tlv.element(Octets(data))
        name = _GROUPS.get(tag, "CBEFF")
        if tag in _GROUPS:
            tag, value = tlv.element(value)
        if tag == _GROUP:
            return _group(value, name)
        value.need(tag == _TEMPLATE)
        return [_template(value, name)]
    except MalformedError:
        return []


def _group(value: Octets, name: str) -> list[Seen]:
    """Read how many templates there are, and those."""
    tag, number = tlv.element(value)
    value.need(tag == 0x02 and number.left == 1)
    count = number.uint(1)
    out = []
    for _ in range(count):
        tag, template = tlv.element(value)
        value.need(tag == _TEMPLATE)
        out.append(_template(template, name))
    return list(dict.fromkeys(out))


def _template(value: Octets, name: str) -> Seen:
    """Read the header and the data of one biometric information template."""
    tag, header = tlv.element(value)
    value.need(tag == _HEADER)
    kind = _kind(header) or _BY_GROUP.get(name, 0)
    tag, block = tlv.element(value)
    value.need(tag in (_DATA, _ASN1) and block.left > 0)
    if tag == _DATA:
        record = block.data[block.at : block.end]
        leaf = _RECORDS.get(bytes(record[:4]))
        found = leaf.look(record) if leaf is not None else []
        if found:
            (seen,) = found
            return Seen(seen.entity, seen.rule, seen.confidence, (name, *seen.evidence))
        block.need(kind in _KINDS)  # enciphered, or a maker's own
        coding = "own coding"
    else:
        tlv.fits(Octets(block.data, block.at, block.end))
        block.need(kind in _KINDS)
        coding = "ISO 39794"
    entity, rule = _KINDS[kind]
    return Seen(entity, rule, Confidence.HIGH, (name, coding, f"bytes:{block.left}"))


def _kind(header: Octets) -> int:
    """Return the biometric type of a header, 0 where it tells none. Owner and format must be there."""
    kind, told = 0, set()
    while header.left:
        tag, value = tlv.element(header)
        told.add(tag)
        if tag == 0x81:
            header.need(1 <= value.left <= 3)
            kind = value.uint(value.left)
    header.need({0x87, 0x88} <= told)
    return kind
