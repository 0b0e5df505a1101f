"""What must be true before a run changes a stack: which Vault is meant, which key.

The state holds no secret (docs/adr/0016). The engine encrypts it all the same, so what it encrypts with has to be at hand.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from ciaccess.clients.credentials import CredentialsError, check_vault_address
from ciaccess.engine.settings import StackSettingsError, secrets_provider, stack_file
from ciaccess.environment import PUBLIC_PASSPHRASE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ciaccess.access.model.models import Access

_TRANSIT = "transit"


def own_passphrase(stack: str, environment: Mapping[str, str] = os.environ) -> str | None:
    """Return a stack's own passphrase; None for the public one, or another kind of key."""
    if secrets_provider(stack) not in (None, "default", "passphrase"):
        return None
    found = _passphrase(environment)
    return None if found == PUBLIC_PASSPHRASE else found


def check_transit_key(stack: str, access: Access) -> None:
    """Refuse a stack whose state the pipeline's own jobs could not decrypt.

    Raises:
        StackSettingsError: the stack is encrypted with a key of Vault that the YAML does not give them.
    """
    provider = urlsplit(str(stack_file(stack).get("secretsprovider") or ""))
    pipeline = access.pipeline
    if pipeline is None or provider.scheme != "hashivault":
        return
    key = f"{provider.netloc}{provider.path}".strip("/")
    mount = parse_qs(provider.query).get("engine", [_TRANSIT])[0].strip("/")
    if (key, mount) != (pipeline.transit_key, pipeline.transit_mount):
        raise StackSettingsError(
            f"the stack {stack!r} is encrypted with the key {key} of {mount}/, which its pipeline may not use. "
            f"In access.yaml, set pipeline.transit_key: {key}, and transit_mount: {mount}"
        )


def check_vault(access: Access, environment: Mapping[str, str] = os.environ) -> None:
    """Refuse to write to another Vault than the YAML's, or with another token.

    pulumi-vault takes both from VAULT_ADDR and VAULT_TOKEN alone; without the latter it uses ~/.vault-token.

    Raises:
        CredentialsError: VAULT_ADDR is empty or another Vault, its certificate would not be checked, the namespace is
            another one, or there is no VAULT_TOKEN.
    """
    if environment.get("VAULT_SKIP_VERIFY", "").lower() not in ("", "0", "f", "false"):
        raise CredentialsError(
            "VAULT_SKIP_VERIFY is set: pulumi-vault would send VAULT_TOKEN to any server in Vault's place",
            "Unset it, and name the CA of Vault's certificate in VAULT_CACERT and CIACCESS_CA_BUNDLE.",
        )
    check_vault_address(access, environment)
    if not environment.get("VAULT_ADDR"):
        raise CredentialsError("VAULT_ADDR is empty", f"Set it: export VAULT_ADDR={access.vault.address}")
    if not environment.get("VAULT_TOKEN"):
        raise CredentialsError(
            "VAULT_TOKEN is empty, and pulumi-vault reads no file",
            'Set it, from a file: export VAULT_TOKEN="$(cat "$VAULT_TOKEN_FILE")".',
        )


def _passphrase(environment: Mapping[str, str]) -> str | None:
    """Return the passphrase as the engine finds it: first the variable, then the named file."""
    if "PULUMI_CONFIG_PASSPHRASE" in environment:
        return environment["PULUMI_CONFIG_PASSPHRASE"]
    file = environment.get("PULUMI_CONFIG_PASSPHRASE_FILE")
    try:
        return Path(file).read_text(encoding="utf-8").strip() if file else None
    except (OSError, UnicodeDecodeError):
        return None  # the engine will say so
