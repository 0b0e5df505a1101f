from __future__ import annotations

import pytest

from ciaccess.adoption.session import connect
from ciaccess.clients.credentials import CredentialsError
from ciaccess.provider.systems import Systems

_HOLDS_CREDENTIALS = "https://root:planted@nexus.example.org"


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NEXUS_USERNAME", "NEXUS_PASSWORD", "GITLAB_TOKEN", "VAULT_TOKEN"):
        monkeypatch.setenv(name, f"planted-for-{name}")


def test_an_address_that_cannot_be_one_is_the_users_mistake_and_no_fault_of_ours() -> None:
    with pytest.raises(CredentialsError, match="connect to Nexus: Nexus's URL holds credentials"):
        Systems({"nexus_url": _HOLDS_CREDENTIALS}, str).nexus()


def test_an_adoption_says_an_address_that_cannot_be_one() -> None:
    with pytest.raises(CredentialsError, match="connect to Nexus: Nexus's URL holds credentials"):
        connect("https://vault.example.org", _HOLDS_CREDENTIALS, "https://gitlab.example.org")


def test_a_username_that_cannot_log_in_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEXUS_USERNAME", "root:x")
    with pytest.raises(CredentialsError, match="NEXUS_USERNAME has a colon"):
        Systems({"nexus_url": "https://nexus.example.org"}, str).nexus()
