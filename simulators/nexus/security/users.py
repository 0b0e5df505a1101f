"""/v1/security/users and what hangs on it: accounts, their passwords, where accounts come from.

A role that does not exist is kept with the account, hidden when it is read, and effective once the role exists.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from simulators.nexus.answers import empty, faults, json_answer, message, server_error
from simulators.nexus.call import Call, Route
from simulators.nexus.json_body import Fields, read_object
from simulators.nexus.security.authentication import digest_password
from simulators.nexus.security.columns import check_widths

if TYPE_CHECKING:
    from starlette.responses import Response

    from simulators.nexus.security.directory import Directory
    from simulators.nexus.store import Document, Store

_PATH = "/v1/security/users"
SOURCE = "default"
_STATUS_TYPE = "org.sonatype.nexus.security.internal.rest.ApiUserStatus"
_STATUSES = ("locked", "changepassword", "disabled", "active")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
# Without a source Nexus asks every one there is, and gives no more than this.
_MOST_WITHOUT_SOURCE = 100


class Users:
    """The handlers over one instance's accounts."""

    def __init__(self, store: Store, directory: Directory) -> None:
        self._store = store
        self._directory = directory

    def routes(self) -> list[Route]:
        """Return the routes."""
        one = f"{_PATH}/{{userId}}"
        return [
            Route("GET", _PATH, self.list_all),
            Route("POST", _PATH, self.create, "application/json"),
            Route("PUT", one, self.update, "application/json"),
            Route("DELETE", one, self.delete),
            Route("PUT", f"{one}/change-password", self.change_password, "text/plain"),
            Route("GET", "/v1/security/user-sources", self.sources),
            Route("GET", "/internal/ui/user", self.current),
        ]

    def list_all(self, call: Call) -> Response:
        """Answer the accounts whose id begins with `userId`, whatever its case, of one source or of all."""
        call.require("nexus:users:read")
        source, prefix = call.query.get("source", ""), call.query.get("userId", "").lower()
        if source not in ("", SOURCE):
            return json_answer([])
        found = [
            self._shown(user)
            for user_id, user in self._store.users.items()
            if user_id.lower().startswith(prefix)
        ]
        return json_answer(found if source else found[:_MOST_WITHOUT_SOURCE])

    def create(self, call: Call) -> Response:
        """Make an account; its roles need not exist."""
        fields = Fields(read_object(call.body))
        user = _user(fields)
        password = fields.filled("password", blank=True)
        fields.check()
        call.require("nexus:users:create")
        if not password.strip():
            raise message(400, "A non-empty password is required.")
        user_id = user["userId"]
        if user_id in self._store.users:
            cause = "org.sonatype.nexus.security.user.DuplicateUserException"
            raise server_error(f"{cause}: User {user_id} already exists.")
        _check_widths(user)
        self._store.users.put(user_id, user | {"password": digest_password(password)})
        return json_answer(_shown(user, user["roles"]))

    def update(self, call: Call) -> Response:
        """Replace all of an account but its password."""
        fields = Fields(read_object(call.body))
        user = _user(fields)
        source = fields.filled("source")
        fields.check()
        call.require("nexus:users:update")
        user_id = call.parts["userId"]
        if source != SOURCE:
            raise message(404, f"Unable to locate source: {source}")
        if user["userId"] != user_id:
            raise message(400, "The path's userId does not match the body")
        unknown = [role for role in user["roles"] if self._directory.role(role) is None]
        if unknown:
            raise faults([("roles", f"Unable to locate roleId: {role}") for role in unknown])
        stored = self._existing(user_id)
        _check_widths(user)
        self._store.users.put(user_id, user | {"password": stored["password"]})
        return empty(204)

    def delete(self, call: Call) -> Response:
        """Delete an account, but not one's own."""
        call.require("nexus:users:delete")
        user_id = call.parts["userId"]
        self._existing(user_id)
        if user_id == call.caller.user_id:
            raise server_error("java.lang.IllegalStateException: Can't delete currently signed in user")
        self._store.users.remove(user_id)
        return empty(204)

    def change_password(self, call: Call) -> Response:
        """Set a password: the whole body, a newline at its end included."""
        call.require("nexus:*")
        password = call.body.decode("utf-8", "replace")
        if not password.strip():
            raise message(400, "Password must be supplied.")
        user = self._existing(call.parts["userId"])
        # One that had to be changed has been.
        status = "active" if user["status"] == "changepassword" else user["status"]
        changed = {"password": digest_password(password), "status": status}
        self._store.users.put(user["userId"], user | changed)
        return empty(204)

    def sources(self, call: Call) -> Response:
        """Answer where accounts come from: here, from Nexus itself alone."""
        call.require("nexus:users:read")
        return json_answer([{"id": SOURCE, "name": "NexusAuthenticatingRealm"}])

    def current(self, call: Call) -> Response:
        """Answer who asks."""
        user = self._store.users.get(call.caller.user_id or "")
        if user is None:
            return empty(403)
        names = {"userId": user["userId"], "firstName": user["firstName"], "lastName": user["lastName"]}
        return json_answer(names | {"email": user["emailAddress"], "external": False})

    def _existing(self, user_id: str) -> Document:
        user = self._store.users.get(user_id)
        if user is None:
            raise message(404, f"User '{user_id}' not found.")
        return user

    def _shown(self, user: Document) -> dict[str, Any]:
        return _shown(user, [role for role in user["roles"] if self._directory.role(role)])


def _user(fields: Fields) -> Document:
    email = fields.filled("emailAddress", blank=True)
    if email and not _EMAIL.fullmatch(email):
        fields.fault("emailAddress", "must be a well-formed email address")
    status = fields.choice("status", _STATUS_TYPE, _STATUSES)
    if status is None:
        fields.fault("status", "must not be null")
    roles = sorted(set(fields.texts("roles")))
    if not roles:
        fields.fault("roles", "must not be empty")
    return {
        "userId": fields.filled("userId"),
        "firstName": fields.filled("firstName", blank=True),
        "lastName": fields.filled("lastName", blank=True),
        "emailAddress": email,
        "status": status,
        "roles": roles,
    }


def _check_widths(user: Document) -> None:
    columns = (
        ("ID", "userId"),
        ("FIRST_NAME", "firstName"),
        ("LAST_NAME", "lastName"),
        ("EMAIL", "emailAddress"),
    )
    check_widths("security_user", [(column, user[name], 200) for column, name in columns])


def _shown(user: Document, roles: list[str]) -> dict[str, Any]:
    return {
        "userId": user["userId"],
        "firstName": user["firstName"],
        "lastName": user["lastName"],
        "emailAddress": user["emailAddress"],
        "source": SOURCE,
        "status": user["status"],
        "readOnly": False,
        "roles": roles,
        "externalRoles": [],
    }


def new_user(user_id: str, names: tuple[str, str], status: str, role: str, password: str) -> Document:
    """Return an account that a new instance has."""
    return {
        "userId": user_id,
        "firstName": names[0],
        "lastName": names[1],
        "emailAddress": f"{user_id}@example.org",
        "status": status,
        "roles": [role],
        "password": digest_password(password),
    }
