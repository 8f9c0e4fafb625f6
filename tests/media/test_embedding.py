"""Vectors under a name that says whose body they stand for are found; other vectors are not."""

from __future__ import annotations

import base64
import io
import json
import math
import random

import numpy as np
import pytest

from privscan.media import behaviour, embedding
from privscan.model import Confidence

CHANCE = random.Random(3)
VECTOR = [CHANCE.gauss(0, 1 / math.sqrt(128)) for _ in range(128)]
VECTOR = [number / math.sqrt(sum(n * n for n in VECTOR)) for number in VECTOR]


@pytest.mark.parametrize(
    ("name", "entity"),
    [
        *((name, "BIOMETRIC_EMBEDDING") for name in (
            "face_embedding", "faceEmbeddings", "Face-Encoding", "faceprint", "voiceprint", "voice_print", "speakerEmb",
            "speaker_embedding", "xvector", "x_vector", "d-vector", "ecapa_embedding", "arcface", "facial_features",
            "voice.embedding", "user_face_vector", "facenet_512", "gait_features", "palm_vein_vec", "biometric_hash",
        )),
        *((name, "IRIS_TEMPLATE") for name in ("iris_code", "irisCode", "iris_template", "retina_template")),
        *((name, "FINGERPRINT_TEMPLATE") for name in ("fingerprint_template", "minutiae", "finger_template")),
        *((name, "FACE_TEMPLATE") for name in ("face_template", "facial_template")),
        *((name, None) for name in (
            "embedding", "text_embedding", "sentence_vector", "browser_fingerprint_hash", "font_face_code", "iris",
            "surface_features", "face", "voice", "ssh_fingerprint", "interface_code", "feature_vector", "speakers",
            "device_fingerprint_code",
        )),
    ],
)  # fmt: skip
def test_a_name_says_what_a_vector_is(name, entity) -> None:
    what = embedding.named(name)
    assert (what[0] if what else None) == entity


@pytest.mark.parametrize(
    ("text", "confidence"),
    [
        pytest.param(json.dumps(VECTOR), Confidence.HIGH, id="unit-length"),
        pytest.param(json.dumps([number * 9 for number in VECTOR[:100]]), Confidence.MEDIUM, id="any"),
        pytest.param(json.dumps([int(number * 300) for number in VECTOR]), Confidence.HIGH, id="small-integers"),
        pytest.param(base64.b64encode(np.float32(VECTOR).tobytes()).decode(), Confidence.MEDIUM, id="base64"),
        pytest.param("".join(map(str, (CHANCE.randrange(2) for _ in range(2048)))), Confidence.MEDIUM, id="bits"),
    ],
)
def test_a_vector_in_text_is_found_by_its_name(text, confidence) -> None:
    (seen,) = embedding.look_text("face_embedding", text)
    assert (seen.start, seen.end, seen.confidence) == (0, len(text), confidence) or seen.start is None
    assert embedding.look_text("text_embedding", text) == []


@pytest.mark.parametrize(
    "text", ["", "[]", "[0.1, 0.2]", "see the table", "[1, 2, 3" + " " * 80, "[" + "1e999," * 40 + "1]", "[,,,,]" * 20]
)
def test_other_texts_are_no_vectors(text) -> None:
    assert embedding.look_text("face_embedding", text) == []


def test_a_vague_name_asks_for_a_usual_number_of_dimensions() -> None:
    assert len(embedding.look_text("x_vector", json.dumps(VECTOR))) == 1
    assert embedding.look_text("x_vector", json.dumps(VECTOR[:100])) == []


def npy(kind: str) -> bytes:
    out = io.BytesIO()
    np.save(out, np.asarray(VECTOR, dtype=kind))
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "evidence"),
    [
        pytest.param(np.float32(VECTOR).tobytes(), "dimensions:128", id="float32"),
        pytest.param(np.float64(VECTOR).tobytes(), "dimensions:128", id="float64"),
        pytest.param(npy("f4"), "dimensions:128", id="npy"),
        pytest.param(npy("f8"), "dimensions:128", id="npy-float64"),
        pytest.param(CHANCE.randbytes(301), "bytes:301", id="own-coding"),
    ],
)
def test_a_vector_in_bytes_is_found_by_its_name(data, evidence) -> None:
    (seen,) = embedding.look("speaker_embedding", data)
    assert evidence in seen.evidence
    assert embedding.look("payload", data) == []


@pytest.mark.parametrize("data", [b"", b"none", bytes(400), b"a" * 400])
def test_bytes_without_content_are_no_vector(data) -> None:
    assert embedding.look("speaker_embedding", data) == []


@pytest.mark.parametrize(
    ("name", "found"),
    [("keystroke_timings", True), ("dwellTimes", True), ("flight_time", True), ("gait", True), ("gait_accel_x", True),
     ("holding", False), ("flight_times_of_day", False), ("investigation", False), ("navigate", False)],
)  # fmt: skip
def test_a_series_of_behaviour_is_found_by_its_name(name, found) -> None:
    text = json.dumps([round(abs(number), 3) for number in VECTOR[:20]])
    seen = behaviour.look_text(name, text)
    assert [one.entity for one in seen] == (["BEHAVIORAL_BIOMETRIC"] if found else [])


def test_times_of_keys_are_told_at_low_confidence() -> None:
    events = [(at, ("press_ts", "release_ts")[at % 2]) for at in range(12)]
    seen = behaviour.look_record([*events, (99, "id")])
    assert sorted(seen) == list(range(12))
    assert {one.confidence for one in seen.values()} == {Confidence.LOW}
    columns = [(at, f"{('H', 'DD', 'UD')[at % 3]}.{'tieaRoanl'[at % 9]}") for at in range(15)]
    assert len(behaviour.look_record(columns)) == 15
    assert behaviour.look_record(events[:6]) == {}
