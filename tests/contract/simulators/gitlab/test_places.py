from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from gitlab.exceptions import GitlabAuthenticationError, GitlabCreateError, GitlabGetError

if TYPE_CHECKING:
    from collections.abc import Callable

    import gitlab
    import requests

    from tests.support.servers.gitlab import GitlabProcess

    Client = Callable[..., gitlab.Gitlab]
    Ask = Callable[..., requests.Response]


def test_a_group_is_found_by_id_and_by_path_in_any_case(
    free: GitlabProcess, place: str, client: Client
) -> None:
    groups = client(free).groups
    group = groups.get(place)
    assert groups.get(group.id).full_path == place
    assert groups.get(place.upper()).id == group.id
    with pytest.raises(GitlabGetError, match="404 Group Not Found"):
        groups.get(10**30)


def test_groups_below_are_listed_by_level(free: GitlabProcess, place: str, client: Client) -> None:
    gitlab = client(free)
    top = gitlab.groups.get(place)
    below = gitlab.groups.create({"name": "Below", "path": "below", "parent_id": top.id})
    lowest = gitlab.groups.create({"name": "Lowest", "path": "lowest", "parent_id": below.id})
    assert lowest.full_path == f"{place}/below/lowest"
    assert lowest.full_name == f"{place} / Below / Lowest"
    assert [group.path for group in top.subgroups.list(get_all=True)] == ["below"]
    assert {group.path for group in top.descendant_groups.list(get_all=True)} == {"below", "lowest"}
    gitlab.projects.create({"name": "Deep", "path": "deep", "namespace_id": lowest.id})
    assert {project.path for project in top.projects.list(get_all=True)} == {"project"}
    everything = top.projects.list(get_all=True, include_subgroups=True)
    assert {project.path for project in everything} == {"project", "deep"}


def test_a_deleted_group_takes_everything_with_it(free: GitlabProcess, place: str, client: Client) -> None:
    gitlab = client(free)
    gitlab.groups.get(place).variables.create({"key": "K", "value": "v"})
    gitlab.groups.delete(place)
    with pytest.raises(GitlabGetError, match="404 Project Not Found"):
        gitlab.projects.get(f"{place}/project")
    free.seed(groups=[{"path": place}])
    assert gitlab.groups.get(place).variables.list(get_all=True) == []


def test_a_path_is_taken_once_and_by_groups_and_projects_alike(
    free: GitlabProcess, place: str, client: Client
) -> None:
    gitlab = client(free)
    group = gitlab.groups.get(place)
    with pytest.raises(GitlabCreateError, match="has already been taken"):
        gitlab.groups.create({"name": "x", "path": place.upper()})
    with pytest.raises(GitlabCreateError, match="has already been taken"):
        gitlab.projects.create({"name": "x", "path": "project", "namespace_id": group.id})
    with pytest.raises(GitlabCreateError, match="has already been taken"):
        gitlab.groups.create({"name": "x", "path": "project", "parent_id": group.id})


@pytest.mark.parametrize("path", ["..", "a/b", "-a", "a.git", "é", "a b", ""])
def test_a_path_that_gitlab_refuses_is_refused(free: GitlabProcess, client: Client, path: str) -> None:
    with pytest.raises(GitlabCreateError) as caught:
        client(free).groups.create({"name": "n", "path": path})
    assert caught.value.response_code == 400


def test_lists_go_by_keyset_where_gitlab_offers_it(free: GitlabProcess, place: str, client: Client) -> None:
    free.seed(projects=[{"path": f"{place}/p{number}"} for number in range(25)])
    listed = client(free).projects.list(
        iterator=True, pagination="keyset", order_by="id", sort="asc", per_page=10
    )
    found = [project.id for project in listed]
    assert found == sorted(found)
    assert len(found) == len(set(found)) == len(client(free).projects.list(get_all=True))


def test_a_public_project_shows_itself_to_anyone_but_not_its_variables(
    free: GitlabProcess, group_path: str, client: Client
) -> None:
    free.seed(
        groups=[{"path": group_path, "visibility": "public"}],
        projects=[{"path": f"{group_path}/open", "visibility": "public"}],
    )
    nobody = client(free, private_token=None)
    project = nobody.projects.get(f"{group_path}/open")
    with pytest.raises(GitlabAuthenticationError, match="401 Unauthorized"):
        project.variables.list(get_all=True)


def test_a_new_projects_default_branch_is_protected(free: GitlabProcess, place: str, client: Client) -> None:
    gitlab = client(free)
    namespace = gitlab.groups.get(place).id
    project = gitlab.projects.create({"name": "New One", "namespace_id": namespace})
    assert project.path_with_namespace == f"{place}/new-one"
    assert [rule.name for rule in project.protectedbranches.list(get_all=True)] == ["main"]
    project.delete()
    with pytest.raises(GitlabGetError):
        gitlab.projects.get(project.id)


def test_protecting_a_branch_shows_in_its_jobs_tokens(
    free: GitlabProcess, place: str, client: Client
) -> None:
    project = client(free).projects.get(f"{place}/project")

    def is_protected() -> str:
        return str(free.mint_with_claims(f"{place}/project", "dev/x")["claims"]["ref_protected"])

    assert is_protected() == "false"
    project.protectedbranches.create({"name": "dev/*"})
    assert is_protected() == "true"
    with pytest.raises(GitlabCreateError, match="already exists") as caught:
        project.protectedbranches.create({"name": "dev/*"})
    assert caught.value.response_code == 409
    project.protectedbranches.get("dev/*").delete()
    assert is_protected() == "false"


def test_users_are_found_by_name_and_show_their_address_to_administrators_alone(
    free: GitlabProcess, place: str, client: Client
) -> None:
    name = f"ann-{place}"
    token = free.seed(tokens=[{"name": name}])["tokens"][name]
    found = client(free).users.list(username=name, get_all=True)
    assert [(user.username, user.email) for user in found] == [(name, f"{name}@example.com")]
    seen = client(free, private_token=token).users.list(username=name, get_all=True)
    assert "email" not in seen[0].attributes
    assert client(free).users.get(found[0].id).username == name


def test_version_and_edition_are_told(
    free: GitlabProcess, premium: GitlabProcess, client: Client, ask: Ask
) -> None:
    assert int(client(free).version()[0].split(".")[0]) >= 17
    editions = [ask(process, "GET", "/metadata").json()["enterprise"] for process in (free, premium)]
    assert editions == [False, True]
