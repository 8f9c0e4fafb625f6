"""The vote of the teachers that label free texts for the tagger."""

from __future__ import annotations

import pytest

from training.silver import agreed

ANN, BERG, ROME, ACME = (0, 3, "P"), (10, 14, "P"), (20, 24, "L"), (30, 34, "O")


@pytest.mark.parametrize(
    ("spacy", "ours", "rampart", "expected"),
    [
        pytest.param([ANN, ROME], [ANN, ROME], None, [ANN, ROME], id="two agree"),
        pytest.param([ANN], [], [ANN], [ANN], id="rampart decides for"),
        pytest.param([ANN], [], [], [], id="and against"),
        pytest.param([], [BERG], [BERG], [BERG], id="spaCy outvoted"),
        pytest.param([], [BERG], [], [], id="ours outvoted"),
        pytest.param([ANN, ROME], [ANN], None, None, id="a place in doubt"),
        pytest.param([ANN], [ANN, ACME], None, None, id="an organisation in doubt"),
        pytest.param([(0, 8, "P")], [ANN], None, [(0, 8, "P")], id="spaCy's edges"),
        pytest.param([], [], None, [], id="nothing"),
    ],
)
def test_two_of_three(spacy, ours, rampart, expected) -> None:
    assert agreed(spacy, ours, rampart) == expected
