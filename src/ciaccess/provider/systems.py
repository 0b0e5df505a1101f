"""Clients of Nexus, GitLab and Vault for the kinds, each connected at its first use."""

from __future__ import annotations

import os
import threading
from functools import cached_property
from typing import TYPE_CHECKING

from ciaccess.clients.connect import gitlab_client, nexus_client
from ciaccess.clients.credentials import CredentialsError, require
from ciaccess.clients.http.session import options_with_ca

if TYPE_CHECKING:
    from collections.abc import Callable

    from ciaccess.clients.gitlab.variables import GitLab
    from ciaccess.clients.nexus import Nexus
    from ciaccess.clients.vault.client import Vault

# Concurrent login checks: Nexus hashes each password, which takes a core for some milliseconds.
_MOST_PROBES = 8


class Systems:
    """One client of each; `addresses` are URLs by name (`nexus_url`, `gitlab_url`).

    A missing address is taken from the environment under its name in capitals, so that `pulumi import` works without
    a provider resource. Credentials come from the environment.
    """

    def __init__(self, addresses: dict[str, str], owner: Callable[[], str]) -> None:
        self._addresses = addresses
        self._owner = owner
        # The current stack as in claims, `<project>/<stack>`; "" before the first request.
        self.stack = ""
        self._lock = threading.Lock()
        self._nexus: Nexus | None = None
        self._gitlab: GitLab | None = None
        self._vault: Vault | None = None
        # Bounds concurrent login checks.
        self._login_probes = threading.BoundedSemaphore(_MOST_PROBES)

    @cached_property
    def owner(self) -> str:
        """The owner whose objects may be deleted."""
        return self._owner()

    def nexus(self) -> Nexus:
        """Return Nexus.

        Raises:
            CredentialsError: its address or credentials are missing or invalid.
        """
        with self._lock:
            if self._nexus is None:
                self._nexus = nexus_client(self._address("nexus_url", "nexus.url"))
            return self._nexus

    def accepts(self, user_id: str, password: str) -> bool:
        """Tell whether Nexus accepts this user with this password; concurrent checks are bounded."""
        with self._login_probes:
            return self.nexus().users.accepts(user_id, password)

    def nexus_username(self) -> str:
        """Return the id of the Nexus user that this plugin logs in as."""
        return require("NEXUS_USERNAME")["NEXUS_USERNAME"]

    def gitlab(self) -> GitLab:
        """Return GitLab; raises as `nexus` does."""
        with self._lock:
            if self._gitlab is None:
                self._gitlab = gitlab_client(self._address("gitlab_url", "gitlab.url"))
            return self._gitlab

    def vault(self) -> Vault:
        """Return Vault; raises as `nexus` does."""
        with self._lock:
            if self._vault is None:
                from ciaccess.clients.vault.client import Vault  # noqa: PLC0415 for a quick start

                found = require("VAULT_ADDR", "VAULT_TOKEN")
                self._vault = Vault(found["VAULT_ADDR"], found["VAULT_TOKEN"], options=options_with_ca())
            return self._vault

    def close(self) -> None:
        """Close the connections."""
        for system in (self._nexus, self._gitlab, self._vault):
            if system is not None:
                system.close()

    def _address(self, name: str, entry: str) -> str:
        address = self._addresses.get(name) or os.environ.get(name.upper())
        if not address:
            raise CredentialsError(
                f"the provider's {name} is missing. Set {entry} in access.yaml; for `pulumi import` without --provider, "
                f"set {name.upper()} in the environment."
            )
        return address
