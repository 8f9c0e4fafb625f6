"""Let one other tool look at the records of a JSONL file, and print what it finds; `sides` runs it.

python sides_child.py NAME FILE      a JSON line a record: [[start, end, type], ...], or for secrets how many it finds;
                                     ends with 4 where the tool is not installed
"""

from __future__ import annotations

import inspect
import json
import logging
import sys
import tempfile
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Found = list[tuple[int, int, str]]

NOT_INSTALLED = 4
LEAST = 0.35  # Presidio's score: its own evaluation cuts there
TYPES = {
    "EMAIL_ADDRESS": "EMAIL", "EMAIL": "EMAIL", "email": "EMAIL", "PHONE_NUMBER": "PHONE", "PHONE": "PHONE",
    "phone": "PHONE", "CREDIT_CARD": "CARD", "credit_card": "CARD", "IBAN_CODE": "IBAN", "IBAN": "IBAN",
    "IP_ADDRESS": "IP", "US_SSN": "SSN", "SSN": "SSN", "social_security_number": "SSN",
}  # fmt: skip


def presidio(*, every: bool) -> Callable[[str], Found]:
    """presidio-analyzer for English over blank spaCy tokens, with the recognisers it switches on, or with every one."""
    analyzer, suffixes = import_module("presidio_analyzer"), import_module("tldextract")
    vars(suffixes)["extract"] = suffixes.TLDExtract(suffix_list_urls=())
    registry = analyzer.RecognizerRegistry()
    registry.load_predefined_recognizers(languages=["en"])
    for recognizer in [each for each in registry.recognizers if "Spacy" in type(each).__name__]:
        registry.remove_recognizer(recognizer.name)
    if every:
        known = {type(each) for each in registry.recognizers}
        kinds = inspect.getmembers(import_module("presidio_analyzer.predefined_recognizers"), inspect.isclass)
        for _, kind in kinds:
            if issubclass(kind, analyzer.PatternRecognizer) and kind not in known | {analyzer.PatternRecognizer}:
                registry.add_recognizer(kind(supported_language="en"))
    engine = import_module("presidio_analyzer.nlp_engine").SpacyNlpEngine()
    engine.nlp = {"en": import_module("spacy").blank("en")}
    made = analyzer.AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=["en"])
    return lambda text: [
        (each.start, each.end, each.entity_type) for each in made.analyze(text, language="en", score_threshold=LEAST)
    ]


def datafog() -> Callable[[str], Found]:
    """DataFog's regular expressions."""
    scan = import_module("datafog").scan
    return lambda text: [(each.start, each.end, each.type) for each in scan(text, engine="regex").entities]


def scrubadub() -> Callable[[str], Found]:
    """Scrubadub with its default detectors."""
    made = import_module("scrubadub").Scrubber()
    return lambda text: [(each.beg, each.end, each.type or "") for each in made.iter_filth(text)]


def spans(look: Callable[[str], Found], texts: Iterable[str]) -> Iterator[Any]:
    """Yield the spans of the types there are labels for, record by record."""
    for text in texts:
        yield [(start, end, TYPES[kind]) for start, end, kind in look(text) if kind in TYPES]


def detect_secrets(texts: Iterable[str]) -> Iterator[Any]:
    """detect-secrets with its default plugins, each record a file of its own."""
    collection = import_module("detect_secrets").SecretsCollection
    settings = import_module("detect_secrets.settings").default_settings
    with tempfile.TemporaryDirectory() as folder:
        for text in texts:
            path = Path(folder, "record.txt")
            path.write_text(text, encoding="utf-8")
            secrets = collection()
            with settings():
                secrets.scan_file(str(path))
            yield sum(1 for _ in secrets)


def credsweeper(texts: Iterable[str]) -> Iterator[Any]:
    """CredSweeper with its rules and its model, each record a file of its own."""
    sweeper = import_module("credsweeper").CredSweeper()
    provider = import_module("credsweeper.file_handler.text_content_provider").TextContentProvider
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number, text in enumerate(texts):
            paths.append(Path(folder, f"{number}.txt"))
            paths[-1].write_text(text, encoding="utf-8")
        sweeper.scan([provider(str(path)) for path in paths], None)
        sweeper.post_processing(None)
        found = [0] * len(paths)
        for each in sweeper.credential_manager.get_credentials():
            found[int(Path(each.line_data_list[0].path).stem)] += 1
        yield from found


PEERS: dict[str, tuple[str, Callable[[Iterable[str]], Iterator[Any]]]] = {
    "presidio": ("presidio-analyzer", lambda texts: spans(presidio(every=False), texts)),
    "presidio-every": ("presidio-analyzer", lambda texts: spans(presidio(every=True), texts)),
    "datafog": ("datafog", lambda texts: spans(datafog(), texts)),
    "scrubadub": ("scrubadub", lambda texts: spans(scrubadub(), texts)),
    "detect-secrets": ("detect-secrets", detect_secrets),
    "credsweeper": ("credsweeper", credsweeper),
}


def main() -> None:
    """Do what the command line says."""
    logging.disable(logging.CRITICAL)
    package, look = PEERS[sys.argv[1]]
    with open(sys.argv[2], encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in lines]
    try:
        found = list(look(texts))
        told = version(package)
    except ImportError:
        sys.exit(NOT_INSTALLED)
    print(json.dumps({"version": told, "found": found}))


if __name__ == "__main__":
    main()
