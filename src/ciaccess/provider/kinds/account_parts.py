"""The parts of an account in Nexus with their kinds: users, role, selectors, privileges.

An account's inputs hold a mapping for each kind of part, whose items are the inputs of that kind. Owns the conversion
between them, and the paths of a part's fields: `users["svc-x"].roles`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ciaccess.access.desired.difference import different_fields
from ciaccess.access.desired.ownership import owner_in
from ciaccess.clients.nexus.privileges import is_called_after
from ciaccess.provider.kinds.account_passwords import VERSION
from ciaccess.provider.kinds.fields import (
    UNKNOWN,
    Checked,
    Failure,
    Field,
    Values,
    check_fields,
    typed_fields,
)
from ciaccess.provider.kinds.kind import Change
from ciaccess.provider.kinds.nexus_content_selector import NexusContentSelector
from ciaccess.provider.kinds.nexus_privilege import NexusPrivilege
from ciaccess.provider.kinds.nexus_role import NexusRole
from ciaccess.provider.kinds.nexus_user import ACCEPTED, LOGIN, NexusUser
from ciaccess.provider.kinds.objects import ExistsError, ObjectKind, owner_text

if TYPE_CHECKING:
    from ciaccess.provider.kinds.account_secret import AccountSecret
    from ciaccess.provider.systems import Systems

# Fields of a part's kind that the account sets: `adopt` is for the whole account, passwords are generated.
_SET_BY_ACCOUNT = ("password", LOGIN, "handed_out_by", "adopt")


@dataclass(frozen=True)
class PartKind:
    """A kind of part: its property and its resource kind.

    `many` tells whether the property is a mapping by id.
    """

    name: str
    kind: ObjectKind[Any]
    many: bool

    def create(self, identity: str, inputs: Values, secret: AccountSecret) -> bool:
        """Create a part, or take over one from a killed run; False if a foreign one exists."""
        try:
            self.kind.create(inputs)
        except ExistsError:
            existing = self.kind.objects().read(identity)
            if existing is None or not self.is_ours(existing, inputs, secret):
                return False
            self.kind.create(inputs | {"adopt": True})
        return True

    def read(self, identity: str, part: Values) -> Values | None:
        """Return a part as observed; a user without its login, which a refresh does not check."""
        seen = self.kind.read(identity, part | {"password": ""} if self.is_users else part)
        if seen is None or not self.is_users:
            return None if seen is None else seen.values
        values = {key: value for key, value in seen.values.items() if key not in ("password", LOGIN)}
        return values | {VERSION.name: part[VERSION.name]}

    def items(self, values: Mapping[str, Any]) -> dict[str, Values]:
        """Return the parts of this kind by id; none where a preview cannot know them."""
        held = values.get(self.name)
        if not isinstance(held, dict):
            return {}
        if self.many:
            return held
        return {self.identity(held): held} if held else {}

    def in_order(self, values: Mapping[str, Any], but: Mapping[str, Any] | None = None) -> list[str]:
        """Return the ids of the parts, sorted, without those of `but`."""
        return sorted(self.items(values).keys() - self.items(but or {}).keys())

    def pack(self, parts: dict[str, Values]) -> Values:
        """Return parts as the value of the property."""
        return parts if self.many else next(iter(parts.values()), {})

    def identity(self, part: Values) -> str:
        """Return a part's id."""
        return str(self.kind.resource_id(part))

    def label(self, identity: str, owner: str | None = None) -> str:
        """Return a part as a message names it, with its owner if that is given ("" for none)."""
        of_whom = "" if owner is None else f" ({owner_text(owner)})"
        return f"{self.kind.noun} '{identity}'{of_whom}"

    def path(self, identity: str) -> str:
        """Return the path of a part in a difference."""
        return f'{self.name}["{identity}"]' if self.many else self.name

    def check_parts(self, held: Values) -> Checked:
        """Return the parts with their defaults, and the failures by path."""
        parts: dict[str, Values] = {}
        failures: list[Failure] = []
        given = held if self.many else {"": held} if held else {}
        for name, part in given.items():
            path = self.path(name)
            if not isinstance(part, dict):
                failures.append(Failure(path, "is not a mapping"))
                continue
            values, found = check_fields(self.fields, {}, part, self.kind.noun, frozenset())
            found += self.kind.contradictions(values)
            failures += [Failure(f"{path}.{each.property}", each.reason) for each in found]
            if self.many and not found and self.identity(values) != name:
                failures.append(Failure(path, f"is the entry of '{self.identity(values)}'"))
            parts[name] = values
        return self.pack(parts), tuple(failures)

    @property
    def is_users(self) -> bool:
        """Tell whether these are the users."""
        return isinstance(self.kind, NexusUser)

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """The fields of a part in a program."""
        own = tuple(field for field in self.kind.fields if field.name not in _SET_BY_ACCOUNT)
        return (*own, VERSION) if self.is_users else own

    def from_state(self, values: Mapping[str, Any]) -> Values:
        """Return the property of a state, with types."""
        typed = {name: typed_fields(self.fields, part) for name, part in self.items(values).items()}
        return self.pack(typed)

    def is_named_after(self, account: str, name: str) -> bool:
        """Tell whether an account may have an object of this name; its fields may have been changed."""
        from ciaccess.access.desired import nexus, rotation  # noqa: PLC0415 for deletions only: a quick start
        from ciaccess.access.model.checks import FORMATS  # noqa: PLC0415 as above

        if self.name == "privileges":  # their names end with that of any repository
            return is_called_after(nexus.role_id(account), name)
        names = {
            "selectors": [nexus.selector_name(account, each) for each in FORMATS],
            "role": [nexus.role_id(account)],
            "users": [account, rotation.second_user(account)],
        }
        return name in names[self.name]

    def changes(self, state: Mapping[str, Any], inputs: Mapping[str, Any]) -> Iterator[Change]:
        """Yield the differences between these parts and the inputs, by path."""
        if inputs.get(self.name) is UNKNOWN:
            yield Change(self.name)
            return
        before, after = self.items(state), self.items(inputs)
        for identity in sorted(before.keys() | after.keys()):
            old, new = before.get(identity), after.get(identity)
            if old is None or new is None:
                yield Change(self.path(identity), was_missing=old is None, is_gone=new is None)
                continue
            for name in self.different_fields(old, new):
                yield Change(f"{self.path(identity)}.{name}", was_missing=old.get(name) is None)

    def different_fields(self, state: Values, part: Values) -> list[str]:
        """Return the names of a part's fields that differ."""
        return different_fields({field.name: part.get(field.name) for field in self.fields}, state)

    def kind_inputs(self, part: Values, known: Mapping[str, str], secret_path: str) -> Values:
        """Return the inputs of the part's kind; those of a user with its password and secret path."""
        if not self.is_users:
            return part
        own = {name: value for name, value in part.items() if name != VERSION.name}
        # A user whose password is unknown keeps it.
        password = known.get(part["user_id"], "")
        return own | {"password": password, "handed_out_by": secret_path, LOGIN: ACCEPTED}

    def is_ours(self, existing: object, part: Values, secret: AccountSecret) -> bool:
        """Tell whether an existing part is this stack's: equal, or with its marker in a claimed account."""
        if not self.is_users and self.kind.is_ours(existing, part):
            return True
        owner = self.kind.owner_of(existing)
        has_same_marker = bool(owner) and owner == owner_in(str(part[self.kind.marked_in]))
        return has_same_marker and secret.is_claimed


def part_kinds(systems: Systems) -> tuple[PartKind, ...]:
    """Return the kinds of parts in the order of creation: each may need those before it."""
    return (
        PartKind("selectors", NexusContentSelector(systems), many=True),
        PartKind("privileges", NexusPrivilege(systems), many=True),
        PartKind("role", NexusRole(systems), many=False),
        PartKind("users", NexusUser(systems), many=True),
    )
