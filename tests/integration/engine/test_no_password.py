"""No account's password is in the state, its export, the engine's log or the plugins' RPC; and states that had them lose them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.recovery.conftest import started

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.recovery.crash import Site

ACCOUNT = "ciaccess:index:ServiceAccount"
# The account resources of a state of November 2026 (commit 6e27490), with passwords, under the local stack's public passphrase.
OLD = Path(__file__).with_name("accounts_with_passwords.json")
ROTATED = ("path: /orchestrator/one/", "path: /orchestrator/one/, rotation: {count: 2}")
BY_HAND = "a-password-set-by-hand-and-long"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A small project on a local stack, with nothing provisioned."""
    with started(tmp_path / "project") as found:
        yield found


def export(site: Site) -> dict[str, Any]:
    """Return the state with its secrets decrypted."""
    shown = site.run("stack", "export", "--show-secrets", plain=True).succeeded().json()
    assert isinstance(shown, dict)
    return shown


def versions(site: Site, account: str) -> list[dict[str, str]]:
    """Return what the versions of a secret hold, the first one first."""
    kv = site.project.vault().secrets.kv.v2
    count = kv.read_secret_metadata(f"nexus/{account}", mount_point="secret")["data"]["current_version"]
    return [
        kv.read_secret_version(
            f"nexus/{account}", number, mount_point="secret", raise_on_deleted_version=True
        )["data"]["data"]
        for number in range(1, count + 1)
    ]


def set_password(site: Site, user: str, password: str) -> None:
    """Set a password in Nexus by hand."""
    path = f"security/users/{user}/change-password"
    answer = site.project.nexus("PUT", path, data=password, headers={"Content-Type": "text/plain"})
    assert answer.ok, answer.text


def write_secret(site: Site, account: str, username: str, password: str) -> None:
    """Write a secret by hand."""
    kv = site.project.vault().secrets.kv.v2
    fields = {"username": username, "password": password}
    kv.create_or_update_secret(f"nexus/{account}", fields, mount_point="secret")


def test_a_password_is_in_vault_and_nexus_alone(site: Site, tmp_path: Path) -> None:
    rpc, said = tmp_path / "rpc.json", ""
    site.project.extra["PULUMI_DEBUG_GRPC"] = str(rpc)
    site.lay_out()
    loud = ("-v=9", "--logtostderr")
    said += site.up(*loud).succeeded().text
    site.project.edit(*ROTATED)
    said += site.up(*loud).succeeded().text
    handed_out = site.project.secret("svc-one")
    write_secret(site, "svc-one", "svc-one", BY_HAND)
    set_password(site, "svc-two", BY_HAND)
    said += site.run("preview", "--refresh", *loud).succeeded().text
    said += site.up("--refresh", *loud).succeeded().text
    assert site.project.secret("svc-one") == handed_out
    assert all(site.project.accepts(account) for account in ("svc-one", "svc-two"))

    secrets = [each["password"] for name in ("svc-one", "svc-two") for each in versions(site, name)]
    assert len(set(secrets)) == 4
    said += json.dumps(export(site)) + rpc.read_text(encoding="utf-8")
    folders = (site.project.state / "state", tmp_path)
    files = [file for folder in folders for file in folder.rglob("*.json*") if file.is_file()]
    said += "".join(file.read_text(encoding="utf-8") for file in files if "vault" not in file.parts)
    assert "fingerprints" in said
    assert [password for password in secrets if password in said] == []


def test_a_state_with_passwords_loses_them_at_the_next_up_and_no_password_changes(site: Site) -> None:
    site.project.edit(*ROTATED)
    site.up().succeeded()
    old = import_old(site)
    passwords = {
        user: password
        for each in export(site)["deployment"]["resources"]
        if each["type"] == ACCOUNT
        for user, password in json.loads(each["outputs"]["passwords"]["plaintext"]).items()
    }
    assert sorted(passwords) == ["svc-one-b:1", "svc-one:1", "svc-two:1"]
    for name, password in passwords.items():
        set_password(site, name.partition(":")[0], password)
    kv = site.project.vault().secrets.kv.v2
    for account, users in {"svc-one": ("svc-one", "svc-one-b"), "svc-two": ("svc-two",)}.items():
        kv.delete_metadata_and_all_versions(f"nexus/{account}", mount_point="secret")
        for user in users:
            write_secret(site, account, user, passwords[f"{user}:1"])
        custom = {name: value for name, value in old[account]["outputs"]["metadata"].items() if value}
        custom["fingerprint"] = old[account]["outputs"]["fingerprints"][users[-1]]
        kv.update_metadata(f"nexus/{account}", custom_metadata=custom, mount_point="secret")

    before = versions(site, "svc-one") + versions(site, "svc-two")
    site.up().succeeded()
    assert versions(site, "svc-one") + versions(site, "svc-two") == before
    assert all(site.project.accepts(account) for account in ("svc-one", "svc-two"))
    shown = json.dumps(export(site))
    assert [name for name, password in passwords.items() if password in shown] == []
    assert '"passwords"' not in shown
    site.run("preview", "--refresh", "--expect-no-changes").succeeded()


def import_old(site: Site) -> dict[str, Any]:
    """Put the accounts of the old state in the place of today's; return them by name."""
    old = {each["urn"].rpartition("::")[2]: each for each in json.loads(OLD.read_text(encoding="utf-8"))}
    state = site.run("stack", "export", plain=True).succeeded().json()
    for each in state["deployment"]["resources"]:
        if each["type"] == ACCOUNT:
            each.update(old[each["urn"].rpartition("::")[2]])
    file = site.project.folder / "old.json"
    file.write_text(json.dumps(state), encoding="utf-8")
    site.run("stack", "import", "--file", str(file), plain=True).succeeded()
    file.unlink()
    return old
