"""A stack whose state is gone takes over again what it had made: no password changes, and the next `up` has nothing to do."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from ruamel.yaml import YAML

from ciaccess.access.reading.document import read
from ciaccess.access.reading.loader import check
from tests.support.drift.ways import BY_PRIORITY, TEMPLATED
from tests.support.project.project import STACK
from tests.support.rotation.rotating import rotate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.project.project import Done, Project

# Two users that take turns, of which the first is idle again; one whose only user was rotated; never rotated.
TURNED, IN_PLACE, PLAIN = "svc-bench", "svc-admin", "svc-executor"
DIFFERENCES, GONE = 2, 404
REPLACED = "Replaced-by-somebody"


@pytest.fixture(scope="module")
def turned(project: Project) -> Project:
    """The organisation's stack after some rotations."""
    project.up().succeeded()
    rotate(project, TURNED, IN_PLACE).succeeded()
    project.up().succeeded()
    rotate(project, TURNED).succeeded()
    project.up().succeeded()
    return project


def lose_state(project: Project) -> None:
    """Make the stack anew, with nothing in it."""
    shutil.rmtree(project.state / "state" / ".pulumi")
    project.run("pulumi", "stack", "init", STACK, "--no-select", "--non-interactive").succeeded()


@contextmanager
def state_put_aside(project: Project) -> Iterator[None]:
    """Lose the state, and find it again afterwards."""
    kept = project.folder / "kept"
    shutil.copytree(project.state / "state", kept)
    lose_state(project)
    yield
    shutil.rmtree(project.state / "state")
    kept.rename(project.state / "state")


def adopt(project: Project, *words: str) -> Done:
    settings = str(project.folder / f"Pulumi.{STACK}.yaml")
    return project.ciaccess("adopt", *words, "--stack", STACK, "--config-file", settings)


def seen(project: Project) -> dict[str, Any]:
    """Return every version of every account's secret, with its metadata."""
    kv = project.vault().secrets.kv.v2
    found: dict[str, Any] = {}
    for folder in ("nexus", "ciaccess"):
        for name in kv.list_secrets(folder, mount_point="secret")["data"]["keys"]:
            about = kv.read_secret_metadata(f"{folder}/{name}", mount_point="secret")["data"]
            found[f"{folder}/{name}"] = (about["custom_metadata"], *map(str, about["versions"].values()))
    return found


def password(project: Project, account: str, version: int) -> tuple[str, str]:
    read = project.vault().secrets.kv.v2.read_secret_version(
        f"nexus/{account}", version=version, mount_point="secret", raise_on_deleted_version=True
    )
    return read["data"]["data"]["username"], read["data"]["data"]["password"]


def lets_in(project: Project, login: tuple[str, str]) -> bool:
    return bool(project.nexus("GET", "status", auth=login).ok)


def test_a_stack_without_its_state_adopts_its_own_objects_and_up_has_nothing_to_do(turned: Project) -> None:
    before = seen(turned)
    active, idle = password(turned, TURNED, 3), password(turned, TURNED, 2)
    assert (active[0], idle[0]) == (TURNED, f"{TURNED}-b")
    lose_state(turned)
    done = adopt(turned, "run", "--all").succeeded()
    assert [line for line in done.out.splitlines() if not line.endswith("  no change")] == []
    assert active[1] not in done.text
    assert seen(turned) == before, "no secret and no metadata was written"
    assert lets_in(turned, active)
    assert lets_in(turned, idle), "jobs that read it before the rotation go on"
    turned.pulumi("up", "--yes", "--refresh", "--skip-preview", "--expect-no-changes").succeeded()


def test_a_state_that_was_adopted_goes_on_with_the_rotations(turned: Project) -> None:
    active = password(turned, TURNED, 3)
    rotate(turned, TURNED, IN_PLACE).succeeded()
    turned.up().succeeded()
    assert turned.accepts(TURNED)
    assert turned.accepts(IN_PLACE)
    assert turned.secret(TURNED)["username"] == f"{TURNED}-b"
    assert lets_in(turned, active), "the turn before goes on working"


