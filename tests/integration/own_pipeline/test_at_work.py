"""What the three identities are for: each does all of its job, with no right that the job does not use."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from ciaccess.access import load
from ciaccess.access.desired import pipeline_identities
from ciaccess.access.desired.vault import vault_policies
from ciaccess.access.model.checks_dates import today
from tests.support.drift.drift import CLEAN, COULD_NOT_LOOK, Looked, do_by_hand
from tests.support.drift.ways import WAYS, enable_auth
from tests.support.own_pipeline.identities import SCHEDULED, engine_as, is_alive, own_secret, run_as
from tests.support.provider.holdings import metadata, secret

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.project.project import Done, Project

NEW_ACCOUNT = "  svc-fresh:\n    purpose: Fresh\n    push: [raw]\n    path: /orchestrator/fresh/\n"
# What only the released plugin of pulumi-vault asks for; the one of these tests is older (facts on Vault's provider).
ONLY_RELEASED = ("sys/mounts/auth/jwt", "sys/mounts/auth/jwt/tune")


def preview(project: Project, *words: str) -> Done:
    """Run what the job of a merge request runs, on its branch."""
    words = ("preview", "--refresh", *words)
    return engine_as(project, "preview", *words, ref="feature", ref_type="merge_request")


def apply(project: Project, *words: str) -> Done:
    """Run what the job of the default branch runs."""
    return engine_as(project, "apply", "up", "--yes", "--skip-preview", "--refresh", *words)


def drift(project: Project, *words: str) -> Done:
    """Run what the scheduled job runs."""
    words = ("./ciaccess", "drift", "--stack", "local", "--file", str(project.access), *words)
    return run_as(project, "drift", *words, **SCHEDULED)


@pytest.fixture(scope="module")
def audit(bootstrapped: Project) -> Path:
    """A file in which Vault notes every request."""
    file = bootstrapped.folder / "audit.log"
    bootstrapped.vault().sys.enable_audit_device("file", options={"file_path": str(file)})
    return file


@pytest.fixture
def edited(bootstrapped: Project) -> Iterator[Project]:
    """The project, whose YAML a test may edit; the test leaves it provisioned as the YAML was."""
    text = bootstrapped.access.read_text(encoding="utf-8")
    yield bootstrapped
    bootstrapped.access.write_text(text, encoding="utf-8")


def asked(audit: Path, role: str) -> set[str]:
    """Return the paths that a role's tokens have asked for, and Vault allowed."""
    found = set()
    for line in audit.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        if entry["type"] == "response" and f"{role}-policy" in (entry.get("auth") or {}).get("policies", ()):
            assert "error" not in entry or "permission denied" not in entry["error"], entry["request"]["path"]
            found.add(entry["request"]["path"])
    return found


def unused(project: Project, audit: Path, role: str) -> set[str]:
    """Return the paths of a role's policy that nothing has been asked at.

    A preview asks for the metadata of a secret from the account's first rotation on.
    """
    text = vault_policies(load(project.access))[role].text
    seen = asked(audit, role)
    left = set()
    for path in re.findall(r'path "([^"]+)"', text):
        pattern = re.compile(re.escape(path).replace(r"\+", "[^/]+"))
        # Vault notes a list with a slash at its end, and takes a rule without one for it, too.
        if not any(pattern.fullmatch(each) for one in seen for each in (one, one.removesuffix("/"))):
            left.add(path)
    return {
        path
        for path in left - set(ONLY_RELEASED)
        if role != pipeline_identities.PREVIEW or "/metadata/" not in path
    }


def test_after_the_bootstrap_all_three_find_nothing_and_those_that_look_use_every_right_they_have(
    bootstrapped: Project, audit: Path
) -> None:
    apply(bootstrapped, "--expect-no-changes").succeeded()
    assert preview(bootstrapped, "--expect-no-changes").code == 0
    found = drift(bootstrapped)
    assert found.code == 0, found.text
    assert unused(bootstrapped, audit, pipeline_identities.PREVIEW) == set()
    # Other auth mounts' lists are asked for where such mounts are.
    elsewhere = {path for path in unused(bootstrapped, audit, pipeline_identities.DRIFT) if "+" not in path}
    assert elsewhere == set()


def test_the_drift_identity_finds_whatever_logs_in_and_reads_the_secrets(bootstrapped: Project) -> None:
    """By its own token, at mounts whose names have slashes too; and where it may not look, it is not clean."""
    for each in WAYS:
        each.make(bootstrapped)
    found = drift(bootstrapped, "--json")
    report = found.json()
    assert report["could_not_look"] == []
    assert {(finding["id"], finding["object"]) for finding in report["findings"]} == {
        finding for each in WAYS for finding in each.findings
    }
    assert any("accessors of the auth mount token/" in remark for remark in report["remarks"])
    enable_auth("approle", "a/b/c/d")(bootstrapped)
    assert drift(bootstrapped).code == COULD_NOT_LOOK
    bootstrapped.vault().sys.disable_auth_method("a/b/c/d")
    do_by_hand(bootstrapped, Looked(found.code, report, found.err))
    assert drift(bootstrapped).code == CLEAN


