"""The operations to check in Nexus, each required to work or to fail, from access.yaml alone.

An action is expected to work where grants cover all that it needs, to be refused where they cover nothing of it, and
is not tried in between. Of a path that limits an account its sibling is tried too, whose name begins in the same way,
so that any selector that was made wider is found.

What can be tried was measured on Nexus 3.30 and 3.71. The list of assets is refused by the right to read, whatever the format.
A path that a format does not serve is 404 to every user, so it proves nothing; apt and r ask for the right before they
reject the path, and store nothing. Nothing of the kind is known of the other formats without a client: their uploads and
deletions are not tried (docs/verify.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from ciaccess.access import Access
from ciaccess.analysis.facts import AccessFacts, Grant, Right
from ciaccess.clients.artifacts import FORMATS

FOLDER = "/ciaccess-verify/"
_SIBLING = "-ciaccess-verify/"


class Action(StrEnum):
    """What is tried in a repository."""

    BROWSE = "browse"
    READ = "read"
    UPLOAD = "upload"
    DELETE = "delete"


# What each needs of Nexus's own actions; an upload to raw needs edit alone, and the other ways add too.
_NEEDED = {
    Action.BROWSE: ("browse",),
    Action.READ: ("read",),
    Action.UPLOAD: ("edit", "add"),
    Action.DELETE: ("delete",),
}
_READING = (Action.BROWSE, Action.READ)
# Of the formats without a client.
_WRITING = {"apt": (Action.UPLOAD, Action.DELETE), "r": (Action.UPLOAD,)}
# 404 to every user, of what exists too.
_UNSERVED = (("pypi", Action.DELETE),)


@dataclass(frozen=True)
class Location:
    """A folder of a repository in access.yaml; `environment` is dev, uat, prod or group."""

    format: str
    environment: str
    repository: str
    folder: str = FOLDER


@dataclass(frozen=True)
class Operation:
    """An action at a location, and whether it must work."""

    action: Action
    location: Location
    allowed: bool
    shows_folder: bool = False

    @property
    def title(self) -> str:
        """Return what is done, in words."""
        under = f" under {self.location.folder}" if self.shows_folder else ""
        return f"{self.action} {self.location.repository}{under}"


@dataclass(frozen=True)
class Administration:
    """A call of Nexus's REST API that needs one of some privileges, and changes nothing."""

    title: str
    method: str
    path: str
    privileges: frozenset[str]


# Each that changes something names a missing object: with the right, the answer is 404.
_NOBODY = "ciaccess-verify-nobody"
ADMINISTRATION = tuple(
    Administration(
        title, method, f"/security/{kind}{name}", frozenset({f"nx-{kind}-all", f"nx-{kind}-{action}"})
    )
    for title, method, kind, name, action in (
        ("read the users", "GET", "users", f"?userId={_NOBODY}", "read"),
        ("delete a user", "DELETE", "users", f"/{_NOBODY}", "delete"),
        ("read the roles", "GET", "roles", f"/{_NOBODY}", "read"),
        ("delete a role", "DELETE", "roles", f"/{_NOBODY}", "delete"),
        ("delete a privilege", "DELETE", "privileges", f"/{_NOBODY}", "delete"),
    )
)


def operations(access: Access, facts: AccessFacts, account: str) -> tuple[Operation, ...]:
    """Return what the account is tried for in every repository of access.yaml."""
    return tuple(operation for location in locations(access) for operation in _at(facts, account, location))


def can_try(format_: str, action: Action) -> bool:
    """Tell whether an action can be tried in repositories of this format."""
    if format_ in FORMATS:
        return (format_, action) not in _UNSERVED
    return action in (*_READING, *_WRITING.get(format_, ()))


def administration(facts: AccessFacts, account: str) -> tuple[tuple[Administration, bool], ...]:
    """Return the calls of Nexus's REST API to check, each with whether it must work."""
    held = facts.account(account)
    names = {right.name for right in held.rights}
    tried = [(each, held.administers or bool(each.privileges & names)) for each in ADMINISTRATION]
    return tuple((each, allowed) for each, allowed in tried if allowed or not unknown_rights(facts, account))


def unknown_rights(facts: AccessFacts, account: str) -> tuple[str, ...]:
    """Return the account's rights with unknown content, so that refusals cannot be predicted."""
    return tuple(right.name for right in facts.account(account).rights if _has_unknown_content(right))


def locations(access: Access) -> Iterator[Location]:
    """Yield each repository of access.yaml; the folder is that of accounts without a path."""
    for format_, repositories in access.nexus.repositories.items():
        for environment, name in repositories.by_environment().items():
            yield Location(format_, environment, name)
        if repositories.group:
            yield Location(format_, "group", repositories.group)


def _at(facts: AccessFacts, account: str, location: Location) -> Iterator[Operation]:
    paths = sorted(
        {
            grant.path
            for grant in facts.account(account).grants
            if grant.path and (grant.format, grant.repository) == (location.format, location.repository)
        }
    )
    folders = [folder for path in paths for folder in (path, path.rstrip("/") + _SIBLING)] or [FOLDER]
    for folder in folders:
        here = Location(location.format, location.environment, location.repository, folder)
        for action in Action:
            # Nexus lists a repository as a whole to users that may browse any folder of it.
            if action is Action.BROWSE and folder != folders[0]:
                continue
            # A group is never written to.
            if location.environment == "group" and action not in _READING:
                continue
            must_work = _must_work(facts, account, here, action)
            if must_work is not None:
                yield Operation(
                    action, here, must_work, shows_folder=bool(paths) and action is not Action.BROWSE
                )


def _must_work(facts: AccessFacts, account: str, location: Location, action: Action) -> bool | None:
    held = facts.account(account)
    covered = [
        held.covers(Grant(location.format, location.repository, needed, location.folder))
        for needed in _NEEDED[action]
    ]
    if all(covered):
        return True
    return None if any(covered) or unknown_rights(facts, account) else False


def _has_unknown_content(right: Right) -> bool:
    return right.is_role or not right.name.startswith("nx-")
