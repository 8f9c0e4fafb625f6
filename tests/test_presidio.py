"""Our detectors inside the real Presidio."""

from __future__ import annotations

from presidio_analyzer import AnalyzerEngine, RecognizerRegistry

from privscan import presidio
from privscan.detectors.presidio import no_model

TEXT = "Dear Mrs. Whitmore, my colleague Jonathan Berg reads jane.roe@mail.acme-widgets.com."


def spans(results) -> set[tuple[str, str]]:
    return {(result.entity_type, TEXT[result.start : result.end]) for result in results}


def test_one_line_adds_us(cache_dir: str) -> None:
    engine = AnalyzerEngine(
        registry=RecognizerRegistry(supported_languages=["en"]), nlp_engine=no_model(), supported_languages=["en"]
    )
    for recognizer in presidio.recognizers(cache_dir=cache_dir):
        engine.registry.add_recognizer(recognizer)
    found = spans(engine.analyze(TEXT, language="en"))
    assert {("PERSON", "Jonathan Berg"), ("EMAIL_ADDRESS", "jane.roe@mail.acme-widgets.com")} <= found
    assert spans(engine.analyze(TEXT, language="en", entities=["EMAIL_ADDRESS"])) == {
        ("EMAIL_ADDRESS", "jane.roe@mail.acme-widgets.com")
    }


def test_an_engine_of_ours_tells_why(cache_dir: str) -> None:
    results = presidio.engine("web", cache_dir=cache_dir).analyze(TEXT, language="en", return_decision_process=True)
    (mail,) = results
    assert mail.analysis_explanation.pattern_name.startswith("pii.email")
    assert "jane" not in mail.analysis_explanation.textual_explanation
