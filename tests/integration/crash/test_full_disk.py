"""The disk of the state is full when a run ends, and writes its state for the only time: what it made is lost to the state, and found again."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.support.crash_world import inventory, reads

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.crash import Site


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 400 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(disk: Path, leaving: int) -> Path:
    """Fill a disk but for some bytes; return the file to be deleted."""
    filler = disk / "filler"
    filler.write_bytes(b"\0" * (shutil.disk_usage(disk).free - leaving))
    return filler


@pytest.mark.slow  # the engine tries to write for half a minute
@pytest.mark.timeout(900)
@pytest.mark.parametrize("phase", ["create", "update"])
def test_what_a_run_made_whose_state_could_not_be_written_is_found_by_the_next(
    site: Site, small_disk: Path, phase: str
) -> None:
    site.project.extra["PULUMI_BACKEND_URL"] = f"file://{small_disk}?metadata=skip"
    site.run("stack", "init", "--no-select", plain=True).succeeded()
    if phase == "update":
        site.up().succeeded()
        site.change()
    filler = fill(small_disk, 4_000)
    full = site.up()
    made, read = inventory(site.project), reads(site.project)
    assert full.code not in (0, 7), full.text
    assert "no space left on device" in re.sub(r"\s+", " ", full.text)
    filler.unlink()

    site.recover("--yes").succeeded()
    site.up("--refresh").succeeded()
    assert inventory(site.project) >= made
    assert len(read) == 2
    assert all(each.lets_in(site.project) for each in read), "who read what the full run wrote goes on"
    site.run("preview", "--refresh", "--expect-no-changes").succeeded()
