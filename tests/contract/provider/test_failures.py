"""What the engine is told when a system is in trouble: one clean line, never "gone", never a secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ciaccess.provider.kinds import nexus_user
from tests.support.provider.plugin import Engine, PluginError, Secret
from tests.support.servers.simulator import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.servers.gitlab import GitlabProcess
    from tests.support.servers.nexus import NexusProcess

ROLE, USER, VARIABLE = "ciaccess:nexus:Role", "ciaccess:nexus:User", "ciaccess:gitlab:GroupVariable"
PASSWORD = "a-password-that-must-not-be-shown"
# what is answered to the list → what the line must hold
TROUBLES: list[tuple[dict[str, Any], str]] = [
    ({"status": 401}, "401"),
    ({"status": 403}, "403"),
    ({"status": 500, "body": {"message": "boom"}}, "boom"),
    (
        {
            "status": 200,
            "body": "<html><title>Login</title></html>",
            "headers": {"Content-Type": "text/html"},
        },
        "",
    ),
    ({"status": 0, "truncate_bytes": 20}, "cut off"),
    ({"status": 0, "cut": "before"}, "the connection was closed"),
]
NAMES = ["401", "403", "500", "a page", "half an answer", "a cut connection"]


@pytest.fixture(autouse=True)
def _truth_again(nexus: NexusProcess, gitlab: GitlabProcess) -> Iterator[None]:
    yield
    nexus.control("DELETE", "faults")
    gitlab.control("DELETE", "faults")


def role(role_id: str) -> dict[str, Any]:
    return {"role_id": role_id, "name": role_id, "privileges": ["nx-search-read"]}


def user(user_id: str, **changes: Any) -> dict[str, Any]:
    return {
        "user_id": user_id,
        "first_name": "a",
        "last_name": "b",
        "email_address": "a@example.com",
        "roles": ["nx-anonymous"],
        "password": Secret(PASSWORD),
    } | changes


def one_clean_line(error: pytest.ExceptionInfo[PluginError]) -> str:
    line = str(error.value)
    assert "\n" not in line
    assert "Traceback" not in line
    assert ".py" not in line
    assert line.endswith(".")
    return line


LIST: dict[str, Any] = {"count": 8, "method": "GET", "path": "/service/rest/v1/security/roles"}


@pytest.mark.parametrize(("trouble", "shown"), TROUBLES, ids=NAMES)
def test_nexus_in_trouble_is_an_error_in_one_line_and_the_state_stays(
    nexus: NexusProcess, nexus_engine: Engine, unique: str, trouble: dict[str, Any], shown: str
) -> None:
    nexus_engine.up(ROLE, "r", **role(unique))
    nexus_engine.restart()
    nexus.fail_next(**trouble, **LIST)
    with pytest.raises(PluginError) as failed:
        nexus_engine.refresh("r")
    assert shown in one_clean_line(failed)
    nexus.control("DELETE", "faults")
    assert nexus_engine.refresh("r") == set(), "it is not taken for gone"


@pytest.mark.parametrize("verb", ["up", "preview"])
def test_nothing_is_made_while_nexus_does_not_tell_what_there_is(
    nexus: NexusProcess, nexus_engine: Engine, unique: str, verb: str
) -> None:
    nexus.fail_next(403, **LIST)
    with pytest.raises(PluginError) as failed:
        getattr(nexus_engine, verb)(ROLE, "r", **role(unique))
    assert "403" in one_clean_line(failed)
    nexus.control("DELETE", "faults")
    assert not nexus.ask("GET", f"/service/rest/v1/security/roles/{unique}").ok


@pytest.mark.parametrize(("trouble", "shown"), TROUBLES, ids=NAMES)
def test_gitlab_in_trouble_is_an_error_in_one_line(
    gitlab: GitlabProcess, gitlab_engine: Engine, unique: str, trouble: dict[str, Any], shown: str
) -> None:
    group = str(gitlab.seed(groups=[{"path": unique}])["groups"][unique])
    gitlab_engine.up(VARIABLE, "v", group=group, key="VAULT_ADDR", value="https://vault")
    gitlab_engine.restart()
    gitlab.fail_next(**trouble, count=8)
    with pytest.raises(PluginError) as failed:
        gitlab_engine.refresh("v")
    assert shown in one_clean_line(failed)
    gitlab.control("DELETE", "faults")
    assert gitlab_engine.refresh("v") == set()


def test_a_server_that_is_down_is_named_with_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEXUS_USERNAME", "admin")
    monkeypatch.setenv("NEXUS_PASSWORD", PASSWORD)
    url = f"http://127.0.0.1:{free_port()}"
    with Engine({"nexus_url": url}) as engine, pytest.raises(PluginError) as failed:
        engine.up(ROLE, "r", **role("r"))
    line = one_clean_line(failed)
    assert f"Nexus at {url} is not reachable (connection refused)" in line
    assert PASSWORD not in line


def test_missing_credentials_are_all_listed_when_they_are_first_needed(nexus: NexusProcess) -> None:
    with Engine({"nexus_url": nexus.url}) as engine:
        engine.check(ROLE, "r", role("r"))
        with pytest.raises(PluginError) as failed:
            engine.up(ROLE, "r", **role("r"))
    line = one_clean_line(failed)
    assert "NEXUS_USERNAME" in line
    assert "NEXUS_PASSWORD" in line


def test_a_missing_address_names_where_it_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NEXUS_URL", raising=False)
    with (
        Engine({}) as engine,
        pytest.raises(PluginError, match=r"nexus_url is missing\. Set nexus\.url in access\.yaml"),
    ):
        engine.up(ROLE, "r", **role("r"))


def test_the_address_may_come_from_the_environment(
    nexus: NexusProcess, unique: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("URL", nexus.url), ("USERNAME", "admin"), ("PASSWORD", nexus.admin_password)):
        monkeypatch.setenv(f"NEXUS_{name}", value)
    with Engine({}) as engine:
        assert engine.up(ROLE, "r", **role(unique)) == "create"


@pytest.mark.parametrize("token", [ROLE, USER])
def test_a_create_whose_answer_is_lost_is_found_to_have_worked(
    nexus: NexusProcess, nexus_engine: Engine, unique: str, token: str
) -> None:
    path = "/service/rest/v1/security/" + ("roles" if token == ROLE else "users")
    nexus.fail_next(0, cut="after", method="POST", path=path)
    inputs = role(unique) if token == ROLE else user(unique)
    assert nexus_engine.up(token, "x", **inputs) == "create"
    nexus_engine.restart()
    assert nexus_engine.refresh("x") == set()


def test_a_variable_whose_answer_is_lost_is_found_to_have_been_made(
    gitlab: GitlabProcess, gitlab_engine: Engine, unique: str
) -> None:
    group = str(gitlab.seed(groups=[{"path": unique}])["groups"][unique])
    gitlab.fail_next(0, cut="after", method="POST", path=f"/api/v4/groups/{group}/variables")
    assert gitlab_engine.up(VARIABLE, "v", group=group, key="VAULT_ADDR", value="https://vault") == "create"


def test_a_user_made_by_a_run_that_ended_there_does_not_block_the_next_one(
    nexus: NexusProcess, nexus_engine: Engine, unique: str
) -> None:
    path = "/service/rest/v1/security/users"
    nexus_engine.up(USER, "before", **user(f"{unique}-before"))  # the list is known by now
    nexus.fail_next(0, cut="after", method="POST", path=path)
    nexus.fail_next(500, count=3, method="GET", path=path)  # and reading back fails as well
    with pytest.raises(PluginError) as failed:
        nexus_engine.up(USER, "u", **user(unique))
    assert PASSWORD not in one_clean_line(failed)
    nexus.control("DELETE", "faults")
    nexus_engine.restart()
    assert nexus_engine.up(USER, "u", **user(unique)) == "create"
    assert nexus_engine.refresh("u") == set()


def test_a_password_change_that_nexus_undoes_is_an_error(
    nexus: NexusProcess, nexus_engine: Engine, unique: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nexus_user, "PROOF_WAITS_SECONDS", (0.01, 0.01))
    nexus_engine.up(USER, "u", **user(unique))
    nexus.fail_next(204, method="PUT", path=f"/service/rest/v1/security/users/{unique}/change-password")
    with pytest.raises(
        PluginError, match=r"prove the login of user .*Nexus accepted the new password and refuses the login"
    ):
        nexus_engine.up(USER, "u", **user(unique, password=Secret("the-next-password")))
    assert nexus_engine.state["u"].outputs["password"] == PASSWORD, "so that the next up tries again"
    assert nexus_engine.up(USER, "u", **user(unique, password=Secret("the-next-password"))) == "update"


def test_reads_at_once_share_one_list_and_probe_logins_side_by_side(
    nexus: NexusProcess, nexus_engine: Engine, unique: str
) -> None:
    for number in range(12):
        nexus_engine.up(USER, f"u{number}", **user(f"{unique}-{number}"))
    nexus_engine.restart()
    nexus.forget_requests()
    answers = nexus_engine.read_at_once([f"u{number}" for number in range(12)])
    assert all(answer.id for answer in answers)
    asked = {route: count for route, count in nexus.requests().items() if "/simulator/" not in route}
    assert asked == {"GET /service/rest/v1/security/users": 1, "GET /service/rest/v1/status": 12}
