"""GitLab: groups, and the variables that pipelines find Vault and Nexus by. Never a credential."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ciaccess.access.reading.document import YamlPath
from ciaccess.access.reading.faults import display
from ciaccess.access.rules.lenient_view import Faults, LenientView, Rule

_GROUPS = ("gitlab", "groups")
_ADDRESS = "VAULT_ADDR"
_LEAST_MASKED_CHARACTERS = 8
_CREDENTIAL_KEY = re.compile(r"(^|_)(PASSWORD|PASSWD|TOKEN|SECRET|PRIVATE_KEY|API_KEY)$", re.IGNORECASE)
_CREDENTIAL = re.compile(
    r"glpat-|glptt-|hv[sb]\.[A-Za-z0-9]|-----BEGIN [A-Z ]*PRIVATE KEY|://[^/@\s]+:[^/@\s]+@"
)
# By key: the registry that belongs there, and the one that is written there by mistake.
_REGISTRIES = {
    "NEXUS_REGISTRY": ("push_registry", "pull_registry"),
    "NEXUS_REGISTRY_PUSH": ("push_registry", "pull_registry"),
    "NEXUS_REGISTRY_PULL": ("pull_registry", "push_registry"),
}


def groups(view: LenientView) -> Faults:
    """Each group's id is its own."""
    seen: dict[int, str] = {}
    for group in view.mapping(*_GROUPS):
        number = view.value(*_GROUPS, group, "id")
        if isinstance(number, int) and not isinstance(number, bool):
            first = seen.setdefault(number, group)
            if first != group:
                message = f"{number} is the id of {display(first)} too"
                remedy = "Look both up in GitLab"
                yield view.fault((*_GROUPS, group, "id"), message, "an id of its own", remedy)


def vault_address(view: LenientView) -> Faults:
    """Every job of the group sees VAULT_ADDR, and it is Vault's address."""
    found = False
    for path, key, value in _variables(view):
        if key == _ADDRESS:
            found = True
            yield from _vault_address(view, path, value)
    if not found and view.mapping("gitlab"):
        message = f"no group has the variable {_ADDRESS}, by which pipelines find Vault"
        remedy = "Add VAULT_ADDR: ${vault.address} to the variables of the pipelines' group"
        yield view.fault(
            ("gitlab", "groups"), message, f"{_ADDRESS} on a group", remedy, key=True, severity="warning"
        )


def _vault_address(view: LenientView, path: YamlPath, value: Any) -> Faults:
    text, address = _text(value), view.text("vault", "address")
    flags = value if isinstance(value, dict) else {}
    if address and text and text != address and not _CREDENTIAL.search(text):
        message = f"{display(text)} is not vault.address, {display(address)}"
        yield view.fault(_value_path(path, value), message, "${vault.address}", "Write ${vault.address}")
    if flags.get("protected") is True:
        message = "a protected VAULT_ADDR is silently absent in jobs of unprotected refs"
        yield view.fault((*path, "protected"), message, "false", "Remove protected: it is not a secret")
    if flags.get("masked") is True:
        message = "a masked VAULT_ADDR turns every log line with it into [MASKED]"
        yield view.fault((*path, "masked"), message, "false", "Remove masked: it is not a secret")
    if flags.get("environment_scope", "*") != "*":
        message = "jobs of every other environment, and of none, would find no Vault"
        yield view.fault((*path, "environment_scope"), message, "*", "Remove environment_scope")
    if flags.get("variable_type") == "file":
        message = "jobs would find a file's path where they expect the address"
        yield view.fault((*path, "variable_type"), message, "env_var", "Remove variable_type")


def registries(view: LenientView) -> Faults:
    """The variables of the two registries are not swapped."""
    for path, key, value in _variables(view):
        right, wrong = _REGISTRIES.get(key, ("", ""))
        text = _text(value)
        if text and right and text == view.text("nexus", wrong) != view.text("nexus", right):
            reference = f"${{nexus.{right}}}"
            message = f"{key} is the {wrong.replace('_', ' ')}"
            yield view.fault(_value_path(path, value), message, reference, f"Write {reference}")


def credentials(view: LenientView) -> Faults:
    """The file contains no credential, since everyone with access to the repository can read it."""
    for path, key, value in _variables(view):
        text = _text(value)
        if is_credential(key, text):
            message = "this is a credential, and everybody who may read the repository would read it"
            remedy = "Take it out, and change it where it is in use; pipelines read credentials from Vault"
            yield view.fault(
                _value_path(path, value), message, "values that are not secret", remedy, conceal=True
            )


def is_credential(key: str, value: str) -> bool:
    """Tell whether a variable's value is a credential, by itself or by its key."""
    return bool(_CREDENTIAL.search(value) or (value and _CREDENTIAL_KEY.search(key)))


def masked_values(view: LenientView) -> Faults:
    """GitLab refuses to mask what is short or has blanks."""
    for path, key, value in _variables(view):
        if key == _ADDRESS or not isinstance(value, dict) or value.get("masked") is not True:
            continue
        text = _text(value)
        if text and (len(text) < _LEAST_MASKED_CHARACTERS or re.search(r"\s", text)):
            message = "GitLab cannot mask this value"
            allowed = f"at least {_LEAST_MASKED_CHARACTERS} characters without blanks"
            yield view.fault((*path, "masked"), message, allowed, "Remove masked: it is not a secret")


def _variables(view: LenientView) -> Iterator[tuple[YamlPath, str, Any]]:
    """Return each variable's path, key and value or mapping."""
    for group in view.mapping(*_GROUPS):
        path: YamlPath = (*_GROUPS, group, "variables")
        for key, value in view.mapping(*path).items():
            yield (*path, key), key, value


def _text(value: Any) -> str:
    text = value.get("value") if isinstance(value, dict) else value
    return text if isinstance(text, str) else ""


def _value_path(path: YamlPath, value: Any) -> YamlPath:
    return (*path, "value") if isinstance(value, dict) else path


RULES: tuple[Rule, ...] = (groups, vault_address, registries, credentials, masked_values)
