"""One file over HTTPS, bounded in time and size, by the machine's proxy.

Owns what counts as unreachable, after which a tool is built instead: no answer, an error status, a cut or slow download.
Leaves to others whether the content is the right one.
"""

from __future__ import annotations

import http.client
import os
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import IO
from urllib.parse import urlsplit

SILENCE_SECONDS = 10.0
TOTAL_SECONDS = 300.0
_CHUNK_BYTES = 1 << 18
_MEBIBYTE = 1 << 20
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Unreachable(Exception):  # noqa: N818 not an error: the tool is built instead
    """A file could not be downloaded; the text names the host and the reason."""


def is_authenticated(address: str) -> bool:
    """Tell whether what this address serves is known to be its host's."""
    parts = urlsplit(address)
    return parts.scheme == "https" or parts.hostname in _LOOPBACK


def fetch(
    address: str, target: IO[bytes], limit_bytes: int, note: Callable[[str], None] = lambda _: None
) -> None:
    """Write what an address serves to `target`, or raise Unreachable; `note` gets the progress."""
    host = urlsplit(address).hostname
    try:
        _copy(address, target, limit_bytes, note)
    except urllib.error.HTTPError as error:
        raise Unreachable(f"{host}: HTTP {error.code}") from None
    except urllib.error.URLError as error:
        reason = error.reason
        text = (isinstance(reason, OSError) and reason.strerror) or str(reason)
        raise Unreachable(f"{host}: {text}") from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise Unreachable(f"{host}: {str(error) or type(error).__name__}") from None


def _copy(address: str, target: IO[bytes], limit_bytes: int, note: Callable[[str], None]) -> None:
    deadline = time.monotonic() + TOTAL_SECONDS
    with _opener().open(address, timeout=SILENCE_SECONDS) as response:
        length = response.headers.get("Content-Length")
        received = 0
        while chunk := response.read1(_CHUNK_BYTES):
            received += len(chunk)
            if received > limit_bytes:
                raise OSError(f"more than {limit_bytes // _MEBIBYTE} MiB")
            if time.monotonic() > deadline:
                raise OSError(
                    f"not finished after {TOTAL_SECONDS:g} s ({received // _MEBIBYTE} MiB received)"
                )
            target.write(chunk)
            note(f"{received // _MEBIBYTE} MiB")
        if length and received != int(length):
            raise OSError(f"connection closed after {received} of {length} bytes")


class _NoDowngrade(urllib.request.HTTPRedirectHandler):
    """Follows a redirect from HTTPS to HTTPS only."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        if req.full_url.startswith("https:") and not newurl.startswith("https:"):
            raise OSError("redirects from HTTPS to an address without TLS")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener() -> urllib.request.OpenerDirector:
    context = ssl.create_default_context()
    if authorities := os.environ.get("CIACCESS_CA_BUNDLE") or os.environ.get("REQUESTS_CA_BUNDLE"):
        context.load_verify_locations(authorities)
    return urllib.request.build_opener(_NoDowngrade, urllib.request.HTTPSHandler(context=context))
