"""Passages that stand again, against the long way round."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from privscan.dedup import passages
from privscan.dedup.presets import resolve
from privscan.errors import ConfigError, InputError, OutputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def listed(
    folder: Path,
    files: Sequence[Sequence[str | None]],
    kind: str,
    dropped: Sequence[Sequence[int]] = (),
    memory: int = 1 << 20,
    limits: passages.Limits | None = None,
) -> list[tuple[int, int, str, int]]:
    """Return (file, row, text of the passage, words)."""
    paths = [str(folder / f"{number}.units") for number in range(len(files))]
    for path, texts in zip(paths, files, strict=True):
        with passages.Writer(path, kind) as writer:
            for low in range(0, len(texts), 3):
                mine = texts[low : low + 3]
                writer.add(range(low, low + len(mine)), [[text] if text else [] for text in mine])
    out = []
    for number, found in enumerate(
        passages.find(paths, dropped or [[]] * len(files), memory, limits or passages.Limits())
    ):
        for row, mine, hashes in passages.places(found):
            text = files[number][row] or ""
            for _, span in passages.stretches([text], kind, mine, hashes):
                assert (span.part, span.row) <= (number, row)
                out.append((number, row, text[span.start : span.end], span.words))
    return out


def words(seed: int, count: int) -> list[str]:
    pick = random.Random(seed)
    return [f"{pick.choice(('Lamp', 'river', 'stone'))}{pick.randrange(10_000)}" for _ in range(count)]


def long_way(texts: Sequence[str]) -> list[tuple[int, int, int]]:
    """Return (row, first word, words) of every run of words whose 50-word parts all stood before."""
    seen: set[tuple[str, ...]] = set()
    out: list[tuple[int, int, int]] = []
    for row, text in enumerate(texts):
        found = re.findall(r"\w+", text.lower())
        again = []
        for at in range(len(found) - 49):
            part = tuple(found[at : at + 50])
            if part in seen:
                again.append(at)
            seen.add(part)
        for at in again:
            if out and out[-1][0] == row and at <= out[-1][1] + out[-1][2]:
                out[-1] = (row, out[-1][1], at + 50 - out[-1][1])
            else:
                out.append((row, at, 50))
    return out


@pytest.mark.parametrize("memory", [1 << 20, 4000], ids=["at once", "in partitions"])
def test_spans_are_those_of_the_long_way(tmp_path: Path, memory: int) -> None:
    pick, base = random.Random(4), words(1, 400)
    texts = []
    for row in range(30):
        start, count = pick.randrange(300), pick.randrange(20, 120)
        body = [*words(row + 10, 40), *base[start : start + count], *words(row + 90, pick.randrange(60))]
        texts.append(", ".join(body) + ("\n— Ende" if row % 3 else "."))
    found = listed(tmp_path, [texts[:11], [], texts[11:]], "span", memory=memory)
    shown = [(row if file == 0 else row + 11, text, count) for file, row, text, count in found]
    expected = []
    for row, first, count in long_way(texts):
        places = [match.span() for match in re.finditer(r"\w+", texts[row])]
        expected.append((row, texts[row][places[first][0] : places[first + count - 1][1]], count))
    assert len(expected) > 10
    assert shown == expected


def test_lines_and_paragraphs(tmp_path: Path) -> None:
    foot = "all rights are reserved by us"
    texts = [f"one\n  {foot} \n\nthe end of it\n", f"\n{foot}\nthe end of it", None, f"x\n\n{foot}", "a b c\na b c"]
    assert listed(tmp_path, [texts], "line") == [(0, 1, foot, 6), (0, 3, foot, 6)]
    (tmp_path / "p").mkdir()
    texts = [f"{foot}\nsecond line", f"x\n\n{foot}\nsecond line\n\nz", foot]
    assert listed(tmp_path / "p", [texts], "paragraph") == [(0, 1, f"{foot}\nsecond line", 8)]


def test_dropped_rows_do_not_count(tmp_path: Path) -> None:
    foot = "all rights are reserved by us"
    assert listed(tmp_path, [[foot, foot], [foot]], "line", dropped=[[0], []]) == [(1, 0, foot, 6)]


def test_repeats_within_one_text(tmp_path: Path) -> None:
    text = " ".join([*words(1, 60), *words(1, 60)])
    ((_, _, found, count),) = listed(tmp_path, [[text]], "span")
    assert (found, count) == (" ".join(words(1, 60)), 60)


def test_one_word_again_and_again(tmp_path: Path) -> None:
    ((_, _, found, count),) = listed(tmp_path, [["go " * 1000, "", "go"]], "span")
    assert (len(found), count) == (3 * 950 - 1, 950)  # the first fifty stay


def test_torn_and_unwritable(tmp_path: Path) -> None:
    listed(tmp_path, [["a b c d e f"]], "line")
    path = tmp_path / "0.units"
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(InputError, match="torn"):
        list(passages.read(str(path)))
    with pytest.raises(OutputError, match="cannot be written"):
        passages.Writer(str(tmp_path / "no" / "file"), "line")


def test_nothing_at_all(tmp_path: Path) -> None:
    assert listed(tmp_path, [[], [None, ""]], "span") == []
    assert np.load(tmp_path / "0.units.found0.npy").size == 0


@pytest.mark.parametrize(
    ("keep", "over", "rows"), [(1, 0, [0, 2, 3]), (2, 0, [2, 3]), (1, 2, [0, 2, 3]), (1, 3, []), (5, 0, [])]
)
def test_so_many_copies_of_what_so_many_records_hold(tmp_path: Path, keep: int, over: int, rows: list[int]) -> None:
    foot = "all rights are reserved by us"
    texts = [f"{foot}\n{foot}", "a b c d e f", f"{foot}.\n{foot}", foot]
    limits = passages.Limits(keep, over)
    assert [row for _, row, _, _ in listed(tmp_path, [texts[:1], texts[1:]], "line", limits=limits)] == [
        row if row == 0 else row - 1 for row in rows
    ]


def test_texts_of_a_record_are_apart(tmp_path: Path) -> None:
    half = " ".join(words(5, 30))
    with passages.Writer(str(tmp_path / "a"), "span") as writer:
        writer.add([0, 1], [[half, half], [f"{half} {half}", ""]])
    (found,) = passages.find([str(tmp_path / "a")], [[]], 1 << 20, passages.Limits())
    assert list(passages.places(found)) == []


HASHED_ALIKE = np.array([7, 7, 7, 7], np.uint64)


def test_a_hash_that_is_shared_by_chance_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with passages.Writer(str(path), "line") as writer:
        rows = np.arange(4, dtype=np.int64)
        writer._write(passages.Block(rows, rows * 0 + 1, HASHED_ALIKE, np.array([1, 2, 1, 3], np.uint32)))
    (found,) = passages.find([str(path)], [[]], 1 << 20, passages.Limits())
    assert [(row, mine["row"].tolist()) for row, mine, _ in passages.places(found)] == [(2, [0])]


REMOVED: dict[str, tuple[str, str, str]] = {
    "a line with its break": ("line", "one\n  [two] \nthree\n", "one\nthree\n"),
    "the last line": ("line", "one\n[two]", "one"),
    "the last line of a text that ends its lines": ("line", "one\n[two]\n", "one\n"),
    "the only line": ("line", "[two]", ""),
    "a line of a file from elsewhere": ("line", "one\r\n[two]\r\nthree", "one\r\nthree"),
    "a paragraph with the lines behind": ("paragraph", "one\n\n[two\ntwo]\n \n\nthree", "one\n\nthree"),
    "the last paragraph": ("paragraph", "one\n\n[two]", "one"),
    "a field": ("field", " [two two]\n", ""),
    "words with the space behind": ("span", "one [two], three", "one , three"),
    "words at the start": ("span", "[two] three", "three"),
    "words in the middle of one": ("span", "x-[two] three", "x- three"),
}


@pytest.mark.parametrize(("kind", "marked", "left"), REMOVED.values(), ids=REMOVED)
def test_what_goes_with_a_passage(kind: str, marked: str, left: str) -> None:
    start, end = marked.index("["), marked.index("]") - 1
    text = marked.replace("[", "").replace("]", "")
    begin, stop = passages.removal(text, kind, start, end)
    assert text[:begin] + text[stop:] == left


def test_lines_without_spaces_are_told_of_too(tmp_path: Path) -> None:
    line = "本网站版权所有"
    assert listed(tmp_path, [[line, f"x\n{line}"]], "line") == [(0, 1, line, 1)]


REFUSED = {
    "kind": ("near", {"repeated": "word"}, "unknown"),
    "scope": ("near", {"scope": "word"}, '--dedup-scope "word" is unknown'),
    "two kinds": ("near", {"repeated": "line", "scope": "line"}, "one kind of passage"),
    "two kinds again": ("substring", {"scope": "line"}, "one kind of passage"),
    "nothing to count": ("near", {"over": 3}, "--repeated-over is read with"),
    "less than none": ("near", {"scope": "line", "over": -3}, "0 or more"),
}


@pytest.mark.parametrize(("method", "options", "reason"), REFUSED.values(), ids=REFUSED)
def test_refused(method: str, options: dict[str, Any], reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        resolve(method, None, options)
