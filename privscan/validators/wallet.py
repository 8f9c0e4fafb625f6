"""Keys and seeds of wallets and key systems: what their own checksums say.

Bitcoin (WIF, BIP 32, BIP 38), Nostr (NIP-19), XRP Ledger, Stellar (SEP-23), NATS (nkeys), Solana key files, age.
"""

from __future__ import annotations

import base64
import binascii
import json

from privscan.validators import FAILED, PASSED, SHAPE, Verdict
from privscan.validators.crypto import RIPPLE, base58, base58check, bech32
from privscan.validators.curve import public_key

# Version bytes of extended private keys: main net, test net, and the forms for SegWit (SLIP-132).
_EXTENDED = {
    "0488ade4": "live",
    "049d7878": "live",
    "04b2430c": "live",
    "04358394": "test",
    "044a4e28": "test",
    "045f18bc": "test",
}


def wif(value: str) -> Verdict:
    """Check a Bitcoin private key in wallet import format: Base58Check, version 80 or EF (hex), 32 bytes.

    >>> wif("5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ").facts, wif("5HueCGU8").state
    (('mode:live',), 'failed')
    """
    raw = base58check(value)
    if raw is None or raw[0] not in (0x80, 0xEF) or not (len(raw) == 33 or (len(raw) == 34 and raw[33] == 1)):
        return FAILED
    return Verdict("passed", ("mode:live" if raw[0] == 0x80 else "mode:test",))


def extended_key(value: str) -> Verdict:
    """Check a BIP 32 extended private key: Base58Check, 78 bytes, a version of private keys."""
    raw = base58check(value)
    mode = _EXTENDED.get(raw[:4].hex()) if raw and len(raw) == 78 and raw[45] == 0 else None
    return Verdict("passed", (f"mode:{mode}",)) if mode else FAILED


def bip38(value: str) -> Verdict:
    """Check an encrypted private key (BIP 38): Base58Check, 39 bytes, 0142 or 0143 (hex) in front."""
    raw = base58check(value)
    right = raw is not None and len(raw) == 39 and raw[:2] in (b"\x01\x42", b"\x01\x43")
    return Verdict("passed", ("encrypted",)) if right else FAILED


def nostr(value: str) -> Verdict:
    """Check the bech32 sum of a Nostr private key (`nsec1`, 32 bytes)."""
    return PASSED if len(value) == 63 and bech32(value) else FAILED


def xrp_seed(value: str) -> Verdict:
    """Check an XRP Ledger seed: Base58Check in its own alphabet, 16 bytes behind the version.

    >>> xrp_seed("snoPBrXtMeMyMHUVTgbuqAfg1SUTb").state
    'passed'
    """
    raw = base58check(value, RIPPLE)
    if raw is None:
        return FAILED
    return PASSED if (raw[0] == 0x21 and len(raw) == 17) or (raw[:3] == b"\x01\xe1\x4b" and len(raw) == 19) else FAILED


def stellar(value: str) -> Verdict:
    """Check a Stellar secret seed: base32 of version 90 (hex), 32 bytes and their CRC-16."""
    raw = _sealed(value)
    return PASSED if raw is not None and len(raw) == 33 and raw[0] == 0x90 else FAILED


def nkey(value: str) -> Verdict:
    """Check a NATS seed: base32 of a two-byte head (a seed, of a role), 32 bytes and their CRC-16."""
    raw = _sealed(value)
    return PASSED if raw is not None and len(raw) == 34 and raw[0] & 0xF8 == 18 << 3 else FAILED


def _sealed(value: str) -> bytes | None:
    """Return the body of base32 text that ends with its CRC-16 (XModem, little-endian); None where that is wrong."""
    try:
        raw = base64.b32decode(value + "=" * (-len(value) % 8))
    except (binascii.Error, ValueError):
        return None
    body, seal = raw[:-2], raw[-2:]
    return body if binascii.crc_hqx(body, 0).to_bytes(2, "little") == seal else None


def solana_key(value: str) -> Verdict:
    """Check a Solana key pair (64 bytes, as a JSON list or in base 58): its last half is the first's public key."""
    raw = _solana_bytes(value)
    if raw is None or len(raw) != 64:
        return FAILED
    return PASSED if public_key(raw[:32]) == raw[32:] else FAILED


def _solana_bytes(value: str) -> bytes | None:
    if not value.lstrip().startswith("["):
        return base58(value)
    try:
        return bytes(json.loads(value))
    except (ValueError, TypeError, RecursionError):
        return None


def ethereum_key(value: str) -> Verdict:
    """Say whether 64 hexadecimal digits are in the range of private keys: a shape, for nothing in them proves it."""
    digits = value.removeprefix("0x")
    if len(digits) != 64:
        return FAILED
    try:
        number = int(digits, 16)
    except ValueError:
        return FAILED
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    return SHAPE if 0 < number < order and len(set(digits.lower())) > 6 else FAILED
