"""What a drift check reads of Vault, and where policies are given or changed.

Owns its coverage: it reads these paths, and the policy of `ciaccess-drift` grants them. What a server
describes besides, and has entries, becomes a remark.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

# The roles of OpenBao whose policies a program chooses; Vault does not have them.
_CEL = ("cel/role", "cel/roles")
# The lists of roles, users and groups, by type of auth mount.
LISTS: dict[str, tuple[str, ...]] = {
    "alicloud": ("roles",),
    "approle": ("role",),
    "aws": ("roles",),
    "azure": ("role",),
    "cert": ("certs",),
    "cf": ("roles",),
    "gcp": ("roles",),
    "github": ("map/teams", "map/users"),
    "jwt": ("role", *_CEL),
    "kerberos": ("groups",),
    "kubernetes": ("role",),
    "ldap": ("groups", "users"),
    "oci": ("role",),
    "oidc": ("role", *_CEL),
    "okta": ("groups", "users"),
    "radius": ("users",),
    "token": ("roles",),
    "userpass": ("users",),
}
# Settings of a mount that give policies to every login there.
SETTINGS = {
    "github": "config",
    "kerberos": "config/ldap",
    "ldap": "config",
    "okta": "config",
    "radius": "config",
}
# Where entries are read at another path than the list.
READ_BELOW = {("alicloud", "roles"): "role", ("aws", "roles"): "role", ("gcp", "roles"): "role"}
# A write here changes a policy or its holders: on every server, and of an entry by its own path.
_LEVERS = (
    *("sys/policies/acl/+", "sys/policy/+"),
    *(f"identity/{kind}{part}" for kind in ("entity", "group") for part in ("", "/id/+", "/name/+")),
    # identity/alias is the old name of identity/entity-alias.
    *(f"identity/{kind}alias{part}" for kind in ("entity-", "group-", "") for part in ("", "/id/+")),
    "identity/entity/merge",
)
_POLICIES_OF_AN_ENTRY = {"approle": "role/+/policies", "userpass": "users/+/policies"}
# A write here gives a login as an entry: it sets the entry's credential, or whom its mount trusts.
_CREDENTIALS = {"approle": ("secret-id", "custom-secret-id"), "userpass": ("password",)}
# All that a login needs as a role of AppRole that takes no secret id; reading it is enough.
ROLE_ID = "role-id"
_TRUST = {
    "aws": ("config/client", "config/certificate/+", "config/sts/+"),
    **dict.fromkeys(("azure", "cf", "gcp", "jwt", "kerberos", "kubernetes", "oci", "oidc"), ("config",)),
}


class Lever(NamedTuple):
    """Where sudo beside one of the capabilities may give more; whether it does is unknown."""

    gives: str
    because: str
    capabilities: frozenset[str]
    paths: tuple[str, ...]


LEVERS_WITH_SUDO = (
    Lever(
        gives="every policy, by another mount",
        because="it can enable auth methods, or move engines",
        capabilities=frozenset({"update"}),
        paths=("sys/auth/+", "sys/remount"),
    ),
    Lever(
        gives="every secret in use, by an audit device",
        because="it can enable one that logs values",
        capabilities=frozenset({"update"}),
        paths=("sys/audit/+",),
    ),
    Lever(
        gives="every secret and policy, by the storage",
        because="the server may serve it",
        capabilities=frozenset({"read", "update"}),
        paths=tuple("sys/raw" + "/+" * depth for depth in range(1, 8)),
    ),
)
# Lists of `identity/`, `sys/` and a type of auth mounts that are checked, or whose entries give no token a policy: the same entries by another
# name, what exists on every server, and what limits requests.
WITHOUT_POLICIES = {
    "aws": frozenset({
        "config/certificates", "config/sts", "identity-accesslist", "identity-whitelist", "roletag-blacklist",
        "roletag-denylist",
    }),
    "cert": frozenset({"crls"}),
    "identity": frozenset({
        "alias/id", "entity-alias/id", "entity/id", "entity/name", "group-alias/id", "group/id", "group/name",
        "mfa/method/duo", "mfa/method/okta", "mfa/method/pingid", "mfa/method/totp", "oidc/assignment", "oidc/key",
        "oidc/provider", "oidc/scope", "persona/id",
    }),
    "sys": frozenset({
        "config/ui/custom-messages", "config/ui/headers", "leases/lookup", "plugins/pins", "plugins/runtimes/catalog",
        "policies/acl", "policies/detailed/acl", "policies/password", "policy", "quotas/lease-count",
        "quotas/rate-limit", "raw", "version-history", "well-known",
    }),
}  # fmt: skip
# Where the other known ones are: Sentinel's policies, namespaces, OpenBao's workflows, login MFA, the OIDC provider.
OTHER_LISTS = ("identity/mfa/+", "identity/oidc/+", "sys/namespaces", "sys/policies/+", "sys/workflows/+")
# Types of secrets engines that come with Vault or OpenBao: none issues a token of Vault, nor reads another mount.
ENGINES = frozenset({
    "ad", "alicloud", "aws", "azure", "consul", "cubbyhole", "database", "gcp", "gcpkms", "generic", "identity",
    "keymgmt", "kmip", "kubernetes", "kv", "ldap", "mongodbatlas", "nomad", "openldap", "pki", "rabbitmq", "ssh",
    "system", "terraform", "totp", "transform", "transit",
})  # fmt: skip


def levers(mounts: Mapping[str, str]) -> list[str]:
    """Return where policies are given or changed; `mounts` has the types of auth mounts by path."""
    found = list(_LEVERS)
    for path, kind in sorted(mounts.items()):
        entries = [f"{READ_BELOW.get((kind, part), part)}/+" for part in LISTS.get(kind, ())]
        others = (SETTINGS.get(kind), _POLICIES_OF_AN_ENTRY.get(kind))
        found += [f"auth/{path}{part}" for part in (*entries, *filter(None, others))]
    return found


def mount_of(path: str, mounts: Iterable[str]) -> str:
    """Return the auth mount of a path, "" without one."""
    return next((each for each in mounts if path.startswith(f"auth/{each}")), "")


def logins(path: str, entry: Mapping[str, Any], mounts: Mapping[str, str]) -> list[str]:
    """Return where a write gives a login as the entry at `path`, or a token of that token role."""
    mount = mount_of(path, mounts)
    kind = mounts.get(mount, "")
    if kind == "token":
        return [path.replace("/roles/", "/create/", 1)]
    if kind == "approle" and not entry.get("bind_secret_id", True):
        return [f"{path}/{ROLE_ID}"]
    of_entry = [f"{path}/{part}" for part in _CREDENTIALS.get(kind, ())]
    if (
        any(entry.get(field) for field in ("secret_id_bound_cidrs", "token_bound_cidrs"))
        and kind == "approle"
    ):
        of_entry.append(f"{path}/bind-secret-id")  # without these the role must take one
    return [*of_entry, *(f"auth/{mount}{part}" for part in _TRUST.get(kind, ()))]


def parts() -> list[str]:
    """Return every path below a mount that is listed, whose entries have names."""
    return sorted({*READ_BELOW.values(), *(part for parts in LISTS.values() for part in parts)})
