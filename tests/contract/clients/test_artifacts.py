"""Each format's artifacts go up, come back the same, and leave nothing: against the simulator, and rpm's own eyes."""

from __future__ import annotations

import io
import subprocess
import tarfile
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from ciaccess.clients.artifacts import FORMATS, Artifact, Place
from ciaccess.clients.errors import UnreachableError
from ciaccess.clients.http.session import HttpOptions, PooledSession, basic
from tests.support.servers.simulator import free_port

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.servers.nexus import NexusProcess

ARTIFACT = Artifact("ciaccess-verify-7", "/some/folder/")
_ATTRIBUTES: dict[str, dict[str, Any]] = {
    "docker": {"docker": {"v1Enabled": False, "forceBasicAuth": True}},
    "maven2": {"maven": {"versionPolicy": "MIXED", "layoutPolicy": "STRICT"}},
}


@pytest.fixture(scope="module", autouse=True)
def readers(nexus: NexusProcess) -> None:
    """Create a repository of each format with a user that may read it, and a user that may read none."""
    for format_ in FORMATS:
        nexus.add_repository(format_, f"{format_}-dev", **_ATTRIBUTES.get(format_, {}))
        nexus.add_role(f"{format_}-reader", f"nx-repository-view-{format_}-{format_}-dev-read")
        nexus.add_user(f"{format_}-reader", f"{format_}-reader")
    nexus.add_role("nobody", "nx-search-read")
    nexus.add_user("nobody", "nobody")


def place(nexus: NexusProcess, format_: str, user: tuple[str, str]) -> Place:
    url = f"{nexus.url}/repository/{format_}-dev"
    session = PooledSession(nexus.url, HttpOptions(connect_seconds=0.5, down_seconds=0))
    return Place(f"{format_}-dev", url, session, basic(*user))


def assets(nexus: NexusProcess, format_: str) -> list[str]:
    return [item["path"] for item in nexus.rest("GET", f"/assets?repository={format_}-dev")["items"]]


@pytest.mark.parametrize("format_", FORMATS)
def test_an_artifact_goes_up_comes_back_and_is_removed_whole(nexus: NexusProcess, format_: str) -> None:
    client, here = FORMATS[format_], place(nexus, format_, nexus.administrator())
    assert client.upload(here, ARTIFACT).worked
    assert assets(nexus, format_)
    back = client.download(here, ARTIFACT)
    assert (back.status, back.content) == (200, client.content(ARTIFACT))
    assert client.purge(here, ARTIFACT).worked
    assert assets(nexus, format_) == []


@pytest.mark.parametrize("format_", FORMATS)
def test_what_is_not_there_is_404_to_who_may_and_a_refusal_to_who_may_not(
    nexus: NexusProcess, format_: str
) -> None:
    client = FORMATS[format_]
    absent = Artifact("ciaccess-verify-absent")
    administrator = place(nexus, format_, nexus.administrator())
    assert client.download(administrator, absent).status == 404
    assert client.delete(administrator, absent).status == 404
    reader = place(nexus, format_, (f"{format_}-reader", "password"))
    assert client.download(reader, absent).status == 404
    # By pypi's protocol nothing is deleted, whatever the rights.
    assert client.delete(reader, absent).status == (404 if format_ == "pypi" else 403)
    nobody = place(nexus, format_, ("nobody", "password"))
    assert client.download(nobody, absent).refused


@pytest.mark.parametrize("format_", FORMATS)
def test_an_upload_stops_at_the_first_refusal(nexus: NexusProcess, format_: str) -> None:
    refused = FORMATS[format_].upload(place(nexus, format_, (f"{format_}-reader", "password")), ARTIFACT)
    assert refused.refused
    assert refused.reason.startswith("403")
    assert "<" not in refused.reason
    assert assets(nexus, format_) == []


def test_nobody_answering_is_an_error_of_its_own() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    here = Place("raw-dev", url, PooledSession(url, HttpOptions(down_seconds=0)), basic("a", "password"))
    with pytest.raises(UnreachableError, match="connection refused"):
        FORMATS["raw"].download(here, ARTIFACT)


def test_the_rpm_is_one_to_rpm_itself(tmp_path: Path) -> None:
    package = tmp_path / "package.rpm"
    package.write_bytes(FORMATS["yum"].content(ARTIFACT))
    checked = subprocess.run(["rpm", "-K", str(package)], capture_output=True, text=True, check=True)
    assert "digests OK" in checked.stdout
    asked = ["rpm", "-qp", "--qf", "%{NAME} %{VERSION}-%{RELEASE} %{ARCH} %{SUMMARY}", str(package)]
    said = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    assert said == "ciaccess-verify-7 1.0.0-1 noarch Proves that an account may publish"


def test_wheel_and_tarball_are_what_pip_and_npm_unpack() -> None:
    with zipfile.ZipFile(io.BytesIO(FORMATS["pypi"].content(ARTIFACT))) as wheel:
        assert wheel.testzip() is None
        assert "ciaccess_verify_7-1.0.0.dist-info/METADATA" in wheel.namelist()
    with tarfile.open(fileobj=io.BytesIO(FORMATS["npm"].content(ARTIFACT)), mode="r:gz") as tarball:
        assert tarball.getnames() == ["package/package.json"]


@pytest.mark.parametrize("format_", FORMATS)
def test_two_names_share_no_content_and_one_name_is_always_the_same(format_: str) -> None:
    client = FORMATS[format_]
    assert client.content(ARTIFACT) == client.content(ARTIFACT)
    assert client.content(ARTIFACT) != client.content(Artifact("ciaccess-verify-8", ARTIFACT.folder))
