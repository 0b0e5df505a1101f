"""Components and assets as the REST API shows them: ids, JSON, pages, and what a caller sees of a repository."""

from __future__ import annotations

import base64
import binascii
import itertools
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from starlette.responses import PlainTextResponse

from simulators.nexus.answers import AnswerError, empty, json_answer
from simulators.nexus.security.caller import LISTING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from starlette.responses import Response

    from simulators.nexus.content import Asset
    from simulators.nexus.content_call import RestCall
    from simulators.nexus.repositories import Repository


def _repository(call: RestCall, name: str | None) -> Repository:
    if not name:
        raise AnswerError(PlainTextResponse("repositoryId is required.", HTTPStatus.UNPROCESSABLE_ENTITY))
    found = call.repositories.find(name)
    if found is None:
        raise AnswerError(empty(HTTPStatus.NOT_FOUND))
    if not call.caller.may_list(found):
        raise AnswerError(empty(HTTPStatus.FORBIDDEN))
    return found


def asked_repository(call: RestCall) -> Repository:
    """Return the repository that the query names.

    Raises:
        AnswerError: 422 it names none, 404 there is none, 403 the caller does not see it.
    """
    return _repository(call, call.request.query_params.get("repository"))


def _identifier(repository: str, rest: str) -> str:
    return base64.urlsafe_b64encode(f"{repository}:{rest}".encode()).decode().rstrip("=")


def named(call: RestCall) -> tuple[Repository, str]:
    """Return the repository and the rest of the id that the path names."""
    text = call.parts["id"]
    try:
        name, _, rest = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().partition(":")
    except (binascii.Error, ValueError):
        raise AnswerError(empty(HTTPStatus.UNPROCESSABLE_ENTITY)) from None
    return _repository(call, name), rest


def visible(call: RestCall, repository: Repository) -> list[Asset]:
    """Return the assets of a repository, or of a group's members, that the caller may browse or read."""
    sources = call.repositories.members(repository) if repository.type == "group" else [repository]
    return [
        asset
        for source in sources
        for asset in call.content.select("repository = ?", source.name)
        if any(call.caller.may(action, repository, asset.path) for action in LISTING)
    ]


def asset_id(asset: Asset) -> str:
    """Return an asset's id within its repository."""
    return f"{asset.id:08x}"


def component_id(first: Asset) -> str:
    """Return a component's id within its repository, by its first asset: one that is made anew has another."""
    return f"c{first.id:08x}"


def shown(call: RestCall, asset: Asset) -> dict[str, Any]:
    """Return an asset as the API has it."""
    format_ = _format_of(call, asset)
    blob = asset.blob
    return {
        "downloadUrl": f"{call.url}/repository/{asset.repository}{asset.path}",
        "path": asset.path,
        "id": _identifier(asset.repository, asset_id(asset)),
        "repository": asset.repository,
        "format": format_,
        "checksum": {name: getattr(blob, name) for name in ("sha512", "sha1", "sha256", "md5")},
        "contentType": asset.description.content_type,
        "lastModified": asset.modified,
        "lastDownloaded": asset.downloaded,
        "uploader": asset.uploader,
        "uploaderIp": asset.uploader_ip,
        "fileSize": blob.size,
        "blobCreated": asset.created,
        "blobStoreName": None,
        format_: asset.description.attributes.get("shown", {}),
    }


def _format_of(call: RestCall, asset: Asset) -> str:
    repository = call.repositories.find(asset.repository)
    return repository.format if repository else ""


def components(call: RestCall, assets: Iterable[Asset]) -> Iterator[dict[str, Any]]:
    """Yield the components of these assets as the API has them."""

    def key(asset: Asset) -> tuple[str, str, str, str]:
        component = asset.description.component
        return asset.repository, component.group, component.name, component.version

    with_component = (asset for asset in assets if asset.description.component.name)
    for (repository, group, name, version), each in itertools.groupby(sorted(with_component, key=key), key):
        belonging = list(each)
        yield {
            "id": _identifier(repository, component_id(belonging[0])),
            "repository": repository,
            "format": _format_of(call, belonging[0]),
            "group": group or None,
            "name": name,
            "version": version or None,
            "assets": [shown(call, asset) for asset in belonging],
        }


def page(call: RestCall, items: Iterable[dict[str, Any]], size: int) -> Response:
    """Return the page that the continuation token asks for.

    Raises:
        AnswerError: 406, the token is none of ours.
    """
    token = call.request.query_params.get("continuationToken", "0")
    if not re.fullmatch(r"\d{1,9}", token):
        raise AnswerError(empty(HTTPStatus.NOT_ACCEPTABLE))
    start = int(token)
    shown = list(itertools.islice(items, start, start + size + 1))
    more = str(start + size) if len(shown) > size else None
    return json_answer({"items": shown[:size], "continuationToken": more})
