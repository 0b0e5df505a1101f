"""Systems in trouble while `up` runs: a clear message, an exit code that is not 0, and all is whole after the next `up`."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import pytest

from tests.support.recovery.crash import ACCOUNTS
from tests.support.recovery.crash_world import reads
from tests.support.servers.fault_proxy import BROKEN_JSON, Answer, Fault, busy, proxy_page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.project.project import Done
    from tests.support.recovery.crash import Site

_USERS = "/service/rest/v1/security/users"
_MANY = 50
# docs/runbook-recovery.md: what ciaccess asks itself is given up after 20 seconds, what pulumi-vault asks after 60.
_OURS_SECONDS, _PULUMI_VAULT_SECONDS, _START_SECONDS = 20, 60, 30
_SEALED = Answer(503, b'{"errors":["Vault is sealed"]}', "application/json")
_WRONG_TYPE = Answer(200, b"all is well", "text/plain")


@pytest.fixture(scope="module")
def after(shared_site: Site) -> Iterator[Site]:
    """The site, provisioned; when all tests have done their worst, one `up` makes it whole."""
    shared_site.up().succeeded()
    yield shared_site
    shared_site.up("--refresh").succeeded()
    assert all(shared_site.project.accepts(account) for account in ACCOUNTS)
    shared_site.run("preview", "--refresh", "--expect-no-changes").succeeded()


def said(done: Done) -> str:
    """Return the output of a run that failed, on one line."""
    assert done.code not in (0, 7), done.text
    assert "Traceback" not in done.text
    return re.sub(r"\s+", " ", done.text)


def always(system: str, *, answer: Answer | None = None, cut: str = "") -> Fault:
    return Fault(system=system, answer=answer, cut=cut, times=_MANY, reads=True)


@pytest.mark.parametrize(
    ("faults", "expected"),
    [
        ((always("nexus", answer=proxy_page()), always("gitlab", answer=Answer(500, b"{}", "application/json"))),
         ("HTML page titled 'Bad Gateway'", "500")),
        ((always("nexus", answer=BROKEN_JSON), always("gitlab", answer=proxy_page())), ("broken JSON", "Bad Gateway")),
        ((always("nexus", answer=busy(0)), always("gitlab", cut="before")), ("Try again later", "the connection was closed")),
        ((always("nexus", cut="within"), always("gitlab", answer=_WRONG_TYPE)), ("the response was cut off", "Failed to parse the server message")),
        ((always("vault", answer=_SEALED),), ("sealed",)),
        ((always("vault", answer=proxy_page(200)),), ("HTML page titled 'Bad Gateway', not Vault's",)),
    ],
    ids=["page and 500", "broken JSON and page", "busy and cut", "cut within and wrong type", "sealed", "page for Vault"],
)  # fmt: skip
def test_an_answer_that_is_none_is_said(
    after: Site, faults: tuple[Fault, ...], expected: tuple[str, ...]
) -> None:
    text = said(after.up("--refresh", faults=faults))
    assert all(fault.happened() for fault in faults)
    for words in expected:
        assert words in text


def test_busy_and_slow_systems_are_waited_for(after: Site) -> None:
    faults = (
        Fault(system="nexus", prefix=_USERS, answer=busy(1), reads=True),
        Fault(system="gitlab", delay_seconds=2, times=2, reads=True),
        Fault(system="vault", delay_seconds=2, times=2, reads=True),
    )
    after.up("--refresh", faults=faults).succeeded()
    assert all(fault.happened() for fault in faults)


def test_a_read_only_nexus_is_said(after: Site) -> None:
    forget_users(after)
    assert after.project.nexus("POST", "read-only/freeze").ok
    try:
        done = after.up("--refresh")
    finally:
        assert after.project.nexus("POST", "read-only/release").ok
    assert "read-only mode" in said(done)


def forget_users(site: Site) -> None:
    for account in ACCOUNTS:
        site.project.nexus("DELETE", f"security/users/{account}")


@pytest.fixture
def turned(after: Site) -> Iterator[Site]:
    """The site with a rotation that waits to be applied; afterwards it is, and who read before it goes on."""
    before = reads(after.project)
    after.project.edit("path: /orchestrator/one/,", "path: /orchestrator/one/, rotation: {count: 2},")
    yield after
    after.bury()
    after.up("--refresh").succeeded()
    assert after.project.secret("svc-one")["username"] == "svc-one-b"
    assert all(each.lets_in(after.project) for each in before)
    after.restore()
    after.up("--refresh").succeeded()


def test_a_token_that_expires_in_mid_run_is_said(turned: Site) -> None:
    vault = turned.project.vault()
    token = vault.auth.token.create(ttl="10m", policies=["root"])["auth"]["client_token"]
    expire = Fault(system="nexus", prefix=_USERS, strike=lambda: vault.auth.token.revoke(token))
    turned.project.extra["VAULT_TOKEN"] = token
    try:
        done = turned.up(faults=(expire,))
    finally:
        del turned.project.extra["VAULT_TOKEN"]
    assert expire.happened()
    text = said(done)
    assert "permission denied" in text
    assert "Set VAULT_TOKEN to a token that is valid" in text
    assert token not in text


def test_a_vault_that_is_sealed_in_mid_run_is_said_and_opened_again(turned: Site) -> None:
    seal = Fault(system="nexus", prefix=_USERS, strike=turned.project.vault().sys.seal)
    text = said(turned.up(faults=(seal,)))
    assert seal.happened()
    assert "Vault is sealed" in text
    assert "Unseal Vault" in text
    assert turned.project.ciaccess("local", "status").code != 0
    turned.project.ciaccess("local", "start").succeeded()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("system", "seconds"),
    [("nexus", _OURS_SECONDS), ("gitlab", _OURS_SECONDS), ("vault", _PULUMI_VAULT_SECONDS)],
)
def test_a_system_that_never_answers_is_given_up_in_the_documented_time(
    after: Site, system: str, seconds: int
) -> None:
    silent = Fault(system=system, cut="before", delay_seconds=150, times=_MANY, reads=True)
    began = time.monotonic()
    text = said(after.up("--refresh", faults=(silent,)))
    assert time.monotonic() - began < seconds + _START_SECONDS
    assert "the response timed out" in text
