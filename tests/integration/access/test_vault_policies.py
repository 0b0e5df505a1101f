"""What access/policies says of a token is what real servers do, Vault and OpenBao: each decision by reading the secret."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import product
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
import requests

from ciaccess.access.policies.acl import Acl, Right
from ciaccess.access.policies.tokens import (
    normalize_names,
    policies_at_login,
    policies_of_aliases,
    requestable_policies,
)
from ciaccess.environment import tool_cache
from tests.support.access.vault_policies import PARAMETERS, SECRETS, WRAPPING_SECONDS, Written, policy
from tests.support.servers.vault import Issuer, VaultProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

# By server: how many tokens, and how many decisions of each kind there are at least for each way to a token.
SERVERS = {"vault": (240, 5), "bao": (96, 2)}
PATHS_OF_A_TOKEN = 3
GITLAB = "https://gitlab.example.org"
SEED = 14


class Asked:
    """The real Vault, asked over plain HTTP by several threads."""

    def __init__(self, vault: VaultProcess, server: str) -> None:
        self.server = server
        self._url, self._root = f"{vault.url}/v1", vault.token
        self._threads = threading.local()
        self.issuer = Issuer()
        self.accessors: dict[str, str] = {}

    def ask(self, method: str, path: str, body: Any = None, **options: Any) -> requests.Response:
        """Send a request, with the root token unless another is given."""
        session: requests.Session = self._threads.__dict__.setdefault("session", requests.Session())
        headers = {"X-Vault-Token": self._root, **options.pop("headers", {})}
        return session.request(
            method, f"{self._url}/{path}", json=body, headers=headers, timeout=20, **options
        )

    def write(self, path: str, **body: Any) -> dict[str, Any]:
        """Write to a path as root; return the answer."""
        answer = self.ask("POST", path, body)
        assert answer.ok, f"{path} {body}: {answer.text}"
        return dict(answer.json()) if answer.content else {}

    def provision(self) -> None:
        """Enable what logs in, at names with and without slashes, and write the secrets."""
        mounts = {"jwt": "jwt", "team/approle": "approle", "userpass": "userpass", "token": ""}
        for mount, kind in mounts.items():
            if kind:
                self.write(f"sys/auth/{mount}", type=kind)
            listed = self.ask("GET", f"sys/mounts/auth/{mount}").json()
            self.accessors[mount] = listed["data"]["accessor"]
        self.write("auth/jwt/config", jwt_validation_pubkeys=[self.issuer.public_key], bound_issuer=GITLAB)
        for path in SECRETS:
            self.write(path, data={"username": "x"})
        mint = 'path "auth/token/create/*" { capabilities = ["update"] }'
        self.write("sys/policies/acl/mint", policy=mint)

    def reads(self, token: str, path: str, policies: Collection[Written]) -> bool:
        """Tell whether a token gets the secret, wrapped or with parameters where its policies speak of that."""
        requires, wraps = any(each.requires for each in policies), any(each.wraps for each in policies)
        names = [(), *((name,) for name in PARAMETERS), tuple(PARAMETERS)] if requires else [()]
        lifetimes = [0, *WRAPPING_SECONDS] if wraps else [0]
        return any(self._read(token, path, chosen, seconds) for chosen, seconds in product(names, lifetimes))

    def _read(self, token: str, path: str, names: tuple[str, ...], wrapping_seconds: int) -> bool:
        headers = {"X-Vault-Token": token} | (
            {"X-Vault-Wrap-TTL": f"{wrapping_seconds}s"} if wrapping_seconds else {}
        )
        parameters = {name: PARAMETERS[name] for name in names}
        answer = self.ask("GET", path, headers=headers, params=parameters)
        if wrapping_seconds and answer.ok:
            headers = {"X-Vault-Token": answer.json()["wrap_info"]["token"]}
            answer = self.ask("POST", "sys/wrapping/unwrap", headers=headers)
        assert answer.status_code in (200, 403), answer.text
        return answer.ok and answer.json()["data"]["data"] == {"username": "x"}


@dataclass
class Case:
    """A token to be got: `texts` are the policies, by names of which those of several cases differ."""

    number: int
    random: Random
    vault: Asked
    texts: dict[str, Written] = field(default_factory=dict)

    def new_policies(self, most: int = 3, least: int = 0) -> list[str]:
        """Write some policies; return their names as somebody may spell them."""
        names = []
        for _ in range(self.random.randint(least, most)):
            name = f"p{self.number}-{len(self.texts)}"
            self.texts[name] = policy(self.random)
            self.vault.write(f"sys/policies/acl/{name}", policy=self.texts[name].text)
            names.append(self.random.choice([name, name.upper(), f" {name} "]))
        return names

    def role(self, **fields: Any) -> dict[str, Any]:
        """Return the fields in which a role names policies."""
        names = [*self.new_policies(least=1), *(["no-such-policy"] if self.random.random() < 0.1 else [])]
        return {"token_policies": names, "token_no_default_policy": self.random.random() < 0.5, **fields}


Got = tuple[str, frozenset[str]]


def by_jwt_role(case: Case, **more: Any) -> Got:
    fields = case.role(role_type="jwt", user_claim="sub", bound_audiences=["vault"], **more)
    case.vault.write(f"auth/jwt/role/r{case.number}", **fields)
    claims = {"iss": GITLAB, "aud": "vault", "sub": f"job{case.number}", "groups": [f"g{case.number}"]}
    body = {"role": f"R{case.number}", "jwt": case.vault.issuer.sign(claims)}
    token = case.vault.write("auth/jwt/login", **body)["auth"]["client_token"]
    return token, policies_at_login(fields)


def by_approle(case: Case) -> Got:
    fields, place = case.role(), f"auth/team/approle/role/r{case.number}"
    case.vault.write(place, **fields)
    role_id = case.vault.ask("GET", f"{place}/role-id").json()["data"]["role_id"]
    secret_id = case.vault.write(f"{place}/secret-id")["data"]["secret_id"]
    answer = case.vault.write("auth/team/approle/login", role_id=role_id, secret_id=secret_id)
    return answer["auth"]["client_token"], policies_at_login(fields)


def by_userpass(case: Case) -> Got:
    fields = case.role(password="by-hand")
    case.vault.write(f"auth/userpass/users/u{case.number}", **fields)
    answer = case.vault.write(f"auth/userpass/login/u{case.number}", password="by-hand")
    return answer["auth"]["client_token"], policies_at_login(fields)


def add_entity(case: Case, mount: str, name: str) -> list[str]:
    """Make an entity with policies of its own, in a group that has some, in another group; return all of them."""
    groups, policies = [case.new_policies(1), case.new_policies(1)], case.new_policies(1)
    entity = case.vault.write("identity/entity", name=f"e-{name}", policies=policies)["data"]["id"]
    alias = {"name": name, "canonical_id": entity, "mount_accessor": case.vault.accessors[mount]}
    case.vault.write("identity/entity-alias", **alias)
    member = {"member_entity_ids": [entity]}
    for number, of_group in enumerate(groups):
        group = {"name": f"G-{name}-{number}", "policies": of_group, **member}
        member = {"member_group_ids": [case.vault.write("identity/group", **group)["data"]["id"]]}
    return normalize_names([*policies, *groups[0], *groups[1]])


def by_identity(case: Case) -> Got:
    of_entity = add_entity(case, "userpass", f"u{case.number}")
    token, known = by_userpass(case)
    return token, known | set(of_entity)


def by_external_group(case: Case) -> Got:
    wanted = case.new_policies(2, least=1)
    group = case.vault.write("identity/group", name=f"g{case.number}", type="external", policies=wanted)[
        "data"
    ]["id"]
    alias = {"name": f"g{case.number}", "canonical_id": group}
    case.vault.write("identity/group-alias", **alias, mount_accessor=case.vault.accessors["jwt"])
    token, known = by_jwt_role(case, groups_claim="groups")
    return token, known | set(normalize_names(wanted))


def token_role(case: Case, wanted: str, other: str) -> dict[str, Any]:
    """Write a token role that lists policies in one way or another; return it as the server has it."""
    chance, stem = case.random, wanted.strip()[:-1]
    lists = chance.choice(
        [
            *({"allowed_policies": [wanted, other]}, {"allowed_policies": [other]}, {}, {}),
            *({"allowed_policies_glob": [f"{stem}*"]}, {"allowed_policies_glob": ["*0", f"x{stem}*"]}),
            *({"disallowed_policies": [other.strip()]}, {"disallowed_policies": [wanted.strip()]}),
            *({"disallowed_policies_glob": [f"{stem}*"]}, {"disallowed_policies_glob": ["nothing*"]}),
            {"allowed_policies_glob": ["*"], "disallowed_policies": [wanted.strip()]},
            {"allowed_policies": [wanted], "disallowed_policies_glob": ["*-0"]},
            {"allowed_policies": [wanted], "disallowed_policies": ["default"]},
        ]
    )
    path = f"auth/token/roles/t{case.number}"
    others = {"orphan": chance.random() < 0.5, "token_no_default_policy": chance.random() < 0.3}
    case.vault.write(
        path, **lists, **others, allowed_entity_aliases=chance.choice([[], [f"A{case.number}*"]])
    )
    return dict(case.vault.ask("GET", path).json()["data"])


def by_token_role(case: Case) -> Got:
    """A caller with an entity and groups, who may do nothing else, asks a token role for some policies, or none."""
    wanted, other = (case.new_policies(1, least=1)[0] for _ in range(2))
    role = token_role(case, wanted, other)
    of_entity = add_entity(case, "userpass", f"u{case.number}")
    own = {*normalize_names([wanted]), "mint"} if case.random.random() < 0.3 else {"mint"}
    without_default = case.random.random() < 0.5
    fields = {"token_policies": sorted(own), "token_no_default_policy": without_default}
    case.vault.write(f"auth/userpass/users/u{case.number}", password="by-hand", **fields)
    login = case.vault.write(f"auth/userpass/login/u{case.number}", password="by-hand")["auth"]
    own = set(policies_at_login(fields))
    asked = case.random.choice([[wanted], [wanted], [other], [wanted, other], []])
    body: dict[str, Any] = {"policies": asked, "no_default_policy": case.random.random() < 0.3}
    answer = case.vault.ask(
        "POST",
        f"auth/token/create/t{case.number}",
        body,
        headers={"X-Vault-Token": login["client_token"]},
    )
    known = _issued(role, set(normalize_names(asked)), own, case.texts.keys() | {"root", "default"})
    assert answer.ok == (known is not None), f"{asked} by {own} of {role}: {answer.text}"
    if known is None:
        return "", frozenset()
    gets_default = "default" in policies_at_login(role) and "default" not in (
        role["disallowed_policies"] or ()
    )
    has_lists = any(role[name] for name in role if "allowed_policies" in name)
    # Who asks for nothing of a role without a list of allowed policies gets its own.
    inherits = not asked and not (role["allowed_policies"] or role["allowed_policies_glob"])
    if not has_lists or (inherits and not gets_default):
        gets_default = "default" in own
    if body["no_default_policy"] or not gets_default:
        known = known - {"default"}
    elif has_lists or asked:
        known = known | {"default"}
    assert known == set(answer.json()["auth"].get("token_policies", ())), f"{asked} by {own} of {role}"
    return answer.json()["auth"]["client_token"], frozenset(
        known | (set() if role["orphan"] else set(of_entity))
    )


def _issued(role: dict[str, Any], asked: set[str], own: set[str], every: set[str]) -> set[str] | None:
    """Return what a role gives to a caller, by the model; None for a refusal."""
    allowed = set(normalize_names(role["allowed_policies"] or ()))
    if allowed or role["allowed_policies_glob"]:
        asked = asked or allowed
        limit = requestable_policies(role, every)
    elif any(role[name] for name in ("disallowed_policies", "disallowed_policies_glob")):
        asked = asked or own
        limit = requestable_policies(role, every | own)
    else:
        asked, limit = asked or own, frozenset(own)
    return asked if asked <= limit else None


def by_alias(case: Case) -> Got:
    """A caller without an entity asks a token role for a token of an entity with an alias of the token mount."""
    of_entity = add_entity(case, "token", f"a{case.number}")
    allowed = case.random.choice(
        [[f"A{case.number}"], [f"a{case.number}*"], ["x*", f"*{case.number}"], ["b*"]]
    )
    path = f"auth/token/roles/t{case.number}"
    case.vault.write(path, allowed_entity_aliases=allowed, orphan=case.random.random() < 0.5)
    role = case.vault.ask("GET", path).json()["data"]
    caller = case.vault.write("auth/token/create", policies=["mint"], no_default_policy=True)["auth"]
    answer = case.vault.ask(
        "POST",
        f"auth/token/create/t{case.number}",
        {"entity_alias": f"a{case.number}"},
        headers={"X-Vault-Token": caller["client_token"]},
    )
    entity = {"aliases": [{"mount_type": "token", "name": f"a{case.number}"}], "policies": of_entity}
    known = policies_of_aliases(role, [entity])
    assert answer.ok == (allowed != ["b*"]), f"{allowed}: {answer.text}"
    assert known == (set(of_entity) if answer.ok else set()), f"{allowed}"
    return (answer.json()["auth"]["client_token"] if answer.ok else ""), known


WAYS: tuple[Callable[[Case], Got], ...] = (
    *(by_jwt_role, by_approle, by_userpass),
    *(by_identity, by_external_group, by_token_role),
    *(by_alias, by_token_role),
)


@pytest.fixture(scope="module", params=SERVERS)
def asked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    program = str(tool_cache() / "bin" / request.param)
    process = VaultProcess(tmp_path_factory.mktemp(request.param) / "server.log", program=program)
    process.start()
    found = Asked(process, request.param)
    found.provision()
    yield found
    process.stop()


def compare(vault: Asked, number: int, default: str) -> Counter[tuple[str, Right, bool]]:
    """Get a token, read some secrets with it, and hold each against the model; return (way, model, Vault) counted."""
    case = Case(number, Random(SEED * 1_000_000 + number), vault)  # noqa: S311 no cryptography
    way = WAYS[number % len(WAYS)]
    token, names = way(case)
    chosen = {name: case.texts[name] for name in names & case.texts.keys()}
    texts = {name: each.text for name, each in chosen.items()}
    acl = Acl.of(texts | ({"default": default} if "default" in names else {}))
    counted: Counter[tuple[str, Right, bool]] = Counter()
    for path in case.random.sample(SECRETS, PATHS_OF_A_TOKEN):
        decision = acl.may(path)
        reads = bool(token) and vault.reads(token, path, chosen.values())
        counted[way.__name__, decision.right, reads] += 1
        shown = f"case {number}, {way.__name__}: {path}: {decision}, Vault reads: {reads}\n" + "\n".join(
            texts.values()
        )
        if decision.right is Right.CANNOT_TELL:
            assert any(each.is_open for each in chosen.values()), f"it can be told: {shown}"
        else:
            assert reads is (decision.right is Right.YES), shown
    return counted


def test_a_token_reads_what_the_model_says_that_it_reads(asked: Asked) -> None:
    """At least 500 combinations of policies, paths and ways to a token; none is decided in another way."""
    tokens, least = SERVERS[asked.server]
    default = asked.ask("GET", "sys/policies/acl/default").json()["data"]["policy"]
    default += 'path "secret/data/other/+" { capabilities = ["read"] }\n'
    asked.write("sys/policies/acl/default", policy=default)
    with ThreadPoolExecutor(8) as threads:
        counts = list(threads.map(lambda number: compare(asked, number, default), range(tokens)))
    total: Counter[tuple[str, Right, bool]] = sum(counts, Counter())
    assert total.total() >= tokens * PATHS_OF_A_TOKEN
    for right, reads in ((Right.YES, True), (Right.NO, False)):
        for way in WAYS:
            seen = total[way.__name__, right, reads]
            assert seen >= least, f"too few to prove much: {way.__name__} {right}: {total}"
    unclear = sum(count for (_, right, _), count in total.items() if right is Right.CANNOT_TELL)
    assert unclear <= total.total() * 0.15, f"too much cannot be told: {total}"
