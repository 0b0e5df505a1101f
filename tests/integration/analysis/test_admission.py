"""What analysis.admission says of a login is what the real Vault does, and so is what the job may then read."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ciaccess.access.desired.vault import bound_claims_type, secret_of, vault_policies
from ciaccess.access.model.models import Access
from ciaccess.analysis.admission import Outcome, judge
from tests.support.servers.vault import Issuer, VaultProcess

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GITLAB = "https://gitlab.example.org"
ACCOUNTS = ("svc-a", "svc-b", "svc-c")
ROLE = "nexus-ci"
BINDABLE = ("namespace_path", "project_path", "ref", "ref_protected", "environment", "pipeline_source")
ENOUGH = 300


def access_with(**role: Any) -> Access:
    """Return an access.yaml of one JWT role."""
    settled = {"bound_audiences": [GITLAB], "bound_claims": {"namespace_path": "team"}, "accounts": ["svc-a"]}
    return Access.model_validate(
        {
            "version": 1,
            "vault": {
                "address": "https://vault.example.org",
                "jwt": {"issuer": GITLAB, "discovery_url": GITLAB},
                "roles": {ROLE: settled | role},
            },
            "nexus": {
                "url": "https://nexus.example.org",
                "push_registry": "nexus.example.org:8443",
                "pull_registry": "nexus.example.org:8444",
                "repositories": {"raw": {"dev": "raw-dev"}},
            },
            "gitlab": {"url": GITLAB},
            "accounts": {name: {"purpose": "Tests", "push": ["raw"]} for name in ACCOUNTS},
        }
    )


class Login:
    """A Vault that trusts an issuer of ours, and the roles and policies that an access.yaml amounts to."""

    def __init__(self, vault: VaultProcess) -> None:
        self.vault = vault
        self.issuer = Issuer()
        self.answers: Counter[bool] = Counter()
        vault.client.sys.enable_auth_method("jwt")
        keys = {"jwt_validation_pubkeys": [self.issuer.public_key], "bound_issuer": GITLAB}
        vault.client.write_data("auth/jwt/config", data=keys)

    def provision(self, access: Access) -> None:
        """Write the role and its policy; pulumi-vault sends a claim's values as a list too."""
        (policy,) = vault_policies(access).values()
        role = access.vault.roles[ROLE]
        self.vault.client.sys.create_or_update_policy(policy.name, policy.text)
        self.vault.client.write_data(
            f"auth/jwt/role/{ROLE}",
            data={
                "role_type": "jwt",
                "bound_audiences": role.bound_audiences,
                "bound_claims": role.bound_claims,
                "bound_claims_type": bound_claims_type(role),
                "user_claim": role.user_claim,
                "token_policies": [policy.name],
            },
        )

    def try_(self, claims: dict[str, Any]) -> tuple[str, str]:
        """Log in; return the token and "", or "" and Vault's reason."""
        answer = requests.post(
            f"{self.vault.url}/v1/auth/jwt/login",
            json={"role": ROLE, "jwt": self.issuer.sign(claims)},
            timeout=60,
        )
        self.answers[answer.ok] += 1
        body = answer.json()
        return (body["auth"]["client_token"], "") if answer.ok else ("", body["errors"][0])

    def readable(self, access: Access, token: str) -> set[str]:
        """Return the accounts whose secrets this token may read, as Vault says."""
        paths = {secret_of(access, account).api_path: account for account in ACCOUNTS}
        answer = requests.post(
            f"{self.vault.url}/v1/sys/capabilities-self",
            json={"paths": list(paths)},
            headers={"X-Vault-Token": token},
            timeout=60,
        ).json()["data"]
        return {account for path, account in paths.items() if answer[path] == ["read"]}


@pytest.fixture(scope="module")
def login(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Login]:
    folder: Path = tmp_path_factory.mktemp("vault")
    vault = VaultProcess(folder / "vault.log")
    vault.start()
    yield Login(vault)
    vault.stop()


# Few letters, so that a pattern and a text meet often; the others are those that other matchers take for special.
TEXTS = st.text(alphabet="abA/-.?[ä", min_size=1, max_size=6)
PATTERNS = st.lists(TEXTS | st.just("*") | st.just("*"), min_size=1, max_size=4).map("".join)
PLAIN = st.sampled_from(["team", "team/*", "team/app", "main", "true", "false", "production", "*"])
BOUND = st.dictionaries(
    st.sampled_from(BINDABLE), st.lists(PLAIN | PATTERNS, min_size=1, max_size=3), min_size=1, max_size=2
)


def fillings(pattern: str) -> st.SearchStrategy[str]:
    """Return texts that match a pattern if its stars are taken for wildcards, and sometimes the pattern itself."""
    parts = pattern.split("*")
    gaps = st.lists(st.just("") | TEXTS, min_size=len(parts) - 1, max_size=len(parts) - 1)
    filled = gaps.map(lambda texts: parts[0] + "".join(map("".join, zip(texts, parts[1:], strict=True))))
    return filled | st.just(pattern)


