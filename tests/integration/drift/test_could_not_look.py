"""What cannot be looked at is said, with what to do; it is never clean, and never drift."""

from __future__ import annotations

import json
import os
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.drift.drift import CLEAN, COULD_NOT_LOOK, DRIFT, Looked, look, put_user
from tests.support.servers.scripted_server import Reply, ScriptedServer, in_json, make_certificate, page

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.project.project import Project

HEALTH = "GET /v1/sys/health"


@contextmanager
def elsewhere(project: Project, system: str, url: str) -> Iterator[None]:
    """Let the stack's settings name another address of a system."""
    file = project.local / "addresses.json"
    good = file.read_text(encoding="utf-8")
    file.write_text(json.dumps({**json.loads(good), system: url}), encoding="utf-8")
    project.extra[{"vault": "VAULT_ADDR", "nexus": "NEXUS_URL", "gitlab": "GITLAB_URL"}[system]] = url
    try:
        yield
    finally:
        project.extra.clear()
        file.write_text(good, encoding="utf-8")


@contextmanager
def environment(project: Project, **variables: str) -> Iterator[None]:
    project.extra.update(variables)
    try:
        yield
    finally:
        project.extra.clear()


@contextmanager
def fault(project: Project, system: str, **fields: Any) -> Iterator[None]:
    """Let a simulator answer otherwise: every request, until the end."""
    signed: dict[str, Any] = {"headers": {"PRIVATE-TOKEN": project.credential("gitlab-token")}}
    if system == "nexus":
        signed = {"auth": ("admin", project.credential("nexus-password"))}
    import requests  # noqa: PLC0415 only here

    address = f"{project.address(system)}/simulator/faults"
    made = requests.post(address, json={"count": 1000, "status": 0, **fields}, timeout=60, **signed)
    assert made.ok, made.text
    try:
        yield
    finally:
        assert requests.delete(address, timeout=60, **signed).ok


def blind(looked: Looked, system: str, *, moved: bool = False) -> str:
    """Return what is said of a system that could not be looked at, once it is sure that this is the verdict.

    Of a system that was `moved` to another address GitLab's variables tell the old one.
    """
    assert looked.code == COULD_NOT_LOOK, looked
    assert looked.report["verdict"] == "could_not_look"
    assert {identity for identity, _ in looked.found} == ({"gitlab.variable.value"} if moved else set())
    spots = looked.report["could_not_look"]
    assert {spot["system"] for spot in spots} == {system}
    assert all(spot["remedy"] for spot in spots)
    return " ".join(f"{spot['subject']}: {spot['because']}. {spot['remedy']}" for spot in spots)


def test_the_stack_is_clean_to_begin_with(provisioned: Project) -> None:
    assert look(provisioned).code == CLEAN


def test_a_sealed_vault(provisioned: Project) -> None:
    vault = provisioned.vault()
    vault.sys.seal()
    try:
        said = blind(look(provisioned), "Vault")
    finally:
        vault.sys.submit_unseal_key((provisioned.local / "vault-unseal-key").read_text(encoding="ascii"))
        while vault.sys.read_health_status(standby_ok=False).status_code != 200:
            pass
    assert "it is sealed" in said
    assert "Unseal it" in said


def test_a_vault_that_is_down(provisioned: Project) -> None:
    pid = json.loads((provisioned.local / "stack.json").read_text(encoding="utf-8"))["pids"]["vault"]
    os.kill(pid, signal.SIGKILL)
    try:
        said = blind(look(provisioned), "Vault")
    finally:
        provisioned.ciaccess("local", "start").succeeded()
    assert "connection refused" in said


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (in_json({"initialized": True, "sealed": False, "standby": True}), "standby"),
        (in_json({"initialized": False, "sealed": True, "standby": True}), "not initialised"),
        (in_json({"errors": []}, 429), "429"),
        (page("Sign in to the proxy"), "Sign in to the proxy"),
        (in_json({"healthy": True}), "its health response is incomplete"),
        (Reply(body=b'{"initialized": true, "sea', content_type="application/json"), "JSON"),
    ],
    ids=["standby", "new", "429", "a proxy's page", "something else", "half an answer"],
)
def test_a_vault_in_no_state_to_be_asked(provisioned: Project, answer: Reply, why: str) -> None:
    with ScriptedServer() as server, elsewhere(provisioned, "vault", server.url):
        server.answers(HEALTH, answer)
        said = blind(look(provisioned), "Vault", moved=True)
    assert why in said
    assert not server.asked("GET /v1/auth/token/lookup-self")


