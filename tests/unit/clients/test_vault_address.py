"""A job sends nothing to a Vault that its access.yaml alone names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ciaccess.clients.credentials import CredentialsError, check_vault_address
from tests.support.access.access import GOOD, valid

if TYPE_CHECKING:
    from pathlib import Path


def test_a_vault_that_is_not_the_jobs_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    access = valid(tmp_path, GOOD.replace("vault.example.org", "vault.evil.example"))
    with pytest.raises(CredentialsError, match="nothing was sent"):
        check_vault_address(access, {"VAULT_ADDR": "https://vault.example.org"})


def test_a_job_of_gitlab_without_the_groups_variable_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CredentialsError, match="VAULT_ADDR is empty"):
        check_vault_address(valid(tmp_path, GOOD), {"GITLAB_CI": "true"})


def test_the_jobs_own_vault_is_taken(tmp_path: Path) -> None:
    check_vault_address(
        valid(tmp_path, GOOD), {"GITLAB_CI": "true", "VAULT_ADDR": "https://vault.example.org/"}
    )
