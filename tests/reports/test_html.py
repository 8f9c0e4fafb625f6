"""The web page: whole, self-contained, bounded, and deaf to hostile names."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from privscan.reports import html

if TYPE_CHECKING:
    from privscan.model import Report

VOID = {"meta", "wbr", "br", "rect", "path", "circle"}
EVERY = pytest.mark.parametrize("name", ["full", "empty", "hostile", "huge"])


class Page(HTMLParser):
    """Collects the tags and the text of a page; AssertionError where a tag closes what is not open."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, tag
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open and "script" not in self.open:
            self.words.append(data)

    def of(self, *names: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag in names]

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words).replace("\n", " "))


@pytest.fixture(name="page")
def _page(full: Report) -> Page:
    return Page(html.render(full))


@EVERY
def test_every_tag_is_closed_and_every_link_leads_somewhere(name: str, request: pytest.FixtureRequest) -> None:
    page = Page(html.render(request.getfixturevalue(name)))
    assert page.open == []
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {str(link["href"])[1:] for link in page.of("a")} <= set(ids)


@EVERY
def test_nothing_is_fetched_and_one_script_runs(name: str, request: pytest.FixtureRequest) -> None:
    text = html.render(request.getfixturevalue(name))
    page = Page(text)
    assert {tag for tag, _ in page.tags}.isdisjoint({"link", "img", "iframe", "object", "base", "form"})
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src &#39;sha256-{digest}&#39;" in text or f"script-src 'sha256-{digest}'" in text
    assert text.count("<script") == 1
    assert not re.search(r"innerHTML|eval|fetch|XMLHttp|import", script)
    for tag, attributes in page.tags:
        assert not any(key.startswith("on") for key in attributes), tag
        assert attributes.keys().isdisjoint({"src", "srcset", "style", "action"}), tag
    assert not re.search(r"url\(|@import", text)


@EVERY
def test_the_page_is_bounded(name: str, request: pytest.FixtureRequest) -> None:
    text = html.render(request.getfixturevalue(name))
    assert len(text) < 200_000
    assert text.isascii()


@EVERY
def test_tables_have_headers_and_pictures_have_words(name: str, request: pytest.FixtureRequest) -> None:
    page = Page(html.render(request.getfixturevalue(name)))
    assert all(cell.get("scope") in {"col", "row"} for cell in page.of("th"))
    for picture in page.of("svg"):
        hidden = picture.get("aria-hidden") == "true" or "key" in str(picture.get("class"))
        assert hidden or (picture.get("role") == "img" and picture.get("aria-label"))
    assert all(region.get("aria-label") for region in page.of("div") if region.get("role") == "region")


@pytest.mark.parametrize(
    "words",
    [
        "14 records could not be looked at",
        "4,711 new findings of high severity or above",
        "1,204,398",
        "pii.us.ssn",
        "/messages/*/content",
        "books/part-00003.jsonl.gz",
        "minhash",
        "the line is not valid UTF-8",
        "privscan clean corpus/ -o release/ --policy standard --fail-on high --workers 2",
        "actions.CREDIT_CARD",
        "hyperscan",
        "key was made for it and thrown away",
        "is not anonymisation in the legal sense",
        "2026-11-21 10:03 UTC",
        "Those set apart below are counted here too.",
    ],
)
def test_the_page_says(full: Report, words: str) -> None:
    joined = html.render(full).replace("<wbr>", "")
    assert words in Page(joined).text


def test_digests_are_whole(full: Report) -> None:
    text = html.render(full)
    assert all(artifact.sha256 in text for artifact in (*full.inputs, *full.outputs))
    assert full.policy["sha256"] in text


def test_tokens_in_samples_are_marked(full: Report) -> None:
    text = html.render(full)
    marked = re.findall(r"<mark>(.*?)</mark>", text)
    assert marked == [
        f"&lt;{entity}&gt;"
        for entity in ("EMAIL_ADDRESS", "PERSON", "PHONE_NUMBER", "PASSWORD", "IBAN_CODE", "GITHUB_TOKEN")
    ]


