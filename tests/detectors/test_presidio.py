"""Against the real library, without a language model and with a pipeline made here."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import privscan
from privscan import config
from privscan.detectors.presidio import Presidio, analyzer
from privscan.errors import ConfigError
from privscan.model import Leaf, LeafKind

if TYPE_CHECKING:
    from pathlib import Path

TEXT = "Dear Mrs. Whitmore, write to jane.roe@mail.acme-widgets.com or pay with 5105 1051 0510 5100."


def leaf(text: str) -> Leaf:
    return Leaf(0, "/text", "text", text, LeafKind.STRING, None)


@pytest.fixture(scope="module")
def detector(cache_dir: str) -> Presidio:
    return Presidio(config.settings("scan", policy="presidio", cache_dir=cache_dir))


def test_all_recognisers_are_on_and_tell_why(detector: Presidio) -> None:
    assert len(detector.engine.registry.recognizers) > 80
    matches = {match.entity: match for match in detector.detect([leaf(TEXT)])[0]}
    assert {"EMAIL_ADDRESS", "CREDIT_CARD"} <= set(matches)
    card = matches["CREDIT_CARD"]
    assert TEXT[card.span.start : card.span.end] == "5105 1051 0510 5100"
    assert card.rule == "presidio.credit_card"
    assert {"presidio:CreditCardRecognizer", "checksum:CreditCardRecognizer"} <= set(card.evidence)
    assert not any(piece in " ".join(card.evidence) for piece in ("5105", "jane"))


def test_what_a_redaction_left_is_nothing(detector: Presidio) -> None:
    assert detector.detect([leaf("Write to <EMAIL_ADDRESS> or <PERSON:0f3a9c2b7d1e4f60>.")]) == {}


def test_a_pipeline_of_the_users_finds_names(tmp_path: Path, cache_dir: str) -> None:
    import spacy

    pipeline = spacy.blank("en")
    pipeline.add_pipe("entity_ruler").add_patterns([{"label": "PERSON", "pattern": "Xyzal Quorn"}])
    pipeline.to_disk(tmp_path / "model")
    settings = config.settings(
        "scan", engine="presidio", ner=f"spacy:{tmp_path / 'model'}", select=["pii.person.name"], cache_dir=cache_dir
    )
    assert settings.policy.detectors[-1] == "presidio"
    assert settings.told()["ner"] == "spacy:model"
    (match,) = Presidio(settings).detect([leaf("it was Xyzal Quorn who came")])[0]
    assert (match.entity, match.span) == ("PERSON", (7, 18))


@pytest.mark.parametrize("ner", ["spacy:no_such_pipeline", "stanza:en", "spacy:"])
def test_a_pipeline_there_is_not_is_an_error(ner: str) -> None:
    with pytest.raises(ConfigError, match="ner = "):
        analyzer(ner)


def test_long_and_broken_texts_are_seen_whole(detector: Presidio) -> None:
    text = f"{'a b ' * 30_000}{TEXT}{' c d' * 13_000} 5105 1051 0510 5100 \ud800"
    found = [match for match in detector.detect([leaf(text)])[0] if match.entity == "CREDIT_CARD"]
    assert [text[match.span.start : match.span.end] for match in found] == ["5105 1051 0510 5100"] * 2


def test_what_nobody_asked_for_is_left_out(cache_dir: str) -> None:
    settings = config.settings("scan", engine="presidio", select=["pii.card"], cache_dir=cache_dir)
    assert {match.entity for match in Presidio(settings).detect([leaf(TEXT)])[0]} == {"CREDIT_CARD"}


def test_an_engine_there_is_not_is_an_error(cache_dir: str) -> None:
    with pytest.raises(ConfigError, match='did you mean "presidio"'):
        config.settings("scan", engine="presido", cache_dir=cache_dir)


def test_the_policy_cleans(tmp_path: Path, cache_dir: str) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps({"text": TEXT}) + "\n")
    select = ["pii.person", "pii.email", "pii.card"]
    options = {"policy": "presidio", "select": select, "cache_dir": cache_dir, "workers": 1, "key": b"0" * 32}
    privscan.clean(str(tmp_path / "a.jsonl"), str(tmp_path / "out"), **options)
    left = (tmp_path / "out/data/a.jsonl").read_text()
    assert not any(value in left for value in ("Whitmore", "jane.roe", "5105"))
    assert not privscan.scan(str(tmp_path / "out/data"), **options).tally.findings
