"""Systems in trouble while `up` runs: a clear message, an exit code that is not 0, and all is whole after the next `up`."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.support.crash import ACCOUNTS
from tests.support.fault_proxy import BROKEN_JSON, Answer, Fault, busy, proxy_page

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.crash import Site
    from tests.support.project import Done

_USERS = "/service/rest/v1/security/users"
_MANY = 50


@pytest.fixture(scope="module")
def after(shared_site: Site) -> Iterator[Site]:
    """The site, provisioned; when all tests have done their worst, one `up` makes it whole."""
    shared_site.up().succeeded()
    yield shared_site
    if shared_site.up("--refresh").code:
        shared_site.recover("--yes").succeeded()
        shared_site.up("--refresh").succeeded()
    assert all(shared_site.project.accepts(account) for account in ACCOUNTS)
    shared_site.run("preview", "--refresh", "--expect-no-changes").succeeded()


def said(done: Done) -> str:
    """Return the output of a run that failed, on one line."""
    assert done.code not in (0, 7), done.text
    assert "Traceback" not in done.text
    return re.sub(r"\s+", " ", done.text)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault(system="nexus", answer=proxy_page(), times=_MANY, reads=True), "HTML page titled 'Bad Gateway'"),
        (Fault(system="nexus", answer=busy(0), times=_MANY, reads=True), "Try again later"),
        (Fault(system="nexus", answer=BROKEN_JSON, times=_MANY, reads=True), "broken JSON"),
        (Fault(system="nexus", cut="before", times=_MANY, reads=True), "the connection was cut"),
        (Fault(system="gitlab", answer=Answer(500, b"{}", "application/json"), times=_MANY, reads=True), "500"),
        (Fault(system="gitlab", answer=proxy_page(), times=_MANY, reads=True), "Bad Gateway"),
        (Fault(system="vault", answer=Answer(503, b'{"errors":["Vault is sealed"]}', "application/json"), times=_MANY, reads=True), "sealed"),
    ],
    ids=["proxy's page", "busy", "broken JSON", "cut", "GitLab's 500", "GitLab's proxy", "sealed"],
)  # fmt: skip
def test_an_answer_that_is_none_is_said(after: Site, fault: Fault, expected: str) -> None:
    text = said(after.up("--refresh", faults=(fault,)))
    assert fault.happened()
    assert expected in text


def test_a_busy_nexus_is_waited_for(after: Site) -> None:
    fault = Fault(system="nexus", prefix=_USERS, answer=busy(1), reads=True)
    after.up("--refresh", faults=(fault,)).succeeded()
    assert fault.happened()


def test_a_read_only_nexus_is_said(after: Site) -> None:
    after.project.pulumi("destroy", "--yes", "--skip-preview", "--target", "**-user", "--target-dependents")
    assert after.project.nexus("POST", "read-only/freeze").ok
    try:
        done = after.up()
    finally:
        assert after.project.nexus("POST", "read-only/release").ok
    assert "read-only mode" in said(done)


def test_a_token_that_expires_in_mid_run_is_said(after: Site) -> None:
    vault = after.project.vault()
    token = vault.auth.token.create(ttl="10m", policies=["root"])["auth"]["client_token"]
    for account in ACCOUNTS:
        after.project.nexus("DELETE", f"security/users/{account}")
    expire = Fault(
        system="nexus",
        prefix=_USERS,
        strike=lambda: vault.auth.token.revoke(token),
    )
    after.project.extra["VAULT_TOKEN"] = token
    try:
        done = after.up("--refresh", faults=(expire,))
    finally:
        del after.project.extra["VAULT_TOKEN"]
    assert expire.happened()
    text = said(done)
    assert "permission denied" in text
    assert token not in text


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 400 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.slow  # the engine tries each write of the state again for half a minute
@pytest.mark.timeout(1200)
def test_a_disk_that_is_full_of_state_is_said_and_got_over(site: Site, small_disk: Path) -> None:
    site.project.extra["PULUMI_BACKEND_URL"] = f"file://{small_disk}?metadata=skip"
    site.run("stack", "init", "--no-select", plain=True).succeeded()
    filler = small_disk / "filler"
    free = shutil.disk_usage(small_disk).free
    filler.write_bytes(b"\0" * (free - 60_000))
    assert "no space left on device" in said(site.up())
    filler.unlink()
    recovered = site.recover("--yes")
    assert recovered.code == 0, recovered.text
    site.up("--refresh").succeeded()
    assert all(site.project.accepts(account) for account in ACCOUNTS)
    site.run("preview", "--refresh", "--expect-no-changes").succeeded()