@pytest.mark.parametrize(("text", "said"), [("from ▒ to <JWT>", True), ("from <JWT>", False)])
def test_blots_are_explained_where_there_are_any(full: Report, text: str, said: bool) -> None:
    page = html.render(replace(full, samples=({"entity": "JWT", "text": text},)))
    assert ("are blotted out" in page) is said


def test_long_tables_say_what_was_left_out(huge: Report) -> None:
    text = Page(html.render(huge)).text
    rules = sorted(count for (_, _, _, severity, _), count in huge.tally.findings.items() if severity == "critical")
    rest = sum(huge.tally.findings.values()) - sum(rules[-50:])
    assert f"and 4,950 more rules with {rest:,} findings: see the findings file" in text
    assert "and 450 more entities" in text
    assert "and 4,950 more files: see manifest.json" in text
    assert "and 4,950 more reasons: see the quarantine file" in text


def test_hostile_names_are_shown_harmless(hostile: Report) -> None:
    text = html.render(hostile)
    assert text.count("<script") == 1
    assert "{{ 7*7 }}" in text
    assert not re.search(r"&#(?:8238|8294|8232|155|27|7);", text)
    assert all(character.isprintable() or character == "\n" for character in text)
    assert "\\x1b[31m" in text
    assert "x" * 2_000 not in text


@pytest.mark.parametrize("section", ["apart", "duplicates", "quarantine", "samples"])
def test_a_section_without_anything_in_it_is_left_out(page: Page, empty: Report, section: str) -> None:
    assert section in [attributes.get("id") for attributes in page.of("section")]
    assert section not in [attributes.get("id") for attributes in Page(html.render(empty)).of("section")]


def test_a_passed_run_looks_passed(full: Report) -> None:
    passed = Page(html.render(replace(full, complete=True, gate={"fail_on": "high", "failing": 0})))
    assert "verdict passed" in [attributes.get("class") for attributes in passed.of("section")]


def test_the_same_report_makes_the_same_page(full: Report) -> None:
    assert html.render(full) == html.render(full)


@pytest.mark.parametrize(
    ("text", "entities", "parts"),
    [
        ("a <JWT> b", {"JWT"}, [(False, "a "), (True, "<JWT>"), (False, " b")]),
        ("[PERSON_1] and MY_PERSON", {"PERSON"}, [(True, "[PERSON_1]"), (False, " and MY_PERSON")]),
        ("<US_SSN>", {"SSN", "US_SSN"}, [(True, "<US_SSN>")]),
        ("nothing", {"JWT"}, [(False, "nothing")]),
        ("no names", set(), [(False, "no names")]),
        ("<<JWT>>", {"JWT"}, [(False, "<"), (True, "<JWT>"), (False, ">")]),
        ("a.b axb", {"a.b"}, [(True, "a.b"), (False, " axb")]),
    ],
)
def test_marking(text: str, entities: set[str], parts: list[tuple[bool, str]]) -> None:
    assert html._marked(text, entities) == parts


@pytest.mark.parametrize(
    ("command", "key", "settings", "line"),
    [
        (
            "scan",
            "ephemeral",
            {"policy": "web", "field": ["/a", "/b c"]},
            "scan PATH... --policy web --field /a --field '/b c'",
        ),
        ("clean", "file", {"dedup": "near", "select": []}, "clean PATH... -o DIR --key-file FILE --dedup near"),
        ("dedup", "", {"policy": "web", "dedup_threshold": 0.8}, "dedup PATH... -o DIR --dedup-threshold 0.8"),
        ("clean a -o b", "file", {"policy": "web"}, "clean a -o b"),
    ],
)
def test_how_to_reproduce(empty: Report, command: str, key: str, settings: dict[str, object], line: str) -> None:
    report = replace(empty, command=command, key=key, settings=settings)
    assert f"<code>privscan {line}</code>" in html.render(report).replace("&#39;", "'")


def test_a_key_of_ones_own_is_not_said_to_be_thrown_away(full: Report) -> None:
    assert "thrown away" not in html.render(replace(full, key="file"))
