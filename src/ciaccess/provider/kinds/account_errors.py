"""The errors of foreign parts: they exist, and this stack did not create them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ciaccess.clients.errors import action
from ciaccess.provider.kinds.account_import import ImportId
from ciaccess.provider.kinds.kind import KindError
from ciaccess.provider.kinds.objects import ExistsError

if TYPE_CHECKING:
    from ciaccess.provider.kinds.fields import Values


class AccountExistsError(ExistsError):
    """Parts of the account exist and are foreign."""

    def __init__(self, inputs: Values, parts: list[str]) -> None:
        super().__init__("account", str(ImportId.for_inputs(inputs)), "Nexus or Vault")
        self.args = (f"{action('create', 'account', inputs['account'])}: {_existing_text(parts)}",)


def adoption_error(doing: str, parts: list[str]) -> KindError:
    """Return the error of an adoption of parts that another owner manages."""
    return KindError(f"{doing}: {', '.join(parts)}. Release it there first, or give the account another name")


def exists_error(state: Values, inputs: Values, parts: list[str]) -> KindError:
    """Return the error of foreign parts."""
    if not state:
        return AccountExistsError(inputs, parts)
    return KindError(
        f"{action('update', 'account', inputs['account'])}: {_existing_text(parts)}, and not created by this stack. "
        "Take over with adopt: true at the account's entry in access.yaml, or delete it"
    )


def _existing_text(parts: list[str]) -> str:
    return f"{', '.join(parts)} {'exists' if len(parts) == 1 else 'exist'} already"
