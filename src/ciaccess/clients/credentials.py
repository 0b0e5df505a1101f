"""The credentials, from the environment alone: never resource inputs, never arguments.

Each is taken from `<NAME>`, else from the file that `<NAME>_FILE` names (its text without the trailing newline).
What is a secret is concealed from log records and error texts as soon as it is read. What is missing, or cannot be used, is a
CredentialsError.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ciaccess.clients.addresses import is_same
from ciaccess.clients.redaction import conceal
from ciaccess.errors import CiaccessError

if TYPE_CHECKING:
    from ciaccess.access import Access

# name → what it is, for whom one is missing
KNOWN = {
    "NEXUS_USERNAME": "the user that administers Nexus",
    "NEXUS_PASSWORD": "the password of Nexus's administrator",
    "GITLAB_TOKEN": "a token with scope read_api to read; to write, api of an owner of the group",
    "VAULT_ADDR": "Vault's address",
    "VAULT_TOKEN": "a token that may read what the command reads; one that writes must also administer the auth mount, policies and secrets",
}
# What `run-as` sets for an identity without a token of GitLab.
GITLAB_FROM, STATE = "CIACCESS_GITLAB", "state"
# variable → the same address in access.yaml and in a stack's settings
_ADDRESSES = {"VAULT_ADDR": "vault.address", "NEXUS_URL": "nexus.url", "GITLAB_URL": "gitlab.url"}
# A job's id_token for Vault.
ID_TOKEN = "VAULT_ID_TOKEN"  # noqa: S105 a variable's name
_NOTES = ("GITLAB_NOTES_TOKEN", "GITLAB_TOKEN")
_USERNAME = "NEXUS_USERNAME"
_NO_SECRETS = (_USERNAME, "VAULT_ADDR")
CA_BUNDLES = ("CIACCESS_CA_BUNDLE", "REQUESTS_CA_BUNDLE")
_MOST_FILE_BYTES = 64 * 1024


class CredentialsError(CiaccessError):
    """Credentials are missing or cannot be used; the text lists all of them and how to set them."""

    def __init__(self, because: str, remedy: str = "") -> None:
        super().__init__(because, None, remedy=remedy)


def require(*names: str) -> dict[str, str]:
    """Return the credentials by name; the error lists all that are missing or cannot be read."""
    found: dict[str, str] = {}
    faults: list[str] = []
    for name in names:
        try:
            found[name] = _read(name)
        except CredentialsError as error:
            faults.append(str(error))
    if faults:
        files = "; those of Nexus and GitLab may be files, named in <NAME>_FILE"
        has_files = any(not name.startswith("VAULT_") for name in names if name not in found)
        raise CredentialsError(
            f"the environment lacks {'; '.join(faults)}",
            f"Set each in the environment{files if has_files else ''}.",
        )
    return found


def check_address(variable: str, address: str, environment: Mapping[str, str] = os.environ) -> None:
    """Refuse to send the environment's credentials to another system than the environment's."""
    given = environment.get(variable, "").strip()
    if given and not is_same(given, address):
        shown = "an address with credentials in it" if "@" in given else given
        raise CredentialsError(
            f"{variable} is {shown}, but {_ADDRESSES[variable]} of access.yaml or of the stack's settings is {address}: "
            "nothing was sent",
            "Name the stack of these credentials, such as --stack local, or correct the one that is wrong. "
            'A shell of an earlier local stack: eval "$(make -s env)" again.',
        )


def check_vault_address(access: Access, environment: Mapping[str, str] = os.environ) -> None:
    """Refuse to send a credential to another Vault, or namespace, than the environment's."""
    if not environment.get("VAULT_ADDR") and environment.get("GITLAB_CI") == "true":
        raise CredentialsError(
            "VAULT_ADDR is empty: a job takes Vault's address from the group's variable, not from the checkout",
            "Set it there.",
        )
    check_address("VAULT_ADDR", access.vault.address, environment)
    namespace = environment.get("VAULT_NAMESPACE", "").strip("/")
    if access.vault.namespace and namespace != access.vault.namespace:
        raise CredentialsError(
            f"VAULT_NAMESPACE is {namespace or 'empty'}, but vault.namespace in access.yaml is {access.vault.namespace}",
            "Correct the one that is wrong.",
        )


def needed_credentials(*, is_preview: bool) -> tuple[str, ...]:
    """Return the names of the credentials that a run needs."""
    is_unread = is_preview and gitlab_is_unread()
    return tuple(name for name in KNOWN if not (is_unread and name == "GITLAB_TOKEN"))


def gitlab_is_unread() -> bool:
    """Tell whether variables are compared with the state, for lack of a token of GitLab."""
    return os.environ.get(GITLAB_FROM) == STATE and not is_given("GITLAB_TOKEN")


def notes_token() -> str:
    """Return the name of the token that writes notes and issues.

    GITLAB_NOTES_TOKEN where it is given, so that a job that only reads GitLab may have one for this alone; else GITLAB_TOKEN.
    """
    return next((name for name in _NOTES if is_given(name)), _NOTES[-1])


def is_given(name: str) -> bool:
    """Tell whether a credential is in the environment, itself or by its file."""
    return bool(os.environ.get(name) or os.environ.get(f"{name}_FILE"))


def ca_bundle() -> Path | None:
    """Return the CA file in CIACCESS_CA_BUNDLE or REQUESTS_CA_BUNDLE, None for the built-in CAs."""
    for name in CA_BUNDLES:
        if value := os.environ.get(name):
            if not Path(value).exists():
                raise CredentialsError(
                    f"{name} names {value}, which does not exist", "Name a file of PEM certificates."
                )
            return Path(value)
    return None


def _read(name: str) -> str:
    value = os.environ.get(name) or _file_text(name)
    if not value:
        raise CredentialsError(f"{name} ({KNOWN[name]})" if name in KNOWN else name)
    if not value.isprintable():
        raise CredentialsError(f"{name} has control characters or is not text, which no credential has")
    if value != value.strip():
        raise CredentialsError(f"{name} begins or ends with a blank, which no credential does")
    if name == _USERNAME and ":" in value:
        raise CredentialsError(f"{name} has a colon, which is not possible in a username")
    if name not in _NO_SECRETS:
        conceal(value)
    return value


def _file_text(name: str) -> str:
    path = os.environ.get(f"{name}_FILE")
    if not path:
        return ""
    try:
        with Path(path).open("rb") as file:
            text = file.read(_MOST_FILE_BYTES).decode()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else "it is not text"
        raise CredentialsError(f"{name}_FILE names {path}, which cannot be read ({why})") from None
    return text.removesuffix("\n").removesuffix("\r")
