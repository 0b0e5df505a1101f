from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.support.provider.life_cycle import Case, ObjectLifeCycle
from tests.support.provider.plugin import Engine, PluginError, RefusedInputsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.servers.gitlab import GitlabProcess

TOKEN = "ciaccess:gitlab:GroupVariable"
KEY = "VAULT_ADDR"


@pytest.fixture
def group(gitlab: GitlabProcess, unique: str) -> str:
    return new_group(gitlab, unique)


def new_group(gitlab: GitlabProcess, path: str) -> str:
    return str(gitlab.seed(groups=[{"path": path}])["groups"][path])


def ask(gitlab: GitlabProcess, method: str, group: str, path: str = "", **body: Any) -> requests.Response:
    return requests.request(
        method,
        f"{gitlab.url}/api/v4/groups/{group}/variables{path}",
        json=body or None,
        headers={"PRIVATE-TOKEN": gitlab.root_token},
        timeout=60,
    )


def declared(group: str, **changes: Any) -> dict[str, Any]:
    return {
        "group": group,
        "key": KEY,
        "value": "https://vault.example.com",
        "environment_scope": "*",
        "protected": False,
        "masked": False,
        "raw": True,
        "variable_type": "env_var",
        "description": "Where Vault is (managed by the-tests)",
    } | changes


@pytest.fixture
def case(gitlab: GitlabProcess, gitlab_engine: Engine, group: str) -> Case:
    return Case(
        engine=gitlab_engine,
        system=gitlab,
        token=TOKEN,
        identity=f"{group}:{KEY}:*",
        inputs=declared(group),
        plant=lambda: ask(
            gitlab, "POST", group, key=KEY, value="https://elsewhere", protected=True
        ).raise_for_status(),
        differing={"value", "protected", "raw", "description"},
        is_there=lambda: ask(gitlab, "GET", group, f"/{KEY}").ok,
        remove=lambda: ask(gitlab, "DELETE", group, f"/{KEY}").raise_for_status(),
        change={"description": "another (managed by the-tests)"},
    )


class TestGitLabGroupVariable(ObjectLifeCycle):
    """The life of a variable on GitLab Free."""

    @pytest.mark.parametrize(
        "field",
        [
            {"value": "https://evil"},
            {"protected": True},
            {"masked": True},
            {"raw": False},
            {"variable_type": "file"},
        ],
    )
    def test_each_changed_field_is_found_and_repaired(
        self, case: Case, gitlab: GitlabProcess, group: str, field: dict[str, Any]
    ) -> None:
        case.up()
        assert ask(gitlab, "PUT", group, f"/{KEY}", **field).ok
        assert case.refresh() == set(field)
        assert case.up() == "update"
        assert case.refresh() == set()

    def test_the_value_is_a_secret_only_where_it_is_masked(self, case: Case) -> None:
        case.up()
        assert case.held.secrets == set()
        case.up(masked=True)
        assert case.held.secrets == {"value"}

    def test_a_hidden_variable_is_found_and_made_anew(
        self, case: Case, gitlab: GitlabProcess, group: str
    ) -> None:
        case.up()
        case.remove()
        hidden: dict[str, Any] = {
            "key": KEY,
            "value": "https://vault.example.com",
            "masked_and_hidden": True,
            "raw": True,
        }
        assert ask(gitlab, "POST", group, **hidden).ok
        assert {"hidden", "masked"} <= case.refresh()
        assert case.up() == "replace"
        assert ask(gitlab, "GET", group, f"/{KEY}").json()["value"] == "https://vault.example.com"
        assert case.refresh() == set()

    def test_an_import_may_leave_the_scope_out(self, case: Case, group: str) -> None:
        case.plant()
        assert case.engine.import_(TOKEN, "thing", f"{group}:{KEY}").id == case.identity

    def test_a_scope_that_free_drops_without_a_word_is_an_error_and_leaves_nothing(self, case: Case) -> None:
        with pytest.raises(
            PluginError, match=r"stored the scope '\*' in place of 'production'.*need GitLab Premium"
        ):
            case.up(environment_scope="production")
        assert not case.is_there()

    def test_a_value_that_cannot_be_masked_is_refused_and_not_shown(self, case: Case) -> None:
        with pytest.raises(PluginError, match="A masked value needs 8 or more characters") as refused:
            case.up(masked=True, value="sh0rt")
        assert "sh0rt" not in str(refused.value)

    def test_refused_inputs_are_named(self, case: Case) -> None:
        bad = {
            "key": "VAULT-ADDR",
            "variable_type": "secret",
            "hidden": True,
            "environment_scope": "a&b",
            "raw": "yes",
        }
        with pytest.raises(RefusedInputsError) as refused:
            case.up(**bad)
        assert set(refused.value.reasons) == set(bad)

    def test_a_masked_value_that_is_refused_is_not_shown(self, case: Case) -> None:
        with pytest.raises(RefusedInputsError) as refused:
            case.up(masked=True, value="s3cr3t" * 2000)
        assert "value" not in refused.value.reasons, (
            "the engine would show the value of a property that is named"
        )
        assert "s3cr3t" not in str(refused.value)

    def test_a_group_that_may_not_be_seen_is_an_error_and_not_gone(
        self, case: Case, gitlab: GitlabProcess
    ) -> None:
        case.up()
        gitlab.fail_next(404, count=2, body={"message": "404 Group Not Found"})
        with pytest.raises(
            PluginError, match=r"404 Group Not Found\. Check the path or id, and that the token may see"
        ):
            case.refresh()
        gitlab.control("DELETE", "faults")

    def test_many_reads_ask_for_one_list(self, case: Case, group: str) -> None:
        for number in range(4):
            case.up(f"v{number}", key=f"KEY_{number}")
        case.engine.restart()
        case.system.forget_requests()
        for number in range(4):
            assert case.engine.refresh(f"v{number}") == set()
        assert list(case.asked().values()) == [1], group


