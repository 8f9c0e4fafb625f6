"""Which leaf looks at a value, and which cleans it: the one table of kinds.

A value is tried as a biometric record, then as what its first bytes say, then as genetic data, then by its field's
name. Order matters: the stricter parser first.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, NamedTuple

from privscan.errors import DetectorError, MissingError
from privscan.media import behaviour, embedding, frames, genetic, pictures, sniff, sound, tags, templates
from privscan.media.seen import Seen
from privscan.model import Confidence, LeafKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from privscan.media.faces import Mode
    from privscan.media.seen import Told
    from privscan.media.sniff import Kind
    from privscan.model import Leaf

__all__ = ["TRIGGERS", "Asked", "Value", "clean", "look", "look_records", "look_text", "telling", "together"]

TRIGGERS: Final = (*templates.TRIGGERS, *genetic.TRIGGERS, *embedding.TRIGGERS, *behaviour.TRIGGERS)
"""Hyperscan expressions: a row without one of them holds nothing that `look_text` would find."""

_IRIS: Final = re.compile(r"(?<![a-z])(?:iris|retina|fundus)(?![a-z])", re.IGNORECASE)
_PALM: Final = re.compile(r"(?<![a-z])(?:palm|hand)[ _-]?(?:print|vein|geometry|scan)s?(?![a-z])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a run wants to know: how to look for faces (None: not at all), and which entities count."""

    mode: Mode | None
    entities: frozenset[str]

    def without(self, what: str) -> Asked:
        """Return the same less what a missing model (`MissingError.what`) would find."""
        if what == "faces":
            return replace(self, mode=None)
        return replace(self, entities=self.entities - {"VOICE"})


FRAGMENT: Final = 256
"""Bytes below which what cannot be decoded is the head of a file that somebody quotes."""


class Value(NamedTuple):
    """One value: its bytes, and the name of the field it stands in, which may say what bytes do not."""

    data: bytes
    name: str

    def __repr__(self) -> str:
        return f"Value(bytes={len(self.data)})"


def telling(name: str) -> bool:
    """Say whether a field's name makes a biometric record of bytes that say nothing themselves."""
    return embedding.named(name) is not None or bool(behaviour.named(name))


def look(value: Value, asked: Asked, told: Told) -> Sequence[Seen] | None:
    """Return what is seen in a value; None where it is of no kind known here. Raises as the leaves do."""
    found = templates.look(value.data)
    if found:
        told["records"] += 1
        return found
    seen = _by_kind(value, asked, told)
    if seen is not None:
        return seen
    if value.data.startswith(genetic.MAGIC) and (found := genetic.look(value.data)):
        return found
    return _by_name(value) or None if telling(value.name) else None


def _by_kind(value: Value, asked: Asked, told: Told) -> Sequence[Seen] | None:
    """Ask the leaf of the value's kind. What cannot be read and is too short to show anybody is no such thing."""
    kind = sniff.sniff(value.data)
    looker = _LOOK.get(kind.group) if kind is not None else None
    if kind is None or looker is None:
        return None
    measured: Told = Counter()
    try:
        seen = looker(value, kind, asked, measured)
    except DetectorError as error:
        if len(value.data) >= FRAGMENT or isinstance(error, MissingError):
            raise
        return None
    told.update(measured)
    return seen


def _by_name(value: Value) -> list[Seen]:
    if not value.data.startswith(b"["):
        return embedding.look(value.name, value.data)
    text = value.data.decode("utf-8", "replace")
    found = embedding.look_text(value.name, text) or behaviour.look_text(value.name, text)
    return [replace(seen, start=None, end=None) for seen in found]


def look_text(text: str, name: str) -> list[Seen]:
    """Return what a text is by itself or by its field's name, each with its code points."""
    return [
        *templates.look_text(text),
        *genetic.look_text(text),
        *embedding.look_text(name, text),
        *behaviour.look_text(name, text),
    ]


def together(name: str) -> bool:
    """Say whether a field's name asks for a look at the other fields of its record."""
    return behaviour.timed(name) is not None or genetic.locus(name) is not None


