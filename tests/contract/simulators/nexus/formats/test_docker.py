"""Images with skopeo, by accounts that have the least they need."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.support.clients.images import write_layout
from tests.support.servers.simulator import free_port

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    from tests.contract.simulators.nexus.formats.conftest import Account
    from tests.support.servers.nexus import NexusProcess

    Run = Callable[..., subprocess.CompletedProcess[str]]
    Skopeo = Callable[..., subprocess.CompletedProcess[str]]


FORMAT = "docker"
PUSHES = ("docker-dev",)
PULLS = ("docker-all",)


@dataclass(frozen=True)
class Registries:
    """The addresses of the connectors: where one pushes, where one pulls, and a stage that is written once."""

    push: str
    pull: str
    uat: str


@pytest.fixture(scope="module")
def registries(nexus: NexusProcess) -> Registries:
    found = Registries(*(f"127.0.0.1:{free_port()}" for _ in range(3)))

    def docker(address: str) -> dict[str, object]:
        port = int(address.partition(":")[2])
        return {"v1Enabled": False, "forceBasicAuth": True, "httpPort": port}

    nexus.add_repository("docker", "docker-dev", docker=docker(found.push))
    nexus.add_repository(
        "docker", "docker-uat", docker=docker(found.uat), storage={"writePolicy": "ALLOW_ONCE"}
    )
    members = {"memberNames": ["docker-uat", "docker-dev"]}
    nexus.add_repository("docker", "docker-all", "group", docker=docker(found.pull), group=members)
    return found


@pytest.fixture(scope="module")
def promoter(account: Callable[..., Account]) -> Account:
    return account("docker-promoter", "docker", "docker-dev,docker-uat", "browse", "read", "edit", "add")


@pytest.fixture
def skopeo(run: Run) -> Skopeo:
    """Return a function that runs skopeo without TLS: `skopeo("copy", *words, source=account, target=account)`."""

    def run_skopeo(
        verb: str, *words: str, source: Account | None = None, target: Account | None = None
    ) -> subprocess.CompletedProcess[str]:
        options: list[str] = []
        if verb == "copy":
            options += ["--src-tls-verify=false", "--dest-tls-verify=false"]
            options += ["--src-creds", ":".join(source)] if source else []
            options += ["--dest-creds", ":".join(target)] if target else []
        else:
            options += ["--tls-verify=false", *(["--creds", ":".join(source)] if source else [])]
        return run("skopeo", "--insecure-policy", verb, *options, *words)

    return run_skopeo


def test_an_image_is_pushed_to_one_port_and_pulled_from_the_other(
    registries: Registries, pusher: Account, puller: Account, skopeo: Skopeo, tmp_path: Path
) -> None:
    digest = write_layout(tmp_path / "image", "pushed")
    pushed = skopeo("copy", "oci:image", f"docker://{registries.push}/orchestrator/server:1.0", target=pusher)
    assert pushed.returncode == 0, pushed.stderr
    place = f"docker://{registries.pull}/orchestrator/server"
    assert json.loads(skopeo("inspect", f"{place}:1.0", source=puller).stdout)["Digest"] == digest
    pulled = skopeo("copy", f"{place}@{digest}", "oci:copy:1.0", source=puller)
    assert pulled.returncode == 0, pulled.stderr
    blobs = {each.name for each in (tmp_path / "image/blobs/sha256").iterdir()}
    assert {each.name for each in (tmp_path / "copy/blobs/sha256").iterdir()} == blobs
    assert json.loads(skopeo("list-tags", place, source=puller).stdout)["Tags"] == ["1.0"]


def test_a_push_is_refused_without_the_right_and_to_a_group(
    registries: Registries,
    pusher: Account,
    account: Callable[..., Account],
    skopeo: Skopeo,
    tmp_path: Path,
) -> None:
    reader = account("docker-reader", "docker", "docker-dev,docker-all", "browse", "read")
    write_layout(tmp_path / "image", "refused")
    for registry in (registries.push, registries.pull):
        done = skopeo("copy", "oci:image", f"docker://{registry}/orchestrator/server:2.0", target=reader)
        assert done.returncode != 0
        assert "requested access to the resource is denied" in done.stderr
    done = skopeo("copy", "oci:image", f"docker://{registries.pull}/orchestrator/server:2.0", target=pusher)
    assert "403 (Forbidden)" in done.stderr
    owner = account("docker-owner-of-all", "docker", "docker-all", "browse", "read", "edit", "add")
    done = skopeo("copy", "oci:image", f"docker://{registries.pull}/orchestrator/server:2.0", target=owner)
    assert "Deploying to groups is a PRO-licensed feature" in done.stderr


def test_a_pull_is_refused_from_a_member_that_one_may_not_read(
    registries: Registries, pusher: Account, puller: Account, skopeo: Skopeo, tmp_path: Path
) -> None:
    write_layout(tmp_path / "image", "member")
    place = f"{registries.push}/orchestrator/member:1"
    assert skopeo("copy", "oci:image", f"docker://{place}", target=pusher).returncode == 0
    assert skopeo("inspect", f"docker://{place}", source=puller).returncode != 0
    assert (
        skopeo("inspect", f"docker://{registries.pull}/orchestrator/member:1", source=puller).returncode == 0
    )


def test_a_promoted_tag_is_written_once_and_read_before_the_one_in_dev(
    registries: Registries,
    pusher: Account,
    promoter: Account,
    puller: Account,
    skopeo: Skopeo,
    tmp_path: Path,
) -> None:
    first, second = write_layout(tmp_path / "one", "first"), write_layout(tmp_path / "two", "second")
    dev, uat = (f"docker://{each}/orchestrator/promoted:1" for each in (registries.push, registries.uat))
    assert skopeo("copy", "oci:one", dev, target=pusher).returncode == 0
    promoted = skopeo("copy", dev, uat, source=promoter, target=promoter)
    assert promoted.returncode == 0, promoted.stderr
    assert skopeo("copy", "oci:two", dev, target=pusher).returncode == 0
    again = skopeo("copy", dev, uat, source=promoter, target=promoter)
    assert again.returncode != 0
    assert "blob upload invalid" in again.stderr
    pulled = skopeo("inspect", f"docker://{registries.pull}/orchestrator/promoted:1", source=puller)
    assert json.loads(pulled.stdout)["Digest"] == first
    other_tag = skopeo("copy", "oci:one", uat.replace(":1", ":other"), target=promoter)
    assert other_tag.returncode == 0, other_tag.stderr
    assert first != second


def test_skopeo_deletes_an_image_with_the_right_to(
    registries: Registries, pusher: Account, account: Callable[..., Account], skopeo: Skopeo, tmp_path: Path
) -> None:
    janitor = account("docker-janitor", "docker", "docker-dev", "browse", "read", "delete")
    write_layout(tmp_path / "image", "deleted")
    place = f"docker://{registries.push}/orchestrator/deleted:1"
    assert skopeo("copy", "oci:image", place, target=pusher).returncode == 0
    assert skopeo("delete", place, source=pusher).returncode != 0
    assert skopeo("delete", place, source=janitor).returncode == 0
    assert skopeo("inspect", place, source=pusher).returncode != 0


def test_login_takes_the_right_password_alone(registries: Registries, pusher: Account, run: Run) -> None:
    words = ("skopeo", "login", "--tls-verify=false", "-u", pusher[0], registries.push, "-p")
    assert run(*words, pusher[1]).stdout.strip() == "Login Succeeded!"
    assert run(*words, "wrong").returncode != 0


def test_clients_that_know_tokens_sign_in_with_one_and_pull_without_an_account(
    nexus: NexusProcess, pusher: Account, skopeo: Skopeo, tmp_path: Path, account: Callable[..., Account]
) -> None:
    port = free_port()
    nexus.add_repository(
        "docker", "docker-open", docker={"v1Enabled": False, "forceBasicAuth": False, "httpPort": port}
    )
    owner = account("docker-owner", "docker", "docker-open", "browse", "read", "edit", "add")
    write_layout(tmp_path / "image", "token")
    place = f"docker://127.0.0.1:{port}/token:1"
    assert skopeo("copy", "oci:image", place, target=pusher).returncode != 0
    pushed = skopeo("copy", "oci:image", place, target=owner)
    assert pushed.returncode == 0, pushed.stderr
    assert skopeo("inspect", place, source=owner).returncode == 0
    without = skopeo("inspect", place)
    assert without.returncode == 0, without.stderr
    assert skopeo("copy", "oci:image", place).returncode != 0


def test_images_and_connectors_survive_a_killed_process(
    nexus: NexusProcess, registries: Registries, pusher: Account, skopeo: Skopeo, tmp_path: Path
) -> None:
    write_layout(tmp_path / "image", "kept")
    place = f"docker://{registries.push}/orchestrator/kept:1"
    assert skopeo("copy", "oci:image", place, target=pusher).returncode == 0
    nexus.kill()
    nexus.start()
    copied = skopeo("copy", place, "oci:copy:1", source=pusher)
    assert copied.returncode == 0, copied.stderr