def test_an_account_that_another_stack_claims_is_refused(turned: Project) -> None:
    kv = turned.vault().secrets.kv.v2
    ours = kv.read_secret_metadata(f"nexus/{PLAIN}", mount_point="secret")["data"]["custom_metadata"]
    theirs = {**ours, "stack": "ciaccess/prod"}
    kv.update_metadata(f"nexus/{PLAIN}", mount_point="secret", custom_metadata=theirs)
    with state_put_aside(turned):
        steps = adopt(turned, "plan", "--json").json()
    kv.update_metadata(f"nexus/{PLAIN}", mount_point="secret", custom_metadata=ours)
    refused = {step["name"]: step["reason"] for step in steps if step["becomes"] != "adopt"}
    assert list(refused) == [PLAIN]
    assert "claimed by the stack ciaccess/prod, and this is ciaccess/local" in refused[PLAIN]


def test_each_part_that_differs_is_named_as_the_engine_then_changes_it(turned: Project) -> None:
    before, idle, due = seen(turned), password(turned, TURNED, 3), turned.secret(IN_PLACE)
    extra = spoil_parts(turned)
    replace_password(turned, TURNED)
    rotate(turned, IN_PLACE).succeeded()
    lose_state(turned)
    done = adopt(turned, "run", "--all")
    assert done.code == DIFFERENCES, done.err
    assert (
        f'the first up changes role.privileges, selectors["ci-{PLAIN}-raw"].description, '
        f'selectors["ci-{PLAIN}-raw"].expression; creates privileges["ci-{PLAIN}-rpm-dev"], '
        f'selectors["ci-{PLAIN}-yum"]; deletes privileges["{extra}"]\n'
    ) in done.out
    assert f'up would still change {TURNED}: update users["{TURNED}"].login\n' in done.out
    assert (
        f'up would still change {IN_PLACE}: update metadata.rotation, users["{IN_PLACE}"].password_version\n'
        in done.out
    )
    assert lets_in(turned, (TURNED, REPLACED)), "adoption itself changes no password"
    assert turned.secret(IN_PLACE) == due
    refused = adopt(turned, "run", "--all", "--yes")
    assert refused.code == 1, (
        "what the changed selector lets its user do is taken away only where that is confirmed"
    )
    assert f"up would remove rights of {PLAIN}: add, browse, edit, read in raw-dev under " in refused.out
    assert turned.secret(IN_PLACE) == due, "nothing was written"
    adopt(turned, "run", "--all", "--yes", "--fewer-rights").succeeded()
    assert turned.nexus("GET", f"security/privileges/{extra}").status_code == GONE
    assert not lets_in(turned, (TURNED, REPLACED))
    assert not lets_in(turned, idle), "it may have been replaced because it was known"
    assert not lets_in(turned, (due["username"], due["password"])), "the rotation was not lost with the state"
    assert turned.accepts(IN_PLACE)
    changed = seen(turned)
    assert {name for name, each in changed.items() if each != before[name]} == {f"nexus/{IN_PLACE}"}
    assert turned.preview().code == 0


def spoil_parts(project: Project) -> str:
    """Change, take away and add parts of an account by hand; return the name of the privilege that was added."""
    role = project.nexus("GET", f"security/roles/ci-{PLAIN}").json()
    extra = {
        "name": f"ci-{PLAIN}-old",
        "format": "raw",
        "repository": "raw-dev",
        "contentSelector": f"ci-{PLAIN}-raw",
        "actions": ["READ"],
    }
    project.nexus("POST", "security/privileges/repository-content-selector", json=extra).raise_for_status()
    role["privileges"].append(extra["name"])
    project.nexus("PUT", f"security/roles/ci-{PLAIN}", json=role).raise_for_status()
    # Its content selector is what it was, and no privilege of the role leads to it any more.
    project.nexus("DELETE", f"security/privileges/ci-{PLAIN}-rpm-dev").raise_for_status()
    changed = {"description": "by hand", "expression": 'path =^ "/elsewhere/"'}
    project.nexus("PUT", f"security/content-selectors/ci-{PLAIN}-raw", json=changed).raise_for_status()
    return str(extra["name"])