@pytest.mark.parametrize(
    ("system", "variable"), [("Vault", "VAULT_ADDR"), ("Nexus", "NEXUS_URL"), ("GitLab", "GITLAB_URL")]
)
def test_another_system_in_the_environment(provisioned: Project, system: str, variable: str) -> None:
    with environment(provisioned, **{variable: "http://127.0.0.1:1"}):
        said = blind(look(provisioned), system)
    assert f"{variable} is http://127.0.0.1:1" in said


def test_a_token_that_is_not_accepted(provisioned: Project) -> None:
    with environment(provisioned, VAULT_TOKEN="hvs.unknown"):
        said = blind(look(provisioned), "Vault")
    assert "the token is not accepted" in said
    assert "hvs.unknown" not in said


def test_a_token_that_ends_while_it_is_used(provisioned: Project) -> None:
    # One use to look it up, one for its rights, and then a few reads.
    token = provisioned.vault().auth.token.create(num_uses=9)["auth"]["client_token"]
    with environment(provisioned, VAULT_TOKEN=token):
        said = blind(look(provisioned), "Vault")
    assert "Vault answered 403" in said


def test_a_policy_that_is_too_small_for_one_path(provisioned: Project) -> None:
    vault = provisioned.vault()
    text = vault.sys.read_policy("ciaccess-drift-policy")["rules"]
    denied = 'path "secret/data/nexus/svc-bench" { capabilities = ["deny"] }\n'
    vault.sys.create_or_update_policy("by-hand", f"{text}\n{denied}")
    token = vault.auth.token.create(policies=["by-hand"])["auth"]["client_token"]
    try:
        with environment(provisioned, VAULT_TOKEN=token):
            looked = look(provisioned)
    finally:
        vault.sys.delete_policy("by-hand")
    assert looked.code == COULD_NOT_LOOK
    (spot,) = looked.report["could_not_look"]
    assert spot["subject"] == "secret of svc-bench"
    assert 'path "secret/data/nexus/svc-bench"' in spot["remedy"]
    # What could be looked at is told all the same: the policy of this test reaches the secrets.
    assert looked.found == {("vault.policy.undeclared", "policy by-hand")}


def test_a_nexus_that_answers_503(provisioned: Project) -> None:
    with fault(provisioned, "nexus", status=503):
        said = blind(look(provisioned), "Nexus")
    assert "503" in said


def test_a_nexus_password_that_is_wrong(provisioned: Project) -> None:
    with environment(provisioned, NEXUS_PASSWORD="not-this-one"):
        said = blind(look(provisioned), "Nexus")
    assert "Check NEXUS_USERNAME and NEXUS_PASSWORD" in said
    assert "not-this-one" not in said


def test_a_nexus_that_does_not_answer_in_time(provisioned: Project) -> None:
    with fault(provisioned, "nexus", delay_seconds=3):
        said = blind(look(provisioned, "--timeout", "0.5"), "Nexus")
    assert "timed out" in said


def test_a_nexus_that_tells_only_half_a_list(provisioned: Project) -> None:
    with fault(provisioned, "nexus", path="/service/rest/v1/security/roles", truncate_bytes=200):
        said = blind(look(provisioned), "Nexus")
    assert "the roles" in said


