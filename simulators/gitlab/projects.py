"""Projects of groups, and the rules that protect their branches and tags.

Projects in a user's own namespace are not simulated.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from simulators.gitlab import project_settings
from simulators.gitlab.answers import (
    ACCEPTED,
    NO_CONTENT,
    Answer,
    RefusalError,
    bad_parameter,
    conflict,
    forbidden,
    invalid,
)
from simulators.gitlab.namespaces import (
    DEVELOPER,
    MAINTAINER,
    OWNER,
    REPORTER,
    find_group,
    find_project,
    path_fault,
    project_for,
    role_in_group,
    role_in_project,
    sees_project,
    visibility_within,
)
from simulators.gitlab.pages import paginate
from simulators.gitlab.store import now

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulators.gitlab.call import Call
    from simulators.gitlab.store import Row, Store

_TAKEN = ["has already been taken"]


def list_all(call: Call) -> Answer:
    """Answer a page of the projects that the caller sees, the newest first."""
    parameters = call.parameters
    search = parameters.text("search").lower()
    least = parameters.number("min_access_level", 1 if parameters.flag("membership") else 0)
    rows = [
        row
        for row in call.store.all("SELECT * FROM projects ORDER BY id DESC")
        if sees_project(call, row)
        and (not least or role_in_project(call, row) >= least)
        and (search in row["name"].lower() or search in row["path"].lower())
    ]
    return paginate(call, rows, lambda row: present(call, row), by_keyset=True)


def get(call: Call) -> Answer:
    """Answer one project."""
    return Answer(200, present(call, find_project(call, call.named("id"))))


def edit(call: Call) -> Answer:
    """Set the CI/CD settings of a project; others are not simulated."""
    project = project_for(call, MAINTAINER)
    project_settings.keep(call.store, project["id"], project_settings.edit(call))
    return Answer(200, present(call, project))


def create(call: Call) -> Answer:
    """Create a project in the group `namespace_id`; its default branch is protected, as GitLab does it."""
    call.signed_in()
    parameters = call.parameters
    if "name" not in parameters and "path" not in parameters:
        raise bad_parameter("name, path are missing, at least one parameter must be provided")
    path = parameters.text("path") or parameters.text("name").lower().replace(" ", "-")
    if fault := path_fault(path):
        raise invalid(path=[fault])
    if not parameters.text("namespace_id"):
        raise invalid(namespace=["is not valid"])
    group = find_group(call, parameters.text("namespace_id"))
    if role_in_group(call, group) < DEVELOPER:
        raise forbidden()
    try:
        row = add(
            call.store,
            path,
            group,
            name=parameters.text("name", path),
            visibility=visibility_within(call, group),
            description=parameters.text("description") or None,
            default_branch=parameters.text("default_branch", "main"),
        )
    except sqlite3.IntegrityError as error:
        raise RefusalError(
            400, {"message": {"project_namespace.name": _TAKEN, "name": _TAKEN, "path": _TAKEN}}
        ) from error
    protect(call.store, row["id"], "branch", row["default_branch"])
    return Answer(201, present(call, row))


def delete(call: Call) -> Answer:
    """Delete a project with all it holds, at once (GitLab may keep it for some days first)."""
    project = project_for(call, OWNER)
    call.store.write("DELETE FROM projects WHERE id = ?", project["id"])
    return ACCEPTED


def add(store: Store, path: str, group: Row, **fields: Any) -> Row:
    """Store a project and return it. `fields`, all optional: id, name, visibility, description, default_branch.

    Raises:
        sqlite3.IntegrityError: the path or the id is taken.
    """
    full_path = f"{group['full_path']}/{path}"
    if store.one("SELECT 1 FROM groups WHERE full_path = ?", full_path):
        raise sqlite3.IntegrityError(f"a group has the path {full_path}")
    identity = store.write(
        "INSERT INTO projects (id, group_id, path, name, full_path, description, visibility, default_branch,"
        " created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        fields.get("id"),
        group["id"],
        path,
        fields.get("name", path),
        full_path,
        fields.get("description"),
        fields.get("visibility", "private"),
        fields.get("default_branch", "main"),
        now(),
    )
    return store.row("SELECT * FROM projects WHERE id = ?", identity)


def present(call: Call, row: Row) -> dict[str, Any]:
    """Return a project as the API shows it."""
    group = call.store.row("SELECT * FROM groups WHERE id = ?", row["group_id"])
    has = settings(call.store, row["id"])
    web_url = call.url(row["full_path"])
    return {
        "id": row["id"],
        "description": row["description"],
        "name": row["name"],
        "name_with_namespace": f"{group['name']} / {row['name']}",
        "path": row["path"],
        "path_with_namespace": row["full_path"],
        "created_at": row["created_at"],
        "default_branch": row["default_branch"],
        "topics": [],
        "http_url_to_repo": f"{web_url}.git",
        "web_url": web_url,
        "avatar_url": None,
        "last_activity_at": row["created_at"],
        "namespace": {
            "id": group["id"],
            "name": group["name"],
            "path": group["path"],
            "kind": "group",
            "full_path": group["full_path"],
            "parent_id": group["parent_id"],
            "web_url": call.url(f"groups/{group['full_path']}"),
        },
        "archived": bool(has["archived"]),
        "builds_access_level": has["builds_access_level"],
        "repository_access_level": has["repository_access_level"],
        "jobs_enabled": has["builds_access_level"] != "disabled",
        "ci_config_path": has["ci_config_path"],
        "empty_repo": not call.store.one("SELECT 1 FROM files WHERE project_id = ?", row["id"]),
        "visibility": row["visibility"],
        "issues_enabled": True,
        "merge_requests_enabled": True,
        **project_settings.shown(call, row, role_in_project(call, row)),
    }


def settings(store: Store, project_id: int) -> Row:
    """Return a project's settings; those of GitLab where nothing else was seeded."""
    found = store.one("SELECT * FROM project_settings WHERE project_id = ?", project_id)
    usual = {"archived": 0, "ci_config_path": ""}
    return found or usual | {"builds_access_level": "enabled", "repository_access_level": "enabled"}


