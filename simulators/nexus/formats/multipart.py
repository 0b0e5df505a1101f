"""Forms with files (multipart/form-data, RFC 7578), read as they arrive: files go to drafts, fields stay in memory.

Owns the syntax; what the fields mean is their reader's.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from email.message import Message
from http import HTTPStatus
from typing import TYPE_CHECKING, Self

from simulators.nexus.formats.format import RefusedError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from types import TracebackType

    from starlette.requests import Request

    from simulators.nexus.blobs import Draft
    from simulators.nexus.content import Content

_HEADER_BYTES = 16 * 1024
# All fields together; a package's description is the largest.
_FIELD_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True)
class File:
    """A file of a form."""

    filename: str
    content_type: str
    draft: Draft


@dataclass
class Form:
    """The fields and files of a form by name, the last of each name. Its drafts are gone after its block."""

    fields: dict[str, str] = field(default_factory=dict)
    files: dict[str, File] = field(default_factory=dict)
    _drafts: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._drafts.close()

    async def read(self, request: Request, content: Content) -> None:
        """Read a request's body.

        Raises:
            RefusedError: 400, it is no form; 413, its fields are too large.
        """
        header = Message()
        header["Content-Type"] = request.headers.get("content-type", "")
        boundary = header.get_param("boundary")
        if header.get_content_type() != "multipart/form-data" or not isinstance(boundary, str):
            raise _malformed()
        reader = _Reader(request.stream(), b"\r\n--" + boundary.encode("utf-8", "surrogateescape"))
        room = _FIELD_BYTES
        await reader.skip_preamble()
        while await reader.has_part():
            part = await reader.part_headers()
            name, filename = (
                part.get_param(key, header="content-disposition") for key in ("name", "filename")
            )
            if isinstance(filename, str):
                draft = self._drafts.enter_context(content.blobs.draft())
                await reader.part_body(draft.write)
                self.files[str(name)] = File(filename, part.get_content_type(), draft)
                continue
            value = bytearray()
            await reader.part_body(_limited(value, room))
            room -= len(value)
            self.fields[str(name)] = value.decode("utf-8", "replace")


def _limited(value: bytearray, room: int) -> Callable[[bytes], None]:
    def add(chunk: bytes) -> None:
        if len(value) + len(chunk) > room:
            raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The form's fields are too large")
        value.extend(chunk)

    return add


def _malformed() -> RefusedError:
    return RefusedError(HTTPStatus.BAD_REQUEST, "Not a well-formed multipart/form-data request")


class _Reader:
    """A cursor in a body that is still arriving."""

    def __init__(self, chunks: AsyncIterator[bytes], delimiter: bytes) -> None:
        self._chunks = chunks
        self._delimiter = delimiter
        # The first delimiter may be the body's beginning, without a line's end before it.
        self._buffer = bytearray(b"\r\n")

    async def skip_preamble(self) -> None:
        await self.part_body(lambda _chunk: None)

    async def part_body(self, sink: Callable[[bytes], None]) -> None:
        """Hand everything up to the next delimiter to the sink, and pass the delimiter."""
        while (end := self._buffer.find(self._delimiter)) < 0:
            certain = len(self._buffer) - len(self._delimiter)
            if certain > 0:
                sink(bytes(self._buffer[:certain]))
                del self._buffer[:certain]
            await self._more()
        sink(bytes(self._buffer[:end]))
        del self._buffer[: end + len(self._delimiter)]

    async def has_part(self) -> bool:
        """Tell whether the delimiter that was passed begins a part, not the form's end."""
        while len(self._buffer) < len(b"--"):
            await self._more()
        return not self._buffer.startswith(b"--")

    async def part_headers(self) -> Message:
        """Return a part's headers and pass them."""
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            if len(self._buffer) > _HEADER_BYTES:
                raise _malformed()
            await self._more()
        lines = bytes(self._buffer[:end]).decode("utf-8", "replace").split("\r\n")
        del self._buffer[: end + len(b"\r\n\r\n")]
        headers = Message()
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers[name.strip()] = value.strip()
        return headers

    async def _more(self) -> None:
        async for chunk in self._chunks:
            if chunk:
                self._buffer.extend(chunk)
                return
        raise _malformed()
