"""What an import of an account is told, and what it finds out by itself: the rest of the parts, from the role and the secret.

The id is `USER@VERSION[,USER@VERSION]:SECRET_PATH[:ROLE]`, such as `svc-x@1,svc-x-b@1:secret/data/nexus/svc-x:ci-svc-x`: the
users with the versions of their passwords, which no system tells. It holds no password: those are read from the secret.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ciaccess.clients.nexus.own_privileges import is_called_after, own_privileges
from ciaccess.provider.kinds.account_passwords import VERSION
from ciaccess.provider.kinds.kind import KindError

if TYPE_CHECKING:
    from ciaccess.clients.nexus import Nexus
    from ciaccess.clients.vault.secret import SecretSnapshot
    from ciaccess.provider.kinds.fields import Values

_USER = r"[^\s@,:/]+@[0-9]{1,9}"
_ID = re.compile(rf"({_USER}(?:,{_USER})*):([^:\s]+/data/[^:\s]+)(?::([^:\s]+))?")


@dataclass(frozen=True)
class ImportId:
    """An import's id: the versions by user, the secret's API path, and the role's id or ""."""

    versions: dict[str, int]
    path: str
    role: str

    @classmethod
    def of(cls, text: str) -> ImportId:
        """Read an id.

        Raises:
            KindError: it is none.
        """
        found = _ID.fullmatch(text)
        if not found:
            raise KindError(
                f"import account '{text}': its id is USER@VERSION[,USER@VERSION]:SECRET_PATH[:ROLE], such as "
                "svc-x@1:secret/data/nexus/svc-x:ci-svc-x. Never write a password there: ids are not encrypted"
            )
        users = [each.rpartition("@") for each in found[1].split(",")]
        return cls({user: int(version) for user, _, version in users}, found[2], found[3] or "")

    @classmethod
    def for_inputs(cls, inputs: Values) -> ImportId:
        """Return the id under which the account of these inputs is imported."""
        users = inputs["users"]
        if not isinstance(users, dict):  # a preview may not know them
            users = {inputs["account"]: {VERSION.name: 1}}
        # The account's name comes first: the second user is called after it.
        versions = {user: int(part[VERSION.name]) for user, part in sorted(users.items())}
        return cls(versions, inputs["secret"]["path"], str((inputs["role"] or {}).get("role_id", "")))

    def __str__(self) -> str:
        users = ",".join(f"{user}@{version}" for user, version in self.versions.items())
        return ":".join([users, self.path, *([self.role] if self.role else [])])

    def parts(self, nexus: Nexus, found: SecretSnapshot) -> Values:
        """Return what there is to look at, in the shape of a state: the parts by id, without their fields."""
        active = (found.fields or {}).get("username")
        account = next(iter(self.versions))
        scoped = own_privileges(nexus, self.role)
        used = {each.content_selector for each in scoped}
        selectors = sorted(name for name in used if is_called_after(self.role, name))
        return {
            "account": account,
            "users": {
                user: {"user_id": user, VERSION.name: version} for user, version in self.versions.items()
            },
            "role": {"role_id": self.role} if self.role else {},
            "privileges": {each.name: {"name": each.name} for each in scoped},
            "selectors": {name: {"name": name} for name in selectors},
            "secret": {"path": self.path, "user": active if active in self.versions else account},
        }
