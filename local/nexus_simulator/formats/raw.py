"""The format raw: any file at any path."""

from __future__ import annotations

from local.nexus_simulator.formats.files import DELETING_FILES, READING_FILES, describe_file, putting
from local.nexus_simulator.formats.format import Format

RAW = Format(
    "raw",
    operations=(*READING_FILES, putting("PUT", r".*[^/]", describe_file), *DELETING_FILES),
    describe=describe_file,
)
