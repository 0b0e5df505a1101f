"""What access/policies says of a token is what the real Vault does: each decision by really reading the secret."""

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
from ciaccess.access.policies.tokens import normalize_names, policies_at_login, requestable_policies
from tests.support.access.vault_policies import PARAMETERS, SECRETS, WRAPPING_SECONDS, Written, policy
from tests.support.servers.vault import Issuer, VaultProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

TOKENS, PATHS_OF_A_TOKEN = 170, 3
GITLAB = "https://gitlab.example.org"
SEED = 14


class Asked:
    """The real Vault, asked over plain HTTP by several threads."""

    def __init__(self, vault: VaultProcess) -> None:
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
        for mount, kind in {"jwt": "jwt", "team/approle": "approle", "userpass": "userpass"}.items():
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


def by_identity(case: Case) -> Got:
    """An entity with policies of its own, in a group that has some, in another group that has some."""
    wanted, by_entity = case.new_policies(2), case.new_policies(1)
    entity = case.vault.write("identity/entity", name=f"e{case.number}", policies=by_entity)["data"]["id"]
    alias = {"name": f"u{case.number}", "canonical_id": entity}
    case.vault.write("identity/entity-alias", **alias, mount_accessor=case.vault.accessors["userpass"])
    inner = case.vault.write(
        "identity/group", name=f"g{case.number}", policies=wanted, member_entity_ids=[entity]
    )
    outer = case.new_policies(1)
    members = [inner["data"]["id"]]
    case.vault.write("identity/group", name=f"G{case.number}-outer", policies=outer, member_group_ids=members)
    token, known = by_userpass(case)
    return token, known | set(normalize_names([*wanted, *by_entity, *outer]))


def by_external_group(case: Case) -> Got:
    wanted = case.new_policies(2, least=1)
    group = case.vault.write("identity/group", name=f"g{case.number}", type="external", policies=wanted)[
        "data"
    ]["id"]
    alias = {"name": f"g{case.number}", "canonical_id": group}
    case.vault.write("identity/group-alias", **alias, mount_accessor=case.vault.accessors["jwt"])
    token, known = by_jwt_role(case, groups_claim="groups")
    return token, known | set(normalize_names(wanted))


def by_token_role(case: Case) -> Got:
    """A caller that may do nothing else asks a token role for one policy."""
    chance = case.random
    wanted, other = (case.new_policies(1, least=1)[0] for _ in range(2))
    stem = wanted.strip()[:-1]
    fields = chance.choice(
        [
            *({"allowed_policies": [wanted, other]}, {"allowed_policies": [other]}, {}),
            *({"allowed_policies_glob": [f"{stem}*"]}, {"allowed_policies_glob": ["*0", f"x{stem}*"]}),
            *({"disallowed_policies": [other.strip()]}, {"disallowed_policies": [wanted.strip()]}),
            *({"disallowed_policies_glob": [f"{stem}*"]}, {"disallowed_policies_glob": ["nothing*"]}),
            {"allowed_policies_glob": ["*"], "disallowed_policies": [wanted.strip()]},
            {"allowed_policies": [wanted], "disallowed_policies_glob": ["*-0"]},
        ]
    )
    case.vault.write(f"auth/token/roles/t{case.number}", **fields)
    role = case.vault.ask("GET", f"auth/token/roles/t{case.number}").json()["data"]
    caller = case.vault.write("auth/token/create", policies=["mint"], no_default_policy=True)["auth"][
        "client_token"
    ]
    answer = case.vault.ask(
        "POST",
        f"auth/token/create/t{case.number}",
        {"policies": [wanted], "no_default_policy": True},
        headers={"X-Vault-Token": caller},
    )
    name = normalize_names([wanted])[0]
    known = requestable_policies(role, case.texts.keys() | {"root", "default"})
    assert answer.ok == (name in known), f"{wanted} of {role}: {answer.text}"
    return (answer.json()["auth"]["client_token"] if answer.ok else ""), known & {name}


WAYS: tuple[Callable[[Case], Got], ...] = (
    *(by_jwt_role, by_approle, by_userpass),
    *(by_identity, by_external_group, by_token_role),
)


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    process = VaultProcess(tmp_path_factory.mktemp("vault") / "vault.log")
    process.start()
    found = Asked(process)
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
    default = asked.ask("GET", "sys/policies/acl/default").json()["data"]["policy"]
    default += 'path "secret/data/other/+" { capabilities = ["read"] }\n'
    asked.write("sys/policies/acl/default", policy=default)
    with ThreadPoolExecutor(8) as threads:
        counts = list(threads.map(lambda number: compare(asked, number, default), range(TOKENS)))
    total: Counter[tuple[str, Right, bool]] = sum(counts, Counter())
    assert total.total() >= 500
    for right, reads in ((Right.YES, True), (Right.NO, False)):
        for way in WAYS:
            seen = total[way.__name__, right, reads]
            assert seen >= 5, f"too few to prove much: {way.__name__} {right}: {total}"
    unclear = sum(count for (_, right, _), count in total.items() if right is Right.CANNOT_TELL)
    assert unclear <= total.total() * 0.15, f"too much cannot be told: {total}"
