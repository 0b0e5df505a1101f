"""Uploading layers to a registry: in one request, in chunks, or by mounting what another image has.

A session is a draft of its own name, so it goes on after a restart.
"""

from __future__ import annotations

import re
import uuid
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote

from simulators.nexus.answers import empty
from simulators.nexus.content import Component, Description
from simulators.nexus.formats.docker_errors import VERSION_HEADER, refused
from simulators.nexus.formats.files import uploader
from simulators.nexus.formats.format import Operation

if TYPE_CHECKING:
    from starlette.responses import Response

    from simulators.nexus.blobs import Draft
    from simulators.nexus.content_call import ContentCall

_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
IMAGE = rf"(?P<image>{_PART}(?:/{_PART})*)"
DIGEST = r"(?P<digest>sha256:[0-9a-f]{64})"
REFERENCE = r"(?P<reference>[A-Za-z0-9_][A-Za-z0-9._-]{0,127}|sha256:[0-9a-f]{64})"
_SESSION = r"(?P<session>[0-9a-f]{32})"


def blob_path(digest: str) -> str:
    """Return where a repository keeps a layer."""
    return f"/v2/-/blobs/{digest}"


def _created(call: ContentCall, image: str, digest: str) -> Response:
    place = f"{call.url}/v2/{quote(image)}/blobs/{digest}"
    return empty(HTTPStatus.CREATED, VERSION_HEADER | {"Location": place, "Docker-Content-Digest": digest})


def _going_on(call: ContentCall, image: str, session: str, draft: Draft, status: int) -> Response:
    headers = {
        "Location": f"{call.url}/v2/{quote(image)}/blobs/uploads/{session}",
        "Range": f"0-{max(draft.size - 1, 0)}",
        "Docker-Upload-UUID": session,
    }
    return empty(status, VERSION_HEADER | headers)


async def _begin(call: ContentCall, parts: dict[str, str]) -> Response:
    """Begin a session; or mount a layer; or take it whole, when the address bears its digest."""
    asked, image = call.request.query_params, parts["image"]
    call.content.check_writable(call.repository, call.path)
    mount = asked.get("mount", "")
    if re.fullmatch(DIGEST, mount) and _may_mount(call, mount, asked.get("from", "")):
        return _created(call, image, mount)
    session = uuid.uuid4().hex
    draft = call.content.blobs.new_draft(session)
    digest = asked.get("digest")
    if digest is None:
        return _going_on(call, image, session, draft, HTTPStatus.ACCEPTED)
    await draft.receive(call.request.stream())
    return await _finish(call, image, draft, digest)


def _may_mount(call: ContentCall, digest: str, image: str) -> bool:
    path = f"/v2/{image}/blobs/{digest}" if image else call.path
    return call.may("read", path) and call.content.find(call.repository.name, blob_path(digest)) is not None


def _session(call: ContentCall, parts: dict[str, str]) -> Draft:
    draft = call.content.blobs.find_draft(parts["session"])
    if draft is None:
        raise refused(HTTPStatus.NOT_FOUND, "BLOB_UPLOAD_UNKNOWN", parts["session"])
    return draft


async def _continue(call: ContentCall, parts: dict[str, str]) -> Response:
    """Take a chunk; one that does not begin where the last ended is refused."""
    draft = _session(call, parts)
    claimed = re.fullmatch(r"(?:bytes )?(\d+)-\d+(?:/.*)?", call.request.headers.get("content-range", ""))
    if claimed and int(claimed[1]) != draft.size:
        raise refused(
            HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, "SIZE_INVALID", f"{draft.size} bytes have arrived"
        )
    await draft.receive(call.request.stream())
    return _going_on(call, parts["image"], parts["session"], draft, HTTPStatus.ACCEPTED)


async def _end(call: ContentCall, parts: dict[str, str]) -> Response:
    """Take the last chunk, if there is one, and store the layer."""
    draft = _session(call, parts)
    await draft.receive(call.request.stream())
    return await _finish(call, parts["image"], draft, call.request.query_params.get("digest", ""))


async def _finish(call: ContentCall, image: str, draft: Draft, digest: str) -> Response:
    blob = await draft.measure()
    if digest != f"sha256:{blob.sha256}":
        draft.path.unlink(missing_ok=True)
        raise refused(HTTPStatus.BAD_REQUEST, "DIGEST_INVALID", f"{digest} is not sha256:{blob.sha256}")
    described = Description(blob_path(digest), "application/octet-stream", Component("", "", ""))
    by = uploader(call.caller, call.request)
    # A layer that is there already is the same one.
    await call.content.put(call.repository, draft, described, by, once=False)
    return _created(call, image, digest)


async def _status(call: ContentCall, parts: dict[str, str]) -> Response:
    return _going_on(call, parts["image"], parts["session"], _session(call, parts), HTTPStatus.NO_CONTENT)


async def _cancel(call: ContentCall, parts: dict[str, str]) -> Response:
    _session(call, parts).path.unlink(missing_ok=True)
    return empty(HTTPStatus.NO_CONTENT, VERSION_HEADER)


_ONE = rf"/v2/{IMAGE}/blobs/uploads/{_SESSION}"
UPLOADS = (
    Operation("POST", rf"/v2/{IMAGE}/blobs/uploads/?", _begin),
    Operation("GET", _ONE, _status),
    Operation("PATCH", _ONE, _continue),
    Operation("PUT", _ONE, _end),
    Operation("DELETE", _ONE, _cancel),
)
