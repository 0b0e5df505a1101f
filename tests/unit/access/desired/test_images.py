"""The images that jobs run in where access.yaml names none."""

from __future__ import annotations

import re

from ciaccess.access.desired.images import USUAL
from ciaccess.access.model.models import Images


def test_every_usual_image_is_by_digest() -> None:
    """They come through the pull registry, whose repositories accounts push to."""
    digest = re.compile(r".+:[^/@]+@sha256:[0-9a-f]{64}")
    assert [image for image in USUAL.values() if not digest.fullmatch(image)] == []
    assert USUAL.keys() == Images.model_fields.keys()
