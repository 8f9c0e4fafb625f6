"""WebDataset archives through the engine and back."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from privscan import clean, rules, scan
from privscan.errors import InputError
from privscan.formats.members import members
from privscan.verify import verify

if TYPE_CHECKING:
    from pathlib import Path

MAIL = "ines.moravec@fjordlight-mail.net"
LONG = "a/" * 60 + "0003"


def picture() -> bytes:
    out = io.BytesIO()
    Image.radial_gradient("L").resize((40, 30)).save(out, "PNG")
    return out.getvalue()


def face() -> bytes:
    import base64

    rule = next(rule for rule in rules.load_rules() if rule.id == "biometric.face.picture")
    return base64.b64decode(rule.examples[0].split("⟦")[1].split("⟧")[0])


MEMBERS = [
    ("data/0001.jpg", face()),
    ("data/0001.json", json.dumps({"caption": f"by {MAIL}", "n": 1e5}).encode()),
    ("data/0002.png", picture()),
    ("data/0002.txt", b"nothing to see"),
    (f"{LONG}.png", picture()),
    (f"{LONG}.json", b'{"caption":"ok",  "n": 1e5}'),
    ("0004.txt", f"ask {MAIL}".encode()),
    ("0005.txt", "ähnlich".encode()),
]


def archive(form: int, members: list[tuple[str, bytes]], mode: str = "w") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode, format=form) as made:
        folder = tarfile.TarInfo("data")
        folder.type = tarfile.DIRTYPE
        made.addfile(folder)
        for name, body in members:
            info = tarfile.TarInfo(name)
            info.size, info.mtime, info.uid = len(body), 1_600_000_000, 1000
            made.addfile(info, io.BytesIO(body))
    return out.getvalue()


def unpacked(path: Path) -> list[tuple[str, bytes]]:
    with tarfile.open(path) as found:
        return [(info.name, found.extractfile(info).read()) for info in found if info.isfile()]  # type: ignore[union-attr]


@pytest.fixture
def asked(options: dict[str, Any]) -> dict[str, Any]:
    return options | {"select": ["pii.email", "biometric", "media"], "dedup": "off"}


@pytest.mark.parametrize("name", ["in.tar", "in.tgz"])
@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT], ids=["pax", "gnu"])
def test_an_archive_comes_back_with_its_members_in_order(
    name: str, form: int, tmp_path: Path, asked: dict[str, Any]
) -> None:
    raw = archive(form, MEMBERS, "w:gz" if name.endswith("gz") else "w")
    (tmp_path / name).write_bytes(raw)
    report = clean(str(tmp_path / name), str(tmp_path / "out"), **asked)
    assert report.complete
    assert dict(report.tally.outcomes) == {"redacted": 2, "clean": 3}
    rows = [json.loads(line) for line in (tmp_path / "out/findings.jsonl").read_bytes().splitlines()]
    assert [(row["record"], row["field"], row["entity"]) for row in rows] == [
        (0, "/jpg", "FACE"),
        (0, "/json/caption", "EMAIL_ADDRESS"),
        (3, "/txt", "EMAIL_ADDRESS"),
    ]
    after = unpacked(tmp_path / "out/data" / name)
    assert [entry for entry, _ in after] == [entry for entry, _ in MEMBERS]
    assert after[1][1] == b'{"caption": "by <EMAIL_ADDRESS>", "n": 100000.0}'
    assert after[6][1] == b"ask <EMAIL_ADDRESS>"
    assert [after[place] for place in (2, 3, 4, 5, 7)] == [MEMBERS[place] for place in (2, 3, 4, 5, 7)]
    with Image.open(io.BytesIO(after[0][1])) as shown:
        assert shown.size == (48, 64)
    checks = verify(str(tmp_path / "out"), key=asked["key"], cache_dir=asked["cache_dir"])
    assert [check.name for check in checks if check.passed is False] == []


def test_what_holds_nothing_leaves_byte_for_byte(tmp_path: Path, asked: dict[str, Any]) -> None:
    raw = archive(tarfile.GNU_FORMAT, [MEMBERS[place] for place in (2, 3, 4, 5, 7)])
    (tmp_path / "in.tar").write_bytes(raw)
    clean(str(tmp_path / "in.tar"), str(tmp_path / "out"), **asked)
    assert (tmp_path / "out/data/in.tar").read_bytes() == raw


def test_a_name_that_tells_is_changed_with_its_members(tmp_path: Path, asked: dict[str, Any]) -> None:
    """Records whose names are told alike stay apart."""
    members = [(f"x/{MAIL}/0001.txt", b"one"), (f"x/{MAIL}/0001.png", picture()), ("x/0002.txt", b"two")]
    members += [(f"x/y.{MAIL}/0001.txt", b"three")]
    (tmp_path / "in.tar").write_bytes(archive(tarfile.PAX_FORMAT, members))
    assert clean(str(tmp_path / "in.tar"), str(tmp_path / "out"), **asked).complete
    names = [
        "x/<EMAIL_ADDRESS>_0/0001.txt",
        "x/<EMAIL_ADDRESS>_0/0001.png",
        "x/0002.txt",
        "x/<EMAIL_ADDRESS>_2/0001.txt",
    ]
    bodies = [body for _, body in members]
    assert unpacked(tmp_path / "out/data/in.tar") == list(zip(names, bodies, strict=True))


def sized(size: bytes) -> bytes:
    """Return a header of GNU's with bytes of ours for its size, its sum made right."""
    raw = bytearray(tarfile.TarInfo("0001.txt").tobuf(tarfile.GNU_FORMAT))
    raw[124:136], raw[148:156] = size, b" " * 8
    raw[148:156] = b"%06o\0 " % sum(raw)
    return bytes(raw)


