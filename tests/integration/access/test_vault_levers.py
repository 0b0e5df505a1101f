"""Each place where drift takes a write for a way to any policy is one, on a real Vault: by a write there, and a read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import requests

from ciaccess.access.policies.acl import WRITE, Acl, Right
from ciaccess.access.policies.coverage import levers, logins
from ciaccess.drift.vault_holders import Holder
from tests.support.servers.vault import Issuer, VaultProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

SECRET = "secret/data/nexus/svc-a"
READS: dict[str, Any] = {"token_policies": ["reads"]}
GITLAB = "https://gitlab.example.org"
MOUNTS = {"jwt/": "jwt", "team/approle/": "approle", "userpass/": "userpass", "token/": "token"}
# CEL roles are OpenBao's.
LEVERS = [
    *(each for each in levers(MOUNTS) if "/cel/" not in each),
    "auth/jwt/config",
]
# Levers where the entry has such a policy.
ENTRIES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("auth/userpass/users/+", {}),
    ("auth/team/approle/role/+", {"token_bound_cidrs": ["127.0.0.1/32"]}),
    ("auth/team/approle/role/+", {"bind_secret_id": False}),
    ("auth/token/roles/+", {}),
)
WAYS = [*LEVERS, *(each for path, entry in ENTRIES for each in logins(path, entry, MOUNTS))]


class Server:
    """A real Vault, and a user of it with the policy `lever`."""

    def __init__(self, vault: VaultProcess) -> None:
        self._url, self.root = f"{vault.url}/v1", vault.token
        self.issuer = Issuer()

    def ask(self, token: str, method: str, path: str, **body: Any) -> requests.Response:
        headers = {"X-Vault-Token": token}
        return requests.request(method, f"{self._url}/{path}", json=body, headers=headers, timeout=20)

    def write(self, path: str, token: str = "", **body: Any) -> dict[str, Any]:
        """Write, as root unless a token is given; return the answer."""
        answer = self.ask(token or self.root, "POST", path, **body)
        assert answer.ok, f"{path}: {answer.text}"
        return dict(answer.json()) if answer.content else {}

    def login(self, path: str, **body: Any) -> str:
        return str(self.write(path, **body)["auth"]["client_token"])

    def provision(self) -> None:
        for mount, kind in MOUNTS.items():
            if kind != "token":
                self.write(f"sys/auth/{mount.rstrip('/')}", type=kind)
        self.write(SECRET, data={"username": "x"})
        self.write("sys/policies/acl/reads", policy=f'path "{SECRET}" {{ capabilities = ["read"] }}')
        self.write("auth/jwt/config", jwt_validation_pubkeys=[self.issuer.public_key], bound_issuer=GITLAB)
        self.write("auth/jwt/role/ci", **JWT_ROLE, **READS)


JWT_ROLE: dict[str, Any] = {"role_type": "jwt", "user_claim": "sub", "bound_audiences": ["v"]}


class Attacker:
    """A user of userpass with an entity; a write with `token` is its own."""

    def __init__(self, server: Server, number: int) -> None:
        self.server, self.name = server, f"u{number}"
        self.entity = server.write("identity/entity", name=self.name)["data"]["id"]
        mount = server.ask(server.root, "GET", "sys/auth/userpass").json()["data"]["accessor"]
        self.alias = {"name": self.name, "mount_accessor": mount}
        self._alias_id = server.write("identity/entity-alias", **self.alias, canonical_id=self.entity)
        self.token = ""

    @property
    def alias_id(self) -> str:
        return str(self._alias_id["data"]["id"])

    def gets(self, *rules: str, capabilities: Iterable[str] = ("create", "update")) -> None:
        """Take the policy `lever` with these paths."""
        allowed = json.dumps(list(capabilities))
        text = "".join(f'path "{at}" {{ capabilities = {allowed} }}\n' for at in rules)
        self.server.write("sys/policies/acl/lever", policy=text)
        # The policy default has a rule for the token's own entity, which would decide.
        fields: dict[str, Any] = {"token_policies": ["lever"], "token_no_default_policy": True}
        self.server.write(f"auth/userpass/users/{self.name}", password="pw", **fields)
        self.token = self.again()
        assert not self.reads(self.token)

    def again(self) -> str:
        return self.server.login(f"auth/userpass/login/{self.name}", password="pw")

    def write(self, path: str, **body: Any) -> dict[str, Any]:
        return self.server.write(path, self.token, **body)

    def reads(self, token: str) -> bool:
        return self.server.ask(token, "GET", SECRET).ok

    def job(self, issuer: Issuer, role: str) -> str:
        claims = {"iss": GITLAB, "aud": "v", "sub": self.name}
        return self.server.login("auth/jwt/login", role=role, jwt=issuer.sign(claims))


def by_policy(it: Attacker, at: str) -> str:
    it.write(at.replace("+", "lever"), policy=f'path "{SECRET}" {{ capabilities = ["read"] }}')
    return it.token


def by_entity(it: Attacker, at: str) -> str:
    path = at.replace("id/+", f"id/{it.entity}").replace("name/+", f"name/{it.name}")
    it.write(path, name=it.name, policies=["reads"])
    return it.token


def by_group(it: Attacker, at: str) -> str:
    name = f"group-{it.name}"
    group = it.server.write("identity/group", name=name)["data"]["id"]
    path = at.replace("id/+", f"id/{group}").replace("name/+", f"name/{name}")
    it.write(path, name=name, policies=["reads"], member_entity_ids=[it.entity])
    return it.token


def boss(it: Attacker) -> str:
    """Make an entity that reads the secrets."""
    made = it.server.write("identity/entity", name=f"boss-{it.name}", policies=["reads"])
    return str(made["data"]["id"])


def by_entity_alias(it: Attacker, at: str) -> str:
    it.write(at.replace("+", it.alias_id), **it.alias, canonical_id=boss(it))
    return it.again()


def by_merge(it: Attacker, at: str) -> str:
    it.write(at, to_entity_id=boss(it), from_entity_ids=[it.entity], force=True)
    return it.again()


def by_group_alias(it: Attacker, at: str) -> str:
    """The members of a group of jobs become those of an external group that reads the secrets."""
    server = it.server
    group = server.write("identity/group", name=f"x-{it.name}", type="external", policies=["reads"])
    server.write("auth/jwt/role/plain", **JWT_ROLE, groups_claim="groups")
    mount = server.ask(server.root, "GET", "sys/auth/jwt").json()["data"]["accessor"]
    alias = {"mount_accessor": mount, "canonical_id": group["data"]["id"]}
    old = server.write("identity/group-alias", name="old", **alias) if at.endswith("+") else None
    path = at.replace("+", old["data"]["id"]) if old else at
    it.write(path, name=f"mine-{it.name}", **alias)
    claims = {"iss": GITLAB, "aud": "v", "sub": it.name, "groups": [f"mine-{it.name}"]}
    return server.login("auth/jwt/login", role="plain", jwt=server.issuer.sign(claims))


def by_jwt_role(it: Attacker, at: str) -> str:
    it.write(at.replace("+", it.name), **JWT_ROLE, **READS)
    return it.job(it.server.issuer, it.name)


def by_jwt_config(it: Attacker, at: str) -> str:
    own = Issuer()
    old = it.server.ask(it.server.root, "GET", at).json()["data"]
    it.write(at, jwt_validation_pubkeys=[own.public_key], bound_issuer=GITLAB)
    token = it.job(own, "ci")
    it.server.write(at, jwt_validation_pubkeys=old["jwt_validation_pubkeys"], bound_issuer=GITLAB)
    return token


def by_approle(it: Attacker, at: str) -> str:
    everywhere: dict[str, Any] = {
        "bind_secret_id": False,
        "secret_id_bound_cidrs": ["127.0.0.1/32"],
        "role_id": it.name,
    }
    path = at.replace("+", it.name)
    if path.endswith("/policies"):
        it.server.write(path.removesuffix("/policies"), **everywhere)
        it.write(path, **READS)
    else:
        it.write(path, **everywhere, **READS)
    return it.server.login("auth/team/approle/login", role_id=it.name)


def by_user(it: Attacker, at: str) -> str:
    it.write(at.replace("+", it.name), **READS)
    return it.again()


def by_token_role(it: Attacker, at: str) -> str:
    it.gets(at, "auth/token/create/+")
    it.write(at.replace("+", it.name), allowed_policies=["reads"])
    return str(it.write(f"auth/token/create/{it.name}", policies=["reads"])["auth"]["client_token"])


def by_password(it: Attacker, at: str) -> str:
    name = f"jane-{it.name}"
    it.server.write(f"auth/userpass/users/{name}", password="hers", **READS)
    it.write(at.replace("+", name), password="mine")
    return it.server.login(f"auth/userpass/login/{name}", password="mine")


def by_secret_id(it: Attacker, at: str) -> str:
    """A role's id is no secret; where the role takes no secret id, it is all that a login needs."""
    role = f"auth/team/approle/role/web-{it.name}"
    path = at.replace("auth/team/approle/role/+", role)
    if at.endswith("role-id"):
        it.server.write(role, bind_secret_id=False, secret_id_bound_cidrs=["127.0.0.1/32"], **READS)
        it.write(path, role_id=f"id-{it.name}")
        return it.server.login("auth/team/approle/login", role_id=f"id-{it.name}")
    it.server.write(role, role_id=f"id-{it.name}", token_bound_cidrs=["127.0.0.1/32"], **READS)
    if at.endswith("bind-secret-id"):
        it.write(path, bind_secret_id=False)
        return it.server.login("auth/team/approle/login", role_id=f"id-{it.name}")
    body = {"secret_id": f"s-{it.name}"} if "custom" in at else {}
    secret = it.write(path, **body)["data"]["secret_id"]
    return it.server.login("auth/team/approle/login", role_id=f"id-{it.name}", secret_id=secret)


