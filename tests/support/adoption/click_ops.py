"""A world that a team made by hand: 40 objects in Vault, Nexus and GitLab, twelve typical faults among them.

Built in a project's local stack, which has repositories, groups and an empty Vault with its KV engine.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.support.project.project import Project

GROUP = 9
FOLDER = "secret/data/nexus"
PULL = ("nx-repository-view-*-*-browse", "nx-repository-view-*-*-read")
AUDIENCE = "https://gitlab.example"


def _pushes(format_: str, repository: str) -> tuple[str, ...]:
    return tuple(
        f"nx-repository-view-{format_}-{repository}-{action}" for action in ("add", "browse", "edit", "read")
    )


ROLES = {
    "ci-team": _pushes("raw", "raw-dev"),
    "ci-rpm": _pushes("yum", "rpm-dev"),
    "ci-python": _pushes("pypi", "pypi-dev"),
    "ci-docker": _pushes("docker", "docker-dev"),
    "pull-all": PULL,
    # Deleting is in it, too.
    "ci-release": ("nx-repository-view-raw-raw-prod-*", *PULL),
}
# Accounts whose secret is good, with their roles.
GOOD = {
    "svc-build": ("ci-team", "pull-all"),
    "svc-rpm": ("ci-rpm",),
    "svc-python": ("ci-python", "pull-all"),
    "svc-images": ("ci-docker",),
    "svc-pull": ("pull-all",),
    "svc-release": ("ci-release",),
    "svc-limited": ("by-path",),
    "svc-chatty": ("ci-team",),
    # An administrator, whose secret every job reads.
    "svc-root": ("nx-admin",),
}
# What is left out: its password is another one; it has no secret; it is a person.
STALE, WITHOUT_SECRET, PERSON = "svc-stale", "svc-forgotten", "jane"
VARIABLES: dict[str, dict[str, Any]] = {
    "VAULT_ADDR": {"protected": True},
    "NEXUS_REGISTRY_PUSH": {"value": "127.0.0.1:8443", "description": "where images go"},
    "NEXUS_REGISTRY_PULL": {"value": "127.0.0.1:8444"},
    "NEXUS_PASSWORD": {"value": "swordfish-1"},
}
# The names of the twelve faults, as the crawl says them.
FAULTS = frozenset(
    {
        "role-named-as-policy",
        "wildcard-policy",
        "no-bound-claim",
        "open-claim",
        "administrator-readable",
        "user-without-secret",
        "secret-without-user",
        "password-refused",
        "protected-address",
        "credential-variable",
        "secret-holds-more",
        "wide-role",
    }
)


@dataclass
class ClickOps:
    """The world; `passwords` are what its people chose, by account. Of a Nexus without yum, pypi and docker it has less."""

    project: Project
    formats: tuple[str, ...] = ("raw", "yum", "pypi", "docker")
    passwords: dict[str, str] = field(default_factory=dict)
    made: int = 0

    @property
    def roles(self) -> dict[str, tuple[str, ...]]:
        """Return the roles of Nexus with their privileges."""
        views = tuple(f"nx-repository-view-{name}-" for name in (*self.formats, "*"))
        return {name: held for name, held in ROLES.items() if all(each.startswith(views) for each in held)}

    @property
    def good(self) -> dict[str, tuple[str, ...]]:
        """Return the accounts whose secret is good, with their roles."""
        made = {*self.roles, "by-path", "nx-admin"}
        return {name: roles for name, roles in GOOD.items() if set(roles) <= made}

    def build(self) -> None:
        """Make everything."""
        self._nexus()
        self._vault()
        for key, fields in VARIABLES.items():
            value = {"value": self.project.address("vault")} | fields
            self._ok(
                self.project.gitlab("POST", f"api/v4/groups/{GROUP}/variables", json={"key": key} | value)
            )

    def _nexus(self) -> None:
        selector = {"name": "team-paths", "description": "", "expression": 'path =^ "/team/"'}
        self._post("content-selectors", selector)
        privilege = {
            "name": "team-raw",
            "description": "",
            "format": "raw",
            "repository": "raw-dev",
            "contentSelector": "team-paths",
            "actions": ["READ", "EDIT", "BROWSE"],
        }
        self._post("privileges/repository-content-selector", privilege)
        for role, privileges in {**self.roles, "by-path": ("team-raw",)}.items():
            body = {
                "id": role,
                "name": role.title(),
                "description": f"{role} by hand",
                "privileges": privileges,
                "roles": [],
            }
            self._post("roles", body)
        people = {**self.good, STALE: ("pull-all",), WITHOUT_SECRET: ("pull-all",), PERSON: ("pull-all",)}
        for user, roles in people.items():
            self.passwords[user] = f"{user}-ChosenByHand"
            body = {
                "userId": user,
                "firstName": user.removeprefix("svc-").title(),
                "lastName": "CI",
                "emailAddress": f"{user}@example.org",
                "status": "active",
                "password": self.passwords[user],
                "roles": roles,
            }
            self._post("users", body)

    def _vault(self) -> None:
        vault = self.project.vault()
        secrets = {user: {"username": user, "password": self.passwords[user]} for user in (*self.good, STALE)}
        secrets[STALE]["password"] = "long-changed"
        secrets["svc-chatty"]["url"] = "https://nexus.example"
        secrets["svc-gone"] = {"username": "svc-gone", "password": "of-nobody"}
        for name, data in secrets.items():
            vault.secrets.kv.v2.create_or_update_secret(f"nexus/{name}", data, mount_point="secret")
            self.made += 1
        vault.sys.enable_auth_method("jwt", path="jwt")
        url = self.project.address("gitlab")
        vault.write_data("auth/jwt/config", data={"oidc_discovery_url": url, "bound_issuer": url})
        vault.sys.create_or_update_policy("nexus-read-policy", _reads(f"{FOLDER}/*"))
        vault.sys.create_or_update_policy("release-read", _reads(f"{FOLDER}/svc-release"))
        vault.sys.create_or_update_policy("rpm-read", _reads(f"{FOLDER}/svc-rpm"))
        bound: dict[str, dict[str, Any]] = {
            # Jobs name the policy in their login, because the role was named so.
            "nexus-read-policy": {
                "token_policies": ["nexus-read-policy"],
                "bound_claims": {"namespace_path": "orchestrator*"},
                "bound_claims_type": "glob",
            },
            "release": {
                "token_policies": ["release-read"],
                "bound_claims": {"project_path": ["orchestrator/platform"], "ref_protected": "true"},
            },
            # Any job of the instance that has the audience.
            "rpm": {"token_policies": ["rpm-read"]},
        }
        if "svc-rpm" not in self.good:
            del bound["rpm"]
        for role, fields in bound.items():
            body = {
                "role_type": "jwt",
                "user_claim": "project_id",
                "bound_audiences": [AUDIENCE],
                "token_ttl": 600,
                **fields,
            }
            vault.write_data(f"auth/jwt/role/{role}", data=body)
        self.made += 2 + len(bound) + 3

    def _post(self, path: str, body: dict[str, Any]) -> None:
        self._ok(self.project.nexus("POST", f"security/{path}", json=body))

    def _ok(self, answer: Any) -> None:
        assert answer.ok, answer.text
        self.made += 1


def _reads(path: str) -> str:
    return f'path "{path}" {{ capabilities = ["read"] }}'
