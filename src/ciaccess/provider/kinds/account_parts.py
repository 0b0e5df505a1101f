"""The parts of an account: its users, role, content selectors and privileges in Nexus, each with the kind that makes it.

An account's inputs hold a mapping for each sort of part, whose items are the inputs of the part's own kind. Owns the way from
the one to the other, and the paths by which a part's field is called: `users["svc-x"].roles`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ciaccess.provider.kinds.account_passwords import VERSION
from ciaccess.provider.kinds.fields import UNKNOWN, Failure, Values
from ciaccess.provider.kinds.kind import Change
from ciaccess.provider.kinds.nexus_content_selector import NexusContentSelector
from ciaccess.provider.kinds.nexus_privilege import NexusPrivilege
from ciaccess.provider.kinds.nexus_role import NexusRole
from ciaccess.provider.kinds.nexus_user import ACCEPTED, LOGIN, NexusUser

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ciaccess.provider.kinds.objects import ObjectKind
    from ciaccess.provider.systems import Systems

# What a part's kind takes and an account gives it: the whole account is taken over or not, its passwords are made here.
_GIVEN: Values = {"password": UNKNOWN, "handed_out_by": "", "adopt": False}
_MARKER = re.compile(r"\(managed by [^()]+\)$")


@dataclass(frozen=True)
class Sort:
    """A sort of part: the property that holds it, its kind, whether there are many by name, where it says whose it is."""

    name: str
    kind: ObjectKind[Any]
    many: bool
    marked_in: str

    def items(self, values: Mapping[str, Any]) -> dict[str, Values]:
        """Return the parts of this sort by id; none where a preview cannot know them."""
        held = values.get(self.name)
        if not isinstance(held, dict):
            return {}
        if self.many:
            return held
        return {self.identity(held): held} if held else {}

    def held(self, parts: dict[str, Values]) -> Values:
        """Return parts as the property holds them."""
        return parts if self.many else next(iter(parts.values()), {})

    def identity(self, part: Values) -> str:
        """Return a part's id."""
        return str(self.kind.resource_id(part))

    def path(self, identity: str) -> str:
        """Return what a part is called in a difference."""
        return f'{self.name}["{identity}"]' if self.many else self.name

    def checked(self, held: Values) -> tuple[Values, tuple[Failure, ...]]:
        """Return the parts with their defaults, and what is wrong with them, by path."""
        parts: dict[str, Values] = {}
        failures: list[Failure] = []
        given = held if self.many else {"": held} if held else {}
        for name, part in given.items():
            path = self.path(name)
            if not isinstance(part, dict):
                failures.append(Failure(path, "is no mapping"))
                continue
            values, found = self._checked_part(part)
            failures += [Failure(f"{path}.{each.property}", each.reason) for each in found]
            if self.many and not found and self.identity(values) != name:
                failures.append(Failure(path, f"is the entry of '{self.identity(values)}'"))
            parts[name] = values
        return self.held(parts), tuple(failures)

    def _checked_part(self, part: Values) -> tuple[Values, tuple[Failure, ...]]:
        apart = (VERSION.name, LOGIN) if self.is_users else ()
        own = {name: value for name, value in part.items() if name not in apart}
        supplied = {name: value for name, value in _GIVEN.items() if name in self._taken}
        values, failures = self.kind.check({}, own | supplied, frozenset())
        values = {name: value for name, value in values.items() if name not in _GIVEN}
        failures += tuple(Failure(name, "is the account's to say") for name in own.keys() & _GIVEN.keys())
        if self.is_users:
            values.pop(LOGIN, None)  # no state of an account has one
            try:
                values[VERSION.name] = VERSION.parse(part.get(VERSION.name))
            except ValueError as error:
                failures += (Failure(VERSION.name, str(error)),)
        return values, failures

    @property
    def is_users(self) -> bool:
        """Tell whether these are the users."""
        return isinstance(self.kind, NexusUser)

    @property
    def _taken(self) -> frozenset[str]:
        return frozenset(field.name for field in self.kind.fields)

    def stored(self, values: Mapping[str, Any]) -> Values:
        """Return the property out of a state, with types."""
        typed = {name: self._typed(part) for name, part in self.items(values).items()}
        return self.held(typed)

    def _typed(self, part: Values) -> Values:
        version = part.get(VERSION.name)
        typed = self.kind.stored(part)
        return typed if version is None else {**typed, VERSION.name: VERSION.stored(version)}

    def changes(self, state: Mapping[str, Any], inputs: Mapping[str, Any]) -> Iterator[Change]:
        """Yield what of these parts is not as the inputs want it, by path."""
        if inputs.get(self.name) is UNKNOWN:
            yield Change(self.name, replaces=False)
            return
        before, after = self.items(state), self.items(inputs)
        for identity in sorted(before.keys() | after.keys()):
            old, new = before.get(identity), after.get(identity)
            if old is None or new is None:
                yield Change(
                    self.path(identity), replaces=False, was_missing=old is None, is_gone=new is None
                )
                continue
            for name in self.differing(identity, old, new):
                yield Change(
                    f"{self.path(identity)}.{name}", replaces=False, was_missing=old.get(name) is None
                )

    def differing(self, identity: str, state: Values, part: Values) -> list[str]:
        """Return the names of the fields of one part that differ."""
        names = [change.name for change in self.kind.diff(identity, state, part).changes]
        if self.is_users:
            names = [name for name in names if name not in ("password", LOGIN)]
            if state.get(VERSION.name) != part.get(VERSION.name):
                names.append(VERSION.name)
        return names

    def whole(self, part: Values, known: Mapping[str, str], secret_path: str) -> Values:
        """Return the inputs of the part's kind: those of a user with its password, and with the secret that hands it out."""
        if not self.is_users:
            return part
        own = {name: value for name, value in part.items() if name != VERSION.name}
        # A user whose password is not known keeps it.
        password = known.get(part["user_id"], "")
        return own | {"password": password, "handed_out_by": secret_path, LOGIN: ACCEPTED}

    def is_marked_alike(self, existing: object, part: Values) -> bool:
        """Tell whether an object says that it is managed by whom the inputs say."""
        wanted, found = (
            _MARKER.search(str(text)) for text in (part[self.marked_in], getattr(existing, self.marked_in))
        )
        return bool(wanted and found and wanted[0] == found[0])


def sorts_of(systems: Systems) -> tuple[Sort, ...]:
    """Return the sorts in the order in which they are made: each needs those before it."""
    return (
        Sort("selectors", NexusContentSelector(systems), many=True, marked_in="description"),
        Sort("privileges", NexusPrivilege(systems), many=True, marked_in="description"),
        Sort("role", NexusRole(systems), many=False, marked_in="description"),
        Sort("users", NexusUser(systems), many=True, marked_in="last_name"),
    )
