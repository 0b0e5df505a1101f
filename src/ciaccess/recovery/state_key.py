"""The key that encrypts a state's secrets, where that is one of Vault's transit engine (hashivault://): whether it is still there.

Owns finding out before a run does. What the key encrypts is the engine's, and so is a passphrase, which it asks for itself.
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
    """Make sure that Vault decrypts what a state is encrypted with, if that is Vault's to do.

    Raises:
        CommandError: it has no such key, or not the one it was.
        ApiError: it could not be asked, or the token may not.
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
            else "what the state has is no ciphertext"
        )
        raise CommandError(
            f"the secrets of the state cannot be decrypted with {key.mount}/keys/{key.name} in {vault.url}: {said}. "
            "No run can use this state until the key is back; nothing of the passwords is lost, they are in Vault. "
            'See "The key of transit is lost" in docs/runbook-state.md',
            Exit.COULD_NOT_LOOK,
        ) from None
