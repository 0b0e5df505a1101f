"""GitLab's client against the simulator: variables by key and scope, writes that are proved, refusals in words."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from ciaccess.access.desired.objects import Variable
from ciaccess.clients.errors import (
    ApiError,
    ConflictError,
    ForbiddenError,
    NotFoundError,
    RefusedError,
    ServerError,
    UnauthorizedError,
    UnexpectedAnswerError,
    UnreachableError,
)
from ciaccess.clients.gitlab.variables import GitLab, Variables
from ciaccess.clients.http import bounds
from ciaccess.clients.http.session import HttpOptions
from ciaccess.clients.redaction import redact
from tests.support.servers.gitlab import GitlabProcess, start_gitlab
from tests.support.servers.scripted_server import Reply, ScriptedServer, in_json
from tests.support.servers.simulator import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

OPTIONS = HttpOptions(backoff_seconds=0.02)


@pytest.fixture(scope="module", params=["free", "premium"])
def gitlab(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[GitlabProcess]:
    process = start_gitlab(tmp_path_factory.mktemp("gitlab"), tier=request.param)
    yield process
    process.stop()


@pytest.fixture
def group(gitlab: GitlabProcess) -> str:
    path = f"g{uuid.uuid4().hex[:10]}"
    return str(gitlab.seed(groups=[{"path": path}])["groups"][path])


@pytest.fixture
def client(gitlab: GitlabProcess) -> Iterator[GitLab]:
    made = GitLab(gitlab.url, gitlab.root_token, options=OPTIONS)
    yield made
    made.close()
    gitlab.control("DELETE", "faults")


@pytest.fixture
def variables(client: GitLab, group: str) -> Variables:
    return client.variables(group)


def test_a_variable_s_life(variables: Variables, group: str) -> None:
    first = Variable(group, "VAULT_ADDR", "https://vault", raw=True, description="Where Vault is")
    assert variables.find("VAULT_ADDR") is None
    variables.create(first)
    assert variables.find("VAULT_ADDR") == variables.read("VAULT_ADDR") == first
    second = replace(first, value="https://other", masked=True, variable_type="file", description="")
    variables.replace(second)
    assert variables.find("VAULT_ADDR") == variables.read("VAULT_ADDR") == second
    assert variables.delete("VAULT_ADDR")
    assert not variables.delete("VAULT_ADDR")
    assert variables.find("VAULT_ADDR") is None
    assert variables.read("VAULT_ADDR") is None


def test_a_taken_key_is_a_conflict(variables: Variables, group: str) -> None:
    variables.create(Variable(group, "A", "x"))
    with pytest.raises(ConflictError, match="has already been taken"):
        variables.create(Variable(group, "A", "y"))


def test_an_update_of_what_is_not_there_changes_no_other_scope(variables: Variables, group: str) -> None:
    variables.create(Variable(group, "A", "x"))
    with pytest.raises(NotFoundError, match="there is none in the scope 'staging'"):
        variables.replace(Variable(group, "A", "y", "staging"))
    variables.refresh()
    assert variables.find("A") == Variable(group, "A", "x")


def test_scopes_are_kept_apart_or_refused_as_premium(
    gitlab: GitlabProcess, variables: Variables, group: str
) -> None:
    scoped = Variable(group, "A", "prod", "production")
    if gitlab.tier == "free":
        with pytest.raises(RefusedError, match="need GitLab Premium"):
            variables.create(scoped)
        variables.refresh()
        assert variables.all() == {}, "what was made under another scope is removed again"
        return
    variables.create(Variable(group, "A", "x"))
    variables.create(scoped)
    variables.replace(replace(scoped, value="p2"))
    assert variables.delete("A")
    variables.refresh()
    assert list(variables.all().values()) == [replace(scoped, value="p2")]


def test_a_value_that_cannot_be_masked_is_refused_without_being_shown(
    variables: Variables, group: str
) -> None:
    with pytest.raises(RefusedError, match="A masked value needs 8 or more") as refused:
        variables.create(Variable(group, "A", "5h0rt", masked=True))
    assert "5h0rt" not in str(refused.value)


def test_a_masked_value_is_concealed_and_another_is_not(variables: Variables, group: str) -> None:
    variables.create(Variable(group, "A", "a-masked-value", masked=True))
    variables.create(Variable(group, "B", "a-plain-value"))
    assert redact("a-masked-value a-plain-value") == "*** a-plain-value"


def test_a_hidden_variable_shows_no_value(gitlab: GitlabProcess, variables: Variables, group: str) -> None:
    import requests  # noqa: PLC0415 only to do what this client cannot

    body = {"key": "H", "value": "hidden-value", "masked_and_hidden": True}
    address = f"{gitlab.url}/api/v4/groups/{group}/variables"
    requests.post(
        address, json=body, headers={"PRIVATE-TOKEN": gitlab.root_token}, timeout=60
    ).raise_for_status()
    found = variables.find("H")
    assert found == Variable(group, "H", "", masked=True, hidden=True)


def test_many_threads_share_one_list_and_pages_are_all_read(
    gitlab: GitlabProcess, client: GitLab, variables: Variables, group: str
) -> None:
    for number in range(110):
        variables.create(Variable(group, f"K{number}", "x"))
    gitlab.forget_requests()
    fresh = GitLab(gitlab.url, gitlab.root_token, options=OPTIONS)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda number: fresh.variables(group).find(f"K{number}"), range(110)))
    fresh.close()
    del client
    assert all(found)
    lists = {route: count for route, count in gitlab.requests().items() if "/simulator/" not in route}
    assert list(lists.values()) == [2], "two pages of 100"


def test_a_gitlab_that_never_answers_is_waited_for_once_by_all(gitlab: GitlabProcess, group: str) -> None:
    options = replace(OPTIONS, read_seconds=1.0)
    silent = GitLab(gitlab.url, gitlab.root_token, options=options)
    gitlab.control("POST", "faults", {"count": 6, "status": 0, "path": "/api/", "delay_seconds": 4})
    gitlab.forget_requests()
    variables = silent.variables(group)
    with ThreadPoolExecutor(6) as pool:
        failures = list(pool.map(lambda _: _failure(variables), range(6)))
    silent.close()
    gitlab.control("DELETE", "faults")
    assert all("the response timed out" in each for each in failures)
    asked = {route: count for route, count in gitlab.requests().items() if "/simulator/" not in route}
    assert sum(asked.values()) == 1, asked


def _failure(variables: Variables) -> str:
    with pytest.raises(UnreachableError) as raised:
        variables.all()
    return str(raised.value)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, UnauthorizedError), (403, ForbiddenError), (500, ServerError), (404, NotFoundError)],
)
def test_a_refused_list_is_an_error_of_its_kind(
    gitlab: GitlabProcess, variables: Variables, status: int, kind: type[ApiError]
) -> None:
    gitlab.fail_next(status, count=6)
    with pytest.raises(kind, match=f"list variables of group .*: GitLab answered {status}"):
        variables.all()


def test_a_bad_token_is_refused_and_not_shown(gitlab: GitlabProcess, group: str) -> None:
    client = GitLab(gitlab.url, "glpat-not-a-token", options=OPTIONS)
    with pytest.raises(UnauthorizedError, match=r"Set GITLAB_TOKEN") as refused:
        client.variables(group).all()
    assert "glpat" not in f"{refused.value} {client!r}"
    client.close()


def test_a_group_that_cannot_be_seen_is_an_error(client: GitLab) -> None:
    with pytest.raises(NotFoundError, match="GitLab hides what it may not"):
        client.variables("999999").read("A")


def test_a_create_whose_answer_is_lost_is_looked_for(
    gitlab: GitlabProcess, variables: Variables, group: str
) -> None:
    gitlab.fail_next(0, cut="after", method="POST", path=f"/api/v4/groups/{group}/variables")
    variables.create(Variable(group, "A", "x"))
    assert variables.find("A") == Variable(group, "A", "x")


def test_a_create_that_never_arrived_is_an_error(
    gitlab: GitlabProcess, variables: Variables, group: str
) -> None:
    gitlab.fail_next(0, cut="before", method="POST", path=f"/api/v4/groups/{group}/variables")
    with pytest.raises(UnreachableError, match="may or may not have been done"):
        variables.create(Variable(group, "A", "x"))


def test_a_busy_gitlab_is_asked_again(gitlab: GitlabProcess, variables: Variables) -> None:
    gitlab.fail_next(429, count=2, headers={"Retry-After": "0"})
    assert variables.all() == {}


def test_a_gitlab_that_is_down_is_unreachable() -> None:
    client = GitLab(f"http://127.0.0.1:{free_port()}", "a-token", options=OPTIONS)
    with pytest.raises(UnreachableError, match="connection refused"):
        client.variables("9").all()
    client.close()


def test_a_token_follows_no_redirect_to_another_host() -> None:
    path = "/api/v4/groups/9/variables"
    with ScriptedServer() as server, ScriptedServer() as elsewhere:
        server.answers(f"GET {path}", Reply(302, headers={"Location": f"{elsewhere.url}{path}"}))
        client = GitLab(server.url, "a-token", options=OPTIONS)
        with pytest.raises(UnexpectedAnswerError, match="redirects to"):
            client.variables("9").all()
        client.close()
        assert elsewhere.requests == []


def test_a_list_whose_pages_do_not_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "_MOST_PAGES", 20)
    with ScriptedServer() as server:
        path = "/api/v4/groups/9/variables"
        link = {"Link": f'<{server.url}{path}?page=2>; rel="next"'}
        server.answers(f"GET {path}", in_json([{"key": "A"}], headers=link))
        client = GitLab(server.url, "a-token", options=OPTIONS)
        with pytest.raises(UnexpectedAnswerError, match="the list has more than 20 pages"):
            client.variables("9").all()
        client.close()
        assert len(server.requests) == 20


def test_a_token_follows_no_link_to_a_next_page_on_another_host() -> None:
    with ScriptedServer() as server, ScriptedServer() as elsewhere:
        link = {"Link": f'<{elsewhere.url}/variables?page=2>; rel="next"'}
        server.answers("GET /api/v4/groups/9/variables", in_json([], headers=link))
        client = GitLab(server.url, "a-token", options=OPTIONS)
        with pytest.raises(UnexpectedAnswerError, match=f"{server.url} leads to {elsewhere.url}"):
            client.variables("9").all()
        client.close()
        assert elsewhere.requests == []
