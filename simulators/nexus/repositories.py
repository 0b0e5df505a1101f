"""A repository as its content's handlers see it, and the look-up by name.

Owns the reading of a repository's stored configuration; what the REST API says and takes of it is in
repository_settings.py and repository_api.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Settings = dict[str, Any]


@dataclass(frozen=True)
class Repository:
    """One repository. `type` is hosted, group or proxy; `write_policy` ALLOW, ALLOW_ONCE or DENY.

    `members` names a group's members in the order they are asked; `http_port` is a docker connector's port,
    `force_basic_auth` tells whether docker clients sign in with a password, and never pull without one.
    """

    name: str
    format: str
    type: str
    write_policy: str
    members: tuple[str, ...]
    http_port: int | None
    force_basic_auth: bool
    online: bool


class Repositories:
    """The repositories by name, over the settings as they are stored."""

    def __init__(self, stored: Mapping[str, Settings]) -> None:
        self._stored = stored

    def find(self, name: str) -> Repository | None:
        """Return the repository of that name; another case will do where none has the very name."""
        settings = self._stored.get(name)
        if settings is None:
            folded = name.lower()
            settings = next((self._stored[each] for each in self._stored if each.lower() == folded), None)
        return None if settings is None else _repository(settings)

    def all(self) -> list[Repository]:
        """Return every repository, in the order they were created."""
        return [_repository(settings) for settings in self._stored.values()]

    def members(self, group: Repository) -> Iterable[Repository]:
        """Yield the members of a group in its order, those of groups within it in place of these, each once."""
        seen = {group.name.lower()}

        def walk(repository: Repository) -> Iterable[Repository]:
            for name in repository.members:
                member = self.find(name)
                if member is None or member.name.lower() in seen:
                    continue
                seen.add(member.name.lower())
                if member.type == "group":
                    yield from walk(member)
                else:
                    yield member

        return walk(group)


def _repository(settings: Settings) -> Repository:
    return Repository(
        name=settings["name"],
        format=settings["format"],
        type=settings["type"],
        write_policy=str(settings.get("storage", {}).get("writePolicy", "ALLOW")).upper(),
        members=tuple(settings.get("group", {}).get("memberNames", ())),
        http_port=settings.get("docker", {}).get("httpPort"),
        force_basic_auth=bool(settings.get("docker", {}).get("forceBasicAuth", True)),
        online=settings["online"],
    )
