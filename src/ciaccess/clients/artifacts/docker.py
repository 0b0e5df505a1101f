"""The format docker: an image of one layer with one small file, by the registry API v2."""

from __future__ import annotations

import gzip
import hashlib
import json
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from ciaccess.clients.artifacts.files import Format, tarball
from ciaccess.clients.artifacts.place import Answer, Artifact, Place

_DOCKER = "application/vnd.docker"
_MANIFEST = f"{_DOCKER}.distribution.manifest.v2+json"
_CONFIG = f"{_DOCKER}.container.image.v1+json"
_LAYER = f"{_DOCKER}.image.rootfs.diff.tar.gzip"
_NO_CONTENT = Answer(204, "204")


class Docker(Format):
    """An image, tagged 1.0.0; its path is that of the manifest."""

    layout = "/v2/{name}/manifests/{version}"

    def content(self, artifact: Artifact) -> bytes:
        """Return the manifest's bytes."""
        config, layer = _blobs(artifact)
        manifest = {
            "schemaVersion": 2,
            "mediaType": _MANIFEST,
            "config": _descriptor(_CONFIG, config),
            "layers": [_descriptor(_LAYER, layer)],
        }
        return json.dumps(manifest).encode()

    def upload(self, place: Place, artifact: Artifact) -> Answer:
        """Push the blobs, then the manifest."""
        for blob in _blobs(artifact):
            begun = place.send("POST", f"/v2/{artifact.name}/blobs/uploads/", b"")
            if not begun.worked:
                return begun
            ended = place.send("PUT", f"{_session(begun, artifact)}digest={_digest(blob)}", blob)
            if not ended.worked:
                return ended
        return place.send("PUT", self.path(artifact), self.content(artifact), _MANIFEST)

    def delete(self, place: Place, artifact: Artifact) -> Answer:
        """Delete the manifest by its digest, with its tag."""
        return place.send("DELETE", f"/v2/{artifact.name}/manifests/{_digest(self.content(artifact))}")

    def purge(self, place: Place, artifact: Artifact) -> Answer:
        """Delete the manifest, its tag and its blobs; return the first unexpected answer."""
        blobs = (f"/v2/{artifact.name}/blobs/{_digest(blob)}" for blob in _blobs(artifact))
        answers = [self.delete(place, artifact), *(place.send("DELETE", path) for path in blobs)]
        troubles = [
            answer for answer in answers if not (answer.worked or answer.status == HTTPStatus.NOT_FOUND)
        ]
        return troubles[0] if troubles else _NO_CONTENT


def _blobs(artifact: Artifact) -> tuple[bytes, bytes]:
    """Return configuration and layer, unique for each name, so that images share no blob."""
    layer = tarball({"ciaccess-verify": artifact.name.encode()})
    root = {"type": "layers", "diff_ids": [_digest(gzip.decompress(layer))]}
    config = {"architecture": "amd64", "os": "linux", "config": {}, "rootfs": root}
    return json.dumps(config).encode(), layer


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _descriptor(kind: str, data: bytes) -> dict[str, Any]:
    return {"mediaType": kind, "digest": _digest(data), "size": len(data)}


def _session(begun: Answer, artifact: Artifact) -> str:
    """Return the upload session's path for further parameters, always on the same server."""
    parts = urlsplit(begun.headers.get("Location", ""))
    path = f"/v2/{parts.path.partition('/v2/')[2] or f'{artifact.name}/blobs/uploads/'}"
    return f"{path}?{parts.query}&" if parts.query else f"{path}?"
