"""`./ciaccess lint-ci --group`: a group's pipelines as GitLab merges them, and what could not be read."""

from __future__ import annotations

import json
import os
import subprocess
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from ciaccess.clients.gitlab.variables import GitLab
from ciaccess.clients.http.session import HttpOptions
from ciaccess.consumers.audit.audit import Auditor, audit
from ciaccess.consumers.lint import check
from tests.support.access.organisation import edited, organisation
from tests.support.project.project import ROOT, Done
from tests.support.servers.gitlab import GitlabProcess, start_gitlab

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CORPUS = ROOT / "tests" / "data" / "pipelines" / "corpus"
FOREIGN = ("VAULT_", "NEXUS_", "GITLAB_", "CIACCESS_", "CI_")
AUD = "id_tokens: {VAULT_ID_TOKEN: {aud: https://gitlab.shared.cwiq.io}}"
CLEAN = f"job:\n  {AUD}\n  script: [vault write auth/jwt/login role=nexus-ci jwt=$VAULT_ID_TOKEN]\n"
WRONG_ROLE = CLEAN.replace("nexus-ci", "nexus-read-policy")


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitlabProcess]:
    process = start_gitlab(tmp_path_factory.mktemp("gitlab"))
    yield process
    process.stop()


@pytest.fixture
def audited(instance: GitlabProcess) -> str:
    """Return the path of a group of this test's own."""
    path = f"group-{uuid.uuid4().hex[:10]}"
    instance.seed(groups=[{"path": path}, {"path": f"{path}/sub"}])
    return path


def reader(instance: GitlabProcess, audited: str, role: str = "reporter", scope: str = "read_api") -> str:
    """Return a group access token that reads alone."""
    name = f"audit-{uuid.uuid4().hex[:8]}"
    wanted = {"name": name, "kind": "group", "scopes": [scope], "role": role, "group": audited}
    return str(instance.seed(tokens=[wanted])["tokens"][name])


