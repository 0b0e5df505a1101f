"""Tiny artifacts, with upload, download and deletion by each format's real protocol.

Knows no account and no permission: an Answer is what the server did. clients/nexus has the repositories themselves.
"""

from __future__ import annotations

from collections.abc import Mapping

from ciaccess.clients.artifacts.docker import Docker
from ciaccess.clients.artifacts.files import Format, Helm, Maven2, Raw, Yum
from ciaccess.clients.artifacts.npm import Npm
from ciaccess.clients.artifacts.place import Answer, Artifact, Place
from ciaccess.clients.artifacts.pypi import Pypi

__all__ = ["FORMATS", "Answer", "Artifact", "Place"]

# The formats for which there is a client; of others only the rights can be tried (verification/operations).
FORMATS: Mapping[str, Format] = {
    "docker": Docker(),
    "yum": Yum(),
    "raw": Raw(),
    "pypi": Pypi(),
    "npm": Npm(),
    "maven2": Maven2(),
    "helm": Helm(),
}
