"""GitLab: groups, and the variables that pipelines find Vault and Nexus by. Never a credential."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ciaccess.access.reading.faults import display
from ciaccess.access.rules.lenient_view import Faults, LenientView, Node, Rule

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
    seen: dict[int, Node] = {}
    for group in view["gitlab"]["groups"]:
        number = group["id"].value
        if isinstance(number, int) and not isinstance(number, bool):
            first = seen.setdefault(number, group)
            if first is not group:
                message = f"{number} is the id of {display(first.name)} too"
                yield group["id"].fault(message, "an id of its own", "Look both up in GitLab")


def vault_address(view: LenientView) -> Faults:
    """Every job of the group sees VAULT_ADDR, and it is Vault's address."""
    found = [variable for variable in _variables(view) if variable.name == _ADDRESS]
    for variable in found:
        yield from _vault_address(view, variable)
    if not found and view["gitlab"].mapping:
        message = f"no group has the variable {_ADDRESS}, by which pipelines find Vault"
        remedy = "Add VAULT_ADDR: ${vault.address} to the variables of the pipelines' group"
        yield view["gitlab"]["groups"].warning(message, f"{_ADDRESS} on a group", remedy, key=True)


def _vault_address(view: LenientView, variable: Node) -> Faults:
    value, address = _value(variable), view["vault"]["address"].text
    if address and value.text and value.text != address and not _CREDENTIAL.search(value.text):
        message = f"{display(value.text)} is not vault.address, {display(address)}"
        yield value.fault(message, "${vault.address}", "Write ${vault.address}")
    if variable["protected"].value is True:
        message = "a protected VAULT_ADDR is silently absent in jobs of unprotected refs"
        yield variable["protected"].fault(message, "false", "Remove protected: it is not a secret")
    if variable["masked"].value is True:
        message = "a masked VAULT_ADDR turns every log line with it into [MASKED]"
        yield variable["masked"].fault(message, "false", "Remove masked: it is not a secret")
    if variable["environment_scope"].value not in (None, "*"):
        message = "jobs of every other environment, and of none, would find no Vault"
        yield variable["environment_scope"].fault(message, "*", "Remove environment_scope")
    if variable["variable_type"].value == "file":
        message = "jobs would find a file's path where they expect the address"
        yield variable["variable_type"].fault(message, "env_var", "Remove variable_type")


def registries(view: LenientView) -> Faults:
    """The variables of the two registries are not swapped."""
    for variable in _variables(view):
        right, wrong = _REGISTRIES.get(variable.name, ("", ""))
        value = _value(variable)
        if value.text and right and value.text == view["nexus"][wrong].text != view["nexus"][right].text:
            reference = f"${{nexus.{right}}}"
            message = f"{variable.name} is the {wrong.replace('_', ' ')}"
            yield value.fault(message, reference, f"Write {reference}")


def credentials(view: LenientView) -> Faults:
    """The file contains no credential, since everyone with access to the repository can read it."""
    for variable in _variables(view):
        value = _value(variable)
        if is_credential(variable.name, value.text):
            message = "this is a credential, and everybody who may read the repository would read it"
            remedy = "Take it out, and change it where it is in use; pipelines read credentials from Vault"
            yield value.fault(message, "values that are not secret", remedy, conceal=True)


def is_credential(key: str, value: str) -> bool:
    """Tell whether a variable's value is a credential, by itself or by its key."""
    return bool(_CREDENTIAL.search(value) or (value and _CREDENTIAL_KEY.search(key)))


def masked_values(view: LenientView) -> Faults:
    """GitLab refuses to mask what is short or has blanks."""
    for variable in _variables(view):
        masked, text = variable["masked"], variable["value"].text
        if variable.name == _ADDRESS or masked.value is not True:
            continue
        if text and (len(text) < _LEAST_MASKED_CHARACTERS or re.search(r"\s", text)):
            allowed = f"at least {_LEAST_MASKED_CHARACTERS} characters without blanks"
            yield masked.fault("GitLab cannot mask this value", allowed, "Remove masked: it is not a secret")


def _variables(view: LenientView) -> Iterator[Node]:
    for group in view["gitlab"]["groups"]:
        yield from group["variables"]


def _value(variable: Node) -> Node:
    """Return the node of a variable's value, which its short form is itself."""
    return variable["value"] if isinstance(variable.value, dict) else variable


RULES: tuple[Rule, ...] = (groups, vault_address, registries, credentials, masked_values)
