"""GitLab's group variables against access.yaml, and what hides them from jobs: other scopes, subgroups, projects."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ciaccess.access.desired.difference import differing
from ciaccess.clients.gitlab.groups import Place, keys_set_in
from ciaccess.drift.comparing import shown
from ciaccess.drift.findings import Finding
from ciaccess.drift.manual_commands import deleting_variable
from ciaccess.engine import resource_types

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ciaccess.access import Access
    from ciaccess.access.desired.objects import Variable, VariableId
    from ciaccess.access.model.models import Variable as Declared
    from ciaccess.clients.gitlab.variables import GitLab

_FLAGS = ("protected", "masked", "raw", "variable_type", "description")
# What is shown of a value that somebody else wrote: an address. Anything else may be a credential in the wrong place.
_ADDRESS = re.compile(r"(https?://)?[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._/-]{0,100})?")


def variable_findings(
    access: Access, group: str, found: Mapping[VariableId, Variable], url: str
) -> Iterator[Finding]:
    """Return what differs in the variables of a group; `url` is GitLab's."""
    declared = access.gitlab.groups[group]
    by_key = {(key, each.environment_scope): each for key, each in access.variables_of(group).items()}
    there = {(identity.key, identity.environment_scope): variable for identity, variable in found.items()}
    for (key, scope), wanted in by_key.items():
        what = f"variable {key} of {group}"
        target = (resource_types.variable(declared.id, key, scope),)
        variable = there.get((key, scope))
        if variable is None:
            yield Finding("gitlab.variable.missing", what, f"scope {scope}", "nothing", targets=target)
        else:
            yield from _differences(what, wanted, variable, target)
    cased = {key.lower(): key for key in declared.variables}
    for key, scope in there.keys() - by_key.keys():
        what = f"variable {key} of {group}"
        command = deleting_variable(url, f"groups/{declared.id}", key, scope)
        if key in declared.variables:
            seen = f"also in the scope {scope}"
            yield Finding("gitlab.variable.scope", what, "one variable", seen, by_hand=command)
        elif key.lower() in cased:
            yield Finding("gitlab.variable.twin", what, f"only {cased[key.lower()]}", key, by_hand=command)


def _differences(what: str, wanted: Declared, found: Variable, target: Any) -> Iterator[Finding]:
    if found.hidden:
        yield Finding("gitlab.variable.hidden", what, "not hidden", "hidden", targets=target)
    elif found.value != wanted.value:
        conceal = wanted.masked or found.masked
        expected = "the declared value" if conceal else wanted.value
        yield Finding("gitlab.variable.value", what, expected, _value(found, conceal=conceal), targets=target)
    expected_flags = {name: getattr(wanted, name) for name in _FLAGS}
    names = [
        name for name in differing(expected_flags, vars(found)) if not (found.hidden and name == "masked")
    ]
    if names:
        seen = shown(vars(found), names)
        yield Finding("gitlab.variable.flags", what, shown(expected_flags, names), seen, targets=target)


def _value(found: Variable, *, conceal: bool) -> str:
    if not conceal and _ADDRESS.fullmatch(found.value):
        return found.value
    return f"another value of {len(found.value)} characters"


def shadow_findings(access: Access, group: str, gitlab: GitLab, place: Place) -> Iterator[Finding]:
    """Return which of a group's variables a subgroup or project sets again."""
    for key in keys_set_in(gitlab, place, access.gitlab.groups[group].variables):
        owner = f"{place.kind}s/{place.identity}"
        yield Finding(
            "gitlab.variable.shadowed",
            f"variable {key} of {place.path}",
            f"the one of {group}",
            f"the {place.kind} sets its own",
            by_hand=deleting_variable(gitlab.url, owner, key),
        )
