"""The examples of rules: values marked in a text, made where a real one must not stand in a file."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from privscan.errors import RuleError, nearest
from privscan.model import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

OPEN, CLOSE = "⟦", "⟧"
OPEN_TO_CLOSE = re.compile(f"{OPEN}(.*?){CLOSE}", re.DOTALL)
_BUILD = re.compile(r"%\{(?:(\d+):([^}]+)|made:([a-z0-9_]+))\}")


@dataclass(frozen=True, slots=True)
class Mark:
    """Where an example says the value stands: a JSON Pointer (`~key` suffix for a key) and the span in that leaf."""

    field: str
    span: Span


@dataclass(frozen=True, slots=True)
class Example:
    """An example made ready: one line of JSONL without marks, and the places the marks stood (none: must be clean)."""

    record: str
    marks: tuple[Mark, ...]


def expand(example: str, rule_id: str) -> Example:
    """Return an example as a JSONL record and its marked places.

    `%{36:A-Za-z0-9}` becomes 36 characters of the set and `%{made:github}` a token with a right checksum, so that the
    packs hold nothing that looks live; both are the same on every run. An example that starts with `{` or `[` is a
    record, anything else the text of a leaf `text`. Raises RuleError for marks or JSON that do not fit.
    """
    text = _built(example, rule_id)
    if text.count(OPEN) != text.count(CLOSE):
        raise RuleError(f"{rule_id}: an example has {OPEN} without {CLOSE}")
    plain = _unmarked(text)
    if not plain.startswith(("{", "[")):
        marks = tuple(Mark("/text", span) for span in _spans(text))
        return Example(json.dumps({"text": plain}, ensure_ascii=False), marks)
    try:
        json.loads(plain)
        marked = json.loads(_quoted(text))
    except ValueError:
        raise RuleError(f"{rule_id}: an example that starts like a JSON record is none") from None
    return Example(plain, tuple(Mark(field, span) for field, leaf in _leaves(marked, "") for span in _spans(leaf)))


def _built(example: str, rule_id: str) -> str:
    """Fill in the made-up pieces; the same example of the same rule always gets the same ones."""
    stream = _digits(f"{rule_id}\n{example}")

    def piece(match: re.Match[str]) -> str:
        if match[3]:
            from privscan.validators.samples import MADE

            if match[3] not in MADE:
                raise RuleError(f"{rule_id}: %{{made:{match[3]}}} is unknown{nearest(match[3], MADE)}")
            return MADE[match[3]](lambda n, alphabet: "".join(alphabet[next(stream) % len(alphabet)] for _ in range(n)))
        alphabet = _alphabet(match[2])
        return "".join(alphabet[next(stream) % len(alphabet)] for _ in range(int(match[1])))

    return _BUILD.sub(piece, example)


def _digits(seed: str) -> Iterator[int]:
    """Yield numbers below 2**16 that look random and depend on the seed alone."""
    block = hashlib.sha256(seed.encode()).digest()
    while True:
        for at in range(0, len(block), 2):
            yield int.from_bytes(block[at : at + 2])
        block = hashlib.sha256(block).digest()


def _alphabet(spec: str) -> str:
    """Read a set as in a bracket expression: `A-Z0-9_-` (a last or first hyphen is itself)."""
    out, at = "", 0
    while at < len(spec):
        if at + 2 < len(spec) and spec[at + 1] == "-":
            out += "".join(map(chr, range(ord(spec[at]), ord(spec[at + 2]) + 1)))
            at += 3
        else:
            out += spec[at]
            at += 1
    return out


def _unmarked(text: str) -> str:
    return text.replace(OPEN, "").replace(CLOSE, "")


def _spans(text: str) -> Iterator[Span]:
    removed = 0
    for match in re.finditer(f"{OPEN}([^{OPEN}{CLOSE}]*){CLOSE}", text):
        start = match.start() - removed
        yield Span(start, start + len(match[1]))
        removed += 2


def _quoted(text: str) -> str:
    """Put a marked number between quotes, marks included, so that JSON with marks parses."""

    def quote(match: re.Match[str]) -> str:
        return f'"{match[0]}"' if match[0][0] == OPEN else match[0]

    return re.sub(rf'"(?:[^"\\]|\\.)*"|{OPEN}[^{CLOSE}]*{CLOSE}', quote, text)


def _leaves(value: Any, pointer: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield pointer, value
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _leaves(item, f"{pointer}/{index}")
    elif isinstance(value, dict):
        for key, item in value.items():
            inner = f"{pointer}/{_unmarked(key).replace('~', '~0').replace('/', '~1')}"
            yield f"{inner}~key", key
            yield from _leaves(item, inner)
