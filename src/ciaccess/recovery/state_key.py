"""A check of the transit key in Vault that encrypts a state's secrets (hashivault://).

Detects a lost key before a run fails. The engine itself decrypts, and checks a passphrase.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

from ciaccess.clients.errors import NotFoundError, RefusedError
from ciaccess.engine import transit
from ciaccess.errors import CommandError, Exit

if TYPE_CHECKING:
    from ciaccess.clients.vault.client import Vault


def check(export: dict[str, Any], vault: Vault) -> None:
    """Check that Vault can decrypt the key of a state, if that is a transit key.

    Raises:
        CommandError: the key is missing, or it is another one.
        ApiError: Vault could not be checked, or the token may not decrypt.
    """
    state = ((export.get("deployment") or {}).get("secrets_providers") or {}).get("state") or {}
    key = transit.named_by(str(state.get("url") or ""))
    if key is None:
        return
    try:
        held = base64.b64decode(state.get("encryptedkey") or "").decode("ascii")
        vault.ask(
            "post",
            f"{key.mount}/decrypt/{key.name}",
            f"decrypt the state's key with {key.mount}/keys/{key.name}",
            {"ciphertext": held},
        )
    except (RefusedError, NotFoundError, binascii.Error, UnicodeDecodeError) as error:
        said = (
            error.said
            if isinstance(error, RefusedError | NotFoundError)
            else "the state contains no valid ciphertext"
        )
        raise CommandError(
            f"the secrets of the state cannot be decrypted with {key.mount}/keys/{key.name} in {vault.url}: {said}. "
            "No run can use this state until the key is restored. No password is lost: they are in Vault. "
            'See "The key of transit is lost" in docs/runbook-state.md',
            Exit.COULD_NOT_LOOK,
        ) from None
