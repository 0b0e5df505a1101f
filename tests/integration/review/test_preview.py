"""`./ciaccess preview` on a real merge request: the real engine, Vault and plugins, and drift in the systems meanwhile.

The tests run in order: the stack as it was provisioned, then a change with drift, then what cannot be looked at.
"""

from __future__ import annotations

import json
import os
import re
import signal
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.support.review.merge_request import BY_HAND, git, make_change, make_drift

if TYPE_CHECKING:
    from tests.support.project.project import Done, Project

SMALL = """
path "*" { capabilities = ["create", "read", "update", "delete", "list", "sudo"] }
path "secret/metadata/nexus/svc-deployer" { capabilities = ["deny"] }
"""


@dataclass
class Previewed:
    """A run of the command with all of its outputs."""

    done: Done
    report: dict[str, Any]
    markdown: str
    html: str
    counts: dict[str, int]
    notes: list[str]
    secrets: list[str]

    def everything(self) -> str:
        """Return all that was written anywhere, but for escapes."""
        return "\n".join([self.done.text, json.dumps(self.report), self.markdown, self.html, *self.notes])


def preview(project: Project, *words: str) -> Done:
    settings = ("--config-file", str(project.folder / "Pulumi.local.yaml"))
    return project.ciaccess("preview", "--stack", "local", *settings, *words)


@pytest.fixture(scope="module")
def stack(provisioned: Project) -> Project:
    """The provisioned stack, its YAML committed as the base of what follows, and a merge request in GitLab."""
    git(provisioned.folder, "init", "-q")
    git(provisioned.folder, "add", "access.yaml")
    git(provisioned.folder, "commit", "-q", "-m", "base")
    fields = {"name": "reviewed", "path": "reviewed", "namespace_id": 9}
    project = provisioned.gitlab("POST", "api/v4/projects", json=fields).json()
    branches = {"title": "t", "source_branch": "change", "target_branch": "main"}
    made = provisioned.gitlab("POST", f"api/v4/projects/{project['id']}/merge_requests", json=branches).json()
    provisioned.extra |= {
        "CI_PROJECT_ID": str(project["id"]),
        "CI_MERGE_REQUEST_IID": str(made["iid"]),
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": "HEAD",
        "CI_JOB_URL": "https://gitlab.example/job/1",
        "CI_PROJECT_DIR": str(provisioned.folder),
    }
    return provisioned


def notes(project: Project) -> list[str]:
    place = (
        f"projects/{project.extra['CI_PROJECT_ID']}/merge_requests/{project.extra['CI_MERGE_REQUEST_IID']}"
    )
    return [note["body"] for note in project.gitlab("GET", f"api/v4/{place}/notes").json()]


@pytest.fixture(scope="module")
def clean(stack: Project) -> Done:
    """A preview of the stack as it was provisioned."""
    return preview(stack, "--json")


@pytest.fixture(scope="module")
def previewed(stack: Project, clean: Done) -> Previewed:
    assert clean.code == 0, clean.text
    accounts = ("bench", "datastore", "deployer", "executor", "fsdb", "promoter", "admin", "orchestrator")
    secrets = [stack.secret(f"svc-{account}")["password"] for account in accounts]
    secrets += [stack.credential(name) for name in ("vault-token", "nexus-password", "gitlab-token")]
    make_change(stack)
    make_drift(stack)
    folder = stack.folder
    files = {name: folder / f"preview.{name}" for name in ("json", "md", "html", "tf")}
    words = ("--json", files["json"], "--markdown", files["md"], "--html", files["html"])
    done = preview(stack, *map(str, words), "--terraform-report", str(files["tf"]), "--note")
    assert done.code == 2, done.text
    texts = {name: path.read_text(encoding="utf-8") for name, path in files.items()}
    report, counts = json.loads(texts["json"]), json.loads(texts["tf"])
    return Previewed(done, report, texts["md"], texts["html"], counts, notes(stack), secrets)


def sentences(changes: list[dict[str, Any]]) -> dict[str, list[str]]:
    return {change["sentence"]: change["risks"] for change in changes}


def fields(changes: list[dict[str, Any]]) -> dict[tuple[str, str, str], list[str]]:
    return {
        (change["action"], change["kind"], change["name"]): [field["field"] for field in change["fields"]]
        for change in changes
    }


def test_a_stack_as_declared_has_nothing_to_change(clean: Done) -> None:
    assert clean.code == 0, clean.text
    report = clean.json()
    assert report["clean"] is True
    assert report["agreement"]["agree"] is True
    assert report["counts"] == {"create": 0, "update": 0, "delete": 0}


