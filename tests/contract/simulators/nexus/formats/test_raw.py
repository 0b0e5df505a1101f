from __future__ import annotations

import hashlib
import os
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

from tests.support.servers.nexus import ADMIN

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator

    from tests.contract.simulators.nexus.formats.conftest import Account, Repositories
    from tests.support.servers.nexus import NexusProcess


FORMAT = "raw"
REPOSITORIES: Repositories = {
    "raw-dev": {},
    "raw-uat": {"storage": {"writePolicy": "ALLOW_ONCE"}},
    "raw-frozen": {"storage": {"writePolicy": "DENY"}},
    "raw-all": {"group": {"memberNames": ["raw-uat", "raw-dev"]}},
}
PUSHES = ("raw-dev", "raw-uat", "raw-frozen")
PULLS = ("raw-all",)

LARGE_BYTES = 96 * 1024 * 1024


def put(nexus: NexusProcess, path: str, data: bytes, auth: Account | None = None) -> requests.Response:
    return nexus.ask("PUT", f"/repository/{path}", auth, data=data)


def test_a_file_comes_back_with_type_size_and_validators(nexus: NexusProcess, pusher: Account) -> None:
    assert put(nexus, "raw-dev/some/notes.json", b"{}", pusher).status_code == 201
    answer = nexus.ask("GET", "/repository/raw-dev/some/notes.json", pusher)
    head = nexus.ask("HEAD", "/repository/raw-dev/some/notes.json", pusher)
    assert (answer.status_code, answer.content) == (200, b"{}")
    assert answer.headers["Content-Type"] == head.headers["Content-Type"] == "application/json"
    assert (head.content, head.headers["Content-Length"]) == (b"", "2")
    for header, value in (
        ("If-None-Match", answer.headers["ETag"]),
        ("If-Modified-Since", answer.headers["Last-Modified"]),
    ):
        again = nexus.ask("GET", "/repository/raw-dev/some/notes.json", pusher, headers={header: value})
        assert (again.status_code, again.content) == (304, b"")


def test_a_name_with_blanks_and_signs_is_the_same_on_the_way_back(
    nexus: NexusProcess, pusher: Account
) -> None:
    path = "raw-dev/a%20b/%C3%BC+%23%25.txt"
    assert put(nexus, path, b"x", pusher).status_code == 201
    assert nexus.ask("GET", f"/repository/{path}", pusher).content == b"x"
    listed = nexus.rest("GET", "/search/assets?repository=raw-dev&name=/a%20b/*")["items"]
    assert [each["path"] for each in listed] == ["/a b/ü+#%.txt"]


def test_a_range_is_sent_alone(nexus: NexusProcess, pusher: Account) -> None:
    put(nexus, "raw-dev/range.bin", b"0123456789", pusher)
    answer = nexus.ask("GET", "/repository/raw-dev/range.bin", pusher, headers={"Range": "bytes=2-4"})
    assert (answer.status_code, answer.content) == (206, b"234")


