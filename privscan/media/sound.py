"""Sound recordings: is somebody heard to speak in them? That is a finding; whose voice it is nobody asks.

Promises: a recording is decoded to its end, piece by piece; what is known as sound but cannot be decoded is an error,
never "no speech". A cleaned recording is as long as it was, of the same rate, channels and coding.
"""

from __future__ import annotations

import contextlib
import io
import os
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from privscan.errors import DetectorError, MissingError
from privscan.media import frames, ogg
from privscan.media.seen import Seen
from privscan.media.speech import LEAST, Listener
from privscan.model import Confidence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from privscan.media.seen import Told

__all__ = ["clean", "look"]

LONGEST: Final = 12 * 3600
"""Seconds of sound in one value that are listened to; more is an error."""
_SAMPLES = 1 << 33  # of all channels
_RATES: Final = range(1_000, 800_000)  # samples a second of recordings there are
_PIECE = 4  # seconds decoded at a time
_SURE = 1.0  # seconds of speech that are beyond doubt
_ROUNDS = 4  # of muting what is still heard
_UNREAD: Final = (  # sound that no library here decodes: where, what it begins with, and its name
    (0, b"#!AMR", "AMR"),
    (4, b"ftyp", "MPEG-4 (M4A)"),
    (0, b"\x1aE\xdf\xa3", "Matroska or WebM"),
    (0, b"\xff\xf1", "AAC"),
    (0, b"\xff\xf9", "AAC"),
)


def look(data: bytes | memoryview, told: Told | None = None) -> list[Seen]:
    """Return the voice heard in a recording, or nothing; `parts` of it are runs of samples (first, behind).

    Nothing also for bytes that only begin like sound. DetectorError where sound cannot be decoded, MissingError where
    the libraries are not there.
    """
    if not frames.plausible(data):
        return []
    with _quiet(data), _opened(data) as sound:
        heard, count = _listened(sound)
        rate = sound.samplerate
    if told is not None:
        told["sounds"] += 1
        told["milliseconds"] += round(count * 1000 / rate)
        told["speech_milliseconds"] += round(heard.seconds * 1000) if heard.seconds >= LEAST else 0
    if heard.seconds < LEAST:
        if frames.cut(data):
            raise DetectorError("a sound that cannot be decoded to its end: it is cut off")
        return []
    confidence = Confidence.HIGH if heard.seconds >= _SURE else Confidence.MEDIUM
    evidence = (
        f"speech:{heard.seconds:.1f} s",
        f"length:{count / rate:.1f} s",
        f"rate:{rate}",
        f"model:{heard.score:.2f}",
    )
    runs = tuple((first, min(behind, count)) for first, behind in heard.runs)
    return [Seen("VOICE", "biometric.voice", confidence, evidence, parts=runs)]


def clean(data: bytes | memoryview, seen: list[Seen], *, mute: bool = False) -> bytes | None:
    """Return the recording with its speech muted, None where nothing of it may stay (what is asked for by default).

    Muting is repeated until no speech is heard in what was written; a recording that does not come clean is None.
    """
    if not mute:
        return None
    for _ in range(_ROUNDS):
        runs = [part for found in seen for part in found.parts if found.entity == "VOICE"]
        written = _muted(data, runs)
        if written is None:
            return None
        seen = look(written)
        if not seen:
            return written
        data = written
    return None


@contextlib.contextmanager
def _quiet(data: bytes | memoryview) -> Iterator[None]:
    """Keep libmpg123, which prints what it thinks of a stream, from the standard error of the run."""
    if not frames.mpeg(data, frames.tagged(data)):
        yield
        return
    kept, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(null)


def _opened(data: bytes | memoryview) -> Any:
    """Return the recording as libsndfile reads it."""
    for at, magic, name in _UNREAD:
        if data[at : at + len(magic)] == magic:
            raise DetectorError(f"a sound in {name}, which cannot be decoded here: convert it to FLAC, Ogg or WAV")
    try:
        import soundfile
    except (ImportError, OSError):
        raise MissingError(
            "audio",
            "a sound, and no decoder on this platform: install soundfile, or accept it with --allow-missing audio",
        ) from None
    try:
        sound = soundfile.SoundFile(_Bytes(frames.mended(data)))
    except (soundfile.LibsndfileError, ValueError, RuntimeError):
        raise DetectorError("a sound that cannot be decoded: broken, or of a coding that is not known here") from None
    if sound.samplerate not in _RATES:
        sound.close()
        raise DetectorError("a sound that cannot be decoded: its rate is none of a recording")
    return sound


class _Bytes(io.BytesIO):
    """Bytes to read in which a place before the first is none: broken files ask for such."""

    def seek(self, offset: int, whence: int = 0, /) -> int:
        try:
            return super().seek(offset, whence)
        except ValueError:
            return -1


def _listened(sound: Any) -> tuple[Any, int]:
    """Listen to a recording to its end; return what was heard and the samples of a channel."""
    listener = Listener(sound.samplerate)
    count = 0
    for piece in _pieces(sound, "float32"):
        count += len(piece)
        if count > LONGEST * sound.samplerate or count * sound.channels > _SAMPLES:
            raise DetectorError(f"a sound of more than {LONGEST // 3600} hours: cut it up")
        listener.take(_mono(piece))
    return listener.heard(), count


def _pieces(sound: Any, kind: str) -> Iterator[NDArray[Any]]:
    """Yield (samples, channels) to the end; DetectorError where the decoder gives up in between."""
    import soundfile

    size = max(min(_PIECE * sound.samplerate, (1 << 22) // sound.channels), 1)
    try:
        while len(piece := sound.read(size, dtype=kind, always_2d=True)):
            yield piece
    except (soundfile.LibsndfileError, RuntimeError, ValueError):
        raise DetectorError("a sound that cannot be decoded to its end") from None


def _mono(piece: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return one channel of several: their mean, or the loudest where they cancel one another out."""
    piece = np.nan_to_num(piece, posinf=0, neginf=0)
    if piece.shape[1] == 1:
        return np.clip(piece[:, 0], -1, 1)
    mean = piece.mean(axis=1, dtype=np.float32)
    power = np.square(piece).mean(axis=0)
    loudest = int(power.argmax())
    chosen = piece[:, loudest] if np.square(mean).mean() < power[loudest] / 16 else mean
    return np.clip(chosen, -1, 1)


def _muted(data: bytes | memoryview, runs: list[tuple[int, ...]]) -> bytes | None:
    """Write the recording anew, zero in the runs; None where it cannot be written in its own coding."""
    import soundfile

    out = io.BytesIO()
    with _quiet(data), _opened(data) as sound:
        kind = _exact(sound.subtype)
        try:
            with soundfile.SoundFile(
                out, "w", sound.samplerate, sound.channels, sound.subtype, sound.endian, sound.format
            ) as copy:
                at = 0
                for piece in _pieces(sound, kind):
                    for first, behind in runs:
                        piece[max(first - at, 0) : max(behind - at, 0)] = 0
                    copy.write(piece)
                    at += len(piece)
        except (soundfile.LibsndfileError, RuntimeError, ValueError, TypeError):
            return None
        return ogg.renumbered(out.getvalue(), 0) if sound.format == "OGG" else out.getvalue()


def _exact(subtype: str) -> str:
    """Return the type of numbers that holds the samples of a coding without loss."""
    if subtype in {"FLOAT", "DOUBLE"}:
        return "float64"
    return "int32" if subtype.startswith(("PCM", "ALAC")) else "int16" if "LAW" in subtype else "float32"
