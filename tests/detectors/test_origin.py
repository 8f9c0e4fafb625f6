"""The country a record names: its phones are read in that plan, its checked numbers count, and nothing else does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from privscan import scan
from privscan.detectors.origin import Origin, near, nearest, rank
from privscan.validators import nations

if TYPE_CHECKING:
    from pathlib import Path

GERMAN, FRENCH, SPANISH = "030 2219 1848", "01 42 68 53 00", "612 34 56 78"
PHONE = "pii.phone.national"
CASES: list[tuple[str, dict[str, Any], list[str]]] = [
    ("code", {"country": "DE", "note": f"zu erreichen unter {GERMAN} ab neun"}, [PHONE]),
    ("another plan", {"country": "US", "note": f"zu erreichen unter {GERMAN} ab neun"}, []),
    ("no country", {"note": f"zu erreichen unter {GERMAN} ab neun"}, []),
    ("prose says it", {"note": f"in Germany {GERMAN} ab neun; country: DE"}, []),
    ("three letters, nested", {"user": {"homeCountry": "DEU"}, "memo": [f"ab {GERMAN} neun"]}, [PHONE]),
    ("its own name", {"address": {"pais": "España"}, "memo": f"vale {SPANISH} vale"}, [PHONE]),
    ("in an object", {"país": {"nombre": "x", "code": "es"}, "memo": f"vale {SPANISH} vale"}, [PHONE]),
    ("a locale", {"locale": "fr_FR.UTF-8", "memo": f"la valeur {FRENCH} fut dite"}, [PHONE]),
    ("a language alone", {"lang": "fr", "memo": f"la valeur {FRENCH} fut dite"}, []),
    ("the nearest counts", {"country": "DE", "to": {"nation": "France", "memo": f"dit {FRENCH} ici"}}, [PHONE]),
    ("the nearest is another", {"country": "FR", "to": {"nation": "DE", "memo": f"dit {SPANISH} ici"}}, []),
    ("without its trunk digit", {"country": "FR", "memo": "dit 6 12 34 56 78 ici"}, []),
    ("eight digits as usual", {"country": "DK", "memo": "kom 32 12 34 56 ja"}, [PHONE]),
    ("thousands", {"country": "PL", "memo": "kwota 512 500 000 i 1 512 500 123"}, []),
    ("arithmetic", {"country": "IN", "memo": "it was 23786 - 17509 or 30123/10001"}, []),
    ("a strong check", {"country": "PL", "note": "numer 44051401359 dalej"}, ["pii.pl.pesel"]),
    ("of another country", {"country": "CZ", "note": "numer 44051401359 dalej"}, []),
    ("all of a field", {"country": "PL", "id": "44051401359", "n": 44051401359}, []),
    ("a weak check", {"country": "NL", "note": "so 111222333 dan"}, []),
    ("no check at all", {"country": "US", "note": "so 536904399 then"}, []),
    ("an id with a zero", {"country": "FR", "order_id": "0612345678"}, []),
    ("an order's number", {"country": "DE", "note": "Bestellung Nr. 0301234567 vom Montag"}, []),
    ("an order's number in groups", {"country": "PL", "note": "zamówienie 512 345 678, dwa"}, []),
    ("a list of countries", {"country": ["DE", "FR", "ES", "IT"], "memo": f"ab {GERMAN} neun"}, []),
]


def test_numbers_of_the_record_s_country(tmp_path: Path, cache_dir: str) -> None:
    data, found = tmp_path / "rows.jsonl", tmp_path / "found.jsonl"
    data.write_text("".join(json.dumps(record) + "\n" for _, record, _ in CASES), encoding="utf-8")
    looked_for = ["PHONE_NUMBER", "pii.pl", "pii.nl", "pii.us"]
    shape = ["pii.phone.dialled"]  # which needs no country
    scan(str(data), select=looked_for, ignore=shape, findings=str(found), cache_dir=cache_dir)
    rows = [json.loads(line) for line in found.read_text().splitlines()]
    for number, (name, _, expected) in enumerate(CASES):
        assert [row["rule"] for row in rows if row["record"] == number] == expected, name
    assert {row["confidence"] for row in rows} == {"medium"}
    assert all(row["evidence"][-1].startswith("region:") for row in rows)


def test_a_column_is_a_field_and_low_ones_are_told_once(tmp_path: Path, cache_dir: str) -> None:
    data, found = tmp_path / "rows.parquet", tmp_path / "found.jsonl"
    people = [{"country": "FRA", "memo": f"dit {FRENCH} ici"}, {"country": None, "memo": f"dit {FRENCH} ici"}]
    pq.write_table(pa.table({"country": ["DE", "DE"], "note": [f"ab {GERMAN} neun", "nichts"], "p": people}), data)
    scan(str(data), select=["pii.phone.national"], findings=str(found), cache_dir=cache_dir, min_confidence="low")
    rows = [json.loads(line) for line in found.read_text().splitlines()]
    told = [(row["record"], row["field"], row["confidence"]) for row in rows]
    assert told == [(0, "/note", "medium"), (0, "/p/memo", "medium"), (1, "/p/memo", "low")]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("uk", "GB"),
        ("GBR", "GB"),
        (" Österreich ", "AT"),
        ("日本", "JP"),
        ("Czechia", "CZ"),
        ("zh-Hant-TW", "TW"),
        ("en", ""),
        ("de-XX", ""),
        ("I live in France", ""),
        ("x" * 100, ""),
        ("", ""),
    ],
)
def test_what_names_a_country(text: str, code: str) -> None:
    assert nations.country(text) == code


def test_codes_of_three_letters_are_complete() -> None:
    assert set(nations.ALPHA3.values()) >= nations.CODES
    assert len(set(nations.ALPHA3.values())) == len(nations.ALPHA3) == 249


@pytest.mark.parametrize(
    ("field", "place"),
    [("/billing_country_code", 0), ("/Land", 0), ("/inland", None), ("/region", 1), ("/text", None), ("", None)],
)
def test_what_a_field_is_called(field: str, place: int | None) -> None:
    assert rank(field) == place


def test_the_surest_name_of_the_nearest() -> None:
    origins = [Origin((), 2, "US"), Origin((), 0, "DE"), Origin(("to",), 0, "FR")]
    assert nearest(near(origins), ("note",)) == ("DE",)
    assert nearest(near(origins), ("to", "note")) == ("FR",)
    assert nearest(near([*origins, Origin((), 0, "AT")]), ("note",)) == ("DE", "AT")
