"""Sound made up for the tests: a voice of formants, which the model takes for speech, and what nobody says."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import soundfile

_VOWELS = (
    (730, 1090, 2440),
    (270, 2290, 3010),
    (300, 870, 2240),
    (530, 1840, 2480),
    (570, 840, 2410),
    (660, 1720, 2410),
)
_WIDTHS = (80, 100, 140)


def voice(seconds: float, rate: int) -> np.ndarray[Any, Any]:
    """Syllables: a falling pitch through moving formants, a hiss in front of each."""
    chance = np.random.default_rng(5)
    parts = []
    while sum(map(len, parts)) < seconds * rate:
        first, second = chance.choice(len(_VOWELS), 2)
        count = int(rate * chance.uniform(0.14, 0.24))
        pitch = np.linspace(chance.uniform(120, 150), chance.uniform(90, 115), count) * (
            1 + 0.01 * chance.normal(size=count)
        )
        phase = np.cumsum(pitch / rate)
        pulses = np.diff(np.floor(phase), prepend=0.0)
        source = np.convolve(pulses, np.exp(-np.arange(rate // 400) / (rate / 2500)))[:count]
        source += 0.01 * chance.normal(size=count)
        vowel = sum(
            _resonance(source, np.linspace(_VOWELS[first][at], _VOWELS[second][at], count), _WIDTHS[at], rate)
            / (at + 1)
            for at in range(3)
        )
        hiss = np.diff(chance.normal(size=int(rate * 0.05)), prepend=0.0) * 0.02
        parts += [hiss, vowel / (np.abs(vowel).max() + 1e-9) * 0.5 * np.hanning(count) ** 0.4]
        if chance.random() < 0.3:
            parts.append(np.zeros(int(rate * 0.12)))
    return np.concatenate(parts)[: int(seconds * rate)]


def _resonance(
    source: np.ndarray[Any, Any], centres: np.ndarray[Any, Any], width: float, rate: int
) -> np.ndarray[Any, Any]:
    """Two poles that move with the centre of a formant."""
    radius = np.exp(-np.pi * width / rate)
    turns = 2 * radius * np.cos(2 * np.pi * centres / rate)
    out, before, last = np.zeros(len(source)), 0.0, 0.0
    for at, (sample, turn) in enumerate(zip(source.tolist(), turns.tolist(), strict=True)):
        before, last = last, sample + turn * last - radius * radius * before
        out[at] = last
    return out


def written(samples: np.ndarray[Any, Any], rate: int, kind: str = "WAV", subtype: str | None = None) -> bytes:
    out = io.BytesIO()
    with soundfile.SoundFile(out, "w", rate, 1 if samples.ndim == 1 else samples.shape[1], subtype, None, kind) as file:
        for at in range(0, len(samples), rate):
            file.write(samples[at : at + rate])
    return out.getvalue()