def by_use_of_token_role(it: Attacker, at: str) -> str:
    it.server.write(f"auth/token/roles/ops-{it.name}", allowed_policies=["reads"])
    answer = it.write(at.replace("+", f"ops-{it.name}"), policies=["reads"])
    return str(answer["auth"]["client_token"])


EXPLOITS: dict[str, Callable[[Attacker, str], str]] = {
    "sys/": by_policy,
    "identity/entity-alias": by_entity_alias,
    "identity/alias": by_entity_alias,
    "identity/entity/merge": by_merge,
    "identity/entity": by_entity,
    "identity/group-alias": by_group_alias,
    "identity/group": by_group,
    "auth/jwt/config": by_jwt_config,
    "auth/jwt/": by_jwt_role,
    "auth/team/approle/role/+/policies": by_approle,
    "auth/team/approle/role/+/": by_secret_id,
    "auth/team/approle/": by_approle,
    "auth/userpass/users/+/password": by_password,
    "auth/userpass/": by_user,
    "auth/token/create/": by_use_of_token_role,
    "auth/token/": by_token_role,
}


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    process = VaultProcess(tmp_path_factory.mktemp("vault") / "vault.log")
    process.start()
    found = Server(process)
    found.provision()
    yield found
    process.stop()


@pytest.mark.parametrize("number", range(len(WAYS)), ids=WAYS)
def test_a_write_there_gives_the_secrets(attacked: Server, number: int) -> None:
    at = WAYS[number]
    attacker = Attacker(attacked, number)
    attacker.gets(at)
    exploit = next(each for begin, each in EXPLOITS.items() if at.startswith(begin))
    assert attacker.reads(exploit(attacker, at))


