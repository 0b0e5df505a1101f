"""Two runs at once, recover during a run, and what an `up` takes away, in which order."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.project.project import STACK
from tests.support.recovery.crash import descendants
from tests.support.rotation.rotating import rotate
from tests.support.servers.fault_proxy import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.recovery.crash import Site

_NEXUS = "/service/rest/v1/security"


@pytest.fixture(scope="module")
def provisioned(shared_site: Site) -> Site:
    """The site after `up`."""
    shared_site.up().succeeded()
    return shared_site


@pytest.fixture
def clean(provisioned: Site) -> Iterator[Site]:
    """The site as its first `up` left it, before the test and after it."""
    yield provisioned
    provisioned.restore()
    provisioned.up("--refresh").succeeded()


@pytest.fixture
def running(clean: Site) -> Iterator[Site]:
    """The site while an `up` runs, stopped in the middle of its writes."""
    begun = threading.Event()

    def stop() -> None:
        clean.freeze()
        begun.set()

    clean.change()
    codes: list[int] = []
    fault = Fault(system="nexus", strike=stop)
    thread = threading.Thread(target=lambda: codes.append(clean.up(faults=(fault,)).code))
    thread.start()
    assert begun.wait(60)
    yield clean
    clean.thaw()
    thread.join()
    assert codes == [0], "the run that was first is not disturbed"


def test_a_second_run_is_refused_and_recover_leaves_the_first_alone(running: Site) -> None:
    project = running.project
    settings = ("--config-file", str(project.folder / f"Pulumi.{STACK}.yaml"))
    second = project.pulumi("up", "--yes", "--skip-preview")
    assert second.code not in (0, 7)
    holder = re.search(r"created by (\S+)@(\S+) \(pid (\d+)\)", second.text)
    assert holder, second.text
    for words in ((), ("--yes",)):
        refused = project.run("./ciaccess", "recover", "--stack", STACK, *settings, *words)
        assert refused.code == 1
        assert f"is locked by process {holder[3]} of {holder[1]} on {holder[2]}" in refused.err
        assert "Nothing was changed" in refused.err
    os.kill(int(holder[3]), 0)
    assert len(running.locks()) == 1
    looked = project.pulumi("preview", "--refresh")
    assert looked.code == 0, "a look takes no lock"


def test_a_rotation_during_an_up_is_refused_with_who_holds_the_stack(running: Site) -> None:
    refused = rotate(running.project, "svc-two", "--up")
    assert refused.code == 1
    assert re.search(r"is locked by process \d+ of \S+ on \S+, since", refused.err), refused.text
    assert f"./ciaccess recover --stack {STACK}" in refused.err
    assert "but not applied, or only in part" in refused.err
    assert f"pulumi up --refresh --stack {STACK}" in refused.err
    again = rotate(running.project, "svc-one", "--up")
    assert again.code == 1
    assert "is not applied yet" in again.err, "two turns at once would end what is handed out"


def test_drift_during_an_up_looks_without_disturbing_it(running: Site) -> None:
    looked = drift(running)
    assert looked["verdict"] in ("clean", "drift")
    assert len(running.locks()) == 1


def drift(site: Site) -> Any:
    done = site.project.ciaccess("drift", "--stack", STACK, "--file", str(site.project.access), "--json")
    assert done.code in (0, 2), done.text
    return done.json()


def test_an_up_during_drift_is_not_disturbed(clean: Site) -> None:
    site, codes = clean, list[int]()
    site.change()
    applied = threading.Thread(target=lambda: codes.append(site.project.up().code))
    begin = Fault(system="nexus", reads=True, strike=applied.start)
    looked = site.execute(
        *("./ciaccess", "drift", "--stack", STACK, "--file", str(site.project.access)), faults=(begin,)
    )
    applied.join()
    assert begin.happened()
    assert looked.code in (0, 2), looked.text
    assert codes == [0]
    assert drift(site)["verdict"] == "clean"


@pytest.mark.parametrize(
    "words", [("rotate", "svc-one", "--up"), ("adopt", "run", "--all", "--yes", "--fewer-rights")]
)
def test_a_command_that_is_ended_ends_its_engine_and_is_gone_on_with(
    clean: Site, words: tuple[str, ...]
) -> None:
    site, below = clean, dict[int, str]()
    site.change()  # something to write for the adoption; a turn for the rotation to begin with
    if words[0] == "rotate":
        site.up().succeeded()

    def end() -> None:
        assert site.process
        below.update(descendants(site.process.pid))
        site.process.send_signal(signal.SIGTERM)

    fault = Fault(strike=end)
    ended = site.ciaccess(*words, faults=(fault,))
    assert fault.happened()
    assert ended.code == 1, ended.text
    assert "interrupted, and ended" in ended.err
    assert below
    deadline = time.monotonic() + 20
    while (left := [line for pid, line in below.items() if _runs(pid)]) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert left == [], "nothing is left running"
    assert site.locks() == []
    site.up("--refresh").succeeded()
    assert all(site.project.accepts(account) for account in ("svc-one", "svc-two"))
    assert drift(site)["verdict"] == "clean"


def _runs(pid: int) -> bool:
    """Tell whether a process is alive; one that nobody has asked for yet is not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_lock_of_another_host_is_never_lifted(provisioned: Site) -> None:
    folder = provisioned.project.state / "state" / ".pulumi" / "locks" / "organization" / "ciaccess" / STACK
    folder.mkdir(parents=True, exist_ok=True)
    lock = folder / "of-another-host.json"
    lock.write_text(
        '{"pid": 999999, "username": "runner", "hostname": "job-4711", "timestamp": "2026-11-24T10:00:00.5Z"}'
    )
    try:
        refused = provisioned.recover("--yes")
    finally:
        left = lock.exists()
        lock.unlink(missing_ok=True)
    assert refused.code == 1
    assert "process 999999 of runner on job-4711, since 2026-11-24T10:00:00Z" in refused.err
    assert "pulumi cancel" in refused.err
    assert left