def test_a_nexus_user_that_may_not_see_privileges(provisioned: Project) -> None:
    role = {"id": "by-hand", "name": "by-hand", "privileges": ["nx-users-read", "nx-roles-read"], "roles": []}
    assert provisioned.nexus("POST", "security/roles", json=role).ok
    person = {"firstName": "By", "lastName": "Hand", "emailAddress": "by@hand.test", "status": "active"}
    user = {"userId": "looker", **person, "password": "by-hand", "roles": ["by-hand"]}
    assert provisioned.nexus("POST", "security/users", json=user).ok
    try:
        with environment(provisioned, NEXUS_USERNAME="looker", NEXUS_PASSWORD="by-hand"):
            said = blind(look(provisioned), "Nexus")
    finally:
        provisioned.nexus("DELETE", "security/users/looker")
        provisioned.nexus("DELETE", "security/roles/by-hand")
    for subject in ("the privileges", "anonymous access", "the content selectors"):
        assert subject in said


def test_a_certificate_that_nobody_knows(provisioned: Project, tmp_path: Path) -> None:
    _, certificate = make_certificate(tmp_path)
    with ScriptedServer(certificate) as server, elsewhere(provisioned, "nexus", server.url):
        said = blind(look(provisioned), "Nexus", moved=True)
    assert "TLS" in said
    assert "CIACCESS_CA_BUNDLE" in said


@pytest.mark.parametrize(
    ("scopes", "said"), [(["read_user"], "scopes read_user"), (["api"], "403")], ids=["scope", "role"]
)
def test_a_gitlab_token_that_may_not_look(provisioned: Project, scopes: list[str], said: str) -> None:
    wanted = {"name": f"looker-{scopes[0]}", "user": "looker", "scopes": scopes}
    users = [{"username": "looker", "role": "guest", "group": "orchestrator"}]
    made = provisioned.gitlab("POST", "simulator/seed", json={"users": users, "tokens": [wanted]})
    assert made.ok, made.text
    with environment(provisioned, GITLAB_TOKEN=made.json()["tokens"][wanted["name"]]):
        assert said in blind(look(provisioned), "GitLab")


def test_a_gitlab_that_answers_403(provisioned: Project) -> None:
    with fault(provisioned, "gitlab", status=403, path="/api/v4/groups/9/variables"):
        said = blind(look(provisioned), "GitLab")
    assert "the variables of orchestrator" in said


def test_credentials_that_are_missing(provisioned: Project) -> None:
    done = provisioned.run(
        "./ciaccess", "drift", "--stack", "local", "--json", without=("NEXUS_USERNAME", "NEXUS_PASSWORD_FILE")
    )
    said = blind(Looked(done.code, done.json(), done.err), "Nexus")
    assert "NEXUS_USERNAME" in said
    assert "NEXUS_PASSWORD" in said


def test_a_state_that_cannot_be_read(provisioned: Project) -> None:
    with environment(provisioned, PULUMI_BACKEND_URL="file:///nowhere/at/all"):
        said = blind(look(provisioned), "Pulumi")
        assert "--no-state" in said
        without = look(provisioned, "--no-state")
    assert without.code == CLEAN
    assert any("the state was not read" in remark for remark in without.report["remarks"])


def test_drift_elsewhere_is_told_and_the_verdict_stays(provisioned: Project) -> None:
    put_user("svc-bench", firstName="Someone")(provisioned)
    try:
        with fault(provisioned, "gitlab", status=502):
            looked = look(provisioned)
            refused = provisioned.ciaccess("drift", "--stack", "local", "--repair", "--yes")
    finally:
        assert look(provisioned).code == DRIFT, "nothing was repaired"
        put_user("svc-bench", firstName="Bench")(provisioned)
    assert looked.code == COULD_NOT_LOOK
    assert looked.found == {("nexus.user.profile", "user svc-bench")}
    assert refused.code == COULD_NOT_LOOK
    assert "nothing was repaired, because something could not be checked" in refused.err


def test_nothing_is_left_of_all_that(provisioned: Project) -> None:
    assert look(provisioned).code == CLEAN
