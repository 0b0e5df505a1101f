"""The format pypi: what twine uploads, the simple index (PEP 503) that pip reads, and the files it names."""

from __future__ import annotations

import html
import re
import zipfile
from email.parser import BytesParser
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.responses import HTMLResponse

from simulators.nexus.answers import empty
from simulators.nexus.content import Component, Description
from simulators.nexus.formats.files import get_file, sources, uploader
from simulators.nexus.formats.format import Arrival, Format, Operation, RefusedError
from simulators.nexus.formats.multipart import Form

if TYPE_CHECKING:
    from starlette.responses import Response

    from simulators.nexus.content import Asset
    from simulators.nexus.content_call import ContentCall

_DISTRIBUTION = re.compile(r"(?P<name>.+?)-(?P<version>[^-]*\d[^-]*)(-.+\.whl|\.tar\.gz|\.tar\.bz2|\.zip)")


def normalized(name: str) -> str:
    """Return a project's name as PEP 503 writes it in URLs."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _description(filename: str, name: str, version: str, requires_python: str) -> Description:
    project = normalized(name)
    attributes = {"requires_python": requires_python, "shown": {"name": name, "version": version}}
    kind = "application/zip" if filename.endswith((".whl", ".zip")) else "application/x-gzip"
    path = f"/packages/{project}/{version}/{filename}"
    return Description(path, kind, Component("", project, version), attributes)


def describe_distribution(arrival: Arrival) -> Description:
    """Return what a wheel's or source distribution's name tells, and a wheel's own metadata.

    Raises:
        ValueError: it is neither.
    """
    found = _DISTRIBUTION.fullmatch(arrival.filename)
    if found is None:
        raise ValueError(f"Not a Python distribution: {arrival.filename}")
    name, requires_python = found["name"], ""
    if arrival.filename.endswith(".whl"):
        try:
            with zipfile.ZipFile(arrival.draft.path) as wheel:
                member = next(each for each in wheel.namelist() if each.endswith(".dist-info/METADATA"))
                metadata = BytesParser().parsebytes(wheel.read(member), headersonly=True)
        except (zipfile.BadZipFile, StopIteration) as error:
            raise ValueError(f"Not a wheel: {arrival.filename}") from error
        requires_python = str(metadata.get("Requires-Python", ""))
        name = str(metadata.get("Name", name))
    return _description(arrival.filename, name, found["version"], requires_python)


async def _upload(call: ContentCall, parts: dict[str, str]) -> Response:
    """Take what twine sends: the project's metadata as fields, the file, perhaps its signature."""
    del parts
    with Form() as form:
        await form.read(call.request, call.content)
        said, file = form.fields, form.files.get("content")
        if (
            said.get(":action") != "file_upload"
            or file is None
            or not (said.get("name") and said.get("version"))
        ):
            raise RefusedError(
                HTTPStatus.BAD_REQUEST, "Missing required parameter: :action, name, version or content"
            )
        if "/" in file.filename + said["version"]:
            raise RefusedError(HTTPStatus.BAD_REQUEST, f"Invalid filename or version: {file.filename}")
        described = _description(
            file.filename, said["name"], said["version"], said.get("requires_python", "")
        )
        claimed = said.get("sha256_digest")
        if claimed and claimed != (await file.draft.measure()).sha256:
            raise RefusedError(HTTPStatus.BAD_REQUEST, "The file's SHA-256 is not the one in the form")
        await call.content.put(call.repository, file.draft, described, uploader(call.caller, call.request))
    return empty(HTTPStatus.OK)


def _files(call: ContentCall, project: str) -> list[Asset]:
    """Return a project's files, a name's first source before its others."""
    by_path: dict[str, Asset] = {}
    for source in sources(call):
        for asset in call.content.under(source.name, f"/packages/{project}/"):
            by_path.setdefault(asset.path, asset)
    return list(by_path.values())


def _page(title: str, links: list[str]) -> Response:
    body = "\n".join(f"    {link}<br/>" for link in links)
    title = html.escape(title)
    return HTMLResponse(
        f'<!DOCTYPE html>\n<html lang="en">\n<head><title>{title}</title></head>\n'
        f"<body>\n  <h1>{title}</h1>\n{body}\n</body>\n</html>\n"
    )


async def _projects(call: ContentCall, parts: dict[str, str]) -> Response:
    del parts
    names = {
        asset.description.component.name
        for source in sources(call)
        for asset in call.content.under(source.name, "/packages/")
    }
    return _page(
        "Simple Index", [f'<a href="{quote(name)}/">{html.escape(name)}</a>' for name in sorted(names)]
    )


async def _project(call: ContentCall, parts: dict[str, str]) -> Response:
    project = normalized(parts["project"])
    links = []
    # Another spelling is another project: clients normalise it themselves.
    for asset in _files(call, project) if parts["project"] == project else ():
        filename = asset.path.rpartition("/")[2]
        needs = html.escape(asset.description.attributes.get("requires_python", ""))
        python = f' data-requires-python="{needs}"' if needs else ""
        address = f"../..{quote(asset.path)}#sha256={asset.blob.sha256}"
        links.append(f'<a href="{address}" rel="internal"{python}>{html.escape(filename)}</a>')
    if not links and call.repository.type == "hosted":
        raise RefusedError(HTTPStatus.NOT_FOUND, call.path)
    return _page(f"Links for {project}", links)


async def _start_page(call: ContentCall, parts: dict[str, str]) -> Response:
    del call, parts
    return _page("Repository", [])


PYPI = Format(
    "pypi",
    operations=(
        Operation("POST", r"/", _upload),
        Operation("GET HEAD", r"/", _start_page),
        Operation("GET HEAD", r"/simple/", _projects),
        Operation("GET HEAD", r"/simple/(?P<project>[^/]+)/?", _project),
        Operation("GET HEAD", r"/packages/.*[^/]", get_file),
    ),
    describe=describe_distribution,
    unserved=HTTPStatus.NOT_FOUND,
)
