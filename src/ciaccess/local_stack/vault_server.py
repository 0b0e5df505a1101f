"""The local Vault or OpenBao: a real server on raft storage, initialised by ciaccess.

Owns its configuration file, its one unseal key and its root token (files of mode 0600 in the local stack's
folder). Leaves everything inside Vault alone but the KV engine at the organisation's mount, which exists there.
"""

from __future__ import annotations

import json
import os
import shutil

import hvac

from ciaccess.atomic_file import write_private
from ciaccess.local_stack.places import credential_file, data_folder, folder, read_credential
from ciaccess.local_stack.processes import StackError, free_port

PROGRAM = "CIACCESS_VAULT_SERVER"
_ANSWER_SECONDS = 5


def choice() -> str:
    """Return the server's program that the caller names, or nothing."""
    return os.environ.get(PROGRAM, "")


def default() -> str:
    """Return the program of a new stack: Vault, or OpenBao where only that is there."""
    return "bao" if shutil.which("bao") and not shutil.which("vault") else "vault"


def command(server: str, port: int) -> list[str]:
    """Write the configuration and return the words that start the server on it."""
    data = data_folder("vault")
    settings = {
        "storage": {"raft": {"path": str(data), "node_id": "local", "performance_multiplier": "1"}},
        "listener": {
            "tcp": {
                "address": f"127.0.0.1:{port}",
                "cluster_address": f"127.0.0.1:{free_port()}",
                "tls_disable": True,
            }
        },
        "api_addr": f"http://127.0.0.1:{port}",
        "cluster_addr": f"http://127.0.0.1:{free_port()}",
        "disable_mlock": True,
        "log_level": "warn",
    }
    path = data / "server.json"
    write_private(path, json.dumps(settings, indent=2))
    return [server, "server", f"-config={path}"]


def open_up(url: str) -> None:
    """Initialise the server if it is new, and unseal it if it is sealed."""
    client = hvac.Client(url=url, timeout=_ANSWER_SECONDS)
    key = folder() / "vault-unseal-key"
    if not client.sys.is_initialized():
        made = client.sys.initialize(secret_shares=1, secret_threshold=1)
        write_private(credential_file("vault-token"), made["root_token"])
        write_private(key, made["keys"][0])
    if client.sys.is_sealed():
        if not key.exists():
            raise StackError(
                f"unseal the local Vault: {key} is missing. Start over: ./ciaccess local reset --yes"
            )
        client.sys.submit_unseal_key(key.read_text(encoding="ascii"))


def enable_kv(url: str, mount: str) -> None:
    """Enable a KV engine of version 2 at `mount`, unless it exists."""
    client = hvac.Client(url=url, token=read_credential("vault-token"), timeout=_ANSWER_SECONDS)
    if f"{mount}/" not in client.sys.list_mounted_secrets_engines()["data"]:
        client.sys.enable_secrets_engine("kv", path=mount, options={"version": "2"})
