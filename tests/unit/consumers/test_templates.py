from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

from ciaccess.access import Access, load
from ciaccess.consumers import names
from ciaccess.consumers.templates import HIDDEN_JOBS, TEMPLATES, differences, render, write
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


def components(access: Access) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    found = {}
    for name, text in render(access).items():
        if name != HIDDEN_JOBS:
            header, body = documents(text)
            found[name] = (header["spec"]["inputs"], body)
    return found


def test_the_templates_are_as_access_yaml_says(access: Access) -> None:
    assert differences(access, TEMPLATES) == [], "render them: ./ciaccess render"


def test_write_renders_what_is_stale_or_missing_and_removes_what_is_left_over(
    access: Access, tmp_path: Path
) -> None:
    write(access, tmp_path)
    assert differences(access, tmp_path) == []
    (tmp_path / "kaniko.yml").unlink()
    (tmp_path / "rpm-upload.yml").write_text("edited by hand")
    (tmp_path / "gone.yml").touch()
    (tmp_path / "README.md").touch()
    found = {each.path.name: each.problem for each in differences(access, tmp_path)}
    assert found == {"kaniko.yml": "missing", "rpm-upload.yml": "stale", "gone.yml": "left over"}
    write(access, tmp_path)
    assert differences(access, tmp_path) == []
    assert (tmp_path / "README.md").exists()


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
    for name, text in render(other).items():
        assert "cwiq" not in text, name
        assert "auth/gitlab/login" in text
        assert "kv/data/nexus" in text
        assert "https://vault.example.org" in text


def test_no_input_is_ever_read_as_shell(access: Access) -> None:
    for name, (_, body) in components(access).items():
        job = next(iter(body.values()))
        for section in ("before_script", "script", "after_script"):
            assert not any("$[[" in line for line in job.get(section, [])), f"{name}: {section}"


def test_every_input_of_a_component_is_used_and_described(access: Access) -> None:
    for name, (inputs, body) in components(access).items():
        text = repr(body)
        for each, fields in inputs.items():
            assert f"$[[ inputs.{each} ]]" in text, f"{name}: {each}"
            assert fields["description"], f"{name}: {each}"


def test_the_account_is_chosen_from_those_that_may(access: Access) -> None:
    accounts = {name: inputs["account"] for name, (inputs, _) in components(access).items()}
    assert accounts["rpm-upload.yml"]["options"] == [
        "svc-orchestrator",
        "svc-executor",
        "svc-bench",
        "svc-fsdb",
    ]
    assert accounts["pypi-publish.yml"]["default"] == "svc-orchestrator", "the only one that may"
    assert accounts["promote-images.yml"]["default"] == "svc-promoter"
    assert "default" not in accounts["kaniko.yml"], "two may: nobody guesses"
    assert "svc-deployer" in accounts["docker-pull.yml"]["options"], "by its role nx-pull-all"
    assert all("svc-admin" not in each["options"] for each in accounts.values())


def test_a_job_that_no_account_may_do_says_so(access: Access, tmp_path: Path) -> None:
    assert "No account of access.yaml may push npm yet" in render(access)["npm-publish.yml"]
    other = edited(tmp_path, ("push: [docker, yum, raw, pypi]", "push: [docker, yum, raw, pypi, npm]"))
    assert "No account" not in render(other)["npm-publish.yml"]


def test_hidden_jobs_hold_the_shell_once(access: Access) -> None:
    text = render(access)[HIDDEN_JOBS]
    assert text.count("nexus_auth() {") == 1
    (jobs,) = documents(text)
    assert jobs[".nexus_auth"]["before_script"][1:] == ['nexus_auth "$NEXUS_ACCOUNT"', "nexus_docker_login"]
    assert jobs[".nexus_kaniko"]["image"]["name"].endswith(
        ":8444/gcr.io/kaniko-project/executor:v1.23.2-debug"
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
    (jobs,) = documents(render(other)[HIDDEN_JOBS])
    assert jobs[".nexus_job"]["id_tokens"]["VAULT_ID_TOKEN"]["aud"] == [
        "https://gitlab.shared.cwiq.io",
        "https://release.example.org",
    ]


def test_every_template_has_every_function_that_it_calls(access: Access) -> None:
    function = re.compile(r"^ *(_?nexus_\w+)\(\)", re.MULTILINE)
    rendered = render(access)
    known = {name for text in rendered.values() for name in function.findall(text)}
    for name, text in rendered.items():
        mentioned = set(re.findall(r"(?<![\w${])_?nexus_\w+(?!\w|=)", text))
        assert (mentioned & known) - set(function.findall(text)) == set(), name


def renamed(tmp_path: Path, until: str, on: date | None = None) -> Access:
    text = ORGANISATION.read_text(encoding="utf-8").replace("- svc-promoter\n", "- svc-promotion\n")
    entry = f"formerly: {{svc-promoter: {{until: {until}, rotation: 1}}}}"
    path = tmp_path / "access.yaml"
    path.write_text(text.replace("  svc-promoter:\n", f"  svc-promotion:\n    {entry}\n"), encoding="utf-8")
    return load(path, on=on)


def test_a_former_account_serves_its_jobs_and_is_nobodys_default(tmp_path: Path) -> None:
    access = renamed(tmp_path, "2026-12-24", on=date(2026, 12, 24))
    (inputs, _) = components(access)["promote-images.yml"]
    assert inputs["account"]["default"] == "svc-promotion", "the only one that may, by its name of now"
    assert inputs["account"]["options"] == ["svc-promotion", "svc-promoter"]
    (jobs,) = documents(render(access)[HIDDEN_JOBS])
    assert jobs[".nexus_promote_images"]["variables"]["NEXUS_ACCOUNT"] == "svc-promotion"
    said = 'nexus_say "svc-promoter is called svc-promotion now, and is gone after 2026-12-24: name that one"'
    assert render(access)[HIDDEN_JOBS].count(said) == 1


def test_no_template_becomes_stale_overnight(tmp_path: Path) -> None:
    before = renamed(tmp_path, "2026-12-24", on=date(2026, 12, 24))
    after = renamed(tmp_path, "2026-12-24", on=date(2026, 12, 25))
    assert before.accounts.keys() - after.accounts.keys() == {"svc-promoter"}
    assert render(before) == render(after)
