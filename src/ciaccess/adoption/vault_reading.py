"""The inventory of Vault: the secrets' folder, the JWT backend, its roles and policies.

The values of secrets are read only in the chosen folder, to check them by a login.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ciaccess.access.policies.tokens import BUILT_IN, named_policies, policies_at_login
from ciaccess.clients.vault.client import Vault
from ciaccess.clients.vault.secret import SecretSnapshot, VaultSecret
from ciaccess.errors import CommandError

_KV_VERSION = "2"
_MOST_DEPTH, _MOST_SECRETS = 6, 5000


@dataclass(frozen=True)
class VaultInventory:
    """The inventory; `elsewhere` are other secrets named as users, `kv_one` mounts of version 1.

    `unlisted` are mounts of which not all secrets were listed.
    """

    address: str
    mount: str
    prefix: str
    secrets: dict[str, SecretSnapshot]
    elsewhere: tuple[str, ...]
    kv_one: tuple[str, ...]
    unlisted: tuple[str, ...]
    jwt_mount: str
    backend: dict[str, Any]
    roles: dict[str, dict[str, Any]]
    policies: dict[str, str]

    @property
    def jwt_roles(self) -> dict[str, dict[str, Any]]:
        """Return the roles with which jobs log in: those of type oidc are for browsers."""
        return {name: role for name, role in self.roles.items() if role.get("role_type", "jwt") == "jwt"}

    def api_path(self, name: str) -> str:
        """Return a secret's path in the API."""
        return f"{self.mount}/data/{self.prefix}/{name}"


def read_vault(vault: Vault, users: frozenset[str], kv: str | None, jwt: str | None) -> VaultInventory:
    """Read Vault; `kv` is mount/folder of the secrets, `jwt` a mount, None to detect them.

    Raises:
        CommandError: one of them is missing or ambiguous.
        ApiError: Vault is not reachable, or refuses the request.
    """
    mounts = vault.read("sys/mounts") or {}
    engines = {path.rstrip("/"): it for path, it in mounts.items() if _is_type(it, "kv")}
    two = [path for path, it in engines.items() if (it.get("options") or {}).get("version") == _KV_VERSION]
    listed = {mount: _paths(vault, mount) for mount in two}
    unlisted = tuple(sorted(mount for mount, (_, is_whole) in listed.items() if not is_whole))
    if unlisted and kv is None:
        raise CommandError(
            f"find the folder of the secrets: {', '.join(unlisted)} has more than {_MOST_SECRETS} secrets, or folders deeper "
            f"than {_MOST_DEPTH}, of which not all were listed. Name the folder with --kv, such as --kv secret/nexus"
        )
    found = [(mount, *path.rpartition("/")[::2]) for mount, (paths, _) in listed.items() for path in paths]
    mount, prefix = _folder(found, users, kv, two)
    # Listed again: the search ends at a maximum, and may not have come here.
    here = [name for name in vault.keys(f"{mount}/metadata/{prefix}") if not name.endswith("/")]
    elsewhere = [
        "/".join(filter(None, place)) for place in found if place[:2] != (mount, prefix) and place[2] in users
    ]
    jwt_mount = _jwt_mount(vault, jwt)
    roles = _roles(vault, jwt_mount)
    return VaultInventory(
        address=vault.url,
        mount=mount,
        prefix=prefix,
        secrets=_secrets(vault, f"{mount}/data/{prefix}", here),
        elsewhere=tuple(sorted(elsewhere)),
        kv_one=tuple(sorted(set(engines) - set(two))),
        unlisted=unlisted,
        jwt_mount=jwt_mount,
        backend=vault.read(f"auth/{jwt_mount}/config") or {},
        roles=roles,
        policies=_policies(vault, roles),
    )


def policies_of(role: dict[str, Any]) -> list[str]:
    """Return the policies of a role in their order, without Vault's built-in ones."""
    return [name for name in named_policies(role) if name not in BUILT_IN]


def _is_type(mount: Any, *types: str) -> bool:
    return isinstance(mount, dict) and mount.get("type") in types


