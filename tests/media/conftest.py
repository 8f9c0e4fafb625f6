"""Pictures made for tests, and one with a face: the example of the rule for faces."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from privscan import rules

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture(scope="session")
def face() -> Image.Image:
    """A picture of 48 by 64 pixels with one face."""
    rule = next(rule for rule in rules.load_rules() if rule.id == "biometric.face.picture")
    letters = rule.examples[0].split("⟦")[1].split("⟧")[0]
    return Image.open(io.BytesIO(base64.b64decode(letters))).convert("RGB")


@pytest.fixture(scope="session")
def portrait(face: Image.Image) -> Image.Image:
    """A picture of 360 by 240 pixels with one face, away from the middle."""
    canvas = Image.effect_mandelbrot((360, 240), (-3, -2.5, 2, 2.5), 40).convert("RGB")
    canvas.paste(face.resize((144, 192)), (30, 24))
    return canvas


@pytest.fixture(scope="session")
def packed() -> Callable[..., bytes]:
    """Write a picture as a file of a format."""

    def pack(picture: Image.Image, form: str, **options: Any) -> bytes:
        out = io.BytesIO()
        picture.copy().save(out, form, **options)  # a picture keeps how it was written last
        return out.getvalue()

    return pack
