"""Does a picture show the ridges of fingers or palms? A test of its spatial frequencies, without a model.

Ridges are a wave of one period that turns as it goes over the skin: most blocks of such a picture have one peak in
their spectrum, of much the same period, in many directions. Measured on public scans and on photographs; latent prints
on a busy ground are not found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["LARGEST", "Ridges", "measure"]

LARGEST: Final = 2048
"""Pixels a side that are looked at: the middle of a larger picture tells as much."""
BLOCK: Final = 32
_PERIODS: Final = (4.5, 14.5)  # pixels between ridges, at full or half size: 200 to 1000 dots per inch
_PEAK = 0.45  # share of a block's energy in its one peak
_CONTRAST = 12.0  # standard deviation of a block worth a look
_SHARE, _SPREAD = 0.20, 0.40  # of the blocks; of their directions: 0 all alike, 1 every way
_BLOCKS: Final = 12  # ridged blocks there must be: a thumb's nail of a picture proves nothing
_FEW: Final = 64  # blocks that tell whether the others are worth it


class Ridges(NamedTuple):
    """`share` of the blocks that hold ridges (0 to 1), `spread` of their directions (0 to 1), how many `blocks`."""

    share: float
    spread: float
    blocks: int

    @property
    def found(self) -> bool:
        """Whether it is a print."""
        return self.share >= _SHARE and self.spread >= _SPREAD and self.blocks >= _BLOCKS


def measure(grey: NDArray[np.uint8]) -> Ridges:
    """Measure a picture of grey values (rows, columns); the better of full and of half size."""
    rows, columns = grey.shape
    top, left = max(rows - LARGEST, 0) // 2, max(columns - LARGEST, 0) // 2
    grey = grey[top : top + LARGEST, left : left + LARGEST]
    whole = _measured(grey.astype(np.float32))
    if whole.found or min(grey.shape) < 4 * BLOCK:
        return whole
    even = grey[: grey.shape[0] // 2 * 2, : grey.shape[1] // 2 * 2].astype(np.float32)
    half = (even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]) * np.float32(0.25)
    return max(whole, _measured(half), key=lambda measured: (measured.found, measured.share))


def _measured(grey: NDArray[np.float32]) -> Ridges:
    down, across = grey.shape[0] // BLOCK, grey.shape[1] // BLOCK
    if not down or not across:
        return Ridges(0.0, 0.0, 0)
    squares = grey[: down * BLOCK, : across * BLOCK].reshape(down, BLOCK, across, BLOCK).swapaxes(1, 2)
    blocks = squares.reshape(-1, BLOCK, BLOCK)
    worth = blocks[blocks.std(axis=(1, 2)) > _CONTRAST]
    few = worth[:: max(len(worth) // _FEW, 1)]
    if len(worth) < _SHARE * len(blocks) or len(_directions(few)) < _SHARE / 2 * len(few):
        return Ridges(0.0, 0.0, 0)  # as of nearly all pictures
    turns = _directions(worth)
    spread = float(1 - abs(np.exp(2j * turns).mean())) if len(turns) else 0.0
    return Ridges(round(len(turns) / len(blocks), 3), round(spread, 3), len(turns))


def _directions(blocks: NDArray[np.float32]) -> NDArray[Any]:
    """Return the direction of the wave of each block that is one, in radians."""
    still = blocks - blocks.mean(axis=(1, 2), keepdims=True)
    power = np.abs(np.fft.rfft2(still * _HANN)) ** 2
    power[:, :, 1 : BLOCK // 2] *= 2  # the half of the spectrum that is not computed mirrors these
    total = power.sum(axis=(1, 2)) + 1e-9
    flat = power.reshape(len(power), -1).argmax(axis=1)
    row, column = np.divmod(flat, power.shape[2])
    near = np.zeros(len(power), dtype=power.dtype)
    number = np.arange(len(power))
    for over in (-1, 0, 1):
        for aside in (-1, 0, 1):
            beside = column + aside
            inside = (beside >= 0) & (beside < power.shape[2])
            near += np.where(inside, power[number, (row + over) % BLOCK, np.clip(beside, 0, power.shape[2] - 1)], 0)
    counts = (near / total > _PEAK) & _RIDGED[row, column]
    turns: NDArray[Any] = np.arctan2(_DOWN[row[counts]], column[counts])
    return turns


_DOWN: Final = np.fft.fftfreq(BLOCK) * BLOCK
_HANN: Final = np.outer(np.hanning(BLOCK), np.hanning(BLOCK)).astype(np.float32)
_FREQUENCY: Final = np.hypot(_DOWN[:, None], np.arange(BLOCK // 2 + 1)[None, :]) / BLOCK
_RIDGED: Final = (_FREQUENCY * _PERIODS[1] >= 1) & (_FREQUENCY * _PERIODS[0] <= 1)
