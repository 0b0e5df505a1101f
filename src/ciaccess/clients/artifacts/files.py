"""What formats have in common, and those that are plain files: raw, yum, maven2, helm.

`curl --upload-file` uploads these.
"""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Mapping
from typing import ClassVar

from ciaccess.clients.artifacts.place import VERSION, Answer, Artifact, Place
from ciaccess.clients.artifacts.rpm import package


def tarball(files: Mapping[str, bytes]) -> bytes:
    """Return a gzipped tar archive, always the same bytes for the same content."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return gzip.compress(packed.getvalue(), mtime=0)


class Format:
    """A format with files at paths; each call returns the answer that decides, whatever its status."""

    layout: ClassVar[str]

    def path(self, artifact: Artifact) -> str:
        """Return the path of the file."""
        return self.layout.format(folder=artifact.folder, name=artifact.name, version=VERSION)

    def content(self, artifact: Artifact) -> bytes:
        """Return the file's bytes, which a download gives."""
        return f"{artifact.name} {VERSION}\n".encode()

    def upload(self, place: Place, artifact: Artifact) -> Answer:
        """Upload the artifact as a pipeline does; stop at the first unsuccessful answer."""
        return place.send("PUT", self.path(artifact), self.content(artifact))

    def download(self, place: Place, artifact: Artifact) -> Answer:
        """Get the file."""
        return place.send("GET", self.path(artifact))

    def delete(self, place: Place, artifact: Artifact) -> Answer:
        """Delete the file; 404 where there is none."""
        return place.send("DELETE", self.path(artifact))

    def purge(self, place: Place, artifact: Artifact) -> Answer:
        """Delete all that an upload left."""
        return self.delete(place, artifact)


class Raw(Format):
    """A text file."""

    layout = "{folder}{name}.txt"


class Yum(Format):
    """An RPM without files."""

    layout = "{folder}{name}-{version}-1.noarch.rpm"

    def content(self, artifact: Artifact) -> bytes:
        """Return the package's bytes."""
        return package(artifact.name, VERSION)


class Maven2(Format):
    """A text file as the artifact of a component in a folder."""

    layout = "{folder}{name}/{version}/{name}-{version}.txt"


class Helm(Format):
    """A chart that holds Chart.yaml alone."""

    layout = "/{name}-{version}.tgz"

    def content(self, artifact: Artifact) -> bytes:
        """Return the chart's bytes, always the same for the same name."""
        chart = f"apiVersion: v1\nname: {artifact.name}\nversion: {VERSION}\n"
        return tarball({f"{artifact.name}/Chart.yaml": chart.encode()})
