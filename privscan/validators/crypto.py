"""Addresses of crypto currencies: Base58Check, bech32 and bech32m (BIP 173, BIP 350), EIP-55.

>>> crypto("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa").facts
('chain:bitcoin', 'placeholder')
"""

from __future__ import annotations

import hashlib

from privscan.validators import FAILED, PLACEHOLDER, SHAPE, Verdict

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
RIPPLE = "rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz"
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_BECH32_CONSTANTS = (1, 0x2BC830A3)

# Version byte -> chain, of 25-byte Base58Check payloads.
_VERSIONS = {
    0x00: "bitcoin",
    0x05: "bitcoin",
    0x30: "litecoin",
    0x32: "litecoin",
    0x1E: "dogecoin",
    0x16: "dogecoin",
    0x41: "tron",
}
_BECH32_CHAINS = {
    "bc": "bitcoin",
    "tb": "bitcoin-test",
    "bcrt": "bitcoin-test",
    "ltc": "litecoin",
    "addr": "cardano",
    "stake": "cardano",
    "cosmos": "cosmos",
    "osmo": "osmosis",
    "zs": "zcash",
}
# The first block's address and the addresses nobody holds the key of.
_PUBLISHED = ("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "1BitcoinEaterAddressDontSendf59kuE", "1111111111111111111114oLvT2")


def crypto(value: str) -> Verdict:
    """Check an address's own checksum and name its chain; an Ethereum address in one case proves nothing: a shape."""
    if value[:2].lower() == "0x":
        return _ethereum(value[2:])
    head = value.lower().rpartition("1")[0]
    if head in _BECH32_CHAINS:
        return Verdict("passed", (f"chain:{_BECH32_CHAINS[head]}",)) if bech32(value) else FAILED
    if len(value) in (95, 106):
        return Verdict("passed", ("chain:monero",)) if _monero(value) else FAILED
    if value.startswith("bitcoincash:") or (len(value) == 42 and value[0] in "qp"):
        return Verdict("passed", ("chain:bitcoin-cash",)) if _cashaddr(value.removeprefix("bitcoincash:")) else FAILED
    if value[0:1] == "r" and (payload := base58check(value, RIPPLE)) and len(payload) == 21 and payload[0] == 0:
        return Verdict("passed", ("chain:xrp",))
    payload = base58check(value)
    chain_name = _VERSIONS.get(payload[0]) if payload and len(payload) == 21 else None
    if chain_name is None:
        return FAILED
    facts = (f"chain:{chain_name}",)
    return Verdict("passed", (*facts, PLACEHOLDER) if value in _PUBLISHED else facts)


def solana(value: str) -> Verdict:
    """Check that a text decodes to the 32 bytes of a Solana key; it carries no sum, so this proves nothing.

    >>> solana("4Nd1mBQtrMJVYVfKf2PJy9NZUZdTAsp7D4xWLs4gDB4T").state
    'shape'
    """
    right = len(base58(value) or b"") == 32 and len(set(value)) > 8
    return Verdict("shape", ("chain:solana",)) if right else FAILED


def _monero(value: str) -> bool:
    """Check Monero's own Base58 (blocks of 11 characters for 8 bytes) and the Keccak sum at its end."""
    raw = b""
    for at in range(0, len(value), 11):
        block = value[at : at + 11]
        size = {11: 8, 9: 6, 7: 5, 6: 4, 5: 3, 3: 2, 2: 1}.get(len(block))
        number = 0
        for character in block:
            place = _BASE58.find(character)
            if place < 0:
                return False
            number = number * 58 + place
        if size is None or number >> (8 * size):
            return False
        raw += number.to_bytes(size)
    return keccak256(raw[:-4])[:4] == raw[-4:]


def _cashaddr(data: str) -> bool:
    """Check the 40-bit sum of a Bitcoin Cash address (spec of CashAddr)."""
    values = [_BECH32.find(c) for c in data]
    if min(values, default=-1) < 0:
        return False
    check = 1
    for value in [*(ord(c) & 31 for c in "bitcoincash"), 0, *values]:
        top = check >> 35
        check = (check & 0x07FFFFFFFF) << 5 ^ value
        for bit, generator in enumerate((0x98F2BC8E61, 0x79B76D99E2, 0xF33E5FB3C4, 0xAE2EABE2A8, 0x1E4F43E470)):
            check ^= generator if top >> bit & 1 else 0
    return check == 1


def base58(value: str, alphabet: str = _BASE58) -> bytes | None:
    """Return the bytes of a text in base 58; None where a character is not of the alphabet."""
    number = 0
    for character in value:
        place = alphabet.find(character)
        if place < 0:
            return None
        number = number * 58 + place
    zeros = len(value) - len(value.lstrip(alphabet[0]))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8)


