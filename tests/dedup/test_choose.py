"""The leader rule, against similarities computed the long way round."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from privscan.dedup import DedupSettings, Duplicate, Part, join
from privscan.dedup.budget import Budget
from privscan.dedup.choose import choose
from privscan.errors import InputError, OutputError

from .longhand import edited, places, similarity, story

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NEAR = DedupSettings()
EXACT = DedupSettings(method="exact")
FUNCTION = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def check(texts: list[str | None], found: dict[int, Duplicate], threshold: float, ngram: int = 5) -> None:
    """Hold a result against the leader rule."""
    for row, why in found.items():
        one, other = texts[row], texts[why.row]
        assert one
        assert other
        assert why.row < row
        assert why.row not in found
        if why.method == "exact":
            assert one == other
            assert why.similarity == 1.0
        else:
            assert one != other
            assert similarity(one, other, ngram) >= threshold
            assert why.similarity == pytest.approx(similarity(one, other, ngram), abs=1e-6)
    kept = [(row, text) for row, text in enumerate(texts) if text and row not in found]
    for at, (_, one) in enumerate(kept):
        for _, other in kept[:at]:
            assert one != other
            assert similarity(one, other, ngram) < threshold


def test_corpus(corpus: list[str], deduplicate: Callable[..., Any]) -> None:
    summary, found = deduplicate(corpus)
    check(corpus, found, 0.8)
    assert summary.rows == len(corpus)
    assert summary.exact + summary.near == len(found)
    assert summary.exact == sum(why.method == "exact" for why in found.values())
    assert summary.clusters == len({why.row for why in found.values()})
    assert summary.exact > 5
    assert summary.near > 50
    assert summary.largest > 3


@pytest.mark.parametrize("threshold", [0.5, 0.7, 0.9, 1.0])
def test_thresholds(corpus: list[str], deduplicate: Callable[..., Any], threshold: float) -> None:
    # 4 rows a band, for 0.5 lies too far down the curve of 25 x 5
    chosen = replace(NEAR, threshold=threshold, rows=2 if threshold < 0.6 else 4)
    check(corpus, deduplicate(corpus, chosen)[1], threshold)


def test_exact_only(corpus: list[str], deduplicate: Callable[..., Any]) -> None:
    summary, found = deduplicate(corpus, EXACT)
    assert {row: why.row for row, why in found.items()} == {
        row: corpus.index(text) for row, text in enumerate(corpus) if corpus.index(text) != row
    }
    assert {(why.similarity, why.method) for why in found.values()} == {(1.0, "exact")}
    assert summary.near == summary.compared == 0


@FUNCTION
@given(data=st.data())
def test_any_layout_gives_the_same(corpus: list[str], deduplicate: Callable[..., Any], data: st.DataObject) -> None:
    texts = corpus[:120]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(texts)), max_size=5)))
    lengths = [high - low for low, high in zip([0, *cuts], cuts, strict=False)]
    assert places(deduplicate(texts, NEAR, lengths)[1]) == places(deduplicate(texts, NEAR)[1])


@FUNCTION
@given(
    st.lists(st.lists(st.sampled_from("abcd"), max_size=9).map(" ".join) | st.none(), max_size=14),
    st.sampled_from([0.3, 0.5, 0.8]),
    st.integers(1, 3),
)
def test_small_texts(deduplicate: Callable[..., Any], texts: list[str | None], threshold: float, ngram: int) -> None:
    # one row a band makes every pair with a shared value a candidate: nothing may be left then
    chosen = DedupSettings(threshold=threshold, ngram=ngram, bands=100, rows=1)
    check(texts, deduplicate(texts, chosen)[1], threshold, ngram)


@pytest.mark.parametrize("rows", [3, 50])
def test_partitions_windows_and_runs_do_not_show(
    corpus: list[str], deduplicate: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    expected = places(deduplicate(corpus)[1])
    monkeypatch.setattr(join, "_WINDOW_ROWS", rows)
    monkeypatch.setattr("privscan.dedup.choose._SLICE", rows)
    monkeypatch.setattr("privscan.dedup.choose.budget", lambda *_, **__: Budget(rows, rows, 1000))
    assert places(deduplicate(corpus)[1]) == expected


def test_at_the_threshold_counts(deduplicate: Callable[..., Any]) -> None:
    texts = ["a b c d", "a b c d e", "a b c x y"]
    _, found = deduplicate(texts, DedupSettings(ngram=1, bands=100, rows=1, threshold=0.8))
    assert found == {1: Duplicate(0, 0, 0.8, "near")}


def test_a_chain_is_not_dragged_along(deduplicate: Callable[..., Any]) -> None:
    words = story(1, 300)
    chain = [" ".join([f"new{at}" for at in range(25 * step)] + words[25 * step :]) for step in range(5)]
    assert similarity(chain[0], chain[1]) > 0.8 > similarity(chain[0], chain[2])
    _, found = deduplicate(chain)
    check(chain, found, 0.8)
    assert {row: why.row for row, why in found.items()} == {1: 0, 3: 2}


def test_copies_of_a_near_duplicate_point_to_the_row_that_stays(deduplicate: Callable[..., Any]) -> None:
    words = story(2, 200)
    near = " ".join(edited(words, 1, 2))
    texts = [" ".join(words), near, near, near.upper(), near.upper()]
    _, found = deduplicate(texts)
    check(texts, found, 0.8)
    assert {why.row for why in found.values()} == {0}
    assert {why.method for why in found.values()} == {"near"}
    assert len({why.similarity for why in found.values()}) == 1


FEW: dict[str, tuple[list[str | None], dict[int, tuple[int, str]]]] = {
    "no rows": ([], {}),
    "one row": (["a b c"], {}),
    "nothing but nothing": ([None, "", None, ""], {}),
    "blank texts are texts": ([" ", " ", "\n"], {1: (0, "exact")}),
    "no word, other signs": (["!", "?", "!"], {2: (0, "exact")}),
    "one word": (["a", "b", "A", "a"], {2: (0, "near"), 3: (0, "exact")}),
    "repeated word": (["go " * 50, "go " * 5000, "go " * 4], {1: (0, "near")}),
    "short texts": (["a b", "b a", "a, b"], {2: (0, "near")}),
    "surrogates": (["x \ud800", "x \ud800", "x \udfff"], {1: (0, "exact"), 2: (0, "near")}),
    "Chinese": (
        ["今天天气很好我们一起去公园散步看花吃饭喝茶", "今天天气很好，我们一起去公园散步看花吃饭喝茶。"],
        {1: (0, "near")},
    ),
}


@pytest.mark.parametrize(("texts", "expected"), FEW.values(), ids=FEW)
def test_few_rows(
    deduplicate: Callable[..., Any], texts: list[str | None], expected: dict[int, tuple[int, str]]
) -> None:
    _, found = deduplicate(texts)
    assert {row: (why.row, why.method) for row, why in found.items()} == expected


def test_empty_shards_between(deduplicate: Callable[..., Any]) -> None:
    _, found = deduplicate(["a b c d e f", "a b c d e f"], NEAR, [0, 1, 0, 1, 0])
    assert found == {1: Duplicate(1, 0, 1.0, "exact")}


def test_no_shards(tmp_path: Path) -> None:
    summary = choose([], NEAR, str(tmp_path))
    assert (summary.rows, summary.clusters, summary.largest, summary.drops) == (0, 0, 0, ())


def test_ten_thousand_equal_rows(deduplicate: Callable[..., Any]) -> None:
    summary, found = deduplicate(["the same few words again and again"] * 10_000, NEAR, [3000])
    assert summary.exact == len(found) == 9999
    assert {why.row for why in found.values()} == {0}
    assert summary.largest == 10_000


def test_ten_thousand_rows_of_one_form(deduplicate: Callable[..., Any]) -> None:
    letter = story(5, 150)
    texts = [" ".join([f"dear{row}", *letter]) for row in range(10_000)]
    summary, found = deduplicate(texts)
    assert {why.row for why in found.values()} == {0}
    assert len(found) == 9999
    assert summary.compared == 9999


def test_two_forms_in_shared_buckets(deduplicate: Callable[..., Any]) -> None:
    shared, ends = story(6, 120), (story(7, 60), story(8, 60))
    texts = [" ".join([*shared, *ends[row % 2], f"no{row}"]) for row in range(600)]
    assert similarity(texts[0], texts[1]) < 0.8 < similarity(texts[0], texts[2])
    _, found = deduplicate(texts)
    check(texts, found, 0.8)
    assert len(found) == 598


def test_a_million_words(deduplicate: Callable[..., Any]) -> None:
    pick = random.Random(1)
    words = [f"w{pick.randrange(50_000)}" for _ in range(1_000_000)]
    changed = [f"x{at}" if at % 40 == 0 else word for at, word in enumerate(words)]
    texts = [" ".join(words), "small talk", " ".join(changed), " ".join(words[: len(words) // 2])]
    _, found = deduplicate(texts, replace(NEAR, threshold=0.7))
    assert {row: (why.row, why.method) for row, why in found.items()} == {2: (0, "near")}
    assert found[2].similarity == pytest.approx(similarity(texts[0], texts[2]), abs=1e-4)


def test_other_settings_are_refused(tmp_path: Path, deduplicate: Callable[..., Any]) -> None:
    deduplicate(["a b c"])
    with pytest.raises(InputError, match="other settings"):
        choose([Part(str(tmp_path / "run1" / "0.sign"), 0)], replace(NEAR, ngram=3), str(tmp_path))


def test_off_is_the_callers_to_leave_out(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="off"):
        choose([], DedupSettings(method="off"), str(tmp_path))


def test_unwritable_work_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="cannot be written"):
        choose([], NEAR, str(tmp_path / "file" / "work"))
