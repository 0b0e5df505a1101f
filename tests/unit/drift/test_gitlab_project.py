"""Settings of ciaccess's own project in GitLab that only some instances have: versions, protected environments."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ciaccess.access.model.models import Pipeline
from ciaccess.clients.errors import UnexpectedAnswerError
from ciaccess.clients.gitlab.variables import GitLab
from ciaccess.drift.gitlab_project import project_findings
from tests.support.servers.scripted_server import ScriptedServer, in_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

OWN = "/api/v4/projects/orchestrator%2Fciaccess"
SETTINGS = {
    "ci_pipeline_variables_minimum_override_role": "no_one_allowed",
    "ci_separated_caches": True,
    "ci_allow_fork_pipelines_to_run_in_parent_project": True,
}
LEVELS = {"push_access_levels": [{"access_level": 0}], "merge_access_levels": [{"access_level": 40}]}


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    """A GitLab with the settings that the page asks for."""
    with ScriptedServer() as server:
        server.answers(f"GET {OWN}", in_json(SETTINGS))
        server.answers("GET /api/v4/version", in_json({"version": "18.5.1-ee"}))
        server.answers(f"GET {OWN}/protected_branches/main", in_json({"name": "main", **LEVELS}))
        tags = [{"name": "*", "create_access_levels": [{"access_level": 40}]}]
        server.answers(f"GET {OWN}/protected_tags", in_json(tags))
        yield server


def found(server: ScriptedServer, **fields: Any) -> dict[str, str]:
    pipeline = Pipeline.model_validate({"project": "orchestrator/ciaccess", "audience": "x", **fields})
    gitlab = GitLab(server.url, "glpat-x")
    return {finding.id.rpartition(".")[2]: finding.found for finding in project_findings(pipeline, gitlab)}


def test_settings_as_they_should_be_are_no_finding(server: ScriptedServer) -> None:
    assert found(server) == {}


@pytest.mark.parametrize(
    ("version", "forks"), [("18.2.2", True), ("18.2.1", False), ("18.2.1-ee", False), ("17.11.4", False)]
)
def test_pipelines_of_forks_need_a_version_that_gives_them_their_own_claims(
    server: ScriptedServer, version: str, *, forks: bool
) -> None:
    server.answers("GET /api/v4/version", in_json({"version": version}))
    assert found(server) == ({} if forks else {"forks": f"GitLab {version}"})
    off = {**SETTINGS, "ci_allow_fork_pipelines_to_run_in_parent_project": False}
    server.answers(f"GET {OWN}", in_json(off))
    assert found(server) == {}


def test_a_protected_environment_is_asked_for_where_the_pipeline_needs_it(server: ScriptedServer) -> None:
    assert found(server, environment="prod") == {}
    path = f"GET {OWN}/protected_environments/prod"
    server.answers(path, in_json({"message": "404 Not Found"}, 404))
    assert found(server, environment="prod", environment_protected=True) == {"environment": "not protected"}
    server.answers(path, in_json({"name": "prod"}))
    assert found(server, environment="prod", environment_protected=True) == {}


def test_a_user_who_is_named_one_by_one_is_whoever_that_is(server: ScriptedServer) -> None:
    named = {
        "push_access_levels": [{"access_level": None, "user_id": 7}],
        "merge_access_levels": [{"access_level": 40}],
    }
    server.answers(f"GET {OWN}/protected_branches/main", in_json({"name": "main", **named}))
    assert found(server) == {"branch": "Developers may push"}


def test_settings_that_the_token_does_not_see_are_never_taken_for_good_ones(server: ScriptedServer) -> None:
    server.answers(f"GET {OWN}", in_json({"id": 1}))
    with pytest.raises(UnexpectedAnswerError, match="Maintainer"):
        found(server)
