"""The section `gitlab.groups`: variables with addresses of Vault and Nexus, never credentials."""

from __future__ import annotations

from typing import Any

from ciaccess.access.desired.objects import Variable
from ciaccess.access.desired.ownership import owner_in, without_owner
from ciaccess.access.model.models import Variable as Declared
from ciaccess.access.reading.document import YamlPath
from ciaccess.access.rules.gitlab import is_credential
from ciaccess.adoption.draft import Draft
from ciaccess.adoption.inventory import GroupInventory, Inventory

PATH = ("gitlab", "groups")
_ABOUT = ("VAULT_", "NEXUS_")
_ADDRESS = "VAULT_ADDR"
_FLAGS = ("environment_scope", "protected", "masked", "raw", "variable_type", "description")
_EVERYWHERE = "*"


def describe(inventory: Inventory, references: dict[str, str], draft: Draft) -> dict[str, dict[str, Any]]:
    """Return the groups; `references` are the placeholders of addresses, such as `${vault.address}`."""
    return {
        group.path: {
            "id": group.identity,
            "variables": {
                each.key: _describe(group, each, references, draft)
                for each in _managed_variables(group, draft)
            },
        }
        for group in inventory.groups
    }


def value_of(inventory: Inventory, *keys: str) -> str:
    """Return the value of the first of these variables that exists in a group."""
    found = {
        each.key: each.value
        for group in inventory.groups
        for each in group.variables
        if each.value and not each.masked
    }
    return next((found[key] for key in keys if key in found), "")


def _managed_variables(group: GroupInventory, draft: Draft) -> list[Variable]:
    """Return the variables to manage, one per key; remark on the others."""
    path = (*PATH, group.path)
    found: dict[str, Variable] = {}
    for each in sorted(group.variables, key=lambda each: (each.key, each.environment_scope != _EVERYWHERE)):
        if not each.key.startswith(_ABOUT):
            continue
        if each.hidden or is_credential(each.key, each.value):
            text = f"{each.key} is a credential in a variable that every job of the group can read"
            remedy = (
                "It is left alone. Let pipelines read it from Vault, then change it and delete the variable"
            )
            draft.remark("credential-variable", path, text, remedy)
        elif each.key in found:
            text = f"{each.key} also exists in the scope {each.environment_scope!r}; access.yaml has one scope per key"
            draft.remark("variable-scopes", path, text, "The variable in this scope is left alone")
        else:
            found[each.key] = each
    return list(found.values())


def _describe(group: GroupInventory, variable: Variable, references: dict[str, str], draft: Draft) -> Any:
    """Return a variable as in the YAML: only its value if all other fields have their defaults."""
    path: YamlPath = (*PATH, group.path, "variables", variable.key)
    value = _with_reference(variable.value, references)
    flags = {
        name: getattr(variable, name)
        for name in _FLAGS
        if getattr(variable, name) != Declared.model_fields[name].default
    }
    flags["description"] = without_owner(variable.description)
    if not flags["description"] or owner_in(flags["description"]):
        flags.pop("description")
    if variable.key == _ADDRESS:
        for flag in ("protected", "masked"):
            if flags.pop(flag, False):
                effect = (
                    "absent in jobs of unprotected refs" if flag == "protected" else "[MASKED] in every log"
                )
                text = f"{variable.key} is {flag}, so it is {effect}"
                draft.remark(f"{flag}-address", path, text, "An address is not a secret: up removes the flag")
    return {"value": value, **flags} if flags else value


def _with_reference(value: str, references: dict[str, str]) -> str:
    """Return a value with its address replaced by a reference, also in front of a path."""
    for address, reference in sorted(references.items(), key=lambda item: -len(item[0])):
        if address and (value == address or value.startswith(f"{address}/")):
            return reference + value.removeprefix(address)
    return value
