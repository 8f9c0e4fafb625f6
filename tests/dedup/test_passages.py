"""Passages that stand again, against the long way round."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING

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
) -> list[tuple[int, int, str, int]]:
    """Return (file, row, text of the passage, words)."""
    paths = [str(folder / f"{number}.units") for number in range(len(files))]
    for path, texts in zip(paths, files, strict=True):
        with passages.Writer(path, kind) as writer:
            for low in range(0, len(texts), 3):
                writer.add(range(low, min(low + 3, len(texts))), texts[low : low + 3])
    out = []
    flags = passages.find(paths, dropped or [[]] * len(files), memory)
    for number, (path, name) in enumerate(zip(paths, flags, strict=True)):
        for row, found in passages.places(path, name).items():
            text = files[number][row] or ""
            out += [
                (number, row, text[span.start : span.end], span.words) for span in passages.spans(text, kind, *found)
            ]
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
    assert (len(found), count) == (3 * 999 - 1, 999)


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
    assert np.load(tmp_path / "0.units.flags.npy").size == 0


@pytest.mark.parametrize(("method", "kind", "reason"), [("near", "word", "unknown"), ("off", "line", "first pass")])
def test_refused(method: str, kind: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        resolve(method, None, {"repeated": kind})
