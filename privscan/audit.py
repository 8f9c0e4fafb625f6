"""Who ran what, provably: a signature over a run's manifest, and a log of runs in which no line can be changed unseen.

Promise: each line of the log holds the SHA-256 of the line before it, so that a line changed, taken out or put in
breaks the chain at its place. A signature (Ed25519) also tells who wrote it; without one, whoever can write the file
can write all of it anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from typing import TYPE_CHECKING, Any

import privscan
from privscan import manifest, runfolder
from privscan.errors import UsageError
from privscan.writing import appearing, writing

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["append", "broken", "sign", "signed", "signing_key"]

SCHEMA = "privscan/audit/1"
SIGNATURE = "manifest.sig"


def signing_key(path: str) -> Any:
    """Read an Ed25519 private key (PEM, PKCS 8, without a password); UsageError says how to make one."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    hint = "; make one with: openssl genpkey -algorithm ed25519 -out FILE"
    try:
        with open(path, "rb") as file:
            found = load_pem_private_key(file.read(), password=None)
    except OSError as error:
        raise UsageError(f"--sign-key {path}: cannot be read ({error.strerror}){hint}") from None
    except Exception:  # noqa: BLE001 - the library's own kinds of error; their words may quote the file
        found = None
    if not isinstance(found, Ed25519PrivateKey):
        raise UsageError(f"--sign-key {path}: is no Ed25519 private key{hint}")
    return found


def public_key(path: str) -> Any:
    """Read an Ed25519 public key (PEM); UsageError where it is none."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        with open(path, "rb") as file:
            found = load_pem_public_key(file.read())
    except OSError as error:
        raise UsageError(f"--public-key {path}: cannot be read ({error.strerror})") from None
    except Exception:  # noqa: BLE001 - as above
        found = None
    if not isinstance(found, Ed25519PublicKey):
        raise UsageError(f"--public-key {path}: is no Ed25519 public key; openssl pkey -pubout writes one")
    return found


def _raw(key: Any) -> str:
    """Return a public key's 32 bytes in hex."""
    return str(key.public_bytes_raw().hex())


def _told(public: Any, signature: bytes) -> dict[str, str]:
    """Return what a signature file holds."""
    return {"algorithm": "Ed25519", "public_key": _raw(public), "signature": signature.hex()}


def sign(run: str, key: Any) -> None:
    """Write the signature of a run's manifest beside it."""
    with open(os.path.join(run, "manifest.json"), "rb") as file:
        told = _told(key.public_key(), key.sign(file.read()))
    with appearing(os.path.join(run, SIGNATURE)) as name, open(name, "w", encoding="utf-8") as file:
        file.write(json.dumps(told) + "\n")


def signed(run: str, public: str) -> str:
    """Return what is wrong with the signature of a run's manifest, nothing where it is that key's."""
    path = os.path.join(run, SIGNATURE)
    try:
        with open(path, "rb") as file:
            told = json.loads(file.read())
        signature = bytes.fromhex(told["signature"])
    except OSError:
        return f"{SIGNATURE} is missing"
    except (ValueError, KeyError, TypeError):
        return f"{SIGNATURE} is no signature"
    key = public_key(public)
    with open(os.path.join(run, "manifest.json"), "rb") as file:
        if not _verifies(key, signature, file.read()):
            return "manifest.json is not what that key signed"
    whole = told == _told(key, signature)
    return "" if whole else f"{SIGNATURE} says another key or algorithm than those it was made with"


def _verifies(public: Any, signature: bytes, data: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature

    try:
        public.verify(signature, data)
    except InvalidSignature:
        return False
    return True


# ---------------------------------------------------------------- the log


def append(log: str, run: str, key: Any = None) -> None:
    """Add a run to a log after checking its chain.

    UsageError where that is broken, OutputError where the file cannot grow.
    """
    found = manifest.load(run)
    with writing(log), _locked(log) as file:
        lines = file.read().splitlines()
        if wrong := _chain(lines):
            raise UsageError(f"--audit {log}: {wrong}; keep this file as it is, and start another")
        entry: dict[str, Any] = {
            "schema": SCHEMA,
            "number": len(lines) + 1,
            "previous": _digest(lines[-1]) if lines else "",
            "run": os.path.abspath(run),
            "manifest_sha256": runfolder.sha256(os.path.join(run, "manifest.json")),
            "version": privscan.__version__,
            "command": found["command"],
            "day": found.get("day", ""),
            "policy_sha256": found["policy_sha256"],
            "rules_sha256": found["rules_sha256"],
            "records": sum(artifact["records"] for artifact in found["inputs"]),
            "outcomes": found["outcomes"],
            "complete": found["complete"],
        }
        if key is not None:
            entry["public_key"] = _raw(key.public_key())
            entry["signature"] = key.sign(_line(entry)).hex()
        file.write(_line(entry) + b"\n")
        file.flush()
        os.fsync(file.fileno())


@contextlib.contextmanager
def _locked(path: str) -> Iterator[Any]:
    """Open a log to read and append, one process at a time."""
    import fcntl

    with open(path, "a+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        yield file


def _line(entry: dict[str, Any]) -> bytes:
    return json.dumps(entry, sort_keys=True).encode("ascii")


def _digest(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()


def _chain(lines: list[bytes], public: Any = None) -> str:
    """Return the first thing that is wrong with a log's lines, nothing where all are as they were written."""
    for number, line in enumerate(lines, 1):
        try:
            entry = json.loads(line)
        except ValueError:
            entry = None
        if not isinstance(entry, dict) or entry.get("schema") != SCHEMA or _line(entry) != line:
            return f"line {number} is no line of an audit log"
        if entry.get("number") != number:
            return f"line {number} says it is number {str(entry.get('number'))[:20]}"
        if entry.get("previous") != (_digest(lines[number - 2]) if number > 1 else ""):
            return (
                f"line {number} does not follow line {number - 1} as it stands"
                if number > 1
                else "line 1 is not the first"
            )
        if public is not None and (wrong := _unsigned(entry, public)):
            return f"line {number} {wrong}"
    return ""


def _unsigned(entry: dict[str, Any], public: Any) -> str:
    kept = {name: value for name, value in entry.items() if name != "signature"}
    try:
        signature = bytes.fromhex(str(entry.get("signature", "")))
    except ValueError:
        signature = b""
    return "" if signature and _verifies(public, signature, _line(kept)) else "is not signed by that key"


def broken(log: str, run: str, public: str | None = None) -> str:
    """Return the first thing that is wrong with a log, or that it does not name the run; nothing where all is well."""
    try:
        with open(log, "rb") as file:
            lines = file.read().splitlines()
    except OSError as error:
        raise UsageError(f"--audit {log}: cannot be read ({error.strerror})") from None
    if wrong := _chain(lines, public_key(public) if public else None):
        return wrong
    digest = runfolder.sha256(os.path.join(run, "manifest.json"))
    named = any(json.loads(line).get("manifest_sha256") == digest for line in lines)
    return "" if named else "no line names this run's manifest as it stands"