def look_records(leaves: Sequence[Leaf]) -> dict[int, Seen]:
    """Return by position what short values of a record are together: times of single keys, alleles of somebody."""
    names = {name for name in {leaf.key for leaf in leaves} if together(name)}
    fields: dict[int, list[tuple[int, str, str]]] = defaultdict(list)
    for position, leaf in enumerate(leaves) if names else ():
        if leaf.key in names and leaf.kind in (LeafKind.NUMBER, LeafKind.STRING):
            fields[leaf.record].append((position, leaf.key, leaf.text))
    out: dict[int, Seen] = {}
    for record in fields.values():
        out |= behaviour.look_record(
            [(place, name) for place, name, _ in record if leaves[place].kind is LeafKind.NUMBER]
        )
        out |= genetic.look_record(record)
    return out


def clean(value: Value, asked: Asked, actions: Mapping[str, str]) -> bytes | None:
    """Return the value without what `actions` (rule -> operator) are for, None where only all of it can go."""
    kind = sniff.sniff(value.data)
    cleaner = _CLEAN.get(kind.group) if kind is not None else None
    if cleaner is None or kind is None or "null" in actions.values():
        return None
    try:
        return cleaner(value, kind, asked, actions)
    except DetectorError:
        return None


def _picture(value: Value, kind: Kind, asked: Asked, told: Told) -> Sequence[Seen] | None:
    seen = pictures.look(value.data, kind, asked.mode, told, ridges="FINGERPRINT_IMAGE" in asked.entities)
    if seen is None:
        return None
    for pattern, entity, rule in _NAMED:
        if (said := pattern.search(value.name)) is not None:
            seen.append(Seen(entity, rule, Confidence.MEDIUM, (f"field:{said[0].lower()}",)))
    return seen


_NAMED: Final = (
    (_IRIS, "IRIS_IMAGE", "biometric.iris.image"),
    (_PALM, "FINGERPRINT_IMAGE", "biometric.fingerprint.image"),
)


def _clean_picture(value: Value, kind: Kind, asked: Asked, actions: Mapping[str, str]) -> bytes | None:
    """Cover faces and strip metadata, where that is all there is to take out."""
    if not all(rule.startswith("media.") or rule == pictures.FACE for rule in actions):
        return None
    style = actions.get(pictures.FACE, "")
    return pictures.clean(
        value.data,
        kind,
        asked.mode if style else None,
        style if style in pictures.STYLES else "fill",
        bare=any(rule.startswith("media.") for rule in actions),
    )


def _sound(value: Value, _kind: Kind, asked: Asked, told: Told) -> Sequence[Seen] | None:
    if not frames.plausible(value.data):
        return None
    heard = sound.look(value.data, told) if "VOICE" in asked.entities else []
    return [*heard, *tags.look(value.data, told)]


def _clean_sound(value: Value, _kind: Kind, _asked: Asked, actions: Mapping[str, str]) -> bytes | None:
    """Mute the voice where that is asked for, and strip the tags."""
    if not all(rule.startswith("media.") or rule == "biometric.voice" for rule in actions):
        return None
    if "biometric.voice" not in actions:
        return tags.stripped(value.data)
    if actions["biometric.voice"] != "mute":
        return None
    muted = sound.clean(value.data, sound.look(value.data), mute=True)
    return None if muted is None else tags.stripped(muted)


def _video(_value: Value, kind: Kind, _asked: Asked, _told: Told) -> Sequence[Seen]:
    raise DetectorError(f"a video ({kind.name}), which nothing here looks into; take its field out, or --exclude-field")


_LOOK: Final[dict[str, Callable[[Value, Kind, Asked, Told], Sequence[Seen] | None]]] = {
    "picture": _picture,
    "sound": _sound,
    "video": _video,
}
_CLEAN: Final[dict[str, Callable[[Value, Kind, Asked, Mapping[str, str]], bytes | None]]] = {
    "picture": _clean_picture,
    "sound": _clean_sound,
}