def test_curl_uploads_and_gets_the_refusal_of_a_redeploy(
    nexus: NexusProcess, pusher: Account, run: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    (tmp_path / "tool.bin").write_bytes(b"\x7fELF")
    url = f"{nexus.url}/repository/raw-uat/tool.bin"
    words = ("curl", "-sS", "-u", ":".join(pusher), "-T", "tool.bin", "-w", "%{http_code}", url)
    assert run(*words).stdout == "201"
    assert run(*words).stdout == "Repository does not allow updating assets: raw-uat400"


def test_a_read_only_repository_takes_nothing(nexus: NexusProcess, pusher: Account) -> None:
    answer = put(nexus, "raw-frozen/a.txt", b"x", pusher)
    assert (answer.status_code, answer.text) == (400, "Repository is read only: raw-frozen")


def test_of_two_uploads_at_once_a_repository_written_once_takes_one(
    nexus: NexusProcess, pusher: Account
) -> None:
    bodies = [bytes([number]) * 2_000_000 for number in range(6)]
    statuses: list[int] = []
    threads = [
        threading.Thread(
            target=lambda body=body: statuses.append(put(nexus, "raw-uat/race.bin", body, pusher).status_code)
        )
        for body in bodies
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [201, 400, 400, 400, 400, 400]
    assert nexus.ask("GET", "/repository/raw-uat/race.bin", pusher).content in bodies


def test_delete_needs_its_own_right_and_a_file(nexus: NexusProcess, pusher: Account) -> None:
    put(nexus, "raw-dev/gone.txt", b"x", pusher)
    assert nexus.ask("DELETE", "/repository/raw-dev/gone.txt", pusher).status_code == 403
    assert nexus.ask("DELETE", "/repository/raw-dev/gone.txt").status_code == 204
    assert nexus.ask("DELETE", "/repository/raw-dev/gone.txt").status_code == 404
    assert nexus.ask("GET", "/repository/raw-dev/gone.txt").status_code == 404


def test_a_group_reads_its_members_in_order_and_takes_no_files(
    nexus: NexusProcess, pusher: Account, puller: Account
) -> None:
    put(nexus, "raw-dev/order.txt", b"from dev", pusher)
    assert nexus.ask("GET", "/repository/raw-all/order.txt", puller).content == b"from dev"
    put(nexus, "raw-uat/order.txt", b"from uat", pusher)
    assert nexus.ask("GET", "/repository/raw-all/order.txt", puller).content == b"from uat"
    assert nexus.ask("GET", "/repository/raw-uat/order.txt", puller).status_code == 403
    answer = put(nexus, "raw-all/order.txt", b"x")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")
    assert put(nexus, "raw-all/order.txt", b"x", puller).status_code == 403


def test_a_selector_lets_in_at_its_path_alone(nexus: NexusProcess) -> None:
    nexus.rest(
        "POST",
        "/security/content-selectors",
        {"name": "executor", "description": "", "expression": 'path =^ "/orchestrator/executor/"'},
    )
    nexus.rest(
        "POST",
        "/security/privileges/repository-content-selector",
        {
            "name": "executor",
            "description": "",
            "format": "raw",
            "repository": "raw-dev",
            "contentSelector": "executor",
            "actions": ["BROWSE", "READ", "EDIT", "ADD"],
        },
    )
    nexus.add_role("executor", "executor")
    executor = nexus.add_user("executor", "executor")
    assert put(nexus, "raw-dev/orchestrator/executor/cli", b"x", executor).status_code == 201
    assert put(nexus, "raw-dev/orchestrator/other/cli", b"x", executor).status_code == 403
    assert nexus.ask("GET", "/repository/raw-dev/orchestrator/executor/cli", executor).content == b"x"
    put(nexus, "raw-dev/elsewhere", b"x")
    listed = nexus.rest("GET", "/assets?repository=raw-dev", auth=executor)["items"]
    assert [each["path"] for each in listed] == ["/orchestrator/executor/cli"]


def test_an_upload_is_streamed_and_its_memory_bounded(nexus: NexusProcess, pusher: Account) -> None:
    assert nexus.process is not None
    before = peak_kibibytes(nexus.process.pid)
    piece = os.urandom(1024 * 1024)
    digest = hashlib.sha256()

    def body() -> Iterator[bytes]:
        for _ in range(LARGE_BYTES // len(piece)):
            digest.update(piece)
            yield piece

    url = f"{nexus.url}/repository/raw-dev/large.bin"
    assert requests.put(url, data=body(), auth=pusher, timeout=60).status_code == 201
    with requests.get(url, auth=pusher, stream=True, timeout=60) as answer:
        received = hashlib.sha256()
        for chunk in answer.iter_content(1 << 20):
            received.update(chunk)
    assert received.digest() == digest.digest()
    assert peak_kibibytes(nexus.process.pid) - before < LARGE_BYTES // 1024 // 4


def test_a_client_that_leaves_leaves_nothing(nexus: NexusProcess, pusher: Account) -> None:
    def body() -> Iterator[bytes]:
        yield b"begun"
        raise ConnectionAbortedError

    url = f"{nexus.url}/repository/raw-dev/left.bin"
    with pytest.raises(requests.ConnectionError):
        requests.put(url, data=body(), auth=pusher, timeout=60)
    deadline = time.monotonic() + 10
    drafts = nexus.data / "content" / "drafts"
    while any(drafts.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(drafts.iterdir())
    assert nexus.ask("GET", "/repository/raw-dev/left.bin", pusher).status_code == 404
    assert "Traceback" not in nexus.log.read_text(encoding="utf-8")


def peak_kibibytes(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0])


def test_a_stored_file_survives_a_killed_process(nexus: NexusProcess, pusher: Account) -> None:
    put(nexus, "raw-dev/kept.txt", b"first", pusher)
    assert put(nexus, "raw-dev/kept.txt", b"second", pusher).status_code == 201
    nexus.kill()
    nexus.start()
    assert nexus.ask("GET", "/repository/raw-dev/kept.txt", pusher).content == b"second"
    blobs = [each.name for each in (nexus.data / "content" / "blobs").glob("*/*")]
    assert hashlib.sha256(b"first").hexdigest() not in blobs
    assert hashlib.sha256(b"second").hexdigest() in blobs


def test_a_deleted_repository_takes_its_files_along(nexus: NexusProcess) -> None:
    nexus.add_repository("raw", "raw-short")
    put(nexus, "raw-short/a.txt", b"x")
    nexus.rest("DELETE", "/repositories/raw-short")
    nexus.add_repository("raw", "raw-short")
    assert nexus.ask("GET", "/repository/raw-short/a.txt", (ADMIN, nexus.admin_password)).status_code == 404
