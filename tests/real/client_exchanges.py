"""What the clients of npm and pypi send, by users of different rights; and the REST API over what they stored."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

from urllib3.filepost import encode_multipart_formdata

from ciaccess.clients.artifacts.files import tarball
from tests.real.exchanges import REST, SECURITY, Exchange

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

_BOUNDARY = "boundary"
_PACKAGES = ("one", "@scope/two", "three.js")
# Its versions alone are deleted: a package's document on 3.30 keeps what is deleted without `npm` writing it anew.
_DELETED = "gone"
_VERSIONS = ("1.0.0", "1.1.0", "2.0.0-rc.1")
_PROJECTS = ("cwiq-one", "Cwiq_Two", "cwiq.three")
# Their rights on every repository of this tier: actions of the view privileges.
HOLDERS = {
    "w-all": ("browse", "read", "edit", "add", "delete"),
    "w-push": ("browse", "read", "edit", "add"),
    "w-edit": ("edit",),
    "w-add": ("add",),
    "w-read": ("browse", "read"),
    "w-browse": ("browse",),
}
_CALLERS = (None, None, *HOLDERS, "")
# As many as fill three pages of a list.
_FILES = 30


def opening(formats: tuple[str, ...]) -> Iterator[Exchange]:
    """Yield what makes the repositories, the users of each right, and files for more than one page."""
    storage = {"blobStoreName": "default", "strictContentTypeValidation": False, "writePolicy": "ALLOW"}
    for format_ in formats:
        for name, policy in ((f"{format_}-0", "ALLOW"), (f"{format_}-once", "ALLOW_ONCE")):
            body = {"name": name, "online": True, "storage": storage | {"writePolicy": policy}}
            yield Exchange("POST", f"{REST}/repositories/{format_}/hosted", body)
        group = {"name": f"{format_}-all", "online": True, "storage": storage}
        members = {"memberNames": [f"{format_}-0", f"{format_}-once"]}
        yield Exchange("POST", f"{REST}/repositories/{format_}/group", group | {"group": members})
    for name, actions in HOLDERS.items():
        held = [f"nx-repository-view-*-*-{action}" for action in actions]
        role = {"id": name, "name": name, "description": "d", "privileges": held, "roles": []}
        yield Exchange("POST", f"{SECURITY}/roles", role)
        person = {"userId": name, "firstName": "F", "lastName": "L", "emailAddress": "a@b.cc"}
        body = person | {"status": "active", "roles": [name], "password": "password"}
        yield Exchange("POST", f"{SECURITY}/users", body)
    for number in range(_FILES):
        yield Exchange("PUT", f"/repository/raw-0/many/{number:02}", data=b"content")
    yield Exchange("GET", f"{REST}/assets?repository=raw-0", all_pages=True)
    yield Exchange("GET", "/repository/raw-0/many/00")
    yield Exchange("GET", "/repository/raw-0/many/00", repeats_etag=True)
    if "npm" in formats:
        asset = {"npm.asset": ("package.tgz", b"not a tarball", "application/x-compressed")}
        yield _form("POST", f"{REST}/components?repository=npm-0", asset, None)


def npm(chance: random.Random) -> Exchange:
    """Return a request as `npm` sends it."""
    repository = chance.choice(("npm-0", "npm-0", "npm-once", "npm-all"))
    package, version = chance.choice(_PACKAGES), chance.choice(_VERSIONS)
    kind = _one_of(
        chance,
        {"publish": 8, "package": 6, "version": 1, "file": 5, "tags": 2, "tag": 2, "own": 2, "delete": 2},
    )
    if kind == "delete" or (kind in ("publish", "file") and chance.random() < 0.2):
        package = _DELETED
    root = f"/repository/{repository}"
    named = f"{root}/{package.replace('/', '%2f')}"
    file = f"{root}/{package}/-/{package.rpartition('/')[2]}-{version}.tgz"
    user = chance.choice(_CALLERS)
    tags = f"{root}/-/package/{package.replace('/', '%2f')}/dist-tags"
    if kind == "publish":
        return Exchange("PUT", named, _publication(chance, package, version), user=user)
    if kind == "tag":
        method = chance.choice(("PUT", "DELETE"))
        return Exchange(method, f"{tags}/next", version if method == "PUT" else None, user=user)
    reading = {
        "package": named,
        "version": f"{named}/{version}",
        "file": file,
        "tags": tags,
        "own": f"{root}/-/{chance.choice(('ping', 'whoami'))}",
    }
    if kind in reading:
        method = "HEAD" if kind == "file" and chance.random() < 0.3 else "GET"
        return Exchange(method, reading[kind], user=user, repeats_etag=chance.random() < 0.3)
    # Not of the whole package, which only its current revision allows; verify does so on a real server.
    return Exchange("DELETE", f"{file}/-rev/1", user=user)


def pypi(chance: random.Random) -> Exchange:
    """Return a request as twine or pip sends it."""
    repository = chance.choice(("pypi-0", "pypi-0", "pypi-once", "pypi-all"))
    project, version = chance.choice(_PROJECTS), chance.choice(("1.0", "1.1", "2.0rc1"))
    root, user = f"/repository/{repository}", chance.choice(_CALLERS)
    module = project.replace("-", "_").replace(".", "_")
    plain = project.replace("_", "-").replace(".", "-").lower()
    wheel = f"{module}-{version}-py3-none-any.whl"
    file = f"{root}/packages/{chance.choice((plain, plain, project))}/{version}/{wheel}"
    kind = _one_of(chance, {"upload": 8, "projects": 2, "project": 5, "redirect": 1, "file": 5, "delete": 2})
    if kind == "upload":
        return _distribution(f"{root}/", project, version, wheel, user)
    if kind == "delete":
        return Exchange("DELETE", file, user=user)
    path = {
        "projects": f"{root}/simple/",
        "project": f"{root}/simple/{chance.choice((plain, project))}/",
        "redirect": f"{root}/simple/{plain}",
        "file": file,
    }[kind]
    method = "HEAD" if kind == "file" and chance.random() < 0.3 else "GET"
    return Exchange(method, path, user=user, repeats_etag=chance.random() < 0.3)


CLIENTS = {"npm": npm, "pypi": pypi}


def stored(chance: random.Random, formats: tuple[str, ...]) -> Exchange:
    """Return a request of the REST API about what is stored: pages, one by its id, uploads, deletions."""
    format_ = chance.choice(("raw", *formats))
    repository, user = f"{format_}-0", chance.choice(_CALLERS)
    kind = chance.choice(("assets", "components"))
    method = chance.choice(("pages", "pages", "GET", "DELETE", "POST", "unchanged"))
    if method == "unchanged":
        path = f"/repository/raw-0/many/{chance.randrange(_FILES):02}"
        return Exchange("GET", path, user=user, repeats_date=True)
    if method == "pages":
        return Exchange("GET", f"{REST}/{kind}?repository={repository}", user=user, all_pages=True)
    if method == "POST":
        return _component(chance, format_, user)
    names = {
        "raw": (f"many/{chance.randrange(_FILES):02}", "a/x", "none"),
        "npm": ((f"{_DELETED}/-/{_DELETED}-1.0.0.tgz",) if kind == "assets" else (f"{_DELETED} 1.0.0",)),
        "pypi": (
            ("packages/cwiq-one/1.0/cwiq_one-1.0-py3-none-any.whl",)
            if kind == "assets"
            else ("cwiq-one 1.0", "cwiq-two 1.1")
        ),
    }[format_]
    return Exchange(method, f"{REST}/{kind}/", user=user, of=(repository, chance.choice(names)))


def _one_of(chance: random.Random, weights: dict[str, int]) -> str:
    return chance.choices(list(weights), list(weights.values()))[0]


def _publication(chance: random.Random, package: str, version: str) -> dict[str, Any]:
    manifest: dict[str, Any] = {"name": package, "version": version, "description": chance.choice(("", "d"))}
    packed = tarball({"package/package.json": json.dumps(manifest).encode()})
    integrity = base64.b64encode(hashlib.sha512(packed).digest()).decode()
    distribution = {
        "integrity": f"sha512-{integrity}",
        "shasum": hashlib.sha1(packed).hexdigest(),  # noqa: S324 npm's
        "tarball": f"http://localhost/{package}/-/{package.rpartition('/')[2]}-{version}.tgz",
    }
    attachment = {"content_type": "application/octet-stream", "data": base64.b64encode(packed).decode()}
    return {
        "_id": package,
        "name": package,
        "dist-tags": {"latest": version},
        "versions": {version: {**manifest, "_id": f"{package}@{version}", "dist": distribution}},
        "_attachments": {f"{package}-{version}.tgz": {**attachment, "length": len(packed)}},
    }


def _distribution(path: str, project: str, version: str, wheel: str, user: str | None) -> Exchange:
    content = _wheel(project, version)
    fields: dict[str, Any] = {
        ":action": "file_upload",
        "protocol_version": "1",
        "metadata_version": "2.1",
        "name": project,
        "version": version,
        "filetype": "bdist_wheel",
        "pyversion": "py3",
        "sha256_digest": hashlib.sha256(content).hexdigest(),
        "content": (wheel, content, "application/octet-stream"),
    }
    return _form("POST", path, fields, user)


def _component(chance: random.Random, format_: str, user: str | None) -> Exchange:
    path = f"{REST}/components?repository={format_}-0"
    if format_ == "raw":
        directory = chance.choice(("/a", "b", "/odd dir"))
        fields: dict[str, Any] = {
            "raw.directory": directory,
            "raw.asset1": ("x", b"content", "text/plain"),
            "raw.asset1.filename": chance.choice(("x", "ü y")),
        }
        if chance.random() < 0.2:
            del fields[chance.choice(tuple(fields))]
    elif format_ == "npm":
        manifest = {"name": _DELETED, "version": chance.choice(_VERSIONS)}
        packed = tarball({"package/package.json": json.dumps(manifest).encode()})
        content = packed if chance.random() < 0.8 else b"not a tarball"
        fields = {"npm.asset": ("package.tgz", content, "application/x-compressed")}
    else:
        content = _wheel("cwiq-one", "1.0") if chance.random() < 0.8 else b"not a wheel"
        fields = {"pypi.asset": ("cwiq_one-1.0-py3-none-any.whl", content, "application/zip")}
    return _form("POST", path, fields, user)


def _form(method: str, path: str, fields: dict[str, Any], user: str | None) -> Exchange:
    body, content_type = encode_multipart_formdata(fields, _BOUNDARY)
    return Exchange(method, path, data=body, user=user, content_type=content_type)


def _wheel(project: str, version: str) -> bytes:
    info = f"{project.replace('-', '_').replace('.', '_')}-{version}.dist-info"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as wheel:
        text = f"Metadata-Version: 2.1\nName: {project}\nVersion: {version}\nRequires-Python: >=3.8\n"
        wheel.writestr(zipfile.ZipInfo(f"{info}/METADATA"), text)
        wheel.writestr(zipfile.ZipInfo(f"{info}/WHEEL"), "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr(zipfile.ZipInfo(f"{info}/RECORD"), "")
    return packed.getvalue()
