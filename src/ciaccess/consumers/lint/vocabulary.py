"""The names that the rules compare a pipeline with, all from access.yaml."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from ciaccess.consumers import names

if TYPE_CHECKING:
    from ciaccess.access import Access


@dataclass(frozen=True)
class Vocabulary:
    """Names and addresses as pipelines spell them; `*_variables` are the group's variables with that value."""

    roles: tuple[str, ...]
    roles_by_policy: dict[str, list[str]]
    audiences: tuple[str, ...]
    login_path: str
    kv_mount: str
    kv_prefix: str
    vault_address: str
    vault_group: str
    readable: tuple[str, ...]
    push_registry: str
    pull_registry: str
    push_variables: tuple[str, ...]
    pull_variables: tuple[str, ...]

    @classmethod
    def of(cls, access: Access) -> Self:
        """Take the names from access.yaml."""
        audiences = [each for role in access.vault.roles.values() for each in role.bound_audiences]
        variables = [pair for group in access.gitlab.groups.values() for pair in group.variables.items()]
        return cls(
            roles=tuple(access.vault.roles),
            roles_by_policy=names.roles_by_policy(access),
            audiences=tuple(dict.fromkeys(audiences)),
            login_path=names.login_path(access),
            kv_mount=access.vault.kv.mount,
            kv_prefix=access.vault.kv.prefix,
            vault_address=access.vault.address,
            vault_group=names.vault_group(access),
            readable=tuple(names.readable_accounts(access)),
            push_registry=access.nexus.push_registry,
            pull_registry=access.nexus.pull_registry,
            push_variables=tuple(key for key, each in variables if each.value == access.nexus.push_registry),
            pull_variables=tuple(key for key, each in variables if each.value == access.nexus.pull_registry),
        )

    @property
    def pull_spellings(self) -> re.Pattern[str]:
        """Match the pull registry as an address or as one of its variables; `name` is the variable's."""
        return _spellings(self.pull_registry, self.pull_variables)

    @property
    def logs_in(self) -> re.Pattern[str]:
        """Match a login with a token of GitLab's."""
        return re.compile(rf"{re.escape(self.login_path)}\b")


def _spellings(address: str, variables: tuple[str, ...]) -> re.Pattern[str]:
    names_of = "|".join(map(re.escape, variables)) or r"(?!)"
    return re.compile(
        rf"{re.escape(address)}(?![0-9])|\$\{{(?P<braced>{names_of})\}}|\$(?P<bare>{names_of})\b"
    )
