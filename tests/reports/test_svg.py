"""Bars."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from privscan.reports.svg import bar


@pytest.mark.parametrize(
    ("counts", "whole", "widths"),
    [
        ([1, 1], 2, [500, 500]),
        ([1, 1], 4, [250, 250]),
        ([0, 3], 3, [1000]),
        ([10**9, 1, 1], 10**9 + 2, [990, 5, 5]),
        ([], 0, []),
        ([0], 0, []),
        ([1, 1, 1], 3, [333, 333, 333]),
    ],
)
def test_parts_are_to_scale_and_never_vanish(counts: list[int], whole: int, widths: list[int]) -> None:
    drawing = ET.fromstring(bar([("plain", count) for count in counts], whole))
    rects = drawing.findall("rect")
    assert [int(rect.attrib["width"]) for rect in rects] == widths
    assert [int(rect.attrib["x"]) for rect in rects] == [sum(widths[:index]) for index in range(len(widths))]


def test_a_picture_says_what_it_shows() -> None:
    drawing = ET.fromstring(bar([("clean", 1)], 1, "Records: clean 1"))
    assert drawing.attrib["role"] == "img"
    assert drawing.attrib["aria-label"] == drawing.findtext("title") == "Records: clean 1"


def test_an_ornament_is_hidden_from_readers() -> None:
    assert ET.fromstring(bar([("clean", 1)], 1)).attrib["aria-hidden"] == "true"
