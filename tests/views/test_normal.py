"""Odd letters and digits are read as plain ones, with the way back; ordinary text of any script is left alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

import privscan
from privscan import views
from privscan.model import Leaf, LeafKind, Span
from privscan.views import normal, twins

if TYPE_CHECKING:
    from pathlib import Path


def leaf(text: str) -> Leaf:
    return Leaf(0, "/text", "text", text, LeafKind.STRING, None)


def readings(text: str) -> list[str]:
    return [view.leaf.text for view in views.of(leaf(text)) if view.name in (normal.NAME, twins.NAME)]


WIDE = str.maketrans("0123456789", "０１２３４５６７８９")
FINDS = [
    # name, text with the value between bars, rule
    ("full-width card", "card |" + "4539 9821 7745 0617".translate(WIDE) + "| ok", "pii.card"),
    ("ideographic blanks", "卡号 |４５３９　９８２１　７７４５　０６１７|", "pii.card"),
    ("Arabic-Indic phone", "هاتف |٠٦١٢٣٤٥٦٧٨| من", "pii.phone.bare"),
    ("Devanagari phone", "tel |०६१२३४५६७८|", "pii.phone.bare"),
    ("full-width e-mail", "mail |ｉｎｅｓ＠ｆｊｏｒｄ．ｎｅｔ| now", "pii.email"),
    ("zero-width in an address", "to |ines@fjor\u200bdlight.net| today", "pii.email"),
    ("soft hyphen in a card", "card |4539 98\u00ad21 7745 0617| today", "pii.card"),
    ("no-break blanks", "tél. |+33\u00a06\u00a012\u00a034\u00a056\u00a078| merci", "pii.phone.international"),
    ("narrow no-break blanks", "siret |732\u202f829\u202f320\u202f00074|", "pii.fr.siret"),
    ("dashes", "tel |+49\u201330\u20132219\u20131848|", "pii.phone.international"),
    ("Cyrillic in a domain", "write |ines@fjordlight.\u0441om| today", "pii.email"),
    ("Cyrillic in an account", "to |\u0420L61 1090 1014 0000 0712 1981 2874| please", "pii.iban"),
    ("letters for digits", "PESEL |9007l523l79| tu", "pii.pl.pesel"),
]


@pytest.mark.parametrize("escaped", [False, True], ids=["UTF-8", "escapes"])
def test_what_is_hidden_is_found_where_it_stands(tmp_path: Path, cache_dir: str, escaped: bool) -> None:
    source, found = tmp_path / "in.jsonl", tmp_path / "found.jsonl"
    lines = [json.dumps({"text": text.replace("|", "")}, ensure_ascii=escaped) for _, text, _ in FINDS]
    source.write_text("\n".join(lines) + "\n", encoding="utf-8")
    rules = sorted({rule for _, _, rule in FINDS})
    privscan.scan(str(source), findings=str(found), select=rules, cache_dir=cache_dir, workers=1, fail_on="never")
    rows = [json.loads(line) for line in found.read_text(encoding="utf-8").splitlines()]
    seen = {(row["record"], row["rule"], row["start"], row["end"]) for row in rows}
    wanted = {
        (record, rule, text.index("|"), text.rindex("|") - 1): name for record, (name, text, rule) in enumerate(FINDS)
    }
    assert [name for place, name in wanted.items() if place not in seen] == []


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Обычный русский текст, 2023 год, дом 5а.", id="Russian"),
        pytest.param("Ελληνικό κείμενο του 2023.", id="Greek"),
        pytest.param("これは２０２３年の文章です。１２個。", id="Japanese"),
        pytest.param("این یک متن می\u200cباشد، سال ۱۴۰۲", id="Persian"),
        pytest.param("1 2 3 4 5 6 7 8 9\n4 5 3 9 9 8 2 1 7\n1 1 1 1 1 1 1 1 1", id="a table of digits"),
        pytest.param("version 1.2.3 of l10n and i18n, O2 and 1l", id="letters and digits"),
    ],
)
def test_ordinary_text_reads_the_same(text: str) -> None:
    assert readings(text) == []


def test_digits_pulled_apart_are_put_together() -> None:
    assert readings("number 9_0_0_7_1_5_2_3_1_7_9 here") == ["number 90071523179 here"]


LETTERS = st.text(st.sampled_from("a1@. -９４Ａ＠\u200b\u00ad\u00a0\u2013о\u0430l٣५𝟗𝒶"), max_size=60)


@given(LETTERS, st.data())
def test_every_character_has_its_way_back(text: str, data: st.DataObject) -> None:
    for view in views.of(leaf(text)):
        if view.name not in (normal.NAME, twins.NAME) or view.outer is not None or not view.leaf.text:
            continue
        places = [view.back(Span(at, at + 1)) for at in range(len(view.leaf.text))]
        assert places == sorted(places)
        for shown, place in zip(view.leaf.text, places, strict=True):
            behind = text[place.start : place.end]
            assert len(behind) == 1
            assert behind == shown or not shown.isspace() or behind.isspace()
        start = data.draw(st.integers(0, len(places) - 1))
        whole = view.back(Span(start, len(places)))
        assert (whole.start, whole.end) == (places[start].start, places[-1].end)
