"""Sources of policies that neither the local Vault nor OpenBao has: GitHub, Sentinel, unknown types of mounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ciaccess.access.desired.state import Desired
from ciaccess.access.desired.vault import vault_policies
from ciaccess.clients.vault.client import Vault
from ciaccess.drift.check_run import CheckRun
from ciaccess.drift.vault_holders import Holder
from ciaccess.drift.vault_undeclared import Reach, check_undeclared
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
        self.engines(secret="kv", cubbyhole="cubbyhole")
        for mount in ("sys", "identity"):
            self.describes(mount, at="")
        self.rights: dict[str, list[str]] = {}

    def mounts(self, **kinds: str) -> None:
        self._server.answers(
            "GET /v1/sys/auth", in_json({"data": {f"{at}/": {"type": it} for at, it in kinds.items()}})
        )

    def engines(self, **kinds: str) -> None:
        mounts = {f"{at}/": {"type": it, "running_sha256": ""} for at, it in kinds.items()}
        self._server.answers("GET /v1/sys/mounts", in_json({"data": mounts}))

    def describes(self, mount: str, *lists: str, at: str = "auth/") -> None:
        paths: dict[str, Any] = {f"/{part}/": {} for part in lists}
        described = in_json({"openapi": {"paths": paths | {"/login": {}, "/role/{name}": {}}}})
        self._server.answers(f"GET /v1/{at}{mount}", described)

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
    check_undeclared(Desired.of(access), server.vault, run, lambda _subject, _path: True)
    run.finish()
    run.close()
    assert run.could_not_look == ()
    return run


@pytest.fixture
def github(openbao: Server) -> Server:
    """A GitHub mount without teams and users."""
    openbao.mounts(github="github")
    openbao.describes("github", "map/teams", "map/users")
    for part in ("map/teams", "map/users", "config"):
        openbao.lists(f"auth/github/{part}")
    return openbao


def test_the_teams_of_github_are_read_and_the_command_takes_the_policy_from_the_team(
    tmp_path: Path, github: Server
) -> None:
    github.lists("auth/github/map/teams", "dev", "web")
    github.holds("auth/github/map/teams/dev", key="dev", value=f"web, {POLICY.upper()}")
    github.holds("auth/github/map/teams/web", key="web", value="web")
    (finding,) = checked(tmp_path, github).findings
    assert finding.object == "auth/github/map/teams/dev"
    assert finding.manual_command == "vault write auth/github/map/teams/dev value=web"


def test_policies_that_a_mount_gives_to_every_login_are_found(tmp_path: Path, github: Server) -> None:
    github.holds("auth/github/config", organization="cwiq", token_policies=["web", POLICY])
    (finding,) = checked(tmp_path, github).findings
    assert (finding.id, finding.object) == ("vault.auth.role", "auth/github/config")
    assert finding.manual_command == "vault write auth/github/config token_policies=web"


def test_policies_that_radius_gives_to_users_without_an_entry_are_found(
    tmp_path: Path, openbao: Server
) -> None:
    openbao.mounts(radius="radius")
    openbao.describes("radius", "users")
    openbao.lists("auth/radius/users")
    openbao.holds("auth/radius/config", host="r", unregistered_user_policies=f"web,{POLICY}")
    (finding,) = checked(tmp_path, openbao).findings
    assert finding.object == "auth/radius/config"


def test_sentinels_policies_namespaces_and_foreign_engines_are_named(tmp_path: Path, openbao: Server) -> None:
    """By the server's own description; `policies/acl` is checked, and an unknown list may give rights."""
    openbao.mounts(jwt="jwt")
    openbao.describes("jwt", "role")
    for part in ("role", "cel/role", "cel/roles"):
        openbao.lists(f"auth/jwt/{part}")
    lists = ("policies/acl", "policies/rgp", "policies/egp", "namespaces", "sync/destinations")
    openbao.describes("sys", *lists, at="")
    openbao.lists("sys/policies/rgp", "only-at-night")
    openbao.lists("sys/policies/egp")
    openbao.lists("sys/namespaces", "team/")
    openbao.rights |= {"sys/policies/egp": ["list"], "sys/sync/destinations": ["deny"]}
    openbao.engines(secret="kv", own="vault-plugin-secrets-tokens")
    assert set(checked(tmp_path, openbao).remarks) == {
        "not checked: sys/policies/rgp",
        "not checked: sys/namespaces",
        "not checked: sys/sync/destinations",
        "not checked: the secrets engine own/ of type vault-plugin-secrets-tokens",
    }


