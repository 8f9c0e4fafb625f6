"""What a model found in a text, and words of one name put together."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from privscan.detectors.models import labels

if TYPE_CHECKING:
    from collections.abc import Iterable

BETWEEN = {"STREET_ADDRESS": " ,\n\t", "PERSON": " .'’-"}  # marks that may stand between two words of one name
FAR = 3  # how many of them


class Found(NamedTuple):
    """A name in a text: code points, our entity, chance (0 to 1), the model's own tag."""

    start: int
    end: int
    entity: str
    score: float
    label: str


def joined(text: str, pieces: Iterable[Found]) -> list[Found]:
    """Return names of the words of names: those of one entity with nothing but a blank or the like between them.

    A tag that opens a name parts it from one before it of the same label; a surname follows a given name.
    """
    out: list[Found] = []
    for piece in pieces:
        last = out[-1] if out else None
        if last is not None and last.entity == piece.entity and _near(text, last, piece):
            score = min(last.score, piece.score)
            out[-1] = Found(last.start, piece.end, last.entity, score, piece.label)
        else:
            out.append(piece)
    return out


def _near(text: str, last: Found, piece: Found) -> bool:
    between = text[last.end : piece.start]
    same = labels.bare(last.label) == labels.bare(piece.label)
    if labels.opens(piece.label) and same and between and piece.entity != "STREET_ADDRESS":
        return False
    return len(between) <= FAR and all(mark in BETWEEN.get(piece.entity, " ") for mark in between)
