"""Records, voices, vectors and genes through the whole engine: found in every carrier, gone from the copy."""

from __future__ import annotations

import base64
import json
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from privscan import clean, scan
from privscan.media import tags

from .media.records import SAMPLES
from .media.test_genetic import STR, TAB, VCF
from .media.test_tags import TAGGED
from .media.voices import voice, written

MADE = {name: make() for name, (make, _, _) in SAMPLES.items()}
CARRIERS = {
    "base64": lambda data: base64.b64encode(data).decode(),
    "base64url": lambda data: base64.urlsafe_b64encode(data).decode().rstrip("="),
    "lines": lambda data: base64.encodebytes(data).decode(),
    "data URI": lambda data: f"see data:application/octet-stream;base64,{base64.b64encode(data).decode()} here",
    "hex": lambda data: data.hex(),
}
VOICE = written(voice(1.0, 8_000), 8_000, "MP3")  # of all magic numbers the faintest
ALLELES = {"D3S1358": "15,16", "vWA": "17,18", "FGA": 21, "TH01": "6,9.3"}
VOICED = ("base64", "base64url", "data URI")
TEXTS = {  # a text, and what of it must go
    "VCF": (f"mine: {VCF}", VCF),
    "rows": (f"raw data\n{TAB}\nend", TAB),
    "STR": (f"on file: {STR} (2019)", STR),
    "genotype": ("I am rs53576(A;G), so they say", "rs53576(A;G)"),
    "mention": ("They took her fingerprints at the desk.", ""),
}


@pytest.fixture(scope="module")
def cleaned(tmp_path_factory: pytest.TempPathFactory, cache_dir: str) -> dict[str, Any]:
    """Clean a folder of all of them with the policy biometrics."""
    folder = tmp_path_factory.mktemp("biometrics")
    (folder / "in").mkdir()
    rows = [
        {"kind": name, "how": how, "value": write(data)}
        for name, data in MADE.items()
        if "XML" not in name
        for how, write in CARRIERS.items()
    ]
    rows += [{"kind": name, "how": "text", "value": text} for name, (text, _) in TEXTS.items()]
    rows += [{"kind": name, "how": "text", "value": MADE[name].decode()} for name in MADE if "XML" in name]
    rows += [{"kind": "voice", "how": how, "value": CARRIERS[how](VOICE)} for how in VOICED]
    rows += [{"kind": "alleles", "how": "fields", "value": ALLELES}]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "in/rows.jsonl").write_text(text, encoding="utf-8")
    sounds = [{"bytes": data, "path": f"{at}.bin"} for at, (data, _) in enumerate(TAGGED.values())]
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    pq.write_table(pa.table({"audio": pa.array(sounds, kind)}), folder / "in/sounds.parquet")
    records = pa.table({"record": pa.array(list(MADE.values()), pa.large_binary()), "name": list(MADE)})
    pq.write_table(records, folder / "in/records.parquet")
    out = folder / "out"
    asked = {"policy": "biometrics", "cache_dir": cache_dir, "workers": 1}
    report = clean(str(folder / "in"), str(out), dedup="off", **asked)
    found = [json.loads(line) for line in (out / "findings.jsonl").read_text(encoding="utf-8").splitlines()]
    return {"report": report, "rows": rows, "found": found, "out": out, "again": scan(str(out / "data"), **asked)}


def test_the_run_is_complete_and_a_second_finds_what_is_kept_only(cleaned: dict[str, Any]) -> None:
    assert cleaned["report"].complete
    assert cleaned["again"].complete
    assert {key[0] for key in cleaned["again"].tally.findings} == {"BIOMETRIC_MENTION"}


def test_records_are_found_in_every_carrier(cleaned: dict[str, Any]) -> None:
    entities = {(row["uri"], row["record"], row["entity"]) for row in cleaned["found"]}
    for number, row in enumerate(cleaned["rows"]):
        if row["kind"] in SAMPLES:
            assert ("rows.jsonl", number, SAMPLES[row["kind"]][1]) in entities, (row["kind"], row["how"])
    for number, name in enumerate(MADE):
        assert ("records.parquet", number, SAMPLES[name][1]) in entities, name


def test_a_voice_is_heard_in_letters(cleaned: dict[str, Any]) -> None:
    heard = {row["record"] for row in cleaned["found"] if row["uri"] == "rows.jsonl" and row["entity"] == "VOICE"}
    assert heard == {number for number, row in enumerate(cleaned["rows"]) if row["kind"] == "voice"}


def test_nothing_of_a_record_is_left(cleaned: dict[str, Any]) -> None:
    copies = (cleaned["out"] / "data/rows.jsonl").read_text(encoding="utf-8").splitlines()
    for row, copy in zip(cleaned["rows"], map(json.loads, copies), strict=True):
        assert (copy["kind"], copy["how"]) == (row["kind"], row["how"])
        if row["how"] == "data URI":
            assert copy["value"].startswith("see <")
            assert copy["value"].endswith("> here")
        elif row["kind"] in {*SAMPLES, "voice"}:
            assert len(copy["value"]) < 40, (row["kind"], row["how"])
    table = pq.read_table(cleaned["out"] / "data/records.parquet")
    assert table["record"].null_count == len(MADE)
    assert table["name"].to_pylist() == list(MADE)


def test_genes_go_and_mentions_stay(cleaned: dict[str, Any]) -> None:
    copies = (cleaned["out"] / "data/rows.jsonl").read_text(encoding="utf-8").splitlines()
    by_kind = {row["kind"]: row["value"] for row in map(json.loads, copies) if row["how"] == "text"}
    for name, (text, gone) in TEXTS.items():
        assert by_kind[name] == (text.replace(gone, "<GENETIC_DATA>") if gone else text)


def test_alleles_in_fields_go(cleaned: dict[str, Any]) -> None:
    copy = json.loads((cleaned["out"] / "data/rows.jsonl").read_text(encoding="utf-8").splitlines()[-1])
    gone = "<GENETIC_DATA>"
    assert copy["value"] == {"D3S1358": gone, "vWA": gone, "FGA": None, "TH01": gone}


def test_tags_go_and_the_sound_stays(cleaned: dict[str, Any]) -> None:
    copies = pq.read_table(cleaned["out"] / "data/sounds.parquet")["audio"].to_pylist()
    for copy, (data, _) in zip(copies, TAGGED.values(), strict=True):
        assert copy["bytes"] == tags.stripped(data)
