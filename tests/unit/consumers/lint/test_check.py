"""Which jobs are checked: all but the hidden ones of our own templates; and which files are refused."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ciaccess.consumers.lint import SourceError, check, lint

if TYPE_CHECKING:
    from ciaccess.access import Access

HIDDEN = ".job:\n  script: [docker push nexus.shared.cwiq.io:8444/x:1]\n"


def test_only_our_own_folder_of_templates_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, access: Access
) -> None:
    monkeypatch.setattr(sys.modules[check.__module__], "_LIBRARY", tmp_path / "ci" / "templates")
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    for folder, findings in (("ci/templates", 0), ("ci/templates-of-others", 1)):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "x.yml").write_text(HIDDEN, encoding="utf-8")
        text = f"include: /{folder}/x.yml\njob: {{script: [make]}}\n"
        for file in (Path("main.yml"), tmp_path / "main.yml"):
            assert len(check(text, access, file).findings) == findings, (folder, file)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("job:\n  script: [\nother: }", r"line 3: is not YAML: did not find .*\. Correct the YAML"),
        (
            "job:\n  script: [make\nother: x",
            r"line 2: is not YAML: .* opens here is not closed before line 3\. Close it",
        ),
        ("job:\n\tscript: x", r"line 2: is not YAML: .*\. Indent with blanks instead of tabs"),
        ("job: x\0y", "is not YAML: unacceptable character"),
    ],
)
def test_a_file_that_is_no_yaml_says_where_and_what_to_do(text: str, fault: str, access: Access) -> None:
    with pytest.raises(SourceError, match=f"^{fault}"):
        lint(text, access)


def test_yaml_that_is_nested_too_deeply_is_refused(access: Access) -> None:
    with pytest.raises(SourceError, match="nested too deeply"):
        lint("[" * 500, access)


@pytest.mark.parametrize("text", ["", "# nothing\n", "- a\n- b\n", "just text", "spec:\n  inputs: {}\n---\n"])
def test_what_is_not_a_pipeline_is_refused(text: str, access: Access) -> None:
    with pytest.raises(SourceError, match="a pipeline is a mapping of jobs"):
        lint(text, access)


LOGIN = "vault write auth/jwt/login role=$ROLE jwt=$VAULT_ID_TOKEN"


@pytest.mark.parametrize(
    ("jobs", "unknown"),
    [
        (f"a: {{variables: {{ROLE: nexus-ci}}, script: [{LOGIN}]}}\nb: {{script: [{LOGIN}]}}\n", True),
        (f"a: {{script: [{LOGIN}, ROLE=nexus-ci, {LOGIN}]}}\n", True),
        (f"a: {{script: [ROLE=nexus-ci, {LOGIN}]}}\n", False),
        (f"a: {{parallel: {{matrix: [{{ROLE: [nexus-ci]}}]}}, script: [{LOGIN}]}}\n", False),
    ],
)
def test_a_role_that_one_job_names_is_not_that_of_another(
    jobs: str, access: Access, *, unknown: bool
) -> None:
    found = check(jobs, access, Path(".gitlab-ci.yml"))
    assert (found.roles, found.has_logins_of_unknown_role) == (("nexus-ci",), unknown)


@pytest.mark.parametrize(
    ("push", "pull"),
    [
        ("push.example.org", "pull.example.org"),
        ("nexus.example.org/docker-dev", "nexus.example.org/docker-all"),
        ("nexus.example.org:8444", "nexus.example.org:8445"),
        ("nexus.example.org:8443", "nexus.example.org"),
        ("nexus.example.org", "nexus.example.org:8443"),
        ("nexus.example.org", "nexus.example.org/docker-all"),
    ],
)
def test_registries_of_any_shape_are_distinguished(push: str, pull: str, access: Access) -> None:
    nexus = access.nexus.model_copy(update={"push_registry": push, "pull_registry": pull})
    declared = access.model_copy(update={"nexus": nexus})
    text = "job:\n  script:\n    - docker pull {1}/base:1\n    - docker build -t {0}/x:1 .\n    - docker push {0}/x:1\n"
    assert lint(text.format(push, pull), declared) == []
    assert [each.line for each in lint(text.format(pull, pull), declared)] == [4, 5]