def test_who_gains_and_loses_is_said_with_marks(previewed: Previewed) -> None:
    gains = sentences(previewed.report["access"]["gains"])
    assert gains["svc-fsdb is now an administrator of Nexus"] == ["admin right"]
    assert gains["svc-new may now push raw in raw-dev under /new/"] == []
    (wider,) = [sentence for sentence, risks in gains.items() if "wider claims" in risks]
    assert wider.startswith("jobs of platform/* may now log in with role nexus-ci too")
    losses = sentences(previewed.report["access"]["losses"])
    assert "svc-bench is no longer an account" in losses
    assert "jobs of orchestrator/* lose secrets svc-bench and svc-fsdb" in losses


def test_the_yaml_and_the_engine_agree_whatever_drifted(previewed: Previewed) -> None:
    agreement = previewed.report["agreement"]
    assert agreement["agree"] is True, agreement


def test_resources_are_told_by_field_and_a_password_by_its_version(previewed: Previewed) -> None:
    changes = fields(previewed.report["changes"])
    assert changes["update", "Nexus user", "svc-fsdb"] == ["roles"]
    assert changes["update", "Vault JWT role", "nexus-ci"] == ["boundClaims.namespace_path"]
    assert changes["update", "Vault policy", "nexus-read-policy"] == ["policy"]
    assert previewed.markdown.count("password: changes (version 1 → 2)") == 2, (
        "svc-admin, in Nexus and in Vault"
    )
    assert "password: changes (version 1 → 2, now of the user svc-datastore-b)" in previewed.markdown
    assert '-path "secret/data/nexus/svc-bench" {' in previewed.markdown


def test_an_account_that_comes_or_goes_is_one_item_with_its_parts(previewed: Previewed) -> None:
    accounts = {
        change["name"]: change for change in previewed.report["changes"] if change["kind"] == "account"
    }
    new = fields(accounts["svc-new"]["parts"])
    assert list(new) == [
        ("create", "Nexus user", "svc-new"),
        ("create", "Nexus role", "ci-svc-new"),
        ("create", "Nexus privilege", "ci-svc-new-raw-dev"),
        ("create", "Nexus content selector", "ci-svc-new-raw"),
        ("create", "Vault secret", "secret/data/nexus/svc-new"),
        ("create", "metadata of Vault secret", "secret/data/nexus/svc-new"),
    ]
    assert {"first_name", "password", "roles"} <= set(new["create", "Nexus user", "svc-new"])
    assert fields(accounts["svc-bench"]["parts"]) == {
        ("delete", "Nexus user", "svc-bench"): [],
        ("delete", "Nexus role", "ci-svc-bench"): [],
        ("delete", "Vault secret", "secret/data/nexus/svc-bench"): ["versions"],
    }


def test_drift_is_told_apart_from_what_the_change_does(previewed: Previewed) -> None:
    assert fields(previewed.report["drift"]["resources"]) == {
        ("update", "Nexus role", "nx-pull-all"): ["privileges"],
        ("delete", "Nexus user", "svc-promoter"): [],
        ("update", "Vault policy", "nexus-read-policy"): ["policy"],
        ("update", "Vault secret", "secret/data/nexus/svc-deployer"): ["password"],
        ("update", "GitLab variable", "NEXUS_RPM_REPO"): ["value"],
        ("update", "Vault JWT role", "nexus-ci"): ["tokenPolicies"],
    }
    changed = {name for _, _, name in fields(previewed.report["changes"])}
    assert not changed & {
        "nx-pull-all",
        "svc-executor",
        "svc-promoter",
        "secret/data/nexus/svc-deployer",
        "NEXUS_RPM_REPO",
    }
    by_hand = sentences(previewed.report["drift"]["access"]["gains"])
    assert by_hand["svc-deployer is now an administrator of Nexus"] == ["admin right"]
    assert by_hand["jobs of orchestrator/* gain secret svc-admin"] == ["admin right"]
    assert by_hand["role nexus-ci now has the policy root, which allows everything"] == ["admin right"]


def test_gitlabs_report_has_the_three_numbers_and_nothing_else(previewed: Previewed) -> None:
    assert previewed.counts == previewed.report["counts"]
    assert set(previewed.counts) == {"create", "update", "delete"}
    # As the engine counts: svc-new; svc-bench. Then three accounts and two objects of Vault that the change alters, two
    # accounts, a role and a variable that up repairs.
    assert previewed.counts == {"create": 1, "update": 9, "delete": 1}


def test_no_secret_is_in_any_output(previewed: Previewed) -> None:
    everything = previewed.everything()
    for secret in (*previewed.secrets, *BY_HAND):
        assert secret not in everything


def test_the_merge_request_has_one_note_that_links_to_the_page(previewed: Previewed) -> None:
    (note,) = previewed.notes
    assert note.startswith("<!-- ciaccess preview ciaccess local -->\n")
    assert note.endswith("(https://gitlab.example/job/1/artifacts/file/preview.html)")
    assert "@all" not in note
    assert "<b>" not in note
    assert "note on !1: created" in previewed.done.err


