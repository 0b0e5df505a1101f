"""Where each type of auth mount lists and stores its roles, users and groups.

Owns the coverage of a drift check: it reads these paths, and the policy of `ciaccess-drift` grants them.
"""

from __future__ import annotations

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
# Where entries are read at another path than the list.
READ_BELOW = {("alicloud", "roles"): "role", ("aws", "roles"): "role", ("gcp", "roles"): "role"}


def parts() -> list[str]:
    """Return every path below a mount that is listed or read."""
    return sorted({*READ_BELOW.values(), *(part for parts in LISTS.values() for part in parts)})
