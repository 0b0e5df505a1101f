"""Nexus's content selectors: a CSEL expression under a name. One that a privilege uses cannot be deleted."""

from __future__ import annotations

from ciaccess.access.desired.objects import ContentSelector
from ciaccess.clients.nexus.wire import Kind

CONTENT_SELECTORS = Kind(
    noun="content selector",
    model=ContentSelector,
    path="/security/content-selectors",
    identity="name",
    wire={"name": "name", "description": "description", "expression": "expression", "type": "type"},
    unsent=frozenset({"type"}),
    grants="nx-selectors",
)
