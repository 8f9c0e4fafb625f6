"""Evaluation and planted values: the figures are those counted by hand, on the whole engine."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from privscan import canary, measure
from privscan.config import settings
from privscan.errors import ConfigError, InputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MAIL = "jane.roe@mail.acme-widgets.com"


@pytest.fixture(scope="module")
def chosen(cache_dir: str) -> dict[str, Any]:
    return {"cache_dir": cache_dir, "select": ["pii.email", "pii.mac"], "workers": 1}


def gold(folder: Path, rows: list[Any]) -> str:
    (folder / "gold.jsonl").write_text("\n".join(json.dumps(row) for row in rows) + "\n\n", encoding="utf-8")
    return str(folder / "gold.jsonl")


def test_scores_are_those_counted_by_hand(tmp_path: Path, chosen: dict[str, Any]) -> None:
    end = 9 + len(MAIL)
    rows = [
        {"text": f"write to {MAIL}", "spans": [[9, end, "EMAIL"]]},
        {"text": "write to jane at acme", "spans": [[9, 21, "EMAIL"]]},
        {"text": f"write to {MAIL}", "spans": []},
        {"text": f"write to {MAIL}", "spans": [[0, end, "SENTENCE"]]},
        {"text": f"é 😀 to {MAIL}", "spans": [[7, 7 + len(MAIL), "EMAIL"]]},
    ]
    types = measure.mapping(None, {"EMAIL_ADDRESS"}) | {"EMAIL": "EMAIL_ADDRESS"}
    made = measure.evaluate(gold(tmp_path, rows), settings("scan", **chosen), types)
    score = made.scores["EMAIL_ADDRESS"]
    assert (score.gold, score.found, score.told, score.right) == (3, 2, 3, 2)
    assert (score.characters, score.leaked) == (2 * len(MAIL) + 12, 12)
    assert score.recall == score.precision == pytest.approx(2 / 3)
    assert score.f2 == pytest.approx(2 / 3)
    assert dict(made.unscored) == {"SENTENCE": 1}
    assert made.total == score


BAD = [
    ("no JSON", "{"),
    ("no text", {"spans": []}),
    ("a span outside", {"text": "abc", "spans": [[0, 4, "X"]]}),
    ("an empty span", {"text": "abc", "spans": [[1, 1, "X"]]}),
    ("a span of two", {"text": "abc", "spans": [[1, 2]]}),
    ("text of another kind", {"text": 3, "spans": []}),
]


@pytest.mark.parametrize("row", [row for _, row in BAD], ids=[name for name, _ in BAD])
def test_a_line_that_is_none_is_told(tmp_path: Path, chosen: dict[str, Any], row: Any) -> None:
    text = row if isinstance(row, str) else json.dumps(row)
    (tmp_path / "gold.jsonl").write_text(f'{{"text": "a", "spans": []}}\n{text}\n', encoding="utf-8")
    with pytest.raises(InputError, match="line 2 is not"):
        measure.evaluate(str(tmp_path / "gold.jsonl"), settings("scan", **chosen), {})


def test_nothing_scored_is_an_error_not_a_pass(tmp_path: Path, chosen: dict[str, Any]) -> None:
    path = gold(tmp_path, [{"text": "Ann", "spans": [[0, 3, "PER"]]}])
    with pytest.raises(UsageError, match=r"no label is scored \(types there: PER\)"):
        measure.evaluate(path, settings("scan", **chosen), {"X": "EMAIL_ADDRESS"})
    (tmp_path / "map.toml").write_text('PER = "PERSN"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match='did you mean "PERSON"'):
        measure.mapping(str(tmp_path / "map.toml"), {"PERSON"})


def data(folder: Path) -> str:
    rows = [{"text": f"the {n} quick brown foxes jump over lazy dogs and write to {MAIL} about it"} for n in range(30)]
    (folder / "data.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(folder / "data.jsonl")


def test_planted_values_are_found_and_gone(tmp_path: Path, chosen: dict[str, Any]) -> None:
    made = canary.plant([data(tmp_path)], settings("clean", **chosen))
    assert set(made) == {"EMAIL_ADDRESS", "MAC_ADDRESS"}
    for entry in made.values():
        assert entry.planted >= 1
        assert entry.found == entry.itself == entry.planted
        assert entry.survived == 0


def test_examples_of_any_shape_are_passed_over(tmp_path: Path, chosen: dict[str, Any]) -> None:
    pack = tmp_path / "acme.toml"
    pack.write_text(
        '[[rule]]\nid = "acme.badge"\nentity = "BADGE"\nname = "Badge"\npattern = "AC-[0-9]{6}"\n'
        "confidence = 'medium'\nexamples = ['[{\"badge\": \"⟦AC-104418⟧\"}]', 'wears ⟦AC-104419⟧']\n"
        "counter_examples = ['AC-1']\n",
        encoding="utf-8",
    )
    asked = chosen | {"select": ["acme"], "rule_files": [str(pack)]}
    assert canary.plant([data(tmp_path)], settings("clean", **asked))["BADGE"].planted == 1


def test_what_a_policy_keeps_is_told_to_survive(tmp_path: Path, chosen: dict[str, Any]) -> None:
    text = 'id = "k"\nname = "K"\nselect = ["pii.mac"]\n[default]\noperator = "keep"\n'
    (tmp_path / "keep.toml").write_text(text, encoding="utf-8")
    made = canary.plant(
        [data(tmp_path)], settings("clean", **(chosen | {"policy": str(tmp_path / "keep.toml"), "select": []}))
    )
    entry = made["MAC_ADDRESS"]
    assert entry.survived == entry.found == entry.planted > 0


def test_data_without_text_is_an_error(tmp_path: Path, chosen: dict[str, Any]) -> None:
    (tmp_path / "n.jsonl").write_text('{"n": 1}\n', encoding="utf-8")
    with pytest.raises(UsageError, match="holds no text of 24 characters"):
        canary.plant([str(tmp_path / "n.jsonl")], settings("clean", **chosen))


def test_the_verbs_tell_no_value(tmp_path: Path, cli: Callable[..., Any]) -> None:
    data(tmp_path)
    gold(tmp_path, [{"text": f"write to {MAIL}", "spans": [[9, 9 + len(MAIL), "EMAIL_ADDRESS"]]}])
    done = cli(
        "eval", "gold.jsonl", "--select", "pii.email", "-f", "console", "-f", "json=e.json", "-f", "markdown=e.md"
    )
    assert done.returncode == 0, done.stderr
    assert b"100 %" in done.stdout
    (row,) = json.loads((tmp_path / "e.json").read_text(encoding="utf-8"))["tables"]["By entity"]
    assert (row["recall"], row["precision"], row["F2"], row["leaked"]) == (1, 1, 1, 0)
    told = cli("canary", "data.jsonl", "--select", "pii.email", "--sample", 5)
    assert told.returncode == 0, told.stdout
    assert b"acme" not in done.stdout + told.stdout
    assert cli("eval", "gold.jsonl", "-f", "xml").returncode == 2
