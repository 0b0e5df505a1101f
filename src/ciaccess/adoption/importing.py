"""The engine's import file for a plan, and what else the engine is told: targets, and paths that have been adopted.

The file holds no password: the plugin reads an account's out of its secret.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ciaccess.adoption.plan import Becomes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ciaccess.adoption.plan import Plan
    from ciaccess.engine.preview import Declared

# What the plugin reads (provider/environment.py).
ADOPTED = "CIACCESS_ADOPTED"


def import_file(plan: Plan) -> dict[str, Any]:
    """Return what `pulumi import --file` takes: every adopted object under its name, parent and provider."""
    adopted = plan.of(Becomes.ADOPTED)
    table = {
        _key(urn): urn for step in adopted for urn in (step.resource.parent, step.resource.provider) if urn
    }
    return {
        "nameTable": dict(sorted(table.items())),
        "resources": [
            {
                "type": step.resource.type,
                "name": step.resource.name,
                "id": step.identity,
                # What has no component lies under the stack, which the file cannot name.
                **({"parent": _key(step.resource.parent)} if step.resource.parent else {}),
                "provider": _key(step.resource.provider),
            }
            for step in adopted
        ],
    }


def foundation(plan: Plan) -> tuple[str, ...]:
    """Return the URNs that an import needs in the state: providers, the components above it, the preconditions.

    To make them writes nothing to any system.
    """
    parents = {step.resource.parent for step in plan.of(Becomes.ADOPTED)}
    conditions = [each for each in plan.declared if each.is_precondition]
    parents |= {each.parent for each in conditions}
    needed = [each for each in plan.declared if each.is_provider or each.urn in parents]
    return tuple(each.urn for each in [*needed, *conditions])


def adopted_paths(resources: Iterable[Declared]) -> str:
    """Return resources' API paths as the plugin's preconditions take them."""
    return " ".join(sorted(filter(None, map(_api_path, resources))))


def targets(urns: Iterable[str]) -> tuple[str, ...]:
    """Return the engine's words for exactly these resources."""
    return tuple(word for urn in urns for word in ("--target", urn))


def _key(urn: str) -> str:
    """Return a name for a URN in the file's table: component and provider of one name must differ."""
    return urn.split("::", 2)[2].replace("::", "/")


def _api_path(each: Declared) -> str:
    inputs = each.inputs
    if each.type == "vault:index/policy:Policy":
        return f"sys/policies/acl/{inputs['name']}"
    if each.type == "vault:jwt/authBackendRole:AuthBackendRole":
        return f"auth/{inputs['backend']}/role/{inputs['roleName']}"
    return ""
