"""What can be done to a value: pure functions of (key, entity, value), in a table.

An operator returns the new text. `keep` and `drop` stand in the table for the policy's sake; the shard acts on them.
Third-party operators come by the entry point group `privscan.operators` with the same signature.
"""

from __future__ import annotations

import hmac
import re
from typing import TYPE_CHECKING, Any

from privscan.errors import ConfigError, nearest
from privscan.validators import surrogate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from importlib.metadata import EntryPoint

    from privscan.model import Action

    Operator = Callable[[bytes, str, str, dict[str, Any]], str]

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
# How many leading digits of a surrogate are zero: enough that no issuer, area, country code or month is left.
ZEROS = {"US_SSN": 3, "US_ITIN": 3, "IP_ADDRESS": 0}
DEFAULT_ZEROS = 4


def digest(key: bytes, entity: str, value: str) -> bytes:
    """Return the keyed digest (32 bytes, HMAC-SHA-256) that fingerprints, hashes and pseudonyms start from."""
    return hmac.digest(key, f"{entity}\0{normalised(value)}".encode("utf-8", "surrogatepass"), "sha256")


def normalised(value: str) -> str:
    """Return the value as its fingerprint sees it: numbers without their separators, the rest without case.

    >>> normalised("4111-1111 1111 1111"), normalised("Bob@Example.com")
    ('4111111111111111', 'bob@example.com')
    """
    if _DIGITS.search(value) is None:
        return value.casefold()
    joined = _JOINTS.sub("", value)
    digits = len(joined) - len(_DIGITS.sub("", joined))
    return joined.upper() if digits * 2 >= len(joined) else value.casefold()


_JOINTS, _DIGITS = re.compile(r"[\W_]+"), re.compile(r"\d+")


def replace(_key: bytes, entity: str, _value: str, params: dict[str, Any]) -> str:
    """Put a fixed text in place: `template`, default `<{entity}>`."""
    return str(params.get("template", "<{entity}>")).replace("{entity}", entity)


def mask(_key: bytes, _entity: str, value: str, params: dict[str, Any]) -> str:
    """Cover letters and digits with `char` (default `*`), all but the last `keep_last` (default 0) of them.

    At most a quarter of a value is ever left in sight.
    """
    char = str(params.get("char", "*"))
    total = sum(mark.isalnum() for mark in value)
    left = max(total - min(int(params.get("keep_last", 0)), total // 4), 0)
    out = []
    for mark in value:
        if mark.isalnum():
            out.append(char if left > 0 else mark)
            left -= 1
        else:
            out.append(mark)
    return "".join(out)


def hash_(key: bytes, entity: str, value: str, params: dict[str, Any]) -> str:
    """Put a keyed digest in place: `<ENTITY:hex>`, `length` hex digits (default 16)."""
    length = max(8, min(int(params.get("length", 16)), 64))
    return f"<{entity}:{digest(key, entity, value).hex()[:length]}>"


def pseudonym(key: bytes, entity: str, value: str, _params: dict[str, Any]) -> str:
    """Put a keyed surrogate of the value's shape in place, the same for the same value in every file and run.

    It is made to fail: e-mails end in a reserved domain of our own, numbers open with zeros no issuer gave out, so a
    second scan finds nothing. The shard puts `<ENTITY:hex>` where a surrogate would still be taken for a value.
    """
    seed = digest(key, entity, value)
    if entity == "EMAIL_ADDRESS":
        return f"u{seed.hex()[:12]}@pseudonym.invalid"
    if entity == "PERSON":
        return surrogate.name(value, lambda word: digest(key, entity, word))
    if entity == "IP_ADDRESS" and value.count(".") == 3:
        return f"0.{seed[0]}.{seed[1]}.{seed[2]}"
    return shaped(seed, value, ZEROS.get(entity, DEFAULT_ZEROS))


def shaped(seed: bytes, value: str, zeros: int) -> str:
    """Replace every letter and digit by another of its kind, keeping separators; the first digits become zero."""
    stream = int.from_bytes(seed, "big")
    out = []
    for mark in value:
        if mark.isdigit():
            stream, pick = divmod(stream, 10)
            out.append("0" if zeros > 0 else str(pick))
            zeros -= 1
        elif mark.isalpha():
            stream, pick = divmod(stream, 26)
            out.append(LETTERS[pick] if mark.isupper() else LETTERS[pick].lower())
        else:
            out.append(mark)
        if not stream:
            seed = hmac.digest(seed, b"more", "sha256")
            stream = int.from_bytes(seed, "big")
    return "".join(out)


def keep(_key: bytes, _entity: str, value: str, _params: dict[str, Any]) -> str:
    """Leave the value as it is: found and reported, not changed."""
    return value


def named(_key: bytes, entity: str, _value: str, _params: dict[str, Any]) -> str:
    """Put the entity's name in place: the shard drops the whole record, and media have their own ways of it."""
    return f"<{entity}>"


TABLE: dict[str, Operator] = {
    "replace": replace,
    "mask": mask,
    "hash": hash_,
    "pseudonym": pseudonym,
    "keep": keep,
} | dict.fromkeys(("drop", "null", "fill", "blur", "mosaic", "mute"), named)


def names() -> set[str]:
    """Return the operators a policy may name, those of installed plugins included."""
    from importlib.metadata import entry_points

    return {*TABLE, *(point.name for point in entry_points(group="privscan.operators"))}


def table(wanted: Iterable[str]) -> dict[str, Operator]:
    """Return the operators called by name, plugins loaded; ConfigError for one that nobody provides."""
    missing = set(wanted) - TABLE.keys()
    if not missing:
        return dict(TABLE)
    from importlib.metadata import entry_points

    plugins = {point.name: point for point in entry_points(group="privscan.operators")}
    for name in sorted(missing - plugins.keys()):
        raise ConfigError(f'no operator is called "{name}"{nearest(name, {*TABLE, *plugins})}')
    return TABLE | {name: _plugin(name, plugins[name]) for name in missing}


def _plugin(name: str, point: EntryPoint) -> Operator:
    try:
        loaded: Operator = point.load()
    except Exception as error:  # noqa: BLE001 - a plugin is anybody's code
        raise ConfigError(
            f'operator "{name}" does not load ({type(error).__name__}); install its package again'
        ) from None
    return loaded


def apply(operators: dict[str, Operator], action: Action, key: bytes, entity: str, value: str) -> str:
    """Run an action on a value."""
    return operators[action.operator](key, entity, value, dict(action.params))