def test_with_sudo_an_audit_device_shows_what_others_read(attacked: Server, tmp_path: Path) -> None:
    attacker, log = Attacker(attacked, 1004), tmp_path / "audit.log"
    attacker.gets("sys/audit/mine", capabilities=("sudo", "update"))
    attacker.write("sys/audit/mine", type="file", options={"file_path": str(log), "log_raw": "true"})
    attacked.write(SECRET, data={"username": "shown-by-audit"})
    attacked.ask(attacked.root, "DELETE", "sys/audit/mine")
    assert "shown-by-audit" in log.read_text(encoding="utf-8")


def test_with_sudo_the_storage_is_read(attacked: Server) -> None:
    """A server in development mode serves it; others where raw_storage_endpoint is set."""
    attacker = Attacker(attacked, 1005)
    attacker.gets("sys/raw/core/*", capabilities=("sudo", "read"))
    assert attacked.ask(attacker.token, "GET", "sys/raw/core/mounts").json()["data"]["value"]


def test_the_logins_of_an_entity_are_those_of_its_aliases(attacked: Server) -> None:
    attacker = Attacker(attacked, len(WAYS) + len(NEAR))
    path = f"identity/entity/id/{attacker.entity}"
    data = attacked.ask(attacked.root, "GET", path).json()["data"]
    assert Holder(path, "", frozenset(), data).entries == [f"auth/userpass/users/{attacker.name}"]


