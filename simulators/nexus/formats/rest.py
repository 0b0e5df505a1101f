"""The REST API over what repositories hold: components and assets; search is in rest_search.py.

Lists show what the caller may browse; uploading needs edit at the place, and to see the repository (facts/nexus.md).
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.responses import PlainTextResponse

from simulators.nexus.answers import AnswerError, empty, faults, json_answer, refuse
from simulators.nexus.content import PolicyError
from simulators.nexus.formats.files import uploader
from simulators.nexus.formats.format import Arrival, RefusedError
from simulators.nexus.formats.multipart import Form
from simulators.nexus.formats.rest_items import (
    asked_repository,
    asset_id,
    component_id,
    components,
    named,
    page,
    shown,
    visible,
)
from simulators.nexus.formats.rest_search import search, search_assets, search_download
from simulators.nexus.formats.table import FORMATS

if TYPE_CHECKING:
    from starlette.responses import Response

    from simulators.nexus.content import Asset
    from simulators.nexus.content_call import RestCall, RestHandler
    from simulators.nexus.repositories import Repository

_PAGE_ITEMS = 10


async def _list_assets(call: RestCall) -> Response:
    return page(call, (shown(call, each) for each in visible(call, asked_repository(call))), _PAGE_ITEMS)


async def _list_components(call: RestCall) -> Response:
    return page(call, components(call, visible(call, asked_repository(call))), _PAGE_ITEMS)


def _of_path(call: RestCall, *, component: bool) -> tuple[Repository, list[Asset]]:
    """Return the repository and the assets that an id in the path names, those that the caller sees."""
    repository, rest = named(call)
    seen = visible(call, repository)
    found = [asset for asset in seen if rest == (component_id(asset) if component else asset_id(asset))]
    if component and found:
        found = [asset for asset in seen if asset.description.component == found[0].description.component]
    if not found:
        raise AnswerError(empty(HTTPStatus.NOT_FOUND))
    return repository, found


async def _get_asset(call: RestCall) -> Response:
    return json_answer(shown(call, _of_path(call, component=False)[1][0]))


async def _get_component(call: RestCall) -> Response:
    return json_answer(next(components(call, _of_path(call, component=True)[1])))


def _deleting(*, component: bool) -> RestHandler:
    async def delete(call: RestCall) -> Response:
        repository, assets = _of_path(call, component=component)
        if not all(call.caller.may("delete", repository, asset.path) for asset in assets):
            return refuse(call.caller, call.request.method)
        try:
            for asset in assets:
                call.content.delete(repository, asset.path)
        except PolicyError as error:
            return PlainTextResponse(str(error), HTTPStatus.BAD_REQUEST)
        return empty(HTTPStatus.NO_CONTENT)

    return delete


async def _upload(call: RestCall) -> Response:
    repository = asked_repository(call)
    describe = FORMATS[repository.format].describe
    if describe is None or repository.type != "hosted":
        return PlainTextResponse(
            f"Upload to {repository.type} repository of format {repository.format} is not supported",
            HTTPStatus.BAD_REQUEST,
        )
    prefix = repository.format
    stored_by = uploader(call.caller, call.request)
    try:
        with Form() as form:
            await form.read(call.request, call.content)
            arrivals = [
                Arrival(
                    each.draft,
                    form.fields.get(f"{name}.filename") or each.filename,
                    form.fields.get(f"{prefix}.directory", ""),
                    each.content_type,
                )
                for name, each in form.files.items()
                if re.fullmatch(rf"{prefix}\.asset\d*", name)
            ]
            if not arrivals or (prefix == "raw" and not _is_raw_whole(form)):
                return PlainTextResponse(f"Missing {prefix}.asset", HTTPStatus.BAD_REQUEST)
            described = [(each.draft, describe(each)) for each in arrivals]
            for _, each in described:
                if not call.caller.may("edit", repository, each.path):
                    raise faults([("*", f"Not authorized for requested path '{each.path}'")])
            for draft, each in described:
                await call.content.put(repository, draft, each, stored_by)
    except (PolicyError, ValueError) as error:
        return PlainTextResponse(str(error), HTTPStatus.BAD_REQUEST)
    except RefusedError as error:
        return PlainTextResponse(error.text, error.status)
    return empty(HTTPStatus.NO_CONTENT)


def _is_raw_whole(form: Form) -> bool:
    """Tell whether a directory is named, and a filename for each asset: raw has no other way to know the path."""
    return bool(form.fields.get("raw.directory")) and all(
        form.fields.get(f"{name}.filename") for name in form.files
    )


_API = "/service/rest/v1"
ROUTES: tuple[tuple[str, str, RestHandler], ...] = (
    ("GET", f"{_API}/components", _list_components),
    ("POST", f"{_API}/components", _upload),
    ("GET", f"{_API}/components/{{id}}", _get_component),
    ("DELETE", f"{_API}/components/{{id}}", _deleting(component=True)),
    ("GET", f"{_API}/assets", _list_assets),
    ("GET", f"{_API}/assets/{{id}}", _get_asset),
    ("DELETE", f"{_API}/assets/{{id}}", _deleting(component=False)),
    ("GET", f"{_API}/search", search),
    ("GET", f"{_API}/search/assets", search_assets),
    ("GET", f"{_API}/search/assets/download", search_download),
)