@pytest.fixture
def premium_engine(premium: GitlabProcess, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    monkeypatch.setenv("GITLAB_TOKEN", premium.root_token)
    with Engine({"gitlab_url": premium.url}) as engine:
        yield engine


def test_the_same_key_lives_in_several_scopes_apart(
    premium: GitlabProcess, premium_engine: Engine, unique: str
) -> None:
    group = new_group(premium, unique)
    premium_engine.up(TOKEN, "all", **declared(group))
    premium_engine.up(TOKEN, "prod", **declared(group, environment_scope="production", value="https://prod"))
    assert (
        premium_engine.up(
            TOKEN, "prod", **declared(group, environment_scope="production", value="https://p2")
        )
        == "update"
    )
    premium_engine.restart()
    assert premium_engine.refresh("all") == set()
    assert premium_engine.refresh("prod") == set()
    premium_engine.destroy("prod")
    assert [each["environment_scope"] for each in ask(premium, "GET", group).json()] == ["*"]


def test_a_variable_that_was_moved_to_another_scope_is_gone_from_its_own_and_made_again(
    premium: GitlabProcess, premium_engine: Engine, unique: str
) -> None:
    group = new_group(premium, unique)
    premium_engine.up(TOKEN, "v", **declared(group))
    assert ask(premium, "PUT", group, f"/{KEY}", environment_scope="staging").ok
    premium_engine.restart()
    assert premium_engine.refresh("v") == {"gone"}
    assert premium_engine.up(TOKEN, "v", **declared(group)) == "create"
    assert {each["environment_scope"] for each in ask(premium, "GET", group).json()} == {"*", "staging"}


def test_another_scope_is_another_variable_made_before_the_old_one_goes(
    premium: GitlabProcess, premium_engine: Engine, unique: str
) -> None:
    group = new_group(premium, unique)
    premium_engine.up(TOKEN, "v", **declared(group))
    premium_engine.restart()
    found = premium_engine.diff(
        premium_engine.state["v"],
        premium_engine.check(TOKEN, "v", declared(group, environment_scope="production")),
    )
    assert list(found.replaces) == ["environment_scope"]
    assert not found.deleteBeforeReplace
    assert premium_engine.up(TOKEN, "v", **declared(group, environment_scope="production")) == "replace"
    assert [each["environment_scope"] for each in ask(premium, "GET", group).json()] == ["production"]
