"""What must be true before a run changes a stack: its passphrase, and which Vault is meant.

The passphrase of the stack `local` is public (docs/adr/0005), and `make env` puts it in place where nothing else is. So
the stack that names no other secrets provider must not be run with it by mistake.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from ciaccess.clients.connect import check_vault_address
from ciaccess.engine import transit
from ciaccess.engine.settings import StackSettingsError, stack_file
from ciaccess.environment import LOCAL_PASSPHRASE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ciaccess.access.model.models import Access

LOCAL = "local"


def check_passphrase(stack: str, environment: Mapping[str, str] = os.environ) -> None:
    """Refuse any stack but `local` whose secrets the public passphrase would encrypt.

    Raises:
        StackSettingsError: it would; the text has the remedy.
    """
    if stack != LOCAL and passphrase(stack, environment) == LOCAL_PASSPHRASE:
        raise StackSettingsError(
            f"the stack {stack!r} would be encrypted with the passphrase of the local stack, which is public. "
            "Set PULUMI_CONFIG_PASSPHRASE_FILE to a file of your own, or choose another secrets provider: "
            "pulumi stack change-secrets-provider hashivault://<key>"
        )


def passphrase(stack: str, environment: Mapping[str, str] = os.environ) -> str | None:
    """Return the passphrase that encrypts a stack's secrets; None if it is not set, or not used."""
    return _passphrase(environment) if _by_passphrase(stack, environment) else None


def check_transit_key(stack: str, access: Access) -> None:
    """Refuse a stack whose state the pipeline's own jobs could not decrypt.

    Raises:
        StackSettingsError: the stack is encrypted with a key of transit that the YAML does not give them.
    """
    key = transit.named_by(str(stack_file(stack).get("secretsprovider") or ""))
    pipeline = access.pipeline
    if pipeline and key and key != transit.Key(pipeline.transit_key or "", pipeline.transit_mount):
        raise StackSettingsError(
            f"the stack {stack!r} is encrypted with the key {key.name} of {key.mount}/, which its pipeline may not use. "
            f"In access.yaml, set pipeline.transit_key: {key.name}, and transit_mount: {key.mount}"
        )


def check_vault(access: Access, environment: Mapping[str, str] = os.environ) -> None:
    """Refuse to write to another Vault than the YAML's, or with another token.

    pulumi-vault takes both from VAULT_ADDR and VAULT_TOKEN alone; without the latter it uses ~/.vault-token.

    Raises:
        CredentialsError: VAULT_ADDR is another Vault.
        StackSettingsError: it is empty, its certificate would not be checked, the namespace is another one, or the token
            is given in a file only.
    """
    if environment.get("VAULT_SKIP_VERIFY", "").lower() not in ("", "0", "f", "false"):
        raise StackSettingsError(
            "VAULT_SKIP_VERIFY is set: pulumi-vault would send VAULT_TOKEN to any server in Vault's place. Unset it, and name "
            "the CA of Vault's certificate in VAULT_CACERT and CIACCESS_CA_BUNDLE"
        )
    check_vault_address(access, environment)
    if not environment.get("VAULT_ADDR"):
        raise StackSettingsError(f"VAULT_ADDR is empty: export VAULT_ADDR={access.vault.address}")
    namespace = environment.get("VAULT_NAMESPACE", "").strip("/")
    if access.vault.namespace and namespace != access.vault.namespace:
        raise StackSettingsError(
            f"VAULT_NAMESPACE is {namespace or 'empty'}, but vault.namespace in access.yaml is {access.vault.namespace}. "
            "Correct the one that is wrong"
        )
    if not environment.get("VAULT_TOKEN"):
        raise StackSettingsError(
            "pulumi-vault takes its token from VAULT_TOKEN, not from a file: "
            'export VAULT_TOKEN="$(cat "$VAULT_TOKEN_FILE")"'
        )


def _by_passphrase(stack: str, environment: Mapping[str, str]) -> bool:
    """Tell whether the engine encrypts a stack with the passphrase, a file backend's default."""
    try:
        settings = stack_file(stack)
    except StackSettingsError:  # a stack without a file of its own
        settings = {}
    provider = settings.get("secretsprovider") or (
        "passphrase" if "encryptionsalt" in settings else "default"
    )
    managed = environment.get("PULUMI_BACKEND_URL", "").startswith("https://")
    return provider == "passphrase" or (provider == "default" and not managed)


def _passphrase(environment: Mapping[str, str]) -> str | None:
    """Return the passphrase as the engine finds it: first the variable, then the named file."""
    if "PULUMI_CONFIG_PASSPHRASE" in environment:
        return environment["PULUMI_CONFIG_PASSPHRASE"]
    file = environment.get("PULUMI_CONFIG_PASSPHRASE_FILE")
    try:
        return Path(file).read_text(encoding="utf-8").strip() if file else None
    except (OSError, UnicodeDecodeError):
        return None  # the engine will say so
