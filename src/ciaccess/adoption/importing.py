"""The engine's inputs for a plan: the import file, targets, and the adopted paths.

The file contains no password: the plugin reads those of an account from its secret.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ciaccess.adoption.plan import Plan, PlannedAction
from ciaccess.engine.declared import Declared
from ciaccess.engine.resource_types import JWT_ROLE, POLICY

# A variable of the plugin (provider/environment.py).
ADOPTED = "CIACCESS_ADOPTED"


def import_file(plan: Plan) -> dict[str, Any]:
    """Return the input of `pulumi import --file`: each adopted object with name, parent and provider."""
    adopted = plan.of(PlannedAction.ADOPTED)
    table = {
        _key(urn): urn for step in adopted for urn in (step.resource.parent, step.resource.provider) if urn
    }
    return {
        "nameTable": dict(sorted(table.items())),
        "resources": [
            {
                "type": step.resource.type,
                "name": step.resource.name,
                "id": step.found.identity,
                # Without a component, the parent is the stack, which the file cannot name.
                **({"parent": _key(step.resource.parent)} if step.resource.parent else {}),
                "provider": _key(step.resource.provider),
            }
            for step in adopted
        ],
    }


def foundation(plan: Plan) -> tuple[str, ...]:
    """Return the URNs that an import needs in the state: providers, parents, the preconditions.

    Creating them writes to no system.
    """
    parents = {step.resource.parent for step in plan.of(PlannedAction.ADOPTED)}
    conditions = [each for each in plan.declared if each.is_precondition]
    parents |= {each.parent for each in conditions}
    needed = [each for each in plan.declared if each.is_provider or each.urn in parents]
    return tuple(each.urn for each in [*needed, *conditions])


def adopted_paths(resources: Iterable[Declared]) -> str:
    """Return the API paths of resources in the form of the plugin's preconditions."""
    return " ".join(sorted(filter(None, map(_api_path, resources))))


def targets(urns: Iterable[str]) -> tuple[str, ...]:
    """Return the engine's options for exactly these resources."""
    return tuple(word for urn in urns for word in ("--target", urn))


def _key(urn: str) -> str:
    """Return a name for a URN in the file's table, unique also for a component and a provider."""
    return urn.split("::", 2)[2].replace("::", "/")


def _api_path(each: Declared) -> str:
    if each.type == POLICY:
        return f"sys/policies/acl/{each.target.identity}"
    return each.target.identity if each.type == JWT_ROLE else ""
