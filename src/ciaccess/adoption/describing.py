"""A draft of access.yaml from the inventory; its larger sections have a module each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from ciaccess.access.model.checks import ENVIRONMENTS, FORMATS
from ciaccess.adoption import accounts, gitlab_groups, jwt_roles, nexus_roles
from ciaccess.adoption.draft import Draft
from ciaccess.adoption.inventory import Inventory

_AUTHORITIES = ("oidc_discovery_ca_pem", "jwks_ca_pem")
# Fields of the backend that access.yaml does not have.
_UNDESCRIBED = ("jwks_pairs", "jwt_supported_algs", "oidc_client_id", "provider_config")


def describe(inventory: Inventory, max_ages: Mapping[str, str] = MappingProxyType({})) -> Draft:
    """Return a draft of access.yaml; `max_ages` by account are copied: no system records them."""
    draft = Draft()
    places = _repositories(inventory, draft)
    found = accounts.describe(inventory, places, max_ages, draft)
    nexus = _nexus(inventory, found, places, draft)
    references = {
        inventory.vault.address: "${vault.address}",
        inventory.nexus.url: "${nexus.url}",
        nexus["push_registry"]: "${nexus.push_registry}",
        nexus["pull_registry"]: "${nexus.pull_registry}",
        inventory.gitlab_url: "${gitlab.url}",
    }
    draft.data = {
        "version": 1,
        "vault": _vault(inventory, found, draft),
        "nexus": nexus,
        "gitlab": {
            "url": inventory.gitlab_url,
            "groups": gitlab_groups.describe(inventory, references, draft),
        },
        "accounts": found.declared,
    }
    return draft


def _vault(inventory: Inventory, found: accounts.Accounts, draft: Draft) -> dict[str, Any]:
    seen = inventory.vault
    for mount in seen.kv_one:
        text = f"{mount}/ is a KV engine of version 1, which is not supported"
        draft.remark("kv-version-1", ("vault", "kv"), text, "Move secrets that pipelines read to version 2")
    for mount in seen.unlisted:
        text = f"{mount}/ has more secrets than are listed, or deeper folders: users' secrets elsewhere in it may be missing here"
        draft.remark("not-listed", ("vault", "kv"), text, f"Look there for others: vault kv list {mount}/")
    issuer = str(seen.backend.get("bound_issuer") or "").rstrip("/")
    if not issuer:
        text = "no issuer is bound, so tokens of any issuer with a trusted key are accepted"
        draft.remark("no-issuer", ("vault", "jwt", "issuer"), text, "up binds GitLab's address")
    if seen.backend.get("default_role"):
        text = f"the backend has the default role {seen.backend['default_role']}, for jobs that name no role"
        remedy = "up removes it: make each job name its role first"
        draft.remark("default-role", ("vault", "jwt"), text, remedy)
    if more := [field for field in _UNDESCRIBED if seen.backend.get(field)]:
        text = f"the backend has {', '.join(more)}, which access.yaml cannot describe"
        draft.remark("backend-field", ("vault", "jwt"), text, "up removes it: check that no job needs it")
    jwt: dict[str, Any] = {
        "mount": seen.jwt_mount,
        "issuer": _gitlab(inventory, issuer or inventory.gitlab_url),
    }
    for key, field in (("discovery_url", "oidc_discovery_url"), ("jwks_url", "jwks_url")):
        if seen.backend.get(field):
            jwt[key] = _gitlab(inventory, str(seen.backend[field]).rstrip("/"))
    jwt |= {field: str(seen.backend[field]).strip() for field in _AUTHORITIES if seen.backend.get(field)}
    if keys := seen.backend.get("jwt_validation_pubkeys"):
        jwt["public_keys"] = [key.strip() for key in keys]
    return {
        "address": seen.address,
        "kv": {"mount": seen.mount, "prefix": seen.prefix},
        "jwt": jwt,
        "roles": jwt_roles.describe(inventory, found, draft),
    }


def _gitlab(inventory: Inventory, url: str) -> str:
    rest = url.removeprefix(inventory.gitlab_url)
    return "${gitlab.url}" + rest if rest != url and (not rest or rest.startswith("/")) else url


def _nexus(
    inventory: Inventory, found: accounts.Accounts, places: dict[str, dict[str, str]], draft: Draft
) -> dict[str, Any]:
    docker = places.get("docker", {})
    pushed, pulled = docker.get("dev", ""), docker.get("group", docker.get("dev", ""))
    keys = ("NEXUS_REGISTRY_PUSH", "NEXUS_REGISTRY")
    described: dict[str, Any] = {
        "url": inventory.nexus.url,
        "push_registry": _registry(inventory, "push_registry", keys, pushed, draft),
        "pull_registry": _registry(inventory, "pull_registry", ("NEXUS_REGISTRY_PULL",), pulled, draft),
    }
    if domain := accounts.email_domain(inventory, found):
        described["email_domain"] = domain
    described["repositories"] = places
    if roles := nexus_roles.describe(inventory.nexus, found.roles, found.renamed_roles, draft):
        described["roles"] = roles
    if names := nexus_roles.repository_privileges(inventory.nexus, found.roles):
        described["repository_privileges"] = names
    return described


def _registry(inventory: Inventory, name: str, keys: tuple[str, ...], repository: str, draft: Draft) -> str:
    """Return a registry by the group's variable, else a guess by path, which needs no port."""
    if value := gitlab_groups.value_of(inventory, *keys):
        return value
    guess = "/".join(filter(None, (urlsplit(inventory.nexus.url).netloc, repository)))
    text = f"no variable has the registry for docker {name.partition('_')[0]}; {guess} is a guess"
    remedy = "Write the address that docker logs in at, such as host:port of the docker connector"
    draft.remark("registry-unknown", ("nexus", name), text, remedy)
    return guess


def _repositories(inventory: Inventory, draft: Draft) -> dict[str, dict[str, str]]:
    """Return the repositories by format and environment or `group`; remark on the others."""
    found: dict[str, dict[str, str]] = {}
    left_out: list[str] = []
    for name, repository in sorted(inventory.nexus.repositories.items()):
        place = "group" if repository.type == "group" else _environment(name)
        places = found.setdefault(repository.format, {})
        if repository.format in FORMATS and repository.type != "proxy" and place and place not in places:
            places[place] = name
        else:
            left_out.append(name)
    formats = {
        format_: {place: places[place] for place in (*ENVIRONMENTS, "group") if place in places}
        for format_, places in found.items()
        if places.keys() & set(ENVIRONMENTS)
    }
    left_out += [
        name for format_, places in found.items() if format_ not in formats for name in places.values()
    ]
    if left_out:
        text = (
            f"{', '.join(sorted(left_out))}: the name has no environment (dev, uat, prod), the environment has a repository "
            "already, or the type is not supported"
        )
        remedy = "They are left alone; add those that pipelines use"
        draft.remark("repository-left-out", ("nexus", "repositories"), text, remedy)
    return formats


def _environment(name: str) -> str | None:
    words = re.split(r"[-_.]", name.lower())
    return next((each for each in ENVIRONMENTS if each in words), None)
