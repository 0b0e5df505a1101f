"""The format docker: the registry API v2 over images, on a connector's port and below /repository/<name>.

A repository keeps each layer once, at `/v2/-/blobs/<digest>`, whatever images share it, and manifests at
`/v2/<image>/manifests/<tag or digest>`. Uploads are in docker_uploads.py.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from simulators.nexus.answers import empty, json_answer
from simulators.nexus.content import Component, Description
from simulators.nexus.formats.docker_errors import VERSION_HEADER, refused, refused_group, registry_refusal
from simulators.nexus.formats.docker_uploads import DIGEST, IMAGE, REFERENCE, UPLOADS, blob_path
from simulators.nexus.formats.files import find, send, sources, uploader
from simulators.nexus.formats.format import Format, Operation, RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.responses import Response

    from simulators.nexus.content import Asset
    from simulators.nexus.content_call import ContentCall

_LARGEST_MANIFEST_BYTES = 4 * 1024 * 1024
_TOKEN_PATH = "/v2/token"
_DEFAULT_TYPE = "application/vnd.docker.distribution.manifest.v2+json"


def _may(call: ContentCall, action: str) -> bool:
    """Ask the permission; send clients to sign in first where they must, and where they only look how to."""
    if call.path == _TOKEN_PATH:
        return True
    if call.caller.anonymous and (
        call.repository.force_basic_auth
        or (call.path.rstrip("/") == "/v2" and "authorization" not in call.request.headers)
    ):
        return False
    return call.may(action)


async def _token(call: ContentCall, parts: dict[str, str]) -> Response:
    """Answer a bearer token of the caller; what it allows is asked with each request."""
    del parts
    return json_answer({"token": call.token(None if call.caller.anonymous else call.caller.user_id)})


async def _version(call: ContentCall, parts: dict[str, str]) -> Response:
    """Answer that this is a registry, to who may sign in here."""
    del call, parts
    answer = json_answer({})
    answer.headers.update(VERSION_HEADER)
    return answer


def _manifest_path(image: str, reference: str) -> str:
    return f"/v2/{image}/manifests/{reference}"


def _digest(asset: Asset) -> str:
    return f"sha256:{asset.blob.sha256}"


async def _get_blob(call: ContentCall, parts: dict[str, str]) -> Response:
    asset = find(call, blob_path(parts["digest"]))
    if asset is None:
        raise refused(HTTPStatus.NOT_FOUND, "BLOB_UNKNOWN", parts["digest"])
    return send(call, asset, VERSION_HEADER | {"Docker-Content-Digest": parts["digest"]})


async def _delete_blob(call: ContentCall, parts: dict[str, str]) -> Response:
    if not call.content.delete(call.repository, blob_path(parts["digest"])):
        raise refused(HTTPStatus.NOT_FOUND, "BLOB_UNKNOWN", parts["digest"])
    return empty(HTTPStatus.ACCEPTED, VERSION_HEADER)


async def _get_manifest(call: ContentCall, parts: dict[str, str]) -> Response:
    asset = find(call, call.path)
    if asset is None:
        raise refused(HTTPStatus.NOT_FOUND, "MANIFEST_UNKNOWN", parts["reference"])
    return send(
        call, asset, VERSION_HEADER | {"Docker-Content-Digest": _digest(asset), "ETag": f'"{_digest(asset)}"'}
    )


async def _put_manifest(call: ContentCall, parts: dict[str, str]) -> Response:
    """Store a manifest under its digest, and under the tag if the address has one; only the tag may be taken already."""
    image, reference = parts["image"], parts["reference"]
    body = bytearray()
    async for chunk in call.request.stream():
        body += chunk
        if len(body) > _LARGEST_MANIFEST_BYTES:
            raise refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "MANIFEST_INVALID", "manifest too large")
    manifest = _parsed(bytes(body))
    kind = call.request.headers.get("content-type") or manifest.get("mediaType") or _DEFAULT_TYPE
    for digest in _needed(image, manifest):
        if call.content.find(call.repository.name, digest) is None:
            raise refused(HTTPStatus.NOT_FOUND, "MANIFEST_BLOB_UNKNOWN", digest.rpartition("/")[2])
    by = uploader(call.caller, call.request)
    with call.content.blobs.draft() as draft:
        draft.write(bytes(body))
        digest = f"sha256:{(await draft.measure()).sha256}"
        by_digest = ":" in reference
        if by_digest and reference != digest:
            raise refused(HTTPStatus.BAD_REQUEST, "DIGEST_INVALID", f"{reference} is not {digest}")
        call.content.check_writable(call.repository, call.path, once=not by_digest)
        described = _described(image, digest, kind)
        stored = await call.content.put(call.repository, draft, described, by, once=False)
    if not by_digest:
        # Once more, for others came first while it was stored.
        call.content.check_writable(call.repository, call.path)
        call.content.refer(call.repository, stored.blob, _described(image, reference, kind), by)
    place = f"{call.url}{quote(_manifest_path(image, digest), safe='/:')}"
    return empty(HTTPStatus.CREATED, VERSION_HEADER | {"Location": place, "Docker-Content-Digest": digest})


def _described(image: str, reference: str, kind: str) -> Description:
    """Return what is known of a manifest; as in Nexus, only a tag makes it a component."""
    component = Component("", image, reference) if ":" not in reference else Component("", "", "")
    attributes = {"shown": {"imageName": image, "imageTag": reference}}
    return Description(_manifest_path(image, reference), kind.partition(";")[0], component, attributes)


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        manifest = json.loads(body)
    except ValueError:
        manifest = None
    if not isinstance(manifest, dict) or manifest.get("schemaVersion") != 2:  # noqa: PLR2004 the schema's number
        raise refused(HTTPStatus.BAD_REQUEST, "MANIFEST_INVALID", "not a manifest of schema version 2")
    return manifest


def _needed(image: str, manifest: dict[str, Any]) -> Iterator[str]:
    """Yield the paths of what a manifest refers to and the registry must hold."""
    try:
        for layer in (manifest.get("config"), *manifest.get("layers", ())):
            if layer is not None and not layer.get("urls"):
                yield blob_path(layer["digest"])
        for each in manifest.get("manifests", ()):
            yield _manifest_path(image, each["digest"])
    except (KeyError, TypeError, AttributeError) as error:
        raise refused(HTTPStatus.BAD_REQUEST, "MANIFEST_INVALID", "a descriptor without digest") from error


async def _delete_manifest(call: ContentCall, parts: dict[str, str]) -> Response:
    """Delete a tag, or by digest the manifest with all its tags."""
    asset = call.content.find(call.repository.name, call.path)
    if asset is None:
        raise refused(HTTPStatus.NOT_FOUND, "MANIFEST_UNKNOWN", parts["reference"])
    if ":" in parts["reference"]:
        for each in call.content.under(call.repository.name, _manifest_path(parts["image"], "")):
            if each.blob.sha256 == asset.blob.sha256:
                call.content.delete(call.repository, each.path)
    else:
        call.content.delete(call.repository, asset.path)
    return empty(HTTPStatus.ACCEPTED, VERSION_HEADER)


async def _list_tags(call: ContentCall, parts: dict[str, str]) -> Response:
    image = parts["image"]
    there = [
        asset.path.rpartition("/")[2]
        for source in sources(call)
        for asset in call.content.under(source.name, _manifest_path(image, ""))
    ]
    if not there:
        raise refused(HTTPStatus.NOT_FOUND, "NAME_UNKNOWN", image)
    return _page(call, {tag for tag in there if ":" not in tag}, {"name": image}, "tags")


async def _catalog(call: ContentCall, parts: dict[str, str]) -> Response:
    del parts
    images = {
        asset.description.component.name
        for source in sources(call)
        for asset in call.content.select("repository = ? AND component_name != ''", source.name)
    }
    return _page(call, images, {}, "repositories")


def _page(call: ContentCall, names: set[str], body: dict[str, Any], key: str) -> Response:
    """Return `n` names after `last`, in order, and where the next ones are."""
    asked = call.request.query_params
    ordered = sorted(name for name in names if name > asked.get("last", ""))
    try:
        size = int(asked.get("n", len(ordered)))
    except ValueError as error:
        raise RefusedError(HTTPStatus.BAD_REQUEST, "n is no number", "UNSUPPORTED") from error
    answer = json_answer(body | {key: ordered[:size]})
    answer.headers.update(VERSION_HEADER)
    if 0 < size < len(ordered):
        answer.headers["Link"] = (
            f'<{call.url}{quote(call.path)}?n={size}&last={quote(ordered[size - 1])}>; rel="next"'
        )
    return answer


DOCKER = Format(
    "docker",
    operations=(
        Operation("GET HEAD", r"/v2/?", _version),
        Operation("GET", _TOKEN_PATH, _token),
        Operation("GET", r"/v2/_catalog", _catalog),
        Operation("GET", rf"/v2/{IMAGE}/tags/list", _list_tags),
        *UPLOADS,
        Operation("GET HEAD", rf"/v2/{IMAGE}/blobs/{DIGEST}", _get_blob),
        Operation("DELETE", rf"/v2/{IMAGE}/blobs/{DIGEST}", _delete_blob),
        Operation("GET HEAD", rf"/v2/{IMAGE}/manifests/{REFERENCE}", _get_manifest),
        Operation("PUT", rf"/v2/{IMAGE}/manifests/{REFERENCE}", _put_manifest),
        Operation("DELETE", rf"/v2/{IMAGE}/manifests/{REFERENCE}", _delete_manifest),
    ),
    refusal=registry_refusal,
    group_refusal=refused_group,
    may=_may,
)
