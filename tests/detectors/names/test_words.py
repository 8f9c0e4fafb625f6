from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from privscan.detectors.names import lists, network, words


def pieces(text: str) -> list[str]:
    found = words.split(text)
    return [text[start:end] for start, end in zip(found.starts, found.ends, strict=True)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("Dear Ann,", ["Dear", "Ann", ","], id="marks by themselves"),
        pytest.param("O'Brien's", ["O", "'", "Brien", "'", "s"], id="apostrophes part words"),
        pytest.param("a...b", ["a", "...", "b"], id="a run of one mark is one word"),
        pytest.param("x!?", ["x", "!", "?"], id="other marks are others"),
        pytest.param("one\n\n two", ["one", "\n\n", "two"], id="line breaks are a word"),
        pytest.param("user_name Zoë9", ["user_name", "Zoë9"], id="letters, digits and underscores"),
        pytest.param("\x1e\x1e", ["\x1e", "\x1e"], id="walls stay single"),
        pytest.param("Ω𝔘 \ud800", ["Ω", "𝔘"], id="beyond the first plane, and half a pair"),
        pytest.param("", [], id="nothing"),
    ],
)
def test_split(text: str, expected: list[str]) -> None:
    assert pieces(text) == expected


@given(st.text(max_size=80))
def test_words_and_blanks_are_the_whole_text(text: str) -> None:
    found = words.split(text)
    assert all(start < end for start, end in zip(found.starts, found.ends, strict=True))
    assert all(end <= start for end, start in zip(found.ends[:-1], found.starts[1:], strict=True))
    covered = {at for start, end in zip(found.starts, found.ends, strict=True) for at in range(start, end)}
    assert not any(mark.isalnum() for at, mark in enumerate(text) if at not in covered)


@given(st.text(max_size=30), st.sampled_from(["Whitmore", "mañana", "x", "Ünal_7"]), st.text(max_size=30))
def test_a_word_is_known_wherever_it_stands(before: str, word: str, after: str) -> None:
    alone, within = words.split(word), words.split(f"{before} {word} {after}")
    (place,) = np.flatnonzero(within.starts == len(before) + 1)
    assert within.hashes[place] == alone.hashes[0]
    flags = np.zeros(1, np.uint8)
    ours, theirs = (words.features(found, np.array([at]), flags, 15) for found, at in ((alone, 0), (within, place)))
    assert (ours == theirs).all()
    assert ours.shape == (1, words.FEATURES)


def test_case_is_seen_and_can_be_left_out() -> None:
    found = words.split("SMITH Smith smith")
    assert len(set(found.hashes.tolist())) == 3
    assert len(set(words.lower_hashes(found, np.arange(3)).tolist())) == 1


@given(st.text(st.characters(categories=["L", "N"], max_codepoint=0xFFFF), min_size=1, max_size=30))
def test_one_word_is_looked_up_as_many_are(word: str) -> None:
    found = words.split(word)
    assert words.lower_hashes(found, np.arange(1)).tolist() == [words.lower_hash(word)]
    assert lists.flags(word) == network.flags(found, np.arange(1), network.load())[0]


@pytest.mark.parametrize("word", ["", "two words", "O'Brien", "𝔘nal", "\ud800"])
def test_what_is_no_word_is_on_no_list(word: str) -> None:
    assert lists.flags(word) == 0


def test_lists_know_their_words_in_any_case() -> None:
    assert lists.level("SMITH", lists.LAST) == lists.level("smith", lists.LAST) > 0
    assert lists.level("Zürich", lists.PLACE) == lists.level("ZÜRICH", lists.PLACE) > 0
