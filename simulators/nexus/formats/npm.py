"""The format npm: publishing, installing, dist-tags, and the few calls of the `npm` client beside them.

A version is its tarball, whose attributes hold the version's part of what was published. A package's tags are an
asset at the package's own path, which may change whatever the write policy says; all else of a package is put
together when it is read, over a group's members too.
"""

from __future__ import annotations

import base64
import json
import re
import tarfile
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from simulators.nexus.answers import CHALLENGE, json_answer
from simulators.nexus.content import Component, Description
from simulators.nexus.formats.files import find, get_file, sources, uploader
from simulators.nexus.formats.format import Arrival, Format, Operation, RefusedError
from simulators.nexus.formats.npm_document import Publication

if TYPE_CHECKING:
    from starlette.responses import Response

    from simulators.nexus.blobs import Draft
    from simulators.nexus.content import Asset
    from simulators.nexus.content_call import ContentCall

_TYPE = "application/x-tgz"
_PACKAGE = r"/(?P<package>(?:@[^/@]+/)?[^/@\-][^/]*)"
_LARGEST_MANIFEST_BYTES = 4 * 1024 * 1024
_NUMBERS = re.compile(r"(\d+)\.(\d+)\.(\d+)")


def _refusal(call: ContentCall, error: RefusedError) -> Response:
    del call
    answer = json_answer({"success": False, "error": error.text}, error.status)
    answer.headers.update(error.headers)
    if error.status == HTTPStatus.UNAUTHORIZED:
        answer.headers["WWW-Authenticate"] = CHALLENGE
    return answer


def _group_refusal() -> RefusedError:
    return RefusedError(HTTPStatus.FORBIDDEN, "Deploying to groups is a PRO-licensed feature")


def _not_found(package: str) -> RefusedError:
    return RefusedError(HTTPStatus.NOT_FOUND, f'Package "{package}" not found')


def _describe(manifest: dict[str, Any]) -> Description:
    """Return what is known of a version's tarball.

    Raises:
        ValueError: the manifest has no proper name and version.
    """
    package, version = manifest.get("name"), manifest.get("version")
    if not isinstance(package, str) or not isinstance(version, str) or not _NUMBERS.match(version):
        raise ValueError("The package has no name, or no version")
    if re.fullmatch(_PACKAGE, f"/{package}") is None or "/" in version:
        raise ValueError(f"The package has no valid name or version: {package} {version}")
    scope, _, name = package.rpartition("/")
    path = f"/{package}/-/{name}-{version}.tgz"
    component = Component(scope.removeprefix("@"), name, version)
    return Description(
        path, _TYPE, component, {"manifest": manifest, "shown": {"name": package, "version": version}}
    )


def describe_tarball(arrival: Arrival) -> Description:
    """Return what a tarball's own package.json tells.

    Raises:
        ValueError: it has none.
    """
    try:
        with tarfile.open(arrival.draft.path, "r:gz") as tarball:
            for member in tarball:
                if (
                    re.fullmatch(r"[^/]+/package\.json", member.name)
                    and member.size < _LARGEST_MANIFEST_BYTES
                ):
                    file = tarball.extractfile(member)
                    manifest = json.loads(file.read()) if file else None
                    if isinstance(manifest, dict):
                        return _describe(manifest)
    except (tarfile.TarError, OSError, EOFError) as error:
        raise ValueError(f"Not a tarball: {arrival.filename}") from error
    raise ValueError(f"The tarball has no package.json: {arrival.filename}")


async def _publish(call: ContentCall, parts: dict[str, str]) -> Response:
    """Store the tarballs of a document, then its tags; one without tarballs changes what is known (`npm deprecate`)."""
    with call.content.blobs.draft() as sent:
        await sent.receive(call.request.stream())
        try:
            publication = _read(sent, parts["package"])
            for manifest in publication.document.get("versions", {}).values():
                await _store(call, publication, manifest)
            await _tag(call, parts["package"], publication.document.get("dist-tags", {}))
        except (ValueError, TypeError, AttributeError) as error:
            raise RefusedError(HTTPStatus.BAD_REQUEST, str(error)) from error
    return json_answer({"ok": True, "success": True}, HTTPStatus.OK)


