"""Our detectors for users of Presidio: one line adds them to an engine of theirs.

    from presidio_analyzer import AnalyzerEngine
    from privscan.presidio import recognizers

    engine = AnalyzerEngine(nlp_engine=...)
    for recognizer in recognizers():
        engine.registry.add_recognizer(recognizer)

`engine()` makes one with our detectors alone, that needs no language model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from presidio_analyzer import (
    AnalysisExplanation,
    AnalyzerEngine,
    EntityRecognizer,
    RecognizerRegistry,
    RecognizerResult,
)

from privscan import config, detectors
from privscan.detectors import presidio
from privscan.model import Leaf, LeafKind, State

if TYPE_CHECKING:
    from privscan.config import Settings

NAME = "PrivscanRecognizer"
__all__ = ["Recognizer", "engine", "recognizers"]


class Recognizer(EntityRecognizer):
    """All of our detectors of a policy as one recogniser of Presidio, for one language's engine."""

    def __init__(self, settings: Settings, language: str) -> None:
        self.settings = settings
        self.detectors = detectors.build(settings)
        entities = sorted({rule.entity for rule in settings.rules})
        super().__init__(supported_entities=entities, name=NAME, supported_language=language)

    def load(self) -> None:
        """Nothing is left to load."""

    def analyze(self, text: str, entities: list[str], nlp_artifacts: Any = None) -> list[RecognizerResult]:
        """Return what is found in a text, of the entities asked for; placeholders and samples are left out."""
        del nlp_artifacts
        leaf = Leaf(0, "/text", "text", text, LeafKind.STRING, None)
        found = detectors.look(self.detectors, [leaf]).get(0, [])
        return [
            RecognizerResult(
                entity_type=match.entity,
                start=match.span.start,
                end=match.span.end,
                score=match.score,
                analysis_explanation=AnalysisExplanation(
                    recognizer=NAME,
                    original_score=match.score,
                    pattern_name=match.rule,
                    textual_explanation=", ".join(match.evidence),
                ),
            )
            for match in found
            if match.state is State.NEW and (not entities or match.entity in entities)
        ]


def recognizers(policy: str = "standard", *, languages: tuple[str, ...] = ("en",), **options: Any) -> list[Recognizer]:
    """Return our recognisers, one a language; `options` are those of `privscan.scan` that say what to look for."""
    settings = config.settings("scan", policy=policy, workers=1, **options)
    return [Recognizer(settings, language) for language in languages]


def engine(policy: str = "standard", **options: Any) -> AnalyzerEngine:
    """Return an engine of Presidio with our detectors alone and no language model."""
    registry = RecognizerRegistry(recognizers=list(recognizers(policy, **options)), supported_languages=["en"])
    return AnalyzerEngine(registry=registry, nlp_engine=presidio.no_model(), supported_languages=["en"])
