"""The format raw: any file at any path."""

from __future__ import annotations

from simulators.nexus.formats.files import DELETING_FILES, READING_FILES, describe_file, putting
from simulators.nexus.formats.format import Format

RAW = Format(
    "raw",
    operations=(*READING_FILES, putting("PUT", r".*[^/]", describe_file), *DELETING_FILES),
    describe=describe_file,
)