def _read(sent: Draft, package: str) -> Publication:
    publication = Publication(sent)
    if publication.document.get("name") != package:
        raise ValueError("The package's document does not bear the name in the address")
    return publication


async def _store(call: ContentCall, publication: Publication, manifest: dict[str, Any]) -> None:
    described = _describe(manifest)
    filename = described.path.rpartition("/")[2]
    attachments = publication.document.get("_attachments", {})
    name = next((each for each in attachments if each.rpartition("/")[2] == filename), None)
    there = call.content.find(call.repository.name, described.path)
    if name is not None:
        call.content.check_writable(call.repository, described.path)
        with call.content.blobs.draft() as draft:
            publication.extract(name, draft)
            await call.content.put(call.repository, draft, described, uploader(call.caller, call.request))
    elif there is None:
        raise ValueError(f"The package's document has no attachment {filename}")
    else:
        call.content.check_writable(call.repository, described.path, once=False)
        call.content.refer(call.repository, there.blob, described, uploader(call.caller, call.request))


def _tags_path(package: str) -> str:
    return f"/{package}"


async def _tag(call: ContentCall, package: str, tags: dict[str, str | None]) -> None:
    """Set tags of a package; None takes one away."""
    old = call.content.find(call.repository.name, _tags_path(package))
    both = (json.loads(call.content.read(old)) if old else {}) | tags
    component = Component("", "", "")
    described = Description(_tags_path(package), "application/json", component)
    with call.content.blobs.draft() as draft:
        draft.write(json.dumps({tag: version for tag, version in both.items() if version}).encode())
        by = uploader(call.caller, call.request)
        await call.content.put(call.repository, draft, described, by, once=False)


def _versions(call: ContentCall, package: str) -> dict[str, Asset]:
    """Return a package's versions, each from the first source that has it, oldest first."""
    found: dict[str, Asset] = {}
    for source in sources(call):
        for asset in call.content.under(source.name, f"/{package}/-/"):
            found.setdefault(asset.description.component.version, asset)
    return dict(sorted(found.items(), key=lambda item: item[1].created))


def _tags(call: ContentCall, package: str, versions: dict[str, Asset]) -> dict[str, str]:
    """Return the tags of versions that are there; without a `latest` the newest that is no pre-release is it."""
    tags: dict[str, str] = {}
    for source in reversed(sources(call)):
        asset = call.content.find(source.name, _tags_path(package))
        if asset:
            tags |= json.loads(call.content.read(asset))
    tags = {tag: version for tag, version in tags.items() if version in versions}
    if "latest" not in tags and versions:
        released = [version for version in versions if "-" not in version]
        tags["latest"] = (released or list(versions))[-1]
    return tags


def _shown(call: ContentCall, package: str, asset: Asset) -> dict[str, Any]:
    manifest = dict(asset.description.attributes["manifest"])
    integrity = base64.b64encode(bytes.fromhex(asset.blob.sha512)).decode()
    manifest["dist"] = {
        "tarball": f"{call.url}{asset.path}",
        "shasum": asset.blob.sha1,
        "integrity": f"sha512-{integrity}",
    }
    manifest["_id"] = f"{package}@{manifest['version']}"
    return manifest


async def _package(call: ContentCall, parts: dict[str, str]) -> Response:
    package = parts["package"]
    versions = _versions(call, package)
    if not versions:
        raise _not_found(package)
    shown = {version: _shown(call, package, asset) for version, asset in versions.items()}
    tags = _tags(call, package, versions)
    latest = shown[tags["latest"]]
    document: dict[str, Any] = {
        "_id": package,
        "name": package,
        "dist-tags": tags,
        "versions": shown,
        "time": {
            "created": min(asset.created for asset in versions.values()),
            "modified": max(asset.modified for asset in versions.values()),
            **{version: asset.created for version, asset in versions.items()},
        },
        **{key: latest[key] for key in ("description", "readme", "license", "keywords") if key in latest},
    }
    return json_answer(document)


