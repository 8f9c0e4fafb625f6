"""JSON text as tokens that know where they stand, so that a value can be changed without re-writing its record.

Works on text already known to be JSON (`check` says so). Sees what a parser hides: duplicate keys, every number as it
is written, every escape.
"""

from __future__ import annotations

import bisect
import itertools
import json
import re
from json.encoder import encode_basestring, encode_basestring_ascii
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from privscan.model import LeafKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_GRAMMAR = (
    # 1 a short string, 2 it is a key; 3 a string too long for the engine's own loop
    r'"([^"\\]{0,160}+(?:\\.[^"\\]{0,160}+){0,8}+)"(\s*+:)?|(")'
    r"|([{\[])|([}\]])"  # 4 open, 5 close
    r"|(-?[0-9][^\s,\]}]*+)"  # 6 number
    r"|([tfn])[a-z]++"  # 7 true, false, null
)
_TOKEN, _RAW_TOKEN = re.compile(_GRAMMAR, re.DOTALL), re.compile(_GRAMMAR.encode(), re.DOTALL)
_STRING, _KEY, _LONG, _OPEN, _CLOSE, _NUMBER, _OTHER = 1, 2, 3, 4, 5, 6, 7
_COLON, _RAW_COLON = re.compile(r"\s*+:"), re.compile(rb"\s*+:")
_ESCAPE = re.compile(r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)", re.DOTALL)
_SURROGATE = re.compile(  # 1 a lone one; any other escape is passed over whole
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\.", re.DOTALL
)
_MUST = re.compile(rb"\\u00[0-7]")  # what may have to be escaped
_PAIR = re.compile(rb"\\u[dD][89abAB]")
_SLASH = re.compile(r"(?<!\\)((?:\\\\)*)\\/")
_WRITERS = (encode_basestring, encode_basestring_ascii)
_UNPAIRED = re.compile("[\ud800-\udfff]")
_LONE = re.compile(rb"\\u[dD][89a-fA-F]")
_LARGE = re.compile(rb"[0-9][eE]\+?[0-9]{3}|[0-9]{200}")  # may be more than a double holds
_NUMERAL = re.compile(rb"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][-+]?[0-9]++)?")
SHORT = 1 << 20  # characters: of longer tokens no further copies are made
MAX_DEPTH = 1024  # orjson's own limit
_LIST = ("[", 0x5B)


class Token(NamedTuple):
    """A string, number or key: `start` and `end` are offsets of its content in the text, quotes left out."""

    start: int
    end: int
    kind: LeafKind
    key: str
    pointer: str


def check(line: bytes) -> str:
    """Return "" for a line that is one JSON value in UTF-8, else why it is not; the reason holds no data."""
    try:
        orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return _diagnose(line, error)
    return ""


def unusual(line: bytes) -> bool:
    """Say whether a line that orjson refuses may be JSON all the same, and `check` is worth its time."""
    return _LONE.search(line) is not None or _LARGE.search(line) is not None


def _diagnose(line: bytes, error: orjson.JSONDecodeError) -> str:
    """Tell what orjson disliked; let pass what is JSON all the same: lone surrogates, numbers of any size."""
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as bad:
        return f"not UTF-8 at byte {bad.start} of the line"
    if depth(text) > MAX_DEPTH:
        return f"nested deeper than {MAX_DEPTH} levels"
    try:
        orjson.loads(_mended(line))
    except orjson.JSONDecodeError:
        return f"not JSON at character {error.pos} of the line"
    return ""


def _mended(line: bytes) -> bytes:
    """Return a line with its lone surrogates and large numbers replaced, which orjson takes for no JSON."""
    if _LONE.search(line):
        line = _SURROGATE.sub(lambda found: b"\\ufffd" if found[1] else found[0], line)
    parts, at = list[bytes](), 0
    for kind, start, end in _spans(bytearray(line)) if _LARGE.search(line) else ():
        if kind == _NUMBER and _NUMERAL.fullmatch(line, start, end):
            parts += (line[at:start], b"0")
            at = end
    return b"".join([*parts, line[at:]])


