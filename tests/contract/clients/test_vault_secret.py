"""A secret's snapshot and its writes, against the real Vault."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from ciaccess.clients.errors import ForbiddenError, RefusedError
from ciaccess.clients.redaction import redact
from ciaccess.clients.vault.client import Vault
from ciaccess.clients.vault.secret import (
    DELETED,
    DESTROYED,
    MISSING,
    THERE,
    Credentials,
    SecretSnapshot,
    VaultSecret,
)
from tests.support.servers.vault import VaultProcess

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VaultProcess]:
    started = VaultProcess(tmp_path_factory.mktemp("vault") / "vault.log")
    started.start()
    yield started
    started.stop()


@pytest.fixture
def kv(process: VaultProcess) -> Any:
    return process.client.secrets.kv.v2


@pytest.fixture
def secret(process: VaultProcess, unique: str) -> Iterator[VaultSecret]:
    client = Vault(process.url, process.token)
    yield VaultSecret(client, f"secret/data/nexus/{unique}")
    client.close()


def fields(number: int, username: str = "svc-x") -> dict[str, str]:
    return {"username": username, "password": f"planted-password-{number}"}


def test_a_secret_that_was_never_written_is_missing(secret: VaultSecret) -> None:
    assert secret.read() == secret.read_metadata() == secret.read_all() == SecretSnapshot()
    assert secret.read().state == MISSING


def test_a_value_is_read_and_concealed(secret: VaultSecret) -> None:
    assert secret.write(fields(1), after=0) == 1
    found = secret.read()
    assert (found.state, found.version, found.fields) == (THERE, 1, fields(1))
    assert found.credentials == Credentials("svc-x", "planted-password-1")
    assert redact("it is planted-password-1") == "it is ***"
    assert "planted" not in repr(found)


def test_the_metadata_tell_versions_and_times_without_the_right_to_read_a_value(
    process: VaultProcess, secret: VaultSecret, unique: str
) -> None:
    secret.write(fields(1), after=0)
    secret.describe({"owner": "ciaccess"})
    secret.write(fields(2), after=1)
    path = f"secret/metadata/nexus/{unique}"
    limited = VaultSecret(
        Vault(process.url, process.token_for((path, "read"))), f"secret/data/nexus/{unique}"
    )
    found = limited.read_metadata()
    assert (found.state, found.version, found.custom) == (THERE, 2, {"owner": "ciaccess"})
    assert found.fields is None
    assert found.earlier == [1]
    assert found.since.startswith("20")
    with pytest.raises(ForbiddenError):
        limited.read_all()


def test_a_deleted_and_a_destroyed_version_are_told_apart(secret: VaultSecret, kv: Any, unique: str) -> None:
    for number in range(3):
        secret.write(fields(number), after=number)
    kv.delete_latest_version_of_secret(f"nexus/{unique}")
    for found in (secret.read(), secret.read_metadata(), secret.read_all()):
        assert (found.state, found.version, found.fields) == (DELETED, 3, None)
    kv.destroy_secret_versions(f"nexus/{unique}", [2, 3])
    assert secret.read().state == secret.read_metadata().state == DESTROYED
    found = secret.read_metadata()
    assert [found.state_of(number) for number in (1, 2, 4)] == [THERE, DESTROYED, MISSING]
    assert found.earlier == [1]


def test_a_version_that_is_to_be_deleted_later_is_there(secret: VaultSecret, kv: Any, unique: str) -> None:
    secret.write(fields(1), after=0)
    kv.update_metadata(f"nexus/{unique}", delete_version_after="2s")
    secret.write(fields(2), after=1)
    assert secret.read_metadata().state == THERE
    time.sleep(2.5)
    assert secret.read_metadata().state == secret.read().state == DELETED


@pytest.mark.parametrize(
    "other",
    [
        {"username": "svc-x"},
        {"username": "", "password": "p"},
        {"username": "svc-x", "password": ""},
        {"n": 1},
    ],
)
def test_a_secret_without_user_or_password_has_no_credentials(
    secret: VaultSecret, kv: Any, unique: str, other: dict[str, Any]
) -> None:
    kv.create_or_update_secret(f"nexus/{unique}", other)
    assert secret.read().exists
    assert secret.read().credentials is None


def test_wanted_credentials_are_found_in_the_newest_version_that_has_them(
    secret: VaultSecret, kv: Any, unique: str
) -> None:
    for number, username in enumerate(("svc-x", "svc-x", "svc-y", "svc-x")):
        secret.write(fields(number, username), after=number)
    kv.delete_secret_versions(f"nexus/{unique}", [4])
    found = secret.read_all()
    assert secret.find(found, lambda each: each.username == "svc-x") == Credentials(
        "svc-x", "planted-password-1"
    )
    assert secret.find(found, lambda each: each.username == "svc-z") is None


def test_of_two_writers_one_is_refused(secret: VaultSecret) -> None:
    secret.write(fields(1), after=0)
    with pytest.raises(RefusedError, match="it was written by someone else after it was read"):
        secret.write(fields(2), after=0)
    assert secret.read().version == 1
