"""Project access tokens: list, create, revoke. Each belongs to a bot user that is a member of the project."""

from __future__ import annotations

import secrets
from datetime import date
from typing import TYPE_CHECKING, Any

from simulators.gitlab import users
from simulators.gitlab.access import add_token
from simulators.gitlab.answers import NO_CONTENT, Answer, bad_parameter, bad_request, not_found
from simulators.gitlab.namespaces import MAINTAINER, ROLES, project_for, role_in_project
from simulators.gitlab.pages import paginate

if TYPE_CHECKING:
    from simulators.gitlab.call import Call
    from simulators.gitlab.store import Row

_SCOPES = {"api", "read_api", "read_repository", "write_repository", "read_registry", "write_registry"}


def list_all(call: Call) -> Answer:
    """Answer a page of the project's tokens, without their values."""
    project = project_for(call, MAINTAINER)
    rows = call.store.all(
        "SELECT * FROM tokens WHERE kind = 'project' AND project_id = ? ORDER BY id", project["id"]
    )
    return paginate(call, rows, present)


def create(call: Call) -> Answer:
    """Create a token and its bot; this answer alone shows the token's value."""
    project = project_for(call, MAINTAINER)
    parameters = call.parameters
    parameters.require("name", "scopes", "expires_at")
    scopes = parameters.words("scopes")
    if not scopes or not set(scopes) <= _SCOPES:
        raise bad_parameter("scopes does not have a valid value")
    level = parameters.number("access_level", MAINTAINER)
    if level not in ROLES.values():
        raise bad_parameter("access_level does not have a valid value")
    if level > role_in_project(call, project):
        raise bad_request(
            "Access level of the token can't be greater the access level of the user who created the token"
        )
    bot = users.add(call.store, f"project_{project['id']}_bot_{secrets.token_hex(16)}", bot=True)
    call.store.write("INSERT INTO members VALUES (?, NULL, ?, ?)", bot["id"], project["id"], level)
    token = f"glpat-{secrets.token_hex(16)}"
    identity = add_token(
        call.store,
        token,
        bot["id"],
        name=parameters.text("name"),
        kind="project",
        scopes=scopes,
        project_id=project["id"],
        access_level=level,
        expires_at=_expiry(call),
    )
    row = call.store.row("SELECT * FROM tokens WHERE id = ?", identity)
    return Answer(201, present(row) | {"token": token})


def revoke(call: Call) -> Answer:
    """Revoke a token."""
    project = project_for(call, MAINTAINER)
    row = call.store.one(
        "UPDATE tokens SET revoked = 1 WHERE kind = 'project' AND project_id = ? AND id = ? RETURNING id",
        project["id"],
        call.named("token_id"),
    )
    if row is None:
        raise not_found("Project Access Token")
    return NO_CONTENT


def _expiry(call: Call) -> str:
    try:
        return date.fromisoformat(call.parameters.text("expires_at")).isoformat()
    except ValueError as error:
        raise bad_parameter("expires_at is invalid") from error


def present(row: Row) -> dict[str, Any]:
    """Return a project's token as the API shows it."""
    return users.present_token(row) | {"access_level": row["access_level"]}
