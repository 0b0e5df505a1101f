"""What the last `pulumi up` applied, by the stack's state: whether access.yaml was changed since.

Reads the inputs that the state records. After a `pulumi refresh` these have what was changed by hand, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ciaccess.access.desired.difference import Change, comparable
from ciaccess.access.desired.state import Desired
from ciaccess.clients.could_not_look import CouldNotLookError
from ciaccess.drift.findings import NOTHING, Finding
from ciaccess.engine import pulumi_cli, resource_types
from ciaccess.engine.resource_types import ACCOUNT, JWT_ROLE, PARTS, POLICY, ROLE, Target, input_name
from ciaccess.engine.state import State, parse
from ciaccess.errors import CommandError

# What an account that was removed and is declared again has of its secret.
_LEFT_BY_A_REMOVAL = ("vault.secret.deleted", "vault.secret.destroyed")


def read_state(stack: str) -> State:
    """Return a stack's state.

    Raises:
        CouldNotLookError: it cannot be read.
    """
    try:
        return parse(pulumi_cli.export(stack))
    except (CommandError, ValueError) as error:
        because = " ".join(str(error).removeprefix("pulumi stack: ").removeprefix("error: ").split())
        remedy = "Give the job the state backend (PULUMI_BACKEND_URL), make the stack (pulumi stack init), or run with --no-state."
        raise CouldNotLookError(because, remedy) from None


class Applied:
    """The state beside the desired state.

    `removed` are objects that the stack made and access.yaml no longer has, as findings name them.
    """

    def __init__(self, desired: Desired, state: State) -> None:
        self._inputs = state.inputs
        declared = {
            *map(resource_types.account, desired.accounts),
            *map(resource_types.role, desired.named_roles),
            *(resource_types.policy(each.name) for each in desired.policies.values()),
            *(resource_types.jwt_role(desired.jwt_mount, name) for name in desired.jwt_roles),
        }
        removed = {target: inputs for target, inputs in state.inputs.items() if target not in declared}
        self.removed = {
            name: target
            for target, inputs in removed.items()
            for name in _objects(target, inputs, desired.jwt_mount)
        }

    def mark(self, finding: Finding) -> Finding:
        """Mark a finding that comes of access.yaml alone: the next `up` ends it."""
        if not finding.targets and finding.object in self.removed:
            target = self.removed[finding.object]
            waits = finding.id.endswith(".undeclared") and self._is_as_recorded(target, finding.changes)
            return replace(finding, repair=target, not_applied=waits, is_removed=True)
        targets = finding.targets if self._inputs else ()
        waits = bool(targets) and all(self._waits(target, finding) for target in targets)
        return replace(finding, not_applied=waits)

    def _waits(self, target: Target, finding: Finding) -> bool:
        if target not in self._inputs:
            return finding.found == NOTHING or finding.id in _LEFT_BY_A_REMOVAL
        return self._is_as_recorded(target, finding.changes)

    def _is_as_recorded(self, target: Target, changes: tuple[Change, ...]) -> bool:
        inputs = self._inputs[target]
        return bool(changes) and all(
            _plain(_recorded_value(target, inputs, each)) == _plain(each.observed) for each in changes
        )


def _objects(target: Target, inputs: Mapping[str, Any], jwt_mount: str) -> Iterator[str]:
    """Return the objects of a resource, as findings name them: JWT roles of this mount alone."""
    if target.type == ACCOUNT:
        yield from (f"user {name}" for name in inputs.get("users") or ())
        yield from (f"privilege {name}" for name in inputs.get("privileges") or ())
        yield f"role {(inputs.get('role') or {}).get('role_id')}"
        yield f"secret {str((inputs.get('secret') or {}).get('path')).replace('/data/', '/', 1)}"
    elif noun := {ROLE: "role", POLICY: "policy", JWT_ROLE: "JWT role"}.get(target.type):
        name = str(inputs.get(resource_types.TYPES[target.type].name))
        if target.type != JWT_ROLE or target == resource_types.jwt_role(jwt_mount, name):
            yield f"{noun} {name}"


def _recorded_value(target: Target, inputs: Mapping[str, Any], change: Change) -> Any:
    """Return the recorded value of a change's field, or its whole object; None without one."""
    found: Any = inputs
    if target.type == ACCOUNT:
        part = inputs.get(PARTS.get(change.kind, change.kind)) or {}
        found = part if change.kind in ("role", "metadata") else part.get(change.identity)
    name = input_name(change.field) if target.type.startswith("vault:") else change.field
    return found.get(name) if found and name else found


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, Mapping):  # pulumi-vault takes the values of a claim as one text
        value = {key: each.split(",") if isinstance(each, str) else each for key, each in value.items()}
    return comparable(value)
