"""presidio-analyzer as a detector: every recogniser of its own, and a model for names, beside our rules.

Promises: no network (its e-mail check is kept from fetching a list of suffixes; a pipeline that is not installed is an
error, never a download); what Presidio decided stands in the evidence, by the names of its recognisers and patterns.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from privscan.detectors.names.sober import TOKEN
from privscan.errors import ConfigError
from privscan.model import Confidence, LeafKind, Match, Severity, Span
from privscan.rules import load_rules

if TYPE_CHECKING:
    from collections.abc import Sequence

    from privscan.config import Settings
    from privscan.formats import Block
    from privscan.model import Leaf

LANGUAGE = "en"
HIGH, MEDIUM = 0.85, 0.4  # Presidio's scores from which a finding is of that confidence
SHORTEST = 2


def quiet() -> None:
    """Keep Presidio's e-mail check from the network: the list of suffixes that came with its library will do."""
    suffixes: Any = importlib.import_module("tldextract.tldextract")
    suffixes.TLD_EXTRACTOR = suffixes.TLDExtract(cache_dir=None, suffix_list_urls=())


def analyzer(ner: str = "") -> Any:
    """Return an AnalyzerEngine with every recogniser that needs no service on.

    `ner` is "" for none, or "spacy:" and the name or folder of an installed pipeline; ConfigError when there is none.
    """
    quiet()
    from presidio_analyzer import AnalyzerEngine, PatternRecognizer, RecognizerRegistry, predefined_recognizers

    engine = no_model() if not ner else _spacy(ner)
    registry = RecognizerRegistry(supported_languages=[LANGUAGE])
    for name in predefined_recognizers.__all__:
        kind: Any = getattr(predefined_recognizers, name)
        if isinstance(kind, type) and issubclass(kind, PatternRecognizer):
            make: Any = kind
            registry.add_recognizer(make(supported_language=LANGUAGE))
    registry.add_recognizer(predefined_recognizers.PhoneRecognizer(supported_language=LANGUAGE))
    if ner:
        registry.add_recognizer(predefined_recognizers.SpacyRecognizer(supported_language=LANGUAGE))
    return AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=[LANGUAGE])


def no_model() -> Any:
    """Return the engine of Presidio that loads no model."""
    from presidio_analyzer.nlp_engine import NoOpNlpEngine

    return NoOpNlpEngine(models=[{"lang_code": LANGUAGE, "model_name": "none"}])


def _spacy(ner: str) -> Any:
    """Return Presidio's engine on an installed pipeline; it would download one that is not."""
    kind, _, name = ner.partition(":")
    if kind != "spacy" or not name:
        raise ConfigError(f'ner = "{ner}": must be spacy:NAME or spacy:FOLDER')
    import spacy
    from presidio_analyzer.nlp_engine import SpacyNlpEngine

    try:
        pipeline = spacy.load(name)
    except Exception as error:  # noqa: BLE001 - a folder may hold anything
        raise ConfigError(
            f'ner = "{ner}": no such pipeline is installed, or it does not load ({type(error).__name__}); '
            "install it, or give its folder"
        ) from None
    engine: Any = SpacyNlpEngine(models=[{"lang_code": LANGUAGE, "model_name": name}])
    engine.nlp = {LANGUAGE: pipeline}
    return engine


class Presidio:
    """Presidio's engine over every string."""

    def __init__(self, settings: Settings) -> None:
        self.engine = analyzer(settings.policy.ner)
        self.minimum = settings.min_confidence
        known = load_rules()
        self.severity = {rule.entity: rule.severity for rule in known}

    def candidates(self, block: Block) -> Sequence[int]:
        """Return every row: Presidio has no gate."""
        return block.rows()

    def detect(self, leaves: Sequence[Leaf]) -> dict[int, list[Match]]:
        """Return what Presidio finds, by position in `leaves`."""
        found: dict[int, list[Match]] = {}
        for position, leaf in enumerate(leaves):
            if leaf.kind is LeafKind.STRING and len(leaf.text) >= SHORTEST:
                matches = self.matches(leaf.text)
                if matches:
                    found[position] = matches
        return found

    def matches(self, text: str) -> list[Match]:
        """Return the matches in one text, those in what a redaction left behind not among them."""
        results = self.engine.analyze(text, language=LANGUAGE, return_decision_process=True)
        ours = [token.span() for token in TOKEN.finditer(text)] if "<" in text else []
        out = []
        for result in sorted(results, key=lambda entry: (entry.start, entry.end, entry.entity_type)):
            level = _level(result.score)
            touched = any(start < result.end and result.start < end for start, end in ours)
            if level >= self.minimum and result.end > result.start and not touched:
                severity = self.severity.get(result.entity_type, Severity.MEDIUM)
                rule = f"presidio.{result.entity_type.lower()}"
                score = round(float(result.score), 2)
                span = Span(result.start, result.end)
                out.append(Match(span, rule, result.entity_type, level, score, severity, _evidence(result)))
        return out


def _level(score: float) -> Confidence:
    return Confidence.HIGH if score >= HIGH else Confidence.MEDIUM if score >= MEDIUM else Confidence.LOW


def _evidence(result: Any) -> tuple[str, ...]:
    """Return Presidio's decision in words that hold nothing of the text: its own names, and a word of its own lists."""
    told = result.analysis_explanation
    if told is None:
        return ("presidio",)
    out = [f"presidio:{told.recognizer}"]
    if told.pattern_name:
        out.append(f"pattern:{told.pattern_name}")
    if told.validation_result is not None:
        out.append(f"{'checksum' if told.validation_result else 'failed'}:{told.recognizer}")
    if told.supportive_context_word:
        out.append(f"context:{told.supportive_context_word}")
    return tuple(out)
