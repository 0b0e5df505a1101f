from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from ciaccess.atomic_file import write_private
from ciaccess.consumers.pull_secret import check_account
from ciaccess.engine.settings import local_addresses_file
from ciaccess.errors import CommandError
from ciaccess.local_stack.places import Record, credential_file
from tests.support.access.access import GOOD, edited, valid
from tests.support.cli.commands import ciaccess
from tests.support.review.looked_at import CREDENTIALS
from tests.support.servers.scripted_server import ScriptedServer

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("privilege", ["nx-all", "nx-users-update", "nx-roles-all"])
def test_an_account_that_could_give_itself_the_rest_is_no_clusters(tmp_path: Path, privilege: str) -> None:
    """The same accounts whose secrets no JWT role may read."""
    access = valid(
        tmp_path, edited(("privileges: [nx-search-read]", f"privileges: [nx-search-read, {privilege}]"))
    )
    with pytest.raises(CommandError, match="svc-deployer administers Nexus"):
        check_account(access, "svc-deployer")


def test_an_account_that_only_pulls_is(tmp_path: Path) -> None:
    check_account(valid(tmp_path, GOOD), "svc-deployer")


def test_on_the_stack_local_it_takes_the_local_stacks_credentials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CIACCESS_STATE_DIR", str(tmp_path))
    for name in CREDENTIALS:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)
    given = dict(os.environ)
    with ScriptedServer() as server:
        port = int(server.url.rpartition(":")[2])
        record = Record(ports=dict.fromkeys(("vault", "nexus", "nexus_push", "nexus_pull", "gitlab"), port))
        record.save()
        local_addresses_file().write_text(json.dumps(record.addresses()), encoding="utf-8")
        write_private(credential_file("vault-token"), "hvs.of-the-local-stack")
        try:
            done = ciaccess(
                capsys,
                "pull-secret",
                "--stack",
                "local",
                "--account",
                "svc-deployer",
                "--kind",
                "docker-config",
            )
        finally:
            os.environ.clear()
            os.environ.update(given)
    assert "the environment lacks" not in done.err
    assert server.requests, done.err
