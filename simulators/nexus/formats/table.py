"""All formats by name: those that clients of ours use, files at paths, and read-only ones for the rest."""

from __future__ import annotations

from simulators.nexus.formats.docker import DOCKER
from simulators.nexus.formats.files import DELETING_FILES, READING_FILES, describe_file, putting
from simulators.nexus.formats.format import Format
from simulators.nexus.formats.npm import NPM
from simulators.nexus.formats.pypi import PYPI
from simulators.nexus.formats.raw import RAW
from simulators.nexus.formats.yum import YUM
from simulators.nexus.security.builtin import COMMUNITY_FORMATS

# Of these any path is a file's; r deletes none, and helm takes archives alone.
_FILES = {
    "maven2": (*READING_FILES, putting("PUT", r".*[^/]", describe_file), *DELETING_FILES),
    "helm": (*READING_FILES, putting("PUT", r".*\.tgz", describe_file), *DELETING_FILES),
    "r": (*READING_FILES, putting("PUT", r"/(src|bin)/.*[^/]", describe_file)),
}
_OWN = (RAW, YUM, PYPI, NPM, DOCKER)
# The others can be created and read; nobody here writes to them.
_READ_ONLY = frozenset(COMMUNITY_FORMATS) - _FILES.keys() - {each.name for each in _OWN}

FORMATS = {
    each.name: each
    for each in (
        *_OWN,
        *(Format(name, operations=operations, describe=describe_file) for name, operations in _FILES.items()),
        *(Format(name, operations=READING_FILES) for name in sorted(_READ_ONLY)),
    )
}
