"""All formats by name: those that clients of ours use, and read-only ones for the rest."""

from __future__ import annotations

from simulators.nexus.formats.docker import DOCKER
from simulators.nexus.formats.files import READING_FILES
from simulators.nexus.formats.format import Format
from simulators.nexus.formats.npm import NPM
from simulators.nexus.formats.pypi import PYPI
from simulators.nexus.formats.raw import RAW
from simulators.nexus.formats.yum import YUM

# Repositories of these can be created and read; nobody here writes to them.
_READ_ONLY = (
    *("maven2", "apt", "nuget", "rubygems", "helm", "go", "conda", "conan", "cocoapods", "cargo", "composer"),
    *("bower", "gitlfs", "huggingface", "p2", "r"),
)

FORMATS = {
    each.name: each
    for each in (
        RAW,
        YUM,
        PYPI,
        NPM,
        DOCKER,
        *(Format(name, operations=READING_FILES) for name in _READ_ONLY),
    )
}
