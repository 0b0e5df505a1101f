from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ciaccess.consumers.pull_secret import check_account
from ciaccess.errors import CommandError
from tests.support.access.access import GOOD, edited, valid

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
