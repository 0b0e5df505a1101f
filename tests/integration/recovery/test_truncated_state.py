"""The state's own file is cut off: `recover` restores the newest whole copy, and `up --refresh` finds what that does not know."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.support.project.project import STACK
from tests.support.recovery.crash import ACCOUNTS
from tests.support.servers.fault_proxy import Fault

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.recovery.crash import Site

_USERS = "/service/rest/v1/security/users"


def state_file(site: Site) -> Path:
    return site.project.state / "state" / ".pulumi" / "stacks" / "ciaccess" / f"{STACK}.json"


def cut(file: Path) -> bytes:
    """Cut a file off in its middle; return what is left of it."""
    left = file.read_bytes()[: file.stat().st_size // 2]
    file.write_bytes(left)
    return left


def newest_backup(site: Site) -> Path:
    return max((site.project.state / "state" / ".pulumi" / "backups").rglob(f"{STACK}.*.json"))


def add(site: Site, account: str) -> None:
    site.project.edit("accounts: [svc-one, ", f"accounts: [svc-one, {account}, ")
    site.project.edit(
        "accounts:\n  svc-one:", f"accounts:\n  {account}: {{purpose: New, pull: [raw]}}\n  svc-one:"
    )


def has_converged(site: Site, account: str) -> None:
    assert all(site.project.accepts(each) for each in (*ACCOUNTS, account))
    site.run("preview", "--refresh", "--expect-no-changes").succeeded()


@pytest.fixture
def provisioned(shared_site: Site) -> Site:
    """The site with its first accounts."""
    shared_site.restore()
    shared_site.up("--refresh").succeeded()
    return shared_site


def test_a_state_that_is_cut_off_after_an_up_is_restored(provisioned: Site) -> None:
    site = provisioned
    add(site, "svc-three")
    site.up().succeeded()
    whole = state_file(site).read_bytes()
    left = cut(state_file(site))
    assert "failed to load checkpoint" in site.run("preview").text

    explained = site.recover()
    assert explained.code == 2, explained.text
    assert f"torn: the state {state_file(site)} is truncated" in explained.out
    assert f"restore {newest_backup(site).name}" in explained.out
    assert state_file(site).read_bytes() == left

    done = site.recover("--yes", "--json").succeeded().json()
    assert [each["kind"] for each in done["found"]] == ["torn"]
    assert done["next"] == f"pulumi up --refresh --stack {STACK}"
    assert state_file(site).read_bytes() == whole
    assert [file.read_bytes() for file in state_file(site).parent.glob(f"{STACK}.json.torn-*")] == [left]
    site.up("--refresh").succeeded()
    has_converged(site, "svc-three")


def test_what_a_state_of_the_run_before_does_not_know_is_found(provisioned: Site) -> None:
    site = provisioned
    add(site, "svc-four")
    fault = Fault(system="nexus", prefix=_USERS, strike_after=site.kill_all)
    site.up(faults=(fault,))
    site.bury()
    assert fault.happened()
    cut(state_file(site))

    assert f"restore {newest_backup(site).name}" in site.recover("--yes").succeeded().out
    site.up("--refresh").succeeded()
    has_converged(site, "svc-four")


def test_an_account_that_no_copy_knows_is_found_by_its_claim(provisioned: Site) -> None:
    site = provisioned
    add(site, "svc-five")
    site.up().succeeded()
    password = site.project.secret("svc-five")["password"]
    newest_backup(site).write_bytes(b"")
    shutil.copyfile(newest_backup(site), state_file(site).with_name(f"{STACK}.json.bak"))
    cut(state_file(site))

    site.recover("--yes").succeeded()
    site.up("--refresh").succeeded()
    has_converged(site, "svc-five")
    assert site.project.secret("svc-five")["password"] == password


def test_a_state_of_which_nothing_is_left_is_made_anew_by_adoption(provisioned: Site) -> None:
    site = provisioned
    passwords = [site.project.secret(account)["password"] for account in ACCOUNTS]
    file = state_file(site)
    for each in (file, file.with_name(f"{STACK}.json.bak"), *newest_backup(site).parent.iterdir()):
        each.write_bytes(b"")

    refused = site.recover("--yes")
    assert refused.code == 3, refused.text
    # What it says, word for word.
    steps = re.findall(r"pulumi cancel [^;]*|mv [^;]*|pulumi stack init [^;]*", refused.text)
    assert len(steps) == 3
    for step in steps:
        site.project.run(*step.split()).succeeded()
    assert "./ciaccess adopt run --stack local --all" in refused.text
    site.ciaccess("adopt", "run", "--all").succeeded()
    site.up("--refresh").succeeded()
    has_converged(site, ACCOUNTS[0])
    assert [site.project.secret(account)["password"] for account in ACCOUNTS] == passwords