def told(size: bytes) -> bytes:
    """Return an extended header that tells the size of the member behind it."""
    line = b"size=%b\n" % size
    body = b"%d %b" % (len(line) + 5, line)
    head = tarfile.TarInfo("0001.txt")
    head.type, head.size = tarfile.XHDTYPE, len(body)
    return head.tobuf(tarfile.USTAR_FORMAT) + body + bytes(-len(body) % 512)


BROKEN = {
    "less than nothing": lambda raw: sized((-4096 % (1 << 96)).to_bytes(12)) + raw,
    "a size of many digits": lambda raw: told(b"9" * 5000) + raw,
    "cut in a member": lambda raw: raw[:3000],
    "another header": lambda raw: raw[:520] + bytes([raw[520] ^ 1]) + raw[521:],
    "more behind the end": lambda raw: raw + raw,
    "no archive": lambda _raw: b"hello" * 200,
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_archive_is_incomplete(name: str, tmp_path: Path, asked: dict[str, Any]) -> None:
    (tmp_path / "in.tar").write_bytes(BROKEN[name](archive(tarfile.GNU_FORMAT, MEMBERS)))
    report = scan(str(tmp_path / "in.tar"), **(asked | {"dedup": "off"}))
    assert not report.complete
    assert "tar archive" in report.problems[0].reason or "behind its end" in report.problems[0].reason


def test_a_damaged_compression_is_incomplete(tmp_path: Path, asked: dict[str, Any]) -> None:
    whole = archive(tarfile.GNU_FORMAT, MEMBERS)
    member = gzip.compress(whole[:3072], mtime=0)
    (tmp_path / "in.tgz").write_bytes(member + member[:10] + b"\xff" * 64)  # a block of no kind there is
    (tmp_path / "other.jsonl").write_text('{"text": "fine"}\n', encoding="utf-8")
    report = scan(str(tmp_path), **asked)
    assert [problem.reason for problem in report.problems] == [
        "in.tgz: cannot be read (the compression is damaged); restore the file and scan it again"
    ]
    assert report.tally.outcomes["clean"] >= 1  # the other file was looked at all the same


def test_members_that_are_not_what_they_say_quarantine_their_record(tmp_path: Path, asked: dict[str, Any]) -> None:
    members = [("1.json", b"{"), ("2.txt", b"\xff\xfe"), ("3.txt", b"fine"), ("4.png", picture()[:300])]
    (tmp_path / "in.tar").write_bytes(archive(tarfile.GNU_FORMAT, members))
    report = clean(str(tmp_path / "in.tar"), str(tmp_path / "out"), **asked)
    assert dict(report.tally.outcomes) == {"quarantined": 3, "clean": 1}
    assert unpacked(tmp_path / "out/data/in.tar") == [("3.txt", b"fine")]


@given(st.data())
def test_changed_archives_break_off_with_a_sentence_or_are_read(data: st.DataObject) -> None:
    raw = bytearray(archive(tarfile.GNU_FORMAT, MEMBERS[4:6]))
    for _ in range(data.draw(st.integers(1, 6))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    cut = io.BytesIO(bytes(raw[: data.draw(st.integers(0, len(raw)))]))
    try:
        found = list(members(cut, "in.tar"))
    except InputError as error:
        assert str(error).startswith("in.tar: ")
    else:
        assert found[-1].name == ""
