"""GitLab's group variables against access.yaml, and variables that hide them from jobs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from ciaccess.access.desired.difference import difference
from ciaccess.clients.gitlab.groups import Place, keys_set_in
from ciaccess.drift.declared import findings
from ciaccess.drift.findings import Finding
from ciaccess.drift.manual_commands import delete_variable
from ciaccess.engine import resource_types

if TYPE_CHECKING:
    from ciaccess.access.desired.difference import Change
    from ciaccess.access.desired.objects import Variable, VariableId
    from ciaccess.access.desired.state import DesiredGroup
    from ciaccess.clients.gitlab.variables import GitLab

# What is shown of an undeclared value: an address. Anything else may be a credential in the wrong place.
_ADDRESS = re.compile(r"(https?://)?[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._/-]{0,100})?")


def variable_findings(
    group: DesiredGroup, found: Mapping[VariableId, Variable], url: str
) -> Iterator[Finding]:
    """Return what differs in the variables of a group; `url` is GitLab's."""
    named = {f"{key} of {group.path}": each for key, each in group.variables.items()}
    observed = {name: found[each.identity] for name, each in named.items() if each.identity in found}
    for name, changes in difference("variable", named, observed).items():
        wanted = named[name]
        shown = (_without_credentials(change, wanted, observed.get(name)) for change in changes)
        target = resource_types.variable(group.identity, wanted.key, wanted.environment_scope)
        yield from findings(filter(None, shown), target)
    cased = {key.lower(): key for key in group.variables}
    for key, scope in found.keys() - {each.identity for each in named.values()}:
        what = f"variable {key} of {group.path}"
        command = delete_variable(url, f"groups/{group.identity}", key, scope)
        if key in group.variables:
            seen = f"also in the scope {scope}"
            yield Finding("gitlab.variable.scope", what, "one variable", seen, command)
        elif key.lower() in cased:
            yield Finding("gitlab.variable.twin", what, f"only {cased[key.lower()]}", key, command)


def _without_credentials(change: Change, wanted: Variable, found: Variable | None) -> Change | None:
    """Return a change without what may be a credential; None for what a hidden variable cannot tell."""
    if found is None:
        return change
    if found.hidden and change.field in ("value", "masked"):
        return None
    if change.field != "value":
        return change
    is_masked = wanted.masked or found.masked
    is_shown = not is_masked and _ADDRESS.fullmatch(found.value)
    observed = found.value if is_shown else f"another value of {len(found.value)} characters"
    return replace(change, desired="the declared value" if is_masked else wanted.value, observed=observed)


def shadow_findings(group: DesiredGroup, gitlab: GitLab, place: Place) -> Iterator[Finding]:
    """Return which of a group's variables a subgroup or project sets again."""
    for key in keys_set_in(gitlab, place, group.variables):
        owner = f"{place.kind}s/{place.identity}"
        yield Finding(
            "gitlab.variable.shadowed",
            f"variable {key} of {place.path}",
            f"the one of {group.path}",
            f"the {place.kind} sets its own",
            delete_variable(gitlab.url, owner, key),
        )
