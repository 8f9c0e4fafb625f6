"""presidio-analyzer as a detector: every recogniser of its own, and a model for names, beside our rules.

Promises: no network (its e-mail check is kept from fetching a list of suffixes; a pipeline that is not installed is an
error, never a download); what Presidio decided stands in the evidence, by the names of its recognisers and patterns.
"""

from __future__ import annotations

import contextlib
import importlib
from typing import TYPE_CHECKING, Any

from privscan.detectors.names.link import Taken
from privscan.detectors.names.sober import TOKEN, paired
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
PIECE = 50_000  # characters shown at once: spaCy takes no more than a million, and memory grows with them
OVERLAP = 500  # characters two pieces share


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
        self.engine = analyzer(settings.policy.ner if settings.policy.ner.startswith("spacy:") else "")
        self.pipeline = getattr(self.engine.nlp_engine, "nlp", {}).get(LANGUAGE)
        self.minimum = settings.min_confidence
        known = load_rules()
        self.severity = {rule.entity: rule.severity for rule in known}
        self.asked = {rule.entity for rule in settings.rules}
        self.chosen = bool(settings.select)  # then what our rules have no name for was not asked for

    def candidates(self, block: Block) -> Sequence[int]:
        """Return every row: Presidio has no gate."""
        return block.rows()

    def detect(self, leaves: Sequence[Leaf]) -> dict[int, list[Match]]:
        """Return what Presidio finds, by position in `leaves`."""
        zone = getattr(self.pipeline, "memory_zone", contextlib.nullcontext)
        with zone():  # else spaCy keeps every word it has ever seen
            found = {
                position: self.matches(leaf.text)
                for position, leaf in enumerate(leaves)
                if leaf.kind is LeafKind.STRING and len(leaf.text) >= SHORTEST
            }
        return {position: matches for position, matches in found.items() if matches}

    def matches(self, text: str) -> list[Match]:
        """Return the matches in one text, those in what a redaction left behind not among them."""
        ours = Taken(token.span() for token in TOKEN.finditer(text))
        out: dict[tuple[Span, str], Match] = {}
        for begin in range(0, max(len(text) - OVERLAP, 1), PIECE - OVERLAP):
            piece = paired(text[begin : begin + PIECE])
            for result in self.engine.analyze(piece, language=LANGUAGE, return_decision_process=True):
                match = self.match(result, begin)
                span = match.span
                touched = ours.touches(span.start, span.end)
                if match.confidence >= self.minimum and span.end > span.start and not touched and self.wanted(match):
                    out.setdefault((span, match.rule), match)
        return sorted(out.values(), key=lambda match: (match.span, match.rule))

    def match(self, result: Any, begin: int) -> Match:
        """Return one of Presidio's results, in a text of which it was shown the piece from `begin` on."""
        return Match(
            Span(result.start + begin, result.end + begin),
            f"presidio.{result.entity_type.lower()}",
            result.entity_type,
            _level(result.score),
            round(float(result.score), 2),
            self.severity.get(result.entity_type, Severity.MEDIUM),
            _evidence(result),
        )

    def wanted(self, match: Match) -> bool:
        """Say whether the run looks for such a thing: what our rules know only where one of them is on."""
        return match.entity in self.asked or (not self.chosen and match.entity not in self.severity)


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
