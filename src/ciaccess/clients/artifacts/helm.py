"""The format helm: a chart without templates, uploaded by `curl --upload-file`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ciaccess.clients.artifacts.files import Files
from ciaccess.clients.artifacts.place import VERSION
from ciaccess.clients.artifacts.tarball import tarball

if TYPE_CHECKING:
    from ciaccess.clients.artifacts.place import Artifact


class Helm(Files):
    """A chart that holds Chart.yaml alone."""

    def path(self, artifact: Artifact) -> str:
        """Return the path of the chart."""
        return f"/{artifact.name}-{VERSION}.tgz"

    def content(self, artifact: Artifact) -> bytes:
        """Return the chart's bytes, always the same for the same name."""
        chart = f"apiVersion: v1\nname: {artifact.name}\nversion: {VERSION}\n"
        return tarball({f"{artifact.name}/Chart.yaml": chart.encode()})
