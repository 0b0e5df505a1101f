"""The state in a bucket of an S3 server: it is written, locked and mended there as it is in a folder."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from tests.support.project.checkout import ACCOUNTS, STACK
from tests.support.recovery.crash import descendants, kill

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.project.checkout import Checkout
    from tests.support.project.project import Done
    from tests.support.servers.s3 import S3Server

# The server's program may have to be built first.
pytestmark = pytest.mark.timeout(900)
_LOCKS = f".pulumi/locks/organization/ciaccess/{STACK}"
_STATE = f".pulumi/stacks/ciaccess/{STACK}.json"
_UP = ["pulumi", "up", "--yes", "--skip-preview", "--non-interactive", "--stack", STACK]


@pytest.fixture(scope="module")
def deployed(checkout: Checkout, s3: S3Server) -> Checkout:
    """The checkout after `up`, its state in the bucket."""
    checkout.exported |= {"PULUMI_BACKEND_URL": s3.backend("ciaccess-state"), **s3.credentials()}
    checkout.shell(f"pulumi stack init {STACK} --non-interactive").succeeded()
    checkout.up().succeeded()
    return checkout


@pytest.fixture
def bucket(s3: S3Server) -> Path:
    return s3.folder / "buckets" / "ciaccess-state"


@pytest.fixture
def stopped(deployed: Checkout, bucket: Path, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """An `up` that has locked the stack and was then stopped."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            _UP, cwd=deployed.folder, env=deployed.exported, stdout=output, stderr=output
        )
    below: dict[int, str] = {}
    try:
        deadline = time.monotonic() + 60
        while not locks(bucket):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline
            time.sleep(0.005)
        process.send_signal(signal.SIGSTOP)
        below = descendants(process.pid)
        yield process
    finally:
        kill([process.pid, *below])
        process.wait()
        for lock in locks(bucket):
            lock.unlink()


def locks(bucket: Path) -> list[Path]:
    return list((bucket / _LOCKS).glob("*.json"))


def recover(checkout: Checkout, *words: str, **variables: str) -> Done:
    return checkout.shell(f"./ciaccess recover --stack {STACK} {' '.join(words)}", **variables)


def test_a_state_in_a_bucket_is_whole_and_holds_no_secret_in_plain(deployed: Checkout, bucket: Path) -> None:
    deployed.shell(f"{' '.join(_UP)} --expect-no-changes").succeeded()
    deployed.is_settled()
    assert json.loads((bucket / _STATE).read_bytes())["checkpoint"]["latest"]["resources"]
    kept = b"".join(file.read_bytes() for file in bucket.rglob("*") if file.is_file())
    for account in ACCOUNTS:
        assert deployed.project.accepts(account)
        assert deployed.project.secret(account)["password"].encode() not in kept
    assert recover(deployed).succeeded().out.startswith("nothing to recover")
    deployed.shell(f"./ciaccess drift --stack {STACK}").succeeded()
    assert locks(bucket) == []


def test_who_holds_the_stack_is_said_and_left_alone_and_lifted_when_dead(
    deployed: Checkout, bucket: Path, stopped: subprocess.Popen[bytes]
) -> None:
    holder = f"@{socket.gethostname()} (pid {stopped.pid})"
    second = deployed.shell(" ".join(_UP))
    assert second.code not in (0, 7)
    assert "the stack is currently locked by 1 lock(s)" in second.text
    assert holder in second.text
    for words in ((), ("--yes",)):
        refused = recover(deployed, *words)
        assert refused.code == 1
        assert f"is locked by process {stopped.pid} of " in refused.err
        assert "Nothing was changed" in refused.err
    os.kill(stopped.pid, 0)
    assert len(locks(bucket)) == 1

    kill([stopped.pid, *descendants(stopped.pid)])
    stopped.wait()
    explained = recover(deployed, "--json")
    assert explained.code == 2, explained.text
    (found,) = explained.json()["found"]
    assert found["kind"] == "lock"
    assert f"the lock of process {stopped.pid} of " in found["found"]
    assert explained.json() == {
        "found": [found],
        "mended": False,
        "next": f"pulumi up --refresh --stack {STACK}",
    }
    assert len(locks(bucket)) == 1
    assert recover(deployed, "--yes", "--json").succeeded().json()["mended"] is True
    assert locks(bucket) == []
    deployed.shell(f"{' '.join(_UP)} --refresh").succeeded()
    deployed.is_settled()


def test_a_lock_of_another_host_is_not_lifted(deployed: Checkout, bucket: Path) -> None:
    (bucket / _LOCKS).mkdir(parents=True, exist_ok=True)
    lock = bucket / _LOCKS / "of-another-host.json"
    held = {
        "pid": 7,
        "username": "runner",
        "hostname": "job-4711",
        "timestamp": "2026-11-24T11:00:00.5+01:00",
    }
    lock.write_text(json.dumps(held))
    refused = recover(deployed, "--yes")
    left = lock.exists()
    lock.unlink()
    assert refused.code == 1
    assert "is locked by process 7 of runner on job-4711, since 2026-11-24T10:00:00Z" in refused.err
    assert f"pulumi cancel --stack {STACK}" in refused.err
    assert left


def test_interrupted_operations_are_taken_out_of_a_state_in_a_bucket(
    deployed: Checkout, bucket: Path, s3: S3Server
) -> None:
    state = json.loads((bucket / _STATE).read_bytes())
    latest = state["checkpoint"]["latest"]
    latest["pending_operations"] = [{"type": "updating", "resource": latest["resources"][-1]}]
    s3.put(bucket.name, _STATE, json.dumps(state).encode())
    assert [each["kind"] for each in recover(deployed, "--json").json()["found"]] == ["pending"]
    recover(deployed, "--yes").succeeded()
    assert not deployed.state()["deployment"].get("pending_operations")
    deployed.is_settled()


def test_a_bucket_that_cannot_be_read_is_never_taken_for_an_empty_one(
    deployed: Checkout, s3: S3Server
) -> None:
    for variables, said in (
        ({"AWS_SECRET_ACCESS_KEY": "wrong"}, "SignatureDoesNotMatch"),
        ({"PULUMI_BACKEND_URL": s3.backend("no-such-bucket")}, "NoSuchBucket"),
        (
            {"PULUMI_BACKEND_URL": s3.backend("ciaccess-state").replace(str(s3.port), "1")},
            "connection refused",
        ),
    ):
        refused = recover(deployed, **variables)
        assert refused.code == 3, refused.text
        assert said in refused.err
        assert s3.secret not in refused.text
    gone = {"PULUMI_BACKEND_URL": s3.backend("no-such-bucket")}
    assert deployed.shell(f"./ciaccess drift --stack {STACK}", **gone).code == 3
