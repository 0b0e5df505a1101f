"""`./ciaccess local`: comes up quickly, survives restarts and killed children, says what is wrong, binds to loopback."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.project.project import Project

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVICES = {"vault", "nexus", "gitlab"}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    project = Project(tmp_path_factory.mktemp("stack"))
    project.create()
    project.ciaccess("local", "start", "--free-ports").succeeded()
    yield project
    project.ciaccess("local", "reset", "--yes").succeeded()
    assert not project.local.exists()


def record(project: Project) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = json.loads((project.local / "stack.json").read_text(encoding="utf-8"))
    return found


def states(project: Project) -> dict[str, str]:
    rows: list[dict[str, Any]] = project.ciaccess("local", "status", "--json").json()
    return {row["service"]: row["state"] for row in rows}


def test_start_again_leaves_what_runs_alone(project: Project) -> None:
    before = record(project)
    project.ciaccess("local", "start").succeeded()
    assert record(project) == before
    assert states(project) == dict.fromkeys(SERVICES, "running")


def test_credentials_and_data_are_their_owners_alone(project: Project) -> None:
    for name in ("vault-token", "vault-unseal-key", "nexus-password", "gitlab-token", "stack.json"):
        assert stat.S_IMODE((project.local / name).stat().st_mode) == 0o600, name
    assert stat.S_IMODE(project.state.stat().st_mode) == 0o700


def test_everything_listens_on_loopback_alone(project: Project) -> None:
    pids = record(project)["pids"].values()
    links = [link for pid in pids for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()]
    inodes = {str(link.readlink()).removeprefix("socket:[").removesuffix("]") for link in links}
    listening = "0A"
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text(encoding="ascii").splitlines()[1:]:
            fields = line.split()
            if fields[3] == listening and fields[9] in inodes:
                assert fields[1].startswith("0100007F:"), f"{line} listens elsewhere"


def test_data_survives_a_stop(project: Project) -> None:
    vault = project.vault()
    vault.secrets.kv.v2.create_or_update_secret("kept", {"a": "b"}, mount_point="secret")
    project.stop()
    stopped = project.ciaccess("local", "status", "--json")
    assert stopped.code == 2
    assert {row["state"] for row in stopped.json()} == {"stopped"}
    assert project.ciaccess("local", "stop").succeeded().out == "nothing was running\n"
    project.ciaccess("local", "start").succeeded()
    kept = vault.secrets.kv.v2.read_secret_version(
        "kept", mount_point="secret", raise_on_deleted_version=True
    )
    assert kept["data"]["data"] == {"a": "b"}
    assert "rpm-dev" in {row["name"] for row in project.nexus("GET", "repositories").json()}


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_a_killed_child_is_said_and_started_again_on_its_data(project: Project, service: str) -> None:
    os.kill(record(project)["pids"][service], signal.SIGKILL)
    while states(project)[service] == "running":
        pass
    assert states(project)[service] == "killed"
    done = project.ciaccess("local", "start").succeeded()
    assert f"{service} had stopped" in done.err
    assert states(project) == dict.fromkeys(SERVICES, "running")


def test_a_stale_pid_of_someone_elses_process_is_never_signalled(project: Project) -> None:
    project.stop()
    with subprocess.Popen(["sleep", "60"]) as bystander:
        known = record(project)
        known["pids"] = dict.fromkeys(SERVICES, bystander.pid)
        (project.local / "stack.json").write_text(json.dumps(known), encoding="utf-8")
        project.stop()
        assert bystander.poll() is None
        bystander.kill()
    project.ciaccess("local", "start").succeeded()


def test_a_port_that_was_taken_meanwhile_is_said(project: Project) -> None:
    project.stop()
    with socket.socket() as squatter:
        squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        squatter.bind(("127.0.0.1", record(project)["ports"]["nexus"]))
        squatter.listen()
        done = project.ciaccess("local", "start")
    assert done.code == 1
    assert f"port {record(project)['ports']['nexus']}" in done.err
    assert "./ciaccess local reset" in done.err
    assert "Traceback" not in done.err
    project.ciaccess("local", "start").succeeded()
