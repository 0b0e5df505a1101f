"""The REST API's search: over all repositories, by what the query names, for what the caller may browse."""

from __future__ import annotations

import fnmatch
import itertools
from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.responses import PlainTextResponse, RedirectResponse

from simulators.nexus.formats.rest_items import components, page, shown, visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.responses import Response

    from simulators.nexus.content import Asset
    from simulators.nexus.content_call import RestCall

_PAGE_ITEMS = 50


def _value(name: str) -> Callable[[Asset], str]:
    return {
        "group": lambda asset: asset.description.component.group,
        "name": lambda asset: asset.description.component.name,
        "version": lambda asset: asset.description.component.version,
        "repository": lambda asset: asset.repository,
        "md5": lambda asset: asset.blob.md5,
        "sha1": lambda asset: asset.blob.sha1,
        "sha256": lambda asset: asset.blob.sha256,
        "sha512": lambda asset: asset.blob.sha512,
    }[name]


# Search parameters by the value they are compared with; a format's own names stand for the common ones.
_CRITERIA = {
    **{
        name: _value(name)
        for name in ("group", "name", "version", "repository", "md5", "sha1", "sha256", "sha512")
    },
    "docker.imageName": _value("name"),
    "docker.imageTag": _value("version"),
    "npm.scope": _value("group"),
}


def _found(call: RestCall) -> Iterator[Asset]:
    """Yield the assets that the search parameters describe; `*` and `?` stand for what they do in file names."""
    asked = call.request.query_params
    word, format_ = asked.get("q", "").lower(), asked.get("format")
    for repository in call.repositories.all():
        if repository.type == "group" or (format_ and format_ != repository.format):
            continue
        for asset in visible(call, repository):
            values = {name: value(asset) for name, value in _CRITERIA.items() if name in asked}
            if all(fnmatch.fnmatchcase(text, asked[name]) for name, text in values.items()) and (
                word.strip("*") in asset.path.lower()
            ):
                yield asset


async def search(call: RestCall) -> Response:
    """List the components that the query describes."""
    return page(call, components(call, _found(call)), _PAGE_ITEMS)


async def search_assets(call: RestCall) -> Response:
    """List the assets that the query describes."""
    return page(call, (shown(call, each) for each in _found(call)), _PAGE_ITEMS)


async def search_download(call: RestCall) -> Response:
    """Redirect to the one asset that the query describes."""
    found = [shown(call, each) for each in itertools.islice(_found(call), 2)]
    if len(found) != 1:
        status = HTTPStatus.BAD_REQUEST if found else HTTPStatus.NOT_FOUND
        text = "Search returned multiple assets, please refine search criteria to find a single asset"
        return PlainTextResponse(text if found else "asset search returned no results", status)
    return RedirectResponse(found[0]["downloadUrl"], HTTPStatus.FOUND)