def base58check(value: str, alphabet: str = _BASE58) -> bytes | None:
    """Return the payload, version byte first, of a Base58Check text; None where its four check bytes are wrong."""
    raw = base58(value, alphabet)
    if raw is None:
        return None
    body, check = raw[:-4], raw[-4:]
    sealed = hashlib.sha256(hashlib.sha256(body).digest()).digest()[:4]
    return body if body and sealed == check else None


def bech32(value: str) -> bool:
    """Say whether a text, all in one case, carries a right bech32 or bech32m checksum."""
    if value not in (value.lower(), value.upper()):
        return False
    prefix, _, data = value.lower().rpartition("1")
    values = [_BECH32.find(c) for c in data]
    if not prefix or len(values) < 6 or min(values) < 0:
        return False
    return _polymod([ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix] + values) in _BECH32_CONSTANTS


def _polymod(values: list[int]) -> int:
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            check ^= generator if top >> bit & 1 else 0
    return check


def _ethereum(digits: str) -> Verdict:
    if len(set(digits.lower())) < 8:  # zero, burn and counting addresses
        return Verdict("shape", ("chain:ethereum", PLACEHOLDER))
    if digits in (digits.lower(), digits.upper()):
        return Verdict(SHAPE.state, ("chain:ethereum",))
    seal = keccak256(digits.lower().encode()).hex()
    right = all((c.isupper() == (int(h, 16) >= 8)) for c, h in zip(digits, seal, strict=False) if c.isalpha())
    return Verdict("passed", ("chain:ethereum",)) if right else FAILED


def keccak256(message: bytes) -> bytes:
    """Return the original Keccak-256 digest (padding byte 1, not SHA-3's 6), as Ethereum uses it."""
    rate, mask = 136, (1 << 64) - 1
    lanes = [0] * 25
    padded = bytearray(message + b"\x01" + b"\0" * (-(len(message) + 1) % rate))
    padded[-1] |= 0x80
    for at in range(0, len(padded), rate):
        for lane in range(rate // 8):
            lanes[lane] ^= int.from_bytes(padded[at + 8 * lane : at + 8 * lane + 8], "little")
        lanes = _permuted(lanes, mask)
    return b"".join(lane.to_bytes(8, "little") for lane in lanes[:4])


def _permuted(a: list[int], mask: int) -> list[int]:
    """Run Keccak-f[1600]: 24 rounds over 25 lanes, lane x + 5y."""

    def turned(lane: int, by: int) -> int:
        return (lane << by | lane >> (64 - by)) & mask

    feedback = 1
    for _ in range(24):
        column = [a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20] for x in range(5)]
        mixed = [column[(x + 4) % 5] ^ turned(column[(x + 1) % 5], 1) for x in range(5)]
        a = [a[i] ^ mixed[i % 5] for i in range(25)]
        x, y, current = 1, 0, a[1]
        for step in range(24):
            x, y = y, (2 * x + 3 * y) % 5
            place = x + 5 * y
            current, a[place] = a[place], turned(current, (step + 1) * (step + 2) // 2 % 64)
        a = [a[i] ^ (~a[i - i % 5 + (i + 1) % 5] & mask & a[i - i % 5 + (i + 2) % 5]) for i in range(25)]
        for bit in range(7):
            feedback = (feedback << 1 ^ (feedback >> 7) * 0x71) & 0xFF
            if feedback & 2:
                a[0] ^= 1 << ((1 << bit) - 1)
    return a
