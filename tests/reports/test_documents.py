"""Documents about a dataset: every figure from the report, a placeholder for what only a person can say."""

from __future__ import annotations

import io
import json
import re
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from privscan.reports import write
from privscan.reports.documents import told

if TYPE_CHECKING:
    from pathlib import Path

    from privscan.model import Report

DOCUMENTS = ("ai-act", "card", "card-section", "croissant", "datasheet")


def text(report: Report, name: str) -> str:
    stream = io.StringIO()
    write(report, name, stream)
    return stream.getvalue()


@pytest.mark.parametrize("document", DOCUMENTS)
@pytest.mark.parametrize("name", ["full", "empty", "hostile", "huge"])
def test_documents_are_bounded_printable_and_ask_a_person(
    document: str, name: str, request: pytest.FixtureRequest
) -> None:
    made = text(request.getfixturevalue(name), document)
    assert told.FILL in made
    assert len(made) < 600_000
    assert all(character.isprintable() or character == "\n" for character in made)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_documents_tell_what_was_counted(full: Report, document: str) -> None:
    made = text(full, document).replace("\\", "")
    assert "1,204,398 records in 13 files were searched on 2026-11-21 by privscan" in made or document == "croissant"
    assert "EMAIL_ADDRESS (" in made
    assert "14 records could not be read or looked at" in made
    assert "24,204 records were left out as repetitions" in made
    assert "Part of the data could not be looked at" in made


def test_nothing_found_is_not_said_to_be_nothing_there(empty: Report) -> None:
    made = text(replace(empty, complete=True), "card-section")
    assert "That is not proof that there is none" in made
    assert "only searched; nothing was changed" in made


def test_the_card_has_a_header_and_the_section_once(full: Report) -> None:
    made = text(full, "card")
    assert made.startswith("---\n")
    assert made.count("### Personal and Sensitive Information") == 1
    assert re.search(r"^\| `CREDIT_CARD` \| high \| [\d,]+ \|$", made, re.MULTILINE)


def test_croissant_is_what_its_own_library_takes(full: Report, tmp_path: Path) -> None:
    made = json.loads(text(full, "croissant"))
    assert "EMAIL_ADDRESS" in made["rai:personalSensitiveInformation"]
    assert "pseudonym" not in made["rai:dataPreprocessingProtocol"]
    (tmp_path / "croissant.json").write_text(json.dumps(made), encoding="utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the library's own dependencies
        mlcroissant = pytest.importorskip("mlcroissant")
        dataset = mlcroissant.Dataset(jsonld=str(tmp_path / "croissant.json"))
    assert not dataset.metadata.issues.errors
    assert len(dataset.metadata.distribution) == len(full.outputs)
