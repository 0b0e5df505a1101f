"""Which paths of Vault the token may read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ciaccess.clients.vault.client import Vault


def unreadable(vault: Vault, paths: Iterable[str]) -> dict[str, str]:
    """Return the paths that the token may not read (list, if they end in /), with the capability."""
    asked = sorted(set(paths))
    rights = vault.capabilities(asked)
    needed = {path: "list" if path.endswith("/") else "read" for path in asked}
    return {path: need for path, need in needed.items() if not rights[path] & {need, "root"}}


def refusal(path: str, need: str) -> tuple[str, str]:
    """Return why a path cannot be read without a capability, and the remedy."""
    return (
        f"the token may not {need} {path}",
        f'Give its policy: path "{path}" {{ capabilities = ["{need}"] }}.',
    )
