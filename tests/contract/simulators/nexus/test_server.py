from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import requests

from tests.support.servers.nexus import NexusProcess, start_nexus
from tests.support.servers.simulator import ROOT, free_port

if TYPE_CHECKING:
    from pathlib import Path

REST = "/service/rest/v1"


def state(nexus: NexusProcess) -> dict[str, Any]:
    kinds = [
        "security/users?source=default",
        "security/roles",
        "security/privileges",
        "security/content-selectors",
        "security/anonymous",
        "security/realms/active",
        "repositorySettings",
    ]
    return {kind: nexus.rest("GET", f"/{kind}") for kind in kinds}


def test_everything_answered_outlives_a_killed_process(own: NexusProcess) -> None:
    own.add_repository("raw", "files")
    own.rest("POST", "/security/content-selectors", {"name": "pub", "expression": 'path =^ "/pub/"'})
    place = {"format": "raw", "repository": "files", "contentSelector": "pub", "actions": ["READ"]}
    own.rest("POST", "/security/privileges/repository-content-selector", {"name": "p", **place})
    own.rest("PUT", "/security/anonymous", {"enabled": False})
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: own.add_role(f"r{number}", "p"), range(40)))
    ann = own.add_user("ann", "r7")
    own.ask("PUT", "/repository/files/pub/a.txt", data=b"hello").raise_for_status()
    before = state(own)
    own.kill()
    own.start()
    assert state(own) == before
    assert own.ask("GET", "/repository/files/pub/a.txt", ann).content == b"hello"
    assert own.ask("GET", "/repository/files/b.txt", ann).status_code == 403


def test_a_restart_with_another_password_file_leaves_the_administrators_password(own: NexusProcess) -> None:
    first = own.admin_password
    own.admin_password = "another"
    own.restart()
    assert own.ask("GET", f"{REST}/status", ("admin", first)).status_code == 200
    assert own.ask("GET", f"{REST}/status").status_code == 401


def test_passwords_lie_nowhere_and_files_are_their_owners(own: NexusProcess) -> None:
    own.add_user("ann", "nx-anonymous", password="planted-secret")
    assert own.ask("GET", f"{REST}/status", ("ann", "planted-secret")).status_code == 200
    for path in [each for each in own.data.rglob("*") if each.is_file()]:
        assert path.stat().st_mode & 0o077 == 0, path.name
        assert b"planted-secret" not in path.read_bytes(), path.name
        assert own.admin_password.encode() not in path.read_bytes(), path.name
    assert "planted-secret" not in own.log.read_text(encoding="utf-8")


def test_only_the_loopback_address_is_listened_on(own: NexusProcess, unused_port: int) -> None:
    own.add_repository("docker", "images", docker={"httpPort": unused_port})
    with open("/proc/net/tcp", encoding="ascii") as table:  # noqa: PTH123 no path of ours
        listening = [line.split()[1] for line in table if line.split()[3] == "0A"]
    for port in (own.port, unused_port):
        assert f"0100007F:{port:04X}" in listening
        assert f"00000000:{port:04X}" not in listening


def test_a_port_that_is_taken_is_said_in_one_line(shared: NexusProcess, tmp_path: Path) -> None:
    command = [sys.executable, "-m", shared.MODULE, "--data", str(tmp_path), "--port", str(shared.port)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20, check=False)
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"cannot listen on 127.0.0.1:{shared.port}: ")
    assert len(ended.stderr.splitlines()) == 1


def test_without_a_password_file_the_administrators_password_is_made_and_kept(tmp_path: Path) -> None:
    nexus = NexusProcess(tmp_path / "nexus", free_port())
    nexus.options = list  # type: ignore[method-assign]  # no options at all
    nexus.start()
    try:
        nexus.admin_password = (nexus.data / "admin.password").read_text(encoding="ascii")
        nexus.restart()
        assert nexus.ask("GET", f"{REST}/status").status_code == 200
    finally:
        nexus.stop()


def test_an_answer_says_the_recorded_server(shared: NexusProcess) -> None:
    assert shared.ask("GET", f"{REST}/status").headers["Server"] == "Nexus/3.77.0-08 (OSS)"


def test_a_read_only_instance_refuses_writes_until_it_is_released(own: NexusProcess) -> None:
    own.add_repository("raw", "files")
    own.rest("POST", "/read-only/freeze")
    assert own.ask("POST", f"{REST}/read-only/freeze").status_code == 404, "already"
    for method, path in (("POST", f"{REST}/security/roles"), ("PUT", "/repository/files/a")):
        answer = own.ask(method, path, json={"id": "r", "name": "r"})
        assert (answer.status_code, answer.headers["Content-Type"].partition(";")[0]) == (503, "text/plain")
    assert own.ask("GET", f"{REST}/status").status_code == 200
    assert own.ask("GET", f"{REST}/status/writable").status_code == 503
    own.restart()
    assert own.rest("GET", "/read-only")["frozen"] is True
    own.rest("POST", "/read-only/release")
    own.add_role("r")
    assert own.ask("GET", f"{REST}/status/writable").status_code == 200


def test_below_a_context_path_everything_is_the_same_and_nothing_is_elsewhere(tmp_path: Path) -> None:
    nexus = start_nexus(tmp_path, context_path="/nexus")
    try:
        nexus.add_repository("raw", "files")
        listed = {each["name"]: each["url"] for each in nexus.rest("GET", "/repositories")}
        assert listed["files"] == f"http://127.0.0.1:{nexus.port}/nexus/repository/files"
        nexus.ask("PUT", "/repository/files/a", data=b"x").raise_for_status()
        assert requests.get(f"{listed['files']}/a", timeout=60).content == b"x"
        for path in (f"{REST}/status", "/repository/files/a", "/nexusx/service/rest/v1/status"):
            assert requests.get(f"http://127.0.0.1:{nexus.port}{path}", timeout=60).status_code == 404
    finally:
        nexus.stop()


def test_the_core_edition_lacks_the_formats_that_it_lacks(tmp_path: Path) -> None:
    nexus = start_nexus(tmp_path, edition="core")
    try:
        for recipe, status in (("raw", 201), ("npm", 404), ("docker", 404), ("pypi", 404), ("yum", 404)):
            body = {"name": f"x-{recipe}", "online": True, "storage": {"blobStoreName": "default"}}
            assert nexus.ask("POST", f"{REST}/repositories/{recipe}/hosted", json=body).status_code == status
    finally:
        nexus.stop()


def test_requests_are_counted_by_route_whatever_the_answer(own: NexusProcess) -> None:
    own.forget_requests()
    own.fail_next(503, 2, path=f"{REST}/security/roles")
    for _ in range(3):
        own.ask("GET", f"{REST}/security/roles/nx-admin")
    own.ask("GET", "/repository/files/a/b", ("x", "y"))
    counted = own.requests()
    assert counted[f"GET {REST}/security/roles/{{id}}"] == 3
    assert counted["GET /repository/files"] == 1


def test_only_an_administrator_controls_the_simulator(shared: NexusProcess) -> None:
    nobody = shared.add_user("nobody-special", "nx-anonymous")
    assert shared.ask("GET", "/simulator/requests", nobody).status_code == 403
    assert requests.get(f"{shared.url}/simulator/requests", timeout=60).status_code == 401
    assert shared.ask("POST", "/simulator/faults", json={"nonsense": 1}).status_code == 400
