"""What formats that serve plain files share: finding one through a group's members, sending, storing, deleting it."""

from __future__ import annotations

import mimetypes
import posixpath
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.responses import FileResponse

from simulators.nexus.answers import empty
from simulators.nexus.content import Component, Description, Uploader
from simulators.nexus.formats.format import Arrival, Operation, RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from simulators.nexus.content import Asset
    from simulators.nexus.content_call import ContentCall
    from simulators.nexus.repositories import Repository
    from simulators.nexus.security.caller import Caller

# What clients say who know no better.
_MEANINGLESS_TYPES = ("", "application/octet-stream", "application/x-www-form-urlencoded")


def sources(call: ContentCall) -> list[Repository]:
    """Return the repositories that are read for this one: its members in order, or itself."""
    if call.repository.type == "group":
        return list(call.repositories.members(call.repository))
    return [call.repository]


def find(call: ContentCall, path: str) -> Asset | None:
    """Return the asset at a path, of the first source that has it."""
    found = (call.content.find(source.name, path) for source in sources(call))
    return next((asset for asset in found if asset), None)


def uploader(caller: Caller, request: Request) -> Uploader:
    """Return whom assets of this request are of."""
    return Uploader(caller.user_id or "anonymous", request.client.host if request.client else "")


def media_type(claimed: str, filename: str) -> str:
    """Return the media type of a file: what its sender says, or what its name tells."""
    claimed = claimed.partition(";")[0].strip()
    if claimed not in _MEANINGLESS_TYPES:
        return claimed
    return mimetypes.guess_type(filename)[0] or "application/octet-stream"


def describe_file(arrival: Arrival) -> Description:
    """Return what is known of a file that is nothing but a file."""
    component = Component(posixpath.dirname(arrival.path), arrival.path, "")
    return Description(arrival.path, media_type(arrival.content_type, arrival.filename), component)


def send(call: ContentCall, asset: Asset, headers: Mapping[str, str] | None = None) -> Response:
    """Return an asset's bytes, or that the client has them already; ranges are understood."""
    modified = datetime.fromisoformat(asset.modified).astimezone(UTC).replace(microsecond=0)
    own = {
        "Content-Type": asset.description.content_type,
        "ETag": f'"{{SHA1{{{asset.blob.sha1}}}}}"',
        "Last-Modified": format_datetime(modified, usegmt=True),
        **(headers or {}),
    }
    if _is_fresh(call.request, own["ETag"], modified):
        return empty(HTTPStatus.NOT_MODIFIED, {name: own[name] for name in ("ETag", "Last-Modified")})
    if call.request.method == "GET":
        call.content.note_download(asset)
    return FileResponse(call.content.blobs.file(asset.blob.sha256), headers=own)


def _is_fresh(request: Request, etag: str, modified: datetime) -> bool:
    tags = request.headers.get("if-none-match")
    if tags is not None:
        return tags.strip() == "*" or etag in (tag.strip().removeprefix("W/") for tag in tags.split(","))
    try:
        since = parsedate_to_datetime(request.headers.get("if-modified-since", ""))
    except ValueError:
        return False
    return since.replace(tzinfo=since.tzinfo or UTC) >= modified


async def get_file(call: ContentCall, parts: dict[str, str]) -> Response:
    """Send the file at the request's path."""
    del parts
    asset = find(call, call.path)
    if asset is None:
        raise RefusedError(HTTPStatus.NOT_FOUND, call.path)
    return send(call, asset)


async def no_listing(call: ContentCall, parts: dict[str, str]) -> Response:
    """Refuse to list a folder."""
    del call, parts
    raise RefusedError(HTTPStatus.NOT_FOUND, "You can’t browse this way")  # noqa: RUF001 Nexus's own apostrophe


async def delete_file(call: ContentCall, parts: dict[str, str]) -> Response:
    """Delete the file at the request's path."""
    del parts
    if not call.content.delete(call.repository, call.path):
        raise RefusedError(HTTPStatus.NOT_FOUND, call.path)
    return empty(HTTPStatus.NO_CONTENT)


def putting(methods: str, path: str, describe: Callable[[Arrival], Description]) -> Operation:
    """Return the operation that stores a request's body as the file at its path.

    What `describe` finds wrong with it, a ValueError, is a 400.
    """

    async def put_file(call: ContentCall, parts: dict[str, str]) -> Response:
        del parts
        call.content.check_writable(call.repository, call.path)
        with call.content.blobs.draft() as draft:
            await draft.receive(call.request.stream())
            claimed = call.request.headers.get("content-type", "")
            try:
                described = describe(Arrival(draft, call.path, content_type=claimed))
            except ValueError as error:
                raise RefusedError(HTTPStatus.BAD_REQUEST, str(error)) from error
            await call.content.put(call.repository, draft, described, uploader(call.caller, call.request))
        return empty(HTTPStatus.CREATED)

    return Operation(methods, path, put_file)


READING_FILES = (Operation("GET HEAD", r"(.*/)?", no_listing), Operation("GET HEAD", r".*[^/]", get_file))
DELETING_FILES = (Operation("DELETE", r".*[^/]", delete_file),)
