"""The format pypi: a wheel, uploaded by the form that twine sends."""

from __future__ import annotations

import hashlib
import io
import zipfile
from typing import TYPE_CHECKING

from urllib3.filepost import encode_multipart_formdata

from ciaccess.clients.artifacts.files import Files
from ciaccess.clients.artifacts.place import VERSION

if TYPE_CHECKING:
    from ciaccess.clients.artifacts.place import Answer, Artifact, Place


class Pypi(Files):
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


def _module(artifact: Artifact) -> str:
    return artifact.name.replace("-", "_")


def _filename(artifact: Artifact) -> str:
    return f"{_module(artifact)}-{VERSION}-py3-none-any.whl"
