"""The upload jobs on a real Nexus, which has formats that the simulator serves as plain files, or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.consumers.uploads import UPLOADS, UploadJobs, check_upload
from tests.support.project.project import Project

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.consumers.uploads import Upload

VERSION = "3.30.0"
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[UploadJobs]:
    """Jobs on a provisioned stack with the server."""
    folder = tmp_path_factory.mktemp("uploads")
    project = Project(folder / "project")
    project.create(f"local/nexus-{VERSION}.yaml")
    try:
        project.ciaccess("local", "up", "--nexus", VERSION, "--free-ports").succeeded()
        (folder / "jobs").mkdir()
        yield UploadJobs(project, folder / "jobs")
    finally:
        project.stop()


@pytest.mark.parametrize("upload", UPLOADS, ids=lambda upload: upload.format)
def test_an_upload_is_stored_once_and_never_replaced(upload: Upload, jobs: UploadJobs) -> None:
    check_upload(jobs, upload)
