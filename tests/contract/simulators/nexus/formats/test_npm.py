from __future__ import annotations

import base64
import hashlib
import io
import json
import tarfile
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    from tests.contract.simulators.nexus.formats.conftest import Account, Repositories
    from tests.support.servers.nexus import NexusProcess

    Npm = Callable[..., subprocess.CompletedProcess[str]]

FORMAT = "npm"
REPOSITORIES: Repositories = {
    "npm-dev": {},
    "npm-prod": {"storage": {"writePolicy": "ALLOW_ONCE"}},
    "npm-all": {"group": {"memberNames": ["npm-prod", "npm-dev"]}},
}
PUSHES = ("npm-dev", "npm-prod")
PULLS = ("npm-dev", "npm-all")


@pytest.fixture
def npm(nexus: NexusProcess, run: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path) -> Npm:
    """Return a function that runs npm as an account on a repository: `npm(account, "npm-dev", "view", "x")`."""

    def run_npm(auth: Account, repository: str, *words: str, cwd: Path | None = None) -> Any:
        address = f"{nexus.url}/repository/{repository}/".removeprefix("http://")
        secret = base64.b64encode(":".join(auth).encode()).decode()
        settings = tmp_path / ".npmrc"
        settings.write_text(
            f"registry=http://{address}\n//{address}:_auth={secret}\naudit=false\nfund=false\n"
            "update-notifier=false\nfetch-retries=0\nprovenance=false\n",
            encoding="utf-8",
        )
        return run("npm", *words, cwd=cwd)

    return run_npm


def package(folder: Path, name: str, version: str) -> Path:
    place = folder / "packages" / name.replace("/", "-") / version
    place.mkdir(parents=True, exist_ok=True)
    manifest = {"name": name, "version": version, "description": "Nothing", "main": "index.js"}
    (place / "package.json").write_text(json.dumps(manifest), encoding="utf-8")
    (place / "index.js").write_text(f"module.exports = '{version}'\n", encoding="utf-8")
    return place


def document(name: str, version: str, tarball: bytes = b"tarball", **more: Any) -> dict[str, Any]:
    """Return what npm sends to publish a version."""
    file = f"{name}-{version}.tgz"
    attachment = {"content_type": "application/octet-stream", "data": base64.b64encode(tarball).decode()}
    return {
        "_id": name,
        "name": name,
        "dist-tags": {"latest": version},
        "versions": {version: {"name": name, "version": version} | more},
        "_attachments": {file: attachment | {"length": len(tarball)}},
    }


@pytest.mark.parametrize("name", ["plain-thing", "@orchestrator/scoped-thing"])
def test_what_npm_publishes_it_views_and_installs(
    pusher: Account, puller: Account, npm: Npm, tmp_path: Path, name: str
) -> None:
    published = npm(pusher, "npm-dev", "publish", cwd=package(tmp_path, name, "1.2.3"))
    assert published.returncode == 0, published.stderr
    viewed = npm(puller, "npm-dev", "view", name, "dist-tags.latest")
    assert viewed.stdout.strip() == "1.2.3", viewed.stderr
    project = tmp_path / "project"
    project.mkdir()
    (project / "package.json").write_text("{}", encoding="utf-8")
    installed = npm(puller, "npm-dev", "install", name, cwd=project)
    assert installed.returncode == 0, installed.stderr
    assert "1.2.3" in (project / "node_modules" / name / "index.js").read_text(encoding="utf-8")


def test_npm_knows_who_it_is(puller: Account, npm: Npm) -> None:
    assert npm(puller, "npm-dev", "whoami").stdout.strip() == puller[0]
    assert npm(puller, "npm-dev", "ping").returncode == 0
    assert "401" in npm((puller[0], "wrong"), "npm-dev", "ping").stderr


def test_npm_is_refused_without_the_right(
    nexus: NexusProcess, puller: Account, npm: Npm, tmp_path: Path
) -> None:
    done = npm(puller, "npm-dev", "publish", cwd=package(tmp_path, "refused", "1.0.0"))
    assert done.returncode != 0
    assert "403" in done.stderr
    assert nexus.ask("GET", "/repository/npm-dev/refused", puller).status_code == 404


def test_a_version_is_refused_a_second_time_where_it_is_written_once(
    nexus: NexusProcess, pusher: Account
) -> None:
    path = "/repository/npm-prod/once"
    assert nexus.ask("PUT", path, pusher, json=document("once", "1.0.0")).status_code == 200
    again = nexus.ask("PUT", path, pusher, json=document("once", "1.0.0", b"other"))
    assert (again.status_code, again.json()["error"]) == (
        400,
        "Repository does not allow updating assets: npm-prod",
    )
    assert nexus.ask("PUT", path, pusher, json=document("once", "1.0.1")).status_code == 200
    assert nexus.ask("GET", path, pusher).json()["dist-tags"] == {"latest": "1.0.1"}


