"""The registry API itself: what skopeo does not do, and how it refuses."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import requests

from tests.support.clients.images import MANIFEST, digest, encoded, image

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.contract.simulators.nexus.formats.conftest import Account, Repositories
    from tests.support.servers.nexus import NexusProcess


V2 = "/repository/docker-dev/v2"
FORMAT = "docker"
_DOCKER = {"v1Enabled": False, "forceBasicAuth": True}
REPOSITORIES: Repositories = {
    "docker-dev": {"docker": _DOCKER},
    "docker-frozen": {"docker": _DOCKER, "storage": {"writePolicy": "DENY"}},
    "docker-open": {"docker": _DOCKER | {"forceBasicAuth": False}},
}
PUSHES = ("docker-dev", "docker-frozen")


def begin(nexus: NexusProcess, auth: Account, name: str) -> str:
    answer = nexus.ask("POST", f"{V2}/{name}/blobs/uploads/", auth)
    assert answer.status_code == 202
    return answer.headers["Location"].removeprefix(nexus.url)


def push_blob(nexus: NexusProcess, auth: Account, name: str, data: bytes) -> None:
    place = f"{begin(nexus, auth, name)}?digest={digest(data)}"
    assert nexus.ask("PUT", place, auth, data=data).status_code == 201


def push(nexus: NexusProcess, auth: Account, name: str, tag: str, text: str) -> str:
    layer, config, manifest = image(text)
    for blob in (layer, config):
        push_blob(nexus, auth, name, blob)
    assert put_manifest(nexus, auth, name, tag, manifest).status_code == 201
    return digest(manifest)


def put_manifest(
    nexus: NexusProcess, auth: Account, name: str, reference: str, manifest: bytes
) -> requests.Response:
    headers = {"Content-Type": MANIFEST}
    return nexus.ask("PUT", f"{V2}/{name}/manifests/{reference}", auth, data=manifest, headers=headers)


def error(answer: requests.Response) -> tuple[int, str]:
    (only,) = answer.json()["errors"]
    assert set(only) == {"code", "message", "detail"}
    return answer.status_code, only["code"]


def test_a_layer_comes_in_chunks_and_another_process_goes_on(nexus: NexusProcess, pusher: Account) -> None:
    data = bytes(range(256)) * 400
    place = begin(nexus, pusher, "chunked")
    first = nexus.ask("PATCH", place, pusher, data=data[:50_000], headers={"Content-Range": "0-49999"})
    assert (first.status_code, first.headers["Range"]) == (202, "0-49999")
    nexus.kill()
    nexus.start()
    assert nexus.ask("GET", place, pusher).headers["Range"] == "0-49999"
    wrong = nexus.ask("PATCH", place, pusher, data=b"x", headers={"Content-Range": "9-9"})
    assert error(wrong) == (416, "SIZE_INVALID")
    second = nexus.ask("PATCH", place, pusher, data=data[50_000:90_000])
    assert second.headers["Range"] == "0-89999"
    done = nexus.ask("PUT", f"{place}?digest={digest(data)}", pusher, data=data[90_000:])
    assert (done.status_code, done.headers["Docker-Content-Digest"]) == (201, digest(data))
    got = nexus.ask("GET", f"{V2}/chunked/blobs/{digest(data)}", pusher, headers={"Range": "bytes=1-3"})
    assert (got.status_code, got.content) == (206, data[1:4])
    assert error(nexus.ask("GET", place, pusher)) == (404, "BLOB_UPLOAD_UNKNOWN")


def test_a_layer_comes_in_one_request(nexus: NexusProcess, pusher: Account) -> None:
    path = f"{V2}/whole/blobs/uploads/?digest={digest(b'whole')}"
    assert nexus.ask("POST", path, pusher, data=b"whole").status_code == 201
    head = nexus.ask("HEAD", f"{V2}/whole/blobs/{digest(b'whole')}", pusher)
    assert (head.status_code, head.headers["Content-Length"]) == (200, "5")


def test_a_layer_with_another_digest_is_refused_and_gone(nexus: NexusProcess, pusher: Account) -> None:
    place = begin(nexus, pusher, "wrong")
    refused = nexus.ask("PUT", f"{place}?digest={digest(b'other')}", pusher, data=b"this")
    assert error(refused) == (400, "DIGEST_INVALID")
    for wanted in (b"this", b"other"):
        answer = nexus.ask("GET", f"{V2}/wrong/blobs/{digest(wanted)}", pusher)
        assert error(answer) == (404, "BLOB_UNKNOWN")


def test_a_cancelled_upload_is_unknown(nexus: NexusProcess, pusher: Account) -> None:
    place = begin(nexus, pusher, "cancelled")
    assert nexus.ask("DELETE", place).status_code == 204
    assert error(nexus.ask("PATCH", place, pusher, data=b"x")) == (404, "BLOB_UPLOAD_UNKNOWN")


def test_a_layer_is_mounted_from_an_image_one_may_read(nexus: NexusProcess, pusher: Account) -> None:
    push_blob(nexus, pusher, "source", b"mounted")
    path = f"{V2}/target/blobs/uploads/?mount={digest(b'mounted')}&from=source"
    assert nexus.ask("POST", path, pusher).status_code == 201
    missing = f"{V2}/target/blobs/uploads/?mount={digest(b'missing')}&from=source"
    assert nexus.ask("POST", missing, pusher).status_code == 202


def test_a_manifest_is_the_same_by_tag_and_by_digest(nexus: NexusProcess, pusher: Account) -> None:
    manifest = image("same")[2]
    assert push(nexus, pusher, "orchestrator/same", "1.0", "same") == digest(manifest)
    for reference in ("1.0", digest(manifest)):
        answer = nexus.ask("GET", f"{V2}/orchestrator/same/manifests/{reference}", pusher)
        head = nexus.ask("HEAD", f"{V2}/orchestrator/same/manifests/{reference}", pusher)
        assert answer.content == manifest
        assert head.headers["Docker-Content-Digest"] == digest(manifest)
        assert head.headers["Content-Type"] == answer.headers["Content-Type"] == MANIFEST
        assert int(head.headers["Content-Length"]) == len(manifest)


def test_a_manifest_is_refused_that_is_none_or_lacks_its_layers_or_its_digest(
    nexus: NexusProcess, pusher: Account
) -> None:
    push(nexus, pusher, "strict", "1", "strict")
    manifest = image("strict")[2]
    for body in (b"", b"x", b"[]", b"{}", encoded({"schemaVersion": 2, "layers": [{}]})):
        assert error(put_manifest(nexus, pusher, "strict", "2", body)) == (400, "MANIFEST_INVALID")
    missing = image("never pushed")[2]
    assert error(put_manifest(nexus, pusher, "strict", "2", missing)) == (404, "MANIFEST_BLOB_UNKNOWN")
    other = put_manifest(nexus, pusher, "strict", digest(b"other"), manifest)
    assert error(other) == (400, "DIGEST_INVALID")
    absent = nexus.ask("GET", f"{V2}/strict/manifests/2", pusher)
    assert error(absent) == (404, "MANIFEST_UNKNOWN")


def test_an_index_needs_its_manifests(nexus: NexusProcess, pusher: Account) -> None:
    child = push(nexus, pusher, "multi", "amd64", "multi")
    kind = "application/vnd.oci.image.index.v1+json"
    for wanted, status in ((child, 201), (digest(b"none"), 404)):
        entry = {"mediaType": MANIFEST, "digest": wanted, "size": 1}
        body = encoded({"schemaVersion": 2, "mediaType": kind, "manifests": [entry]})
        assert put_manifest(nexus, pusher, "multi", "all", body).status_code == status


def test_tags_and_images_are_listed_page_by_page(nexus: NexusProcess, pusher: Account) -> None:
    for tag in ("1", "2", "3"):
        push(nexus, pusher, "listed/image", tag, tag)
    path = f"{V2}/listed/image/tags/list"
    assert nexus.ask("GET", path, pusher).json() == {"name": "listed/image", "tags": ["1", "2", "3"]}
    first = nexus.ask("GET", f"{path}?n=2", pusher)
    assert first.json()["tags"] == ["1", "2"]
    assert nexus.ask("GET", first.links["next"]["url"].removeprefix(nexus.url), pusher).json()["tags"] == [
        "3"
    ]
    assert "listed/image" in nexus.ask("GET", f"{V2}/_catalog", pusher).json()["repositories"]
    assert error(nexus.ask("GET", f"{V2}/none/tags/list", pusher)) == (404, "NAME_UNKNOWN")
    found = nexus.rest("GET", "/search?docker.imageName=listed/image")["items"]
    assert [each["version"] for each in found] == ["1", "2", "3"]


def test_a_digest_goes_with_its_tags_and_a_tag_alone(nexus: NexusProcess, pusher: Account) -> None:
    for tag in ("1", "2"):
        wanted = push(nexus, pusher, "deleted", tag, "deleted")
    assert error(nexus.ask("DELETE", f"{V2}/deleted/manifests/1", pusher)) == (403, "DENIED")
    assert nexus.ask("DELETE", f"{V2}/deleted/manifests/1").status_code == 202
    assert nexus.ask("GET", f"{V2}/deleted/manifests/{wanted}", pusher).status_code == 200
    assert nexus.ask("DELETE", f"{V2}/deleted/manifests/{wanted}").status_code == 202
    assert nexus.ask("GET", f"{V2}/deleted/manifests/2", pusher).status_code == 404


def test_a_read_only_repository_takes_no_layers(nexus: NexusProcess, pusher: Account) -> None:
    answer = nexus.ask("POST", "/repository/docker-frozen/v2/x/blobs/uploads/", pusher)
    assert error(answer) == (400, "BLOB_UPLOAD_INVALID")
    assert answer.json()["errors"][0]["detail"] == "Repository is read only: docker-frozen"


def test_names_that_a_registry_does_not_know_are_refused(nexus: NexusProcess, pusher: Account) -> None:
    for path in (
        f"{V2}/Upper/tags/list",
        f"{V2}/a//b/tags/list",
        f"{V2}/-x/manifests/1",
        "/repository/docker-dev/x",
    ):
        assert error(nexus.ask("GET", path, pusher)) == (404, "NAME_UNKNOWN")


def test_who_is_nobody_is_told_how_to_sign_in(nexus: NexusProcess) -> None:
    basic = requests.get(f"{nexus.url}{V2}/", timeout=60)
    assert error(basic) == (401, "UNAUTHORIZED")
    assert basic.headers["WWW-Authenticate"].startswith("BASIC ")
    open_ = f"{nexus.url}/repository/docker-open"
    bearer = requests.get(f"{open_}/v2/", timeout=60)
    assert bearer.headers["WWW-Authenticate"] == f'Bearer realm="{open_}/v2/token",service="{open_}/v2/token"'
    assert bearer.headers["Docker-Distribution-Api-Version"] == "registry/2.0"


def test_a_token_is_good_until_its_owner_may_not_sign_in(
    nexus: NexusProcess, account: Callable[..., Account]
) -> None:
    owner = account("token-owner", "docker", "docker-open", "read")
    url = f"{nexus.url}/repository/docker-open/v2/"

    def status(token: str) -> int:
        return requests.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=60).status_code

    token = requests.get(f"{url}token", auth=owner, timeout=60).json()["token"]
    assert status(token) == 200
    assert status(f"{token}0") == 401
    forged = base64.urlsafe_b64encode(b"admin").decode()
    assert status(f"DockerToken.{forged}.{token.rpartition('.')[2]}") == 401
    assert status("DockerToken.ü!.x".encode().decode("latin-1")) == 401
    assert requests.get(f"{url}token", auth=(owner[0], "wrong"), timeout=60).status_code == 401
    changed: dict[str, Any] = {"data": "another", "headers": {"Content-Type": "text/plain"}}
    nexus.ask("PUT", f"/service/rest/v1/security/users/{owner[0]}/change-password", **changed)
    assert status(token) == 401


def test_a_selector_lets_in_to_one_image(nexus: NexusProcess, pusher: Account) -> None:
    selector = {
        "name": "server",
        "description": "",
        "expression": 'path == "/v2/" or path =^ "/v2/orchestrator/server/"',
    }
    nexus.rest("POST", "/security/content-selectors", selector)
    privilege = {"name": "server", "description": "", "format": "docker", "repository": "docker-dev"}
    actions = {"contentSelector": "server", "actions": ["BROWSE", "READ", "EDIT", "ADD"]}
    nexus.rest("POST", "/security/privileges/repository-content-selector", privilege | actions)
    nexus.add_role("server", "server")
    server = nexus.add_user("server", "server")
    assert nexus.ask("GET", f"{V2}/", server).status_code == 200
    push(nexus, server, "orchestrator/server", "latest", "server")
    assert nexus.ask("GET", f"{V2}/orchestrator/server/manifests/latest", server).status_code == 200
    push(nexus, pusher, "orchestrator/other", "latest", "other")
    assert error(nexus.ask("GET", f"{V2}/orchestrator/other/manifests/latest", server)) == (403, "DENIED")
    assert error(nexus.ask("POST", f"{V2}/orchestrator/other/blobs/uploads/", server)) == (403, "DENIED")
    mount = (
        f"{V2}/orchestrator/server/blobs/uploads/?mount={digest(image('other')[0])}&from=orchestrator/other"
    )
    assert nexus.ask("POST", mount, server).status_code == 202
