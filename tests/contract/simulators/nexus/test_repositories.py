"""Repositories that come, change and go: their settings, their privileges, their connectors."""

from __future__ import annotations

import socket
import uuid
from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.support.servers.simulator import free_port

if TYPE_CHECKING:
    from tests.support.servers.nexus import NexusProcess

REST = "/service/rest/v1"
FORMATS = ("raw", "yum", "pypi", "npm", "docker", "maven2")
STORAGE = {"blobStoreName": "default", "strictContentTypeValidation": False}


def extra(format_: str) -> dict[str, Any]:
    """Return the sections that Nexus wants of a format."""
    if format_ == "docker":
        return {"docker": {"v1Enabled": False, "forceBasicAuth": True}}
    return {"maven": {"versionPolicy": "MIXED", "layoutPolicy": "STRICT"}} if format_ == "maven2" else {}


def recipe(format_: str) -> str:
    return "maven" if format_ == "maven2" else format_


def privileges_of(nexus: NexusProcess, name: str) -> set[str]:
    return {each["name"] for each in nexus.rest("GET", "/security/privileges") if f"-{name}-" in each["name"]}


@pytest.mark.parametrize("format_", FORMATS)
def test_a_repository_of_each_format_comes_changes_and_goes(shared: NexusProcess, format_: str) -> None:
    name, path = f"{format_}-x", f"/repositories/{recipe(format_)}/hosted"
    body = {"name": name, "online": True, "storage": STORAGE | {"writePolicy": "ALLOW"}} | extra(format_)
    shared.rest("POST", path, body)
    shown = shared.rest("GET", f"{path}/{name}")
    assert (shown["format"], shown["type"], shown["storage"]["writePolicy"]) == (format_, "hosted", "ALLOW")
    shared.rest("PUT", f"{path}/{name}", shown | {"storage": STORAGE | {"writePolicy": "ALLOW_ONCE"}})
    assert shared.rest("GET", f"{path}/{name}")["storage"]["writePolicy"] == "ALLOW_ONCE"
    assert len(privileges_of(shared, name)) == 11
    shared.rest("DELETE", f"/repositories/{name}")
    assert shared.ask("GET", f"{REST}{path}/{name}").status_code == 404
    assert not privileges_of(shared, name)


@pytest.mark.parametrize("format_", FORMATS)
def test_a_group_and_a_proxy_of_each_format_can_be_made(shared: NexusProcess, format_: str) -> None:
    shared.add_repository(format_, f"{format_}-member", **extra(format_))
    proxy = {"proxy": {"remoteUrl": "https://example.org/"}, "negativeCache": {}, "httpClient": {}}
    shared.add_repository(format_, f"{format_}-proxy", "proxy", **proxy, **extra(format_))
    members = [f"{format_}-member", f"{format_}-proxy"]
    shared.add_repository(
        format_, f"{format_}-group", "group", group={"memberNames": members}, **extra(format_)
    )
    shown = shared.rest("GET", f"/repositories/{recipe(format_)}/group/{format_}-group")
    assert shown["group"]["memberNames"] == members
    shared.rest("DELETE", f"/repositories/{format_}-member")
    shown = shared.rest("GET", f"/repositories/{recipe(format_)}/group/{format_}-group")
    assert shown["group"]["memberNames"] == [f"{format_}-proxy"]


@pytest.mark.parametrize("members", [[], ["nosuch"], ["maven-releases"], ["grp-wrong"]])
def test_a_group_has_members_that_exist_and_are_of_its_format(
    shared: NexusProcess, members: list[str]
) -> None:
    body = {"name": "grp-wrong", "online": True, "storage": STORAGE, "group": {"memberNames": members}}
    answer = shared.ask("POST", f"{REST}/repositories/raw/group", json=body)
    assert answer.status_code == 400
    assert shared.ask("GET", f"{REST}/repositories/grp-wrong").status_code == 404


def test_a_deleted_repositorys_privileges_leave_the_roles_and_do_not_come_back(shared: NexusProcess) -> None:
    shared.add_repository("raw", "temp")
    shared.add_role("uses-temp", "nx-repository-view-raw-temp-read", "nx-search-read")
    shared.ask("PUT", "/repository/temp/a", data=b"x").raise_for_status()
    shared.rest("DELETE", "/repositories/temp")
    assert shared.rest("GET", "/security/roles/uses-temp")["privileges"] == ["nx-search-read"]
    shared.add_repository("raw", "temp")
    assert shared.rest("GET", "/security/roles/uses-temp")["privileges"] == ["nx-search-read"]
    assert shared.ask("GET", "/repository/temp/a").status_code == 404, "its content has gone too"


def test_repositories_are_administered_with_their_own_privileges(shared: NexusProcess) -> None:
    shared.add_repository("raw", "governed")
    shared.add_role(
        "governor", "nx-repository-admin-raw-governed-read", "nx-repository-admin-raw-governed-edit"
    )
    governor = shared.add_user("governor", "governor")
    path = f"{REST}/repositories/raw/hosted/governed"
    shown = shared.ask("GET", path, governor).json()
    assert shared.ask("PUT", path, governor, json=shown).status_code == 204
    assert [each["name"] for each in shared.ask("GET", f"{REST}/repositorySettings", governor).json()] == [
        "governed"
    ]
    assert shared.ask("DELETE", f"{REST}/repositories/governed", governor).status_code == 403
    other = shown | {"name": "other-governed"}
    assert shared.ask("POST", f"{REST}/repositories/raw/hosted", governor, json=other).status_code == 403
    assert shared.ask("GET", f"{REST}/repositories/governed", governor).status_code == 403, "no browse"


