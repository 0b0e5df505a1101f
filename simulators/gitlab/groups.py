"""Groups: list, get, create, delete, and what lies below them."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from simulators.gitlab.answers import ACCEPTED, Answer, bad_request, forbidden, not_found
from simulators.gitlab.namespaces import (
    MAINTAINER,
    OWNER,
    ancestors,
    descendants,
    find_group,
    group_for,
    member_role_in_group,
    path_fault,
    role_in_group,
    sees_group,
    sees_project,
    visibility_within,
)
from simulators.gitlab.pages import paginate
from simulators.gitlab.projects import present as present_project
from simulators.gitlab.store import now

if TYPE_CHECKING:
    from collections.abc import Iterable

    from simulators.gitlab.call import Call
    from simulators.gitlab.store import Row, Store


def list_all(call: Call) -> Answer:
    """Answer a page of the groups that the caller sees, by name."""
    return _page(call, call.store.all("SELECT * FROM groups"))


def list_subgroups(call: Call) -> Answer:
    """Answer a page of the groups right below one."""
    group = find_group(call, call.named("id"))
    return _page(call, call.store.all("SELECT * FROM groups WHERE parent_id = ?", group["id"]))


def list_descendants(call: Call) -> Answer:
    """Answer a page of all groups below one."""
    return _page(call, descendants(call.store, find_group(call, call.named("id"))["id"]))


def list_projects(call: Call) -> Answer:
    """Answer a page of a group's projects, with those of the groups below if `include_subgroups` is set."""
    group = find_group(call, call.named("id"))
    below = descendants(call.store, group["id"]) if call.parameters.flag("include_subgroups") else []
    wanted = {group["id"], *(row["id"] for row in below)}
    # GitLab lists what other groups share with this one, unless it is asked not to.
    with_shared = call.parameters.flag("with_shared") if "with_shared" in call.parameters else True
    shared = {
        row["project_id"]
        for row in call.store.all("SELECT * FROM shared_projects WHERE group_id = ?", group["id"])
        if with_shared
    }
    search = call.parameters.text("search").lower()
    rows = [
        row
        for row in call.store.all("SELECT * FROM projects ORDER BY id DESC")
        if (row["group_id"] in wanted or row["id"] in shared)
        and search in row["name"].lower()
        and sees_project(call, row)
    ]
    return paginate(call, rows, lambda row: present_project(call, row))


def get(call: Call) -> Answer:
    """Answer one group."""
    return Answer(200, present(call, find_group(call, call.named("id"))))


def create(call: Call) -> Answer:
    """Create a group; its creator becomes its owner."""
    caller = call.signed_in()
    parameters = call.parameters
    parameters.require("name", "path")
    parent = None
    if parameters.text("parent_id"):
        parent = find_group(call, parameters.text("parent_id"))
        if role_in_group(call, parent) < MAINTAINER:
            raise forbidden()
    elif caller.user["bot"]:
        raise forbidden()
    path = parameters.text("path")
    if fault := path_fault(path):
        raise bad_request(f'Failed to save group {{:path=>["{fault}"]}}')
    try:
        row = add(
            call.store,
            path,
            parent,
            name=parameters.text("name"),
            visibility=visibility_within(call, parent),
            description=parameters.text("description"),
            owner_id=caller.user["id"],
        )
    except sqlite3.IntegrityError as error:
        raise bad_request('Failed to save group {:path=>["has already been taken"]}') from error
    return Answer(201, present(call, row))


def delete(call: Call) -> Answer:
    """Delete a group with all it holds, at once (GitLab may keep it for some days first)."""
    group = group_for(call, OWNER)
    call.store.write("DELETE FROM groups WHERE id = ?", group["id"])
    return ACCEPTED


def add(store: Store, path: str, parent: Row | None, **fields: Any) -> Row:
    """Store a group and return it. `fields`: owner_id, and optionally id, name, visibility, description.

    Raises:
        sqlite3.IntegrityError: the path or the id is taken.
    """
    full_path = f"{parent['full_path']}/{path}" if parent else path
    if store.one("SELECT 1 FROM projects WHERE full_path = ?", full_path):
        raise sqlite3.IntegrityError(f"a project has the path {full_path}")
    identity = store.write(
        "INSERT INTO groups (id, parent_id, path, name, full_path, description, visibility, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        fields.get("id"),
        parent["id"] if parent else None,
        path,
        fields.get("name", path),
        full_path,
        fields.get("description", ""),
        fields.get("visibility", "private"),
        now(),
    )
    store.write("INSERT INTO members VALUES (?, ?, NULL, ?)", fields["owner_id"], identity, OWNER)
    return store.row("SELECT * FROM groups WHERE id = ?", identity)


def get_member(call: Call) -> Answer:
    """Answer a member by the user's id, inherited roles included."""
    group = find_group(call, call.named("id"))
    user = call.store.one("SELECT * FROM users WHERE id = ?", call.named("user_id"))
    level = member_role_in_group(call.store, user["id"], group["id"]) if user else 0
    if user is None or not level:
        raise not_found("")
    return Answer(200, {"id": user["id"], "username": user["username"], "access_level": level})


def is_archived(store: Store, group_id: int) -> bool:
    """Report whether a group, or one above it, is archived."""
    archived = {row["group_id"] for row in store.all("SELECT group_id FROM archived_groups")}
    return bool(archived & set(ancestors(store, group_id)))


def present(call: Call, row: Row) -> dict[str, Any]:
    """Return a group as the API shows it."""
    names = [
        call.store.row("SELECT name FROM groups WHERE id = ?", identity)["name"]
        for identity in ancestors(call.store, row["id"])
    ]
    return {
        "id": row["id"],
        "web_url": call.url(f"groups/{row['full_path']}"),
        "name": row["name"],
        "path": row["path"],
        "description": row["description"],
        "visibility": row["visibility"],
        "share_with_group_lock": False,
        "require_two_factor_authentication": False,
        "project_creation_level": "developer",
        "subgroup_creation_level": "maintainer",
        "emails_enabled": True,
        "lfs_enabled": True,
        "avatar_url": None,
        "request_access_enabled": True,
        "full_name": " / ".join(reversed(names)),
        "full_path": row["full_path"],
        "created_at": row["created_at"],
        "parent_id": row["parent_id"],
        "archived": is_archived(call.store, row["id"]),
    }


def _page(call: Call, rows: Iterable[Row]) -> Answer:
    parameters = call.parameters
    search = parameters.text("search").lower()
    least = parameters.number("min_access_level", OWNER if parameters.flag("owned") else 0)
    top_only = parameters.flag("top_level_only")
    wanted = [
        row
        for row in rows
        if sees_group(call, row)
        and (not least or role_in_group(call, row) >= least)
        and not (top_only and row["parent_id"])
        and (search in row["name"].lower() or search in row["full_path"].lower())
    ]
    wanted.sort(key=lambda row: (str(row["name"]).lower(), row["id"]))
    return paginate(call, wanted, lambda row: present(call, row), by_keyset=True)