def test_what_exists_and_is_not_checked_is_named(tmp_path: Path, openbao: Server) -> None:
    """A list without entries is not; one that the token may not list is."""
    openbao.mounts(cert="cert", saml="saml", own="own-plugin", mute="mute-plugin")
    openbao.describes("cert", "certs", "crls", "ocsp", "roots", "more")
    openbao.lists("auth/cert/certs")
    openbao.lists("auth/cert/crls", "one")
    openbao.lists("auth/cert/ocsp", "one")
    openbao.lists("auth/cert/roots")
    openbao.rights |= {"auth/cert/roots": ["list"], "auth/cert/more": ["deny"]}
    openbao.describes("saml", "role")
    openbao.lists("auth/saml/role", "web")
    openbao.describes("own")
    openbao.is_mute("mute")
    remarks = checked(tmp_path, openbao).remarks
    assert set(remarks) == {
        "not checked: more, ocsp of the auth mount cert/ of type cert",
        "not checked: role of the auth mount saml/ of type saml",
        "not checked: logins at the auth mount own/ of type own-plugin",
        "not checked: other lists of the auth mount mute/ of type mute-plugin",
        "not checked: logins at the auth mount mute/ of type mute-plugin",
    }


@pytest.mark.parametrize(
    ("path", "right"),
    [
        ("auth/jwt/role/*", "yes"),
        ("auth/jwt/role/nexus-ci", "yes"),
        ("auth/+/role/+", "yes"),
        ("auth/jwt/config", "yes"),
        ("auth/team/approle/role/+/policies", "yes"),
        ("auth/people/users/jane", "yes"),
        ("auth/token/roles/ops", "yes"),
        ("identity/entity", "yes"),
        ("identity/entity/name/+", "yes"),
        ("identity/entity-alias/id/x", "yes"),
        ("identity/alias", "yes"),
        ("sys/policies/acl/nexus-read-policy", "yes"),
        ("sys/policies/acl/{{identity.entity.name}}-*", "cannot tell"),
        ("sys/auth/mine", "no"),
        ("auth/jwt/login", "no"),
        ("auth/people/users/jane/password", "no"),
        ("auth/team/approle/role/+/secret-id", "no"),
        ("auth/other/config", "no"),
        ("auth/other/role/x", "no"),
    ],
)
def test_a_policy_that_can_change_who_gets_which_policy_reaches_them(
    tmp_path: Path, path: str, right: str
) -> None:
    mounts = {"jwt/": "jwt", "team/approle/": "approle", "people/": "userpass", "token/": "token"}
    text = f'path "{path}" {{ capabilities = ["create", "update"] }}'
    found = [
        each.found
        for each in Reach(Desired.of(valid(tmp_path, GOOD)), {"theirs": text}, (), mounts).policies()
    ]
    begin = {
        "yes": "it reaches every policy, by writing at",
        "cannot tell": "cannot tell whether it reaches every",
    }
    assert [text.startswith(begin[right]) for text in found] == [True] * (right != "no")


LOGINS: dict[str, Any] = {"jwt/": "jwt", "hub/": "oidc", "k/": "kubernetes", "approle/": "approle"} | {
    "people/": "userpass",
    "token/": "token",
}


def holder(path: str, *policies: str, **data: Any) -> Holder:
    return Holder(path, path, frozenset(policies), {"policies": list(policies), **data})


