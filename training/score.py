"""How well a tagger does, set by set: spans that overlap, spans that are the same, letters covered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from privscan.detectors.names.reader import Reader
    from training.data import Text

KIND = {"P": 1, "L": 2, "O": 3}


@dataclass(slots=True)
class Score:
    """Counts of one kind of name: gold spans and those found, predicted spans and those right, gold characters."""

    gold: int = 0
    found: int = 0
    predicted: int = 0
    right: int = 0
    same: int = 0
    letters: int = 0
    covered: int = 0

    @property
    def precision(self) -> float:
        return self.right / self.predicted if self.predicted else 0.0

    @property
    def recall(self) -> float:
        return self.found / self.gold if self.gold else 0.0

    @property
    def f1(self) -> float:
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0

    @property
    def exact(self) -> float:
        return 2 * self.same / (self.gold + self.predicted) if self.gold + self.predicted else 0.0

    @property
    def letter_recall(self) -> float:
        return self.covered / self.letters if self.letters else 0.0


def bare(text: str, start: int, end: int) -> tuple[int, int]:
    """Return a span without marks at its edges, a leading "the" or a trailing "'s"."""
    while start < end and not text[start].isalnum():
        start += 1
    while start < end and not text[end - 1].isalnum():
        end -= 1
    if text[start : start + 4].lower() == "the ":
        start += 4
    if text[max(end - 2, start) : end] in ("'s", "’s"):
        end -= 2
    return start, end


def score(reader: Reader, texts: Sequence[Text], kind: str = "P") -> Score:
    """Return the counts of one kind of name over some texts."""
    out = Score()
    named = dict(reader.names(list({text.text for text in texts})))
    for text in texts:
        gold = [bare(text.text, start, end) for start, end, label in text.spans if label == kind]
        every = [bare(text.text, name.start, name.end) for name in named.get(text.text, ())]
        mine = [span for name, span in zip(named.get(text.text, ()), every, strict=True) if name.kind == KIND[kind]]
        out.gold += len(gold)
        out.predicted += len(mine)
        out.found += sum(any(start < stop and begin < end for begin, stop in mine) for start, end in gold)
        out.right += sum(any(start < stop and begin < end for begin, stop in gold) for start, end in mine)
        out.same += len(set(gold) & set(mine))
        out.letters += sum(end - start for start, end in gold)
        out.covered += sum(_covered(span, every) for span in gold)
    return out


def _covered(span: tuple[int, int], others: Iterable[tuple[int, int]]) -> int:
    return sum(max(0, min(span[1], end) - max(span[0], start)) for start, end in others)


def told(name: str, found: Score) -> str:
    """Return a line of a table."""
    return (
        f"{name:26} n={found.gold:5}  exact {found.exact:.3f}  overlap P {found.precision:.3f} R {found.recall:.3f} "
        f"F1 {found.f1:.3f}  letters {found.letter_recall:.3f}"
    )
