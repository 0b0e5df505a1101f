"""`bootstrap` and `run-as`: what they ask for, what they refuse, and what they leave behind."""

from __future__ import annotations

import signal
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.own_pipeline.identities import (
    SCHEDULED,
    is_alive,
    make_tokens,
    own_secret,
    own_token,
    run_as,
)
from tests.support.project.project import ROOT

if TYPE_CHECKING:
    from tests.support.project.project import Done, Project


def bootstrap(project: Project, *words: str) -> Done:
    return project.ciaccess("bootstrap", "--stack", "local", "--yes", *words)


def test_bootstrap_asks_for_every_token_at_once_before_it_does_anything(project: Project) -> None:
    done = bootstrap(project)
    assert done.code == 1
    for name in ("gitlab-reader", "gitlab-notes", "gitlab-writer"):
        assert f"--{name} is missing" in done.err
    assert project.nexus("GET", "security/users?userId=svc-").json() == []


def test_bootstrap_refuses_tokens_that_may_too_much_or_too_little_or_nothing(project: Project) -> None:
    reader, notes, writer = make_tokens(project)[1::2]
    unknown = project.folder / "unknown.txt"
    unknown.write_text("glpat-unknown\n", encoding="ascii")
    done = bootstrap(
        project, "--gitlab-reader", writer, "--gitlab-notes", reader, "--gitlab-writer", str(unknown)
    )
    assert done.code == 1
    assert "--gitlab-reader: it may do more than it should, by its scope api" in done.err
    assert "--gitlab-notes: it lacks the scope api" in done.err
    assert "--gitlab-writer: GitLab does not know this token" in done.err
    assert "glpat" not in done.text
    owners = bootstrap(
        project, "--gitlab-reader", reader, "--gitlab-notes", writer, "--gitlab-writer", writer
    )
    assert "--gitlab-notes: it reads the variables of orchestrator" in owners.err
    missing = bootstrap(
        project, "--gitlab-reader", reader, "--gitlab-notes", notes, "--gitlab-writer", "nowhere"
    )
    assert "--gitlab-writer names nowhere, which cannot be read" in missing.err


def test_bootstrap_lists_the_administrators_credentials_that_are_missing(project: Project) -> None:
    words = ("./ciaccess", "bootstrap", "--stack", "prod", "--yes", *make_tokens(project))
    done = project.run(*words, without=("VAULT_TOKEN", "NEXUS_PASSWORD_FILE"))
    assert done.code == 1
    for name in ("VAULT_TOKEN", "NEXUS_PASSWORD"):
        assert name in done.err


def test_a_job_before_the_bootstrap_is_told_why(project: Project) -> None:
    done = run_as(project, "preview", "true")
    assert done.code == 3
    assert "log in at 'auth/jwt' with role 'ciaccess-preview'" in done.err


def test_bootstrap_provisions_the_stack_and_writes_what_only_people_can_bring(project: Project) -> None:
    options = make_tokens(project)
    done = bootstrap(project, *options).succeeded()
    for name, file in zip(options[::2], options[1::2], strict=True):
        brought = Path(file).read_text(encoding="ascii").strip()
        assert own_secret(project, name.removeprefix("--")) == {"value": brought}
    assert own_secret(project, "passphrase") is None, "the public one is no secret"
    assert "the settings of orchestrator/ciaccess in GitLab are as expected" in done.out
    assert project.accepts("svc-bench")
    assert "Protect the branch main" in done.out
    assert "glpat" not in done.text


def test_bootstrap_again_changes_nothing_and_needs_no_file(project: Project) -> None:
    done = bootstrap(project).succeeded()
    assert "unchanged" in done.out
    assert "wrote" not in done.text


def test_run_as_gives_the_command_its_credentials_and_no_id_token(project: Project) -> None:
    done = run_as(project, "preview", "env").succeeded()
    variables = dict(line.split("=", 1) for line in done.out.splitlines() if "=" in line)
    assert variables["NEXUS_USERNAME"] == "svc-ciaccess-reader"
    assert "GITLAB_TOKEN" not in variables
    assert variables["GITLAB_NOTES_TOKEN"] == (own_secret(project, "gitlab-notes") or {})["value"]
    assert variables["VAULT_ADDR"] == project.address("vault")
    assert not {"VAULT_ID_TOKEN", "NEXUS_PASSWORD_FILE"} & set(variables)
    apply = run_as(project, "apply", "env").succeeded()
    assert "NEXUS_USERNAME=svc-ciaccess-writer" in apply.out
    assert "GITLAB_NOTES_TOKEN" not in apply.out


def test_run_as_ends_as_its_command_does(project: Project) -> None:
    assert run_as(project, "preview", "sh", "-c", "exit 7").code == 7
    assert run_as(project, "preview", "sh", "-c", "kill -9 $$").code == 128 + signal.SIGKILL
    gone = run_as(project, "preview", "no-such-program")
    assert (gone.code, "run no-such-program" in gone.err) == (1, True)


def test_run_as_passes_the_end_of_its_job_on_and_still_logs_out(project: Project) -> None:
    tokens = {**project.environment(), "VAULT_ID_TOKEN": own_token(project)}
    waiting = 'trap "echo ended; exit 5" TERM; echo "token=$VAULT_TOKEN"; while :; do sleep 0.1; done'
    command = ["./ciaccess", "run-as", "--stack", "local", "preview", "--", "sh", "-c", waiting]
    with subprocess.Popen(command, cwd=ROOT, env=tokens, stdout=subprocess.PIPE, text=True) as job:
        assert job.stdout is not None
        token = job.stdout.readline().strip().removeprefix("token=")
        job.terminate()
        assert job.stdout.read() == "ended\n"
    assert job.returncode == 5
    assert not is_alive(project, token)


def test_run_as_says_what_is_wrong_with_the_job(project: Project) -> None:
    other = run_as(project, "apply", "true", ref="feature")
    assert other.code == 3
    assert "The role admits jobs of orchestrator/ciaccess, the protected branch main" in other.err
    unknown = run_as(project, "admin", "true")
    assert (unknown.code, "Identities: preview, apply, drift" in unknown.err) == (1, True)
    bare = replace(project, extra={"VAULT_ID_TOKEN": ""})
    without = bare.run("./ciaccess", "run-as", "--stack", "local", "preview", "--", "true")
    assert (without.code, "aud: https://vault.shared.cwiq.io" in without.err) == (1, True)


def test_run_as_lists_what_is_missing_in_vault(project: Project) -> None:
    vault = project.vault()
    for name in ("gitlab-reader", "gitlab-notes", "passphrase"):
        vault.secrets.kv.v2.delete_metadata_and_all_versions(f"ciaccess/{name}", mount_point="secret")
    done = run_as(project, "drift", "true", **SCHEDULED)
    assert done.code == 1
    assert "Vault has no secret/ciaccess/gitlab-notes, secret/ciaccess/gitlab-reader." in done.err
    assert "./ciaccess bootstrap" in done.err