@pytest.mark.parametrize(
    ("path", "entry"),
    [
        ("auth/people/users/jane/password", "auth/people/users/jane"),
        ("auth/approle/role/+/secret-id", "auth/approle/role/web"),
        ("auth/approle/role/web/custom-secret-id", "auth/approle/role/web"),
        ("auth/hub/config", "auth/hub/role/web"),
        ("auth/k/config", "auth/k/role/web"),
    ],
)
def test_who_can_log_in_as_one_that_reads_the_secrets_is_found(tmp_path: Path, path: str, entry: str) -> None:
    """Also by another one's credential; an entry without such policies is none."""
    texts = {
        "theirs": f'path "{path}" {{ capabilities = ["create", "update"] }}',
        "over": 'path "auth/people/users/joe/password" { capabilities = ["update"] }',
    }
    joe = holder("auth/people/users/joe", "theirs")
    access = valid(tmp_path, GOOD)
    assert not list(Reach(Desired.of(access), texts, [joe, holder(entry, "web")], LOGINS).policies())
    found = {
        each.object: each.found
        for each in Reach(Desired.of(access), texts, [joe, holder(entry, POLICY)], LOGINS).policies()
    }
    assert found.keys() == {"policy theirs", "policy over"}
    assert found["policy theirs"].startswith("it reaches logins with such policies, by writing at auth/")
    assert found["policy over"].endswith("by writing at auth/people/users/joe/password")


def test_who_can_use_a_token_role_that_gives_such_a_policy_is_found(tmp_path: Path) -> None:
    role = holder("auth/token/roles/ops", allowed_policies=[POLICY])
    text = 'path "auth/token/create/ops" { capabilities = ["update"] }'
    (finding,) = Reach(Desired.of(valid(tmp_path, GOOD)), {"theirs": text}, [role], LOGINS).policies()
    assert finding.found.endswith("by writing at auth/token/create/ops")


@pytest.mark.parametrize(
    ("alias", "path"),
    [
        ({"mount_type": "userpass", "mount_path": "auth/people/"}, "auth/people/users/jane/password"),
        ({"mount_type": "approle", "mount_path": "auth/approle/"}, "auth/approle/role/web/secret-id"),
        ({"mount_type": "oidc", "mount_path": "auth/hub/"}, "auth/hub/config"),
    ],
)
def test_who_can_log_in_as_an_entity_whose_group_reads_the_secrets_is_found(
    tmp_path: Path, alias: dict[str, str], path: str
) -> None:
    entity = holder("identity/entity/id/e", group_ids=["g"], aliases=[{"name": "jane", **alias}])
    group = holder("identity/group/id/g", POLICY)
    text = f'path "{path}" {{ capabilities = ["update"] }}'
    held = [entity, group, holder("auth/approle/role/web", bind_secret_id=True)]
    (finding,) = Reach(Desired.of(valid(tmp_path, GOOD)), {"theirs": text}, held, LOGINS).policies()
    assert finding.object == "policy theirs"


@pytest.mark.parametrize(
    ("path", "entry", "is_found"),
    [
        ("auth/+/role/WEB/secret-id", "auth/approle/role/web", True),
        ("auth/approle/role/W*", "auth/approle/role/web", True),
        ("auth/approle/role/Web/SECRET-ID", "auth/approle/role/web", False),
        ("auth/AppRole/role/web/secret-id", "auth/approle/role/web", False),
        ("auth/people/users/Jane/password", "auth/people/users/jane", False),
        ("auth/token/create/OPS", "auth/token/roles/ops", False),
    ],
)
def test_a_credential_is_found_under_every_spelling_that_its_mount_folds(
    tmp_path: Path, path: str, entry: str, *, is_found: bool
) -> None:
    """Vault compares the paths of policies as they are, and finds roles of AppRole whatever their capitals."""
    text = f'path "{path}" {{ capabilities = ["update"] }}'
    data = {"allowed_policies": [POLICY]} if "token" in entry else {}
    held = holder(entry, *([] if data else [POLICY]), **data)
    assert (
        bool(list(Reach(Desired.of(valid(tmp_path, GOOD)), {"theirs": text}, [held], LOGINS).policies()))
        is is_found
    )


