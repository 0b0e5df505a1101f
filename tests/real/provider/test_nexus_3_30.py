from __future__ import annotations

from tests.real.allowed import OF_3_30
from tests.real.on_nexus import OnNexus


class TestNexus330(OnNexus):
    """Nexus 3.30.0."""

    VERSION = "3.30.0"
    FORMATS = ("raw", "pypi")
    UPLOADED = ("raw", "pypi", "npm", "helm", "apt", "maven2")
    CLIENTS = ("npm", "pypi")
    ALLOWED = OF_3_30
    # Of two roles whose ids differ in case alone, a user that has the one is reported with the other; of two such
    # users each is reported with the roles of one of them.
    LEFT_OUT = frozenset({"nexus.role.twin", "nexus.user.twin"})
