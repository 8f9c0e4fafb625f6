"""Labels plain texts by a vote of teachers: `python -m training.silver --data DIR --spacy MODEL --out FILE`.

A person's name needs two of three: spaCy's pipeline, Rampart, a tagger trained on the gold sets alone. A place or an
organisation needs spaCy and the tagger; a sentence on which those two differ there is left out. The teachers are used
here only: neither they nor the texts are in what ships. MIT (en_core_web_md 3.7.1), CC-BY-4.0 (Rampart).
"""

from __future__ import annotations

import argparse
import importlib
import json
import random
import re
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from privscan.detectors.models import folder
from privscan.detectors.models.tags import Tags
from privscan.detectors.names import network
from privscan.detectors.names.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Iterator

Spans = list[tuple[int, int, str]]
TEXTS = {  # file -> thousands of characters of it
    "names/novels_unlabelled_en": 600, "corpora/books_en": 250, "corpora/emails_spamassassin": 160,
    "corpora/peps_en": 120, "corpora/sgd_chat_messages": 120, "corpora/gsm8k": 120, "corpora/self_instruct": 80,
    "corpora/chrome_docs_en": 60, "corpora/taskmaster_chat_messages": 40, "corpora/powershell_docs_en": 60,
    "neardup/docs": 60,
}  # fmt: skip
KINDS = {"PERSON": "P", "GPE": "L", "LOC": "L", "FAC": "L", "ORG": "O"}
OURS = ("", "P", "L", "O")
SHORT, LONG = 30, 700  # characters of a sentence, or of a few


def pieces(data: Path, rng: random.Random) -> Iterator[str]:
    """Yield paragraphs, and parts of longer ones, from all over each file."""
    for name, thousands in TEXTS.items():
        found = []
        with (data / f"{name}.jsonl").open(encoding="utf-8") as lines:
            for row in map(json.loads, lines):
                texts = [row["text"]] if "text" in row else [entry["content"] for entry in row["messages"]]
                for text in texts:
                    found += [part for part in re.split(r"\n\s*\n|(?<=[.!?])\s+(?=[A-Z\"'“])", text) if part.strip()]
        joined, at = [], 0
        while at < len(found):  # three sentences at a time
            joined.append(" ".join(found[at : at + 3]).strip())
            at += 3
        rng.shuffle(joined)
        left = thousands * 1000
        for text in joined:
            if SHORT <= len(text) <= LONG and left > 0:
                left -= len(text)
                yield text


def agreed(spacy: Spans, ours: Spans, rampart: Spans | None) -> Spans | None:
    """Return the spans the teachers agree on; None where they differ on places or organisations.

    `rampart` is None where the other two agreed, so that it was not asked.
    """

    def meets(span: tuple[int, int, str], others: Spans, kind: str = "") -> bool:
        return any(span[0] < end and start < span[1] and kind in ("", label) for start, end, label in others)

    out: Spans = []
    for span in spacy:
        if span[2] == "P":
            if meets(span, ours, "P") or (rampart is not None and meets(span, rampart)):
                out.append(span)
        elif meets(span, ours):
            out.append(span)
        else:
            return None
    for span in ours:
        if meets(span, spacy):
            continue
        if span[2] == "P" and rampart is not None and meets(span, rampart):
            out.append(span)
        elif span[2] != "P":
            return None
    return sorted(out)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.silver", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with names/, corpora/ and neardup/")
    parser.add_argument("--spacy", required=True, help="an installed pipeline, or its folder")
    parser.add_argument("--tagger", type=Path, default=network.WEIGHTS, help="weights trained without silver text")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    texts = list(dict.fromkeys(pieces(options.data, random.Random(options.seed))))
    pipeline: Any = importlib.import_module("spacy").load(options.spacy, enable=["tok2vec", "ner"])
    rampart = Tags(folder.of("rampart"))
    weights = network.unpacked(options.tagger.read_bytes())
    ours = dict(Reader(weights, [0.0] * 3).names(texts))
    kept = 0
    with options.out.open("w", encoding="utf-8") as out:
        for text, read in zip(texts, pipeline.pipe(texts, batch_size=64), strict=True):
            first = [(e.start_char, e.end_char, KINDS[e.label_]) for e in read.ents if e.label_ in KINDS]
            second = [(name.start, name.end, OURS[name.kind]) for name in ours[text]]
            third = None
            if not _same(first, second):
                third = [(f.start, f.end, "P") for f in rampart.found(text) if f.entity == "PERSON"]
            spans = agreed(first, second, third)
            if spans is not None and (spans or zlib.crc32(text.encode()) % 3 == 0):
                kept += 1
                out.write(json.dumps({"id": str(kept), "text": text, "spans": spans}, ensure_ascii=False) + "\n")
    print(f"{options.out}: {kept} of {len(texts)} pieces")


def _same(first: Spans, second: Spans) -> bool:
    """Say whether two teachers see people in the same places."""
    people = [[span for span in spans if span[2] == "P"] for spans in (first, second)]
    return all(any(a[0] < b[1] and b[0] < a[1] for b in other) for mine, other in (people, people[::-1]) for a in mine)


if __name__ == "__main__":
    main()
