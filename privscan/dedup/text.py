"""Which text of a record is compared with other records.

Pure functions on parsed JSON: dict, list, str, number, bool, None. Which keys make up the well-known kinds of training
record is data: `SHAPES`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["LABELS", "SHAPES", "Shape", "parts_of", "text_of"]


class Shape(NamedTuple):
    """A kind of record: it has all of `keys` but the `optional`, and, where `one_of` names any, one of those.

    The compared text is that of `keys`, then of `one_of`, as far as the record has them.
    """

    keys: tuple[str, ...]
    optional: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()


SHAPES = (
    Shape(("text",)),  # pretraining
    Shape(("content",)),  # code and web dumps
    Shape(("messages",)),  # chat: {role, content}
    Shape(("conversations",)),  # chat: {from, value}
    Shape(("prompt",), one_of=("completion", "chosen", "rejected")),  # completion and preference pairs
    Shape(("instruction", "input", "output"), optional=("input",)),  # instructions
    Shape(("question", "answer")),  # questions
)
"""Tried in order; the first that fits and holds text wins."""

CHATS = frozenset({"messages", "conversations"})
"""The shapes above that are chats."""

SYSTEM = frozenset({"system", "developer", "context"})
"""Who says what stands before a chat begins."""

LABELS = frozenset({"role", "from", "type"})
"""Keys inside a message that say who speaks or what a part is; not part of what was said."""


def text_of(record: Any, fields: Sequence[str] = (), chat: str = "dialogue") -> str | None:
    """Return the text of `record` to compare, its pieces joined by newlines; None if it has none.

    `fields` are JSON Pointers (`/meta/title`, `*` for every item or key; the leading slash may be left out). With
    fields, None means that the record has none of them; a field that is there but empty gives an empty text. Without,
    the first fitting entry of `SHAPES` that holds text is taken; if those that fit are all empty, so is the text (the
    rest of such a record says nothing of what it is); if none fits, every string of the record in order. With `chat`
    "first-turn" only the first message of a chat that is not the system's counts.

    >>> text_of({"id": "7", "text": "one two"})
    'one two'
    >>> text_of({"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]})
    'Hi\\nHello'
    >>> text_of({"a": [{"b": "x"}, {"b": "y"}]}, ["/a/*/b"])
    'x\\ny'
    """
    if fields:
        found = [value for field in fields for value in _resolve(record, _steps(field))]
        return _joined(found, numbers=True) if found else None
    if isinstance(record, dict):
        if chat != "dialogue":
            record = {key: _opening(value) if key in CHATS else value for key, value in record.items()}
        texts = [_shaped(record, shape) for shape in SHAPES if _fits(record, shape)]
        if texts:
            return next(filter(None, texts), "")
    return _joined([record], numbers=False) or None


def parts_of(pointers: Sequence[str]) -> list[int]:
    """Return which of a record's values make up its text, given the JSON Pointers of all its values and keys.

    They are those `text_of` would join without being told any field: of the first shape that fits, else all; labels
    never.

    >>> parts_of(["/id", "/messages/0/role", "/messages/0/content"])
    [2]
    """
    tops = [pointer.split("/", 2)[1] if "/" in pointer else "" for pointer in pointers]
    there = {top.removesuffix("~key") for top in tops}
    shape = next((shape for shape in SHAPES if _fits(dict.fromkeys(there), shape)), None)
    names = {*shape.keys, *shape.one_of} if shape else there
    return [
        number
        for number, (pointer, top) in enumerate(zip(pointers, tops, strict=True))
        if top in names and not pointer.endswith("~key") and pointer.rpartition("/")[2] not in LABELS
    ]


def _opening(messages: Any) -> Any:
    """Return the first message that is not the system's; anything but a list of messages as it is."""
    if not isinstance(messages, list | tuple):
        return messages
    for message in messages:
        said_by = message.get("role", message.get("from")) if isinstance(message, dict) else None
        if said_by not in SYSTEM:
            return [message]
    return list(messages[:1])


def _fits(record: dict[str, Any], shape: Shape) -> bool:
    needed = (key for key in shape.keys if key not in shape.optional)
    return all(key in record for key in needed) and (not shape.one_of or any(key in record for key in shape.one_of))


def _shaped(record: dict[str, Any], shape: Shape) -> str:
    names = (*shape.keys, *shape.one_of)
    return _joined([record[name] for name in names if record.get(name) is not None], numbers=True)


def _joined(values: list[Any], *, numbers: bool) -> str:
    return "\n".join(piece for value in values for piece in _strings(value, numbers=numbers))


def _strings(value: Any, *, numbers: bool) -> Iterator[str]:
    """Yield the strings under `value` in order, labels left out; a stack, because records may nest deeply."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            stack.extend(child for key, child in reversed(item.items()) if key not in LABELS or not _plain(child))
        elif isinstance(item, list | tuple):
            stack.extend(reversed(item))
        elif numbers and isinstance(item, int | float) and not isinstance(item, bool):
            yield str(item)


def _plain(value: Any) -> bool:
    return not isinstance(value, dict | list | tuple)


def _steps(pointer: str) -> list[str]:
    """Split a JSON Pointer into its keys, `~1` and `~0` unescaped."""
    if not pointer:
        return []
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.removeprefix("/").split("/")]


def _resolve(record: Any, steps: list[str]) -> list[Any]:
    """Return every value the steps lead to, in order; nulls count as missing."""
    values = [record]
    for step in steps:
        values = [child for value in values for child in _children(value, step)]
    return [value for value in values if value is not None]


def _children(value: Any, step: str) -> list[Any]:
    if isinstance(value, dict):
        if step in value:
            return [value[step]]
        return list(value.values()) if step == "*" else []
    if isinstance(value, list | tuple):
        if step == "*":
            return list(value)
        if step.isascii() and step.isdigit() and int(step) < len(value):
            return [value[int(step)]]
    return []
