"""Private keys: say whether there is key material between the armour lines, or in the fields of a key file.

PEM (RFC 7468; PKCS #1, PKCS #8, SEC 1), OpenSSH, OpenPGP (RFC 9580), PuTTY, JSON Web Keys (RFC 7517), the key files of
Google's service accounts.
"""

from __future__ import annotations

import json
import re
from typing import Any

from privscan.validators import FAILED, Verdict
from privscan.validators.tokens import unbase64

_ARMOUR = re.compile(r"-----(?:BEGIN|END)[A-Z0-9 ]{0,50}-----")
_HEADER = re.compile(r"^[A-Za-z-]{3,20}: .*$", re.MULTILINE)
_KIND = re.compile(r"BEGIN (?:([A-Z0-9]{1,12}) )?(?:ENCRYPTED )?PRIVATE")
_SEAL = re.compile(r"=([A-Za-z0-9+/]{4})\s*\Z")
_MATERIAL = 40
_PUTTY = re.compile(
    r"PuTTY-User-Key-File-([23]): \S+\r?\nEncryption: (\S+)\r?\n.*?Public-Lines: (\d+)\r?\n(.*?)"
    r"(?:Key-Derivation: .*?)?Private-Lines: (\d+)\r?\n(.*?)Private-MAC: ([0-9a-f]+)",
    re.DOTALL,
)
_PRIVATE = {"oct": ("k",), "RSA": ("n", "d"), "EC": ("x", "d"), "OKP": ("x", "d")}


def pem(value: str) -> Verdict:
    """Check the body of an armoured private key: base64 that is DER of its own length, or an OpenSSH key, is proof.

    So is an OpenPGP block whose CRC-24 is right. Fails where fewer than 40 characters of base64 stand inside: an
    elided example. Encrypted keys are said to be; the kind is told.
    """
    body = _ARMOUR.sub("", value).replace("\\r", "").replace("\\n", "\n")
    body = _HEADER.sub("", body).strip().strip("\"'+,; ")
    if "PGP" in value:
        return _pgp(body)
    packed = "".join(re.findall(r"[A-Za-z0-9+/=]+", body))
    if len(packed) < _MATERIAL:
        return FAILED
    kind = _KIND.search(value)
    facts: tuple[str, ...] = (f"key:{(kind[1] or 'pkcs8').lower()}",) if kind else ()
    facts += ("encrypted",) if "ENCRYPTED" in value else ()
    raw = unbase64(packed)
    if raw is None:
        return Verdict("shape", facts)
    if raw.startswith(b"openssh-key-v1\0"):
        return Verdict("passed", facts if raw[19:23] == b"none" else (*facts, "encrypted"))
    return Verdict("passed" if _der_length(raw) == len(raw) else "shape", facts)


def _pgp(body: str) -> Verdict:
    """Check the CRC-24 of an OpenPGP block; newer writers leave it out, which proves nothing."""
    seal = _SEAL.search(body)
    packed = "".join(re.findall(r"[A-Za-z0-9+/=]+", body[: seal.start()] if seal else body))
    raw = unbase64(packed)
    if len(packed) < _MATERIAL:
        return FAILED
    if raw is None or seal is None:
        return Verdict("shape", ("key:pgp",))
    right = crc24(raw).to_bytes(3) == unbase64(seal[1])
    return Verdict("passed" if right else "shape", ("key:pgp",))


def crc24(raw: bytes) -> int:
    """Return the checksum of OpenPGP's armour (RFC 9580, section 6.1)."""
    crc = 0xB704CE
    for byte in raw:
        crc ^= byte << 16
        for _ in range(8):
            crc = crc << 1 ^ 0x1864CFB if crc & 0x800000 else crc << 1
    return crc & 0xFFFFFF


def putty(value: str) -> Verdict:
    """Parse a PuTTY key file, version 2 or 3: as many lines of base64 as it says, a MAC of its version's length."""
    found = _PUTTY.match(value)
    if found is None:
        return FAILED
    facts = ("key:putty",) if found[2] == "none" else ("key:putty", "encrypted")
    counts = all(len(lines.split()) == int(told) for told, lines in ((found[3], found[4]), (found[5], found[6])))
    material = unbase64("".join(found[6].split()))
    right = counts and material is not None and len(found[7]) == (40 if found[1] == "2" else 64)
    return Verdict("passed" if right else "shape", facts)


def jwk(value: str) -> Verdict:
    """Parse a JSON Web Key: private or symmetric material of its kind, each number base64url."""
    key = _object(value)
    wanted = _PRIVATE.get(str(key.get("kty"))) if key is not None else None
    if key is None or wanted is None:
        return FAILED
    parts = [key.get(name) for name in wanted]
    if not all(isinstance(part, str) and len(part) >= 20 and unbase64(part) for part in parts):
        return FAILED
    return Verdict("passed", (f"key:{key['kty'].lower()}",))


def service_account(value: str) -> Verdict:
    """Parse the key file of a Google service account: its type, its number of 40 hex digits, a key in PEM.

    The address it acts under ends in `.gserviceaccount.com`.
    """
    key = _object(value)
    if key is None or key.get("type") != "service_account":
        return FAILED
    named = re.fullmatch(r"[0-9a-f]{40}", str(key.get("private_key_id"))) is not None
    address = str(key.get("client_email")).endswith(".gserviceaccount.com")
    inside = pem(str(key.get("private_key"))).state
    if inside == "failed":
        return FAILED
    return Verdict("passed" if named and address and inside == "passed" else "shape", ("key:service-account",))


def _object(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _der_length(raw: bytes) -> int:
    """Return how long the DER SEQUENCE at the start says it is, header included; 0 when none starts here."""
    if len(raw) < 4 or raw[0] != 0x30:
        return 0
    if raw[1] < 0x80:
        return 2 + raw[1]
    size = raw[1] & 0x7F
    return 2 + size + int.from_bytes(raw[2 : 2 + size])
