from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from gitlab.exceptions import GitlabAuthenticationError, GitlabCreateError, GitlabGetError, GitlabListError

if TYPE_CHECKING:
    from collections.abc import Callable

    import gitlab
    import requests

    from tests.support.servers.gitlab import GitlabProcess

    Client = Callable[..., gitlab.Gitlab]
    Ask = Callable[..., requests.Response]

VARIABLE = {"key": "K", "value": "v"}


def member(process: GitlabProcess, place: str, role: str, scopes: tuple[str, ...] = ("api",)) -> str:
    """Return the token of a new user with a role in the group."""
    name = f"{role}-{'-'.join(scopes)}-{place}"
    token = {"name": name, "user": name, "role": role, "group": place, "scopes": list(scopes)}
    return str(process.seed(tokens=[token])["tokens"][name])


def test_no_token_is_told_to_sign_in(free: GitlabProcess, place: str, client: Client) -> None:
    with pytest.raises(GitlabAuthenticationError, match="401 Unauthorized"):
        client(free, private_token=None).groups.get(place, lazy=True).variables.list(get_all=True)


def test_an_unknown_token_is_refused_even_where_none_is_needed(free: GitlabProcess, client: Client) -> None:
    with pytest.raises(GitlabAuthenticationError, match="401 Unauthorized"):
        client(free, private_token="glpat-unknown").projects.list(get_all=True)


def test_an_expired_token_says_so(free: GitlabProcess, ask: Ask) -> None:
    token = free.seed(tokens=[{"name": "old", "expires_at": "2001-01-01"}])["tokens"]["old"]
    answer = ask(free, "GET", "/user", token=token)
    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_token"
    assert "expired" in answer.json()["error_description"]


def test_a_revoked_project_token_says_so(free: GitlabProcess, place: str, client: Client, ask: Ask) -> None:
    project = client(free).projects.get(f"{place}/project")
    made = project.access_tokens.create(
        {"name": "bot", "scopes": ["api"], "access_level": 40, "expires_at": "2999-01-01"}
    )
    assert (
        client(free, private_token=made.token).projects.get(project.id).variables.create(VARIABLE).key == "K"
    )
    assert [token.name for token in project.access_tokens.list(get_all=True)] == ["bot"]
    made.delete()
    assert "revoked" in ask(free, "GET", "/user", token=made.token).json()["error_description"]


def test_a_bearer_token_counts_like_a_private_token(free: GitlabProcess, client: Client) -> None:
    bearer = client(free, oauth_token=free.root_token)
    bearer.auth()
    assert bearer.user is not None
    assert bearer.user.username == "root"


@pytest.mark.parametrize(("method", "path"), [("POST", ""), ("PUT", "/K"), ("DELETE", "/K")])
def test_read_api_reads_and_writes_nothing(
    free: GitlabProcess, place: str, ask: Ask, method: str, path: str
) -> None:
    token = member(free, place, "owner", ("read_api",))
    assert ask(free, "GET", f"/groups/{place}/variables", token=token).status_code == 200
    answer = ask(free, method, f"/groups/{place}/variables{path}", token=token, json=VARIABLE)
    assert answer.status_code == 403
    assert answer.json() == {
        "error": "insufficient_scope",
        "error_description": "The request requires higher privileges than provided by the access token.",
        "scope": "api",
    }


def test_read_user_sees_itself_alone(free: GitlabProcess, place: str, ask: Ask) -> None:
    token = member(free, place, "owner", ("read_user",))
    assert ask(free, "GET", "/user", token=token).status_code == 200
    assert ask(free, "GET", "/personal_access_tokens/self", token=token).json()["scopes"] == ["read_user"]
    assert ask(free, "GET", f"/groups/{place}", token=token).status_code == 403


@pytest.mark.parametrize(
    ("role", "of_group", "of_project"),
    [("owner", 200, 200), ("maintainer", 403, 200), ("developer", 403, 403), ("guest", 403, 403)],
)
def test_group_variables_are_for_owners_and_project_variables_for_maintainers(
    free: GitlabProcess, place: str, ask: Ask, role: str, of_group: int, of_project: int
) -> None:
    token = member(free, place, role)
    assert ask(free, "GET", f"/groups/{place}/variables", token=token).status_code == of_group
    path = f"/projects/{place}%2Fproject/variables"
    assert ask(free, "GET", path, token=token).status_code == of_project