def replace_password(project: Project, user: str) -> None:
    """Give a user another password by hand."""
    path, headers = f"security/users/{user}/change-password", {"Content-Type": "text/plain"}
    project.nexus("PUT", path, data=REPLACED, headers=headers).raise_for_status()


def test_what_a_killed_run_had_begun_of_an_account_is_gone_on_with_by_up(turned: Project) -> None:
    turned.edit("  svc-fsdb:\n", "  svc-begun: {purpose: Begun, roles: [nx-pull-all]}\n  svc-fsdb:\n")
    user = {
        "userId": "svc-begun",
        "firstName": "Begun",
        "lastName": "(managed by ciaccess)",
        "emailAddress": "svc-begun@ci.invalid",
        "status": "active",
        "password": REPLACED,
        "roles": ["nx-pull-all"],
    }
    turned.nexus("POST", "security/users", json=user).raise_for_status()
    steps = {step["name"]: step for step in adopt(turned, "plan", "--json").json()}
    assert "its secret does not exist" in steps["svc-begun"]["reason"], "nobody says whose it is"
    claim = {"owner": "ciaccess", "stack": "ciaccess/local"}
    kv = turned.vault().secrets.kv.v2
    kv.update_metadata("nexus/svc-begun", mount_point="secret", custom_metadata=claim)
    adopt(turned, "run", "--account", "svc-begun", "--yes").succeeded()
    assert turned.accepts("svc-begun")


def test_a_crawl_finds_the_rotations_again_and_keeps_the_ages_of_the_yaml_before(turned: Project) -> None:
    turned.edit("purpose: Executor CLI", "purpose: Executor CLI\n    rotation: {count: 1, max_age: 90d}")
    out = turned.folder / "crawled.yaml"
    adopt(turned, "crawl", "--group", "orchestrator", "--out", str(out))
    crawled, declared = (check(file).access for file in (out, turned.access))
    assert crawled
    assert declared
    images, images_before = (read(file).at(("images",)) for file in (out, turned.access))
    assert images
    assert images == images_before
    for account, strategy in ((TURNED, "alternate"), (IN_PLACE, "in-place"), (PLAIN, None)):
        known = {**declared.accounts[account].rotation.model_dump(), "strategy": strategy}
        assert crawled.accounts[account].rotation.model_dump() == known


def test_roles_are_described_by_what_their_tokens_read(turned: Project, tmp_path: Path) -> None:
    """By priority among rules, not by any denial; of a template it is said that it cannot be told."""
    vault, group = turned.vault(), {"namespace_path": ["orchestrator"]}
    for name, text in {"by-priority": BY_PRIORITY, "templated": TEMPLATED}.items():
        vault.sys.create_or_update_policy(name, text)
        fields = {
            "role_type": "jwt",
            "user_claim": "project_id",
            "bound_audiences": ["vault"],
            "bound_claims": group,
        }
        vault.write_data(f"auth/jwt/role/{name}", data={**fields, "token_policies": [name], "token_ttl": 600})
    done = adopt(turned, "crawl", "--group", "orchestrator", "--out", str(tmp_path / "crawled.yaml"))
    for name in ("by-priority", "templated"):
        vault.delete(f"auth/jwt/role/{name}")
        vault.sys.delete_policy(name)
    written = YAML(typ="safe").load(tmp_path / "crawled.yaml")
    roles = written["vault"]["roles"]
    assert {TURNED, IN_PLACE, PLAIN} - set(roles["by-priority"]["accounts"]) <= {IN_PLACE}
    assert "templated" not in roles
    assert "role-unclear" in done.text
    assert "role-left-out" not in done.text
