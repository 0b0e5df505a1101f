"""What a change does to each resource, and apart from it what was changed by hand, by field.

The change goes from the state to what is wanted, drift from the state to what is live. So a field that was set by hand to
what the change wants is both, and one that `up` only puts back does not belong to the change.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from ciaccess.access.desired.ownership import owner_in
from ciaccess.engine.events import Inputs, Resource
from ciaccess.engine.resource_types import ACCOUNT, ROLE, TYPES, USER, VARIABLE
from ciaccess.review.account import Part, expand_account
from ciaccess.review.fields import MASKED, FieldChange, Masked, Value, changes, is_secret, values

_ORDER = {type_: place for place, type_ in enumerate(TYPES)}
# The types of which the plugin deletes only what has this stack's marker, and the field that has it.
_MARKED_IN = {USER: "last_name", ROLE: "description", VARIABLE: "description"}
_BY_HAND = "differs from what the last up wrote"
_ANEW = "a new one, once up has made the account anew"
_NOT_SHOWN = "changed by hand; not shown, because it may be a credential"


@dataclass(frozen=True)
class ResourceChange:
    """What happens to one resource: `action` is create, update, delete, replace or import.

    For drift it is what was done by hand: update or delete. `put_back` tells whether `up` undoes that. An account that
    is made or deleted as a whole is one change, with its `parts`.
    """

    action: str
    noun: str
    name: str
    type: str
    fields: tuple[FieldChange, ...] = ()
    put_back: bool = True
    parts: tuple[ResourceChange, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        parts = {"parts": [part.to_json() for part in self.parts]} if self.parts else {}
        return {
            "action": self.action,
            "kind": self.noun,
            "name": self.name,
            "type": self.type,
            "fields": [field.to_json() for field in self.fields],
            **parts,
        }


class Counts(NamedTuple):
    """What `up` would do, in resources of the engine; a replacement is one created and one deleted.

    GitLab's terraform report takes these three numbers.
    """

    create: int
    update: int
    delete: int


def counts(resources: Iterable[Resource]) -> Counts:
    """Count what `up` would do; components are not objects of a system, and do not count."""
    found = Counter(resource.action for resource in resources if resource.custom)
    replaced = found["replace"]
    return Counts(found["create"] + replaced, found["update"], found["delete"] + replaced)


def planned_changes(resources: Mapping[str, Resource], stack: str) -> tuple[ResourceChange, ...]:
    """Return what the change itself does, in the order of a report.

    `stack` is as in claims, `<project>/<stack>`.
    """
    concerned = [each for each in resources.values() if each.action != "same" or each.drifted]
    owners = {
        owner_in(str((each.wanted or {}).get(_MARKED_IN.get(each.type, "")))) for each in resources.values()
    } - {""}

    def tell(resource: Resource) -> ResourceChange | None:
        # An account without its parts has no claim, so the whole one is looked up.
        whole = resources.get(resource.urn, resource)
        return _planned_change(resource, _foreign_owner(whole, owners, stack))

    return _describe(concerned, tell, lambda account: account.state is None or account.wanted is None)


def manual_changes(resources: Mapping[str, Resource]) -> tuple[ResourceChange, ...]:
    """Return what was changed or deleted by hand since the last `up`, in the order of a report."""
    concerned = [each for each in resources.values() if each.live is None or each.drifted]
    return _describe(concerned, _manual_change, lambda account: account.live is None)


def _describe(
    resources: Iterable[Resource],
    tell: Callable[[Resource], ResourceChange | None],
    is_whole: Callable[[Resource], bool],
) -> tuple[ResourceChange, ...]:
    """Return the changes of each resource: of an account by its parts, or as a whole with them."""
    found: list[ResourceChange] = []
    for resource in sorted(resources, key=lambda each: each.urn):
        if resource.type == ACCOUNT:
            found += _of_account(resource, tell, is_whole=is_whole(resource))
        elif resource.custom and (change := tell(resource)):
            found.append(change)
    return _in_order(found)


def _of_account(
    account: Resource, tell: Callable[[Resource], ResourceChange | None], *, is_whole: bool
) -> list[ResourceChange]:
    own, *parts = (tell(each) for each in expand_account(account))
    found = [part for part in parts if part is not None]
    if not is_whole:
        return [own, *found] if own else found
    return [replace(own, parts=_in_order(found))] if own else []


def _in_order(found: list[ResourceChange]) -> tuple[ResourceChange, ...]:
    return tuple(sorted(found, key=lambda change: (_ORDER.get(change.type, len(_ORDER)), change.name)))


def _planned_change(resource: Resource, foreign_owner: str) -> ResourceChange | None:
    wanted, state = resource.wanted, resource.state
    note = resource.note if isinstance(resource, Part) else ""
    if wanted is None:
        notes = {"versions": note, "owner": foreign_owner}
        lost = tuple(FieldChange(name, None, None, text) for name, text in notes.items() if text)
        return None if state is None else _change(resource, "delete", lost)
    if state is None:
        action = "import" if resource.action == "import" else "create"
        fields = changes({}, values(resource.type, wanted))
        new = note or "new, not shown"
        fields = tuple(replace(each, note=new) if isinstance(each.after, Masked) else each for each in fields)
        return _change(resource, action, fields)
    # Of what is not there any more, the engine does not say in what it differs.
    among = None if resource.live is None else resource.planned | resource.drifted
    before, after = values(resource.type, state), values(resource.type, wanted)
    fields = (*changes(before, after, among), *_changed_secrets(resource, after, note))
    if resource.action == "replace" and resource.live is not None:
        return _change(resource, "replace", fields)
    return _change(resource, "update", fields) if fields else None


def _foreign_owner(resource: Resource, owners: set[str], stack: str) -> str:
    """Return why the plugin would refuse to delete a resource, "" where it is this stack's.

    `owners` are the declared ones.
    """
    live = resource.live
    if live is None or resource.wanted is not None:
        return ""
    if resource.type == ACCOUNT:
        claim = (live.get("metadata") or {}).get("stack")
        is_ours, whose = claim == stack, f"the secret is claimed by {claim or 'no stack'}"
    elif resource.type in _MARKED_IN:
        owner = owner_in(str(live.get(_MARKED_IN[resource.type])))
        is_ours, whose = bool(owner) and owner in (owners or {owner}), f"managed by {owner or 'no owner'}"
    else:
        return ""
    return "" if is_ours else f"{whose}: up refuses to delete what is not this stack's"


def _changed_secrets(resource: Resource, wanted: Mapping[str, Value], rotation: str) -> list[FieldChange]:
    """Return the secrets that the change alters; one changed by hand too counts with a new password."""
    return [
        FieldChange(name, MASKED, MASKED, f"changes ({rotation})" if rotation else "changes")
        for name, value in sorted(wanted.items())
        if isinstance(value, Masked)
        and name in resource.planned
        and (rotation or name not in resource.drifted)
    ]


def _manual_change(resource: Resource) -> ResourceChange | None:
    if resource.state is None:
        return None
    if resource.live is None:
        is_put_back = resource.wanted is not None
        anew = resource.type == ACCOUNT and is_put_back
        fields = (FieldChange("password", MASKED, MASKED, _ANEW),) if anew else ()
        return _change(resource, "delete", fields, put_back=is_put_back)
    if not resource.drifted:
        return None
    before, after = values(resource.type, resource.state), values(resource.type, resource.live)
    found = changes(before, after, resource.drifted)
    # What was set by hand in place of a variable's value may be a credential.
    hidden = ("value", "description") if resource.type == VARIABLE else ()
    shown_fields = [
        FieldChange(each.name, MASKED, MASKED, _NOT_SHOWN) if each.name in hidden else each for each in found
    ]
    shown_fields += [
        FieldChange(name, MASKED, MASKED, _BY_HAND)
        for name in sorted(resource.drifted)
        if is_secret(before, after, name)
    ]
    if not shown_fields:
        return None
    return _change(resource, "update", tuple(shown_fields), put_back=resource.action != "same")


def _change(
    resource: Resource, action: str, fields: tuple[FieldChange, ...] = (), *, put_back: bool = True
) -> ResourceChange:
    noun = TYPES[resource.type].noun if resource.type in TYPES else resource.type
    return ResourceChange(action, noun, _name(resource), resource.type, fields, put_back)


def _name(resource: Resource) -> str:
    """Return what people call a resource; what has no name of its own is called by its component's."""
    inputs: Inputs = resource.inputs
    field = TYPES[resource.type].name if resource.type in TYPES else ""
    if resource.type == VARIABLE and inputs.get("environment_scope", "*") != "*":
        return f"{inputs['key']} ({inputs['environment_scope']})"
    if field and isinstance(inputs.get(field), str):
        return str(inputs[field])
    component = "" if resource.type.startswith("pulumi:") else resource.parent
    return (component or resource.urn).rpartition("::")[2]
