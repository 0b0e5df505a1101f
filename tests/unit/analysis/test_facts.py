"""The facts are those of the objects that are provisioned, and a comparison of any two states is consistent."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ciaccess.access.desired.nexus import user_roles
from ciaccess.access.desired.objects import SCOPED, ContentSelector, Privilege, Role
from ciaccess.access.desired.state import Desired
from ciaccess.access.model.models import Access
from ciaccess.analysis.difference import difference
from ciaccess.analysis.facts import AccessFacts, Grant, Held, Holder, Right, folder_of, held_by
from ciaccess.analysis.wording import jobs_of, join_words, places, verb
from tests.support.access.organisation import organisation

if TYPE_CHECKING:
    from collections.abc import Mapping


def role(name: str, *privileges: str, contains: tuple[str, ...] = ()) -> Role:
    return Role(name, name, "", frozenset(privileges), frozenset(contains))


def held(*roles: Role, names: tuple[str, ...]) -> Held:
    """Return what somebody with these roles may do."""
    return held_by({each.role_id: each for each in roles}, {}, {}, {"somebody": names})[Holder("somebody")]


@pytest.mark.parametrize(
    ("privilege", "grant"),
    [
        ("nx-repository-view-raw-raw-dev-read", ("raw", "raw-dev", "read")),
        ("nx-repository-view-maven2-a-b-c-edit", ("maven2", "a-b-c", "edit")),
        ("nx-repository-view-*-*-browse", ("*", "*", "browse")),
        ("nx-repository-view-docker-*-*", ("docker", "*", "*")),
    ],
)
def test_a_built_in_privilege_is_a_grant(privilege: str, grant: tuple[str, str, str]) -> None:
    assert held(role("r", privilege), names=("r",)) == Held(grants=(Grant(*grant),))


@pytest.mark.parametrize(
    ("privilege", "administers"),
    [
        ("nx-all", True),
        ("nx-repository-admin-raw-raw-dev-edit", True),
        ("nx-users-update", True),
        ("nx-users-read", False),
        ("nx-search-read", False),
        ("nx-repository-view-raw", True),
    ],
)
def test_another_privilege_is_a_right(privilege: str, administers: bool) -> None:  # noqa: FBT001 a case's column
    (right,) = held(role("r", privilege), names=("r",)).rights
    assert (right.name, right.administers) == (privilege, administers)


def test_roles_inside_roles_count_however_they_contain_each_other() -> None:
    first = role("first", contains=("second",))
    second = role("second", "nx-search-read", contains=("first", "nx-admin"))
    rights = held(first, second, names=("first",)).rights
    assert {right.name for right in rights} == {"nx-search-read", "nx-all"}


def test_a_role_that_only_nexus_knows_is_a_right_of_its_own() -> None:
    assert held(names=("made-by-hand",)) == Held(rights=(Right("made-by-hand", is_role=True),))


def test_a_selector_limits_a_grant_to_its_folder_and_a_foreign_one_to_its_expression() -> None:
    ours = ContentSelector("ours", "", 'format == "raw" and path =^ "/a/b/"')
    foreign = ContentSelector("foreign", "", 'coordinate.group == "x"')
    privileges = {
        f"p-{name}": Privilege(f"p-{name}", SCOPED, "", frozenset({"read"}), "raw", "raw-dev", name)
        for name in ("ours", "foreign")
    }
    roles, selectors = {"r": role("r", *privileges)}, {"ours": ours, "foreign": foreign}
    (found,) = held_by(roles, selectors, privileges, {"somebody": ["r"]}).values()
    assert {grant.path for grant in found.grants} == {"/a/b/", 'coordinate.group == "x"'}
    assert folder_of(ours.expression) == "/a/b/"


def test_no_privilege_of_an_account_is_left_out() -> None:
    """A grant for each action of each privilege that provisioning gives, found by another way."""
    access = organisation()
    desired = Desired.of(access)
    scoped = {name: len(each.actions) for name, each in desired.objects("privilege").items()}
    contents = {name: each.privileges for name, each in desired.objects("role").items()}
    facts = AccessFacts.of(access)
    for name in access.accounts:
        given_ = {one for held_role in user_roles(access, name) for one in contents.get(held_role, ())}
        assert len(facts.account(name).grants) == sum(scoped.get(one, 1) for one in given_)


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({}, "jobs of any project"),
        ({"namespace_path": {"a", "a/*"}}, "jobs of a/*"),
        ({"namespace_path": {"a"}}, "jobs of projects directly in a"),
        ({"namespace_path": {"a/*"}}, "jobs of subgroups of a"),
        ({"namespace_path": {"a", "a/*", "b"}}, "jobs of a/* or projects directly in b"),
        ({"project_path": {"a/b"}, "ref": {"main"}}, "jobs of a/b on ref main"),
        ({"project_id": {"7", "8"}}, "jobs of the project with id 7 or 8"),
        ({"namespace_path": {"a*b"}, "ref_protected": {"true"}}, "jobs of a*b on protected refs"),
        ({"project_path": {"a/b"}, "ref_type": {"tag"}}, "jobs of a/b on a tag"),
        (
            {"project_path": {"a/b"}, "pipeline_source": {"schedule", "web"}},
            "jobs of a/b started by schedule or web",
        ),
        ({"project_path": {"a/b"}, "runner_id": {"4"}}, "jobs of a/b with runner_id 4"),
    ],
)
def test_claims_read_as_the_jobs_they_admit(claims: Mapping[str, set[str]], words: str) -> None:
    assert jobs_of(claims) == words


def test_words_for_lists_places_and_actions() -> None:
    assert [join_words([]), join_words(["a"]), join_words(["a", "b"]), join_words(["a", "b", "c"], "or")] == [
        *("", "a", "a and b", "a, b or c")
    ]
    assert places([("yum", "b"), ("raw", "a")]) == "raw in a and yum in b"
    assert places([("yum", "b"), ("raw", "a"), ("yum", "a")]) == "raw in a; yum in a and b"
    assert [
        verb(actions) for actions in (["read"], ["browse"], ["add", "read"], ["delete", "edit"], ["*"])
    ] == [*("pull", "browse", "push", "push and delete", "do everything with")]


REPOSITORIES = {"raw": {"dev": "raw-dev", "uat": "raw-uat"}, "yum": {"dev": "rpm-dev", "uat": "rpm-uat"}}
FORMATS = st.lists(st.sampled_from(list(REPOSITORIES)), unique=True)
ACCOUNTS = st.dictionaries(
    st.sampled_from(["svc-a", "svc-b"]),
    st.fixed_dictionaries(
        {"purpose": st.just("x"), "push": FORMATS, "pull": FORMATS, "promote": FORMATS},
        optional={
            "path": st.sampled_from(["/a/", "/a/b/"]),
            "roles": st.lists(st.sampled_from(["nx-admin", "nx-some"]), unique=True),
        },
    ),
    min_size=1,
)


def access_of(accounts: dict[str, Any], claims: list[str], ttl_seconds: int) -> Access:
    gitlab = "https://gitlab.example.org"
    jwt_role = {
        "bound_audiences": [gitlab],
        "bound_claims": {"namespace_path": claims},
        "accounts": list(accounts),
        "token_ttl": ttl_seconds,
    }
    return Access.model_validate(
        {
            "version": 1,
            "vault": {
                "address": "https://vault.example.org",
                "jwt": {"issuer": gitlab, "discovery_url": gitlab},
                "roles": {"nexus-ci": jwt_role},
            },
            "nexus": {
                "url": "https://nexus.example.org",
                "push_registry": "nexus.example.org:8443",
                "pull_registry": "nexus.example.org:8444",
                "repositories": REPOSITORIES,
                "roles": {"nx-some": {"description": "x", "pull": ["raw"]}},
            },
            "gitlab": {"url": gitlab},
            "accounts": accounts,
        }
    )


STATES = st.builds(
    access_of,
    ACCOUNTS,
    st.lists(st.sampled_from(["a", "a/*", "a/b", "b"]), min_size=1, unique=True),
    st.sampled_from([60, 600]),
).map(AccessFacts.of)


@settings(max_examples=150, deadline=None, database=None, derandomize=True)
@given(before=STATES, after=STATES)
def test_what_one_way_gains_the_other_way_loses(before: AccessFacts, after: AccessFacts) -> None:
    there, back = difference(before, after), difference(after, before)
    assert sorted(change.subject for change in there.gains) == sorted(
        change.subject for change in back.losses
    )
    assert sorted(change.subject for change in there.losses) == sorted(
        change.subject for change in back.gains
    )
    assert not difference(before, before)


def test_a_thousand_accounts_are_compared_in_a_moment() -> None:
    many = {
        f"svc-{number}": {"purpose": "x", "push": ["raw", "yum"], "pull": ["raw"], "promote": ["yum"]}
        for number in range(1000)
    }
    before = access_of(many, ["a"], 60)
    after = access_of({**many, "svc-0": {"purpose": "x", "push": ["raw"]}}, ["a"], 60)
    began = time.process_time()
    found = difference(AccessFacts.of(before), AccessFacts.of(after))
    assert time.process_time() - began < 5, "it grows faster than the number of accounts"
    assert [change.subject for change in found.losses] == ["svc-0", "svc-0"]
