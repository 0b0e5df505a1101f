"""Credentials go to the environment's systems alone: to none that only access.yaml or the stack's settings name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ciaccess.clients.connect import checked_gitlab, checked_nexus, checked_vault
from ciaccess.clients.credentials import CredentialsError, check_address, check_vault_address
from tests.support.access.access import GOOD, valid
from tests.support.review.looked_at import systems

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ciaccess.access import Access


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


@pytest.mark.parametrize(
    ("variable", "connect", "key"),
    [
        ("VAULT_ADDR", checked_vault, "vault.address"),
        ("NEXUS_URL", checked_nexus, "nexus.url"),
        ("GITLAB_URL", checked_gitlab, "gitlab.url"),
    ],
)
def test_credentials_of_the_local_stack_are_not_sent_to_another_stack(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    variable: str,
    connect: Callable[[Access, float], object],
    key: str,
) -> None:
    with systems(monkeypatch) as server:
        monkeypatch.setenv(variable, "http://127.0.0.1:18200/")
        access = valid(tmp_path, GOOD)
        with pytest.raises(CredentialsError) as caught:
            connect(access, 1.0)
    assert str(caught.value).startswith(f"{variable} is http://127.0.0.1:18200/, but {key} of ")
    assert "nothing was sent. Name the stack of these credentials, such as --stack local" in str(caught.value)
    assert not server.requests


@pytest.mark.parametrize(
    "spelling", ["https://Nexus.example.org", "HTTPS://nexus.example.org:443/", " https://nexus.example.org "]
)
def test_another_spelling_of_an_address_is_the_same(spelling: str) -> None:
    check_address("NEXUS_URL", "https://nexus.example.org", {"NEXUS_URL": spelling})


@pytest.mark.parametrize(
    "other",
    [
        "http://nexus.example.org",
        "https://nexus.example.org/nexus",
        "https://nexus.example.org?x",
        "https://nexus.example.org/#x",
        "https://nexus.example.org:0",
        "https://user@nexus.example.org",
        "https://nexus.example.org\\@x.y",
        "https://x.y",
        "https://[",
    ],
)
def test_another_address_is_refused(other: str) -> None:
    with pytest.raises(CredentialsError, match="nothing was sent"):
        check_address("NEXUS_URL", "https://nexus.example.org", {"NEXUS_URL": other})


def test_a_password_in_the_environments_address_is_not_printed() -> None:
    with pytest.raises(CredentialsError) as raised:
        check_address("NEXUS_URL", "https://x.org", {"NEXUS_URL": "https://u:canary-pw@nexus.example.org"})
    assert "canary-pw" not in str(raised.value)
