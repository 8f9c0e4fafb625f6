"""Word n-grams without Python per word, against Python per word."""

from __future__ import annotations

import base64
import random
import re
import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from privscan.dedup import shingle as rooms
from privscan.dedup.shingle import _Fold, shingle, stretched

from .longhand import grams

# letters whose lower case is one letter, spaced scripts only, and punctuation of both kinds
ALPHABET = "aAbB1_ \n\t.,-!éÉßñÑжЖшα—“”’…·\u00a0\u2009 \0\ud800😀"


def sets(texts: list[str], ngram: int = 5) -> list[frozenset[int]]:
    found = shingle(texts, ngram)
    return [frozenset(found.hashes[a:b].tolist()) for a, b in zip(found.offsets[:-1], found.offsets[1:], strict=True)]


@given(st.lists(st.text(ALPHABET, max_size=60), min_size=1, max_size=8), st.integers(1, 6))
def test_same_structure_as_by_the_book(texts: list[str], ngram: int) -> None:
    for text, found in zip(texts, sets(texts, ngram), strict=True):
        expected = grams(text, ngram)
        assert len(found) == len(expected)
        for other, theirs in zip(texts, sets(texts, ngram), strict=True):
            assert len(found & theirs) == len(expected & grams(other, ngram))


@given(st.lists(st.text(ALPHABET, max_size=60), min_size=1, max_size=8))
def test_a_text_is_the_same_in_any_batch(texts: list[str]) -> None:
    together = shingle(texts, 5)
    for index, text in enumerate(texts):
        alone = shingle([text], 5)
        part = together.hashes[together.offsets[index] : together.offsets[index + 1]]
        assert part.tolist() == alone.hashes.tolist()
        assert together.sums[index] == alone.sums[0]


SAME = {
    "case": ("One two three four five six", "one TWO three four five SIX"),
    "punctuation": ("one two three four five six", "one, two; (three) four - five: six."),
    "unicode punctuation": ("one two three four five six", "“one” two—three… four\u00a0five\u2028six"),
    "ASCII among wide text": ("one two three four five six", "one two three four five six 😀"),
    "sigma": ("ΟΔΟΣ a b c d", "οδος a b c d"),
    "Chinese punctuation": ("我们今天去看电影", "我们，今天 去看电影。"),
    "lone surrogate parts words": ("one two three four five", "one\udc80two three four five"),
}
DIFFERENT = {
    "word order": ("one two three four five", "one two three five four"),
    "letters moved": ("ab ba cd ef gh", "ba ab cd ef gh"),
    "underscore": ("a_b c d e f", "a b c d e f"),
    "short texts": ("a", "a a"),
    "accents": ("resume one two three four", "résumé one two three four"),
}


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME)
def test_same(one: str, other: str) -> None:
    assert sets([one])[0] == sets([other])[0]
    assert shingle([one], 5).sums.tolist() == shingle([other], 5).sums.tolist()


@pytest.mark.parametrize(("one", "other"), DIFFERENT.values(), ids=DIFFERENT)
def test_different(one: str, other: str) -> None:
    assert sets([one])[0] != sets([other])[0]


UNSPACED = {
    "Chinese": "今天天气很好我们去公园",
    "Japanese": "きょうはいい天気ですね",
    "Thai": "วันนี้อากาศดีมาก",
    "rare Han": "𠀀𠀁𠀂𠀃𠀄𠀅𠀆",
}


@pytest.mark.parametrize("text", UNSPACED.values(), ids=UNSPACED)
def test_scripts_without_spaces_count_characters(text: str) -> None:
    assert len(shingle([text], 5).hashes) == len(text) - 4
    assert len(sets([text])[0] & sets([text[:-1] + "x"])[0]) == len(text) - 5


def test_mixed_scripts() -> None:
    assert len(shingle(["abc今天def 天x"], 1).hashes) == 6


def test_korean_and_hindi_count_words() -> None:
    assert len(shingle(["오늘은 날씨가 정말 좋네요"], 1).hashes) == 4
    assert len(shingle(["आज मौसम बहुत अच्छा है"], 1).hashes) == 5


