"""What every Nexus has from the start: roles, privileges of the application, and those that come with a repository.

None of it is stored; it can be neither changed nor deleted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Privilege = dict[str, Any]

# Formats of the editions; `core` is what the open source distribution has.
CORE_FORMATS = ("apt", "maven2", "raw")
_CLIENTS = ("docker", "npm", "pypi", "yum", "cargo", "cocoapods", "composer", "conan", "conda", "gitlfs")
_MORE_CLIENTS = ("go", "helm", "huggingface", "nuget", "p2", "r", "rubygems", "terraform")
COMMUNITY_FORMATS = (*CORE_FORMATS, *_CLIENTS, *_MORE_CLIENTS)

_CRUD = ("all", "create", "delete", "read", "update")
# What the last word of an application privilege's name stands for.
_ACTIONS = {
    "all": ["ALL"],
    "create": ["ADD", "READ"],
    "delete": ["DELETE", "READ"],
    "mark": ["ADD"],
    "read": ["READ"],
    "update": ["EDIT", "READ"],
}
_DOMAINS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("analytics", "Analytics", ("all",)),
    ("apikey", "APIKey", ("all",)),
    ("atlas", "Support Tools", ("all",)),
    ("blobstores", "Blobstores", _CRUD),
    ("bundles", "Bundles", ("all", "read")),
    ("capabilities", "Capabilities", _CRUD),
    ("datastores", "Datastores", _CRUD),
    ("logging", "Logging", ("all", "mark", "read", "update")),
    ("metrics", "Metrics", ("all",)),
    ("privileges", "Privileges", _CRUD),
    ("roles", "Roles", _CRUD),
    ("search", "Search", ("read",)),
    ("selectors", "Selectors", _CRUD),
    ("settings", "Settings", ("all", "read", "update")),
    ("ssl-truststore", "Ssl-truststore", _CRUD),
    ("tasks", "Tasks", _CRUD),
    ("users", "Users", _CRUD),
    ("wonderland", "Wonderland", ("all",)),
)
# name, description, domain, actions of those that fit no rule
_SINGLE: tuple[tuple[str, str, str, list[str]], ...] = (
    ("nx-component-upload", "Upload component permission", "component", ["ADD"]),
    ("nx-tasks-run", "Run permission for Scheduled Tasks", "tasks", ["START", "STOP"]),
    ("nx-userschangepw", "Change password permission", "userschangepw", ["ADD", "READ"]),
)
_REPOSITORY_ACTIONS = ("*", "add", "browse", "delete", "edit", "read")

ROLES: dict[str, dict[str, Any]] = {
    "nx-admin": {
        "id": "nx-admin",
        "name": "nx-admin",
        "description": "Administrator Role",
        "privileges": ["nx-all"],
        "roles": [],
        "readOnly": True,
    },
    "nx-anonymous": {
        "id": "nx-anonymous",
        "name": "nx-anonymous",
        "description": "Anonymous Role",
        # The first of these exists nowhere, in a real Nexus too.
        "privileges": [
            "nx-healthcheck-read",
            "nx-search-read",
            "nx-repository-view-*-*-read",
            "nx-repository-view-*-*-browse",
        ],
        "roles": [],
        "readOnly": True,
    },
}


def _privilege(type_: str, name: str, description: str, properties: Mapping[str, Any]) -> Privilege:
    return {
        "type": type_,
        "name": name,
        "description": description,
        "properties": dict(properties),
        "readOnly": True,
    }


def of_application(formats: Iterable[str]) -> Iterator[Privilege]:
    """Yield the privileges that are there without any repository."""
    yield _privilege("wildcard", "nx-all", "All permissions", {"pattern": "nexus:*"})
    for domain, label, words in _DOMAINS:
        for word in words:
            what = "All permissions" if word == "all" else f"{word.capitalize()} permission"
            properties = {"domain": domain, "actions": _ACTIONS[word]}
            yield _privilege("application", f"nx-{domain}-{word}", f"{what} for {label}", properties)
    for name, description, domain, actions in _SINGLE:
        yield _privilege("application", name, description, {"domain": domain, "actions": actions})
    for action in (*_REPOSITORY_ACTIONS, "run"):
        actions = ["ALL"] if action == "*" else sorted({action.upper(), "READ"})
        properties = {"scriptName": "*", "actions": ["RUN"] if action == "run" else actions}
        what = "All" if action == "*" else action.capitalize()
        yield _privilege("script", f"nx-script-*-{action}", f"{what} permissions for Scripts", properties)
    yield from _for_every_repository(formats)


def _for_every_repository(formats: Iterable[str]) -> Iterator[Privilege]:
    for action in _REPOSITORY_ACTIONS:
        what = "All" if action == "*" else action.capitalize()
        properties = {"format": "*", "repository": "*", "actions": _actions(action)}
        noun = "privileges" if action == "*" else "privilege"
        text = f"{what} {noun} for all repository administration"
        yield _privilege("repository-admin", f"nx-repository-admin-*-*-{action}", text, properties)
        text = f"{what} permissions for all repository views"
        yield _privilege("repository-view", f"nx-repository-view-*-*-{action}", text, properties)
        for format_ in formats:
            name = f"nx-repository-view-{format_}-*-{action}"
            text = f"{what} {noun} for all '{format_}'-format repository views"
            yield _privilege("repository-view", name, text, properties | {"format": format_})


def of_repository(format_: str, repository: str) -> Iterator[Privilege]:
    """Yield the privileges that come and go with a repository."""
    for action in _REPOSITORY_ACTIONS:
        what = "All privileges" if action == "*" else f"{action.capitalize()} privilege"
        properties = {"format": format_, "repository": repository, "actions": _actions(action)}
        for kind, noun in (("view", "views"), ("admin", "administration")):
            if (kind, action) == ("admin", "add"):
                continue
            name = f"nx-repository-{kind}-{format_}-{repository}-{action}"
            yield _privilege(
                f"repository-{kind}", name, f"{what} for {repository} repository {noun}", properties
            )


def _actions(action: str) -> list[str]:
    return ["ALL"] if action == "*" else [action.upper()]