def near(values: list[str]) -> st.SearchStrategy[Any]:
    """Return claims that one of these values is likely to admit, and all kinds that a token may hold instead."""
    texts = st.sampled_from(values).flatmap(fillings)
    spoilt = (
        texts.map(str.swapcase) | texts.map(lambda text: f"{text}-evil") | texts.map(lambda text: f"x{text}")
    )
    others = st.booleans() | st.integers(-5, 20) | st.just({"a": "b"}) | st.none() | st.just("")
    lists = st.lists(texts | spoilt | others, max_size=3)
    # Repeated: each claim of a role must do, so without a bias hardly any login of three claims would.
    return st.integers(0, 9).flatmap(lambda number: texts if number < 7 else lists | spoilt | others)


@st.composite
def logins(draw: st.DrawFn) -> tuple[Access, dict[str, Any]]:
    """Return an access.yaml, and a token's claims."""
    bound = draw(BOUND)
    audiences = draw(
        st.lists(st.sampled_from([GITLAB, "vault", "nexus"]), min_size=1, max_size=2, unique=True)
    )
    user_claim = draw(st.sampled_from(["project_id", "user_login"]))
    accounts = draw(st.lists(st.sampled_from(ACCOUNTS), unique=True))
    access = access_with(
        bound_claims=bound, bound_audiences=audiences, user_claim=user_claim, accounts=accounts
    )
    claims: dict[str, Any] = {"iss": GITLAB, "project_id": "7", "user_login": "dana", "aud": audiences[0]}
    for name, values in access.vault.roles[ROLE].bound_claims.items():
        found = draw(near(values))
        if found is not None or draw(st.booleans()):
            claims[name] = found
    rarely = st.integers(0, 19).map(lambda number: number == 7)
    if draw(rarely):
        claims["aud"] = draw(
            st.sampled_from(["other", ["other", "nexus"], [], ["vault", GITLAB], GITLAB + "/"])
        )
    if draw(rarely):
        claims["iss"] = draw(st.sampled_from([GITLAB + "/", "https://evil.example.org", ""]))
    if draw(rarely):
        claims[user_claim] = draw(st.sampled_from(["", 7, None, True]))
    return access, claims


def test_a_login_is_decided_as_vault_decides_it(login: Login) -> None:
    """On each combination the outcome is Vault's, its reason is among ours, and the readable secrets are the same."""
    login.answers.clear()

    @settings(
        max_examples=ENOUGH,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(combination=logins())
    def compare(combination: tuple[Access, dict[str, Any]]) -> None:
        access, claims = combination
        login.provision(access)
        verdict = judge(access, ROLE, claims)
        token, reason = login.try_(claims)
        if token:
            assert verdict.outcome is Outcome.ADMITTED, f"Vault admits, we refuse: {verdict.refusals}"
            assert login.readable(access, token) == set(verdict.accounts)
        else:
            assert verdict.outcome is Outcome.REFUSED, f"Vault refuses, we admit: {reason}"
            reasons = tuple(check.reason for check in verdict.refusals)
            assert reason.startswith(reasons), f"Vault says {reason!r}, we say {reasons}"

    compare()
    assert sum(login.answers.values()) >= 200
    assert min(login.answers[True], login.answers[False]) >= 50, (
        f"too one-sided to prove much: {login.answers}"
    )


@pytest.mark.parametrize(
    ("bound", "claims", "admitted"),
    [
        ({"namespace_path": "team*"}, {"namespace_path": "team-evil"}, True),
        ({"namespace_path": ["team", "team/*"]}, {"namespace_path": "team-evil"}, False),
        ({"namespace_path": ["team", "team/*"]}, {"namespace_path": "team/a/b"}, True),
        ({"namespace_path": "team/*"}, {"namespace_path": "team/"}, True),
        ({"namespace_path": "team/*"}, {"namespace_path": "Team/a"}, False),
        ({"ref": "a*a"}, {"ref": "a"}, False),
        ({"ref": "*ab*ab"}, {"ref": "xab"}, False),
        ({"ref": "release-?"}, {"ref": "release-1"}, False),
        ({"ref": "release-[1]*"}, {"ref": "release-1"}, False),
        ({"ref_protected": "true"}, {"ref_protected": True}, False),
        ({"ref_protected": "*"}, {"ref_protected": True}, False),
        ({"pipeline_source": "7"}, {"pipeline_source": 7}, False),
        ({"environment": "prod"}, {}, False),
        ({"environment": "prod"}, {"environment": None}, False),
        ({"environment": "prod"}, {"environment": ["dev", "prod"]}, True),
        ({"environment": "prod"}, {"environment": []}, False),
        ({"environment": "*"}, {"environment": ""}, True),
    ],
)
def test_a_case_that_surprises_is_decided_as_vault_decides_it(
    login: Login, bound: dict[str, Any], claims: dict[str, Any], *, admitted: bool
) -> None:
    access = access_with(bound_claims=bound)
    login.provision(access)
    token = {"iss": GITLAB, "aud": GITLAB, "project_id": "7", **claims}
    assert bool(login.try_(token)[0]) is admitted
    assert (judge(access, ROLE, token).outcome is Outcome.ADMITTED) is admitted
