"""A CI/CD variable of a GitLab group, in one environment scope.

The value is a secret where the variable is masked, and nowhere else: VAULT_ADDR is none. A hidden variable's value
cannot be read back, and hiding cannot be undone, so one that somebody hid is made anew.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ciaccess.access.desired.objects import Variable
from ciaccess.provider.kinds.fields import FLAG, UNKNOWN, Field, Rule, Values, at_most, one_of
from ciaccess.provider.kinds.kind import joined_id
from ciaccess.provider.kinds.objects import ADOPT, ObjectKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ciaccess.provider.kinds.fields import Failure
    from ciaccess.provider.kinds.kind import Seen
    from ciaccess.provider.systems import Systems

_KEY = Rule(
    "1 to 255 letters, digits and '_'", lambda value: re.fullmatch(r"[A-Za-z0-9_]{1,255}", value) is not None
)
_SCOPE = Rule(
    "letters, digits, '-', '_', '/', '$', '{', '}', '.', '*' and blanks",
    lambda value: re.fullmatch(r"[A-Za-z0-9_/\\${}. *-]{1,255}", value) is not None,
)
_GROUP = Rule("a group's id, such as 9, or its full path", lambda value: bool(value) and ":" not in value)
_EVERYWHERE = "*"


class _Variables:
    """The variables of GitLab under the ids of this kind: `<group>:<key>:<environment scope>`."""

    def __init__(self, systems: Systems) -> None:
        self._systems = systems

    def find(self, identity: str, /) -> Variable | None:
        group, key, scope = parts(identity)
        return self._systems.gitlab().variables(group).find(key, scope)

    def read(self, identity: str, /) -> Variable | None:
        group, key, scope = parts(identity)
        return self._systems.gitlab().variables(group).read(key, scope)

    def create(self, item: Variable, /) -> None:
        self._systems.gitlab().variables(item.group).create(item)

    def replace(self, item: Variable, /) -> None:
        self._systems.gitlab().variables(item.group).replace(item)

    def delete(self, identity: str, /) -> bool:
        group, key, scope = parts(identity)
        return self._systems.gitlab().variables(group).delete(key, scope)


class GitLabGroupVariable(ObjectKind[Variable]):
    """`key` and `environment_scope` tell a group's variables apart; scopes other than * need GitLab Premium."""

    token = "ciaccess:gitlab:GroupVariable"  # noqa: S105 a type token, no secret
    noun = "variable"
    system = "GitLab"
    fields = (
        Field("group", rule=_GROUP, identifies=True),
        Field("key", rule=_KEY, identifies=True),
        Field("value", rule=Rule("at most 10000 characters", lambda value: len(value) <= 10_000)),  # noqa: PLR2004 GitLab's
        Field("environment_scope", default=_EVERYWHERE, rule=_SCOPE, identifies=True),
        Field("protected", FLAG, default=False),
        Field("masked", FLAG, default=False),
        Field("raw", FLAG, default=True),
        Field("variable_type", default="env_var", rule=one_of("env_var", "file")),
        Field("description", default="", rule=at_most(255)),
        Field("hidden", FLAG, default=False, rule=Rule("false", lambda value: value is False), replaces=True),
        ADOPT,
    )

    def check(
        self, old: Mapping[str, Any], inputs: Mapping[str, Any], concealed: frozenset[str]
    ) -> tuple[Values, tuple[Failure, ...]]:
        """Take what an import found: a variable may be hidden."""
        values, failures = super().check(old, inputs, concealed)
        if old.get("hidden") is True and inputs.get("hidden") is True:
            values["hidden"] = True
            failures = tuple(failure for failure in failures if failure.property != "hidden")
        return values, failures

    def read(self, resource_id: str, state: Values) -> Seen | None:
        """Return the variable; a hidden one with the value of the state, since nobody can read it."""
        seen = super().read(self._whole(resource_id), state)
        if seen is None:
            return None
        if seen.values["hidden"]:
            seen.values["value"] = state.get("value", "")
        return type(seen)(seen.values, self._whole(resource_id))

    def objects(self, address: Values) -> _Variables:
        """Return GitLab's group variables."""
        del address
        return _Variables(self._systems)

    def wanted(self, inputs: Values) -> Variable:
        """Return the variable of these inputs."""
        return Variable(**{field.name: inputs[field.name] for field in self.fields if field.compared})

    def observed(self, item: Variable) -> Values:
        """Return a variable's values."""
        return dict(vars(item))

    def addressed(self, resource_id: str) -> Values:
        """Return group, key and scope."""
        return dict(zip(("group", "key", "environment_scope"), parts(resource_id), strict=True))

    def resource_id(self, inputs: Values) -> str | None:
        """Return `<group>:<key>:<environment scope>`."""
        return joined_id(inputs, "group", "key", "environment_scope")

    def secrets(self, values: Mapping[str, Any]) -> frozenset[str]:
        """Return `value` where it is masked, or may be."""
        return frozenset({"value"} if values.get("masked") in (True, UNKNOWN) else ())

    @staticmethod
    def _whole(resource_id: str) -> str:
        return ":".join(parts(resource_id))


def parts(resource_id: str) -> tuple[str, str, str]:
    """Return group, key and scope of an id; an import may leave the scope `*` out."""
    group, _, rest = resource_id.partition(":")
    key, _, scope = rest.partition(":")
    return group, key, scope or _EVERYWHERE
