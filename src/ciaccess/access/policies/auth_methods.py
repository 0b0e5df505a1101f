"""Where each type of auth mount lists what logs in there, and where that is read.

Owns what a drift check covers: it reads these, and ciaccess's own policy for it grants exactly these.
"""

from __future__ import annotations

# By the type of an auth mount: below which paths what logs in there is listed.
LISTS: dict[str, tuple[str, ...]] = {
    "alicloud": ("roles",),
    "approle": ("role",),
    "aws": ("roles",),
    "azure": ("role",),
    "cert": ("certs",),
    "cf": ("roles",),
    "gcp": ("roles",),
    "github": ("map/teams", "map/users"),
    "jwt": ("role", "cel/role"),
    "kerberos": ("groups",),
    "kubernetes": ("role",),
    "ldap": ("groups", "users"),
    "oci": ("role",),
    "oidc": ("role", "cel/role"),
    "okta": ("groups", "users"),
    "radius": ("users",),
    "token": ("roles",),
    "userpass": ("users",),
}
# Where these read what they list elsewhere.
READ_BELOW = {("alicloud", "roles"): "role", ("aws", "roles"): "role", ("gcp", "roles"): "role"}


def parts() -> list[str]:
    """Return every path below a mount that is listed or read."""
    return sorted({*READ_BELOW.values(), *(part for parts in LISTS.values() for part in parts)})
