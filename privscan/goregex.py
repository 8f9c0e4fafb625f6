"""Says in Python's regular expressions what stands in Go's (RE2 syntax): flags, classes, ends of text, quotes.

Promises: the same language on ASCII text, or a ValueError that says which piece has no equal.
"""

from __future__ import annotations

import re
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser as sre_parse  # type: ignore[attr-defined]
from typing import Any

_POSIX = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "ascii": r"\x00-\x7f",
    "blank": r"\t ",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": r"!-/:-@\[-`{-~",
    "space": r"\t\n\v\f\r ",
    "upper": "A-Z",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}
_FLAGS = re.compile(r"\(\?([imsU]*)(?:-([imsU]+))?(\)|:)")
_NAMED = re.compile(r"\(\?P?<([A-Za-z_]\w*)>")
_POSIX_CLASS = re.compile(r"\[:(\^?)([a-z]+):\]")
_CODE = re.compile(r"\\x\{([0-9A-Fa-f]{1,6})\}")
_QUOTE = re.compile(r"\\Q(.*?)(?:\\E|\Z)", re.DOTALL)


def pythonic(text: str) -> str:
    r"""Return the expression in Python's syntax.

    >>> pythonic(r"a(?i)bc(d|(?-i)E)\z"), pythonic("[[:alnum:]_]{3}")
    ('a(?i:bc(d|(?-i:E))\\Z)', '[0-9A-Za-z_]{3}')
    """
    return _Reader(_QUOTE.sub(lambda found: re.escape(found[1]), text)).read()


class _Reader:
    """Goes through an expression once. `closing` holds, for each open group, how many flag groups it must close."""

    def __init__(self, text: str) -> None:
        self.text, self.at, self.out = text, 0, list[str]()
        self.closing = [0]
        self.lines = [False]  # whether `$` means the end of a line, for each open group

    def read(self) -> str:
        while self.at < len(self.text):
            here = self.text[self.at]
            if here == "\\":
                self._escape()
            elif here == "[":
                self._set()
            elif here == "(":
                self._open()
            elif here == ")":
                self.out.append(")" * (self.closing.pop() + 1))
                self.lines.pop()
                self.at += 1
            elif here == "$":
                self.out.append("$" if self.lines[-1] else r"\Z")
                self.at += 1
            else:
                self.out.append(here)
                self.at += 1
            if not self.closing:
                raise ValueError("a bracket closes that was never opened")
        self.out.append(")" * self.closing[0])
        return "".join(self.out)

    def _open(self) -> None:
        flags, named = _FLAGS.match(self.text, self.at), _NAMED.match(self.text, self.at)
        if flags is None:
            self.out.append(f"(?P<{named[1]}>" if named else "(")
            self.at = named.end() if named else self.at + 1
            self.closing.append(0)
            self.lines.append(self.lines[-1])
            return
        on, off, end = flags[1], flags[2] or "", flags[3]
        if "U" in on + off:
            raise ValueError("the flag U turns greed round; there is no such flag")
        lines = "m" in on or (self.lines[-1] and "m" not in off)
        self.out.append(f"(?{on}{'-' + off if off else ''}:" if on or off else "(?:")
        self.at = flags.end()
        if end == ")":
            self.closing[-1] += 1
            self.lines[-1] = lines
        else:
            self.closing.append(0)
            self.lines.append(lines)

    def _escape(self) -> None:
        code = _CODE.match(self.text, self.at)
        if code:
            self.out.append(re.escape(chr(int(code[1], 16))))
            self.at = code.end()
            return
        letter = self.text[self.at + 1 : self.at + 2]
        if letter in ("p", "P", "C"):
            raise ValueError(f"\\{letter} has no equal")
        self.out.append({"z": r"\Z", "a": r"\x07"}.get(letter, "\\" + letter))
        self.at += 2

    def _set(self) -> None:
        """Read a bracket expression; what only Python gives a meaning in one is escaped."""
        self.out.append("[")
        self.at += 1
        if self.text[self.at : self.at + 1] == "^":
            self.out.append("^")
            self.at += 1
        first = True
        while self.at < len(self.text) and (first or self.text[self.at] != "]"):
            posix = _POSIX_CLASS.match(self.text, self.at)
            here = self.text[self.at]
            if posix:
                if posix[1] or posix[2] not in _POSIX:
                    raise ValueError(f"the class {posix[0]} has no equal")
                self.out.append(_POSIX[posix[2]])
                self.at = posix.end()
            elif here == "\\":
                self._escape()
            else:
                self.out.append("\\" + here if here in "[]&~|" else here)
                self.at += 1
            first = False
        if self.at >= len(self.text):
            raise ValueError("a bracket expression does not end")
        self.out.append("]")
        self.at += 1


def group_named(pattern: str, number: int) -> str:
    """Return the pattern with the group that holds the secret called `value`.

    `number` 0 is the first group where it takes part in every match, else the whole match. ValueError for a group that
    is not there.
    """
    tree = sre_parse.parse(pattern)
    count = tree.state.groups - 1
    if number > count:
        raise ValueError(f"there is no group {number}")
    chosen = number or (1 if count and _always(tree, 1) else 0)
    if not chosen or "value" in tree.state.groupdict:
        return pattern
    seen, at, inside = 0, 0, False
    while at < len(pattern):
        here = pattern[at]
        if here == "\\":
            at += 2
            continue
        if inside:
            inside = here != "]" or pattern[at - 1] == "[" or pattern[at - 2 : at] == "[^"
        elif here == "[":
            inside = True
        elif here == "(" and (pattern[at + 1] != "?" or pattern.startswith("(?P<", at)):
            seen += 1
            if seen == chosen:
                end = pattern.index(">", at) + 1 if pattern[at + 1] == "?" else at + 1
                return f"{pattern[:at]}(?P<value>{pattern[end:]}"
        at += 1
    raise ValueError(f"there is no group {number}")


def _always(tree: Any, number: int) -> bool:
    """Say whether a group takes part in every match."""
    for op, value in tree:
        if op is sre.SUBPATTERN:
            if value[0] == number or _always(value[3], number):
                return True
        elif (
            op in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT) and value[0] > 0 and _always(value[2], number)
        ) or (op is sre.ATOMIC_GROUP and _always(value, number)):
            return True
    return False