def test_an_account_that_is_taken_out_goes_in_order_and_alone(clean: Site) -> None:
    site, project = clean, clean.project
    other, versions = project.secret("svc-two"), _versions(site, "svc-two")
    project.edit("accounts: [svc-one, svc-two]", "accounts: [svc-two]")
    project.edit(
        "  svc-one: {purpose: One, push: [raw], path: /orchestrator/one/, roles: [nx-pull-raw]}\n", ""
    )
    site.up().succeeded()
    writes = [str(request) for request in site.proxy.writes()]
    assert project.secret("svc-two") == other
    assert _versions(site, "svc-two") == versions
    assert project.accepts("svc-two")
    site.run("preview", "--refresh", "--expect-no-changes").succeeded()
    order = [
        "vault PUT /v1/sys/policies/acl/nexus-read-policy",
        "vault DELETE /v1/secret/data/nexus/svc-one",
        f"nexus PUT {_NEXUS}/users/svc-one",  # disabled
        f"nexus DELETE {_NEXUS}/users/svc-one",
        f"nexus DELETE {_NEXUS}/roles/ci-svc-one",
        f"nexus DELETE {_NEXUS}/privileges/ci-svc-one-raw-dev",
        f"nexus DELETE {_NEXUS}/content-selectors/ci-svc-one-raw",
    ]
    assert [write for write in writes if write in order] == order
    assert not [write for write in writes if "svc-two" in write]
    users = [number for number, write in enumerate(writes) if f"DELETE {_NEXUS}/users/" in write]
    assert writes.index(order[1]) < min(users), "its secret is unreadable before any of its users goes"
    kept = project.vault().secrets.kv.v2.read_secret_metadata("nexus/svc-one", mount_point="secret")
    latest = kept["data"]["versions"][str(kept["data"]["current_version"])]
    assert latest["deletion_time"]
    assert not latest["destroyed"], "deleted softly: it can be shown again"


def _versions(site: Site, account: str) -> int:
    found = site.project.vault().secrets.kv.v2.read_secret_metadata(f"nexus/{account}", mount_point="secret")
    return int(found["data"]["current_version"])
