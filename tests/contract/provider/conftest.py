from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.provider.account import OWNER, AccountCase
from tests.support.provider.plugin import Engine
from tests.support.servers.fault_proxy import FaultProxy
from tests.support.servers.gitlab import GitlabProcess, start_gitlab
from tests.support.servers.vault import VaultProcess

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.servers.nexus import NexusApi, NexusProcess

CREDENTIALS = ("NEXUS_USERNAME", "NEXUS_PASSWORD", "GITLAB_TOKEN", "VAULT_ADDR", "VAULT_TOKEN")


@pytest.fixture(scope="module")
def gitlab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitlabProcess]:
    """Return a GitLab (Free) of this file."""
    process = start_gitlab(tmp_path_factory.mktemp("gitlab"))
    yield process
    process.stop()


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VaultProcess]:
    """Return a Vault of this file."""
    process = VaultProcess(tmp_path_factory.mktemp("vault") / "vault.log")
    process.start()
    yield process
    process.stop()


@pytest.fixture(autouse=True)
def _no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        *CREDENTIALS,
        "NEXUS_URL",
        "GITLAB_URL",
        "CIACCESS_CA_BUNDLE",
        "REQUESTS_CA_BUNDLE",
        "VAULT_NAMESPACE",
    ):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)


@pytest.fixture
def nexus_engine(nexus: NexusApi, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """Return an engine whose plugin administers `nexus`."""
    for name, value in zip(("NEXUS_USERNAME", "NEXUS_PASSWORD"), nexus.administrator(), strict=True):
        monkeypatch.setenv(name, value)
    with Engine({"nexus_url": nexus.url}) as engine:
        yield engine


@pytest.fixture
def gitlab_engine(gitlab: GitlabProcess, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """Return an engine whose plugin administers `gitlab`."""
    monkeypatch.setenv("GITLAB_TOKEN", gitlab.root_token)
    with Engine({"gitlab_url": gitlab.url}) as engine:
        yield engine


@pytest.fixture
def vault_engine(vault: VaultProcess, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """Return an engine whose plugin asks `vault`."""
    monkeypatch.setenv("VAULT_ADDR", vault.url)
    monkeypatch.setenv("VAULT_TOKEN", vault.token)
    with Engine({}) as engine:
        yield engine


@pytest.fixture
def account(
    nexus: NexusProcess, vault: VaultProcess, unique: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[AccountCase]:
    """Return an account with a path scope, and an engine that reaches both systems through a proxy."""
    with FaultProxy({"nexus": nexus.url, "vault": vault.url}) as proxy:
        for name, value in zip(("NEXUS_USERNAME", "NEXUS_PASSWORD"), nexus.administrator(), strict=True):
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("VAULT_ADDR", proxy.addresses["vault"])
        monkeypatch.setenv("VAULT_TOKEN", vault.token)
        address = f"{proxy.addresses['nexus']}{nexus.context_path}"
        with Engine({"nexus_url": address}, owner=OWNER) as engine:
            yield AccountCase(unique, engine, nexus, vault, proxy)
