"""What a stack can have made in all systems, who has read which secret, and a world that has to be adopted."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.support.recovery.crash import ACCOUNTS

if TYPE_CHECKING:
    from tests.support.project.project import Project
    from tests.support.recovery.crash import Site

POLICY, ROLE = "nexus-read-policy", "auth/jwt/role/nexus-ci"
# Where Nexus's objects lie, by the word for one.
_NEXUS = {"user": "users", "role": "roles", "privilege": "privileges", "selector": "content-selectors"}
_OURS = ("svc-", "nx-pull-raw")


@dataclass(frozen=True)
class Read:
    """What a job has read of an account's secret."""

    account: str
    username: str
    password: str

    def lets_in(self, project: Project) -> bool:
        """Tell whether Nexus takes it."""
        return project.nexus("GET", "status", auth=(self.username, self.password)).ok


def reads(project: Project) -> list[Read]:
    """Return what jobs read now; an account whose secret is not there has none."""
    found = [(account, _fields(project, account)) for account in ACCOUNTS]
    return [Read(account, fields["username"], fields["password"]) for account, fields in found if fields]


def _fields(project: Project, account: str) -> dict[str, str]:
    read: Any = project.vault().read(f"secret/data/nexus/{account}")
    return dict(read["data"]["data"] or {}) if read else {}


def inventory(project: Project) -> set[str]:
    """Return all that a stack could have made, in all systems, by kind and name."""
    found = {f"user {row['userId']}" for row in project.nexus("GET", "security/users?source=default").json()}
    found |= {f"role {row['id']}" for row in project.nexus("GET", "security/roles").json()}
    found |= {f"selector {row['name']}" for row in project.nexus("GET", "security/content-selectors").json()}
    privileges = project.nexus("GET", "security/privileges").json()
    found |= {f"privilege {row['name']}" for row in privileges if not row["readOnly"]}
    variables = project.gitlab("GET", "api/v4/groups/9/variables").json()
    found |= {f"variable {row['key']}" for row in variables}
    vault = project.vault()
    found |= {f"policy {name}" for name in vault.sys.list_policies()["data"]["policies"]}
    mounts = vault.sys.list_auth_methods()["data"]
    found |= {f"auth {name}" for name in mounts}
    if "jwt/" in mounts:
        found |= {f"JWT role {name}" for name in _listed(project, "auth/jwt/role")}
    return found | {f"secret {each.account}" for each in reads(project)}


def _listed(project: Project, path: str) -> list[str]:
    found: Any = project.vault().list(path)
    return list(found["data"]["keys"]) if found else []


def forget(site: Site) -> None:
    """Lose the state."""
    shutil.rmtree(site.project.state / "state" / ".pulumi")
    site.run("stack", "init", "--no-select", plain=True).succeeded()


def spoil(project: Project) -> None:
    """Change by hand a bit of everything that an adoption then brings in line."""
    vault = project.vault()
    text = vault.sys.read_policy(POLICY)["data"]["rules"]
    vault.sys.create_or_update_policy(POLICY, f"{text}\n# by hand")
    role: Any = vault.read(ROLE)
    vault.write_data(ROLE, data=role["data"] | {"token_ttl": 60})
    project.gitlab("PUT", "api/v4/groups/9/variables/NEXUS_REGISTRY", data={"value": "hand.example"})
    for path in ("roles/nx-pull-raw", "roles/ci-svc-one"):
        role = project.nexus("GET", f"security/{path}").json()
        project.nexus("PUT", f"security/{path}", json=role | {"privileges": role["privileges"][:1]})
    for row in project.nexus("GET", "security/users?source=default").json():
        if row["userId"] in ACCOUNTS:
            project.nexus("PUT", f"security/users/{row['userId']}", json=row | {"firstName": "By hand"})
    selector = project.nexus("GET", "security/content-selectors").json()[0]
    path = f"security/content-selectors/{selector['name']}"
    project.nexus("PUT", path, json={**selector, "expression": 'format == "raw" and path =^ "/hand/"'})


def purge(project: Project) -> None:
    """Take away the secrets with all their versions and metadata."""
    for account in ACCOUNTS:
        project.vault().delete(f"secret/metadata/nexus/{account}")


def wipe(site: Site) -> None:
    """Take away all that a stack made, and the state: for the test after one that failed."""
    project, vault = site.project, site.project.vault()
    forget(site)
    if "jwt/" in vault.sys.list_auth_methods()["data"]:
        vault.sys.disable_auth_method("jwt")
    vault.sys.delete_policy(POLICY)
    purge(project)
    for noun, path in _NEXUS.items():
        for each in inventory(project):
            kind, _, name = each.partition(" ")
            if kind == noun and any(mark in name for mark in _OURS):
                project.nexus("DELETE", f"security/{path}/{name}")
    for key in ("VAULT_ADDR", "NEXUS_REGISTRY"):
        project.gitlab("DELETE", f"api/v4/groups/9/variables/{key}")
