"""Objects of Nexus as the client has them, and as they are on the wire."""

from __future__ import annotations

from dataclasses import replace

from ciaccess.clients.nexus import ContentSelector, Privilege, Role, User

REST = "/service/rest/v1"
ROLES = f"{REST}/security/roles"
USERS = f"{REST}/security/users"
ROLE = Role("r", "r", "d", frozenset({"nx-search-read"}), frozenset())
USER = User("u", "F", "L", "u@example.com", "active", frozenset({"nx-anonymous"}))
SELECTOR = ContentSelector("s", "d", 'format == "raw"')
WIRE_ROLE = {
    "id": "r",
    "source": "default",
    "name": "r",
    "description": "d",
    "readOnly": False,
    "privileges": ["nx-search-read"],
    "roles": [],
}
PRIVILEGES = f"{REST}/security/privileges"
SELECTORS = f"{REST}/security/content-selectors"
WILDCARD = Privilege("p", "wildcard", "d", frozenset(), pattern="nexus:search:read")
VIEW = Privilege("p", "repository-view", "d", frozenset({"read", "browse"}), "yum", "rpm-dev")
SCOPED = replace(VIEW, type="repository-content-selector", content_selector="s")
WIRE_USER = {
    "userId": "u",
    "firstName": "F",
    "lastName": "L",
    "emailAddress": "u@example.com",
    "source": "default",
    "status": "active",
    "readOnly": False,
    "roles": ["nx-anonymous"],
    "externalRoles": [],
}
