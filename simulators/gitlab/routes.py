"""The table of all routes: method, path, handler, and what is special about who may call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulators.gitlab import (
    ci_lint,
    groups,
    id_tokens,
    project_settings,
    project_tokens,
    projects,
    seed,
    users,
    variables,
)
from simulators.gitlab.answers import Answer, forbidden
from simulators.gitlab.controls import ControlHandlers
from simulators.gitlab.issuables import ISSUE, MERGE_REQUEST
from simulators.gitlab.notes import Notes

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulators.gitlab.call import Call
    from simulators.shared.controls import Controls

    Handler = Callable[[Call], Answer]

API = "/api/v4"


@dataclass(frozen=True)
class Route:
    """One method of one path. `also` names scopes that suffice here; None: any token does, whatever its scopes."""

    method: str
    path: str
    handle: Handler
    job_token_counts: bool = False
    also: tuple[str, ...] | None = ()


def table(controls: Controls) -> list[Route]:
    """Return every route."""
    return [
        *_openid(),
        *_instance(),
        *_groups(),
        *_projects(),
        *_variables(),
        *_issuables(),
        *_simulator(controls),
    ]


def _openid() -> list[Route]:
    return [
        Route("GET", "/.well-known/openid-configuration", id_tokens.discovery, also=None),
        Route("GET", "/oauth/discovery/keys", id_tokens.keys, also=None),
    ]


def _instance() -> list[Route]:
    return [
        Route("GET", f"{API}/version", users.version, also=("read_user",)),
        Route("GET", f"{API}/metadata", users.metadata, also=("read_user",)),
        Route("GET", f"{API}/user", users.current, also=("read_user",)),
        Route("GET", f"{API}/users", users.list_all, also=("read_user",)),
        Route("GET", f"{API}/users/{{user_id}}", users.get, also=("read_user",)),
        Route("GET", f"{API}/personal_access_tokens/self", users.current_token, also=None),
        Route("GET", f"{API}/job", users.current_job, job_token_counts=True),
    ]


def _groups() -> list[Route]:
    one = f"{API}/groups/{{id}}"
    return [
        Route("GET", f"{API}/groups", groups.list_all),
        Route("POST", f"{API}/groups", groups.create),
        Route("GET", one, groups.get),
        Route("DELETE", one, groups.delete),
        Route("GET", f"{one}/subgroups", groups.list_subgroups),
        Route("GET", f"{one}/descendant_groups", groups.list_descendants),
        Route("GET", f"{one}/projects", groups.list_projects),
        Route("GET", f"{one}/members/all/{{user_id}}", groups.get_member),
    ]


def _projects() -> list[Route]:
    one = f"{API}/projects/{{id}}"
    routes = [
        Route("GET", f"{API}/projects", projects.list_all),
        Route("POST", f"{API}/projects", projects.create),
        Route("GET", one, projects.get),
        Route("PUT", one, projects.edit),
        Route("DELETE", one, projects.delete),
        Route("GET", f"{one}/ci/lint", ci_lint.lint),
        Route("GET", f"{one}/repository/files/{{path}}", ci_lint.repository_file),
        Route("GET", f"{one}/protected_environments/{{name}}", project_settings.environment),
        Route("GET", f"{one}/repository/branches/{{branch}}", project_settings.branch),
        Route("GET", f"{one}/access_tokens", project_tokens.list_all),
        Route("POST", f"{one}/access_tokens", project_tokens.create),
        Route("DELETE", f"{one}/access_tokens/{{token_id}}", project_tokens.revoke),
    ]
    for kind, path in (("branch", f"{one}/protected_branches"), ("tag", f"{one}/protected_tags")):
        handlers = projects.protected(kind)
        routes += [
            Route("GET", path, handlers["list"]),
            Route("POST", path, handlers["create"]),
            Route("GET", f"{path}/{{name}}", handlers["get"]),
            Route("DELETE", f"{path}/{{name}}", handlers["delete"]),
        ]
    return routes


def _variables() -> list[Route]:
    routes = []
    for path, of_owner in (
        (f"{API}/groups/{{id}}/variables", variables.of_group),
        (f"{API}/projects/{{id}}/variables", variables.of_project),
    ):
        routes += [
            Route("GET", path, of_owner(variables.list_all)),
            Route("POST", path, of_owner(variables.create)),
            Route("GET", f"{path}/{{key}}", of_owner(variables.get)),
            Route("PUT", f"{path}/{{key}}", of_owner(variables.update)),
            Route("DELETE", f"{path}/{{key}}", of_owner(variables.delete)),
        ]
    return routes


def _issuables() -> list[Route]:
    routes = []
    for kind, job_reads in ((ISSUE, False), (MERGE_REQUEST, True)):
        all_of = f"{API}/projects/{{id}}/{kind.path}"
        one, notes = f"{all_of}/{{iid}}", Notes(kind)
        routes += [
            Route("GET", all_of, kind.list_all, job_token_counts=job_reads),
            Route("POST", all_of, kind.create),
            Route("GET", one, kind.get, job_token_counts=job_reads),
            Route("PUT", one, kind.update),
            Route("DELETE", one, kind.delete),
            Route("GET", f"{one}/notes", notes.list_all, job_token_counts=job_reads),
            Route("POST", f"{one}/notes", notes.create),
            Route("GET", f"{one}/notes/{{note_id}}", notes.get, job_token_counts=job_reads),
            Route("PUT", f"{one}/notes/{{note_id}}", notes.update),
            Route("DELETE", f"{one}/notes/{{note_id}}", notes.delete),
        ]
    return routes


def _simulator(controls: Controls) -> list[Route]:
    tests = ControlHandlers(controls)
    handlers: list[tuple[str, str, Handler]] = [
        ("POST", "seed", seed.plant),
        ("POST", "id_token", id_tokens.mint),
        ("GET", "requests", tests.show_requests),
        ("DELETE", "requests", tests.forget_requests),
        ("POST", "faults", tests.add_fault),
        ("DELETE", "faults", tests.forget_faults),
    ]
    return [Route(method, f"/simulator/{name}", _for_admin(handle)) for method, name, handle in handlers]


def _for_admin(handle: Handler) -> Handler:
    def handler(call: Call) -> Answer:
        if not call.signed_in().is_admin:
            raise forbidden()
        return handle(call)

    return handler
