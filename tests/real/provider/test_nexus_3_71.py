from __future__ import annotations

from tests.real.allowed import OF_3_71
from tests.real.on_nexus import OnNexus


class TestNexus371(OnNexus):
    """Nexus 3.71.0."""

    VERSION = "3.71.0"
    FORMATS = ("raw",)
    UPLOADED = ("raw", "maven2")
    ALLOWED = OF_3_71