def test_what_one_may_not_see_does_not_exist(free: GitlabProcess, place: str, client: Client) -> None:
    stranger = client(free, private_token=free.seed(tokens=[{"name": "stranger"}])["tokens"]["stranger"])
    with pytest.raises(GitlabGetError, match="404 Group Not Found"):
        stranger.groups.get(place)
    with pytest.raises(GitlabGetError, match="404 Project Not Found"):
        stranger.projects.get(f"{place}/project")
    with pytest.raises(GitlabListError, match="404 Group Not Found"):
        stranger.groups.get(place, lazy=True).variables.list(get_all=True)
    assert place not in {group.path for group in stranger.groups.list(get_all=True)}


def test_a_role_counts_in_the_groups_below_and_not_above(free: GitlabProcess, place: str, ask: Ask) -> None:
    free.seed(groups=[{"path": f"{place}/below"}])
    item = {"name": f"low-{place}", "role": "owner", "group": f"{place}/below"}
    below = free.seed(tokens=[item])["tokens"][f"low-{place}"]
    above = member(free, place, "owner")
    assert ask(free, "GET", f"/groups/{place}%2Fbelow/variables", token=above).status_code == 200
    assert ask(free, "GET", f"/groups/{place}%2Fbelow/variables", token=below).status_code == 200
    assert ask(free, "GET", f"/groups/{place}/variables", token=below).status_code == 404


def test_a_job_token_reads_merge_requests_and_notes_of_its_project_and_writes_none(
    free: GitlabProcess, place: str, client: Client
) -> None:
    name = f"job-{place}"
    job = {"name": name, "kind": "job", "project": f"{place}/project", "user": "root"}
    token = free.seed(tokens=[job])["tokens"][name]
    request = (
        client(free)
        .projects.get(f"{place}/project")
        .mergerequests.create({"title": "t", "source_branch": "b", "target_branch": "main"})
    )
    request.notes.create({"body": "hello"})
    project = client(free, job_token=token).projects.get(f"{place}/project", lazy=True)
    seen = project.mergerequests.get(request.iid)
    assert [note.body for note in seen.notes.list(get_all=True)] == ["hello"]
    with pytest.raises(GitlabAuthenticationError, match="401 Unauthorized"):
        seen.notes.create({"body": "x"})
    with pytest.raises(GitlabAuthenticationError):
        project.variables.list(get_all=True)


def test_a_job_token_of_another_project_is_refused(free: GitlabProcess, place: str, ask: Ask) -> None:
    free.seed(projects=[{"path": f"{place}/other"}])
    name = f"other-{place}"
    job = {"name": name, "kind": "job", "project": f"{place}/other", "user": "root"}
    token = free.seed(tokens=[job])["tokens"][name]
    path = f"/projects/{place}%2Fproject/merge_requests"
    answer = ask(free, "GET", path, headers={"PRIVATE-TOKEN": "", "JOB-TOKEN": token})
    assert answer.status_code == 403
    assert "job token not allowed from other to project" in answer.json()["message"]


def test_a_project_token_belongs_to_a_bot_with_a_role_in_that_project_alone(
    free: GitlabProcess, place: str, client: Client
) -> None:
    name = f"bot-{place}"
    bot = {"name": name, "kind": "project", "project": f"{place}/project", "role": "maintainer"}
    token = free.seed(tokens=[bot])["tokens"][name]
    acting = client(free, private_token=token)
    assert acting.projects.get(f"{place}/project").variables.create(VARIABLE).key == "K"
    with pytest.raises(GitlabGetError, match="404 Group Not Found"):
        acting.groups.get(place)
    with pytest.raises(GitlabCreateError) as caught:
        acting.groups.create({"name": "g", "path": f"{place}-new"})
    assert caught.value.response_code == 403
