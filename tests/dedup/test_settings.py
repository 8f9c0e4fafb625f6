"""Settings refuse what makes no sense."""

from __future__ import annotations

from typing import Any

import pytest

from privscan.dedup import DedupSettings
from privscan.errors import ConfigError

WRONG: dict[str, dict[str, Any]] = {
    "method": {"method": "nearly"},
    "threshold 0": {"threshold": 0.0},
    "threshold over 1": {"threshold": 1.01},
    "threshold not a number": {"threshold": float("nan")},
    "no ngram": {"ngram": 0},
    "no bands": {"bands": 0},
    "too many rows": {"rows": 1001},
    "negative seed": {"seed": -1},
}


@pytest.mark.parametrize("values", WRONG.values(), ids=WRONG)
def test_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        DedupSettings(**values)


def test_recall_of_the_defaults() -> None:
    assert DedupSettings().hashes == 125
    assert DedupSettings().recall == pytest.approx(1 - (1 - 0.8**5) ** 25)
    assert DedupSettings().recall > 0.9999
