"""`./ciaccess explain`: the answer, its exit code, and what to do about a refusal."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.access.organisation import edited, renamed
from tests.support.cli.commands import ciaccess

if TYPE_CHECKING:
    from pathlib import Path

CLAIMS = "namespace_path: [orchestrator, orchestrator/*]"
EXECUTOR = ("--project", "orchestrator/executor", "--ref", "main")


def test_a_job_of_the_group_is_admitted_and_reads_its_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    done = ciaccess(capsys, "explain", *EXECUTOR)
    assert done.code == 0
    assert "nexus-ci: admitted" in done.out
    assert "reads secret/data/nexus/svc-bench" in done.out
    assert "svc-executor may push raw in raw-dev and yum in rpm-dev under /orchestrator/executor/" in done.out
    assert "svc-admin" not in done.out


def test_a_refusal_names_the_claim_vaults_words_and_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    done = ciaccess(
        capsys, "explain", "--project", "orchestrator-evil/x", "--ref", "main", "--audience", "vault"
    )
    assert done.code == 2
    assert "✗ namespace_path is orchestrator-evil; wanted: orchestrator or orchestrator/*" in done.out
    assert 'Vault: error validating claims: claim "namespace_path" does not match any' in done.out
    assert "Add the project under vault.roles.nexus-ci.bound_claims" in done.out
    assert "Set aud of the pipeline's id_tokens to https://gitlab.shared.cwiq.io." in done.out
    assert "reads" not in done.out


OWN = ("--project", "orchestrator/ciaccess", "--ref", "main", "--role")


@pytest.mark.parametrize(
    ("options", "code", "shown"),
    [
        (("ciaccess-apply", "--protected"), 0, "✓ pipeline_source is push; wanted: push"),
        (
            ("ciaccess-apply",),
            2,
            "Only ciaccess's own jobs with ref_protected true are admitted (docs/own-pipeline.md).",
        ),
        (("ciaccess-drift", "--protected"), 2, "✗ pipeline_source is push; wanted: schedule"),
        (("ciaccess-drift", "--protected", "--source", "schedule"), 0, "svc-bench may push yum in rpm-dev"),
        (
            ("ciaccess-preview", "--source", "merge_request_event"),
            0,
            "svc-ciaccess-reader: Previews and drift checks",
        ),
        (("nexus-ci", "--account", "svc-bench"), 0, "nexus-ci: admitted"),
        (
            ("ciaccess-apply", "--protected", "--account", "svc-ciaccess-writer"),
            0,
            "ciaccess-apply: admitted",
        ),
    ],
)
def test_a_role_narrows_the_question_to_itself_and_may_be_ciaccess_own(
    capsys: pytest.CaptureFixture[str], options: tuple[str, ...], code: int, shown: str
) -> None:
    done = ciaccess(capsys, "explain", *OWN, *options)
    assert done.code == code
    assert shown in done.out
    roles = [role["role"] for role in ciaccess(capsys, "explain", *OWN, *options, "--json").json()["roles"]]
    assert roles == [options[0]]


def test_a_preview_reads_the_secret_of_no_declared_account(capsys: pytest.CaptureFixture[str]) -> None:
    (role,) = ciaccess(capsys, "explain", *OWN, "ciaccess-preview", "--json").json()["roles"]
    assert [secret["path"] for secret in role["secrets"]] == ["secret/data/ciaccess/svc-ciaccess-reader"]


def test_an_unknown_role_brings_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    done = ciaccess(capsys, "explain", *OWN, "ciaccess-aply")
    assert done.code == 1
    assert done.err == (
        'error: there is no JWT role "ciaccess-aply". Did you mean ciaccess-apply? '
        "JWT roles: nexus-ci, ciaccess-preview, ciaccess-apply, ciaccess-drift\n"
    )


@pytest.mark.parametrize(("account", "code"), [("svc-bench", 0), ("svc-admin", 2)])
def test_an_account_narrows_the_question(capsys: pytest.CaptureFixture[str], account: str, code: int) -> None:
    done = ciaccess(capsys, "explain", *EXECUTOR, "--account", account, "--json")
    assert done.code == code
    secrets = [secret["account"] for secret in done.json()["roles"][0]["secrets"]]
    assert secrets == ([account] if code == 0 else [])


@pytest.mark.parametrize(
    ("bound", "options", "code"),
    [
        ('ref_protected: "true"', (), 2),
        ('ref_protected: "true"', ("--protected",), 0),
        ("ref_type: tag", (), 2),
        ("ref_type: tag", ("--tag",), 0),
        ("ref_path: refs/tags/main", ("--tag",), 0),
        ("pipeline_source: schedule", ("--source", "schedule"), 0),
        ("environment: prod", (), 2),
        ("environment: prod", ("--environment", "prod"), 0),
        ('environment_protected: "true"', (), 2),
        ('environment_protected: "true"', ("--environment", "prod"), 3),
        ("user_login: dana", (), 3),
        ("user_login: dana", ("--claim", "user_login=dana"), 0),
        ("user_login: dana", ("--claim", "user_login=eve"), 2),
        ("sub: project_path:orchestrator/executor:ref_type:branch:ref:main", (), 0),
        ("sub: project_path:orchestrator/executor:ref_type:branch:ref:*", (), 0),
    ],
)
def test_each_claim_of_a_job_decides(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, bound: str, options: tuple[str, ...], code: int
) -> None:
    file = edited(tmp_path, (CLAIMS, f"{CLAIMS}\n        {bound}"))
    done = ciaccess(capsys, "explain", *EXECUTOR, *options, "--file", str(file))
    assert done.code == code, done.out


def test_what_hangs_on_an_unknown_claim_is_neither_yes_nor_no(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = edited(tmp_path, (CLAIMS, "project_id: 42"))
    done = ciaccess(capsys, "explain", *EXECUTOR, "--file", str(file))
    assert done.code == 3
    assert "? project_id is not known offline; wanted: 42" in done.out
    assert "would read secret/data/nexus/svc-bench" in done.out


def a_token(**claims: Any) -> dict[str, Any]:
    gitlab = "https://gitlab.shared.cwiq.io"
    return {"iss": gitlab, "aud": gitlab, "project_id": "7", "namespace_path": "orchestrator", **claims}


@pytest.mark.parametrize(
    ("claims", "code", "shown"),
    [
        (a_token(), 0, "admitted"),
        (a_token(iss="https://evil.example.org"), 2, "invalid issuer (iss) claim"),
        (a_token(aud=["x", "https://gitlab.shared.cwiq.io"]), 0, "admitted"),
        (a_token(namespace_path=None), 2, 'claim "namespace_path" is missing'),
        (a_token(project_id=7), 2, 'claim "project_id" could not be converted to string'),
        ({}, 2, 'claim "project_id" not found in token'),
    ],
)
def test_a_tokens_own_claims_are_taken_whole(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, claims: dict[str, Any], code: int, shown: str
) -> None:
    file = tmp_path / "token.json"
    file.write_text(json.dumps(claims), encoding="utf-8")
    done = ciaccess(capsys, "explain", "--claims", str(file))
    assert done.code == code
    assert shown in done.out


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ((), "describe the job: give --project GROUP/PROJECT and --ref"),
        (
            ("--project", "executor", "--ref", "main"),
            '--project "executor" is not allowed. Allowed: a path with its group, such as',
        ),
        (
            ("--project", "https://gitlab.shared.cwiq.io/orchestrator/executor", "--ref", "main"),
            "is not allowed. Allowed: a path with its group, such as orchestrator/executor",
        ),
        (
            (*EXECUTOR, "--account", "svc-none"),
            'account "svc-none" is not declared. Declared accounts: svc-orchestrator',
        ),
        ((*EXECUTOR, "--claim", "x"), "read --claim 'x': not NAME=VALUE"),
        ((*EXECUTOR, "--claims", "x.json"), "not both"),
        (("--claims", "/nowhere/x.json"), "read /nowhere/x.json: No such file"),
        (("--claims", __file__), "it is not JSON"),
        ((*EXECUTOR, "--file", "/nowhere/access.yaml"), "there is no such file"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_in_one_message(
    capsys: pytest.CaptureFixture[str], options: tuple[str, ...], text: str
) -> None:
    done = ciaccess(capsys, "explain", *options)
    assert done.code == 1
    assert text in done.err
    assert "Traceback" not in done.err


def test_claims_that_are_built_to_break_a_reader_are_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "claims.json").write_text("[" * 200_000, encoding="utf-8")
    done = ciaccess(capsys, "explain", "--claims", str(tmp_path / "claims.json"))
    assert (done.code, "it is not JSON" in done.err) == (1, True)


def test_a_former_account_is_said_to_be_one(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = str(renamed(tmp_path, "svc-bench", "svc-stress"))
    done = ciaccess(capsys, "explain", *EXECUTOR, "--account", "svc-bench", "--file", file).succeeded()
    assert "  reads secret/data/nexus/svc-bench\n" in done.out
    assert "svc-bench is a former name of svc-stress, until " in done.out
    assert "svc-bench may push yum in rpm-dev" in done.out
    shown = ciaccess(capsys, "explain", *EXECUTOR, "--json", "--file", file).json()
    former = {each["account"]: each["former"] for each in shown["roles"][0]["secrets"]}
    assert former["svc-stress"] is None
    assert former["svc-bench"].startswith("former name of svc-stress")


def test_a_user_claim_that_is_no_text_is_told_as_what_it_is(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "token.json"
    file.write_text(json.dumps({"namespace_path": "orchestrator", "project_id": 5}), encoding="utf-8")
    done = ciaccess(capsys, "explain", "--claims", str(file))
    assert done.code == 2
    assert "A token of GitLab has project_id as text: Vault names the user by it" in done.out
    assert "bound_claims" not in done.out.partition("project_id")[2].partition("namespace_path")[0]


def test_the_roles_of_ciaccess_itself_are_named_where_they_admit_the_project(
    capsys: pytest.CaptureFixture[str],
) -> None:
    done = ciaccess(capsys, "explain", "--project", "orchestrator/ciaccess", "--ref", "main")
    assert "ciaccess's own jobs log in with ciaccess-preview, ciaccess-apply, ciaccess-drift" in done.err
    assert "ciaccess" not in ciaccess(capsys, "explain", *EXECUTOR).err
    assert (
        "It is ciaccess's own"
        in ciaccess(capsys, "explain", *EXECUTOR, "--account", "svc-ciaccess-writer").err
    )