def run(instance: GitlabProcess, folder: Path, token: str, *words: str) -> Done:
    file = edited(folder, ("  url: https://gitlab.shared.cwiq.io", f"  url: {instance.url}"))
    own = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    done = subprocess.run(
        ["./ciaccess", "lint-ci", "--file", str(file), *words],
        cwd=ROOT,
        env={**own, "GITLAB_TOKEN": token},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert token not in done.stdout + done.stderr
    return Done(done.returncode, done.stdout, done.stderr)


def pipeline(text: str, **files: str) -> dict[str, str]:
    return {".gitlab-ci.yml": text, **files}


def test_a_group_is_answered_whole_with_what_runs_no_pipeline(
    instance: GitlabProcess, audited: str, tmp_path: Path
) -> None:
    shared = "  script: [curl $VAULT_ADDR/v1/secret/nexus/svc-bench]\n"
    library = {"lib.yml": f".read:\n{shared}"}
    included = f"include: [{{project: {audited}/library, file: lib.yml}}]\njob: {{extends: .read}}\n"
    static = "job:\n  script:\n    - docker login -u ci --password-stdin nexus.shared.cwiq.io:8443 <<< $NEXUS_PASSWORD\n"
    instance.seed(
        projects=[
            {"path": f"{audited}/clean", "files": pipeline(CLEAN)},
            {"path": f"{audited}/sub/wrong", "files": pipeline(WRONG_ROLE)},
            {"path": f"{audited}/library", "files": library},
            {"path": f"{audited}/included", "files": pipeline(included)},
            {"path": f"{audited}/static", "files": pipeline(static)},
            {"path": f"{audited}/old", "files": pipeline(WRONG_ROLE), "archived": True},
            {"path": f"{audited}/off", "files": pipeline(WRONG_ROLE), "builds_access_level": "disabled"},
            {"path": f"{audited}/empty"},
        ]
    )
    instance.seed(
        groups=[{"path": f"{audited}-lender"}],
        projects=[
            {"path": f"{audited}-lender/lent", "files": pipeline(WRONG_ROLE), "shared_with": [audited]}
        ],
    )
    page = tmp_path / "pipelines.html"
    done = run(
        instance, tmp_path, reader(instance, audited), "--group", audited, "--json", "--html", str(page)
    )
    assert done.code == 2, done.text
    found = done.json()
    rules = {each["project"]: [one["rule"] for one in each["findings"]] for each in found["projects"]}
    assert rules == {
        f"{audited}/clean": [],
        f"{audited}/included": ["kv-path"],
        f"{audited}/static": ["static-credential"],
        f"{audited}/sub/wrong": ["role"],
    }
    assert {each["project"]: each["because"] for each in found["without_pipeline"]} == {
        f"{audited}/library": "it has no pipeline",
        f"{audited}/old": "it is archived",
        f"{audited}/off": "CI/CD is disabled",
        f"{audited}/empty": "its repository is empty",
    }
    assert found["could_not_look"] == []
    roles = {each["project"]: each["roles"] for each in found["projects"]}
    assert roles[f"{audited}/sub/wrong"] == ["nexus-read-policy"]
    text = page.read_text(encoding="utf-8")
    assert "3 findings in 3 of 4 pipelines" in text
    assert f"{audited}/sub/wrong" in text


def test_child_pipelines_are_read_and_what_cannot_be_read_is_said(
    instance: GitlabProcess, audited: str, tmp_path: Path
) -> None:
    starts = (
        "local: {trigger: {include: ci/child.yml}}\n"
        f"other: {{trigger: {{include: [{{project: {audited}/library, file: jobs.yml, ref: v1}}]}}}}\n"
        "made: {trigger: {include: [{artifact: made.yml, job: local}]}}\n"
    )
    child = f"include: parts.yml\n{WRONG_ROLE.replace('read-policy', 'cl')}"
    instance.seed(
        projects=[
            {
                "path": f"{audited}/parent",
                "files": pipeline(CLEAN + starts, **{"ci/child.yml": child, "parts.yml": CLEAN}),
            },
            {"path": f"{audited}/library", "files": {"jobs.yml": WRONG_ROLE}},
            {"path": f"{audited}/torn", "files": pipeline("start: {trigger: {include: none.yml}}\n")},
            {
                "path": f"{audited}/listed",
                "files": pipeline("start: {trigger: {include: a.yml}}\n", **{"a.yml": "- x"}),
            },
        ]
    )
    done = run(instance, tmp_path, reader(instance, audited), "--group", audited, "--json")
    assert done.code == 3, done.text
    found = done.json()
    findings = {each["project"]: each["findings"] for each in found["projects"]}
    assert {(each["file"], each["rule"]) for each in findings[f"{audited}/parent"]} == {
        ("ci/child.yml", "role"),
        (f"jobs.yml of {audited}/library", "role"),
    }
    unread = {each["subject"]: each["because"] for each in found["could_not_look"]}
    assert unread[f"{audited}/torn, child pipeline none.yml"] == "GitLab answered 404, 404 File Not Found"
    assert "a.yml: line 1: it is a list" in unread[f"{audited}/listed"]
    assert (
        f"child pipeline of made: artifact made.yml local (written by the job) in {audited}/parent"
        in found["not_covered"]
    )


def test_a_clean_project_ends_with_0(instance: GitlabProcess, audited: str, tmp_path: Path) -> None:
    instance.seed(projects=[{"path": f"{audited}/clean", "files": pipeline(CLEAN)}])
    done = run(instance, tmp_path, reader(instance, audited), "--project", f"{audited}/clean")
    assert done.code == 0, done.text
    assert "Clean: 1 pipeline" in done.out


def test_what_cannot_be_read_is_never_clean(instance: GitlabProcess, audited: str, tmp_path: Path) -> None:
    instance.seed(
        projects=[
            {"path": f"{audited}/clean", "files": pipeline(CLEAN)},
            {"path": f"{audited}/broken", "files": pipeline("job: [\n")},
            {"path": f"{audited}/elsewhere", "files": {"x": "y"}, "ci_config_path": "ci.yml@other/project"},
            {"path": f"{audited}/hostile", "files": pipeline("a: &a\n  script: [*a]\n")},
        ]
    )
    done = run(instance, tmp_path, reader(instance, audited), "--group", audited, "--json")
    assert done.code == 3, done.text
    unread = {each["subject"].rpartition("/")[2]: each["because"] for each in done.json()["could_not_look"]}
    assert unread.keys() == {"broken", "elsewhere", "hostile"}
    assert "GitLab refuses its pipeline" in unread["broken"]
    assert "ci.yml@other/project" in unread["elsewhere"]


@pytest.mark.parametrize(
    ("fault", "because"),
    [
        ({"status": 401, "body": {"message": "401 Unauthorized"}}, "401"),
        ({"status": 403, "body": {"message": "403 Forbidden"}}, "403"),
        ({"status": 404, "body": {"message": "404 Project Not Found"}}, "404"),
        ({"status": 500, "body": "oops"}, "500"),
        ({"status": 200, "body": {"valid": True}}, "not the CI lint API's"),
        (
            {"status": 200, "body": {"valid": True, "errors": [], "merged_yaml": "[" * 500}},
            "nested too deeply",
        ),
        ({"status": 200, "body": {"valid": True, "errors": [], "merged_yaml": None}}, "no merged YAML"),
        ({"status": 0, "truncate_bytes": 10}, "GitLab at "),
    ],
    ids=["401", "403", "404", "500", "other JSON", "hostile YAML", "no YAML", "cut"],
)
def test_one_project_that_fails_in_the_middle_is_named_and_the_others_are_checked(
    instance: GitlabProcess, audited: str, fault: dict[str, Any], because: str
) -> None:
    made = instance.seed(
        projects=[{"path": f"{audited}/p{number}", "files": pipeline(WRONG_ROLE)} for number in range(4)]
    )["projects"]
    identity = made[f"{audited}/p2"]
    path = f"/api/v4/projects/{identity}/ci/lint"
    instance.control("POST", "faults", {"count": 20, "method": "GET", "path": path, "status": 0, **fault})
    client = GitLab(instance.url, reader(instance, audited), options=HttpOptions(backoff_seconds=0.01))
    try:
        auditor = Auditor(organisation(), client)
        projects, incomplete = auditor.projects([audited], [])
        found = audit(audited, auditor.check_all(projects), incomplete)
    finally:
        instance.control("DELETE", "faults")
        client.close()
    assert found.code == 3
    assert [each.subject for each in found.could_not_look] == [f"{audited}/p2"]
    assert because in found.could_not_look[0].because
    assert [len(each.checked.findings) for each in found.projects] == [1, 1, 1]


def test_a_token_that_sees_too_little_is_not_clean(
    instance: GitlabProcess, audited: str, tmp_path: Path
) -> None:
    instance.seed(projects=[{"path": f"{audited}/clean", "files": pipeline(CLEAN)}])
    partial = run(instance, tmp_path, reader(instance, f"{audited}/sub"), "--group", audited)
    assert partial.code in (1, 3), partial.text
    guest = run(instance, tmp_path, reader(instance, audited, role="guest"), "--group", audited, "--json")
    assert guest.code == 3, guest.text
    assert any("role Reporter" in each["because"] for each in guest.json()["could_not_look"])
    scope = run(instance, tmp_path, reader(instance, audited, scope="read_repository"), "--group", audited)
    assert (scope.code, "read_api" in scope.err) == (3, True), scope.text


def test_hundreds_of_projects_are_read_by_page_and_each_once(
    instance: GitlabProcess, audited: str, tmp_path: Path
) -> None:
    paths = [f"{audited}/{'sub/' * (number % 2)}p{number}" for number in range(250)]
    instance.seed(
        projects=[
            {"path": path, "files": pipeline(WRONG_ROLE if number % 10 == 0 else CLEAN)}
            for number, path in enumerate(paths)
        ]
    )
    instance.control("DELETE", "requests")
    done = run(instance, tmp_path, reader(instance, audited), "--group", audited, "--json")
    assert done.code == 2, done.text
    found = done.json()["projects"]
    assert sorted(each["project"] for each in found) == sorted(paths)
    assert sum(len(each["findings"]) for each in found) == 25
    asked = instance.control("GET", "requests")["routes"]
    assert asked["GET /api/v4/projects/{id}/ci/lint"] == 250
    assert asked["GET /api/v4/groups/{id}/projects"] == 3


def test_merged_yaml_has_the_findings_of_its_files(instance: GitlabProcess, audited: str) -> None:
    """The corpus of `lint`, each pipeline once as files and once as GitLab merges it."""
    access = organisation()
    parts = {
        f"parts/{path.name}": path.read_text(encoding="utf-8") for path in (CORPUS / "parts").glob("*.yml")
    }
    texts = {
        path.stem: path.read_text(encoding="utf-8")
        for path in sorted(CORPUS.glob("*.yml"))
        if not path.stem.startswith("two-roles")
    }
    instance.seed(
        projects=[
            {"path": f"{audited}/{name}", "files": pipeline(text, **parts)} for name, text in texts.items()
        ]
    )
    client = GitLab(instance.url, instance.root_token)
    auditor = Auditor(access, client)
    results = auditor.check_all(auditor.projects([audited], [])[0])
    client.close()
    compared = 0
    for result in audit(audited, results, []).projects:
        name = result.path.rpartition("/")[2]
        files = check(texts[name], access, CORPUS / f"{name}.yml")
        if files.unread or "lint-ci: allow" in texts[name]:
            continue
        stored = [each for each in result.checked.findings if "neither the pipeline nor Vault" in each.why]
        merged = {_kind(each) for each in result.checked.findings if each not in stored}
        run = [each for each in files.findings if not each.job.startswith(".")]
        assert merged == set(map(_kind, run)), name
        compared += 1
    assert compared >= 35, json.dumps(
        [str(each) for each in results if not hasattr(each, "findings")], indent=1
    )


def _kind(finding: Any) -> tuple[str, str]:
    return finding.rule, finding.remedy
