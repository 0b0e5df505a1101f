"""The bytes of assets: files under a folder, named by their SHA-256, and drafts on their way to become one.

Equal content is stored once, and a reader keeps what it began to read, for a blob never changes and never goes while
the simulator runs. Bytes arrive in a draft on disk, never whole in memory. What an asset is, content.py knows.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Callable, Iterator
    from pathlib import Path

_ALGORITHMS = ("md5", "sha1", "sha256", "sha512")
_CHUNK_BYTES = 1 << 20
# A draft without progress for this long is an upload that nobody will finish.
_ABANDONED_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Blob:
    """The size in bytes and the hexadecimal digests of some content."""

    size: int
    md5: str
    sha1: str
    sha256: str
    sha512: str


class Draft:
    """Bytes that arrive, in a file of their own until they are stored."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def size(self) -> int:
        """Return how many bytes have arrived."""
        return self.path.stat().st_size

    def write(self, chunk: bytes) -> None:
        """Add bytes."""
        with self.path.open("ab") as file:
            file.write(chunk)

    async def receive(self, chunks: AsyncIterable[bytes]) -> None:
        """Add all bytes of a stream."""
        with self.path.open("ab") as file:
            async for chunk in chunks:
                file.write(chunk)

    async def measure(self) -> Blob:
        """Return the size and the digests of what has arrived."""
        return await asyncio.to_thread(self._measure)

    def _measure(self) -> Blob:
        digests = {name: hashlib.new(name, usedforsecurity=False) for name in _ALGORITHMS}
        size = 0
        with self.path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                size += len(chunk)
                for digest in digests.values():
                    digest.update(chunk)
        return Blob(size, **{name: digest.hexdigest() for name, digest in digests.items()})


class Blobs:
    """The folder of all blobs and drafts."""

    def __init__(self, folder: Path) -> None:
        self._blobs = folder / "blobs"
        self._drafts = folder / "drafts"
        for each in (self._blobs, self._drafts):
            each.mkdir(parents=True, exist_ok=True)

    def sweep(self, is_used: Callable[[str], bool]) -> None:
        """Delete abandoned drafts, and the blobs whose SHA-256 is not used."""
        for draft in self._drafts.iterdir():
            if draft.stat().st_mtime < time.time() - _ABANDONED_SECONDS:
                draft.unlink()
        for blob in self._blobs.glob("*/*"):
            if not is_used(blob.name):
                blob.unlink()

    @contextmanager
    def draft(self) -> Iterator[Draft]:
        """Give a new draft that is gone after the block, unless it was stored in it."""
        draft = self.new_draft(uuid.uuid4().hex)
        try:
            yield draft
        finally:
            draft.path.unlink(missing_ok=True)

    def new_draft(self, name: str) -> Draft:
        """Begin a draft that lasts until it is stored or dropped, whatever becomes of this process."""
        draft = Draft(self._drafts / name)
        draft.path.touch()
        return draft

    def find_draft(self, name: str) -> Draft | None:
        """Return a draft begun with `new_draft`."""
        path = self._drafts / name
        return Draft(path) if path.is_file() else None

    def keep(self, draft: Draft, blob: Blob) -> None:
        """Make a draft, measured as `blob`, the blob's file."""
        file = self.file(blob.sha256)
        file.parent.mkdir(exist_ok=True)
        draft.path.replace(file)

    def file(self, sha256: str) -> Path:
        """Return the file of a blob."""
        return self._blobs / sha256[:2] / sha256
