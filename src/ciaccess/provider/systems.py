"""Clients of Nexus, GitLab and Vault for the kinds, each connected at its first use."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from ciaccess.clients.connect import gitlab_client, nexus_client
from ciaccess.clients.credentials import CredentialsError, require

if TYPE_CHECKING:
    from ciaccess.clients.gitlab.variables import GitLab
    from ciaccess.clients.nexus import Nexus
    from ciaccess.clients.vault.client import Vault

T = TypeVar("T")
# Concurrent login checks: Nexus hashes each password, which takes a core for some milliseconds.
_MOST_PROBES = 8


class Systems:
    """One client of each; `addresses` are URLs by name (`nexus_url`, `gitlab_url`).

    A missing address is taken from the environment under its name in capitals, so that `pulumi import` works without
    a provider resource. Credentials come from the environment.
    """

    def __init__(
        self, addresses: dict[str, str], owner: Callable[[], str], program_stack: Callable[[], str] = str
    ) -> None:
        self._addresses = addresses
        self._owner = owner
        self._program_stack = program_stack
        # The run's stack as in claims, `<project>/<stack>`; "" before `settle_stack`.
        self.stack = ""
        self._lock = threading.Lock()
        self._clients: dict[str, Any] = {}
        # Bounds concurrent login checks.
        self._login_probes = threading.BoundedSemaphore(_MOST_PROBES)

    @cached_property
    def owner(self) -> str:
        """The owner whose objects may be deleted."""
        return self._owner()

    def settle_stack(self, stack: str) -> None:
        """Take the program's stack for this run, or this one, that of the first deletion.

        `pulumi destroy` has no program. The engine is asked once: updates and deletions come after the program has announced
        its stack.
        """
        with self._lock:
            self.stack = self.stack or self._program_stack() or stack

    def nexus(self) -> Nexus:
        """Return Nexus.

        Raises:
            CredentialsError: its address or credentials are missing or invalid.
        """
        return self._once("Nexus", lambda: nexus_client(self._address("nexus_url", "nexus.url")))

    def accepts(self, user_id: str, password: str) -> bool:
        """Tell whether Nexus accepts this user with this password; concurrent checks are bounded."""
        with self._login_probes:
            return self.nexus().users.accepts(user_id, password)

    def nexus_username(self) -> str:
        """Return the id of the Nexus user that this plugin logs in as."""
        return require("NEXUS_USERNAME")["NEXUS_USERNAME"]

    def gitlab(self) -> GitLab:
        """Return GitLab."""
        return self._once("GitLab", lambda: gitlab_client(self._address("gitlab_url", "gitlab.url")))

    def vault(self) -> Vault:
        """Return Vault."""
        return self._once("Vault", _vault)

    def close(self) -> None:
        """Close the connections."""
        for client in self._clients.values():
            client.close()

    def _once(self, system: str, connect: Callable[[], T]) -> T:
        with self._lock:
            if system not in self._clients:
                self._clients[system] = connect()
            client: T = self._clients[system]
            return client

    def _address(self, name: str, entry: str) -> str:
        address = self._addresses.get(name) or os.environ.get(name.upper())
        if not address:
            raise CredentialsError(
                f"the provider's {name} is missing. Set {entry} in access.yaml; for `pulumi import` without --provider, "
                f"set {name.upper()} in the environment."
            )
        return address


def _vault() -> Vault:
    from ciaccess.clients.vault.client import Vault  # noqa: PLC0415 for a quick start

    found = require("VAULT_ADDR", "VAULT_TOKEN")
    return Vault(found["VAULT_ADDR"], found["VAULT_TOKEN"])
