"""What a change does to each resource, and what somebody did to it by hand, told apart field by field.

The change goes from the state to what is wanted, drift from the state to what is live. So a field that somebody set to
what the change wants is both, and one that `up` only puts back is no part of the change.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from review.fields import MASKED, VARIABLE, FieldChange, changes, values

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from review.events import Inputs, Resource
    from review.fields import Value

PASSWORD = "ciaccess:index:Password"  # noqa: S105 a type token
USER = "ciaccess:nexus:User"
SECRET = "vault:generic/secret:Secret"  # noqa: S105 a type token
METADATA = "ciaccess:vault:SecretMetadata"
POLICY = "vault:index/policy:Policy"
JWT_ROLE = "vault:jwt/authBackendRole:AuthBackendRole"
JWT_BACKEND = "vault:jwt/authBackend:AuthBackend"
ROLE, PRIVILEGE = "ciaccess:nexus:Role", "ciaccess:nexus:Privilege"
SELECTOR = "ciaccess:nexus:ContentSelector"
PRECONDITIONS = "ciaccess:vault:Preconditions"
# Type → what people call it, and the field that names one; in the order of a report.
_NOUNS = {
    USER: ("Nexus user", "user_id"),
    ROLE: ("Nexus role", "role_id"),
    PRIVILEGE: ("Nexus privilege", "name"),
    SELECTOR: ("Nexus content selector", "name"),
    JWT_BACKEND: ("Vault JWT backend", "path"),
    JWT_ROLE: ("Vault JWT role", "roleName"),
    POLICY: ("Vault policy", "name"),
    SECRET: ("Vault secret", "path"),
    METADATA: ("metadata of a Vault secret", "path"),
    "vault:index/mount:Mount": ("Vault mount", "path"),
    VARIABLE: ("GitLab variable", "key"),
    PASSWORD: ("password", ""),
    PRECONDITIONS: ("check before up", ""),
    "pulumi:providers:ciaccess": ("connection", ""),
    "pulumi:providers:vault": ("connection", ""),
}
# A secret's field, for people: the JSON in Vault holds the username, which never changes, and the password.
_PASSWORD_FIELDS = {"password": "password", "dataJson": "password"}
_BY_HAND = "differs from what the last up wrote"
_NOT_SHOWN = "changed by hand; not shown, because it may be a credential"


@dataclass(frozen=True)
class ResourceChange:
    """What happens to one resource: `action` is create, update, delete, replace or import.

    For drift it is what was done by hand: update or delete. `put_back` tells whether `up` undoes that.
    """

    action: str
    noun: str
    name: str
    type: str
    fields: tuple[FieldChange, ...] = ()
    put_back: bool = True

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        fields = [field.to_json() for field in self.fields]
        return {
            "action": self.action,
            "kind": self.noun,
            "name": self.name,
            "type": self.type,
            "fields": fields,
        }


@dataclass(frozen=True)
class Counts:
    """What `up` would do, in resources; a replacement is one created and one deleted."""

    create: int
    update: int
    delete: int

    def to_json(self) -> dict[str, int]:
        """Return what GitLab's terraform report takes: these three numbers."""
        return {"create": self.create, "update": self.update, "delete": self.delete}


def counts(resources: Iterable[Resource]) -> Counts:
    """Count what `up` would do; components are no objects of any system, and do not count."""
    found = Counter(resource.action for resource in resources if resource.custom)
    replaced = found["replace"]
    return Counts(found["create"] + replaced, found["update"], found["delete"] + replaced)


def proposed(resources: Mapping[str, Resource]) -> tuple[ResourceChange, ...]:
    """Return what the change itself does, in the order of a report."""
    rotations = _Rotations.of(resources.values())
    found = [_proposed(resource, rotations.by(resource)) for resource in _objects(resources)]
    return tuple(change for change in found if change is not None)


def drift(resources: Mapping[str, Resource]) -> tuple[ResourceChange, ...]:
    """Return what was changed or deleted by hand since the last `up`, in the order of a report."""
    return tuple(change for change in map(_drift, _objects(resources)) if change is not None)


def _objects(resources: Mapping[str, Resource]) -> list[Resource]:
    order = list(_NOUNS)
    return sorted(
        (each for each in resources.values() if each.custom),
        key=lambda each: (
            order.index(each.type) if each.type in _NOUNS else len(order),
            _name(each),
            each.urn,
        ),
    )


