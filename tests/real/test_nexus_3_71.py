from __future__ import annotations

from tests.real.on_nexus import OnNexus


class TestNexus371(OnNexus):
    """Nexus 3.71.0."""

    VERSION = "3.71.0"
    FORMATS = ("raw",)
