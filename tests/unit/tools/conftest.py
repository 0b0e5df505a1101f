"""A mirror of the vendors' releases, without recorded checksums and proxies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.servers.downloads import Mirror, mirror
from tools import releases

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Mirror]:
    """Return a mirror that the tools use, and that has no release yet."""
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    recorded = tmp_path / "releases.sha256"
    recorded.touch()
    monkeypatch.setattr(releases, "RECORDED", recorded)
    with mirror() as server:
        monkeypatch.setenv(releases.MIRROR, f"{server.address}/")
        yield server
