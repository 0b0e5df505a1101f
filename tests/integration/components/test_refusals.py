"""What `pulumi up` refuses, and that it then has changed nothing: no look, no credentials, what belongs to others."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.project.project import Done, Project


def complaints(done: Done) -> str:
    """Return what the engine printed, on one line, without the frames of its boxes."""
    return re.sub(r"\s+", " ", done.text)


def test_missing_credentials_are_listed_all_at_once(project: Project) -> None:
    names = ("NEXUS_USERNAME", "NEXUS_PASSWORD_FILE", "GITLAB_TOKEN_FILE", "VAULT_TOKEN")
    done = project.pulumi("preview", without=names)
    assert done.code != 0
    for name in ("NEXUS_USERNAME", "NEXUS_PASSWORD", "GITLAB_TOKEN", "VAULT_TOKEN"):
        assert name in done.text
    assert "Traceback" not in done.text


def test_a_bad_yaml_is_refused_with_every_fault_before_anything_is_asked(project: Project) -> None:
    good = project.access.read_text(encoding="utf-8")
    project.edit("push: [docker, yum, raw, pypi]", "push: [dokcer]")
    project.edit("roles: [nx-pull-all]", "roles: [nx-pull-al]")
    try:
        done = project.up()
    finally:
        project.access.write_text(good, encoding="utf-8")
    assert done.code != 0
    assert "Did you mean docker?" in done.text
    assert "nx-pull-al" in done.text
    assert "Traceback" not in done.text


@pytest.fixture
def by_hand(project: Project) -> Iterator[Project]:
    """A Nexus user, a role, a variable, a policy and a secret that somebody made before."""
    person = {"firstName": "By", "lastName": "Hand", "emailAddress": "by@hand.test", "status": "active"}
    user = {"userId": "svc-bench", **person, "password": "by-hand", "roles": ["nx-admin"]}
    assert project.nexus("POST", "security/users", json=user).ok
    role = {
        "id": "nx-pull-all",
        "name": "nx-pull-all",
        "description": "",
        "privileges": ["nx-all"],
        "roles": [],
    }
    assert project.nexus("POST", "security/roles", json=role).ok
    variable = {"key": "VAULT_ADDR", "value": "https://old.example"}
    assert project.gitlab("POST", "api/v4/groups/9/variables", json=variable).ok
    vault = project.vault()
    vault.sys.create_or_update_policy("nexus-read-policy", 'path "secret/*" { capabilities = ["read"] }')
    old = {"username": "svc-bench", "password": "by-hand"}
    vault.secrets.kv.v2.create_or_update_secret("nexus/svc-bench", old, mount_point="secret")
    yield project
    project.pulumi("destroy", "--yes", "--skip-preview").succeeded()


def test_what_exists_already_is_refused_then_adopted(by_hand: Project) -> None:
    project = by_hand
    refused = project.up("--continue-on-error")
    assert refused.code != 0
    said = complaints(refused)
    for mark in (
        "nx-pull-all",
        "VAULT_ADDR",
        "sys/policies/acl/nexus-read-policy",
        "secret/data/nexus/svc-bench",
    ):
        assert mark in said
    assert "adopt" in said
    assert "Traceback" not in said
    assert project.secret("svc-bench")["password"] == "by-hand"
    assert project.nexus("GET", "security/roles/nx-pull-all").json()["privileges"] == ["nx-all"]
    assert (
        project.gitlab("GET", "api/v4/groups/9/variables/VAULT_ADDR").json()["value"] == "https://old.example"
    )

    project.edit("version: 1\n", "version: 1\nadopt: true\n")
    project.up().succeeded()
    assert project.accepts("svc-bench")
    assert "nx-all" not in project.nexus("GET", "security/roles/nx-pull-all").json()["privileges"]
    assert project.preview().code == 0


def test_a_vault_that_is_down_is_said_and_never_taken_for_no_change(project: Project) -> None:
    project.up().succeeded()
    project.stop()
    try:
        began = time.monotonic()
        done = project.preview()
        took = time.monotonic() - began
    finally:
        project.ciaccess("local", "start").succeeded()
    assert done.code not in (0, 7), done.text
    assert project.address("vault").removeprefix("http://") in done.text or "Nexus" in done.text
    assert took < 60
    assert project.preview().code == 0


def test_without_vault_a_run_without_refresh_ends_with_an_error(project: Project) -> None:
    """The engine asks no system about what has not changed, and would report everything as unchanged."""
    project.up().succeeded()
    project.extra["VAULT_TOKEN"] = "of-another-vault"
    try:
        refused = project.pulumi("preview")
    finally:
        del project.extra["VAULT_TOKEN"]
    assert refused.code != 0
    assert "look up the token: Vault answered 403" in complaints(refused)
    project.stop()
    try:
        for words in (("preview",), ("up", "--yes", "--skip-preview")):
            done = project.pulumi(*words)
            assert done.code != 0, done.text
            assert "is not reachable" in complaints(done)
    finally:
        project.ciaccess("local", "start").succeeded()
    project.pulumi("preview", "--expect-no-changes").succeeded()
