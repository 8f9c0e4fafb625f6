"""Recordings: a voice is heard at every rate and in every coding; what cannot be decoded is an error, never silence."""

from __future__ import annotations

import io
import random

import numpy as np
import pytest
import soundfile

from privscan.errors import DetectorError
from privscan.media import sound
from privscan.media.seen import Told
from privscan.model import Confidence

from .voices import voice, written

RATE = 16_000
SPOKEN = voice(2.0, RATE)
WAV = written(SPOKEN, RATE)
CODINGS = {
    "WAV": ("WAV", None), "float": ("WAV", "FLOAT"), "mu-law": ("WAV", "ULAW"), "24 bits": ("WAV", "PCM_24"),
    "8 bits": ("WAV", "PCM_U8"), "FLAC": ("FLAC", None), "Vorbis": ("OGG", "VORBIS"), "Opus": ("OGG", "OPUS"),
    "MP3": ("MP3", None), "AIFF": ("AIFF", None), "RF64": ("RF64", None), "W64": ("W64", None), "AU": ("AU", None),
}  # fmt: skip


def others() -> dict[str, np.ndarray]:
    """Two seconds each of what is no speech."""
    chance, time = np.random.default_rng(2), np.arange(2 * RATE) / RATE
    tones = sum(np.sin(2 * np.pi * pitch * time) / 4 for pitch in (262, 330, 392))
    return {
        "silence": np.zeros(2 * RATE),
        "noise": chance.normal(size=2 * RATE) * 0.1,
        "chord": tones * np.exp(-(time % 1) * 3) * 0.5,
        "sweep": np.sin(2 * np.pi * (100 * time + 300 * time * time)) * 0.4,
        "dial tones": (np.sin(2 * np.pi * 697 * time) + np.sin(2 * np.pi * 1209 * time)) * (time % 0.4 < 0.2) * 0.3,
    }


@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050, 44_100, 48_000, 96_000])
def test_a_voice_is_heard_at_any_rate(rate) -> None:
    (seen,) = sound.look(written(voice(1.0, rate), rate))
    assert (seen.entity, seen.rule) == ("VOICE", "biometric.voice")
    assert f"rate:{rate}" in seen.evidence


@pytest.mark.parametrize(("kind", "subtype"), CODINGS.values(), ids=CODINGS)
def test_a_voice_is_heard_in_any_coding_and_muted_at_equal_length(kind, subtype) -> None:
    data = written(SPOKEN, RATE, kind, subtype)
    seen = sound.look(data)
    assert [found.confidence for found in seen] == [Confidence.HIGH]
    assert sound.clean(data, seen) is None
    muted = sound.clean(data, seen, mute=True)
    assert muted is not None
    assert sound.look(muted) == []
    before, after = soundfile.info(io.BytesIO(data)), soundfile.info(io.BytesIO(muted))
    for name in ("frames", "samplerate", "channels", "format", "subtype"):
        assert getattr(after, name) == getattr(before, name), name


def test_what_nobody_says_stays_sample_by_sample() -> None:
    music = (others()["chord"] * 0.2).astype(np.float32)
    data = written(np.concatenate([music, SPOKEN, music]), RATE)
    muted = sound.clean(data, sound.look(data), mute=True)
    assert muted is not None
    before, _ = soundfile.read(io.BytesIO(data), dtype="int16")
    after, _ = soundfile.read(io.BytesIO(muted), dtype="int16")
    assert np.array_equal(after[:RATE], before[:RATE])
    assert np.array_equal(after[-RATE:], before[-RATE:])
    assert not after[2 * RATE + 2000 : 4 * RATE - 2000].any()


@pytest.mark.parametrize("name", others())
def test_what_nobody_says_is_no_finding(name) -> None:
    told = Told()
    assert sound.look(written(others()[name], RATE), told) == []
    assert told == Told(sounds=1, milliseconds=2000, speech_milliseconds=0)


@pytest.mark.parametrize(
    "channels",
    [
        pytest.param(np.stack([SPOKEN, -SPOKEN], 1), id="two-that-cancel-out"),
        pytest.param(np.stack([SPOKEN * 0] * 7 + [SPOKEN], 1), id="one-of-eight"),
        pytest.param(np.concatenate([SPOKEN, [np.nan, np.inf, 1e30]]), id="no-numbers"),
    ],
)
def test_a_voice_is_heard_on_any_channel(channels) -> None:
    assert len(sound.look(written(channels, RATE, "WAV", "FLOAT"))) == 1


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(WAV[:40] + bytes(4) + WAV[44:], id="no-length"),
        pytest.param(WAV[:4] + b"\xff" * 4 + WAV[8:40] + b"\xff" * 4 + WAV[44:], id="longest-length"),
        pytest.param(WAV[:4] + bytes(4) + WAV[8:], id="no-RIFF-length"),
        pytest.param(WAV[: len(WAV) // 2], id="cut-off"),
        pytest.param(written(SPOKEN, RATE, "MP3")[:8000], id="MP3-cut-off"),
    ],
)
def test_a_header_that_lies_hides_nothing(data) -> None:
    assert len(sound.look(data)) == 1


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(WAV[:20], id="a-header-only"),
        pytest.param(b"fLaC" + bytes(300), id="no-FLAC"),
        pytest.param(written(SPOKEN, RATE, "FLAC")[:9000], id="FLAC-cut-off"),
        pytest.param(written(SPOKEN, RATE, "OGG")[:7000], id="Ogg-cut-off"),
        pytest.param(WAV[:24] + b"\1\0\0\0" + WAV[28:], id="one-sample-a-second"),
        pytest.param(WAV[:24] + b"\xff\xff\xff\x7f" + WAV[28:], id="two-billion"),
        pytest.param(b"#!AMR\n" + bytes(300), id="AMR"),
        pytest.param(b"\0\0\0\x20ftypM4A " + bytes(300), id="M4A"),
        pytest.param(b"\x1aE\xdf\xa3" + bytes(300), id="WebM"),
    ],
)
def test_what_cannot_be_decoded_is_an_error(data) -> None:
    with pytest.raises(DetectorError, match="decoded"):
        sound.look(data)


@pytest.mark.parametrize(
    "data", [b"", b"ID3", b"\xff\xfb", WAV[:44], written(SPOKEN[:0], RATE), written(SPOKEN[:1], RATE, "FLAC")]
)
def test_what_holds_no_sound_holds_no_voice(data) -> None:
    assert sound.look(data) == []


def test_chance_bytes_behind_the_magic_of_a_frame_are_no_sound(capfd) -> None:
    chance = random.Random(4)
    for magic in (b"\xff\xfb", b"\xff\xf3", b"\xff\xf1", b"ID3\x03\0"):
        for _ in range(200):
            assert sound.look(magic + chance.randbytes(chance.choice((16, 64, 2000)))) == []
    assert capfd.readouterr() == ("", "")


def test_a_changed_recording_is_heard_or_refused(capfd) -> None:
    chance = random.Random(9)
    short = [written(SPOKEN[: RATE // 2], RATE, kind) for kind in ("WAV", "FLAC", "OGG", "MP3", "AIFF")]
    for data in short * 6:
        changed = bytearray(data)
        for _ in range(chance.randint(1, 8)):
            changed[chance.randrange(min(len(changed), 400))] = chance.randrange(256)
        try:
            assert len(sound.look(bytes(changed))) <= 1
        except DetectorError as error:
            assert "sound" in str(error)
    assert capfd.readouterr() == ("", "")
