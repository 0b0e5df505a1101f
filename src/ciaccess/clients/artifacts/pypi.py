"""The format pypi: a wheel, uploaded by the form that twine sends."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from http import HTTPStatus
from urllib.parse import quote

from urllib3.filepost import encode_multipart_formdata

from ciaccess.clients.artifacts.files import Format
from ciaccess.clients.artifacts.place import VERSION, Answer, Artifact, Place

_MOST_PAGES = 1000


class Pypi(Format):
    """A wheel without modules."""

    def path(self, artifact: Artifact) -> str:
        """Return where the repository keeps the wheel."""
        return f"/packages/{artifact.name}/{VERSION}/{_filename(artifact)}"

    def content(self, artifact: Artifact) -> bytes:
        """Return the wheel's bytes, always the same for the same name."""
        info = f"{_module(artifact)}-{VERSION}.dist-info"
        files = {
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {artifact.name}\nVersion: {VERSION}\n",
            f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: ciaccess\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            f"{info}/RECORD": f"{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n",
        }
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as wheel:
            for path, text in files.items():
                wheel.writestr(zipfile.ZipInfo(path), text)
        return packed.getvalue()

    def upload(self, place: Place, artifact: Artifact) -> Answer:
        """Post the form."""
        content = self.content(artifact)
        fields: dict[str, str | bytes | tuple[str, str | bytes, str]] = {
            ":action": "file_upload",
            "protocol_version": "1",
            "metadata_version": "2.1",
            "name": artifact.name,
            "version": VERSION,
            "filetype": "bdist_wheel",
            "pyversion": "py3",
            "sha256_digest": hashlib.sha256(content).hexdigest(),
            "content": (_filename(artifact), content, "application/octet-stream"),
        }
        body, content_type = encode_multipart_formdata(fields)
        return place.send("POST", "/", body, content_type)

    def purge(self, place: Place, artifact: Artifact) -> Answer:
        """Delete the wheel by the REST API: the format's own protocol deletes nothing (measured on 3.30)."""
        api = place.rest_api
        listing, token = f"/assets?repository={quote(place.repository, safe='')}", ""
        for _ in range(_MOST_PAGES):
            page = api.send("GET", listing + token)
            if not page.worked:
                return page
            try:
                found = json.loads(page.content)
                paths = {str(asset["path"]).lstrip("/"): str(asset["id"]) for asset in found["items"]}
                following = found.get("continuationToken")
            except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
                return Answer(HTTPStatus.BAD_GATEWAY, "the list of assets has a shape that is not Nexus's")
            if identity := paths.get(self.path(artifact).lstrip("/")):
                return api.send("DELETE", f"/assets/{quote(identity, safe='')}")
            if not following:
                return Answer(HTTPStatus.NOT_FOUND, "404 Not Found")
            token = f"&continuationToken={quote(str(following), safe='')}"
        return Answer(HTTPStatus.BAD_GATEWAY, f"the list of assets has more than {_MOST_PAGES} pages")


def _module(artifact: Artifact) -> str:
    return artifact.name.replace("-", "_")


def _filename(artifact: Artifact) -> str:
    return f"{_module(artifact)}-{VERSION}-py3-none-any.whl"
