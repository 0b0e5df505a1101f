"""The names that the rules compare a pipeline with, all from access.yaml."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ciaccess.access.desired.pipeline_identities import jwt_roles
from ciaccess.consumers import names

if TYPE_CHECKING:
    from ciaccess.access import Access

# Between the mount and the path, in the API of KV version 2.
_KINDS = "(?:data|metadata|delete|undelete|destroy|subkeys)/"


class Vocabulary:
    """Names and addresses as in pipelines; `*_variables` are group variables with that value.

    `roles` are those for consumers, `all_roles` also those of ciaccess's own pipeline, `own_project`. `able` are the
    accounts by what they do in Nexus: a verb and a format.
    """

    def __init__(self, access: Access) -> None:
        self.roles, self.all_roles = access.vault.roles, jwt_roles(access)
        self.own_project = access.pipeline.project if access.pipeline else None
        self.roles_by_policy = names.roles_by_policy(access)
        self.jwt_mount = access.vault.jwt.mount
        self.kv_mount = access.vault.kv.mount
        self.kv_prefix = access.vault.kv.prefix
        self.vault_address = access.vault.address
        self.vault_group = names.vault_group(access)
        self.accounts = tuple(access.accounts)
        self.readable = tuple(names.readable_accounts(access))
        self.able = {
            (verb, format_): tuple(names.accounts_that(access, verb, format_))
            for verb in ("push", "promote")  # to pull, roles made in Nexus may allow, too
            for format_ in access.nexus.repositories
        }
        self.push_registry = access.nexus.push_registry
        self.pull_registry = access.nexus.pull_registry
        gitlab, groups = urlsplit(access.gitlab.url), access.gitlab.groups.values()
        variables = {key: each.value for group in groups for key, each in group.variables.items()}
        predefined = {
            "CI_SERVER_URL": access.gitlab.url,
            "CI_SERVER_HOST": gitlab.hostname or "",
            "CI_SERVER_FQDN": gitlab.netloc,
            "CI_SERVER_PROTOCOL": gitlab.scheme,
        }
        self.known_variables = predefined | variables
        self.push_variables, self.pull_variables = (
            tuple(key for key, value in variables.items() if value == registry)
            for registry in (self.push_registry, self.pull_registry)
        )

    @cached_property
    def consumer_audiences(self) -> tuple[str, ...]:
        """Return every audience that some role for consumers accepts."""
        return tuple(dict.fromkeys(each for role in self.roles.values() for each in role.bound_audiences))

    @cached_property
    def audiences(self) -> tuple[str, ...]:
        """Return every audience that some role accepts, those for consumers first."""
        return tuple(dict.fromkeys(each for role in self.all_roles.values() for each in role.bound_audiences))

    @cached_property
    def compared(self) -> frozenset[str]:
        """Return the names that a job compares with each other: roles, accounts and audiences."""
        return frozenset({*self.all_roles, *self.accounts, *self.audiences})

    @cached_property
    def login(self) -> re.Pattern[str]:
        """Match a login with GitLab's token: its address, any mount in a variable, Python's hvac."""
        mount = re.escape(self.jwt_mount)
        arguments = r"(?:[^()]|\((?:[^()]|\([^()]*\))*\))*?"
        other_mount = rf"{arguments}\bpath\s*=\s*[\"'\\]+(?!/?{mount}/?[\"'\\])[\w/]"
        return re.compile(rf"\bauth/(?:{mount}|\$\{{?\w+\}}?)/login\b|\.jwt_login\((?!{other_mount})")

    @cached_property
    def secret(self) -> re.Pattern[str]:
        """Match a secret's address in Vault's API: `kind` is data/ or the like, `account` the name."""
        mount, prefix = re.escape(self.kv_mount), re.escape(self.kv_prefix)
        return re.compile(
            rf"/v1/(?:[\w.-]+/)*?{mount}/(?P<kind>{_KINDS})?"
            rf"{prefix}/(?P<account>[A-Za-z0-9_.-]*)(?P<open>\$?)"
        )

    @cached_property
    def secret_path(self) -> re.Pattern[str]:
        """Match a secret's path in any mount, none at all included: `mount`, `kind` and `account`."""
        return re.compile(
            rf"(?:(?P<mount>[^$]*?)/)?(?P<kind>{_KINDS})?{re.escape(self.kv_prefix)}/(?P<account>[^/]+)"
        )

    def names_secret(self, text: str) -> bool:
        """Report whether a text names the secret of an account."""
        return f"{self.kv_mount}/" in text and f"/{self.kv_prefix}/" in text

    def path_inside_mount(self, path: str) -> str:
        """Return a path without the mount and data/ in front, but where the prefix begins so."""
        if path.startswith(f"{self.kv_prefix}/"):
            return path
        return path.removeprefix(f"{self.kv_mount}/").removeprefix("data/")

    @cached_property
    def pull_reference(self) -> re.Pattern[str]:
        """Match an image's name in the registry to pull from."""
        return re.compile(rf"^(?:[a-z]+://)?{re.escape(self.pull_registry)}(?![\w.-]|:\d+(?:/|$))")

    def is_to_pull(self, word: str) -> bool:
        """Report whether a word names something in the registry to pull from."""
        value = re.sub(r"^[A-Za-z_]\w*=", "", word)  # make push REGISTRY=…
        return bool(self.pull_reference.match(value.strip("\"'")))

    @property
    def nexus_host(self) -> str:
        """Return the name of the registry's host, without a port or folder."""
        return re.split("[:/]", self.push_registry)[0]

    @property
    def tells_registries_apart(self) -> bool:
        """Report whether a name shows which registry it is for."""
        return not f"{self.push_registry}/".startswith(f"{self.pull_registry}/")
