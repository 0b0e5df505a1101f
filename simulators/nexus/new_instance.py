"""What a new instance holds: its administrator, the anonymous account, Maven's repositories, its settings."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from simulators.nexus import repository_settings
from simulators.nexus.security.settings import ACTIVE_DEFAULT, ANONYMOUS_DEFAULT
from simulators.nexus.security.users import new_user
from simulators.shared.files import private_text

if TYPE_CHECKING:
    from pathlib import Path

    from simulators.nexus.store import Store


def found(store: Store, data: Path, admin_password: str) -> None:
    """Fill a store; an administrator's password that is not given is made, and kept in `admin.password`."""
    password = admin_password or private_text(data / "admin.password", otherwise=secrets.token_hex(20))
    nobodys = secrets.token_hex(20)
    admin = new_user("admin", ("Administrator", "User"), "changepassword", "nx-admin", password)
    anonymous = new_user("anonymous", ("Anonymous", "User"), "active", "nx-anonymous", nobodys)
    with store.transaction():
        for user in (admin, anonymous):
            store.users.put(user["userId"], user)
        for repository in repository_settings.of_new_instance():
            store.repositories.put(repository["name"], repository)
        store.settings.put("anonymous", ANONYMOUS_DEFAULT)
        store.settings.put("realms", {"active": ACTIVE_DEFAULT})
        store.settings.put("read-only", {"frozen": False})
