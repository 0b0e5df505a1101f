"""What of a project's settings decides which code runs with its identities: CI/CD settings, protections, tips of branches.

Kept as one JSON document a project; a project without one has GitLab's defaults. Repositories are not simulated: a branch is
a name and the commit that a test gives it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from simulators.gitlab.answers import Answer, RefusalError, bad_parameter
from simulators.gitlab.namespaces import DEVELOPER, MAINTAINER, REPORTER, project_for

if TYPE_CHECKING:
    from simulators.gitlab.call import Call
    from simulators.gitlab.store import Row, Store

_LEVELS = {0: "No one", DEVELOPER: "Developers + Maintainers", MAINTAINER: "Maintainers"}
_ROLES = ("no_one_allowed", "owner", "maintainer", "developer")
DEFAULTS: dict[str, Any] = {
    "ci_separated_caches": True,
    "ci_pipeline_variables_minimum_override_role": "developer",
    "ci_allow_fork_pipelines_to_run_in_parent_project": True,
}
# By the parameter that sets it, the field that shows it.
_BRANCH = {"push_access_level": "push_access_levels", "merge_access_level": "merge_access_levels"}
_TAG = {"create_access_level": "create_access_levels"}


def kept(store: Store, project_id: int) -> dict[str, Any]:
    """Return all that was set of a project."""
    row = store.one("SELECT value FROM project_guards WHERE project_id = ?", project_id)
    return {} if row is None else dict(json.loads(row["value"]))


def keep(store: Store, project_id: int, changes: dict[str, Any]) -> None:
    """Set some of it."""
    store.write(
        "INSERT INTO project_guards VALUES (?, ?) ON CONFLICT (project_id) DO UPDATE SET value = excluded.value",
        project_id,
        json.dumps(kept(store, project_id) | changes),
    )


def shown(call: Call, project: Row, role: int) -> dict[str, Any]:
    """Return the CI/CD settings as a project shows them to its maintainers."""
    if role < MAINTAINER:
        return {}
    found = kept(call.store, project["id"])
    return {name: found.get(name, default) for name, default in DEFAULTS.items()}


def edit(call: Call) -> dict[str, Any]:
    """Set what of the CI/CD settings is among the parameters."""
    parameters = call.parameters
    role = "ci_pipeline_variables_minimum_override_role"
    if role in parameters and parameters.text(role) not in _ROLES:
        raise bad_parameter(f"{role} does not have a valid value")
    return {
        name: parameters.text(name) if name == role else parameters.flag(name)
        for name in DEFAULTS
        if name in parameters
    }


def levels_given(call: Call) -> dict[str, Any]:
    """Return the levels of a protection that are among the parameters."""
    parameters = call.parameters
    given: dict[str, Any] = {
        name: parameters.number(name, MAINTAINER) for name in (*_BRANCH, *_TAG) if name in parameters
    }
    return given | ({"allow_force_push": True} if parameters.flag("allow_force_push") else {})


def protect(store: Store, project_id: int, kind: str, name: str, levels: dict[str, Any]) -> None:
    """Keep the levels of a protection, by the parameters' names."""
    keep(store, project_id, {f"{kind} {name}": levels})


def levels_of(store: Store, row: Row) -> dict[str, Any]:
    """Return a protection's levels as the API shows them; maintainers where none were given."""
    found = kept(store, row["project_id"]).get(f"{row['kind']} {row['name']}", {})
    fields = _TAG if row["kind"] == "tag" else _BRANCH
    levels = {field: [_level(int(found.get(parameter, MAINTAINER)))] for parameter, field in fields.items()}
    if row["kind"] == "tag":
        return levels
    return levels | {"allow_force_push": bool(found.get("allow_force_push", False))}


def environment(call: Call) -> Answer:
    """Answer a protected environment; Free knows none."""
    project = project_for(call, MAINTAINER)
    name = call.named("name")
    if name not in kept(call.store, project["id"]).get("protected_environments", ()):
        raise RefusalError(404, {"message": "404 Not Found"})
    return Answer(200, {"name": name, "deploy_access_levels": [_level(MAINTAINER)]})


def branch(call: Call) -> Answer:
    """Answer a branch with its tip, as a test has given it."""
    project = project_for(call, REPORTER)
    name = call.named("branch")
    tip = kept(call.store, project["id"]).get("tips", {}).get(name)
    if tip is None:
        raise RefusalError(404, {"message": "404 Branch Not Found"})
    return Answer(200, {"name": name, "commit": {"id": tip, "short_id": tip[:8]}})


def _level(number: int) -> dict[str, Any]:
    return {"access_level": number, "access_level_description": _LEVELS.get(number, "Owners")}
