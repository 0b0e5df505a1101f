"""Nexus's content selectors: a CSEL expression under a name. One that a privilege uses cannot be deleted."""

from __future__ import annotations

from dataclasses import dataclass

from ciaccess.clients.nexus.wire import Kind


@dataclass(frozen=True)
class ContentSelector:
    """A content selector; its type cannot be chosen, it is `csel` in every Nexus of today."""

    name: str
    description: str
    expression: str
    type: str = "csel"


CONTENT_SELECTORS = Kind(
    noun="content selector",
    model=ContentSelector,
    path="/security/content-selectors",
    identity="name",
    wire={"name": "name", "description": "description", "expression": "expression", "type": "type"},
    unsent=frozenset({"type"}),
    grants="nx-selectors",
)
