from __future__ import annotations

import subprocess
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from ruamel.yaml import YAML

from ciaccess.access import Access, load
from ciaccess.consumers import names
from ciaccess.consumers.templates import LIBRARY, TEMPLATES, differences, library_path, render, write
from ciaccess.engine.settings import CONFIG_FOLDER

if TYPE_CHECKING:
    from pathlib import Path

RELEASE_ROLE = """  roles:
    nexus-release:
      bound_audiences: [https://release.example.org]
      bound_claims: {namespace_path: [orchestrator], ref_protected: ["true"]}
      accounts: [svc-promoter]
    nexus-ci:"""
ORGANISATION = CONFIG_FOLDER / "access.yaml"


def edited(tmp_path: Path, *changes: tuple[str, str]) -> Access:
    text = ORGANISATION.read_text(encoding="utf-8")
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path = tmp_path / "access.yaml"
    path.write_text(text, encoding="utf-8")
    return load(path)


def documents(text: str) -> list[Any]:
    return list(YAML(typ="safe").load_all(text))


def templates(access: Access) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Return each template's inputs and body as standalone files, in which nothing refers to the library."""
    found = {}
    for name, text in render(access, library=None).items():
        if name != LIBRARY:
            header, body = documents(text)
            found[name] = (header["spec"]["inputs"], body)
    return found


def test_the_templates_are_as_access_yaml_says(access: Access) -> None:
    assert differences(render(access), TEMPLATES) == [], "render them: ./ciaccess render"


def test_write_renders_what_is_stale_or_missing_and_removes_what_is_left_over(
    access: Access, tmp_path: Path
) -> None:
    wanted = render(access)
    write(wanted, tmp_path)
    assert differences(wanted, tmp_path) == []
    (tmp_path / "kaniko.yml").unlink()
    (tmp_path / "rpm-upload.yml").write_text("edited by hand")
    (tmp_path / "gone.yml").touch()
    (tmp_path / "README.md").touch()
    found = {each.path.name: each.problem for each in differences(wanted, tmp_path)}
    assert found == {"kaniko.yml": "missing", "rpm-upload.yml": "stale", "gone.yml": "left over"}
    write(wanted, tmp_path)
    assert differences(wanted, tmp_path) == []
    assert (tmp_path / "README.md").exists()


def test_the_shell_is_in_the_library_alone_and_a_job_is_short(access: Access) -> None:
    lines = {name: text.splitlines() for name, text in render(access).items()}
    assert max(len(text) for name, text in lines.items() if name != LIBRARY) <= 60
    # The organisation's eight accounts have a line each; further ones add theirs.
    assert sum(map(len, lines.values())) - len(access.accounts) <= 1500 - 8
    assert [name for name, text in lines.items() if "nexus_auth() {" in "\n".join(text)] == [LIBRARY]


def test_another_account_changes_the_library_alone(access: Access, tmp_path: Path) -> None:
    other = edited(
        tmp_path,
        ("  svc-bench:\n", "  svc-new:\n    purpose: New\n    push: [docker, yum, npm]\n  svc-bench:\n"),
        ("        - svc-bench\n", "        - svc-bench\n        - svc-new\n"),
    )
    before, after = render(access), render(other)
    assert [name for name in before if before[name] != after[name]] == [LIBRARY]


def test_the_library_is_included_by_its_path_in_the_repository(tmp_path: Path) -> None:
    assert library_path(TEMPLATES) == "/ci/templates/nexus.yml"
    (tmp_path / ".git").mkdir()
    assert library_path(tmp_path / "a" / "b") == "/a/b/nexus.yml"


def test_every_template_takes_its_names_from_the_yaml(tmp_path: Path) -> None:
    other = edited(
        tmp_path,
        ("address: https://vault.shared.cwiq.io", "address: https://vault.example.org"),
        ("mount: jwt ", "mount: gitlab "),
        ("mount: secret ", "mount: kv "),
        ("url: https://nexus.shared.cwiq.io", "url: https://nexus.example.org/nexus"),
        ("push_registry: nexus.shared.cwiq.io:8443", "push_registry: push.example.org:443"),
        ("pull_registry: nexus.shared.cwiq.io:8444", "pull_registry: pull.example.org:443"),
        ("bound_audiences: [https://gitlab.shared.cwiq.io]", "bound_audiences: [https://vault.example.org]"),
        ("url: https://gitlab.shared.cwiq.io", "url: https://gitlab.example.org"),
    )
    for name, text in render(other, library=None).items():
        assert "cwiq" not in text, name
        assert "auth/gitlab/login" in text
        assert "kv/data/nexus" in text
        assert "https://vault.example.org" in text


def test_no_input_is_ever_read_as_shell(access: Access) -> None:
    for name, (_, body) in templates(access).items():
        job = next(iter(body.values()))
        for section in ("before_script", "script", "after_script"):
            assert not any("$[[" in line for line in job.get(section, [])), f"{name}: {section}"


