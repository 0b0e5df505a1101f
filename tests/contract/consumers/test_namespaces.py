"""A namespace of Vault reaches every request of every template, every command and every manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ruamel.yaml import YAML

from ciaccess.access import load
from ciaccess.access.reading.faults import ConfigError
from ciaccess.clients.connect import vault_client
from ciaccess.clients.credentials import CredentialsError
from ciaccess.consumers import kubernetes
from ciaccess.consumers.templates import LIBRARY, render
from tests.support.access.organisation import edited
from tests.support.consumers.job_shell import IMAGES, JobShell
from tests.support.consumers.schemas import EXTERNAL_SECRETS, VAULT_SECRETS, faults
from tests.support.consumers.vault_replies import ID_TOKEN, LOGIN, REVOKE, SECRET

if TYPE_CHECKING:
    from pathlib import Path

    from ciaccess.access import Access
    from tests.support.servers.scripted_server import ScriptedServer

NAMESPACES = ["admin", "admin/team", "admin/a/b/c", "team-a", "Team_1.x", "0", "a/b-c/d_e/f.g", "x" * 60]


def inside(folder: Path, namespace: str) -> Access:
    line = "  address: https://vault.shared.cwiq.io\n"
    return load(edited(folder, (line, f'{line}  namespace: "{namespace}"\n')))


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_each_template_logs_in_and_reads_in_the_namespace(
    namespace: str, tmp_path: Path, vault: ScriptedServer
) -> None:
    """The shell of each standalone file is the one of the library, which is run in every kind of image."""
    rendered = render(inside(tmp_path, namespace), library=None)
    shells = set()
    for name, text in rendered.items():
        document = list(YAML(typ="safe").load_all(text))[-1]
        first = document[".nexus_shell"] if name == LIBRARY else next(iter(document.values()))
        shells.add(first["before_script"][0])
    (shell,) = shells
    for image in IMAGES:
        vault.requests.clear()
        job = JobShell(
            tmp_path / image, IMAGES[image], {"VAULT_ID_TOKEN": ID_TOKEN, "VAULT_ADDR": vault.url}, text=shell
        )
        ended = job.run("nexus_auth svc-executor")
        assert ended.code == 0, ended.err
        assert {f"{each.method} {each.target}" for each in vault.requests} == {LOGIN, SECRET, REVOKE}
        assert {each.headers.get("X-Vault-Namespace") for each in vault.requests} == {namespace}


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_each_operators_manifests_name_the_namespace(namespace: str, tmp_path: Path) -> None:
    access, login = inside(tmp_path, namespace), kubernetes.Login("kubernetes", "nexus-pull", "vault")
    names = ("nexus-pull", "orchestrator", "svc-deployer")
    store, _, _ = kubernetes.without_secret("external-secret", access, *names, login)
    _, connection, auth, secret = kubernetes.without_secret("vault-static-secret", access, *names, login)
    assert store["spec"]["provider"]["vault"]["namespace"] == namespace
    assert {each["spec"]["namespace"] for each in (auth, secret)} == {namespace}
    assert faults(EXTERNAL_SECRETS, store) == []
    assert [fault for each in (connection, auth, secret) for fault in faults(VAULT_SECRETS, each)] == []


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_no_command_asks_vault_in_another_namespace(
    namespace: str, tmp_path: Path, vault: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`vault_client` is where commands get theirs."""
    access = inside(tmp_path, namespace)
    access = access.model_copy(update={"vault": access.vault.model_copy(update={"address": vault.url})})
    monkeypatch.setenv("VAULT_ADDR", vault.url)
    monkeypatch.setenv("VAULT_TOKEN", "x")
    for other in ("", "root", f"{namespace}/below"):
        monkeypatch.setenv("VAULT_NAMESPACE", other)
        with pytest.raises(CredentialsError, match=r"VAULT_NAMESPACE is .*, but vault\.namespace"):
            vault_client(access)
    for same in (namespace, f"{namespace}/"):
        monkeypatch.setenv("VAULT_NAMESPACE", same)
        with pytest.raises(Exception, match="599"):
            vault_client(access).token_lives()
        assert vault.requests[-1].headers["X-Vault-Namespace"].strip("/") == namespace


@pytest.mark.parametrize("namespace", ["/admin", "admin/", "a//b", "a/../b", "a b", "a\\nb", "$(id)", ""])
def test_what_cannot_be_a_namespace_is_refused_with_its_line(namespace: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be a namespace"):
        inside(tmp_path, namespace)