@pytest.mark.parametrize(
    "privilege",
    ["nx-users-read", "nx-roles-read", "nx-privileges-read", "nx-selectors-read", "nx-settings-read"],
)
def test_a_reader_without_one_of_its_privileges_could_not_look(bootstrapped: Project, privilege: str) -> None:
    where = f"security/roles/{pipeline_identities.NEXUS_READER}"
    role = bootstrapped.nexus("GET", where).json()
    less = {**role, "privileges": [each for each in role["privileges"] if each != privilege]}
    assert len(less["privileges"]) == len(role["privileges"]) - 1
    assert bootstrapped.nexus("PUT", where, json=less).ok
    try:
        found = drift(bootstrapped)
    finally:
        assert bootstrapped.nexus("PUT", where, json=role).ok
    assert found.code == 3, found.text


def test_a_branch_previews_a_new_account_and_a_rotation_and_the_apply_does_them_and_repairs(
    edited: Project,
) -> None:
    before, old = edited.access.read_text(encoding="utf-8"), edited.secret("svc-bench")
    edited.edit("  svc-fsdb:\n    purpose", f"{NEW_ACCOUNT}  svc-fsdb:\n    purpose")
    edited.edit("        - svc-fsdb\n", "        - svc-fsdb\n        - svc-fresh\n")
    edited.edit("purpose: Bench\n", "purpose: Bench\n    rotation: 2\n")
    shown = preview(edited).succeeded()
    assert "svc-fresh" in shown.text
    assert old == edited.secret("svc-bench")
    meddle(edited)
    apply(edited).succeeded()
    assert edited.secret("svc-bench")["password"] != old["password"]
    for account in ("svc-fresh", "svc-bench", "svc-executor", "svc-fsdb"):
        assert edited.accepts(account)
    edited.access.write_text(before, encoding="utf-8")
    apply(edited).succeeded()
    assert edited.nexus("GET", "security/roles/ci-svc-fresh").status_code == 404
    preview(edited, "--expect-no-changes").succeeded()


def test_an_apply_renames_and_removes_accounts_and_leaves_a_purge_to_the_administrator(
    edited: Project,
) -> None:
    before, rest = edited.access.read_text(encoding="utf-8"), edited.secret("svc-executor")
    formerly = f"    formerly: {{svc-fsdb: {{until: {today().isoformat()}, rotation: 1}}}}\n"
    edited.edit("        - svc-fsdb\n", "        - svc-files\n")
    edited.edit("  svc-fsdb:\n", f"  svc-files:\n{formerly}")
    edited.edit("purpose: Bench\n", "purpose: Bench\n    purge: true\n")
    assert "svc-files" in preview(edited).succeeded().text
    apply(edited).succeeded()
    assert edited.accepts("svc-files")
    assert edited.accepts("svc-fsdb")
    edited.edit(formerly, "")
    edited.edit("        - svc-bench\n", "")
    edited.edit("  svc-bench:\n    purpose: Bench\n    purge: true\n    push: [yum]\n", "")
    refused = apply(edited, "--continue-on-error")
    assert refused.code != 0
    assert re.search(
        r"delete all versions of secret 'secret/nexus/svc-bench'.*permission denied", refused.text
    )
    assert edited.accepts("svc-bench"), "nothing of it is gone while its secret is there"
    assert secret(edited, "svc-fsdb") is None
    edited.up().succeeded()
    assert metadata(edited, "svc-bench") is None
    assert edited.secret("svc-executor") == rest
    edited.access.write_text(before, encoding="utf-8")
    apply(edited).succeeded()
    preview(edited, "--expect-no-changes").succeeded()


def meddle(project: Project) -> None:
    """Change something of each kind by hand."""
    vault = project.vault()
    vault.sys.create_or_update_policy("nexus-read-policy", 'path "secret/*" { capabilities = ["read"] }')
    vault.auth.jwt.delete_role("nexus-ci")
    other = {"username": "svc-executor", "password": "by-hand"}
    vault.secrets.kv.v2.create_or_update_secret("nexus/svc-executor", other, mount_point="secret")
    assert project.nexus("DELETE", "security/users/svc-fsdb").ok
    assert project.gitlab("DELETE", "api/v4/groups/9/variables/VAULT_ADDR").ok


def test_an_apply_cannot_touch_the_pipelines_own_and_the_administrator_can(edited: Project) -> None:
    policy = f"{pipeline_identities.APPLY}-policy"
    vault = edited.vault()
    text = vault.sys.read_acl_policy(policy)["data"]["policy"]
    vault.sys.create_or_update_policy(policy, f'{text}path "cubbyhole/x" {{ capabilities = ["read"] }}\n')
    edited.edit("  branch: main\n", "  branch: main\n  rotation: 2\n")
    old = own_secret(edited, pipeline_identities.READER)
    refused = apply(edited, "--continue-on-error")
    assert refused.code != 0
    assert policy in refused.text
    assert "permission denied" in refused.text
    assert own_secret(edited, pipeline_identities.READER) == old
    assert drift(edited).code in (2, 3)
    edited.up("--refresh").succeeded()
    assert vault.sys.read_acl_policy(policy)["data"]["policy"] == text
    apply(edited, "--expect-no-changes").succeeded()


def test_tokens_of_vault_are_gone_when_the_command_has_ended(bootstrapped: Project) -> None:
    shown = run_as(bootstrapped, "preview", "sh", "-c", 'printf "token=%s" "$VAULT_TOKEN"').succeeded()
    (token,) = re.findall(r"token=(\S+)", shown.out)
    assert not is_alive(bootstrapped, token)
