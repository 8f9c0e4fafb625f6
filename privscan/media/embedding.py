"""Vectors that stand for somebody's body: embeddings of faces and voices, templates of a maker's own coding.

A row of numbers tells nobody what it is: the name of its field does (`face_embedding`, `voiceprint`, `iris_code`).
Dimensions and length then say how sure that is.
"""

from __future__ import annotations

import functools
import math
import re
from typing import TYPE_CHECKING, Any, Final

from privscan.media.seen import Seen
from privscan.model import Confidence

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["TRIGGERS", "Named", "look", "look_numbers", "look_text", "named"]

Named = tuple[str, str, str]
"""Entity, rule, and the words of a field's name that say so."""

_PART = (
    r"face|facial|voice|speaker|vocal|iris|retinal?|finger|fingerprint|thumbprint|palm|palmprint|vein|gait|biometric"
    r"|minutiae"
)
_VECTOR = (
    r"embeddings?|embeds?|emb|encodings?|vectors?|vec|descriptors?|features?|templates?|prints?|codes?|hash"
    r"|representations?"
)
_WHOLE = (
    r"face ?prints?|voice ?prints?|x ?vectors?|d ?vectors?|i ?vectors?|ecapa(?: \w+)?|arcface(?: \w+)?|facenet(?: \w+)?"
    r"|insightface(?: \w+)?|iris ?codes?|minutiae|resemblyzer(?: \w+)?|speechbrain embedding"
)
_NAME = re.compile(
    rf"(?:^| )(?P<whole>{_WHOLE})(?: |$)|(?:^| )(?P<part>{_PART})(?: \w{{1,20}})? (?P<vector>{_VECTOR})(?: |$)"
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+")
TRIGGERS: Final = (
    (
        rb"(?i:(?:fac(?:e|ial)|voice|speaker|vocal|iris|retinal?|finger|fingerprint|thumbprint|palm|palmprint|vein|gait"
        rb"|biometric|minutiae)[ _.\x2d]?(?:[a-z]{1,20}[ _.\x2d])?"
        rb"(?:embed|emb[^a-z]|encod|vec|descriptor|feature|template|print|code|hash|representation))"
    ),
    rb"(?i:[^a-z0-9][xdi][ _\x2d]?vector|ecapa|arcface|facenet|insightface|minutiae|resemblyzer)",
)
"""Hyperscan expressions for the names, wherever they stand."""

_LEAST, _MOST = 32, 1 << 16  # numbers of a vector
_USUAL: Final = frozenset({64, 80, 128, 160, 192, 256, 512, 768, 1024, 1280, 2048, 2622, 4096})
_VAGUE = re.compile("[xdi] vectors?")  # of speakers, and of any axis
_SPOKEN: Final = frozenset({128, 192, 200, 256, 400, 512, 600})  # dimensions of those of speakers
_OPAQUE = re.compile(r"\s*(?:[A-Za-z0-9+/_-]{64,}={0,2}|[01]{128,}|\[[-+0-9.eE,\s]{64,}\])\s*")
_WIDTHS: Final = (("<f4", 4), ("<f8", 8), ("<f2", 2))


@functools.lru_cache(maxsize=4096)
def named(name: str) -> Named | None:
    """Return what a field's name (a key, a column) says of the vector in it, None for nothing.

    >>> named("speakerEmbedding"), named("text_embedding")
    (('BIOMETRIC_EMBEDDING', 'biometric.embedding', 'speaker embedding'), None)
    >>> named("iris_code")[0], named("fingerprint_template")[0], named("font_face_code")
    ('IRIS_TEMPLATE', 'FINGERPRINT_TEMPLATE', None)
    """
    words = _CAMEL.sub(" ", name).lower().strip()
    found = _NAME.search(words)
    if found is None or _OTHERS.search(words):
        return None
    said = found[0].strip()
    if re.search("iris|retina", said):
        return "IRIS_TEMPLATE", "biometric.iris.template", said
    if re.search("finger|thumb|minutia|palm ?print", said):
        return "FINGERPRINT_TEMPLATE", "biometric.fingerprint.template", said
    if re.search("fac.* template", said):
        return "FACE_TEMPLATE", "biometric.face.template", said
    return "BIOMETRIC_EMBEDDING", "biometric.embedding", said


_OTHERS = re.compile(
    r"\b(?:font|type|browser|device|tls|ssh|ja3|canvas|audio|molecular|chemical|key|cert|certificate|gpg|pgp|mesh|typeface|text"
    r"|emoji|surface|interface|code ?page|html|css|url|message|email)\b"
)


def look_text(name: str, text: str) -> list[Seen]:
    """Return the vector in a text leaf or a list of numbers written out, by its field's name; the whole leaf."""
    what = named(name)
    if what is None or len(text) < 64 or not _OPAQUE.fullmatch(text):
        return []
    if text.lstrip().startswith("["):
        import orjson

        try:
            numbers = orjson.loads(text)
        except orjson.JSONDecodeError:
            return []
        return look_numbers(name, numbers)
    return [_seen(what, Confidence.MEDIUM, f"characters:{len(text)}", span=(0, len(text)))]


def look_numbers(name: str, numbers: Sequence[Any]) -> list[Seen]:
    """Return the vector that a list of numbers is, by its field's name."""
    what = named(name)
    if what is None or not _LEAST <= len(numbers) <= _MOST:
        return []
    if not all(isinstance(number, int | float) and math.isfinite(number) for number in numbers):
        return []
    if _VAGUE.fullmatch(what[2]) and len(numbers) not in _SPOKEN:
        return []
    norm = math.sqrt(sum(number * number for number in numbers)) if max(map(abs, numbers)) < 1e100 else math.inf
    usual = len(numbers) in _USUAL or abs(norm - 1) < 0.02
    return [
        _seen(what, Confidence.HIGH if usual else Confidence.MEDIUM, f"dimensions:{len(numbers)}", f"norm:{norm:.3g}")
    ]


def look(name: str, data: bytes | memoryview) -> list[Seen]:
    """Return the vector or template in a binary value, by its field's name."""
    what = named(name)
    if what is None or len(data) < _LEAST:
        return []
    found = _floats(data)
    if found is None:
        varied = len(set(bytes(data[:4096]))) >= 16
        return [_seen(what, Confidence.MEDIUM, f"bytes:{len(data)}")] if varied else []
    count, norm = found
    usual = count in _USUAL or abs(norm - 1) < 0.02
    return [_seen(what, Confidence.HIGH if usual else Confidence.MEDIUM, f"dimensions:{count}", f"norm:{norm:.3g}")]


def _floats(data: bytes | memoryview) -> tuple[int, float] | None:
    """Return (dimensions, norm) of bytes that are floating-point numbers of a vector's size, None for others."""
    import numpy as np

    whole = memoryview(data)
    if bytes(whole[:6]) == b"\x93NUMPY":  # version, size of the header, the header
        size = int.from_bytes(whole[8:10], "little") if whole[6] == 1 else int.from_bytes(whole[8:12], "little")
        whole = whole[(10 if whole[6] == 1 else 12) + size :]
    for kind, width in _WIDTHS:
        if len(whole) % width or not _LEAST <= len(whole) // width <= _MOST:
            continue
        with np.errstate(invalid="ignore"):
            values = np.frombuffer(whole, kind).astype(np.float64)
        large = np.abs(values)
        if np.isfinite(values).all() and large.max() < 1e3 and np.median(large) > 1e-6 and len(np.unique(values)) > 8:
            return len(values), float(np.linalg.norm(values))
    return None


def _seen(what: Named, confidence: Confidence, *evidence: str, span: tuple[int, int] | None = None) -> Seen:
    entity, rule, said = what
    start, end = span or (None, None)
    return Seen(entity, rule, confidence, (f"field:{said}", *evidence), start, end)
