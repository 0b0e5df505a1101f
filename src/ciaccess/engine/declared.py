"""What the program declares, by the engine: resources with names, parents, providers and inputs.

Taken from `pulumi preview --json`, so that no name of a resource is known here: the components make them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ciaccess.engine.resource_types import PRECONDITIONS, Target, target_of
from ciaccess.errors import CommandError

# An object that the engine would make, or take over by the program's own import.
_NEW = ("create", "import")
_GONE = ("delete", "delete-replaced", "discard")
_PROVIDERS = "pulumi:providers:"
_STACK = "pulumi:pulumi:Stack"


@dataclass(frozen=True)
class Declared:
    """A resource. `provider`, `parent` ("" for the stack's) and its dependencies are URNs.

    A component has neither provider nor inputs.
    """

    urn: str
    type: str
    parent: str
    provider: str
    is_custom: bool
    is_in_state: bool
    inputs: dict[str, Any]
    depends_on: tuple[str, ...]

    def __hash__(self) -> int:
        return hash(self.urn)

    @property
    def name(self) -> str:
        """Return its logical name."""
        return name_of(self.urn)

    @property
    def target(self) -> Target:
        """Return its type, and the id that it has or gets in the state."""
        return target_of(self.type, self.inputs)

    @property
    def is_provider(self) -> bool:
        """Tell whether it is a provider."""
        return self.type.startswith(_PROVIDERS)

    @property
    def is_precondition(self) -> bool:
        """Tell whether it is the check of what must hold in Vault."""
        return self.type == PRECONDITIONS

    @property
    def is_object(self) -> bool:
        """Tell whether it stands for something in a system."""
        return self.is_custom and not self.is_provider and not self.is_precondition


def name_of(urn: str) -> str:
    """Return the logical name at the end of a URN."""
    return urn.rpartition("::")[2]


def declared_by(preview: Any) -> tuple[Declared, ...]:
    """Read `pulumi preview --json`.

    Raises:
        CommandError: it is of another shape.
    """
    try:
        return tuple(_resources(preview))
    except (KeyError, TypeError, AttributeError):
        raise CommandError("the engine's preview has a shape that is not known here") from None


def _resources(preview: Any) -> Iterator[Declared]:
    for step in preview.get("steps") or ():
        state = step.get("newState")
        if step["op"] in _GONE or not state or state["type"] == _STACK:
            continue
        parent = state.get("parent") or ""
        yield Declared(
            urn=state["urn"],
            type=state["type"],
            parent="" if f"::{_STACK}::" in parent else parent,
            provider=(state.get("provider") or "").rpartition("::")[0],
            is_custom=bool(state.get("custom")),
            is_in_state=step["op"] not in _NEW,
            inputs=state.get("inputs") or {},
            depends_on=tuple(state.get("dependencies") or ()),
        )
