"""200 accounts that are limited to paths, made in one `up` on a real Nexus, ten times: its creation of selectors races with itself."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from ruamel.yaml import YAML

from tests.support.project.project import Project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

VERSION = "3.71.0"
ACCOUNTS, ROUNDS = 200, 10
pytestmark = [pytest.mark.slow, pytest.mark.timeout(5400)]


def limit_to_paths(access: Path, accounts: int) -> None:
    """Replace the accounts of a YAML by this many, each limited to a folder of its own in raw and maven2."""
    yaml = YAML()
    data = yaml.load(access)
    made = {
        f"svc-path-{number:03}": {
            "purpose": f"Team {number}",
            "push": ["raw", "maven2"],
            "path": f"/team/{number:03}/",
        }
        for number in range(accounts)
    }
    data["accounts"] = made
    data["vault"]["roles"]["nexus-ci"]["accounts"] = list(made)
    del data["pipeline"]
    yaml.dump(data, access)


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Project]:
    """Return a project on the server, with nothing provisioned."""
    made = Project(tmp_path / "project")
    made.create(f"local/nexus-{VERSION}.yaml")
    limit_to_paths(made.access, ACCOUNTS)
    try:
        made.ciaccess("local", "start", "--nexus", VERSION, "--free-ports").succeeded()
        made.run("pulumi", "stack", "init", "local", "--no-select", "--non-interactive").succeeded()
        yield made
    finally:
        made.stop()


def test_two_hundred_accounts_are_made_by_one_up_each_time(empty: Project) -> None:
    for number in range(1, ROUNDS + 1):
        start = time.monotonic()
        empty.up().succeeded()
        seconds = time.monotonic() - start
        selectors = empty.nexus("GET", "security/content-selectors").json()
        assert len(selectors) == 2 * ACCOUNTS
        empty.preview().succeeded()
        empty.pulumi("destroy", "--yes", "--skip-preview").succeeded()
        assert empty.nexus("GET", "security/content-selectors").json() == []
        print(f"round {number} of {ROUNDS}: {ACCOUNTS} accounts in {seconds:.1f} s")  # noqa: T201 read with -s
