"""A team that made everything by hand adopts it, from the crawl to an empty preview, while its jobs go on working."""

from __future__ import annotations

import os
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.support.adoption.click_ops import AUDIENCE, FAULTS, GOOD, PERSON, STALE, WITHOUT_SECRET, ClickOps
from tests.support.project.project import ROOT, Done, Project
from tests.support.recovery.crash import descendants, kill
from tests.support.verification.working_jobs import Work, WorkingJobs

if TYPE_CHECKING:
    from collections.abc import Iterator

READ_BY_JOBS = tuple(account for account in GOOD if account != "svc-root")
WORKS = (
    Work("orchestrator/platform", "nexus-read-policy", AUDIENCE, READ_BY_JOBS),
    Work("orchestrator/bench", "rpm", AUDIENCE, ("svc-rpm",)),
    Work("orchestrator/platform", "release", AUDIENCE, ("svc-release",)),
)
DIFFERENCES, COULD_NOT_LOOK = 2, 3


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickOps]:
    """The world, and no access.yaml yet."""
    project = Project(tmp_path_factory.mktemp("project"))
    project.create()
    project.start()
    world = ClickOps(project)
    world.build()
    project.access.unlink()
    yield world
    project.stop()


@pytest.fixture(scope="module")
def jobs(world: ClickOps) -> Iterator[WorkingJobs]:
    """The jobs of the team, at work during all of the module."""
    with WorkingJobs(world.project, WORKS) as jobs:
        yield jobs


def settings(project: Project) -> tuple[str, ...]:
    return ("--stack", "local", "--config-file", str(project.folder / "Pulumi.local.yaml"))


def adopt(world: ClickOps, *words: str) -> Done:
    return world.project.ciaccess("adopt", *words, *settings(world.project))


def versions(project: Project) -> dict[str, int]:
    """Return the latest version of each secret: nobody has written while they stay."""
    kv = project.vault().secrets.kv.v2
    names = kv.list_secrets("nexus", mount_point="secret")["data"]["keys"]
    found = {name: kv.read_secret_metadata(f"nexus/{name}", mount_point="secret") for name in names}
    return {name: int(each["data"]["current_version"]) for name, each in found.items()}


def written(project: Project) -> list[str]:
    """Return what was asked of Nexus and GitLab since they were last told to forget, but for reads."""
    routes: list[str] = []
    for answer in (
        project.nexus("GET", "../../../simulator/requests"),
        project.gitlab("GET", "simulator/requests"),
    ):
        assert answer.ok, answer.text
        routes += answer.json()["routes"]
    return [
        route for route in routes if not route.startswith(("GET ", "HEAD ")) and "/simulator" not in route
    ]


def forget_requests(project: Project) -> None:
    assert project.nexus("DELETE", "../../../simulator/requests").ok
    assert project.gitlab("DELETE", "simulator/requests").ok


def in_state(project: Project) -> set[str]:
    resources = project.inspect("export").succeeded().json()["deployment"].get("resources", ())
    return {each["urn"].rpartition("::")[2] for each in resources}


def test_the_world_is_what_a_team_has_after_some_years(world: ClickOps) -> None:
    assert world.made >= 40
    assert len(FAULTS) == 12


def test_a_crawl_describes_it_names_every_fault_and_shows_no_password(world: ClickOps) -> None:
    project = world.project
    forget_requests(project)
    before = versions(project)
    done = project.ciaccess(
        "adopt", "crawl", "--group", "orchestrator", "--out", str(project.access), *settings(project)
    ).succeeded()
    assert not written(project)
    assert versions(project) == before
    text = project.access.read_text(encoding="utf-8")
    for fault in FAULTS:
        assert f"{fault}: " in text, fault
        assert f" {fault}: " in done.out, "the command says it too, with the line"
    for secret in (*world.passwords.values(), "long-changed", "of-nobody", "swordfish-1"):
        assert secret not in text + done.text
    assert project.ciaccess("validate", str(project.access)).code == 0
    for account in (STALE, WITHOUT_SECRET, PERSON, "svc-gone"):
        assert f"\n  {account}:" not in text


def test_a_crawl_never_overwrites_a_file(world: ClickOps) -> None:
    done = adopt(world, "crawl", "--out", str(world.project.access))
    assert done.code == 1
    assert "exists already" in done.err


def test_a_system_that_is_away_is_could_not_look(world: ClickOps) -> None:
    out = world.project.folder / "other.yaml"
    done = adopt(world, "crawl", "--nexus", "http://127.0.0.1:1", "--out", str(out))
    assert done.code == COULD_NOT_LOOK
    assert "not reachable" in done.err
    assert not out.exists()


