"""The page in a real browser: it sorts, filters, changes its tone, and lets no script but its own run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from privscan.reports import Listing, html

from . import browser as chromium
from .conftest import make_full, make_hostile, make_huge

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(chromium.PROGRAM is None, reason="no Chromium here")

ROWS = (
    "[...document.querySelectorAll('#findings table')]"
    ".find(t => t.caption && t.caption.textContent.startsWith('Which'))"
)
COLORS = "getComputedStyle(document.body).backgroundColor"


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("pages")
    rows: list[dict[str, Any]] = [
        {
            "id": f"{n:012x}", "uri": "train/part-00000.jsonl.gz", "record": n * 40, "field": "/text", "start": 0,
            "end": 9, "entity": "EMAIL_ADDRESS", "rule": "pii.email", "confidence": "high", "score": 0.9,
            "severity": "medium", "evidence": ["checksum:email"], "fingerprint": f"{n % 30:032x}", "state": "new",
        }
        for n in range(300)
    ]  # fmt: skip
    hostile = [row | {"uri": "</script><script>document.title='x'</script>", "rule": "<b>"} for row in rows]
    for name, report, listed in (
        ("full", make_full(), rows),
        ("hostile", make_hostile(), hostile),
        ("huge", make_huge(), []),
    ):
        (folder / f"{name}.html").write_text(html.render(report, Listing(listed)), encoding="ascii")
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[chromium.Browser]:
    with chromium.Browser() as started:
        yield started


@pytest.fixture
def page(browser: chromium.Browser, pages: Path) -> chromium.Browser:
    browser.width(1100)
    browser.open(f"file://{pages}/full.html")
    browser.evaluate(f"{ROWS}.id = 'rules'")
    return browser


def cells(page: chromium.Browser, place: int) -> list[str]:
    return list(
        page.evaluate(
            f"[...document.querySelectorAll('#rules tbody tr:not(.rest)')].map(r => r.cells[{place}].textContent)"
        )
    )


def test_a_click_on_a_heading_sorts_by_number_and_by_name(page: chromium.Browser) -> None:
    page.click("#rules th.n:last-of-type .sort")
    counts = [int(text.replace(",", "").replace("–", "0")) for text in cells(page, 6)]
    assert counts == sorted(counts, reverse=True)
    assert len(set(counts)) > 5
    page.click("#rules th.n:last-of-type .sort")
    assert [int(text.replace(",", "").replace("–", "0")) for text in cells(page, 6)] == sorted(counts)
    assert page.evaluate("document.querySelector('#rules th:last-of-type').getAttribute('aria-sort')") == "ascending"
    page.click("#rules th:first-of-type .sort")
    names = cells(page, 0)
    assert names == sorted(names, reverse=True)


def test_the_keyboard_sorts_too(page: chromium.Browser) -> None:
    page.evaluate("document.querySelector('#rules th:first-of-type .sort').focus()")
    page.press("Enter", 13, "\r")
    assert page.evaluate("document.querySelector('#rules th:first-of-type').getAttribute('aria-sort')") == "descending"
    page.press("Tab", 9)
    assert page.evaluate("document.activeElement.textContent") == "entity"


def test_typing_filters(page: chromium.Browser) -> None:
    box = "document.querySelector('input[aria-label=\"Filter Findings by rule\"]')"
    page.evaluate(f"{box}.focus()")
    page.call("Input.insertText", text="GITHUB")
    shown = page.evaluate("[...document.querySelectorAll('#rules tbody tr')].filter(r => r.offsetHeight).length")
    assert shown == 2
    assert page.evaluate(f"{box}.nextElementSibling.textContent").startswith("2 of ")


def test_details_open_and_the_tone_changes(page: chromium.Browser) -> None:
    page.click("#examples summary")
    assert page.evaluate("document.querySelector('#examples details').open") is True
    assert "checksum:email" in page.evaluate("document.querySelector('#examples details').innerText")
    light = page.evaluate(COLORS)
    page.click(".tone")
    dark = page.evaluate(COLORS)
    assert light != dark
    page.click(".tone")
    assert page.evaluate(COLORS) == light
    page.evaluate("delete document.documentElement.dataset.theme")
    page.width(1100, dark=True)
    assert page.evaluate(COLORS) == dark


@pytest.mark.parametrize("name", ["full", "hostile", "huge"])
def test_nothing_but_our_script_runs_and_nothing_sticks_out(page: chromium.Browser, pages: Path, name: str) -> None:
    page.errors.clear()
    page.width(360)
    page.open(f"file://{pages}/{name}.html")
    assert page.evaluate("document.title").startswith("Data privacy report")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.evaluate("performance.getEntriesByType('resource').length") == 0
    assert page.errors == []
    page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.ran = 1'}))"
    )
    assert page.evaluate("window.ran") is None


def test_printing_opens_what_is_folded(page: chromium.Browser) -> None:
    assert page.evaluate("document.querySelectorAll('details[open]').length") == 0
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate("document.querySelectorAll('details:not([open])').length") == 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate("document.querySelectorAll('details[open]').length") == 0