def depth(text: str | bytearray) -> int:
    """Return the deepest nesting, as far as the text can be read as tokens."""
    open_ = deepest = 0
    for kind, _, _ in _spans(text):
        if kind == _OPEN:
            open_ += 1
            deepest = max(deepest, open_)
        elif kind == _CLOSE:
            open_ -= 1
    return deepest


def parse(line: bytes) -> Any:
    """Return the value of a line that passed `check`; the last of duplicate keys wins."""
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        pass
    try:
        return json.loads(line)  # keeps lone surrogates
    except (ValueError, RecursionError):  # an integer too long, a nesting too deep for it
        return orjson.loads(_mended(line))


def spelled(line: bytes) -> bytes | None:
    r"""Return the same JSON with the characters that its `\u` and `\/` escapes stand for.

    Lone surrogates take three bytes. None where one stands for what has to be escaped, or stands in JSON inside a
    string: a reader of that still sees it.

    >>> spelled(rb'{"a": "caf\u00e9 \ud83d\ude00 1\/2"}').decode()
    '{"a": "café 😀 1/2"}'
    """
    if _MUST.search(line):
        return None
    text = line.decode("utf-8").encode("raw_unicode_escape").decode("raw_unicode_escape")  # minds escaped backslashes
    if _PAIR.search(line):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    if b"\\/" in line:
        text = _SLASH.sub(r"\1/", text)
    out = text.encode("utf-8", "surrogatepass")
    return None if b"\\u" in out or b"\\/" in out else out


def tokens(text: str | bytearray, marks: Sequence[int] | None = None) -> Iterator[Token]:
    """Yield every string, number and key of a JSON text, in order, with its JSON Pointer; of bytes by their offsets.

    With `marks` (ascending offsets in the text), yield only those in which a mark lies, or a mark lies in whose key.
    """
    stack: list[tuple[str, int, str, str, bool]] = []
    prefix, index, key, pointer, hot = "", -1, "", "", marks is None
    name_of: Callable[[Any], str] = decode if isinstance(text, str) else _decoded
    for kind, start, end in _spans(text):
        if kind == _KEY:
            key = name_of(text[start:end])
            name = key.replace("~", "~0").replace("/", "~1") if "~" in key or "/" in key else key
            pointer = f"{prefix}/{name}"
            hot = marks is None or _marked(marks, start, end + 4)
            if hot:
                yield Token(start, end, LeafKind.KEY, key, pointer + "~key")
        elif kind == _CLOSE:
            prefix, index, key, pointer, hot = stack.pop()
        else:
            if index >= 0:
                pointer = f"{prefix}/{index}"
                index += 1
            if kind == _OPEN:
                stack.append((prefix, index, key, pointer, hot))
                prefix, index = pointer, 0 if text[start] in _LIST else -1
            elif kind != _OTHER and (hot or _marked(marks, start, end + 2)):
                yield Token(start, end, LeafKind.STRING if kind == _STRING else LeafKind.NUMBER, key, pointer)


def _marked(marks: Sequence[int] | None, start: int, end: int) -> bool:
    """Say whether a mark lies in a token: marks stand behind the last character they mean, a neighbour included."""
    if marks is None:
        return True
    at = bisect.bisect_right(marks, start)
    return at < len(marks) and marks[at] <= end


def _spans(text: str | bytearray) -> Iterator[tuple[int, int, int]]:
    """Yield (kind, start, end) of every token; long strings are jumped over by searching for their end."""
    at = 0
    token: Any = _TOKEN if isinstance(text, str) else _RAW_TOKEN
    while True:
        for found in token.finditer(text, at):
            kind = found.lastindex or 0
            if kind == _LONG:
                break
            start, end = found.span(1 if kind == _KEY else kind)
            yield kind, start, end
        else:
            return
        start = found.end()
        end = _closing(text, start)
        colon = _COLON.match(text, end + 1) if isinstance(text, str) else _RAW_COLON.match(text, end + 1)
        yield (_KEY if colon else _STRING), start, end
        at = colon.end() if colon else end + 1


