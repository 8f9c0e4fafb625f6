"""Makes the bundled tagger: `python -m training --data DIR --sources DIR`. README.md says what goes in."""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import random
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from privscan.detectors.names import network as runtime
from privscan.detectors.names.reader import Reader
from training import data, lists, pack, score, train

if TYPE_CHECKING:
    from collections.abc import Iterator

    from training.data import Text

HERE = Path(__file__).parent
MADE = 12_000  # sentences of templates in a pass
CODE = 4000  # pieces of code in a pass
SURNAMES = 60_000


def texts(data_dir: Path) -> Iterator[str]:
    """Yield every text whose words are counted for the list of plain words; scored sets stay out."""
    for folder in ("corpora", "names", "pii"):
        for file in sorted((data_dir / folder).glob("*.jsonl")):
            if file.stem in data.NEVER:
                continue
            with file.open(encoding="utf-8") as lines:
                for row in map(json.loads, lines):
                    yield from [row["text"]] if "text" in row else [entry["content"] for entry in row["messages"]]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with names/, pii/, corpora/ and secrets/")
    parser.add_argument("--sources", type=Path, required=True, help="folder with census and GeoNames tables")
    parser.add_argument("--out", type=Path, default=runtime.WEIGHTS, help="the weights file to write")
    parser.add_argument("--passes", type=int, default=9)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--silver", type=Path, help="what training.silver wrote")
    parser.add_argument("--without", nargs="*", default=[], help="sets kept back whole, to score on")
    options = parser.parse_args()
    rng = random.Random(options.seed)
    known, kept_back = data.gold(options.data, options.without)
    known += data.silver(options.silver) if options.silver else []
    people = lists.faker_names()
    flags = lists.build(people, options.sources, texts(options.data))
    known += data.nameless(options.data, lists.lookup(*flags))
    surnames = lists.census(options.sources, "census_2020", SURNAMES)
    maker = data.Maker(people, surnames, lists.cities(options.sources), HERE / "templates.txt", options.seed)
    negatives = data.code(options.data)
    rounds = data.passes(known, MADE, negatives, CODE, maker)
    params = train.train(rounds, options.passes, flags, options.seed)
    rng.shuffle(kept_back)
    held = pack.whole(params, kept_back[:4000], flags)
    held |= {"keys": flags[0], "flags": flags[1]}
    held = pack.leaning(held, kept_back)
    raw = pack.packed(held)
    options.out.write_bytes(raw)
    digest = hashlib.sha256(raw).hexdigest()
    print(f"{options.out}: {len(raw)} bytes, SHA-256 {digest}", file=sys.stderr)
    if options.out == runtime.WEIGHTS:
        code = Path(runtime.__file__)
        code.write_text(re.sub(r'(?m)^SHA256 = ".*"', f'SHA256 = "{digest}"', code.read_text("utf-8")), "utf-8")
    report(options.data, kept_back, Reader(runtime.unpacked(raw)))


def report(data_dir: Path, kept_back: list[Text], reader: Reader) -> None:
    """Print the scores on what was not trained on, set by set and kind by kind."""
    sets: dict[str, list[Text]] = {}
    for name in data.NEVER:
        sets[name] = [text for _, text in data.read(data_dir / "pii" / f"{name}.jsonl")]
    for source, group in itertools.groupby(
        sorted(kept_back, key=lambda text: text.source), key=lambda text: text.source
    ):
        sets[source] = list(group)
    for kind in "PLO":
        for name, found in sets.items():
            print(kind, score.told(name, score.score(reader, found, kind)))
    for name in data.NEVER[:2]:
        small: list[Any] = [text._replace(text=text.text.lower()) for text in sets[name]]
        small = [text for text, was in zip(small, sets[name], strict=True) if len(text.text) == len(was.text)]
        print("P", score.told(f"{name}, small", score.score(reader, small)))


if __name__ == "__main__":
    main()
