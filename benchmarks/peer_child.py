"""Run one other tool over the records of a JSONL file and print what it cost; run by `peers` with the peers' interpreter.

    python peer_child.py NAME FILE RUNS      ends with 4 where the tool is not installed
"""

import json
import sys
import time


def presidio(engine):
    """Return a call for presidio-analyzer's pattern recognisers, and its version. No model, no network."""
    import tldextract
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry

    tldextract.extract = tldextract.TLDExtract(suffix_list_urls=())
    registry = RecognizerRegistry()
    registry.load_predefined_recognizers(languages=["en"])
    for recognizer in [each for each in registry.recognizers if not hasattr(each, "patterns")]:
        registry.remove_recognizer(recognizer.name)
    analyzer = AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=["en"])
    return lambda text: len(analyzer.analyze(text, language="en"))


def presidio_no_nlp(path):
    from presidio_analyzer.nlp_engine import NoOpNlpEngine

    return per_text(path, presidio(NoOpNlpEngine())), "presidio-analyzer"


def presidio_blank(path):
    import spacy
    from presidio_analyzer.nlp_engine import SpacyNlpEngine

    engine = SpacyNlpEngine()
    engine.nlp = {"en": spacy.blank("en")}
    return per_text(path, presidio(engine)), "presidio-analyzer"


def datafog(path):
    import datafog

    return per_text(path, lambda text: len(datafog.scan(text, engine="regex").entities)), "datafog"


def detect_secrets(path):
    from detect_secrets import SecretsCollection
    from detect_secrets.settings import default_settings

    def run():
        secrets = SecretsCollection()
        with default_settings():
            secrets.scan_file(path)
        return sum(1 for _ in secrets)

    return run, "detect-secrets"


def per_text(path, look):
    with open(path, encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in lines]
    return lambda: sum(map(look, texts))


PEERS = {
    "presidio-no-nlp": presidio_no_nlp,
    "presidio-blank": presidio_blank,
    "detect-secrets": detect_secrets,
    "datafog": datafog,
}


def main():
    name, path, runs = sys.argv[1], sys.argv[2], int(sys.argv[3])
    try:
        run, package = PEERS[name](path)
    except ImportError:
        sys.exit(4)
    from importlib.metadata import version

    found, costs = 0, []
    for _ in range(runs + 1):  # the first warms up
        before = time.process_time()
        found = run()
        costs.append(time.process_time() - before)
    print(json.dumps({"found": found, "cpu": costs[1:], "version": version(package)}))


main()