async def _version(call: ContentCall, parts: dict[str, str]) -> Response:
    package, wanted = parts["package"], parts["version"]
    versions = _versions(call, package)
    asset = versions.get(_tags(call, package, versions).get(wanted, wanted))
    if asset is None:
        raise _not_found(f"{package}@{wanted}")
    return json_answer(_shown(call, package, asset))


async def _list_tags(call: ContentCall, parts: dict[str, str]) -> Response:
    versions = _versions(call, parts["package"])
    if not versions:
        raise _not_found(parts["package"])
    return json_answer(_tags(call, parts["package"], versions))


async def _change_tag(call: ContentCall, parts: dict[str, str]) -> Response:
    package, tag = parts["package"], parts["tag"]
    version = None
    if call.request.method == "PUT":
        try:
            version = json.loads(await call.request.body())
        except ValueError as error:
            raise RefusedError(HTTPStatus.BAD_REQUEST, str(error)) from error
        versions = _versions(call, package)
        if not isinstance(version, str) or (versions and version not in versions):
            raise RefusedError(HTTPStatus.BAD_REQUEST, f"{package} has no version {version}")
    if _versions(call, package):  # a tag of a package that is not there is taken, and lost
        await _tag(call, package, {tag: version})
    return json_answer({"ok": True})


async def _unpublish(call: ContentCall, parts: dict[str, str]) -> Response:
    versions = _versions(call, parts["package"])
    if not versions:
        raise _not_found(parts["package"])
    for path in (*(asset.path for asset in versions.values()), _tags_path(parts["package"])):
        call.content.delete(call.repository, path)
    return json_answer({"ok": True})


async def _delete_tarball(call: ContentCall, parts: dict[str, str]) -> Response:
    if not call.content.delete(call.repository, parts["file"]):
        raise _not_found(parts["file"])
    return json_answer({"ok": True})


async def _tarball(call: ContentCall, parts: dict[str, str]) -> Response:
    if find(call, call.path) is None:
        raise _not_found(call.path)
    return await get_file(call, parts)


async def _whoami(call: ContentCall, parts: dict[str, str]) -> Response:
    del parts
    return json_answer({"username": call.caller.user_id or "anonymous"})


async def _ping(call: ContentCall, parts: dict[str, str]) -> Response:
    del call, parts
    return json_answer({})


NPM = Format(
    "npm",
    operations=(
        Operation("GET", r"/-/ping", _ping, open=True),
        Operation("GET", r"/-/whoami", _whoami, open=True),
        Operation("GET", rf"/-/package{_PACKAGE}/dist-tags", _list_tags),
        Operation("PUT DELETE", rf"/-/package{_PACKAGE}/dist-tags/(?P<tag>[^/]+)", _change_tag),
        Operation("GET HEAD", rf"{_PACKAGE}/-/[^/]+\.tgz", _tarball),
        Operation("DELETE", rf"(?P<file>{_PACKAGE}/-/[^/]+\.tgz)(?:/-rev/[^/]+)?", _delete_tarball),
        Operation("DELETE", rf"{_PACKAGE}/-rev/[^/]+", _unpublish),
        Operation("GET HEAD", _PACKAGE, _package),
        Operation("PUT", rf"{_PACKAGE}(?:/-rev/[^/]+)?", _publish, of_groups=True),
        Operation("GET HEAD", rf"{_PACKAGE}/(?P<version>[^/]+)", _version),
    ),
    refusal=_refusal,
    group_refusal=_group_refusal,
    describe=describe_tarball,
    unserved=HTTPStatus.BAD_REQUEST,
)
