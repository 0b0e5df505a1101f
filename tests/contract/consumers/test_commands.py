"""`./ciaccess render` and `./ciaccess lint-ci` as a user runs them."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[3]
BROKEN = ROOT / "tests" / "data" / "pipelines" / "broken.gitlab-ci.yml"


def ciaccess(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["./ciaccess", *map(str, words)], cwd=ROOT, capture_output=True, text=True, check=False
    )


def answer(done: subprocess.CompletedProcess[str]) -> Any:
    return json.loads(done.stdout)


def test_render_writes_what_check_then_finds_up_to_date(tmp_path: Path) -> None:
    checked = ciaccess("render", "--check", "--folder", tmp_path)
    assert (checked.returncode, "kaniko.yml: missing" in checked.stdout) == (2, True)
    assert not list(tmp_path.iterdir()), "--check writes nothing"
    assert ciaccess("render", "--folder", tmp_path).returncode == 0
    assert ciaccess("render", "--check", "--folder", tmp_path).returncode == 0
    (tmp_path / "kaniko.yml").write_text("edited")
    stale = ciaccess("render", "--check", "--json", "--folder", tmp_path)
    assert stale.returncode == 2
    assert answer(stale) == [{"file": str(tmp_path / "kaniko.yml"), "problem": "stale"}]


def test_render_writes_a_component_project_with_a_page_for_each_component(tmp_path: Path) -> None:
    assert ciaccess("render", "--components").returncode == 1, "ci/templates is no component project"
    (tmp_path / "templates" / "gone").mkdir(parents=True)
    (tmp_path / "templates" / "gone" / "template.yml").touch()
    assert ciaccess("render", "--components", "--folder", tmp_path).returncode == 0
    assert ciaccess("render", "--components", "--check", "--folder", tmp_path).returncode == 0
    folders = {path.parent.name for path in tmp_path.glob("templates/*/template.yml")}
    assert folders == {path.stem for path in (ROOT / "ci" / "templates").glob("*.yml")} - {"nexus"}
    for folder in folders:
        assert "| required | " in (tmp_path / "templates" / folder / "README.md").read_text() or folder not in (
            "docker-pull", "promote-files", "promote-images",
        )  # fmt: skip
        assert f"templates/{folder}/README.md" in (tmp_path / "README.md").read_text()
        template = (tmp_path / "templates" / folder / "template.yml").read_text()
        assert "nexus_auth() {" in template
        assert "include:" not in template.split("---")[1]
    release = YAML(typ="safe").load((tmp_path / ".gitlab-ci.yml").read_text())["release"]
    assert re.search(r"@sha256:[0-9a-f]{64}$", release["image"])
    assert release["release"]["tag_name"] == "$CI_COMMIT_TAG"


def test_render_with_a_wrong_yaml_is_an_error(tmp_path: Path) -> None:
    wrong = tmp_path / "access.yaml"
    wrong.write_text("version: 2\n")
    done = ciaccess("render", "--file", wrong, "--folder", tmp_path)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.glob("*.yml"))


def test_lint_ci_names_file_line_why_and_fix() -> None:
    done = ciaccess("lint-ci", BROKEN)
    assert done.returncode == 2
    assert f"{BROKEN}:14: role: role nexus-read-policy is the name of a policy" in done.stdout
    assert "\n    fix: log in with role nexus-ci\n" in done.stdout
    assert (
        '\n    new line: --data "{\\"jwt\\":\\"${CI_JOB_JWT_V2}\\",\\"role\\":\\"nexus-ci\\"}"' in done.stdout
    )
    assert re.search(r"\n2\d found; --fix can correct \d\n$", done.stdout)


def test_lint_ci_corrects_yaml_values_and_reports_what_is_left(tmp_path: Path) -> None:
    copy = tmp_path / ".gitlab-ci.yml"
    copy.write_bytes(BROKEN.read_bytes())
    done = ciaccess("lint-ci", "--fix", "--json", copy)
    assert done.returncode == 2
    assert {finding["rule"] for finding in answer(done)["fixed"]} == {"audience", "id-tokens", "vault-addr"}
    assert {"role", "kv-path", "push-registry"} <= {finding["rule"] for finding in answer(done)["findings"]}
    mended = copy.read_bytes()
    assert "--fix can correct" not in ciaccess("lint-ci", "--fix", copy).stdout
    assert copy.read_bytes() == mended


def test_lint_ci_is_clean_where_every_value_could_be_corrected(tmp_path: Path) -> None:
    path = tmp_path / "ci.yml"
    path.write_text("job:\n  id_tokens:\n    VAULT_ID_TOKEN:\n      aud: https://vault\n  script: [make]\n")
    done = ciaccess("lint-ci", "--fix", path)
    assert (done.returncode, "4: audience: fixed: " in done.stdout) == (0, True)
    assert ciaccess("lint-ci", path).stdout == "clean\n"


def test_lint_ci_edits_no_script_and_says_what_is_left(tmp_path: Path) -> None:
    path = tmp_path / "ci.yml"
    path.write_text("job:\n  script:\n    - docker push nexus.shared.cwiq.io:8444/x\n")
    done = ciaccess("lint-ci", "--fix", path)
    assert (done.returncode, "fixed" in done.stdout) == (2, False)
    assert "new line: docker push nexus.shared.cwiq.io:8443/x" in done.stdout


def test_lint_ci_names_the_token_that_a_login_needs_and_that_two_new_lines_are_one(
    tmp_path: Path,
) -> None:
    path = tmp_path / "ci.yml"
    path.write_text(
        "deploy:\n  script:\n    - vault write auth/jwt/login role=nexus-ci jwt=$CI_JOB_JWT\n"
        "    - docker login -u svc-bench -p secret nexus.shared.cwiq.io:8444\n"
        "    - docker push nexus.shared.cwiq.io:8444/x\n"
    )
    done = ciaccess("lint-ci", path)
    assert "the login of deploy to Vault needs $VAULT_ID_TOKEN, and none of its id_tokens" in done.stdout
    assert "ci.yml:4: password-argument" in done.stdout
    assert "ci.yml:4: push-registry" in done.stdout
    assert "nexus.shared.cwiq.io:8443\n    in it, keep the change above" in done.stdout
    assert done.stdout.count("in it, keep") == 1


def test_lint_ci_names_the_includes_that_it_could_not_read(tmp_path: Path) -> None:
    path = tmp_path / "ci.yml"
    path.write_text("include: {project: platform/templates, file: vault.yml}\njob:\n  script: [make]\n")
    done = ciaccess("lint-ci", path)
    assert done.returncode == 0
    assert (
        done.stdout
        == f"not read: {path}: project platform/templates vault.yml\nnothing found in what was read\n"
    )


@pytest.mark.parametrize(
    ("text", "code", "shown"),
    [
        ("", 1, "it is empty: a pipeline is a mapping of jobs"),
        ("# nothing\n", 1, "it is empty: a pipeline is a mapping of jobs"),
        ("- job: {script: [make]}\n", 1, "line 1: it is a list: a pipeline is a mapping of jobs"),
        ("job\n", 1, "line 1: it is one value: a pipeline is a mapping of jobs"),
        ("variables: {A: b}\n", 1, "nothing to check: it has no job\n"),
        ("jobs:\n  build: {script: [make]}\n", 1, "nothing to check: it has no job\n"),
        ("include: [{project: a/b, file: c.yml}]\n", 3, "nothing to check: it has no job of its own, and what it includes was not read"),
        ("start: {trigger: {include: child.yml}}\n", 2, "child.yml:2: job-jwt"),
    ],
    ids=["empty", "comment", "list", "scalar", "no job", "not GitLab's", "unread include", "child"],
)  # fmt: skip
def test_lint_ci_calls_nothing_clean_that_it_did_not_check(
    tmp_path: Path, text: str, code: int, shown: str
) -> None:
    (tmp_path / "child.yml").write_text("x:\n  script: [echo $CI_JOB_JWT]\n")
    path = tmp_path / ".gitlab-ci.yml"
    path.write_text(text)
    done = ciaccess("lint-ci", path)
    assert done.returncode == code, done.stdout + done.stderr
    assert shown in done.stdout + done.stderr
    assert "clean" not in done.stdout


def test_lint_ci_accepts_a_part_without_jobs_beside_a_pipeline(tmp_path: Path) -> None:
    part, path = tmp_path / "variables.yml", tmp_path / ".gitlab-ci.yml"
    part.write_text("variables: {A: b}\n")
    path.write_text("job: {script: [make]}\n")
    done = ciaccess("lint-ci", "--json", part, path)
    assert (done.returncode, answer(done)["without_jobs"]) == (0, [str(part)])


def test_lint_ci_finds_our_own_pipeline_clean() -> None:
    done = ciaccess("lint-ci", *sorted((ROOT / "ci" / "pipeline").glob("*.yml")), ROOT / ".gitlab-ci.yml")
    assert (done.returncode, done.stdout) == (0, "clean\n")


def test_lint_ci_says_what_it_cannot_read(tmp_path: Path) -> None:
    path = tmp_path / "ci.yml"
    missing = ciaccess("lint-ci", path)
    assert missing.returncode == 1
    remedy = "Name a pipeline's file, such as .gitlab-ci.yml."
    assert missing.stderr == f"error: read {path}: No such file or directory. {remedy}\n"
    path.write_text("job: [")
    assert ciaccess("lint-ci", path).returncode == 1
    path.write_bytes(b"job: \xff")
    assert "it is not UTF-8" in ciaccess("lint-ci", path).stderr


@pytest.mark.parametrize("fix", [[], ["--fix"]])
def test_lint_ci_checks_the_other_files_and_reports_each_that_it_cannot_read(
    tmp_path: Path, fix: list[str]
) -> None:
    broken, missing, binary = (tmp_path / name for name in ("broken.yml", "missing.yml", "binary.yml"))
    broken.write_bytes(BROKEN.read_bytes())
    binary.write_bytes(b"job: \xff")
    done = ciaccess("lint-ci", *fix, missing, broken, binary)
    assert done.returncode == 1
    assert f"{broken}:14: role: role nexus-read-policy is the name of a policy" in done.stdout
    assert f"error: read {missing}: No such file or directory" in done.stderr
    assert f"error: read {binary}: it is not UTF-8" in done.stderr
    assert ("error: no file was corrected" in done.stderr) == bool(fix)
    # Nothing is changed while something is wrong.
    assert broken.read_bytes() == BROKEN.read_bytes()


def test_lint_ci_is_not_clean_where_a_file_could_not_be_read(tmp_path: Path) -> None:
    good, missing = tmp_path / "good.yml", tmp_path / "missing.yml"
    good.write_text("job: {script: [make]}\n")
    done = ciaccess("lint-ci", good, missing)
    assert (done.returncode, done.stdout) == (1, "nothing found in what was read\n")
    assert answer(ciaccess("lint-ci", "--json", good, missing))["findings"] == []