def _closing(text: str | bytearray, start: int) -> int:
    """Return the offset of the quote that ends a string: the first with an even number of backslashes before it."""
    line: Any = text
    quote, slash = ('"', "\\") if isinstance(text, str) else (b'"', 0x5C)
    end: int = line.find(quote, start)
    while end > start and line[end - 1] == slash:
        run = end - 1
        while run > start and line[run - 1] == slash:
            run -= 1
        if (end - run) % 2 == 0:
            return end
        end = line.find(quote, end + 1)
    return end if end >= 0 else len(text)


def _decoded(raw: bytearray) -> str:
    return decode(raw.decode("utf-8"))


def content(text: str, start: int, end: int) -> str:
    """Return what a string token's content stands for, by its place between two quotes: few copies are made of it."""
    if text.find("\\", start, end) < 0:
        return text[start:end]
    try:
        return orjson.loads(text[start - 1 : end + 1])  # type: ignore[no-any-return]
    except (orjson.JSONDecodeError, UnicodeEncodeError):
        return json.loads(text[start - 1 : end + 1])  # type: ignore[no-any-return]


def decode(raw: str) -> str:
    r"""Return what a string token's content stands for; lone surrogates stay as they are.

    >>> decode(r"a\u00e9\n")
    'aé\n'
    """
    return content(f'"{raw}"', 1, len(raw) + 1)


def encode(text: str) -> str:
    """Return text as the content of a string token: escapes only what must be, lone surrogates too.

    >>> encode('say "hi"')
    'say \\\\"hi\\\\"'
    """
    written = encode_basestring(text)[1:-1]
    return written if text.isascii() else _UNPAIRED.sub(lambda found: f"\\u{ord(found[0]):04x}", written)


def raw_offsets(raw: str, offsets: Sequence[int]) -> list[int]:
    r"""Map offsets of the decoded text (ascending code points) to offsets of the raw content of the token.

    >>> raw_offsets(r"a\u00e9\nb", [0, 1, 2, 3, 4])
    [0, 1, 7, 9, 10]
    """
    if "\\" not in raw:
        return list(offsets)
    if len(raw) <= SHORT:
        text = decode(raw)
        stretches = [text[start:end] for start, end in itertools.pairwise((0, *offsets, len(text)))]
        for write in _WRITERS:  # as nearly all JSON is written, one way or the other
            written = [write(stretch)[1:-1] for stretch in stretches]
            if "".join(written) == raw:
                return list(itertools.accumulate(map(len, written[:-1])))
    out = []
    grown = 0  # characters that the escapes so far are longer than what they stand for
    escapes = _ESCAPE.finditer(raw)
    escape = next(escapes, None)
    for offset in offsets:
        while escape is not None and (behind := escape.start() - grown + 1) <= offset:
            grown = escape.end() - behind
            escape = next(escapes, None)
        out.append(offset + grown)
    return out


def splice(raw: str, edits: Sequence[tuple[int, int, str]]) -> str:
    r"""Rewrite spans of a string token's content: edits are (start, end, new text) in decoded code points, sorted.

    >>> splice(r"x \"bob\" y", [(3, 6, '<"N">')])
    'x \\"<\\"N\\">\\" y'
    """
    flat = [offset for start, end, _ in edits for offset in (start, end)]
    places = raw_offsets(raw, flat)
    out: list[str] = []
    at = 0
    for (_, _, new), start, end in zip(edits, places[::2], places[1::2], strict=True):
        out += (raw[at:start], encode(new))
        at = end
    out.append(raw[at:])
    return "".join(out)
