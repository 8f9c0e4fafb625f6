"""Tokens that carry a checksum of their own, and those whose structure can be unpacked, beyond `tokens`."""

from __future__ import annotations

import base64
import re
import zlib

from privscan.validators import FAILED, NOT_APPLICABLE, PASSED, SHAPE, Verdict
from privscan.validators.tokens import base62_crc, unbase64, unjson

_MODES = {f"{kind}_{mode}": mode for kind in ("sk", "rk", "pk") for mode in ("live", "test")}


def github_fine(value: str) -> Verdict:
    """Check a fine-grained GitHub token: its last six characters are said to be a CRC-32; a wrong one says nothing."""
    body = value.removeprefix("github_pat_")
    if len(body) != 82 or body[22:23] != "_":
        return NOT_APPLICABLE
    return PASSED if base62_crc(body[:-6]) == body[-6:] else SHAPE


def zuplo(value: str) -> Verdict:
    """Check the eight hex digits at the end: CRC-32 of the 32 characters before them."""
    body, _, tail = value.removeprefix("zpka_").partition("_")
    return PASSED if len(body) == 32 and f"{zlib.crc32(body.encode()):08x}" == tail.lower() else FAILED


def confluent(value: str) -> Verdict:
    """Check the six characters at the end: base64 of the CRC-32 of what stands before them, little-endian."""
    head, tail = value[:-6], value[-6:]
    return PASSED if base64.b64encode(zlib.crc32(head.encode()).to_bytes(4, "little"))[:6].decode() == tail else FAILED


def grafana_cloud(value: str) -> Verdict:
    """Unpack a Grafana Cloud policy token (`glc_`) or an old API key: JSON with the organisation and a name."""
    inside = unjson(value.removeprefix("glc_"))
    keys = set(inside) if isinstance(inside, dict) else set()
    return PASSED if keys >= {"o", "n", "k"} or keys >= {"n", "id", "k"} or keys == {"n", "id"} else FAILED


def data_center(value: str) -> Verdict:
    """Unpack a personal token of Jira, Confluence or Bitbucket Data Center: a number, a colon, 20 random bytes."""
    raw = unbase64(value.removeprefix("BBDC-")) or b""
    number, colon, rest = raw.partition(b":")
    return PASSED if colon and number.isdigit() and int(number) >= 1000 and len(rest) == 20 else FAILED


def sendgrid(value: str) -> Verdict:
    """Check that both parts are base64url: of 16 bytes, then of 32."""
    parts = value.split(".")
    sizes = [len(unbase64(part) or b"") for part in parts[1:]]
    return SHAPE if parts[0] == "SG" and sizes == [16, 32] else FAILED


def sentry(value: str) -> Verdict:
    """Unpack an organisation's auth token (`sntrys_`): JSON that tells the site and the organisation."""
    if not value.startswith("sntrys_"):
        return NOT_APPLICABLE
    packed = value.removeprefix("sntrys_").rpartition("_")[0]
    inside = unjson(packed)
    return PASSED if isinstance(inside, dict) and {"iat", "url", "org"} <= set(inside) else FAILED


def jfrog(value: str) -> Verdict:
    """Unpack an Artifactory reference token (`reftkn:`), or see that an API key is base 58 of 54 bytes."""
    if value.startswith("AKCp"):
        from privscan.validators.crypto import base58

        return SHAPE if len(base58(value) or b"") in (53, 54) else FAILED
    return PASSED if (unbase64(value) or b"").startswith(b"reftkn:") else FAILED


def onepassword(value: str) -> Verdict:
    """Unpack a 1Password service account token (`ops_`): JSON with the account's sign-in."""
    inside = unjson(value.removeprefix("ops_"))
    return PASSED if isinstance(inside, dict) and "signInAddress" in inside else FAILED


def azure_key(value: str) -> Verdict:
    """Check a key of Azure storage and its kin: base64 of 64 bytes; newer ones are marked as what they are."""
    if len(value) != 88 or len(unbase64(value) or b"") != 64:
        return FAILED
    return Verdict("passed", ("marked",)) if re.fullmatch(r".{76}(?:\+ASt|ACDb|AIoT|ARm\+).*", value) else SHAPE


def bedrock(value: str) -> Verdict:
    """Unpack a long-term Amazon Bedrock key (`ABSK`): base64 that names itself."""
    return PASSED if (unbase64(value.removeprefix("ABSK")) or b"").startswith(b"BedrockAPIKey-") else FAILED


def macaroon(value: str) -> Verdict:
    """Parse a macaroon of version 1 or 2: packets or fields up to a signature of 32 bytes."""
    raw = unbase64(value) or b""
    if raw[:1] == b"\x02":
        return PASSED if raw[-34:-32] == b"\x06\x20" else FAILED
    return (
        PASSED if re.search(rb"\A[0-9a-f]{4}(?:location|identifier) ", raw) and b"signature " in raw[-45:] else FAILED
    )


def live_or_test(value: str) -> Verdict:
    """Tell whether a key that says so is for real money (`sk_live_`) or for trying out (`sk_test_`)."""
    mode = _MODES.get("_".join(value.split("_")[:2]))
    return Verdict("shape", (f"mode:{mode}",)) if mode else NOT_APPLICABLE
