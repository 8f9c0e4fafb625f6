from __future__ import annotations

import base64
import random
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from privscan.media import carriers, sniff

CASES = {
    "jpeg": b"\xff\xd8\xff\xe0\0\x10JFIF",
    "png": b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR",
    "gif": b"GIF89a\1\0\1\0",
    "webp": b"RIFF\x24\1\0\0WEBPVP8 ",
    "bmp": b"BM\x36\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0",
    "tiff": b"II*\0\x08\0\0\0",
    "jp2": b"\0\0\0\x0cjP  \r\n\x87\n",
    "avif": b"\0\0\0\x20ftypavif\0\0\0\0",
    "heic": b"\0\0\0\x18ftypheic\0\0\0\0",
    "pnm": b"P5\n416 560\n255\n",
    "wav": b"RIFF\x24\1\0\0WAVEfmt ",
    "flac": b"fLaC\0\0\0\x22",
    "ogg": b"OggS\0\2\0\0",
    "mp3": b"ID3\4\0\0\0\0\0\x23",
    "aiff": b"FORM\0\0\1\0AIFFCOMM",
    "m4a": b"\0\0\0\x20ftypM4A \0\0\0\0",
    "mp4": b"\0\0\0\x18ftypisom\0\0\2\0",
    "minutiae": b"FMR\0 20\0\0\0\1\x54",
    "wsq": b"\xff\xa0\xff\xa8\0\x7a",
    "nist": b"1.001:0235\x1d1.002:0400",
    "passport group": b"\x75\x82\x10\x20\x7f\x61\x82",
}


@pytest.mark.parametrize("name", CASES)
def test_a_kind_is_told_from_its_first_bytes(name: str) -> None:
    found = sniff.sniff(CASES[name] + bytes(40))
    assert found is not None
    assert found.name == name
    head = np.array([CASES[name][0] << 8 | CASES[name][1]], dtype=np.uint16)
    assert sniff.likely(head).tolist() == [True]


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("alphabet", [base64.b64encode, base64.urlsafe_b64encode])
def test_the_letters_of_a_kind_open_a_run(name: str, alphabet: object) -> None:
    data = CASES[name] + random.Random(name).randbytes(90)
    letters = alphabet(data).decode()  # type: ignore[operator]
    (run,) = carriers.runs(f"see {letters} there")
    assert (run.kind.name, run.start, run.end) == (name, 4, 4 + len(letters))
    assert run.data == data
    assert carriers.written(run, data).rstrip("=") == letters.rstrip("=")


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("{}", "plain"),
        ("data:image/jpeg;base64,{}", "uri"),
        ("data:image/jpeg;name=me.jpg;base64,{}", "uri"),
        ("![x](data:image/jpeg;base64,{})", "in a link"),
    ],
)
def test_a_run_takes_its_uri_along(text: str, form: str) -> None:
    data = CASES["jpeg"] + bytes(range(256))
    letters = base64.b64encode(data).decode()
    whole = text.format(letters)
    (run,) = carriers.runs(whole)
    assert run.data == data
    assert carriers.written(run, data) == whole[run.start : run.end]
    assert run.head.startswith("data:") == (form != "plain")


@pytest.mark.parametrize("gap", ["\n", "\r\n", "\n  ", "\\n", "\\r\\n"], ids=repr)
def test_letters_in_lines_are_one_run(gap: str) -> None:
    data = CASES["png"] + bytes(range(256))
    letters = gap.join(re.findall(".{1,76}", base64.b64encode(data).decode()))
    (run,) = carriers.runs(f"<{letters}>")
    assert (run.start, run.end, run.data) == (1, 1 + len(letters), data)


@pytest.mark.parametrize("head", ["", "0x", "\\x", "X'"])
def test_hexadecimal_is_read_and_written(head: str) -> None:
    data = CASES["minutiae"] + bytes(range(60))
    text = f"{head}{data.hex()}"
    (run,) = carriers.runs(f"v={text};")
    assert run.data == data
    assert carriers.written(run, data) == text


@pytest.mark.parametrize(
    "text", ["", "hello world " * 30, "https://a.example/b" * 9, "A" * 4000, "/9j/", "iVBORw0KGgo..."]
)
def test_other_text_holds_no_run(text: str) -> None:
    assert list(carriers.runs(text)) == []


@given(st.binary(max_size=64))
def test_any_bytes_have_a_kind_or_none(data: bytes) -> None:
    found = sniff.sniff(data)
    if found is not None:
        assert sniff.likely(np.array([data[0] << 8 | data[1]], dtype=np.uint16)).all()


@given(st.text(st.sampled_from("/9jiVBORw0KGgoUklGRAa+-_=\\n\nfd8e;base64,:X' "), max_size=400))
def test_any_letters_are_read_without_an_error(text: str) -> None:
    assert all(0 <= run.start < run.end <= len(text) and run.data for run in carriers.runs(text))
