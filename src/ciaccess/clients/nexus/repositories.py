"""Nexus's repositories, read only: those that the user may browse."""

from __future__ import annotations

from dataclasses import dataclass

from ciaccess.clients.nexus.wire import Kind


@dataclass(frozen=True)
class Repository:
    """A repository: `format` such as yum, `type` hosted, proxy or group."""

    name: str
    format: str
    type: str
    url: str


REPOSITORIES = Kind(
    noun="repository",
    model=Repository,
    path="/repositories",
    identity="name",
    wire={"name": "name", "format": "format", "type": "type", "url": "url"},
    grants="nx-repository-view",
)
