"""Run one other tool over the records of a JSONL file and print its cost; `peers` runs it with the peers' interpreter.

python peer_child.py NAME FILE RUNS      ends with 4 where the tool is not installed
"""

from __future__ import annotations

import json
import sys
import time
from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

NOT_INSTALLED = 4


def presidio(engine: Any) -> Callable[[str], int]:
    """Return a call for presidio-analyzer's pattern recognisers for English. No model, no network."""
    analyzer, suffixes = import_module("presidio_analyzer"), import_module("tldextract")
    vars(suffixes)["extract"] = suffixes.TLDExtract(suffix_list_urls=())
    registry = analyzer.RecognizerRegistry()
    registry.load_predefined_recognizers(languages=["en"])
    for recognizer in [each for each in registry.recognizers if not hasattr(each, "patterns")]:
        registry.remove_recognizer(recognizer.name)
    made = analyzer.AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=["en"])
    return lambda text: len(made.analyze(text, language="en"))


def presidio_no_nlp(path: str) -> Callable[[], int]:
    """Presidio with its engine that does nothing: no tokens, so no context words."""
    engine = import_module("presidio_analyzer.nlp_engine").NoOpNlpEngine([{"lang_code": "en", "model_name": "none"}])
    return per_text(path, presidio(engine))


def presidio_blank(path: str) -> Callable[[], int]:
    """Presidio with a blank spaCy pipeline: tokens, so that context words count."""
    engine = import_module("presidio_analyzer.nlp_engine").SpacyNlpEngine()
    engine.nlp = {"en": import_module("spacy").blank("en")}
    return per_text(path, presidio(engine))


def datafog(path: str) -> Callable[[], int]:
    """DataFog's regular expressions."""
    scan = import_module("datafog").scan
    return per_text(path, lambda text: len(scan(text, engine="regex").entities))


def detect_secrets(path: str) -> Callable[[], int]:
    """detect-secrets with its default plugins on the file as it lies."""
    collection = import_module("detect_secrets").SecretsCollection
    settings = import_module("detect_secrets.settings").default_settings

    def run() -> int:
        secrets = collection()
        with settings():
            secrets.scan_file(path)
        return sum(1 for _ in secrets)

    return run


def per_text(path: str, look: Callable[[str], int]) -> Callable[[], int]:
    """Return a call that looks at every text of the file; they are read beforehand."""
    with open(path, encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in lines]
    return lambda: sum(map(look, texts))


PEERS = {
    "presidio-no-nlp": ("presidio-analyzer", presidio_no_nlp),
    "presidio-blank": ("presidio-analyzer", presidio_blank),
    "detect-secrets": ("detect-secrets", detect_secrets),
    "datafog": ("datafog", datafog),
}


def main() -> None:
    """Do what the command line says."""
    (package, make), path, runs = PEERS[sys.argv[1]], sys.argv[2], int(sys.argv[3])
    try:
        run = make(path)
    except ImportError:
        sys.exit(NOT_INSTALLED)
    found, costs = 0, []
    for _ in range(runs + 1):  # the first warms up
        before = time.process_time()
        found = run()
        costs.append(time.process_time() - before)
    print(json.dumps({"found": found, "cpu": costs[1:], "version": version(package)}))


if __name__ == "__main__":
    main()
