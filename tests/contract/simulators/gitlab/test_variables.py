from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from gitlab.exceptions import GitlabCreateError, GitlabGetError, GitlabUpdateError

if TYPE_CHECKING:
    from collections.abc import Callable

    import gitlab
    import requests

    from tests.support.servers.gitlab import GitlabProcess

    Client = Callable[..., gitlab.Gitlab]
    Ask = Callable[..., requests.Response]


def test_a_group_variable_goes_through_its_whole_life(
    free: GitlabProcess, place: str, client: Client
) -> None:
    group = client(free).groups.get(place)
    made = group.variables.create({"key": "VAULT_ADDR", "value": "https://vault.example.com", "raw": True})
    assert made.attributes == {
        "variable_type": "env_var",
        "key": "VAULT_ADDR",
        "value": "https://vault.example.com",
        "hidden": False,
        "protected": False,
        "masked": False,
        "raw": True,
        "environment_scope": "*",
        "description": None,
        "group_id": str(group.id),
    }
    made.value = "https://other.example.com"
    made.description = "Where Vault is"
    made.save()
    read = group.variables.get("VAULT_ADDR")
    assert (read.value, read.description, read.raw) == ("https://other.example.com", "Where Vault is", True)
    read.delete()
    with pytest.raises(GitlabGetError, match="404 GroupVariable Not Found") as caught:
        group.variables.get("VAULT_ADDR")
    assert caught.value.response_code == 404


def test_a_project_variable_goes_through_its_whole_life(
    free: GitlabProcess, place: str, client: Client
) -> None:
    project = client(free).projects.get(f"{place}/project")
    made = project.variables.create({"key": "K", "value": "v", "variable_type": "file"})
    project.variables.update("K", {"value": "w", "protected": True})
    assert (project.variables.get("K").value, project.variables.get("K").protected) == ("w", True)
    made.delete()
    with pytest.raises(GitlabGetError, match="404 Variable Not Found"):
        project.variables.get("K")


def test_all_pages_of_a_long_list_are_read(free: GitlabProcess, place: str, client: Client) -> None:
    group = client(free).groups.get(place)
    wanted = [f"KEY_{number}" for number in range(125)]
    for key in wanted:
        group.variables.create({"key": key, "value": key})
    assert [variable.key for variable in group.variables.list(get_all=True)] == wanted
    first = group.variables.list(per_page=50, iterator=True)
    assert (first.current_page, first.next_page, first.prev_page) == (1, 2, None)
    assert (first.total, first.total_pages, first.per_page) == (125, 3, 50)
    third = group.variables.list(page=3, per_page=50, get_all=False)
    assert [variable.key for variable in third] == wanted[100:]


def test_the_last_page_says_that_it_is_the_last(free: GitlabProcess, place: str, ask: Ask) -> None:
    answer = ask(free, "GET", f"/groups/{place}/variables?page=1&per_page=100")
    assert answer.headers["X-Next-Page"] == ""
    assert "next" not in answer.links
    assert answer.links["last"]["url"].startswith(free.url)


def test_keyset_pagination_is_refused_for_variables(free: GitlabProcess, place: str, ask: Ask) -> None:
    answer = ask(free, "GET", f"/groups/{place}/variables?pagination=keyset")
    assert answer.status_code == 405
    assert answer.json() == {"error": "Keyset pagination is not yet available for this type of request"}


def test_one_key_lives_in_two_scopes_and_the_filter_tells_them_apart(
    premium: GitlabProcess, premium_place: str, client: Client
) -> None:
    group = client(premium).groups.get(premium_place)
    for scope in ("*", "production"):
        group.variables.create({"key": "K", "value": scope, "environment_scope": scope})
    with pytest.raises(GitlabGetError, match="There are multiple variables") as caught:
        group.variables.get("K")
    assert caught.value.response_code == 409
    assert group.variables.get("K", filter={"environment_scope": "production"}).value == "production"
    group.variables.update("K", {"value": "new"}, filter={"environment_scope": "production"})
    group.variables.delete("K", filter={"environment_scope": "*"})
    left = group.variables.list(get_all=True)
    assert [(variable.value, variable.environment_scope) for variable in left] == [("new", "production")]


def test_a_variable_cannot_move_into_a_scope_that_is_taken(
    premium: GitlabProcess, premium_place: str, client: Client
) -> None:
    group = client(premium).groups.get(premium_place)
    for scope in ("*", "production"):
        group.variables.create({"key": "K", "value": scope, "environment_scope": scope})
    with pytest.raises(GitlabUpdateError, match="has already been taken") as caught:
        group.variables.update("K", {"environment_scope": "production"}, filter={"environment_scope": "*"})
    assert caught.value.response_code == 400


def test_a_group_update_whose_filter_finds_nothing_hits_another_scope_as_in_gitlab(
    premium: GitlabProcess, premium_place: str, client: Client
) -> None:
    group = client(premium).groups.get(premium_place)
    group.variables.create({"key": "K", "value": "v", "environment_scope": "staging"})
    answer = group.variables.update("K", {"value": "w"}, filter={"environment_scope": "production"})
    assert (answer["environment_scope"], answer["value"]) == ("staging", "w")


