"""Markdown: tables that stay tables and names that stay names, whatever they hold."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from privscan.reports import markdown

if TYPE_CHECKING:
    from privscan.model import Report

EVERY = pytest.mark.parametrize("name", ["full", "empty", "hostile", "huge"])


@EVERY
def test_every_table_has_as_many_cells_in_every_row(name: str, request: pytest.FixtureRequest) -> None:
    lines = markdown.render(request.getfixturevalue(name)).splitlines()
    width = 0
    for line in lines:
        cells = len(re.findall(r"(?<!\\)\|", line)) if line.startswith("|") else 0
        assert not (width and cells) or cells == width, line
        width = cells


@EVERY
def test_the_page_is_bounded_and_printable(name: str, request: pytest.FixtureRequest) -> None:
    text = markdown.render(request.getfixturevalue(name))
    assert len(text) < 60_000
    assert all(character.isprintable() or character == "\n" for character in text)


def test_nothing_hostile_is_markup(hostile: Report) -> None:
    text = markdown.render(hostile)
    bare = re.sub(r"(`+)(?: .*? |[^`]*?)\1", "", text)  # what stands in code spans is code
    assert not re.search(r"(?<!\\)<", bare)
    assert not re.search(r"(?<!\\)\[", bare)


@pytest.mark.parametrize(
    "words",
    ["**Incomplete**", "| `EMAIL_ADDRESS` | medium |", "`/messages/*/content`", "#", "the line is not valid JSON"],
)
def test_the_page_says(full: Report, words: str) -> None:
    assert words in markdown.render(full)


@pytest.mark.parametrize(
    ("name", "shown"),
    [("a", "`a`"), ("a`b", "`` a`b ``"), ("``", "``` `` ```"), ("a|b", "`a\\|b`"), ("", "` `"), ("x\ny", "`x\\ny`")],
)
def test_a_name_cannot_leave_its_code(name: str, shown: str) -> None:
    assert markdown.code(name) == shown


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("see https://x.example", "see https\\://x.example"),
        ("www.x.example", "www\\.x.example"),
        ("@all :tada:", "\\@all \\:tada:"),
        ("reason: one", "reason: one"),
    ],
)
def test_words_are_neither_links_nor_mentions(words: str, shown: str) -> None:
    assert markdown.text(words) == shown
