"""Makes `privscan/validators/bigrams.txt`: how rare it is that one character follows another in what people write.

    python training/bigrams.py FOLDER_OF_JSONL... > privscan/validators/bigrams.txt

Counts pairs inside the words of the `text` (or messages) of every row; each file has the same weight, so that no
source sets the tone. The table shipped was made of plain texts of many kinds: books, documentation, proposals, mails,
dialogues, school maths (public domain, CC0, CC-BY, CC-BY-SA, MIT, Apache-2.0). It holds counts' logarithms, no text.
"""

from __future__ import annotations

import itertools
import json
import math
import re
import string
import sys
from collections import Counter
from pathlib import Path
from typing import Any

CLASSES = string.ascii_lowercase + string.ascii_uppercase + "0_"  # any digit, anything else
WORD = re.compile(r"[!-~]{2,64}")
SCALE = 4  # of a bit
SMOOTH = 0.5


def strings(value: Any) -> list[str]:
    """Return the strings of a row."""
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for entry in inner for text in strings(entry)]


def classes(word: str) -> str:
    """Return the class of each character of a word."""
    return "".join(c if c.isascii() and c.isalpha() else "0" if c.isdigit() else "_" for c in word)


def counted(path: Path) -> Counter[str]:
    """Count the pairs in a file."""
    pairs: Counter[str] = Counter()
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            for text in strings(json.loads(line)):
                for word in WORD.findall(text):
                    kinds = classes(word)
                    pairs.update(map("".join, itertools.pairwise(kinds)))
    return pairs


def main() -> None:
    """Print a row a first character, a number a second one: quarters of a bit that the pair is worth."""
    weights: Counter[str] = Counter()
    for folder in sys.argv[1:]:
        for path in sorted(Path(folder).glob("*.jsonl")):
            pairs = counted(path)
            share = 1e6 / max(pairs.total(), 1)
            for pair, count in pairs.items():
                weights[pair] += count * share
    for first in CLASSES:
        row = [weights[first + second] + SMOOTH for second in CLASSES]
        sys.stdout.write(" ".join(str(round(SCALE * -math.log2(n / sum(row)))) for n in row) + "\n")


main()
