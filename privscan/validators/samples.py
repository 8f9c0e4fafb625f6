"""Made-up values with right check digits, for the examples of rules: no live token need stand in a pack.

Each entry takes a chooser `pick(n, alphabet) -> str` of n characters and returns a value.
"""

from __future__ import annotations

import base64
import json
import zlib
from typing import TYPE_CHECKING, Final

from privscan.validators.tokens import BASE62, base62_crc

if TYPE_CHECKING:
    from collections.abc import Callable

    Pick = Callable[[int, str], str]

_B64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def _checked(prefix: str) -> Callable[[Pick], str]:
    def make(pick: Pick) -> str:
        body = pick(30, BASE62)
        return prefix + body + base62_crc(body)

    return make


def _aws(pick: Pick) -> str:
    return "AKIAQ" + pick(15, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")


def _packed(value: object) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _jwt(pick: Pick) -> str:
    head = {"alg": "HS256", "typ": "JWT"}
    body = {"sub": pick(10, "0123456789"), "name": pick(8, "abcdefgh"), "iat": 1516239022}
    return f"{_packed(head)}.{_packed(body)}.{_packed(pick(32, _B64).encode())}"


def _pem(pick: Pick) -> str:
    """Return an armoured block whose DER says its own length and holds noise: no key."""
    noise = pick(252, _B64).encode()
    packed = base64.b64encode(b"\x30\x82" + (len(noise)).to_bytes(2) + noise).decode()
    lines = "\n".join(packed[at : at + 64] for at in range(0, len(packed), 64))
    return f"-----BEGIN PRIVATE KEY-----\n{lines}\n-----END PRIVATE KEY-----"


def _atlassian(pick: Pick) -> str:
    head = "ATATT3xFfGF0" + pick(160, BASE62) + "="
    return f"{head}{zlib.crc32(head.encode()):08X}"


def _grafana(pick: Pick) -> str:
    head = "glsa_" + pick(32, BASE62)
    return f"{head}_{zlib.crc32(head.encode()).to_bytes(4, 'little').hex()}"


def _vercel(pick: Pick) -> str:
    body = pick(50, BASE62)
    return f"vcp_{body}{base62_crc(body)}"


def _pypi(pick: Pick) -> str:
    """Return a macaroon of the right layout whose signature signs nothing."""
    identifier = json.dumps({"version": 1, "permissions": "user", "id": pick(8, "0123456789")}).encode()
    head = b"\x02\x01\x08pypi.org\x02" + bytes([len(identifier)]) + identifier
    raw = head + b"\0\0\x06\x20" + pick(32, _B64).encode()
    return f"pypi-{_packed(raw)}"


def _macaroon(pick: Pick) -> str:
    """Return a macaroon of version 1 whose signature signs nothing."""
    fields = (
        b"location acme.example",
        b"identifier " + pick(24, _B64).encode(),
        b"signature " + pick(32, _B64).encode(),
    )
    return _packed(b"".join(f"{len(entry) + 5:04x}".encode() + entry + b"\n" for entry in fields))


def _discord(pick: Pick) -> str:
    return f"{_packed(('3' + pick(17, '0123456789')).encode())}.{pick(6, _B64)}.{pick(27, _B64)}"


MADE: Final[dict[str, Callable[[Pick], str]]] = {
    "atlassian": _atlassian,
    "aws": _aws,
    "discord": _discord,
    "github": _checked("ghp_"),
    "grafana": _grafana,
    "jwt": _jwt,
    "macaroon": _macaroon,
    "npm": _checked("npm_"),
    "pem": _pem,
    "pem_escaped": lambda pick: _pem(pick).replace("\n", "\\n"),
    "pypi": _pypi,
    "vercel": _vercel,
}
