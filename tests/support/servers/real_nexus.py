"""A Nexus that is not ours, for `make test-nexus`: borrowed for some tests, and given back as it was.

Wanted only where CIACCESS_REAL_NEXUS is set, which that target does: NEXUS_URL alone, which a developer may have
set for other reasons, never makes the tests write to a real server.
"""

from __future__ import annotations

import os
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from unittest import mock
from urllib.parse import urlsplit

from requests.adapters import HTTPAdapter

from tests.support.servers.nexus import NexusApi

if TYPE_CHECKING:
    from collections.abc import Iterator

    import requests

_KINDS = {"users?source=default": "userId", "roles": "id", "privileges": "name", "content-selectors": "name"}


class RealNexus(NexusApi):
    """A server by its address and administrator. Requests of this process are counted, as the simulator counts its own."""

    def __init__(self, url: str, username: str, password: str) -> None:
        self._url = url.rstrip("/")
        self._administrator = (username, password)
        self._requests: Counter[str] = Counter()

    @classmethod
    def is_wanted(cls) -> bool:
        """Tell whether the tests are to run against a real server."""
        return os.environ.get("CIACCESS_REAL_NEXUS") == "1"

    @classmethod
    @contextmanager
    def borrowed(cls) -> Iterator[RealNexus]:
        """Yield the server of NEXUS_URL, NEXUS_USERNAME and NEXUS_PASSWORD; what was made on it is taken away after.

        Raises:
            AssertionError: something that was there before is gone or changed.
        """
        real = cls(*(os.environ[f"NEXUS_{name}"] for name in ("URL", "USERNAME", "PASSWORD")))
        before = real.objects()
        with real.counting():
            yield real
        real.remove_all_but(before)
        assert real.objects() == before, "the server is not as it was"

    @property
    def url(self) -> str:
        """Return the address, context path included."""
        return self._url

    @property
    def context_path(self) -> str:
        """Return the path of the address, "" for none."""
        return urlsplit(self._url).path

    def administrator(self) -> tuple[str, str]:
        """Return the administrator's name and password."""
        return self._administrator

    def requests(self) -> dict[str, int]:
        """Return how often this process asked each route since the last `forget_requests`."""
        return dict(self._requests)

    def forget_requests(self) -> None:
        """Count from nothing again."""
        self._requests.clear()

    def objects(self) -> dict[str, dict[str, Any]]:
        """Return every repository and object of security by kind and id, lists sorted."""
        found = {
            kind: {row[key]: _sorted(row) for row in self.rest("GET", f"/security/{kind}")}
            for kind, key in _KINDS.items()
        }
        return {**found, "repositories": {row["name"]: row for row in self.rest("GET", "/repositories")}}

    def remove_all_but(self, before: dict[str, dict[str, Any]]) -> None:
        """Delete what was not there before: users first, repositories last."""
        now = self.objects()
        for kind in (*_KINDS, "repositories"):
            path = "" if kind == "repositories" else "/security"
            for identity in now[kind].keys() - before[kind].keys():
                if not now[kind][identity].get("readOnly"):  # a repository's own privileges go with it
                    self.ask("DELETE", f"/service/rest/v1{path}/{kind.partition('?')[0]}/{identity}")

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Count what this process sends to the server."""
        send = HTTPAdapter.send

        def counted(
            adapter: HTTPAdapter, request: requests.PreparedRequest, *parts: Any, **options: Any
        ) -> requests.Response:
            if (request.url or "").startswith(self._url):
                path = urlsplit(request.url or "").path.removeprefix(urlsplit(self._url).path)
                self._requests[f"{request.method} {path}"] += 1
            return send(adapter, request, *parts, **options)

        with mock.patch.object(HTTPAdapter, "send", counted):
            yield


def _sorted(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: sorted(value, key=str) if isinstance(value, list) else value
        for name, value in row.items()
        if name != "lastModified"
    }
