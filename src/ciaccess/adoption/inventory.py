"""The inventory of the three systems: reads only, and one login for each secret."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from ciaccess.access.desired.objects import Variable
from ciaccess.adoption.vault_reading import VaultInventory, read_vault
from ciaccess.clients.errors import RefusedError
from ciaccess.clients.gitlab.groups import group_named
from ciaccess.clients.gitlab.variables import GitLab
from ciaccess.clients.nexus import ContentSelector, Nexus, Privilege, Repository, Role, User
from ciaccess.clients.vault.client import Vault
from ciaccess.clients.vault.secret import Credentials, SecretSnapshot

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
        accepted_secrets=accepted_secrets(systems.nexus, vault.secrets),
    )
    seen = tuple(_group(systems.gitlab, group) for group in groups)
    return Inventory(vault, nexus, systems.gitlab.url, seen)


def accepted_secrets(nexus: Nexus, secrets: Mapping[str, SecretSnapshot]) -> frozenset[str]:
    """Return the names of the secrets whose username and password Nexus accepts."""
    with ThreadPoolExecutor(MOST_PROBES) as threads:
        answers = threads.map(lambda secret: is_accepted(nexus, secret.credentials), secrets.values())
        return frozenset(name for name, answer in zip(secrets, answers, strict=True) if answer)


def is_accepted(nexus: Nexus, credentials: Credentials | None) -> bool:
    """Tell whether Nexus accepts credentials; not where there are none, or Nexus could not have them."""
    try:
        return credentials is not None and nexus.users.accepts(credentials.username, credentials.password)
    except RefusedError:
        return False


def _group(gitlab: GitLab, group: str) -> GroupInventory:
    place = group_named(gitlab, group)
    variables = gitlab.variables(str(place.identity)).all().values()
    return GroupInventory(
        place.identity, place.path, tuple(sorted(variables, key=lambda each: each.identity))
    )
