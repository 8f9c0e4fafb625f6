"""Private keys: say whether there is key material between the armour lines (RFC 7468, OpenSSH, OpenPGP)."""

from __future__ import annotations

import re

from privscan.validators import FAILED, SHAPE, Verdict
from privscan.validators.tokens import unbase64

_ARMOUR = re.compile(r"-----(?:BEGIN|END)[A-Z0-9 ]{0,50}-----")
_HEADER = re.compile(r"^[A-Za-z-]{3,20}: .*$", re.MULTILINE)
_MATERIAL = 40


def pem(value: str) -> Verdict:
    """Check the body of an armoured private key: base64 that is DER of its own length, or an OpenSSH key, is proof.

    Fails where fewer than 40 characters of base64 stand inside: an elided example. Encrypted keys are said to be.
    """
    body = _ARMOUR.sub("", value).replace("\\r", "").replace("\\n", "\n")
    packed = "".join(re.findall(r"[A-Za-z0-9+/=]+", _HEADER.sub("", body)))
    if len(packed) < _MATERIAL:
        return FAILED
    facts = ("encrypted",) if "ENCRYPTED" in value else ()
    raw = unbase64(packed)
    if raw is None:
        return Verdict("shape", facts)
    if raw.startswith(b"openssh-key-v1\0"):
        return Verdict("passed", facts or (() if raw[19:23] == b"none" else ("encrypted",)))
    return Verdict("passed", facts) if _der_length(raw) == len(raw) else Verdict(SHAPE.state, facts)


def _der_length(raw: bytes) -> int:
    """Return how long the DER SEQUENCE at the start says it is, header included; 0 when none starts here."""
    if len(raw) < 4 or raw[0] != 0x30:
        return 0
    if raw[1] < 0x80:
        return 2 + raw[1]
    size = raw[1] & 0x7F
    return 2 + size + int.from_bytes(raw[2 : 2 + size])
