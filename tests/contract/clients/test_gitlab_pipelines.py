"""What the audit reads of GitLab: the projects of a group, who sees them all, and each merged pipeline."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest

from ciaccess.clients.errors import (
    ForbiddenError,
    NotFoundError,
    ServerError,
    UnauthorizedError,
    UnexpectedAnswerError,
)
from ciaccess.clients.gitlab.groups import (
    Place,
    group_named,
    project_named,
    projects_of,
    sees_all_projects,
)
from ciaccess.clients.gitlab.project import merged_pipeline
from ciaccess.clients.gitlab.variables import GitLab
from ciaccess.clients.http.session import HttpOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.servers.gitlab import GitlabProcess

    Connect = Callable[[str], GitLab]

SIMPLE = "job: {script: [make]}\n"


@pytest.fixture
def connect(premium: GitlabProcess) -> Iterator[Connect]:
    """Return a maker of clients by token."""
    made: list[GitLab] = []

    def make(token: str) -> GitLab:
        made.append(GitLab(premium.url, token, options=HttpOptions(backoff_seconds=0.02)))
        return made[-1]

    yield make
    for each in made:
        each.close()
    premium.control("DELETE", "faults")


@pytest.fixture
def reader(connect: Connect, premium: GitlabProcess) -> GitLab:
    return connect(premium.root_token)


@pytest.fixture
def group(premium: GitlabProcess) -> str:
    path = f"g{uuid.uuid4().hex[:10]}"
    premium.seed(groups=[{"path": path}, {"path": f"{path}/sub"}])
    return path


def project(premium: GitlabProcess, path: str, reader: GitLab, **fields: Any) -> Place:
    premium.seed(projects=[{"path": path, **fields}])
    return project_named(reader, path)


def token(premium: GitlabProcess, group: str, role: str) -> str:
    name = f"t{uuid.uuid4().hex[:10]}"
    wanted = {"name": name, "kind": "group", "scopes": ["read_api"], "role": role, "group": group}
    return str(premium.seed(tokens=[wanted])["tokens"][name])


def test_the_projects_of_a_group_say_why_no_pipeline_runs_in_them(
    premium: GitlabProcess, group: str, reader: GitLab
) -> None:
    premium.seed(
        groups=[{"path": f"{group}-lender"}],
        projects=[
            {"path": f"{group}/a", "ci_config_path": "ci.yml@other/project"},
            {"path": f"{group}/sub/archived", "archived": True},
            {"path": f"{group}/no-ci", "builds_access_level": "disabled"},
            {"path": f"{group}/no-code", "repository_access_level": "disabled"},
            {"path": f"{group}-lender/lent", "shared_with": [group]},
        ],
    )
    identity = str(group_named(reader, group).identity)
    found = {each.path.removeprefix(f"{group}/"): each for each in projects_of(reader, identity)}
    assert {name: each.inactive for name, each in found.items()} == {
        "a": "",
        "sub/archived": "it is archived",
        "no-ci": "CI/CD is disabled",
        "no-code": "its repository is disabled",
    }
    assert found["a"].config_path == "ci.yml@other/project"


@pytest.mark.parametrize(("role", "sees"), [("guest", False), ("reporter", True), ("owner", True)])
def test_a_member_sees_all_projects_from_reporter_on(
    premium: GitlabProcess, group: str, connect: Connect, role: str, *, sees: bool
) -> None:
    reader = connect(token(premium, group, role))
    assert sees_all_projects(reader, group_named(reader, group)) is sees


def test_a_member_of_a_subgroup_does_not_see_all_of_a_public_group(
    premium: GitlabProcess, connect: Connect
) -> None:
    path = f"g{uuid.uuid4().hex[:10]}"
    premium.seed(groups=[{"path": path, "visibility": "public"}, {"path": f"{path}/sub"}])
    reader = connect(token(premium, f"{path}/sub", "owner"))
    assert not sees_all_projects(reader, group_named(reader, path))


def test_a_pipeline_is_merged_or_the_reason_is_told(
    premium: GitlabProcess, group: str, reader: GitLab
) -> None:
    good = project(premium, f"{group}/good", reader, files={".gitlab-ci.yml": SIMPLE})
    assert merged_pipeline(reader, good).yaml == "---\njob:\n  script:\n  - make\n"
    broken = project(premium, f"{group}/broken", reader, files={".gitlab-ci.yml": "job: ["})
    assert merged_pipeline(reader, broken).faults[0].startswith("(<unknown>): ")
    none = project(premium, f"{group}/none", reader, files={"README.md": "x"})
    assert merged_pipeline(reader, none).missing == "it has no pipeline"
    empty = project(premium, f"{group}/empty", reader)
    assert merged_pipeline(reader, empty).missing == "its repository is empty"


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"status": 401, "body": {"message": "401 Unauthorized"}}, UnauthorizedError),
        ({"status": 403, "body": {"message": "403 Forbidden"}}, ForbiddenError),
        ({"status": 404, "body": {"message": "404 Project Not Found"}}, NotFoundError),
        ({"status": 503, "body": "down"}, ServerError),
        ({"status": 200, "body": ["valid"]}, UnexpectedAnswerError),
        ({"status": 200, "body": {"errors": [], "merged_yaml": 7}}, UnexpectedAnswerError),
        ({"status": 200, "body": {"errors": [], "merged_yaml": None}}, UnexpectedAnswerError),
    ],
)
def test_a_refusal_names_the_project_and_what_the_token_needs(
    premium: GitlabProcess, group: str, reader: GitLab, fault: dict[str, Any], expected: type[Exception]
) -> None:
    good = project(premium, f"{group}/good", reader, files={".gitlab-ci.yml": SIMPLE})
    path = f"/api/v4/projects/{good.identity}/ci/lint"
    premium.control("POST", "faults", {"count": 20, "method": "GET", "path": path, **fault})
    with pytest.raises(expected, match=f"project '{group}/good'") as caught:
        merged_pipeline(reader, good)
    if expected is ForbiddenError:
        assert "read_api" in str(caught.value)
        assert "Reporter" in str(caught.value)