def test_the_same_run_again_does_not_edit_the_note(stack: Project, previewed: Previewed) -> None:
    stack.extra["CI_JOB_URL"] = "https://gitlab.example/job/2"
    done = preview(stack, "--html", str(stack.folder / "preview.html"), "--note")
    assert "note on !1: unchanged" in done.err
    assert notes(stack) == previewed.notes


@pytest.mark.usefixtures("previewed")
def test_what_the_engine_refuses_is_a_failure_and_no_result(stack: Project) -> None:
    kv = stack.vault().secrets.kv.v2
    kv.create_or_update_secret("nexus/svc-new", {"username": "x"}, mount_point="secret")
    done = preview(stack, "--json")
    kv.delete_metadata_and_all_versions("nexus/svc-new", mount_point="secret")
    assert done.code == 1, done.text
    assert done.json()["clean"] is None
    assert "secret/data/nexus/svc-new" in " ".join(done.json()["error"])


@pytest.mark.usefixtures("previewed")
def test_a_secret_that_the_token_may_not_read_is_not_told_as_deleted(stack: Project) -> None:
    vault = stack.vault()
    vault.sys.create_or_update_policy("small", SMALL)
    stack.extra["VAULT_TOKEN"] = vault.auth.token.create(policies=["small"])["auth"]["client_token"]
    try:
        done = preview(stack, "--json")
    finally:
        del stack.extra["VAULT_TOKEN"]
    assert done.code == 3, done.text
    assert re.search(r"secret/(metadata/)?nexus/svc-deployer.*: Vault answered 403", done.err), done.err
    assert done.json()["clean"] is None


@pytest.mark.parametrize(
    ("variable", "value", "system"),
    [
        ("VAULT_TOKEN", "hvs.unknown", "Vault"),
        ("NEXUS_PASSWORD", "wrong-password", "Nexus"),
        ("GITLAB_TOKEN", "glpat-unknown-token", "GitLab"),
    ],
)
def test_a_credential_that_is_refused_is_could_not_look_before_the_engine_runs(
    stack: Project, variable: str, value: str, system: str
) -> None:
    stack.extra[variable] = value
    try:
        done = preview(stack)
    finally:
        del stack.extra[variable]
    assert done.code == 3, done.text
    assert f"could not look at {system}: " in done.text
    assert "pulumi preview" not in done.err
    assert value not in done.text


@pytest.mark.parametrize(
    ("fault", "because"),
    [
        ({"status": 403}, "list roles: Nexus answered HTTP 403 with an empty body"),
        ({"status": 0, "cut": "before"}, "sent no complete response"),
    ],
)
def test_nexus_that_fails_while_the_engine_runs_is_could_not_look_once(
    stack: Project, fault: dict[str, Any], because: str
) -> None:
    """The check before the engine asks for other lists; the plugin reports the status as data."""
    address = f"{stack.address('nexus')}/simulator/faults"
    login = ("admin", stack.credential("nexus-password"))
    wanted = {"count": 1000, "path": "/service/rest/v1/security/roles", **fault}
    requests.post(address, json=wanted, auth=login, timeout=60).raise_for_status()
    try:
        done = preview(stack, "--json")
    finally:
        requests.delete(address, auth=login, timeout=60).raise_for_status()
    assert done.code == 3, done.text
    (entry,) = done.json()["could_not_look"]
    assert entry["system"] == "Nexus"
    assert because in entry["because"]


def test_a_base_that_git_does_not_know_is_an_error_before_anything_is_asked(stack: Project) -> None:
    done = preview(stack, "--base", "no-such-revision")
    assert done.code == 1
    assert "git does not know it here" in done.err


def test_a_note_outside_of_a_merge_request_is_an_error_before_anything_is_asked(stack: Project) -> None:
    words = ("./ciaccess", "preview", "--stack", "local", "--note")
    done = stack.run(*words, without=("CI_MERGE_REQUEST_IID",))
    assert done.code == 1
    assert "--note needs CI_MERGE_REQUEST_IID" in done.err


def test_a_vault_that_is_down_is_could_not_look_within_seconds(stack: Project) -> None:
    known = json.loads((stack.local / "stack.json").read_text(encoding="utf-8"))
    os.kill(known["pids"]["vault"], signal.SIGKILL)
    began = time.monotonic()
    done = preview(stack, "--note")
    assert time.monotonic() - began < 60, "five, and what the rest of the machine takes"
    assert done.code == 3, done.text
    assert "could not look at Vault: " in done.text
    (note,) = notes(stack)
    assert "Could not look" in note, "a note of before would tell of what nobody knows any more"
