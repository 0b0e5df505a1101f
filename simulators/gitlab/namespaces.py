"""Finding groups and projects, and what a user may do there.

A role counts in the group or project it was given and in everything below; an administrator is owner everywhere.
What the caller may not see does not exist for it: 404, never 403.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from simulators.gitlab.answers import bad_request, forbidden, not_found

if TYPE_CHECKING:
    from simulators.gitlab.call import Call, Caller
    from simulators.gitlab.store import Row, Store

GUEST, REPORTER, DEVELOPER, MAINTAINER, OWNER = 10, 20, 30, 40, 50
ROLES = {
    "guest": GUEST,
    "reporter": REPORTER,
    "developer": DEVELOPER,
    "maintainer": MAINTAINER,
    "owner": OWNER,
}
VISIBILITIES = ("private", "internal", "public")
_PATH = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?")
_PATH_ENDINGS = (".git", ".atom")
_PATH_RULE = (
    "can contain only letters, digits, '_', '-' and '.'. Cannot start with '-', '_', or '.', nor end with '-', '_', "
    "'.', '.git', or '.atom'"
)


def path_fault(path: str) -> str | None:
    """Return what is wrong with one part of a path, None if nothing is."""
    if not _PATH.fullmatch(path) or path.lower().endswith(_PATH_ENDINGS):
        return _PATH_RULE
    return None


def ancestors(store: Store, group_id: int) -> list[int]:
    """Return the ids of a group and all groups above it."""
    rows = store.all(
        "WITH RECURSIVE up(id) AS (SELECT ? UNION SELECT parent_id FROM groups JOIN up USING (id)"
        " WHERE parent_id IS NOT NULL) SELECT id FROM up",
        group_id,
    )
    return [row["id"] for row in rows]


def descendants(store: Store, group_id: int) -> list[Row]:
    """Return all groups below a group, by id."""
    return store.all(
        "WITH RECURSIVE down(id) AS (SELECT id FROM groups WHERE parent_id = ? UNION"
        " SELECT groups.id FROM groups JOIN down ON groups.parent_id = down.id)"
        " SELECT groups.* FROM groups JOIN down USING (id) ORDER BY id",
        group_id,
    )


def member_role_in_group(store: Store, user_id: int, group_id: int) -> int:
    """Return the highest role that the user was given in the group or above it; 0 for none."""
    roles = {
        row["group_id"]: row["access_level"]
        for row in store.all("SELECT * FROM members WHERE user_id = ? AND group_id IS NOT NULL", user_id)
    }
    return max((roles.get(identity, 0) for identity in ancestors(store, group_id)), default=0)


def member_role_in_project(store: Store, user_id: int, project: Row) -> int:
    """Return the highest role that the user was given in the project or above it; 0 for none."""
    own = store.one("SELECT * FROM members WHERE user_id = ? AND project_id = ?", user_id, project["id"])
    return max(own["access_level"] if own else 0, member_role_in_group(store, user_id, project["group_id"]))


def role_in_group(call: Call, group: Row) -> int:
    """Return the caller's role in a group."""
    if call.caller is None:
        return 0
    return (
        OWNER
        if call.caller.is_admin
        else member_role_in_group(call.store, call.caller.user["id"], group["id"])
    )


def role_in_project(call: Call, project: Row) -> int:
    """Return the caller's role in a project."""
    if call.caller is None:
        return 0
    return (
        OWNER if call.caller.is_admin else member_role_in_project(call.store, call.caller.user["id"], project)
    )


def sees_group(call: Call, group: Row) -> bool:
    """Tell whether the caller may know of a group."""
    return _is_open(call.caller, group) or role_in_group(call, group) > 0


def sees_project(call: Call, project: Row) -> bool:
    """Tell whether the caller may know of a project."""
    return _is_open(call.caller, project) or role_in_project(call, project) > 0


def find_group(call: Call, text: str) -> Row:
    """Return a group by its id or its full path.

    Raises:
        RefusalError: 404, there is none that the caller sees.
    """
    group = (
        call.store.one("SELECT * FROM groups WHERE id = ?", int(text))
        if _is_id(text)
        else call.store.one("SELECT * FROM groups WHERE full_path = ?", text)
    )
    if group is None or not sees_group(call, group):
        raise not_found("Group")
    return group


def find_project(call: Call, text: str) -> Row:
    """Return a project by its id or its full path.

    Raises:
        RefusalError: 404, there is none that the caller sees; 403, a job of another project asks.
    """
    project = (
        call.store.one("SELECT * FROM projects WHERE id = ?", int(text))
        if _is_id(text)
        else call.store.one("SELECT * FROM projects WHERE full_path = ?", text)
    )
    if project is None:
        raise not_found("Project")
    token = call.caller.token if call.caller else None
    if token and token["kind"] == "job" and token["project_id"] != project["id"]:
        source = call.store.row("SELECT path FROM projects WHERE id = ?", token["project_id"])["path"]
        raise forbidden(f"Authentication by CI/CD job token not allowed from {source} to {project['path']}.")
    if not sees_project(call, project):
        raise not_found("Project")
    return project


def group_for(call: Call, role: int) -> Row:
    """Return the group that the path names, for someone signed in with at least this role.

    Raises:
        RefusalError: 401, 404 or 403.
    """
    call.signed_in()
    group = find_group(call, call.named("id"))
    if role_in_group(call, group) < role:
        raise forbidden()
    return group


def project_for(call: Call, role: int) -> Row:
    """Return the project that the path names, for someone signed in with at least this role.

    Raises:
        RefusalError: 401, 404 or 403.
    """
    call.signed_in()
    project = find_project(call, call.named("id"))
    if role_in_project(call, project) < role:
        raise forbidden()
    return project


def visibility_within(call: Call, parent: Row | None) -> str:
    """Return the visibility asked for, `private` by default; it may not be wider than the parent's.

    Raises:
        RefusalError: 400.
    """
    wanted = call.parameters.choice("visibility", VISIBILITIES, "private")
    if parent and VISIBILITIES.index(wanted) > VISIBILITIES.index(parent["visibility"]):
        raise bad_request(f"visibility {wanted} is not allowed in a {parent['visibility']} group")
    return wanted


def _is_open(caller: Caller | None, place: Row) -> bool:
    return place["visibility"] == "public" or (place["visibility"] == "internal" and caller is not None)


def _is_id(text: str) -> bool:
    # 18 digits always fit SQLite's integers; GitLab answers 404 for longer ones as well.
    return text.isascii() and text.isdigit() and len(text) <= 18  # noqa: PLR2004 explained above
