"""The format npm: a package without modules, published by the document that `npm publish` sends."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from ciaccess.clients.artifacts.files import Format, tarball
from ciaccess.clients.artifacts.place import VERSION, Answer, Artifact, Place


class Npm(Format):
    """A package whose tarball holds package.json alone."""

    layout = "/{name}/-/{name}-{version}.tgz"

    def content(self, artifact: Artifact) -> bytes:
        """Return the tarball's bytes, always the same for the same name."""
        return tarball({"package/package.json": json.dumps(_manifest(artifact)).encode()})

    def upload(self, place: Place, artifact: Artifact) -> Answer:
        """Put the package's document, the tarball in it."""
        tarball = self.content(artifact)
        integrity = base64.b64encode(hashlib.sha512(tarball).digest()).decode()
        distribution = {
            "tarball": f"{place.url}{self.path(artifact)}",
            "integrity": f"sha512-{integrity}",
            "shasum": hashlib.sha1(tarball, usedforsecurity=False).hexdigest(),
        }
        version = {**_manifest(artifact), "_id": f"{artifact.name}@{VERSION}", "dist": distribution}
        document = {
            "_id": artifact.name,
            "name": artifact.name,
            "dist-tags": {"latest": VERSION},
            "versions": {VERSION: version},
            "_attachments": {
                f"{artifact.name}-{VERSION}.tgz": {
                    "content_type": "application/octet-stream",
                    "data": base64.b64encode(tarball).decode(),
                    "length": len(tarball),
                }
            },
        }
        return place.send("PUT", f"/{artifact.name}", json.dumps(document).encode(), "application/json")

    def delete(self, place: Place, artifact: Artifact) -> Answer:
        """Delete the tarball, as `npm unpublish` of one version does."""
        return place.send("DELETE", f"{self.path(artifact)}/-rev/1")

    def purge(self, place: Place, artifact: Artifact) -> Answer:
        """Unpublish the whole package, its tags too."""
        return place.send("DELETE", f"/{artifact.name}/-rev/1")


def _manifest(artifact: Artifact) -> dict[str, Any]:
    return {"name": artifact.name, "version": VERSION}
