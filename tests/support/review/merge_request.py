"""A merge request's change of the organisation's YAML, and what somebody did by hand meanwhile."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.project.project import Project

BY_HAND = ("canary-password-by-hand", "canary-secret-by-hand", "canary-value-by-hand")


def git(folder: Path, *words: str) -> None:
    """Run git in a folder, as somebody."""
    identity = ("-c", "user.name=Test", "-c", "user.email=test@ci.invalid")
    subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True)


def make_change(project: Project) -> None:
    """Edit the YAML: add an account, widen claims, make an administrator, remove an account, rotate two passwords: in turns, and in place."""
    project.edit("[orchestrator, orchestrator/*]", "[orchestrator, orchestrator/*, platform, platform/*]")
    project.edit("        - svc-bench\n        - svc-fsdb\n", "        - svc-new\n")
    project.edit("  svc-bench:\n    purpose: Bench\n    push: [yum]\n", "")
    project.edit("    purpose: FSDB/CWIQFS\n", "    purpose: FSDB/CWIQFS\n    roles: [nx-admin]\n")
    for purpose in ("Datastore", "Administrative automation; no JWT role may read its secret"):
        project.edit(f"    purpose: {purpose}\n", f"    purpose: {purpose}\n    rotation: 2\n")
    new = "  svc-new:\n    purpose: New <b>thing</b> | @all\n    push: [raw]\n    path: /new/\n"
    project.edit("  # System accounts.\n", f"{new}  # System accounts.\n")


def make_drift(project: Project) -> None:
    """Change by hand: roles of Nexus and Vault, a password in each, a user deleted, a variable, and the policy."""
    role = project.nexus("GET", "security/roles/nx-pull-all").json()
    assert project.nexus("PUT", "security/roles/nx-pull-all", json=role | {"privileges": ["nx-all"]}).ok
    text = {"Content-Type": "text/plain"}
    path = "security/users/svc-executor/change-password"
    assert project.nexus("PUT", path, data=BY_HAND[0], headers=text).ok
    secret = {"data": {"username": "svc-deployer", "password": BY_HAND[1]}}
    project.vault().write_data("secret/data/nexus/svc-deployer", data=secret)
    assert project.nexus("DELETE", "security/users/svc-promoter").ok
    variable = {"value": BY_HAND[2]}
    assert project.gitlab("PUT", "api/v4/groups/9/variables/NEXUS_RPM_REPO", json=variable).ok
    rule = 'path "secret/data/nexus/*" { capabilities = ["read"] }'
    project.vault().sys.create_or_update_policy("nexus-read-policy", rule)
    # Written whole: Vault keeps no field of an auth role that a write leaves out.
    found = project.vault().read("auth/jwt/role/nexus-ci")
    assert isinstance(found, dict)
    project.vault().write_data(
        "auth/jwt/role/nexus-ci", data=found["data"] | {"token_policies": ["nexus-read-policy", "root"]}
    )