def test_a_group_scope_is_dropped_on_free_without_a_word(
    free: GitlabProcess, place: str, client: Client
) -> None:
    group = client(free).groups.get(place)
    made = group.variables.create({"key": "K", "value": "v", "environment_scope": "production"})
    assert made.environment_scope == "*"
    assert group.variables.update("K", {"environment_scope": "production"})["environment_scope"] == "*"
    project = client(free).projects.get(f"{place}/project")
    scoped = project.variables.create({"key": "K", "value": "v", "environment_scope": "production"})
    assert scoped.environment_scope == "production", "projects have scopes on Free as well"


def test_a_hidden_value_is_never_read_back(free: GitlabProcess, place: str, client: Client) -> None:
    group = client(free).groups.get(place)
    made = group.variables.create({"key": "K", "value": "planted-secret", "masked_and_hidden": True})
    assert (made.value, made.hidden, made.masked) == (None, True, True)
    assert group.variables.get("K").value is None
    assert "planted-secret" not in str(group.variables.list(get_all=True)[0].attributes)
    assert group.variables.update("K", {"value": "another-secret"})["value"] is None
    with pytest.raises(GitlabUpdateError, match="visibility setting cannot be changed"):
        group.variables.update("K", {"masked": False})


@pytest.mark.parametrize(
    ("value", "raw"),
    [
        ("short", False),
        ("two\nlines-of-it", False),
        ("with blank s", False),
        ("dollar$sign", False),
        ("a b c d e", True),
    ],
)
def test_a_value_that_cannot_be_masked_is_refused(
    free: GitlabProcess, place: str, client: Client, value: str, *, raw: bool
) -> None:
    group = client(free).groups.get(place)
    with pytest.raises(GitlabCreateError) as caught:
        group.variables.create({"key": "K", "value": value, "masked": True, "raw": raw})
    assert caught.value.response_code == 400
    assert str(caught.value.error_message) == "{'value': ['is invalid']}"


def test_a_raw_value_may_be_masked_with_any_character_but_blanks(
    free: GitlabProcess, place: str, client: Client
) -> None:
    group = client(free).groups.get(place)
    assert group.variables.create({"key": "K", "value": "p$ss*w()rd", "masked": True, "raw": True}).masked


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, {"error": "key is missing, value is missing"}),
        ({"key": "K"}, {"error": "value is missing"}),
        ({"key": "A-B", "value": ""}, {"message": {"key": ["can contain only letters, digits and '_'."]}}),
        ({"key": "clé", "value": ""}, {"message": {"key": ["can contain only letters, digits and '_'."]}}),
        ({"key": "K" * 256, "value": ""}, {"message": {"key": ["is too long (maximum is 255 characters)"]}}),
        ({"key": "K", "value": {"a": 1}}, {"error": "value is invalid"}),
        ({"key": "K", "value": "", "protected": "perhaps"}, {"error": "protected is invalid"}),
        (
            {"key": "K", "value": "", "variable_type": "x"},
            {"error": "variable_type does not have a valid value"},
        ),
    ],
)
def test_a_malformed_variable_is_refused_in_gitlabs_words(
    free: GitlabProcess, place: str, ask: Ask, body: dict[str, object], said: dict[str, object]
) -> None:
    answer = ask(free, "POST", f"/groups/{place}/variables", json=body)
    assert (answer.status_code, answer.json()) == (400, said)


def test_a_bad_scope_is_refused(premium: GitlabProcess, premium_place: str, ask: Ask) -> None:
    body = {"key": "K", "value": "v", "environment_scope": "a;b"}
    answer = ask(premium, "POST", f"/groups/{premium_place}/variables", json=body)
    assert answer.status_code == 400
    assert "environment_scope" in answer.json()["message"]


def test_a_key_that_is_there_already_is_refused(free: GitlabProcess, place: str, client: Client) -> None:
    group = client(free).groups.get(place)
    group.variables.create({"key": "K", "value": "v"})
    with pytest.raises(GitlabCreateError) as caught:
        group.variables.create({"key": "K", "value": "w"})
    assert str(caught.value.error_message) == "{'key': ['(K) has already been taken']}"
    assert group.variables.create({"key": "k", "value": "w"}).key == "k", "keys differ by case"


def test_of_many_creations_at_once_exactly_one_succeeds(free: GitlabProcess, place: str, ask: Ask) -> None:
    body = {"key": "RACE", "value": "v"}
    with ThreadPoolExecutor(16) as pool:
        answers = list(
            pool.map(lambda _: ask(free, "POST", f"/groups/{place}/variables", json=body), range(32))
        )
    assert sorted(answer.status_code for answer in answers) == [201] + [400] * 31


@pytest.mark.parametrize("value", ["", "ünïcödé ✓", "a'b\"c;--", "line\nline", "x" * 10_000])
def test_any_value_comes_back_as_it_went(free: GitlabProcess, place: str, client: Client, value: str) -> None:
    group = client(free).groups.get(place)
    group.variables.create({"key": "K", "value": value})
    assert group.variables.get("K").value == value


def test_a_value_over_the_limit_is_refused(free: GitlabProcess, place: str, client: Client) -> None:
    with pytest.raises(GitlabCreateError, match="10000 character limit"):
        client(free).groups.get(place).variables.create({"key": "K", "value": "x" * 10_001})
