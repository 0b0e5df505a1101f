"""The document that `npm publish` sends: JSON of a package with its tarballs in base64, which may be large.

The document is on disk; the tarballs go from there to drafts without being in memory whole, the rest is parsed.
"""

from __future__ import annotations

import base64
import binascii
import json
import mmap
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulators.nexus.blobs import Draft

_ATTACHMENTS = re.compile(rb'"_attachments"\s*:\s*\{')
# Base64 has nothing that JSON escapes but, at will, the slash.
_DATA = re.compile(rb'"data"\s*:\s*"(?P<data>[A-Za-z0-9+/=\\]*)"')
_LARGEST_REST_BYTES = 32 * 1024 * 1024
# A multiple of four characters, so that each piece decodes by itself.
_PIECE_CHARACTERS = 4 << 18


class Publication:
    """A document in a file: `document` is its JSON, the data of attachments left out."""

    def __init__(self, draft: Draft) -> None:
        """Read the document.

        Raises:
            ValueError: it is no JSON object, or unreasonably large besides its attachments.
        """
        self._path = draft.path
        self._data: list[tuple[int, int]] = []
        self.document: dict[str, Any] = self._parse()

    def _parse(self) -> dict[str, Any]:
        rest = bytearray()
        if not self._path.stat().st_size:
            raise ValueError("The package's document is empty")
        with self._path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
            starts = [found.end() for found in _ATTACHMENTS.finditer(text)]
            if starts:
                self._data = [found.span("data") for found in _DATA.finditer(text, starts[-1])]
            if len(text) - sum(end - start for start, end in self._data) > _LARGEST_REST_BYTES:
                raise ValueError("The package's document is too large")
            copied = 0
            for index, (start, end) in enumerate(self._data):
                rest += text[copied:start] + str(index).encode()
                copied = end
            rest += text[copied:]
        document = json.loads(rest)
        if not isinstance(document, dict):
            raise TypeError("The package's document is no object")
        return document

    def extract(self, name: str, draft: Draft) -> None:
        """Write the bytes of an attachment to a draft.

        Raises:
            ValueError: there is none of that name, or it is not base64.
        """
        try:
            start, end = self._data[int(self.document["_attachments"][name]["data"])]
        except (LookupError, TypeError) as error:
            raise ValueError(f"The package's document has no attachment {name}") from error
        with self._path.open("rb") as file, draft.path.open("ab") as target:
            file.seek(start)
            left, held = end - start, b""
            while left > 0:
                piece = file.read(min(_PIECE_CHARACTERS, left))
                left -= len(piece)
                held += piece.replace(b"\\", b"")
                whole = len(held) - len(held) % 4
                try:
                    target.write(base64.b64decode(held[:whole], validate=True))
                except binascii.Error as error:
                    raise ValueError(f"The attachment {name} is not base64") from error
                held = held[whole:]
            if held:
                raise ValueError(f"The attachment {name} is not base64")
