"""Issuers' tokens: what a checksum or a built-in structure says of them without asking anybody.

A failed checksum means "made up or of a newer form", so rules for secrets keep such a match.

>>> github("ghp_" + "0" * 36).state
'failed'
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib
from datetime import UTC, datetime
from typing import Any

from privscan.validators import FAILED, NOT_APPLICABLE, PASSED, SHAPE, Verdict

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


# JSON Web Algorithms (RFC 7518, RFC 8037); RSA's have the length of the key.
_SIGNATURE_BYTES = {
    "HS256": (32,),
    "HS384": (48,),
    "HS512": (64,),
    "ES256": (64,),
    "ES384": (96,),
    "ES512": (132,),
    "EdDSA": (64, 114),
}


_ALGORITHMS = frozenset(_SIGNATURE_BYTES) | {f"{kind}{size}" for kind in ("RS", "PS") for size in (256, 384, 512)}
_ISSUER = re.compile(r"https://([0-9A-Za-z-]{1,63}(?:\.[0-9A-Za-z-]{1,63}){1,5})(?:/.*)?", re.DOTALL)


def base62_crc(text: str) -> str:
    """Return the CRC-32 of a text as six base-62 digits, the tail of GitHub's and npm's tokens."""
    value, out = zlib.crc32(text.encode()), ""
    while value:
        value, rest = divmod(value, 62)
        out = BASE62[rest] + out
    return out.rjust(6, "0")


def unbase64(text: str) -> bytes | None:
    """Return the bytes of base64 or base64url text, padding or none; None where it is neither."""
    bare = text.rstrip("=").translate(str.maketrans("-_", "+/"))
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def unjson(text: str) -> Any:
    """Return the JSON value inside base64 text; None where there is none."""
    raw = unbase64(text)
    try:
        return None if raw is None else json.loads(raw)
    except (ValueError, RecursionError):
        return None


def github(value: str) -> Verdict:
    """Check the last six characters of a classic token against the CRC-32 of what stands between prefix and them."""
    prefix, _, body = value.partition("_")
    if prefix == "github" or len(body) not in (36, 76) or not body.isalnum():
        return NOT_APPLICABLE
    if base62_crc(body[:-6]) == body[-6:]:
        return PASSED
    return SHAPE if prefix == "ghs" else FAILED  # installation tokens are also seen without a sum


def jwt(value: str) -> Verdict:
    """Parse a JSON Web Token (RFC 7519): both parts are JSON objects, the signature has its algorithm's length.

    Tells the host of its issuer and the day it expires. A token signed by `none` proves nothing to anybody.
    """
    parts = value.split(".")
    head = unjson(parts[0])
    if len(parts) != 3 or not isinstance(head, dict) or not isinstance(head.get("alg"), str):
        return FAILED
    body = unjson(parts[1])
    alg = head["alg"]
    if not isinstance(body, dict) or alg.lower() == "none":
        return SHAPE
    facts = ("jwt", f"alg:{alg}" if alg in _ALGORITHMS else "alg:other", *_claims(body))
    signature = unbase64(parts[2]) or b""
    sizes = _SIGNATURE_BYTES.get(alg)
    right = len(signature) in sizes if sizes else alg[:2] in ("RS", "PS") and len(signature) >= 128
    return Verdict("passed" if right else "shape", facts)


def _claims(body: dict[str, Any]) -> tuple[str, ...]:
    """Return what a token's body says of itself: the host of an issuer that is an address, the day it expires."""
    facts = []
    host = _ISSUER.fullmatch(body["iss"]) if isinstance(body.get("iss"), str) else None
    if host:
        facts.append(f"issuer:{host[1].lower()}")
    expires = body.get("exp")
    if isinstance(expires, (int, float)) and 0 < expires < 253402300800:  # the year 10000
        facts.append(f"expires:{datetime.fromtimestamp(expires, UTC):%Y-%m-%d}")
    return tuple(facts)


def aws_key(value: str) -> Verdict:
    """Decode the account out of an access key id and tell it: base32, the account below 10^12."""
    try:
        raw = base64.b32decode(value[4:])
    except (binascii.Error, ValueError):
        return SHAPE
    account = (int.from_bytes(raw[:6]) & 0x7FFFFFFFFF80) >> 7
    return Verdict("passed", (f"account:{account:012d}",)) if 0 < account < 10**12 else SHAPE


def npm(value: str) -> Verdict:
    """Check the tail of an npm token as `github` does."""
    return github(value)


def vercel(value: str) -> Verdict:
    """Check the last six characters of a Vercel token against the CRC-32 of the fifty before them."""
    body = value.partition("_")[2]
    if len(body) != 56:
        return NOT_APPLICABLE
    return PASSED if base62_crc(body[:-6]) == body[-6:] else FAILED


def gitlab(value: str) -> Verdict:
    """Check the CRC-32 (base 36) and the length of a routable GitLab token; classic ones carry neither."""
    body, dot, tail = value.rpartition(".")
    if not dot:
        return NOT_APPLICABLE
    if len(tail) != 9 or not tail.isalnum():
        return FAILED
    head = value[:-7]
    return PASSED if f"{_base36(zlib.crc32(head.encode())):>07}" == tail[2:].lower() and body else FAILED


def _base36(number: int) -> str:
    out = ""
    while number:
        number, rest = divmod(number, 36)
        out = "0123456789abcdefghijklmnopqrstuvwxyz"[rest] + out
    return out


def grafana(value: str) -> Verdict:
    """Check the eight hex digits of a service account token: CRC-32 of the first 37 characters, little-endian."""
    if len(value) != 46:
        return NOT_APPLICABLE
    return PASSED if zlib.crc32(value[:37].encode()).to_bytes(4, "little").hex() == value[38:].lower() else FAILED


def atlassian(value: str) -> Verdict:
    """Check the last eight hex digits of an Atlassian token: CRC-32 of everything before them."""
    return PASSED if f"{zlib.crc32(value[:-8].encode()):08X}" == value[-8:].upper() else FAILED


def pypi(value: str) -> Verdict:
    """Parse a PyPI token: a version 2 macaroon for the index, with a signature of 32 bytes at its end."""
    raw = unbase64(value.removeprefix("pypi-"))
    if raw is None:
        return FAILED
    if not raw.startswith((b"\x02\x01\x08pypi.org", b"\x02\x01\x0dtest.pypi.org")):
        return FAILED
    return PASSED if raw[-34:-32] == b"\x06\x20" else SHAPE


def discord(value: str) -> Verdict:
    """Decode the first part of a bot token: the bot's number, 17 to 20 digits."""
    raw = unbase64(value.partition(".")[0]) or b""
    return PASSED if raw.isdigit() and 17 <= len(raw) <= 20 else FAILED


def age_key(value: str) -> Verdict:
    """Check the bech32 sum of an age identity."""
    from privscan.validators.crypto import bech32

    return PASSED if bech32(value) else FAILED
