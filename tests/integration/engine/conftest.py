from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.project.checkout import Checkout
from tests.support.servers.s3 import S3Server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.project.project import Project


@pytest.fixture(scope="module")
def checkout(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A checkout whose stack `prod` does not exist yet."""
    checkout = Checkout(tmp_path_factory.mktemp("checkout"), project)
    checkout.create(passphrase="the first passphrase")
    return checkout


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """An S3 server with the bucket `ciaccess-state`."""
    server = S3Server(tmp_path_factory.mktemp("s3"))
    server.start()
    server.bucket("ciaccess-state")
    yield server
    server.stop()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A file for what a process prints."""
    return tmp_path / "log"
