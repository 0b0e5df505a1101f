from __future__ import annotations

from tests.real.on_nexus import OnNexus


class TestNexus330(OnNexus):
    """Nexus 3.30.0."""

    VERSION = "3.30.0"
    FORMATS = ("raw", "pypi")
