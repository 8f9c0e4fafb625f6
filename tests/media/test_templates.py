"""Biometric records: every valid one is found, whatever stands behind it; chance bytes and broken ones never are."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privscan.media import dispatch, templates
from privscan.model import Confidence
from privscan.rules import load_rules

from .records import SAMPLES, ansi_2004, fmr_2005, group, itl, tlv, wsq

MADE = {name: make() for name, (make, _, _) in SAMPLES.items()}


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("wrap", [bytes, memoryview, bytearray], ids=["bytes", "memoryview", "bytearray"])
def test_a_valid_record_is_found(name, wrap) -> None:
    _, entity, first = SAMPLES[name]
    (seen,) = [seen for seen in templates.look(wrap(MADE[name])) if seen.entity == entity]
    assert seen.evidence[0] == first
    assert seen.confidence is (Confidence.MEDIUM if "XML" in first and "bytes" in seen.evidence[1] else Confidence.HIGH)


@pytest.mark.parametrize("name", [name for name in SAMPLES if "XML" not in name])
def test_padding_behind_a_record_is_no_matter(name) -> None:
    assert templates.look(MADE[name] + bytes(121)) != []


@pytest.mark.parametrize("name", [name for name in SAMPLES if name[:3] not in {"ITL", "WSQ"} and "XML" not in name])
def test_a_record_cut_short_is_none(name) -> None:
    record = MADE[name]
    for size in {len(record) - 5, len(record) // 2, 24, 9, 8}:
        assert templates.look(record[:size]) == []


@pytest.mark.parametrize("name", [name for name in SAMPLES if name.startswith("ITL") or "XML" in name])
def test_a_record_written_as_text_is_found_in_text(name) -> None:
    text = f"\n{MADE[name].decode('latin-1')}\n"
    seen = templates.look_text(text)
    assert SAMPLES[name][1] in {one.entity for one in seen}
    assert {(one.start, one.end) for one in seen} == {(0, len(text))}


@pytest.mark.parametrize(
    "text", ["", "<p>a page</p>", "1.01: the first", "see standards.iso.org", "1.01:99\x1d1.02:0500\x1d"]
)
def test_other_texts_are_no_records(text) -> None:
    assert templates.look_text(text) == []


def test_counts_and_sizes_are_told() -> None:
    (seen,) = templates.look(fmr_2005((38, 4)))
    assert seen.evidence == ("ISO 19794-2:2005", "views:2", "minutiae:42", "bytes:288")
    (seen,) = templates.look(wsq(width=800, height=750))
    assert "size:800x750" in seen.evidence
    assert [(seen.entity, seen.evidence[1]) for seen in templates.look(itl((14, 14, 9)))] == [
        ("FINGERPRINT_IMAGE", "type-14:2"),
        ("FINGERPRINT_TEMPLATE", "type-9:1"),
    ]


def test_a_record_whose_length_is_off_by_its_head_is_found() -> None:
    """Converters that copy the length of one edition into the other are in use: a published sample is such a one."""
    record = bytearray(ansi_2004((9,)))
    record[8:10] = (len(record) - 2).to_bytes(2)
    assert len(templates.look(record)) == 1


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"FMR\x00 20\x00", id="magic-alone"),
        pytest.param(b"FMR\x00 20\x00" + b"\xff" * 300, id="all-ones"),
        pytest.param(b"FMR\x00 20\x00" + bytes(300), id="all-zero"),
        pytest.param(b"\xff\xa0\xff\xd8" + bytes(300), id="not-WSQ"),
        pytest.param(b"1.01:12345678 sections of a list", id="a-numbered-list"),
        pytest.param(b"1.01:40\x1d1.02:0500\x1d1.03:9\x1f9\x1d1.04:AB\x1c", id="ITL-content-wrong"),
        pytest.param(b"<BIR>not of a standard</BIR>", id="XML-without-name-space"),
        pytest.param(b"customer of the month", id="DG3-tag-in-text"),
        pytest.param(group(0x75), id="a-group-of-none"),
        pytest.param(tlv(0x75, tlv(0x7F61, tlv(0x02, b"\x09"))), id="a-group-that-lacks-its-templates"),
        pytest.param(b"\x30" * 5000, id="nested-without-end"),
        pytest.param(b"\x7f\x61\x84\xff\xff\xff\xff", id="a-length-of-4-GB"),
    ],
)
def test_what_only_begins_like_a_record_is_none(data) -> None:
    assert templates.look(data) == []


def test_chance_bytes_are_never_taken_for_a_record() -> None:
    chance = random.Random(7)
    for magic in (b"", *templates.MAGIC):
        for _ in range(1000):
            data = magic + chance.randbytes(chance.choice((8, 32, 100, 700)))
            assert templates.look(data) == []


@given(st.sampled_from(sorted(MADE)), st.data())
def test_a_changed_record_raises_nothing(name, data) -> None:
    record = bytearray(MADE[name])
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(record) - 1))
        size = data.draw(st.integers(0, 4))
        record[at : at + size] = data.draw(st.binary(max_size=6))
        if not record:
            return
    for seen in templates.look(bytes(record)):
        assert len(repr(seen)) < 600


def test_every_leaf_names_rules_there_are() -> None:
    """A rule that is in no pack would be told by nobody."""
    root = Path(dispatch.__file__).parent
    named = {
        rule
        for path in root.rglob("*.py")
        for rule in re.findall(r'"((?:biometric|media)\.[a-z.]+)"', path.read_text(encoding="utf-8"))
    }
    known = {rule.id for rule in load_rules() if rule.detector == "media"}
    assert named - known <= {"biometric.face.", "media."}
    assert {f"biometric.genetic.{kind}" for kind in ("variants", "profile")} <= known