@dataclass(frozen=True)
class _Rotations:
    """From which version to which passwords go: those of users by (component, suffix), those in secrets by component.

    An account has one user, or two that take turns, of which the second has a suffix.
    """

    of_users: Mapping[tuple[str, str], str]
    of_secrets: Mapping[str, str]

    @classmethod
    def of(cls, resources: Iterable[Resource]) -> Self:
        """Find them, in the passwords' versions and in what the secrets' metadata says of the rotation."""
        users: dict[tuple[str, str], str] = {}
        secrets: dict[str, str] = {}
        for each in resources:
            if each.type == PASSWORD and (said := _step(each, "version")):
                users[each.parent, _logical_name(each).rpartition("-password")[2]] = f"version {said}"
                secrets.setdefault(each.parent, f"version {said}")
            elif each.type == METADATA and (said := _step(each, "rotation")):
                # Before the first rotation there is no metadata, and one user, of the account's name.
                first = each.parent.rpartition("::")[2]
                before, after = (
                    (inputs or {}).get("nexus_user", first) for inputs in (each.state, each.wanted)
                )
                turn = "" if before == after else f", now of the user {after}"
                secrets[each.parent] = f"version {said}{turn}"
        return cls(users, secrets)

    def by(self, resource: Resource) -> str:
        """Return from which version to which this resource's password goes, "" where it stays."""
        if resource.type == USER:
            return self.of_users.get((resource.parent, _logical_name(resource).rpartition("-user")[2]), "")
        return self.of_secrets.get(resource.parent, "")


def _step(resource: Resource, field: str) -> str:
    """Return `1 → 2` where a counter changes; one that is not there yet stands at 1."""
    if resource.wanted is None or (resource.type == PASSWORD and resource.state is None):
        return ""
    before, after = (values("", inputs).get(field, "1") for inputs in (resource.state, resource.wanted))
    return "" if before == after else f"{before} → {after}"


def _logical_name(resource: Resource) -> str:
    return resource.urn.rpartition("::")[2]


def _proposed(resource: Resource, rotation: str) -> ResourceChange | None:
    wanted, state = resource.wanted, resource.state
    if wanted is None:
        return None if state is None else _change(resource, "delete")
    if state is None:
        action = "import" if resource.action == "import" else "create"
        return _change(resource, action, tuple(map(_new_secret, changes({}, values(resource.type, wanted)))))
    among = resource.planned | resource.drifted
    before, after = values(resource.type, state), values(resource.type, wanted)
    fields = (*changes(before, after, among), *_changed_secrets(resource, after, rotation))
    if resource.action == "replace" and resource.live is not None:
        return _change(resource, "replace", fields)
    return _change(resource, "update", fields) if fields else None


def _new_secret(field: FieldChange) -> FieldChange:
    if field.after is not MASKED:
        return field
    return FieldChange(_PASSWORD_FIELDS.get(field.name, field.name), None, MASKED, "new, not shown")


def _changed_secrets(resource: Resource, wanted: Mapping[str, Value], rotation: str) -> list[FieldChange]:
    """Return the secrets that the change changes; one that also differs by hand counts where the password is a new one."""
    return [
        FieldChange(
            _PASSWORD_FIELDS.get(name, name),
            MASKED,
            MASKED,
            f"changes ({rotation})" if rotation else "changes",
        )
        for name, value in sorted(wanted.items())
        if value is MASKED and name in resource.planned and (rotation or name not in resource.drifted)
    ]


def _drift(resource: Resource) -> ResourceChange | None:
    if resource.state is None:
        return None
    if resource.live is None:
        return _change(resource, "delete", put_back=resource.wanted is not None)
    if not resource.drifted:
        return None
    before, after = values(resource.type, resource.state), values(resource.type, resource.live)
    found = changes(before, after, resource.drifted)
    fields = [_not_shown(field) if _may_be_credential(resource, field) else field for field in found]
    fields += [
        FieldChange(_PASSWORD_FIELDS.get(name, name), MASKED, MASKED, _BY_HAND)
        for name in sorted(resource.drifted)
        if before.get(name) is MASKED and after.get(name) is MASKED
    ]
    return _change(resource, "update", tuple(fields), put_back=resource.action != "same") if fields else None


def _may_be_credential(resource: Resource, field: FieldChange) -> bool:
    return resource.type == VARIABLE and field.name in ("value", "description")


def _not_shown(field: FieldChange) -> FieldChange:
    return FieldChange(field.name, MASKED, MASKED, _NOT_SHOWN)


def _change(
    resource: Resource, action: str, fields: tuple[FieldChange, ...] = (), *, put_back: bool = True
) -> ResourceChange:
    noun, _ = _NOUNS.get(resource.type, (resource.type, ""))
    return ResourceChange(action, noun, _name(resource), resource.type, fields, put_back)


def _name(resource: Resource) -> str:
    """Return what people call a resource; what has no name of its own is called by its component's."""
    inputs: Inputs = resource.inputs
    _, field = _NOUNS.get(resource.type, ("", ""))
    if resource.type == VARIABLE and inputs.get("environment_scope", "*") != "*":
        return f"{inputs['key']} ({inputs['environment_scope']})"
    if field and isinstance(inputs.get(field), str):
        return str(inputs[field])
    if resource.type == PASSWORD:
        return "".join(_logical_name(resource).rpartition("-password")[::2])
    component = "" if resource.type.startswith("pulumi:") else resource.parent
    return component.rpartition("::")[2] or _logical_name(resource)
