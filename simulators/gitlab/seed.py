"""Putting things there for the local stack and the tests: groups, projects, users, tokens. Idempotent.

What exists under its path or name is kept; an id that differs from the one asked for is a conflict.
"""

from __future__ import annotations

import re
import sqlite3
from typing import TYPE_CHECKING, Any

from simulators.gitlab import groups, project_settings, projects, users
from simulators.gitlab.access import add_token, derived_token
from simulators.gitlab.answers import Answer, bad_parameter, conflict
from simulators.gitlab.namespaces import ROLES, find_group, find_project

if TYPE_CHECKING:
    from simulators.gitlab.call import Call
    from simulators.gitlab.store import Row

_SETTINGS = ("archived", "builds_access_level", "repository_access_level", "ci_config_path")
_PREFIXES = {"personal": "glpat-", "project": "glpat-", "group": "glpat-", "job": "glcbt-"}


def plant(call: Call) -> Answer:
    """Make what is asked for; answer `{groups: {path: id}, projects: {path: id}, tokens: {name: token}}`.

    groups: [{path, id?, visibility?, archived?}], where `a/b` lies in `a`, which must be there or come first;
    projects: [{path, id?, visibility?, protected_branches?, protected_tags?, files?: {path: text}, shared_with?:
    [group], archived?, builds_access_level?, repository_access_level?, ci_config_path?, settings?}], where settings are
    those of project_settings: CI/CD settings, `branch main` or `tag *` by the levels, `tips`, `protected_environments`;
    users: [{username, email?, admin?, role?, group? | project?}];
    tokens: [{name, kind?, token?, scopes?, expires_at?, user?, admin?, role?, group? | project?}], where kind is
    personal (of `user`), project or group (of a bot made for it), or job (of `user`, in `project`).
    """
    made_groups = {item["path"]: _group(call, item)["id"] for item in _items(call, "groups", "path")}
    made_projects = {item["path"]: _project(call, item)["id"] for item in _items(call, "projects", "path")}
    for item in _items(call, "users", "username"):
        _user(call, item, item["username"])
    tokens = {item["name"]: _token(call, item) for item in _items(call, "tokens", "name")}
    return Answer(201, {"groups": made_groups, "projects": made_projects, "tokens": tokens})


def _items(call: Call, kind: str, needs: str) -> list[dict[str, Any]]:
    items = call.parameters.value(kind, [])
    if not isinstance(items, list) or any(not isinstance(item, dict) or needs not in item for item in items):
        raise bad_parameter(f"{kind} is invalid: a list of objects, each with `{needs}`")
    return items


def _group(call: Call, item: dict[str, Any]) -> Row:
    parent_path, _, path = item["path"].rpartition("/")
    found = call.store.one("SELECT * FROM groups WHERE full_path = ?", item["path"])
    if found is None:
        parent = find_group(call, parent_path) if parent_path else None
        fields = {name: item[name] for name in ("id", "visibility") if name in item}
        try:
            found = groups.add(call.store, path, parent, owner_id=call.signed_in().user["id"], **fields)
        except sqlite3.IntegrityError as error:
            raise conflict(f"group {item['path']}: {error}") from error
    if item.get("archived"):
        call.store.write("INSERT OR IGNORE INTO archived_groups VALUES (?)", found["id"])
    return _same_id(found, item)


def _project(call: Call, item: dict[str, Any]) -> Row:
    group_path, _, path = item["path"].rpartition("/")
    found = call.store.one("SELECT * FROM projects WHERE full_path = ?", item["path"])
    if found is None:
        fields = {name: item[name] for name in ("id", "visibility") if name in item}
        try:
            found = projects.add(call.store, path, find_group(call, group_path), **fields)
        except sqlite3.IntegrityError as error:
            raise conflict(f"project {item['path']}: {error}") from error
    for kind, key in (("branch", "protected_branches"), ("tag", "protected_tags")):
        for name in item.get(key, []):
            projects.protect(call.store, found["id"], kind, name)
    _fill(call, found, item)
    project_settings.keep(call.store, found["id"], item.get("settings", {}))
    return _same_id(found, item)


def _fill(call: Call, project: Row, item: dict[str, Any]) -> None:
    if wanted := {name: item[name] for name in _SETTINGS if name in item}:
        projects.configure(call.store, project["id"], wanted)
    for path, text in item.get("files", {}).items():
        call.store.write("INSERT OR REPLACE INTO files VALUES (?, ?, ?)", project["id"], path, text)
    for group in item.get("shared_with", []):
        call.store.write(
            "INSERT OR IGNORE INTO shared_projects VALUES (?, ?)",
            project["id"],
            find_group(call, group)["id"],
        )


def _same_id(found: Row, item: dict[str, Any]) -> Row:
    if item.get("id", found["id"]) != found["id"]:
        raise conflict(f"{item['path']} is there already, with id {found['id']}")
    return found


def _user(call: Call, item: dict[str, Any], username: str, *, bot: bool = False) -> Row:
    user = users.add(
        call.store, username, admin=bool(item.get("admin")), bot=bot, email=item.get("email", "")
    )
    if "role" in item:
        if item["role"] not in ROLES:
            raise bad_parameter(f"role is invalid: one of {', '.join(ROLES)}")
        _join(call, user, item, ROLES[item["role"]])
    return user


def _join(call: Call, user: Row, item: dict[str, Any], level: int) -> None:
    if "group" in item:
        call.store.write(
            "INSERT INTO members VALUES (?, ?, NULL, ?)"
            " ON CONFLICT (user_id, group_id) DO UPDATE SET access_level = excluded.access_level",
            user["id"],
            find_group(call, str(item["group"]))["id"],
            level,
        )
    elif "project" in item:
        call.store.write(
            "INSERT INTO members VALUES (?, NULL, ?, ?)"
            " ON CONFLICT (user_id, project_id) DO UPDATE SET access_level = excluded.access_level",
            user["id"],
            find_project(call, str(item["project"]))["id"],
            level,
        )
    else:
        raise bad_parameter("role needs a group or a project")


def _token(call: Call, item: dict[str, Any]) -> str:
    kind = item.get("kind", "personal")
    if kind not in _PREFIXES:
        raise bad_parameter(f"kind is invalid: one of {', '.join(_PREFIXES)}")
    token = item.get("token") or derived_token(call.store, item["name"], _PREFIXES[kind])
    project = find_project(call, str(item["project"])) if "project" in item else None
    if kind == "job" and project is None:
        raise bad_parameter("project is missing: a job runs in one")
    is_bot = kind in ("project", "group")
    name = re.sub(r"[^a-z0-9-]+", "-", item["name"].lower())
    user = _user(call, item, f"{kind}_bot_{name}" if is_bot else item.get("user", name), bot=is_bot)
    add_token(
        call.store,
        token,
        user["id"],
        name=item["name"],
        kind=kind,
        scopes=item.get("scopes", ["api"]),
        project_id=project["id"] if project and kind in ("project", "job") else None,
        access_level=ROLES.get(item.get("role", "")),
        expires_at=item.get("expires_at"),
    )
    return token