def test_one_account_is_taken_into_the_state_and_no_system_is_written_to(
    world: ClickOps, jobs: WorkingJobs
) -> None:
    project = world.project
    forget_requests(project)
    before = versions(project)
    done = adopt(world, "run", "--account", "svc-build")
    assert done.code == DIFFERENCES, done.text
    assert not [route for route in written(project) if "id_token" not in route]
    assert versions(project) == before
    assert {"svc-build", "nexus-role-ci-team", "nexus-role-pull-all"} <= in_state(project)
    assert "svc-rpm" not in in_state(project)
    told = (
        "metadata.nexus_user, metadata.owner, metadata.rotation, metadata.stack",
        'users["svc-build"].last_name',
    )
    assert f"svc-build: update {', '.join(told)}\n" in done.out, "exactly the improvement, and no password"
    assert world.passwords["svc-build"] not in done.text
    assert not list(project.state.glob("adopt-*")), "the scratch files are gone"
    assert not jobs.failures


def test_what_was_not_adopted_yet_is_still_refused_by_a_plain_up(world: ClickOps) -> None:
    done = world.project.pulumi("preview")
    assert done.code != 0
    said = " ".join(done.text.split())
    # Which refusal comes first, Vault's or Nexus's, is the engine's choice.
    assert "exists already" in said
    assert "svc-build exists" not in said
    assert "'svc-build'" not in said


def test_a_run_that_is_killed_goes_on_when_it_is_run_again(world: ClickOps, jobs: WorkingJobs) -> None:
    project = world.project
    before = versions(project)
    one, two = ("--account", "svc-rpm"), ("--account", "svc-python")
    for words, said in (
        (one, (" importing",)),
        (two, (" importing", "Duration")),  # the import is through, and the up is still to come
        (two, ("Updating",)),
    ):
        kill_when(project, (*words, "--yes"), *said)
        project.ciaccess("recover", "--yes", *settings(project)).succeeded()
    done = adopt(world, "run", *one, *two, "--yes").succeeded()
    assert " 0 to change, 0 refused" in done.err
    assert {"svc-rpm", "svc-python"} <= in_state(project)
    for account in ("svc-rpm", "svc-python"):
        assert project.secret(account)["password"] == world.passwords[account]
        assert project.accepts(account)
    assert versions(project) == before
    assert not jobs.failures


def test_an_interrupted_run_goes_on_to_an_empty_preview_and_no_job_fails(
    world: ClickOps, jobs: WorkingJobs
) -> None:
    project = world.project
    before = versions(project)
    assert interrupted(project) != 0
    done = adopt(world, "run", "--all", "--yes").succeeded()
    assert " 0 to change, 0 refused" in done.err
    assert project.preview().code == 0
    for account in GOOD:
        assert project.secret(account)["password"] == world.passwords[account]
        assert project.accepts(account)
    changed = {name for name, version in versions(project).items() if version != before[name]}
    assert changed == {"svc-chatty"}, "its third key went, as the plan said"
    assert jobs.done > len(READ_BY_JOBS)
    assert not jobs.failures


def interrupted(project: Project) -> int:
    """Start a run of everything, press Ctrl-C while it imports, and return its exit code."""
    started = run_until(project, ("--all", "--yes"), " importing")
    os.killpg(started.pid, signal.SIGINT)
    with started:
        assert started.stderr
        started.stderr.read()
    assert not list((project.state / "state").glob("**/locks/**/*.json")), "the engine gave the stack free"
    return started.returncode


def kill_when(project: Project, words: tuple[str, ...], *said: str) -> None:
    """Start a run, and kill it with all that it started once it has said all of this, one after the other."""
    started = run_until(project, words, *said)
    kill([started.pid, *descendants(started.pid)])
    with started:
        assert started.stderr
        started.stderr.read()
    assert started.returncode == -signal.SIGKILL


def run_until(project: Project, words: tuple[str, ...], *said: str) -> subprocess.Popen[str]:
    """Start a run, and return it once it has said all of this, one after the other."""
    started = subprocess.Popen(
        ["./ciaccess", "adopt", "run", *words, *settings(project)],
        cwd=ROOT,
        env=project.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert started.stderr
    waiting = list(said)
    for line in started.stderr:
        while waiting and waiting[0] in line:
            del waiting[0]
        if not waiting:
            return started
    started.communicate()
    raise AssertionError(f"the run ended and never said {waiting[0]!r}")
