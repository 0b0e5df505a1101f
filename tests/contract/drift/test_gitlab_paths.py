"""Drift's checks of GitLab: groups and projects that were renamed, never existed, or run no pipeline."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from ciaccess.access.desired.objects import JwtRole
from ciaccess.access.desired.state import Desired
from ciaccess.clients.gitlab.variables import GitLab
from ciaccess.drift.check_run import CheckRun
from ciaccess.drift.gitlab import check
from tests.support.access.organisation import organisation

if TYPE_CHECKING:
    from tests.support.servers.gitlab import GitlabProcess

DESIRED = Desired.of(organisation())


@pytest.fixture
def top(premium: GitlabProcess) -> tuple[str, int]:
    """Return path and id of a group of this test's own, with the variables that are declared."""
    path = f"g{uuid.uuid4().hex[:10]}"
    identity = premium.seed(groups=[{"path": path}])["groups"][path]
    with_root = GitLab(premium.url, premium.root_token)
    for each in DESIRED.groups["orchestrator"].variables.values():
        with_root.variables(str(identity)).create(replace(each, group=str(identity)))
    with_root.close()
    return path, identity


def desired(path: str, identity: int, **claims: frozenset[str]) -> Desired:
    declared = DESIRED.groups["orchestrator"]
    variables = {key: replace(each, group=str(identity)) for key, each in declared.variables.items()}
    group = replace(declared, path=path, identity=identity, variables=variables)
    roles = {"ci": JwtRole("ci", bound_claims=claims)} if claims else {}
    return replace(DESIRED, groups={path: group}, jwt_roles=roles)


def checked(premium: GitlabProcess, wanted: Desired, token: str = "") -> CheckRun:
    run = CheckRun()
    gitlab = GitLab(premium.url, token or premium.root_token)
    check(wanted, gitlab, run)
    run.finish()
    run.close()
    gitlab.close()
    return run


def owner(premium: GitlabProcess, group: str) -> str:
    name = f"t{uuid.uuid4().hex[:10]}"
    token = {"name": name, "kind": "group", "scopes": ["read_api"], "role": "owner", "group": group}
    return str(premium.seed(tokens=[token])["tokens"][name])


def test_a_group_under_another_path_than_declared_is_found(
    premium: GitlabProcess, top: tuple[str, int]
) -> None:
    path, identity = top
    assert checked(premium, desired(path, identity)).findings == ()
    (finding,) = checked(premium, desired(f"{path}-renamed", identity)).findings
    assert (finding.id, finding.object, finding.found) == ("gitlab.group.path", f"group {identity}", path)


def test_places_where_no_job_runs_are_skipped_and_named(premium: GitlabProcess, top: tuple[str, int]) -> None:
    path, identity = top
    premium.seed(
        groups=[{"path": f"{path}/old", "archived": True}, {"path": f"{path}/old/below"}],
        projects=[
            {"path": f"{path}/no-ci", "builds_access_level": "disabled"},
            {"path": f"{path}/no-code", "repository_access_level": "disabled"},
            {"path": f"{path}/archived", "archived": True},
            {"path": f"{path}/old/below/project"},
        ],
    )
    run = checked(premium, desired(path, identity))
    assert (run.findings, run.could_not_look) == ((), ())
    assert [each.removeprefix(f"the variables of {path}/") for each in run.remarks] == [
        "archived: it is archived",
        "no-ci: CI/CD is disabled",
        "no-code: its repository is disabled",
        "old/below/project: it is in an archived group",
        "old/below: it is in an archived group",
        "old: it is archived",
    ]


def test_claims_that_name_nothing_of_gitlab_are_found(premium: GitlabProcess, top: tuple[str, int]) -> None:
    path, identity = top
    premium.seed(groups=[{"path": f"{path}/team"}], projects=[{"path": f"{path}/app"}])
    claims = {
        "project_path": frozenset({f"{path}/app", f"{path}/gone", f"{path}/App"}),
        "namespace_path": frozenset({path, f"{path}/*", f"{path}/team/*", f"{path}/teem/*"}),
        "namespace_id": frozenset({str(identity), "999999999"}),
        "ref": frozenset({"main"}),
        "sub": frozenset({f"project_path:{path}/gone-too:ref_type:branch:ref:main"}),
    }
    wanted = desired(path, identity, **claims)
    found = {each.object: each.found for each in checked(premium, wanted, owner(premium, path)).findings}
    assert found == {
        f"project_path {path}/gone of JWT role ci": "GitLab has no such project",
        f"project_path {path}/App of JWT role ci": f"its path is {path}/app",
        f"namespace_path {path}/teem of JWT role ci": "GitLab has no such group",
        f"sub {path}/gone-too of JWT role ci": "GitLab has no such project",
    }
    assert "group 999999999 of bound claims: it does not exist, or the GitLab token may not see it" in (
        checked(premium, wanted, owner(premium, path)).remarks
    )
    by_root = {each.object for each in checked(premium, wanted).findings}
    assert by_root - set(found) == {"namespace_id 999999999 of JWT role ci"}


def test_what_the_token_may_not_see_is_a_remark_and_no_finding(
    premium: GitlabProcess, top: tuple[str, int]
) -> None:
    path, identity = top
    other = f"g{uuid.uuid4().hex[:10]}"
    premium.seed(groups=[{"path": other}], projects=[{"path": f"{other}/private"}])
    wanted = desired(path, identity, project_path=frozenset({f"{other}/private"}))
    run = checked(premium, wanted, owner(premium, path))
    assert (run.findings, run.could_not_look) == ((), ())
    assert run.remarks == (
        f"project {other}/private of bound claims: it does not exist, or the GitLab token may not see it",
    )