def _paths(vault: Vault, mount: str) -> tuple[list[str], bool]:
    """Return the paths of a mount's secrets, and whether these are all: the search has a maximum."""
    paths: list[str] = []
    folders, is_whole = [""], True
    while folders and len(paths) <= _MOST_SECRETS:
        folder = folders.pop()
        keys = vault.keys(f"{mount}/metadata/{folder}")
        paths += [folder + key for key in keys if not key.endswith("/")]
        inner = [folder + key for key in keys if key.endswith("/")]
        if folder.count("/") < _MOST_DEPTH:
            folders += inner
        else:
            is_whole = is_whole and not inner
    return paths, is_whole and not folders


def _folder(
    found: list[tuple[str, str, str]], users: frozenset[str], kv: str | None, mounts: list[str]
) -> tuple[str, str]:
    """Return mount and folder: as given, or the one with the most secrets named as Nexus users."""
    folders = sorted({f"{mount}/{folder}" for mount, folder, _ in found if folder})
    if kv is not None:
        kv = kv.strip("/")
        mount = next((each for each in sorted(mounts, key=len) if f"{kv}/".startswith(f"{each}/")), None)
        if mount is None:
            raise CommandError(
                f"--kv {kv}: not in a KV engine of version 2. Name mount and folder, such as secret/nexus; the mounts "
                f"are {', '.join(mounts) or 'missing'}"
            )
        folder = kv.removeprefix(mount).strip("/")
        if not folder:
            raise CommandError(_needs_folder(f"--kv {kv}", mount, folders))
        return mount, folder
    counted: dict[tuple[str, str], int] = {}
    for mount, folder, name in found:
        if name in users and folder:
            counted[mount, folder] = counted.get((mount, folder), 0) + 1
    best = [place for place, count in counted.items() if count == max(counted.values())]
    if len(best) != 1:
        shown = ", ".join(f"{mount}/{folder}" for mount, folder in sorted(best))
        why = f"it is ambiguous: {shown}" if best else "no secret has the name of a Nexus user"
        at_the_top = sorted({mount for mount, folder, name in found if name in users and not folder})
        if at_the_top and not best:
            raise CommandError(_needs_folder("find the folder of the secrets", at_the_top[0], folders))
        raise CommandError(
            f"find the folder of the secrets: {why}. Name it with --kv, such as --kv secret/nexus"
        )
    return best[0]


def _needs_folder(doing: str, mount: str, folders: list[str]) -> str:
    """Return the message for secrets at the top of a mount."""
    known = f"; the folders are {', '.join(folders)}" if folders else ""
    return (
        f"{doing}: secrets at the top of the mount {mount} cannot be described, since access.yaml needs a folder inside the "
        f"mount (vault.kv.prefix){known}. Copy them, for example: vault kv get -format=json -field=data {mount}/NAME | vault "
        f"kv put {mount}/nexus/NAME -; change the jobs to read them there; then use --kv {mount}/nexus"
    )


def _secrets(vault: Vault, folder: str, names: list[str]) -> dict[str, SecretSnapshot]:
    found = {name: VaultSecret(vault, f"{folder}/{name}").read() for name in sorted(names)}
    return {name: secret for name, secret in found.items() if secret.exists}


def _jwt_mount(vault: Vault, jwt: str | None) -> str:
    mounts = vault.read("sys/auth") or {}
    found = sorted(path.rstrip("/") for path, it in mounts.items() if _is_type(it, "jwt", "oidc"))
    chosen = [path for path in found if jwt in (None, path)]
    if len(chosen) != 1:
        because = f"the mounts are {', '.join(found)}" if found else "no JWT backend is enabled"
        raise CommandError(
            f"find the JWT backend: {because}. Name it with --jwt, or enable one first: vault auth enable jwt"
        )
    return chosen[0]


def _roles(vault: Vault, mount: str) -> dict[str, dict[str, Any]]:
    read = {
        name: vault.read(f"auth/{mount}/role/{name}") for name in sorted(vault.keys(f"auth/{mount}/role"))
    }
    return {name: role for name, role in read.items() if role}


def _policies(vault: Vault, roles: dict[str, dict[str, Any]]) -> dict[str, str]:
    names = sorted({name for role in roles.values() for name in policies_at_login(role)})
    read = {name: vault.read(f"sys/policies/acl/{name}") for name in names}
    return {name: str(policy["policy"]) for name, policy in read.items() if policy and "policy" in policy}
