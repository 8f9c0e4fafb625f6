"""Run one system that finds names over the texts of a JSONL file; `names` runs it with the peers' interpreter.

python names_child.py privscan|spacy|presidio FILE PIPELINE 0|1      1: also print the spans; ends with 4 where the
system is not installed. One thread; what is loaded is not timed.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

NOT_INSTALLED = 4
IDLE = ["tagger", "morphologizer", "parser", "senter", "attribute_ruler", "lemmatizer"]  # say nothing of names
KINDS = {"PERSON": "P", "GPE": "L", "LOC": "L", "FAC": "L", "LOCATION": "L", "ORG": "O", "ORGANIZATION": "O"}
Spans = list[tuple[int, int, str]]


def privscan(_: str) -> Callable[[list[str]], list[Spans]]:
    """Return a call for our stage for names alone, as a scan calls it."""
    sys.path.insert(0, os.getcwd())
    config, names, model = (import_module(f"privscan.{name}") for name in ("config", "detectors.names", "model"))
    detector = names.Names(config.settings("scan", select=["pii.person.name"]))

    def look(texts: list[str]) -> list[Spans]:
        leaves = [model.Leaf(n, "/text", "text", text, model.LeafKind.STRING, None) for n, text in enumerate(texts)]
        found: list[Spans] = [[] for _ in texts]
        for low in range(0, len(leaves), 256):  # about a block
            for place, matches in detector.detect(leaves[low : low + 256]).items():
                found[low + place] = [(match.span.start, match.span.end, "P") for match in matches]
        return found

    return look


def spacy(pipeline: str) -> Callable[[list[str]], list[Spans]]:
    """Return a call for a pipeline's names alone, in batches."""
    nlp = import_module("spacy").load(pipeline, disable=IDLE)
    return lambda texts: [
        [(e.start_char, e.end_char, KINDS.get(e.label_, "")) for e in doc.ents]
        for doc in nlp.pipe(texts, batch_size=64)
    ]


def presidio(pipeline: str) -> Callable[[list[str]], list[Spans]]:
    """Return a call for Presidio's engine as it comes, on that pipeline; no network."""
    analyzer, engines = import_module("presidio_analyzer"), import_module("presidio_analyzer.nlp_engine")
    suffixes = import_module("tldextract.tldextract")
    suffixes.TLD_EXTRACTOR = suffixes.TLDExtract(cache_dir=None, suffix_list_urls=())
    engine = engines.SpacyNlpEngine(models=[{"lang_code": "en", "model_name": pipeline}])
    engine.nlp = {"en": import_module("spacy").load(pipeline)}
    made = analyzer.AnalyzerEngine(nlp_engine=engine, supported_languages=["en"])
    return lambda texts: [
        [(r.start, r.end, KINDS.get(r.entity_type, "")) for r in made.analyze(text, language="en")] for text in texts
    ]


def peak() -> int:
    """Return the most memory this program has had, in bytes; what the system counts may be its parent's."""
    if os.path.exists("/proc/self/status"):
        with open("/proc/self/status", encoding="ascii") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


SYSTEMS: dict[str, tuple[str, Any]] = {
    "privscan": ("numpy", privscan),
    "spacy": ("spacy", spacy),
    "presidio": ("presidio-analyzer", presidio),
}


def main() -> None:
    """Do what the command line says."""
    name, path, pipeline, score = sys.argv[1:5]
    package, make = SYSTEMS[name]
    with open(path, encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in lines]
    try:
        look = make(pipeline)
    except ImportError:
        sys.exit(NOT_INSTALLED)
    look(texts[:8])
    before = time.process_time()
    found = look(texts)
    cost = time.process_time() - before
    told = {"cpu": cost, "characters": sum(map(len, texts)), "version": version(package)}
    told["peak"] = peak()
    print(json.dumps(told | ({"spans": found} if score == "1" else {})))


if __name__ == "__main__":
    for threads in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[threads] = "1"
    main()
