"""The folder of the local stack, `<state directory>/local`: ports, pids, credentials, data, logs.

Owns the files; knows nothing of what runs. Files with credentials have mode 0600 from their first byte.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path

from ciaccess.atomic_file import write_private
from ciaccess.environment import state_directory

SERVICES = ("vault", "nexus", "gitlab")


def folder() -> Path:
    """Return the local stack's folder."""
    return state_directory() / "local"


def data_folder(service: str) -> Path:
    """Return where a service keeps its data."""
    return folder() / service


def log_file(service: str) -> Path:
    """Return the file that a service's output goes to."""
    return folder() / "logs" / f"{service}.log"


def credential_file(name: str) -> Path:
    """Return the file of a credential: `nexus-password`, `gitlab-token`, `vault-token`."""
    return folder() / name


def read_credential(name: str) -> str:
    """Return a credential of a stack that was started."""
    return credential_file(name).read_text(encoding="ascii")


def make_credential(name: str, prefix: str = "") -> Path:
    """Return the credential's file, filled with a new random value where it does not exist yet."""
    path = credential_file(name)
    if not path.exists():
        write_private(path, prefix + secrets.token_hex(20))
    return path


@dataclass
class Record:
    """The record of the stack between commands: ports of listeners, pids of services.

    `nexus` is the version of a real Nexus, "" for the simulator; `vault` the program of its Vault server.
    """

    ports: dict[str, int] = field(default_factory=dict)
    pids: dict[str, int] = field(default_factory=dict)
    nexus: str = ""
    vault: str = "vault"

    @classmethod
    def load(cls) -> Record:
        """Read the record; a stack that was never started has an empty one."""
        try:
            return cls(**json.loads((folder() / "stack.json").read_text(encoding="utf-8")))
        except FileNotFoundError:
            return cls()

    def save(self) -> None:
        """Write the record."""
        write_private(folder() / "stack.json", json.dumps(asdict(self), indent=2) + "\n")

    def url(self, listener: str) -> str:
        """Return a listener's address, such as `http://127.0.0.1:18200`."""
        return f"http://127.0.0.1:{self.ports[listener]}"

    @property
    def access_file(self) -> str:
        """Return the access.yaml of formats that its Nexus has, relative to config/."""
        return f"local/nexus-{self.nexus}.yaml" if self.nexus else "access.yaml"

    def addresses(self) -> dict[str, str]:
        """Return what the stack `local` puts in place of the organisation's addresses."""
        return {
            "vault": self.url("vault"),
            "nexus": self.url("nexus"),
            "push_registry": f"127.0.0.1:{self.ports['nexus_push']}",
            "pull_registry": f"127.0.0.1:{self.ports['nexus_pull']}",
            "gitlab": self.url("gitlab"),
        }
