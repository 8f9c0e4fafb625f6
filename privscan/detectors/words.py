"""Words as evidence: triggers that find them in raw bytes, the search for them near a match or in a field's name."""

from __future__ import annotations

import functools
import re
import unicodedata
from typing import TYPE_CHECKING

from privscan.detectors.syntax import ESCAPE_LETTERS, EVERY, WORD, char_class

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from privscan.model import Span

NAMES_KEPT = 4096
LONGEST_TOKEN = 160  # characters of what stands in a value's place: an entity's name and 64 hex digits
LONGEST_NAME = 512  # characters at the end of a field that are read: what is kept of hostile ones stays small


def folded(word: str) -> str:
    """Return a word in lower case without accents.

    >>> folded("Téléphone")
    'telephone'
    """
    lowered = word.lower()
    if lowered.isascii():
        return lowered
    return "".join(mark for mark in unicodedata.normalize("NFKD", lowered) if not unicodedata.combining(mark))


# A keyword stands as a word: behind no letter or digit (but an escape's letter), before no lower-case letter or digit,
# so that `ssnNumber` counts and `lessness` does not; a capital behind a lower-case letter opens a word (`userSsn`).
BEFORE = char_class((EVERY - WORD) | ESCAPE_LETTERS | frozenset(b"_"))
BEFORE_ESCAPED = char_class((EVERY - WORD - frozenset(b"\\")) | ESCAPE_LETTERS | frozenset(b"_"))
AFTER = char_class(EVERY - frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789"))


FOLDED = 4  # letters: a shorter word without its accents is another word ("né", "ne")
LONG = 6  # letters: a word so long may end a compound ("Privattelefon", "userPassport") and is told apart by itself


def keyword_triggers(words: Iterable[str]) -> tuple[bytes, ...]:
    """Return triggers for words and phrases in text or in a field's name, one a word: literals are nearly free.

    The words of a phrase may be joined by a blank, an underscore, a hyphen or nothing.
    """
    found: set[bytes] = set()
    for word in words:
        forms = {word.lower()}
        if not word.isascii():
            forms |= {word.upper(), word.title(), word.capitalize()}
            if len(word) >= FOLDED:
                forms.add(folded(word))
        for form in forms:
            parts = [part for part in re.split(r"[\s_-]+", form) if part]
            joints = (b"",) if len(parts) == 1 else (b" ", b"_", b"-", b"")
            if len(parts) > 1 and max(map(len, parts)) >= FOLDED:
                joints = (rb"[ _\x2d]?",)  # one of its words is rare enough: a quarter of the expressions to compile
            # behind a backslash such a letter is the escape's, as in "\\nif"
            before = BEFORE_ESCAPED if parts[0][0] in "bfnrtu" else BEFORE
            short = sum(map(len, parts)) < LONG
            found |= {(before if short else b"") + joint.join(map(_spell, parts)) + AFTER for joint in joints}
            if short and form.isascii() and parts[0][0].isalpha():
                found |= _camel("".join(parts))
    return tuple(sorted(found))


def _camel(word: str) -> set[bytes]:
    """Write a word that a capital opens inside a name: `userSsn`, `userSSN`; literals cost least."""
    return {b"[a-z]" + re.escape(form).encode() + AFTER for form in (word[0].upper() + word[1:].lower(), word.upper())}


def _spell(word: str) -> bytes:
    """Write a word's bytes; ASCII letters in either case."""
    if "'" in word:  # typists and typesetters write it differently
        return rb"(?:'|\xe2\x80\x99)".join(map(_spell, word.split("'")))
    runs = re.findall(r"[\x00-\x7f]+|[^\x00-\x7f]+", word)
    return b"".join(
        b"(?i:" + re.escape(run).encode() + b")"
        if run.isascii()
        else b"".join(b"\\x%02x" % byte for byte in run.encode())
        for run in runs
    )


class Words:
    """Context words and phrases, looked for in text whose words are joined by single blanks (`spaced`).

    Words of scripts written without blanks count wherever they stand.
    """

    def __init__(self, words: Sequence[str]) -> None:
        self.joined = tuple(f" {' '.join(_WORD.findall(folded(word)))} " for word in words)
        self.squeezed = {word.replace(" ", ""): word.strip() for word in self.joined}
        self._names: dict[str, str] = {}
        self.glued = tuple(word.strip() for word in self.joined if not word.isascii() and _unspaced().search(word))

    def find(self, text: str) -> str:
        """Return the first of the words that stands in the text, "" for none."""
        for word in self.joined:
            if word in text:
                return word.strip()
        for word in self.glued:
            if word in text:
                return word
        return ""

    def find_name(self, name: str) -> str:
        """Return the word that stands in a field's name; the name's parts may be written as one."""
        found = self._names.get(name)
        if found is None:
            if len(self._names) > NAMES_KEPT:
                self._names.clear()
            found = self.find(f" {name} ") or self.squeezed.get(name.replace(" ", ""), "")
            self._names[name] = found
        return found


_WORD = re.compile(r"[^\W_]+")
_TOKEN = re.compile(r"<([A-Z][A-Z0-9_]*)(?::[0-9a-f]+)?>")


@functools.cache
def _unspaced() -> re.Pattern[str]:
    """Return what finds a letter of a script written without blanks; `re` takes milliseconds over such ranges."""
    return re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


@functools.lru_cache(maxsize=64)  # several rules ask of the same neighbourhood, one after the other
def spaced(text: str) -> str:
    """Return the words of a text, folded and joined by single blanks; what we ourselves put in place is left out.

    >>> spaced("Tel.-Nr. <PHONE_NUMBER>: Büro")
    ' tel nr buro '
    """
    if "<" in text:
        text = _TOKEN.sub(" ", text)
    return f" {' '.join(_WORD.findall(folded(text)))} "


def ours(text: str, span: Span, entities: Collection[str]) -> bool:
    """Say whether a span lies in what a redaction put in the place of a value of one of the entities.

    >>> from privscan.model import Span
    >>> ours("API_SECRET=<SECRET:27bd26a2c5400fe1>", Span(19, 35), {"SECRET"})
    True
    """
    start = text.rfind("<", max(span.start - LONGEST_TOKEN, 0), span.start + 1)
    found = _TOKEN.match(text, start) if start >= 0 else None
    return found is not None and span.end <= found.end() and found[1] in entities


def field_words(pointer: str) -> str:
    """Return the names in a field as folded words: the last two named segments, split at case and punctuation.

    What we ourselves put in a name's place is left out.

    >>> field_words("/users/0/homePhone"), field_words("/users/<PHONE_NUMBER>")
    ('users home phone', 'users')
    """
    return _field_words(pointer[-LONGEST_NAME:])


@functools.lru_cache(maxsize=65536)
def _field_words(pointer: str) -> str:
    if "<" in pointer:
        pointer = _TOKEN.sub("", pointer)
    names = [segment for segment in pointer.removesuffix("~key").split("/") if segment and not segment.isdigit()][-2:]
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", " ".join(names))
    return folded(re.sub(r"[\W_]+", " ", split))


def around(words: Words, text: str, span: Span, before: int, after: int) -> str:
    """Return the word found before or behind a span, the value itself left out."""
    found = words.find(spaced(text[max(span.start - before, 0) : span.start]))
    return found or words.find(spaced(text[span.end : span.end + after]))