@pytest.mark.parametrize("capability", ["read", "update"])
@pytest.mark.parametrize(
    ("fields", "part", "is_found"),
    [
        ({}, "role-id", False),
        ({"bind_secret_id": True}, "role-id", False),
        ({"bind_secret_id": True, "token_bound_cidrs": ["127.0.0.1/32"]}, "role-id", False),
        ({"bind_secret_id": False, "token_bound_cidrs": ["127.0.0.1/32"]}, "role-id", True),
        ({"bind_secret_id": True, "token_bound_cidrs": ["127.0.0.1/32"]}, "bind-secret-id", None),
        ({"bind_secret_id": True}, "bind-secret-id", False),
        ({"bind_secret_id": True}, "secret-id", None),
    ],
)
def test_the_id_of_a_role_counts_only_where_it_is_all_that_a_login_needs(
    tmp_path: Path, capability: str, fields: dict[str, Any], part: str, *, is_found: bool | None
) -> None:
    """None: where it can be written."""
    text = f'path "auth/approle/role/web/{part}" {{ capabilities = ["{capability}"] }}'
    held = holder("auth/approle/role/web", POLICY, **fields)
    found = list(Reach(Desired.of(valid(tmp_path, GOOD)), {"theirs": text}, [held], LOGINS).policies())
    assert bool(found) is (capability == "update" if is_found is None else is_found)


HALVES = {
    "a": 'path "auth/token/create-orphan" { capabilities = ["update"] }',
    "b": 'path "auth/token/create-orphan" { capabilities = ["sudo"] }',
}


@pytest.mark.parametrize(
    ("login", "identity", "is_found"),
    [
        (["a"], {"policies": ["b"]}, True),
        (["b"], {"policies": ["a"]}, True),
        (["a"], {"policies": ["a"]}, False),
        ([], {"policies": ["a"], "group_ids": ["g"]}, True),
    ],
)
def test_an_identity_whose_policies_reach_them_beside_those_of_a_login_is_found(
    tmp_path: Path, login: list[str], identity: dict[str, Any], *, is_found: bool
) -> None:
    joe = holder("auth/people/users/joe", *login)
    entity = holder("identity/entity/id/e", *identity["policies"], group_ids=identity.get("group_ids"))
    group = holder("identity/group/id/g", *(["b"] if "group_ids" in identity else []))
    found = {
        each.object: each
        for each in Reach(Desired.of(valid(tmp_path, GOOD)), HALVES, [joe, entity, group], LOGINS).holders()
    }
    assert bool(found) is is_found
    if is_found:
        assert joe.path not in found
        finding = found["identity/entity/id/e"]
        assert finding.found.startswith("cannot tell whether a token has policies")
        assert "vault write identity/entity/id/e " in finding.manual_command


def test_a_holder_of_two_halves_is_found(tmp_path: Path) -> None:
    """One policy writes, and the other has sudo: together they enable auth methods."""
    texts = {
        "a": 'path "sys/auth/*" { capabilities = ["create", "update"] }',
        "b": 'path "sys/auth/*" { capabilities = ["sudo"] }',
    }
    both = holder("auth/people/users/joe", "a", "b")
    reach = Reach(
        Desired.of(valid(tmp_path, GOOD)), texts, [both, holder("auth/people/users/ann", "a")], LOGINS
    )
    assert not list(reach.policies())
    (finding,) = reach.holders()
    assert finding.object == both.path
    assert finding.found.startswith("policies a, b: cannot tell whether it reaches every policy")


@pytest.mark.parametrize(
    ("path", "reached"),
    [
        ("sys/auth/*", "every policy, by another mount: it can enable"),
        ("sys/remount", "every policy, by another mount: it can enable"),
        ("sys/audit/socket", "every secret in use, by an audit device: it can enable one"),
        ("sys/raw/*", "every secret and policy, by the storage: the server may serve it"),
        ("sys/raw/logical/+/*", "every secret and policy, by the storage: the server may serve it"),
    ],
)
def test_what_sudo_may_give_is_found(tmp_path: Path, path: str, reached: str) -> None:
    text = f'path "{path}" {{ capabilities = ["read", "create", "update", "sudo"] }}'
    (finding,) = Reach(Desired.of(valid(tmp_path, GOOD)), {"theirs": text}, (), {}).policies()
    assert finding.found.startswith(f"cannot tell whether it reaches {reached}")
    assert finding.manual_command == ""
    without = text.replace(', "sudo"', "")
    assert not list(Reach(Desired.of(valid(tmp_path, GOOD)), {"theirs": without}, (), {}).policies())
