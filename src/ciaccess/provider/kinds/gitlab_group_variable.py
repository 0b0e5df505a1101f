"""A CI/CD variable of a GitLab group, in one environment scope.

The value is a secret only where the variable is masked. The value of a hidden variable cannot be read, and hiding cannot
be undone, so a variable that was hidden is replaced.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ciaccess.access.desired.objects import Variable
from ciaccess.clients.credentials import gitlab_is_unread
from ciaccess.engine import resource_types
from ciaccess.provider.kinds.fields import FLAG, UNKNOWN, Checked, Field, Rule, Values, at_most, one_of
from ciaccess.provider.kinds.kind import ReadResult
from ciaccess.provider.kinds.objects import ADOPT, ObjectKind

if TYPE_CHECKING:
    from ciaccess.provider.systems import Systems

_KEY = Rule(
    "1 to 255 letters, digits and '_'", lambda value: re.fullmatch(r"[A-Za-z0-9_]{1,255}", value) is not None
)
_SCOPE = Rule(
    "letters, digits, '-', '_', '/', '$', '{', '}', '.', '*' and blanks",
    lambda value: re.fullmatch(r"[A-Za-z0-9_/\\${}. *-]{1,255}", value) is not None,
)
_GROUP = Rule("a group's id, such as 9, or its full path", lambda value: bool(value) and ":" not in value)
_MOST_VALUE_CHARACTERS = 10_000
_EVERYWHERE = "*"


class _Variables:
    """GitLab's variables by this kind's ids: `<group>:<key>:<environment scope>`."""

    def __init__(self, systems: Systems) -> None:
        self._systems = systems

    def find(self, identity: str, /) -> Variable | None:
        group, key, scope = split_id(identity)
        return self._systems.gitlab().variables(group).find(key, scope)

    def read(self, identity: str, /) -> Variable | None:
        group, key, scope = split_id(identity)
        return self._systems.gitlab().variables(group).read(key, scope)

    def create(self, item: Variable, /) -> None:
        self._systems.gitlab().variables(item.group).create(item)

    def replace(self, item: Variable, /) -> None:
        self._systems.gitlab().variables(item.group).replace(item)

    def delete(self, identity: str, /) -> bool:
        group, key, scope = split_id(identity)
        return self._systems.gitlab().variables(group).delete(key, scope)


class GitLabGroupVariable(ObjectKind[Variable]):
    """A variable of a group; environment scopes other than * need GitLab Premium."""

    token = resource_types.VARIABLE
    noun = "variable"
    item = Variable
    system = "GitLab"
    fields = (
        Field("group", rule=_GROUP, identifies=True, about="The group's id, or its full path"),
        Field("key", rule=_KEY, identifies=True, about="The variable's key"),
        Field(
            "value",
            rule=Rule("at most 10000 characters", lambda value: len(value) <= _MOST_VALUE_CHARACTERS),
            about="The value; a secret where masked is true",
        ),
        Field(
            "environment_scope",
            default=_EVERYWHERE,
            rule=_SCOPE,
            identifies=True,
            about="The environments; others than * need GitLab Premium",
        ),
        Field("protected", FLAG, default=False, about="Whether only pipelines of protected refs have it"),
        Field("masked", FLAG, default=False, about="Whether job logs conceal the value"),
        Field("raw", FLAG, default=True, about="Whether $ stays as it is"),
        Field(
            "variable_type",
            default="env_var",
            rule=one_of("env_var", "file"),
            about="Whether a job gets a value or a file",
        ),
        Field("description", default="", rule=at_most(255), about="What it is for"),
        Field(
            "hidden",
            FLAG,
            default=False,
            rule=Rule("false", lambda value: value is False),
            replaces=True,
            about="Whether GitLab never shows the value; set by a refresh",
        ),
        ADOPT,
    )

    def check(self, old: Values, inputs: Values, concealed: frozenset[str]) -> Checked:
        """Accept `hidden` in the inputs of an import."""
        values, failures = super().check(old, inputs, concealed)
        if old.get("hidden") is True and inputs.get("hidden") is True:
            values["hidden"] = True
            failures = tuple(failure for failure in failures if failure.property != "hidden")
        return values, failures

    def read(self, resource_id: str, state: Values) -> ReadResult | None:
        """Return the variable; a hidden one with the value of the state, since its value cannot be read."""
        identity = ":".join(split_id(resource_id))
        if state and gitlab_is_unread():
            return ReadResult(state, identity)
        seen = super().read(identity, state)
        if seen is None:
            return None
        if seen.values["hidden"]:
            seen.values["value"] = state.get("value", "")
        return ReadResult(seen.values, identity)

    def check_live(self, state: Values | None, inputs: Values) -> None:
        """Refuse in a preview a variable that exists already, where GitLab is read."""
        if not gitlab_is_unread():
            super().check_live(state, inputs)

    def objects(self) -> _Variables:
        """Return GitLab's group variables."""
        return _Variables(self._systems)

    def secrets(self, values: Mapping[str, Any]) -> frozenset[str]:
        """Return `value` if the variable is masked, or may be."""
        return frozenset({"value"} if values.get("masked") in (True, UNKNOWN) else ())


def split_id(resource_id: str) -> tuple[str, str, str]:
    """Return group, key and scope of an id; an import may omit the scope `*`."""
    group, _, rest = resource_id.partition(":")
    key, _, scope = rest.partition(":")
    return group, key, scope or _EVERYWHERE
