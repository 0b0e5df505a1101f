"""The import id of an account, and the parts that an import finds by role and secret.

The id is `USER@VERSION[,USER@VERSION]:SECRET_PATH[:ROLE]`, such as `svc-x@1,svc-x-b@1:secret/data/nexus/svc-x:ci-svc-x`:
the users with their password versions, which no system records. Passwords are read from the secret.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ciaccess.clients.nexus import Nexus
from ciaccess.clients.nexus.privileges import is_called_after, own_privileges
from ciaccess.clients.vault.secret import SecretSnapshot
from ciaccess.provider.kinds.account_passwords import VERSION
from ciaccess.provider.kinds.fields import Values
from ciaccess.provider.kinds.kind import KindError

_USER = r"[^\s@,:/]+@[0-9]{1,9}"
_ID = re.compile(rf"({_USER}(?:,{_USER})*):([^:\s]+/data/[^:\s]+)(?::([^:\s]+))?")


@dataclass(frozen=True)
class ImportId:
    """An import id: the password versions by user, the secret's API path, and the role's id or ""."""

    versions: dict[str, int]
    path: str
    role: str

    @classmethod
    def of(cls, text: str) -> ImportId:
        """Parse an id.

        Raises:
            KindError: the id is invalid.
        """
        found = _ID.fullmatch(text)
        if not found:
            raise KindError(
                f"import account '{text}': invalid id. Write USER@VERSION[,USER@VERSION]:SECRET_PATH[:ROLE], such as "
                "svc-x@1:secret/data/nexus/svc-x:ci-svc-x. Never write a password there: ids are not encrypted"
            )
        users = [each.rpartition("@") for each in found[1].split(",")]
        return cls({user: int(version) for user, _, version in users}, found[2], found[3] or "")

    @classmethod
    def for_inputs(cls, inputs: Values) -> ImportId:
        """Return the import id of the account of these inputs."""
        users = inputs["users"]
        if not isinstance(users, dict):  # unknown in a preview
            users = {inputs["account"]: {VERSION.name: 1}}
        # The account's own user comes first: the second user's name is derived from it.
        versions = {user: int(part[VERSION.name]) for user, part in sorted(users.items())}
        return cls(versions, inputs["secret"]["path"], str((inputs["role"] or {}).get("role_id", "")))

    def __str__(self) -> str:
        users = ",".join(f"{user}@{version}" for user, version in self.versions.items())
        return ":".join([users, self.path, *([self.role] if self.role else [])])

    def parts(self, nexus: Nexus, found: SecretSnapshot) -> Values:
        """Return the parts by id, in the shape of a state but without their fields."""
        active = found.username
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
