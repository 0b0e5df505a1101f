"""The disk of the state is full when a run ends, and writes its state for the only time: what it made is lost to the state, and found again."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.support.recovery.crash_world import inventory, reads

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.project.project import Done
    from tests.support.recovery.crash import Site

# The engine tries to write for half a minute; and a disk is mounted, which takes root.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
# A page for the lock, and too little for a state.
_FOR_THE_LOCK = 9_000


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


@pytest.mark.parametrize("phase", ["create", "update"])
def test_what_a_run_made_whose_state_could_not_be_written_is_found_by_the_next(
    site: Site, small_disk: Path, phase: str
) -> None:
    use(site, small_disk)
    if phase == "update":
        site.up().succeeded()
        site.change()
    filler = fill(small_disk, leaving=_FOR_THE_LOCK)
    full = site.up()
    made, read = inventory(site.project), reads(site.project)
    assert len(read) == 2
    is_over(site, full, filler)
    assert inventory(site.project) >= made
    assert all(each.lets_in(site.project) for each in read), "who read what the full run wrote goes on"


def test_a_run_that_could_not_even_lock_its_stack_has_done_nothing_and_is_got_over(
    site: Site, small_disk: Path
) -> None:
    use(site, small_disk)
    filler = fill(small_disk, leaving=0)
    full = site.up()
    assert site.proxy.writes() == []
    is_over(site, full, filler)


def use(site: Site, disk: Path) -> None:
    """Put the state on a disk."""
    site.project.extra["PULUMI_BACKEND_URL"] = f"file://{disk}?metadata=skip"
    site.run("stack", "init", "--no-select", plain=True).succeeded()


def is_over(site: Site, full: Done, filler: Path) -> None:
    """See that a run has said that the disk is full; make room, and go on as the runbook says."""
    assert full.code not in (0, 7), full.text
    assert "no space left on device" in re.sub(r"\s+", " ", full.text)
    filler.unlink()
    site.recover("--yes").succeeded()
    site.up("--refresh").succeeded()
    site.run("preview", "--refresh", "--expect-no-changes").succeeded()