EMPTY = {"empty": "", "blank": " \n\t", "punctuation": "?!... —", "emoji": "😀❤️"}


@pytest.mark.parametrize("text", EMPTY.values(), ids=EMPTY)
def test_no_word_no_shingle(text: str) -> None:
    found = shingle(["a b", text, "c"], 5)
    assert found.offsets.tolist() == [0, 1, 1, 2]
    assert found.sums[1] == 0


def test_a_word_longer_than_a_chunk() -> None:
    blob = base64.b32encode(random.Random(3).randbytes(100_000)).decode().rstrip("=")
    assert len(blob) > 3 * 32768
    one, shifted, other = f"x {blob} y z w", f"long before it {blob} y z w", f"x {blob[:-1]}0 y z w"
    assert len(sets([one], 4)[0] & sets([shifted], 4)[0]) == 1
    assert not sets([one])[0] & sets([other])[0]


def test_a_long_word_is_more_than_its_pieces() -> None:
    one, other = "a" * 32768 + "b" * 32768 + "c", "b" * 32768 + "a" * 32768 + "c"
    assert not sets([one])[0] & sets([other])[0]


def test_a_million_words() -> None:
    pick = random.Random(5)
    text = " ".join(f"w{pick.randrange(100_000)}" for _ in range(1_000_000))
    found = shingle([text], 5)
    assert found.hashes.size == 999_996
    words = re.findall(r"\w+", text)
    tail = shingle([" ".join(words[-40_000:])], 5)
    assert found.hashes[-39_996:].tolist() == tail.hashes.tolist()


def test_one_repeated_word() -> None:
    found = shingle(["go " * 100_000], 5)
    assert set(found.hashes.tolist()) == set(shingle(["go go go go go"], 5).hashes.tolist())


STRETCHES = st.lists(
    st.lists(
        st.sampled_from(["a", "B", "é", "中", " ", ", ", "😀", "ไ", "word", "λΣ", "\u0301", "1", "_", "カ", "\ud800"])
    ).map("".join),
    max_size=8,
)


@given(STRETCHES, st.integers(1, 6))
def test_a_text_in_stretches_has_the_shingles_of_the_whole(stretches: list[str], ngram: int) -> None:
    whole = shingle(["".join(stretches)], ngram)
    found = list(stretched([stretch for stretch in stretches if stretch], ngram))
    assert [int(value) for hashes, _ in found for value in hashes] == whole.hashes.tolist()
    assert sum(total for _, total in found) % 2**64 == int(whole.sums[0])


def test_a_word_may_go_on_over_many_stretches() -> None:
    word = "Aé" * 50_000
    whole = shingle([f"one {word} two"], 1)
    found = stretched(["one ", *(word[at : at + 999] for at in range(0, len(word), 999)), " two"], 1)
    assert [int(value) for hashes, _ in found for value in hashes] == whole.hashes.tolist()


def test_what_every_code_point_counts_as() -> None:
    codes = np.arange(0x110000, dtype=np.uint32)
    told = _Fold().of(codes)
    assert not told[0x20000:].any()
    for code in [*range(0x20000, 0x10FF00, 997), *range(0x20000)]:
        letter, counts = chr(code), int(told[code])
        alone = any(first <= code <= last for first, last in rooms.UNSPACED)
        if code >= 0x20000 or not (letter.isalnum() or letter == "_" or unicodedata.category(letter)[0] == "M"):
            assert counts == 0
        elif code not in (0x3C2, *range(0xFE00, 0xFE10)):
            same = letter.lower()[0] if letter.isalnum() else letter
            assert counts == ord(same) | (alone << 31)


def test_pages_are_looked_up_in_any_order() -> None:
    some, more = np.array([0x2019, 0x3B1, 0xFFFF], np.uint16), np.array([0x4E00, 0x2019, 0x1F600], np.uint32)
    one, other = _Fold(), _Fold()
    assert [one.of(some).tolist(), one.of(more).tolist()] == [other.of(more).tolist(), other.of(some).tolist()][::-1]