def test_every_input_of_a_component_is_used_and_described(access: Access) -> None:
    for name, (inputs, body) in templates(access).items():
        text = repr(body)
        for each, fields in inputs.items():
            assert f"$[[ inputs.{each} ]]" in text, f"{name}: {each}"
            assert fields["description"], f"{name}: {each}"


def test_hidden_jobs_hold_the_shell_once(access: Access) -> None:
    text = render(access)[LIBRARY]
    assert text.count("nexus_auth() {") == 1
    (jobs,) = documents(text)
    login, *rest = jobs[".nexus_auth"]["before_script"][1:]
    assert (login, rest) == ('nexus_auth "${NEXUS_ACCOUNT:-}"', ["nexus_docker_login", "nexus_export"])
    assert (
        jobs[".nexus_kaniko"]["image"]["name"]
        .partition("@sha256:")[0]
        .endswith(":8444/gcr.io/kaniko-project/executor:v1.23.2-debug")
    )


def test_two_roles_with_audiences_of_their_own_are_both_named(tmp_path: Path) -> None:
    other = edited(
        tmp_path,
        (
            "  roles:\n    nexus-ci:",
            RELEASE_ROLE,
        ),
        ("        - svc-promoter\n", ""),
    )
    assert names.audiences(other, ["svc-promoter"]) == ["https://release.example.org"]
    (jobs,) = documents(render(other)[LIBRARY])
    assert jobs[".nexus_job"]["id_tokens"]["VAULT_ID_TOKEN"]["aud"] == [
        "https://gitlab.shared.cwiq.io",
        "https://release.example.org",
    ]


@pytest.mark.parametrize("declared", [None, "nexus-ci", "nexus-release"])
def test_an_account_under_two_roles_logs_in_by_the_declared_one_else_by_the_first(
    declared: str | None, tmp_path: Path
) -> None:
    named = f"  svc-promoter:\n    jwt_role: {declared}\n" if declared else "  svc-promoter:\n"
    other = edited(tmp_path, ("  roles:\n    nexus-ci:", RELEASE_ROLE), ("  svc-promoter:\n", named))
    shell = documents(render(other)[LIBRARY])[0][".nexus_shell"]["before_script"][0]
    script = f'{shell}\n_nexus_account svc-promoter; echo "$_nexus_role $_nexus_audience"'
    found = subprocess.run(["dash", "-eu", "-c", script], capture_output=True, text=True, check=True).stdout
    release = ["nexus-release", "https://release.example.org"]
    assert found.split() == (
        ["nexus-ci", "https://gitlab.shared.cwiq.io"] if declared == "nexus-ci" else release
    )


def renamed(tmp_path: Path, until: str, on: date | None = None) -> Access:
    text = ORGANISATION.read_text(encoding="utf-8").replace("- svc-promoter\n", "- svc-promotion\n")
    entry = f"formerly: {{svc-promoter: {{until: {until}, rotation: 1}}}}"
    path = tmp_path / "access.yaml"
    path.write_text(text.replace("  svc-promoter:\n", f"  svc-promotion:\n    {entry}\n"), encoding="utf-8")
    return load(path, on=on)


@pytest.mark.parametrize(
    ("push", "pull", "uat"),
    [
        ("push.example.org", "pull.example.org", "nexus.shared.cwiq.io/docker-uat"),
        ("nexus.example.org/docker-dev", "nexus.example.org/docker-all", "nexus.example.org/docker-uat"),
        ("nexus.example.org:443", "nexus.example.org:443", "nexus.shared.cwiq.io/docker-uat"),
        ("nexus.example.org:8444", "nexus.example.org:8445", "nexus.shared.cwiq.io/docker-uat"),
    ],
)
def test_registries_have_any_shape(push: str, pull: str, uat: str, tmp_path: Path) -> None:
    access = edited(
        tmp_path,
        ("push_registry: nexus.shared.cwiq.io:8443", f'push_registry: "{push}"'),
        ("pull_registry: nexus.shared.cwiq.io:8444", f'pull_registry: "{pull}"'),
    )
    assert names.environment_registries(access)["uat"] == uat
    (jobs,) = documents(render(access)[LIBRARY])
    assert jobs[".nexus_kaniko"]["image"]["name"].startswith(f"{pull}/gcr.io/")


def test_a_former_account_serves_its_jobs_and_is_no_default(tmp_path: Path) -> None:
    access = renamed(tmp_path, "2026-12-24", on=date(2026, 12, 24))
    text = render(access)[LIBRARY]
    assert "promote-docker) _nexus_current=svc-promotion _nexus_former=svc-promoter ;;" in text
    message = '" is named "svc-promotion" now, and is deleted after "2026-12-24": use the new name"'
    assert text.count(f"nexus_log svc-promoter{message}") == 1


def test_no_template_becomes_stale_overnight(tmp_path: Path) -> None:
    before = renamed(tmp_path, "2026-12-24", on=date(2026, 12, 24))
    after = renamed(tmp_path, "2026-12-24", on=date(2026, 12, 25))
    assert before.accounts.keys() - after.accounts.keys() == {"svc-promoter"}
    assert render(before) == render(after)
