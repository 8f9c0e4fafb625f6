"""The terminal page."""

from __future__ import annotations

import io
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from privscan.reports import console
from privscan.reports.parts import Column, Section, Table

if TYPE_CHECKING:
    from privscan.model import Report


def page(report: Report, width: int = 80, **options: Any) -> str:
    out = io.StringIO()
    console.render(report, Console(file=out, width=width, **options))
    return out.getvalue()


@pytest.mark.parametrize("width", [60, 80, 120, 200])
@pytest.mark.parametrize("name", ["full", "empty", "hostile", "huge"])
def test_a_page_keeps_to_its_width_and_its_length(name: str, width: int, request: pytest.FixtureRequest) -> None:
    text = page(request.getfixturevalue(name), width)
    assert all(cell_len(line) <= width for line in text.splitlines())
    assert text.count("\n") < 120
    assert text.replace("\n", "").isprintable()


@pytest.mark.parametrize(
    "words",
    [
        "privscan clean corpus/",
        "policy standard · 13 files · 1,204,398 records · 4.06 GB · 31.2 s · 130 MB/s",
        "clean                     1,118,202  92.8 %",
        "quarantined                      14  <0.1 %",
        "CREDIT_CARD               high       2,115       –    –    2,115",
        "all                                 31,585  89,795    –  121,380",
        "EMAIL_ADDRESS                   2,381      –           –",
        "minhash                     5,264",
        "9 – the line is not valid JSON (read)",
        "train/part-00000.jsonl.gz records 412, 824, 1236 · 6 more",
        "Mend or remove what cannot be read, then run again.",
        "Incomplete  14 records could not be looked at",
        "4 files of other kinds under corpus were not looked at",
    ],
)
def test_the_page_says_it_once(full: Report, words: str) -> None:
    assert page(full).count(words) == 1


def test_no_line_is_printed_twice(full: Report) -> None:
    lines = [line.strip() for line in page(full).splitlines() if line.strip()]
    assert len(lines) == len(set(lines))


def test_many_entities_are_cut_and_the_rest_is_summed(huge: Report) -> None:
    text = page(huge)
    assert "480 more entities" in text
    assert "4,992 more fields" in text
    assert "12.5 M" in text  # 12,502,500 findings in all


def test_a_wide_table_keeps_its_last_column() -> None:
    heads = [Column("value", "name"), Column("fingerprint", "name"), Column("severity")]
    heads += [Column(name, "count") for name in ("records", "exact copies", "near copies", "files")]
    row = ("STREET_ADDRESS", "0123456789ab", "medium", 17, 1, 10, 7)
    part = Section("x", "Risk of being learnt by heart", (), (Table("t", tuple(heads), (row,), rest="it", beyond=5),))
    stream = io.StringIO()
    console.render_section(part, console.of(stream))
    lines = stream.getvalue().splitlines()
    assert max(map(cell_len, lines)) <= 80
    assert [line.split() for line in lines if line.startswith("STREET")] == [list(map(str, row))]
    assert lines[-1].strip() == "5 more: see it"


def test_a_narrow_terminal_loses_nothing(monkeypatch: pytest.MonkeyPatch, full: Report) -> None:
    out = io.StringIO()
    monkeypatch.setenv("COLUMNS", "40")
    console.write(full, out)
    assert out.getvalue() == page(full)


def test_nothing_found_is_said(empty: Report) -> None:
    text = page(empty)
    assert "Findings  none" in text
    assert "could not" not in text.lower()


def test_no_colour_when_asked(full: Report) -> None:
    plain = page(full, force_terminal=True, no_color=True, color_system="truecolor")
    coloured = page(full, force_terminal=True, no_color=False, color_system="truecolor")
    assert "\x1b[2;31m" not in plain
    assert "\x1b[36m" not in plain
    assert "\x1b[36m" in coloured


@pytest.mark.parametrize("name", ["full", "empty", "hostile", "huge"])
@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_stream_without_utf8_gets_ascii(name: str, encoding: str, request: pytest.FixtureRequest) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding)
    console.write(request.getfixturevalue(name), stream)
    stream.flush()
    assert raw.getvalue().isascii()


def test_markup_in_a_name_is_printed_not_obeyed(full: Report) -> None:
    text = page(replace(full, notes=("[bold red]loud[/] and [link=file:///]",)), force_terminal=True)
    assert "[bold red]loud[/] and [link=file:///]" in text


def test_a_figure_is_never_cut_off(huge: Report) -> None:
    many = replace(huge.tally, findings=Counter({key: n * 10**5 for key, n in huge.tally.findings.items()}))
    assert "1,250,250 M" in page(replace(huge, tally=many), 80)