def test_a_name_is_found_whatever_its_case(shared: NexusProcess) -> None:
    shared.add_repository("raw", "Mixed")
    shared.ask("PUT", "/repository/mixed/a", data=b"x").raise_for_status()
    assert shared.ask("GET", "/repository/MIXED/a").content == b"x"
    assert shared.ask("GET", f"{REST}/repositories/mixed").json()["name"] == "Mixed"


def test_an_offline_repository_answers_nothing(shared: NexusProcess) -> None:
    shared.add_repository("raw", "offline", online=False)
    answer = shared.ask("PUT", "/repository/offline/a", data=b"x")
    assert answer.status_code == 503, "measured on 3.71 and 3.77"
    assert "Repository offline" in shared.ask("GET", "/repository/offline/a").text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("../../etc/passwd", 400),
        ("a/..;/b", 400),
        ("a%00b", 400),
        ("a%0Ab", 400),
        ("a/../b", 201),
        ("%2e%2e/b", 400),
        ("a/%2E%2E/b", 201),
        ("a/./b", 201),
        ("a//b", 201),
    ],
)
def test_a_path_is_resolved_before_it_is_decided_and_never_leaves_the_repository(
    shared: NexusProcess, path: str, status: int
) -> None:
    """Measured on 3.71 and 3.30."""
    repository = f"climb-{uuid.uuid4().hex}"
    shared.add_repository("raw", repository)
    address = f"{shared.url}/repository/{repository}/"
    sent = requests.Request("PUT", address, data=b"x").prepare()
    sent.url = f"{address}{path}"  # as it is, which the line before would not leave it
    sent.prepare_auth(("admin", shared.admin_password))
    with requests.Session() as session:
        assert session.send(sent, timeout=60).status_code == status
    assert status == 400 or {
        item["path"] for item in shared.rest("GET", f"/assets?repository={repository}")["items"]
    } <= {
        "/b",
        "/a/b",
    }


def docker(port: int | None) -> dict[str, Any]:
    return {"docker": {"v1Enabled": False, "forceBasicAuth": True, "httpPort": port}}


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def registry(nexus: NexusProcess, port: int) -> int:
    auth = ("admin", nexus.admin_password)
    return requests.get(f"http://127.0.0.1:{port}/v2/", auth=auth, timeout=60).status_code


def test_a_connector_lives_as_long_as_its_repository(own: NexusProcess) -> None:
    first, second, group = free_port(), free_port(), free_port()
    own.add_repository("docker", "images", **docker(first))
    assert registry(own, first) == 200
    own.add_repository("docker", "all-images", "group", group={"memberNames": ["images"]}, **docker(group))
    assert registry(own, group) == 200
    own.restart()
    assert (registry(own, first), registry(own, group)) == (200, 200)
    own.kill()
    own.start()
    assert (registry(own, first), registry(own, group)) == (200, 200)
    shown = own.rest("GET", "/repositories/docker/hosted/images")
    assert shown["docker"]["httpPort"] == first
    own.rest("PUT", "/repositories/docker/hosted/images", shown | docker(second))
    assert (registry(own, second), listens(first)) == (200, False)
    own.rest("PUT", "/repositories/docker/hosted/images", shown | docker(None))
    assert not listens(second)
    own.rest("PUT", "/repositories/docker/hosted/images", shown | docker(second))
    own.rest("DELETE", "/repositories/images")
    assert (registry(own, group), listens(second)) == (200, False)
    own.stop()
    assert not listens(group)


def test_a_connector_asks_for_credentials_and_takes_no_wrong_ones(own: NexusProcess) -> None:
    port = free_port()
    own.add_repository("docker", "images", **docker(port))
    address = f"http://127.0.0.1:{port}/v2/"
    assert requests.get(address, timeout=60).status_code == 401
    assert requests.get(address, auth=("admin", "wrong"), timeout=60).status_code == 401


@pytest.mark.parametrize("port", [-1, 65536, 99999999999, "x", 1.5])
def test_a_port_that_is_none_is_refused(shared: NexusProcess, port: Any) -> None:
    body = {"name": "no-port", "online": True, "storage": STORAGE} | docker(port)
    assert shared.ask("POST", f"{REST}/repositories/docker/hosted", json=body).status_code == 400
    assert shared.ask("GET", f"{REST}/repositories/no-port").status_code == 404


def test_a_port_that_is_taken_is_refused_and_the_old_one_stays(own: NexusProcess) -> None:
    port = free_port()
    own.add_repository("docker", "images", **docker(port))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        for number in (port, own.port, taken.getsockname()[1]):
            body = {"name": "other", "online": True, "storage": STORAGE} | docker(number)
            assert own.ask("POST", f"{REST}/repositories/docker/hosted", json=body).status_code == 400
        shown = own.rest("GET", "/repositories/docker/hosted/images")
        moved = shown | docker(taken.getsockname()[1])
        assert own.ask("PUT", f"{REST}/repositories/docker/hosted/images", json=moved).status_code == 400
    assert own.rest("GET", "/repositories/docker/hosted/images")["docker"]["httpPort"] == port
    assert registry(own, port) == 200


def test_a_port_taken_at_the_start_leaves_the_rest_working_and_is_logged(own: NexusProcess) -> None:
    port = free_port()
    own.add_repository("docker", "images", **docker(port))
    own.stop()
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", port))
        taken.listen()
        own.start()
        assert own.rest("GET", "/repositories/docker/hosted/images")["docker"]["httpPort"] == port
        assert f"no connector for images on port {port}" in own.log.read_text(encoding="utf-8")
