"""Ridges of skin in pictures: made-up prints are found, other waves and surfaces are not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from privscan.media import ridges

DOWN, ACROSS = np.mgrid[:400, :320].astype(float)
CHANCE = np.random.default_rng(6)


def grey(values: np.ndarray[Any, Any]) -> np.ndarray[Any, np.dtype[np.uint8]]:
    spread = np.ptp(values) or 1
    return ((values - values.min()) / spread * 255).astype(np.uint8)


def whorl(period: float, noise: float = 0.3) -> np.ndarray[Any, Any]:
    """A spiral of ridges, bent, with the noise of a sensor."""
    away = np.hypot((DOWN - 220) * 0.8, ACROSS - 150)
    turn = np.arctan2(DOWN - 220, ACROSS - 150)
    bent = away + 6 * np.sin(turn * 3) + 0.002 * away**2 * np.cos(turn)
    return np.sin(2 * np.pi * bent / period + turn) + noise * CHANCE.normal(size=DOWN.shape)


def loop(period: float) -> np.ndarray[Any, Any]:
    """Ridges that come in, turn round a core and leave."""
    core = np.hypot(DOWN - 160, ACROSS - 160)
    phase = np.where(DOWN < 160, core, np.abs(ACROSS - 160) + 0.1 * (DOWN - 160))
    return np.sin(2 * np.pi * phase / period + 0.3 * np.sin(ACROSS / 40)) + 0.2 * CHANCE.normal(size=DOWN.shape)


@pytest.mark.parametrize("period", [5, 7, 9, 12, 18, 26])
def test_a_whorl_is_found(period) -> None:
    assert ridges.measure(grey(whorl(period))).found


@pytest.mark.parametrize("period", [7, 9])
def test_a_loop_is_found(period) -> None:
    assert ridges.measure(grey(loop(period))).found


def test_a_print_on_a_larger_sheet_is_found_in_its_middle() -> None:
    sheet = np.full((2600, 2400), 255, dtype=np.uint8)
    sheet[600:1900, 600:1800] = np.kron(grey(whorl(9)), np.ones((4, 4), dtype=np.uint8))[:1300, :1200]
    small = sheet[::4, ::4][150:475, 150:450]
    assert ridges.measure(small).found


@pytest.mark.parametrize(
    "picture",
    [
        pytest.param(np.zeros((400, 320)), id="black"),
        pytest.param(CHANCE.normal(size=(400, 320)), id="noise"),
        pytest.param(np.sin(ACROSS * 2 * np.pi / 9), id="stripes"),
        pytest.param(np.sin(ACROSS * 0.7) + np.sin(DOWN * 0.7), id="weave"),
        pytest.param((ACROSS % 9 < 4) & (DOWN % 9 < 4), id="dots"),
        pytest.param(DOWN + ACROSS, id="light"),
        pytest.param(np.sin(ACROSS * 2 * np.pi / 60 + np.sin(DOWN / 30) * 3), id="zebra"),
        pytest.param(np.cumsum(np.cumsum(CHANCE.normal(size=(400, 320)), 0), 1), id="clouds"),
        pytest.param(np.kron(CHANCE.integers(0, 2, (50, 40)), np.ones((8, 8))), id="code"),
        pytest.param(np.zeros((1, 5000)), id="one-row"),
        pytest.param(np.zeros((31, 31)), id="less-than-a-block"),
    ],
)
def test_other_pictures_are_not(picture) -> None:
    assert not ridges.measure(grey(np.asarray(picture, dtype=float))).found


def test_an_empty_picture_has_no_ridges() -> None:
    assert ridges.measure(np.zeros((0, 0), dtype=np.uint8)) == ridges.Ridges(0.0, 0.0, 0)