def test_a_group_joins_the_versions_of_its_members(
    nexus: NexusProcess, pusher: Account, puller: Account
) -> None:
    for repository, version in (("npm-dev", "1.1.0"), ("npm-prod", "1.0.0")):
        body = document("joined", version, repository.encode())
        assert nexus.ask("PUT", f"/repository/{repository}/joined", pusher, json=body).status_code == 200
    found = nexus.ask("GET", "/repository/npm-all/joined", puller).json()
    assert set(found["versions"]) == {"1.0.0", "1.1.0"}
    assert found["dist-tags"]["latest"] == "1.0.0"
    tarball = found["versions"]["1.1.0"]["dist"]["tarball"]
    assert tarball == f"{nexus.url}/repository/npm-all/joined/-/joined-1.1.0.tgz"
    assert nexus.ask("GET", tarball.removeprefix(nexus.url), puller).content == b"npm-dev"
    assert nexus.ask("PUT", "/repository/npm-all/joined", json=document("joined", "2.0.0")).status_code == 403


def test_tags_move_and_go(nexus: NexusProcess, pusher: Account) -> None:
    for version in ("1.0.0", "2.0.0"):
        nexus.ask("PUT", "/repository/npm-dev/tagged", pusher, json=document("tagged", version))
    tags = "/repository/npm-dev/-/package/tagged/dist-tags"
    assert nexus.ask("PUT", f"{tags}/stable", pusher, json="1.0.0").status_code == 200
    assert nexus.ask("PUT", f"{tags}/stable", pusher, json="9.9.9").status_code == 400
    assert nexus.ask("GET", tags, pusher).json() == {"latest": "2.0.0", "stable": "1.0.0"}
    assert nexus.ask("GET", "/repository/npm-dev/tagged/stable", pusher).json()["version"] == "1.0.0"
    assert nexus.ask("DELETE", f"{tags}/stable", pusher).status_code == 403
    assert nexus.ask("DELETE", f"{tags}/stable").status_code == 200
    assert nexus.ask("GET", tags, pusher).json() == {"latest": "2.0.0"}


def test_npm_unpublishes_one_version_of_two(
    nexus: NexusProcess, account: Callable[..., Account], npm: Npm
) -> None:
    owner = account("npm-owner", "npm", "npm-dev", "browse", "read", "edit", "delete")
    for version in ("1.0.0", "2.0.0"):
        nexus.ask("PUT", "/repository/npm-dev/partly", owner, json=document("partly", version))
    done = npm(owner, "npm-dev", "unpublish", "partly@2.0.0")
    assert done.returncode == 0, done.stderr
    assert set(nexus.ask("GET", "/repository/npm-dev/partly", owner).json()["versions"]) == {"1.0.0"}


def test_a_large_tarball_is_kept_byte_by_byte_whatever_else_is_called_data(
    nexus: NexusProcess, pusher: Account
) -> None:
    data = hashlib.shake_256(b"large").digest(5_000_001)
    body = document(
        "large", "1.0.0", data, data="kept", readme='say "data": "QUJD" and \\"data\\":\\"QUJD\\"'
    )
    assert nexus.ask("PUT", "/repository/npm-dev/large", pusher, json=body).status_code == 200
    assert nexus.ask("GET", "/repository/npm-dev/large/-/large-1.0.0.tgz", pusher).content == data
    version = nexus.ask("GET", "/repository/npm-dev/large/1.0.0", pusher).json()
    assert (version["data"], version["readme"]) == ("kept", body["versions"]["1.0.0"]["readme"])
    integrity = base64.b64encode(hashlib.sha512(data).digest()).decode()
    assert version["dist"]["integrity"] == f"sha512-{integrity}"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b'{"name":"other","versions":{}}',
        b'{"name":"bad","versions":{"1.0.0":{"name":"bad","version":"1.0.0"}}}',
        b'{"name":"bad","versions":{"1.0.0":{"name":"../../up","version":"1.0.0"}}}',
        b'{"name":"bad","versions":[]}',
        json.dumps(document("bad", "1.0.0")).replace('"data": "', '"data": "Q').encode(),
    ],
)
def test_a_document_that_is_wrong_is_refused(nexus: NexusProcess, pusher: Account, body: bytes) -> None:
    answer = nexus.ask("PUT", "/repository/npm-dev/bad", pusher, data=body)
    assert answer.status_code == 400, answer.text
    assert answer.json()["success"] is False


def test_the_rest_api_takes_a_tarball(nexus: NexusProcess) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tarball:
        manifest = json.dumps({"name": "@orchestrator/by-rest", "version": "1.0.0"}).encode()
        entry = tarfile.TarInfo("package/package.json")
        entry.size = len(manifest)
        tarball.addfile(entry, io.BytesIO(manifest))
    path = "/service/rest/v1/components?repository=npm-dev"
    assert nexus.ask("POST", path, files={"npm.asset": ("x.tgz", packed.getvalue())}).status_code == 204
    assert nexus.ask("POST", path, files={"npm.asset": ("x.tgz", b"x")}).status_code == 400
    found = nexus.ask("GET", "/repository/npm-dev/@orchestrator%2fby-rest").json()
    assert found["dist-tags"] == {"latest": "1.0.0"}
    component = nexus.rest("GET", "/search?npm.scope=orchestrator&name=by-rest")["items"][0]
    assert (component["group"], component["version"]) == ("orchestrator", "1.0.0")
