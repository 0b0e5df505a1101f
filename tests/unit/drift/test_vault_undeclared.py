"""Sources of policies that the local Vault does not have: OpenBao's CEL roles, GitHub, unknown types of auth mounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ciaccess.access.desired.vault import vault_policies
from ciaccess.clients.vault.client import Vault
from ciaccess.drift.check_run import CheckRun
from ciaccess.drift.vault_undeclared import check_undeclared
from tests.support.access.access import GOOD, valid
from tests.support.servers.scripted_server import ScriptedServer, in_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ciaccess.access import Access

POLICY = "nexus-read-policy"


class Server:
    """A Vault with these auth mounts, lists and entries."""

    def __init__(self, server: ScriptedServer) -> None:
        self._server = server
        self.vault = Vault(server.url, "t")
        for listed in ("sys/policies/acl", "identity/group/id", "identity/entity/id"):
            self.lists(listed)
        self.rights: dict[str, list[str]] = {}

    def mounts(self, **kinds: str) -> None:
        self._server.answers(
            "GET /v1/sys/auth", in_json({"data": {f"{at}/": {"type": it} for at, it in kinds.items()}})
        )

    def describes(self, mount: str, *lists: str) -> None:
        paths: dict[str, Any] = {f"/{part}/": {} for part in lists}
        described = in_json({"openapi": {"paths": paths | {"/login": {}, "/role/{name}": {}}}})
        self._server.answers(f"GET /v1/auth/{mount}", described)

    def is_mute(self, mount: str) -> None:
        self._server.answers(f"GET /v1/auth/{mount}", in_json({"errors": ["no"]}, 400))

    def lists(self, path: str, *names: str) -> None:
        reply = in_json({"data": {"keys": names}}) if names else in_json({"errors": []}, 404)
        self._server.answers(f"GET /v1/{path}", reply)
        if names:
            self.rights[path] = ["list"]

    def has_rights(self) -> None:
        self._server.answers("POST /v1/sys/capabilities-self", in_json({"data": self.rights}))

    def holds(self, path: str, **data: Any) -> None:
        self._server.answers(f"GET /v1/{path}", in_json({"data": data}))


@pytest.fixture
def openbao() -> Iterator[Server]:
    with ScriptedServer() as server:
        yield Server(server)


def checked(tmp_path: Path, server: Server) -> CheckRun:
    access: Access = valid(tmp_path, GOOD)
    assert POLICY in {policy.name for policy in vault_policies(access).values()}
    server.has_rights()
    run = CheckRun()
    check_undeclared(access, server.vault, run, lambda _subject, _path: True)
    run.finish()
    run.close()
    assert run.could_not_look == ()
    return run


def test_a_role_whose_policies_a_program_chooses_is_a_finding_that_cannot_tell(
    tmp_path: Path, openbao: Server
) -> None:
    openbao.mounts(jwt="jwt")
    openbao.describes("jwt", "role", "cel/role")
    openbao.lists("auth/jwt/role")
    openbao.lists("auth/jwt/cel/roles")
    openbao.lists("auth/jwt/cel/role", "ops")
    openbao.holds("auth/jwt/cel/role/ops", name="ops", cel_program={"expression": "true"})
    (finding,) = checked(tmp_path, openbao).findings
    assert (finding.id, finding.object) == ("vault.auth.role", "auth/jwt/cel/role/ops")
    assert "cannot tell" in finding.found


def test_the_teams_of_github_are_read(tmp_path: Path, openbao: Server) -> None:
    openbao.mounts(github="github")
    openbao.describes("github", "map/teams", "map/users")
    openbao.lists("auth/github/map/users")
    openbao.lists("auth/github/map/teams", "dev", "web")
    openbao.holds("auth/github/map/teams/dev", key="dev", value=f"web, {POLICY.upper()}")
    openbao.holds("auth/github/map/teams/web", key="web", value="web")
    (finding,) = checked(tmp_path, openbao).findings
    assert finding.object == "auth/github/map/teams/dev"


def test_what_exists_and_is_not_checked_is_named(tmp_path: Path, openbao: Server) -> None:
    """A list without entries is not; one that the token may not list is."""
    openbao.mounts(cert="cert", saml="saml", own="own-plugin", mute="mute-plugin")
    openbao.describes("cert", "certs", "crls", "roots", "more")
    openbao.lists("auth/cert/certs")
    openbao.lists("auth/cert/crls", "one")
    openbao.lists("auth/cert/roots")
    openbao.rights |= {"auth/cert/roots": ["list"], "auth/cert/more": ["deny"]}
    openbao.describes("saml", "role")
    openbao.lists("auth/saml/role", "web")
    openbao.describes("own")
    openbao.is_mute("mute")
    remarks = checked(tmp_path, openbao).remarks
    assert set(remarks) == {
        "not checked: crls, more of the auth mount cert/ of type cert",
        "not checked: role of the auth mount saml/ of type saml",
        "not checked: logins at the auth mount own/ of type own-plugin",
        "not checked: other lists of the auth mount mute/ of type mute-plugin",
        "not checked: logins at the auth mount mute/ of type mute-plugin",
    }