# Near to those, and no way.
NEAR = [
    *(
        "auth/userpass/users",
        "auth/userpass/users/+/more",
        "auth/jwt/role",
        "auth/jwt/login",
        "sys/policies/acl",
    ),
    *(
        "sys/policies/password/+",
        "identity/entity/id",
        "identity/lookup/entity",
        "sys/auth/+",
        "sys/mounts/auth/+",
    ),
    *(
        "AUTH/userpass/users/+",
        "//auth/userpass/users/+",
    ),
]


@pytest.mark.parametrize("path", NEAR)
def test_what_the_model_takes_for_no_way_is_refused(attacked: Server, path: str) -> None:
    attacker = Attacker(attacked, len(WAYS) + NEAR.index(path))
    attacker.gets(path)
    text = f'path "{path}" {{ capabilities = ["create", "update"] }}'
    for at in WAYS:
        assert Acl.of({"lever": text}).may_somewhere(at, WRITE).right is Right.NO
        for name in (attacker.name, attacker.entity, "lever", "ci"):
            assert attacked.ask(attacker.token, "POST", at.replace("+", name)).status_code == 403, at


@pytest.mark.parametrize("name", ["WEB-1", "Web-2"])
def test_capitals_in_a_policy_make_no_other_role_of_approle(attacked: Server, name: str) -> None:
    """Vault folds the names of these roles, and compares the paths of policies as they are."""
    attacked.write(f"auth/team/approle/role/{name.lower()}", role_id=name, **READS)
    attacker = Attacker(attacked, 1000 + int(name[-1]))
    at = f"auth/team/approle/role/{name}/secret-id"
    attacker.gets(at)
    secret = attacker.write(at)["data"]["secret_id"]
    token = attacked.login("auth/team/approle/login", role_id=name, secret_id=secret)
    assert attacker.reads(token)


def test_capitals_in_a_policy_make_another_user_of_userpass(attacked: Server) -> None:
    """Its password is nobody's: a login folds the name, and this write does not."""
    attacked.write("auth/userpass/users/anne", password="hers", **READS)
    attacker = Attacker(attacked, 1003)
    attacker.gets("auth/userpass/users/ANNE/password")
    attacker.write("auth/userpass/users/ANNE/password", password="mine")
    for name in ("anne", "ANNE"):
        answer = attacked.ask("", "POST", f"auth/userpass/login/{name}", password="mine")
        assert "invalid username or password" in answer.text


def test_names_of_token_roles_keep_their_capitals(attacked: Server) -> None:
    attacked.write("auth/token/roles/mixed", allowed_policies=["reads"])
    answer = attacked.ask(attacked.root, "POST", "auth/token/create/MIXED", policies=["reads"])
    assert "unknown role MIXED" in answer.text


def test_reading_the_id_of_a_role_without_secret_ids_is_a_login(attacked: Server) -> None:
    role = "auth/team/approle/role/open"
    attacked.write(role, bind_secret_id=False, secret_id_bound_cidrs=["127.0.0.1/32"], **READS)
    attacked.write("sys/policies/acl/id-only", policy=f'path "{role}/role-id" {{ capabilities = ["read"] }}')
    made = attacked.write("auth/token/create", policies=["id-only"], no_default_policy=True)
    token = str(made["auth"]["client_token"])
    role_id = attacked.ask(token, "GET", f"{role}/role-id").json()["data"]["role_id"]
    reads = attacked.login("auth/team/approle/login", role_id=role_id)
    assert attacked.ask(reads, "GET", SECRET).ok
    assert "role_id" not in attacked.ask(attacked.root, "GET", role).json()["data"]
