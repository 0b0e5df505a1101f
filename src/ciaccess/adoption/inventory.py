"""The inventory of the three systems: reads only, and one login for each secret."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ciaccess.adoption.vault_reading import Secret, VaultInventory, read_vault
from ciaccess.clients.errors import RefusedError
from ciaccess.clients.gitlab.groups import group_named

if TYPE_CHECKING:
    from ciaccess.access.desired.objects import Variable
    from ciaccess.clients.gitlab.variables import GitLab
    from ciaccess.clients.nexus import ContentSelector, Nexus, Privilege, Repository, Role, User
    from ciaccess.clients.vault.client import Vault

# Nexus hashes each password, which takes a core for some milliseconds.
MOST_PROBES = 8
# Nexus's built-in users, which no pipeline uses.
_NEXUS_OWN_USERS = ("admin", "anonymous")


@dataclass(frozen=True)
class NexusInventory:
    """The objects of Nexus; `accepted_secrets` are the names of the secrets that Nexus accepts."""

    url: str
    users: dict[str, User]
    roles: dict[str, Role]
    privileges: dict[str, Privilege]
    selectors: dict[str, ContentSelector]
    repositories: dict[str, Repository]
    accepted_secrets: frozenset[str]


@dataclass(frozen=True)
class GroupInventory:
    """A group of GitLab with its variables."""

    identity: int
    path: str
    variables: tuple[Variable, ...]


@dataclass(frozen=True)
class Inventory:
    """The objects of all systems."""

    vault: VaultInventory
    nexus: NexusInventory
    gitlab_url: str
    groups: tuple[GroupInventory, ...]


@dataclass(frozen=True)
class Systems:
    """Clients of the three systems, each safe to use from several threads."""

    vault: Vault
    nexus: Nexus
    nexus_url: str
    gitlab: GitLab


def read_systems(systems: Systems, groups: Iterable[str], kv: str | None, jwt: str | None) -> Inventory:
    """Read all systems; `groups` are GitLab groups by id or path, `kv` and `jwt` as in `read_vault`.

    Raises:
        CommandError: a folder or mount is missing or ambiguous.
        ApiError: a system is not reachable, or refuses the request.
    """
    users = {name: user for name, user in systems.nexus.users.all().items() if name not in _NEXUS_OWN_USERS}
    vault = read_vault(systems.vault, frozenset(users), kv, jwt)
    nexus = NexusInventory(
        url=systems.nexus_url,
        users=users,
        roles=systems.nexus.roles.all(),
        privileges=systems.nexus.privileges.all(),
        selectors=systems.nexus.content_selectors.all(),
        repositories=systems.nexus.repositories(),
        accepted_secrets=accepted_secrets(systems.nexus, vault.secrets.values()),
    )
    seen = tuple(_group(systems.gitlab, group) for group in groups)
    return Inventory(vault, nexus, systems.gitlab.url, seen)


def accepted_secrets(nexus: Nexus, secrets: Iterable[Secret]) -> frozenset[str]:
    """Return the names of the secrets whose username and password Nexus accepts."""
    tried = [secret for secret in secrets if secret.username and secret.password]

    def is_admitted(secret: Secret) -> bool:
        try:
            return nexus.users.accepts(secret.username, secret.password)
        except RefusedError:  # not valid as credentials
            return False

    with ThreadPoolExecutor(MOST_PROBES) as threads:
        answers = threads.map(is_admitted, tried)
    return frozenset(secret.name for secret, answer in zip(tried, answers, strict=True) if answer)


def _group(gitlab: GitLab, group: str) -> GroupInventory:
    place = group_named(gitlab, group)
    variables = gitlab.variables(str(place.identity)).all().values()
    return GroupInventory(
        place.identity, place.path, tuple(sorted(variables, key=lambda each: each.identity))
    )
