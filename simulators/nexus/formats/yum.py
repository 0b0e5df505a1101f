"""The format yum: RPM packages at any path, and the repository metadata that is made of them.

Metadata is made when it is asked for, from what was read of each package when it came; so it is always of this
moment, and a group's covers its members.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from starlette.responses import Response

from simulators.nexus.content import Component, Description
from simulators.nexus.formats.files import DELETING_FILES, READING_FILES, putting, sources
from simulators.nexus.formats.format import Arrival, Format, Operation, RefusedError
from simulators.nexus.formats.rpm import Package, read_package

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulators.nexus.content import Asset
    from simulators.nexus.content_call import ContentCall

_TYPE = "application/x-rpm"
_COMMON = "http://linux.duke.edu/metadata/common"
_RPM = "http://linux.duke.edu/metadata/rpm"
_FILE_LISTS = "http://linux.duke.edu/metadata/filelists"
_REPO = "http://linux.duke.edu/metadata/repo"
# The files that depsolvers look up without the whole list, as createrepo chooses them.
_PRIMARY_FILE = re.compile(r"/etc/.*|.*bin/.*|/usr/lib/sendmail")

Packages = list[tuple["Asset", Package]]


def describe_rpm(arrival: Arrival) -> Description:
    """Return what is known of a package.

    Raises:
        ValueError: it is none.
    """
    package = read_package(arrival.draft.path)
    texts = package.texts
    component = Component("", texts["name"], f"{texts['version']}-{texts['release']}")
    return Description(arrival.path, _TYPE, component, {"package": package.as_json()})


@dataclass(frozen=True)
class Document:
    """One file of the metadata, compressed, under the name that its digest gives it."""

    kind: str
    plain: bytes

    @property
    def packed(self) -> bytes:
        """Return it as it is served; the same packages always give the same bytes."""
        return gzip.compress(self.plain, mtime=0)

    @property
    def name(self) -> str:
        """Return its file name."""
        return f"{hashlib.sha256(self.packed).hexdigest()}-{self.kind}.xml.gz"


def _packages(call: ContentCall) -> Packages:
    by_path: dict[str, Asset] = {}
    for source in sources(call):
        for asset in call.content.select("repository = ? AND content_type = ?", source.name, _TYPE):
            by_path.setdefault(asset.path, asset)
    found = [by_path[path] for path in sorted(by_path)]
    return [(asset, Package(**asset.description.attributes["package"])) for asset in found]


def _seconds(moment: str) -> str:
    return str(int(datetime.fromisoformat(moment).timestamp()))


def _add(parent: ET.Element, tag: str, text: str = "", **attributes: str) -> ET.Element:
    element = ET.SubElement(parent, tag, attributes)
    element.text = text or None
    return element


def _version(package: Package) -> dict[str, str]:
    texts = package.texts
    return {"epoch": str(package.numbers["epoch"]), "ver": texts["version"], "rel": texts["release"]}


def _primary(packages: Packages) -> bytes:
    root = ET.Element("metadata", {"xmlns": _COMMON, "xmlns:rpm": _RPM, "packages": str(len(packages))})
    for asset, package in packages:
        texts, numbers = package.texts, package.numbers
        element = _add(root, "package", type="rpm")
        _add(element, "name", texts["name"])
        _add(element, "arch", texts["arch"] if texts["sourcerpm"] else "src")
        _add(element, "version", **_version(package))
        _add(element, "checksum", asset.blob.sha256, type="sha256", pkgid="YES")
        for tag in ("summary", "description", "packager", "url"):
            _add(element, tag, texts[tag])
        _add(element, "time", file=_seconds(asset.modified), build=str(numbers["build_time"]))
        sizes = {"installed": str(numbers["installed_size"]), "archive": str(numbers["archive_size"])}
        _add(element, "size", package=str(asset.blob.size), **sizes)
        _add(element, "location", href=asset.path.lstrip("/"))
        format_ = _add(element, "format")
        for tag in ("license", "vendor", "group", "buildhost", "sourcerpm"):
            _add(format_, f"rpm:{tag}", texts[tag])
        _add(format_, "rpm:header-range", start=str(package.header_start), end=str(package.header_end))
        for kind, relations in package.relations.items():
            if relations:
                list_ = _add(format_, f"rpm:{kind}")
                for relation in relations:
                    _add(list_, "rpm:entry", **relation)
        for path in filter(_PRIMARY_FILE.fullmatch, package.files):
            _add(format_, "file", path)
        for path in filter(_PRIMARY_FILE.fullmatch, package.folders):
            _add(format_, "file", path, type="dir")
    return _text(root)


def _file_lists(packages: Packages) -> bytes:
    root = ET.Element("filelists", {"xmlns": _FILE_LISTS, "packages": str(len(packages))})
    for asset, package in packages:
        texts = package.texts
        element = _add(root, "package", pkgid=asset.blob.sha256, name=texts["name"], arch=texts["arch"])
        _add(element, "version", **_version(package))
        for path in package.files:
            _add(element, "file", path)
        for path in package.folders:
            _add(element, "file", path, type="dir")
    return _text(root)


def _text(root: ET.Element) -> bytes:
    text: bytes = ET.tostring(root, encoding="UTF-8", xml_declaration=True)
    return text


_DOCUMENTS: dict[str, Callable[[Packages], bytes]] = {"primary": _primary, "filelists": _file_lists}


async def _index(call: ContentCall, parts: dict[str, str]) -> Response:
    """Answer repomd.xml, which names the other files by digest."""
    del parts
    packages = _packages(call)
    revision = max((_seconds(asset.modified) for asset, _ in packages), default="0")
    root = ET.Element("repomd", {"xmlns": _REPO, "xmlns:rpm": _RPM})
    _add(root, "revision", revision)
    for kind, make in _DOCUMENTS.items():
        document = Document(kind, make(packages))
        element = _add(root, "data", type=kind)
        _add(element, "checksum", hashlib.sha256(document.packed).hexdigest(), type="sha256")
        _add(element, "open-checksum", hashlib.sha256(document.plain).hexdigest(), type="sha256")
        _add(element, "location", href=f"repodata/{document.name}")
        _add(element, "timestamp", revision)
        _add(element, "size", str(len(document.packed)))
        _add(element, "open-size", str(len(document.plain)))
    return Response(_text(root), media_type="application/xml")


async def _document(call: ContentCall, parts: dict[str, str]) -> Response:
    document = Document(parts["kind"], _DOCUMENTS[parts["kind"]](_packages(call)))
    if document.name != parts["name"]:
        raise RefusedError(HTTPStatus.NOT_FOUND, call.path)
    return Response(document.packed, media_type="application/x-gzip")


YUM = Format(
    "yum",
    operations=(
        Operation("GET HEAD", r"/repodata/repomd\.xml", _index),
        Operation(
            "GET HEAD", r"/repodata/(?P<name>[0-9a-f]{64}-(?P<kind>primary|filelists)\.xml\.gz)", _document
        ),
        *READING_FILES,
        putting("PUT", r".+\.rpm", describe_rpm),
        *DELETING_FILES,
    ),
    describe=describe_rpm,
)
