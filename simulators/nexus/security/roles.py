"""/v1/security/roles: sets of privileges and of other roles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulators.nexus.answers import empty, json_answer, message, server_error
from simulators.nexus.call import Call, Route
from simulators.nexus.json_body import Fields, read_object
from simulators.nexus.security.columns import check_widths

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.responses import Response

    from simulators.nexus.security.directory import Directory
    from simulators.nexus.store import Document, Documents, Store

_PATH = "/v1/security/roles"
SOURCE = "default"


class Roles:
    """The handlers over one instance's roles."""

    def __init__(self, store: Store, directory: Directory) -> None:
        self._store = store
        self._directory = directory

    def routes(self) -> list[Route]:
        """Return the routes."""
        one = f"{_PATH}/{{id}}"
        return [
            Route("GET", _PATH, self.list_all),
            Route("POST", _PATH, self.create, "application/json"),
            Route("GET", one, self.get),
            Route("PUT", one, self.update, "application/json"),
            Route("DELETE", one, self.delete),
        ]

    def list_all(self, call: Call) -> Response:
        """Answer every role."""
        call.require("nexus:roles:read")
        _check_source(call)
        return json_answer([_shown(role) for role in self._directory.roles().values()])

    def get(self, call: Call) -> Response:
        """Answer one role."""
        call.require("nexus:roles:read")
        _check_source(call)
        return json_answer(_shown(self._existing(call.parts["id"])))

    def create(self, call: Call) -> Response:
        """Make a role; what it contains must exist."""
        role = _role(read_object(call.body))
        call.require("nexus:roles:create")
        role_id = role["id"]
        self._check_references(role)
        if self._directory.role(role_id):
            raise message(400, f"Role '{role_id}' already exists, use a unique roleId.")
        self._check_circle(role)
        self._keep(role)
        return json_answer(_shown(role))

    def update(self, call: Call) -> Response:
        """Replace a role, all of it."""
        role = _role(read_object(call.body))
        call.require("nexus:roles:update")
        role_id = call.parts["id"]
        if role["id"] != role_id:
            raise message(
                409, f"The Role id '{role['id']}' does not match the id used in the path '{role_id}'."
            )
        self._changeable(role_id)
        self._check_references(role)
        self._check_circle(role)
        self._keep(role)
        return empty(204)

    def delete(self, call: Call) -> Response:
        """Delete a role and take it out of users and other roles."""
        call.require("nexus:roles:delete")
        role_id = call.parts["id"]
        self._changeable(role_id)
        self._store.roles.remove(role_id)
        take_out(self._store.users, "roles", {role_id})
        take_out(self._store.roles, "roles", {role_id})
        return empty(204)

    def _existing(self, role_id: str) -> Document:
        role = self._directory.role(role_id)
        if role is None:
            raise message(404, f"Role '{role_id}' not found.")
        return role

    def _changeable(self, role_id: str) -> None:
        if self._existing(role_id)["readOnly"]:
            raise message(400, f"Role '{role_id}' is internal and cannot be modified or deleted.")

    def _check_references(self, role: Document) -> None:
        role_id = role["id"]
        for name in role["roles"]:
            if self._directory.role(name) is None:
                raise message(400, f"Role '{name}' contained in role '{role_id}' not found.")
        for name in role["privileges"]:
            if self._directory.privilege(name) is None:
                raise message(400, f"Privilege '{name}' contained in role '{role_id}' not found.")

    def _check_circle(self, role: Document) -> None:
        role_id = role["id"]
        if self._reaches(role["roles"], role_id):
            text = (
                f"Role '{role_id}' cannot contain itself either directly or indirectly through child roles."
            )
            raise message(400, text)

    def _keep(self, role: Document) -> None:
        columns = (
            ("ID", role["id"], 200),
            ("NAME", role["name"], 200),
            ("DESCRIPTION", role["description"], 400),
        )
        check_widths("role", columns)
        self._store.roles.put(role["id"], role)

    def _reaches(self, roles: Iterable[str], wanted: str) -> bool:
        waiting, seen = list(roles), set(roles)
        while waiting:
            name = waiting.pop()
            if name == wanted:
                return True
            role = self._directory.role(name)
            inner = set(role["roles"] if role else ()) - seen
            waiting += inner
            seen |= inner
        return False


def take_out(documents: Documents, field: str, names: set[str]) -> None:
    """Take names out of a list that every document has."""
    for id_, document in list(documents.items()):
        if names.intersection(document[field]):
            documents.put(id_, document | {field: [each for each in document[field] if each not in names]})


def _check_source(call: Call) -> None:
    source = call.query.get("source", "")
    if source not in ("", SOURCE):
        raise message(400, f"Source '{source}' not found.")


def _role(values: dict[str, Any]) -> Document:
    fields = Fields(values)
    role_id = fields.filled("id", blank=True)
    description = fields.text("description")
    role = {
        "id": role_id,
        "name": fields.filled("name", blank=True),
        "description": role_id if description is None else description,
        "privileges": sorted(set(fields.texts("privileges"))),
        "roles": sorted(set(fields.texts("roles"))),
        "readOnly": False,
    }
    fields.check()
    if fields.has_null("privileges") or fields.has_null("roles"):
        raise server_error("java.lang.NullPointerException")
    return role


def _shown(role: Document) -> dict[str, Any]:
    return {
        "id": role["id"],
        "source": SOURCE,
        "name": role["name"],
        "description": role["description"],
        "readOnly": role["readOnly"],
        "privileges": role["privileges"],
        "roles": role["roles"],
    }