def configure(store: Store, project_id: int, wanted: dict[str, Any]) -> None:
    """Set what is wanted of a project's settings, by the API's names."""
    has = settings(store, project_id) | wanted
    store.write(
        "INSERT OR REPLACE INTO project_settings VALUES (?, ?, ?, ?, ?)",
        project_id,
        int(has["archived"]),
        has["builds_access_level"],
        has["repository_access_level"],
        has["ci_config_path"],
    )


def protect(store: Store, project_id: int, kind: str, name: str) -> bool:
    """Protect a branch or tag, or all that match a wildcard; return False where that rule is there already."""
    found = store.one(
        "INSERT OR IGNORE INTO protected_refs (project_id, kind, name) VALUES (?, ?, ?) RETURNING id",
        project_id,
        kind,
        name,
    )
    return found is not None


def protected(kind: str) -> dict[str, Callable[[Call], Answer]]:
    """Make the handlers `list`, `get`, `create` and `delete` of the rules of a kind, `branch` or `tag`."""

    def rules(call: Call, role: int) -> tuple[Row, list[Row]]:
        project = project_for(call, role)
        return project, call.store.all(
            "SELECT * FROM protected_refs WHERE project_id = ? AND kind = ? ORDER BY name",
            project["id"],
            kind,
        )

    def named(call: Call, role: int) -> Row:
        for row in rules(call, role)[1]:
            if row["name"] == call.named("name"):
                return row
        raise RefusalError(404, {"message": "404 Not found"})

    def list_all(call: Call) -> Answer:
        return paginate(call, rules(call, REPORTER)[1], lambda row: _present_rule(call.store, row))

    def get(call: Call) -> Answer:
        return Answer(200, _present_rule(call.store, named(call, REPORTER)))

    def create(call: Call) -> Answer:
        project, _ = rules(call, MAINTAINER)
        call.parameters.require("name")
        name = call.parameters.text("name")
        if not protect(call.store, project["id"], kind, name):
            raise conflict(f"Protected {kind} '{name}' already exists")
        given = project_settings.levels_given(call)
        project_settings.protect(call.store, project["id"], kind, name, given)
        rule = next(row for row in rules(call, MAINTAINER)[1] if row["name"] == name)
        return Answer(201, _present_rule(call.store, rule))

    def delete(call: Call) -> Answer:
        call.store.write("DELETE FROM protected_refs WHERE id = ?", named(call, MAINTAINER)["id"])
        return NO_CONTENT

    return {"list": list_all, "get": get, "create": create, "delete": delete}


def _present_rule(store: Store, row: Row) -> dict[str, Any]:
    shown = {"name": row["name"], **project_settings.levels_of(store, row)}
    return shown if row["kind"] == "tag" else {"id": row["id"], **shown}
