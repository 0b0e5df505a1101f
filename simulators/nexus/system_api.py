"""/v1/status, /v1/read-only, /v1/blobstores and what else tells of the instance itself.

The host that is reported is that of the recorded instance: 2 cores, 20,000 files.
"""

from __future__ import annotations

import shutil
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from simulators.nexus import repository_settings
from simulators.nexus.answers import AnswerError, empty, json_answer
from simulators.nexus.call import Call, Route
from simulators.nexus.json_body import Fields, read_object

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from starlette.responses import Response

    from simulators.nexus.store import Store

_READ_ONLY = "/v1/read-only"
_CHECKS: tuple[tuple[str, bool, str | None], ...] = (
    (
        "Available CPUs",
        False,
        "The host system is allocating a maximum of 2 cores to the application. A minimum of 4 is recommended.",
    ),
    ("Blob Stores Quota", True, "0/1 blob stores violating their quota<br>"),
    ("Blob Stores Ready", True, "0/1 blob stores report issues<br>"),
    ("Coordinate Content Selectors", True, "No content selectors using coordinates found."),
    ("Default Admin Credentials", True, None),
    (
        "Default Secret Encryption Key",
        False,
        "Nexus was not configured with an encryption key and is using the Default key.",
    ),
    ("DefaultRoleRealm", True, "Default Role Realm not in use."),
    ("File Blob Stores Path", True, None),
    ("File Descriptors", False, "Recommended file descriptor limit is 65536 but count is 20000"),
    ("Lifecycle Phase", True, None),
    (
        "Re-encryption required",
        True,
        "All secrets using same encryption key. Re-encryption is not required.",
    ),
    ("Read-Only Detector", True, None),
    ("Scheduler", True, None),
    ("Scripting", True, "Scripting is disabled."),
    ("Thread Deadlock Detector", True, None),
)


class SystemApi:
    """The handlers over one instance."""

    def __init__(self, store: Store, data: Path) -> None:
        self._store = store
        self._data = data

    @property
    def frozen(self) -> bool:
        """Tell whether the instance is read-only."""
        return bool(self._store.settings["read-only"]["frozen"])

    def routes(self, formats: Iterable[str]) -> list[Route]:
        """Return the routes; `formats` are those of the edition."""
        recipes = [
            {"format": format_, "type": type_}
            for format_ in formats
            for type_ in repository_settings.RECIPES[format_].types
        ]
        return [
            Route("GET", "/v1/status", _status),
            Route("GET", "/v1/status/writable", self.writable),
            Route("GET", "/v1/status/check", _check),
            Route("GET", _READ_ONLY, self.read_only),
            Route("POST", f"{_READ_ONLY}/freeze", self.freeze, writes=False),
            Route("POST", f"{_READ_ONLY}/release", self.release, writes=False),
            Route("POST", f"{_READ_ONLY}/force-release", self.release, writes=False),
            Route("GET", "/v1/blobstores", self.blob_stores),
            Route("GET", "/internal/ui/repositories/recipes", lambda _call: json_answer(recipes)),
            Route("POST", "/v1/script", _refuse_script, "application/json"),
        ]

    def writable(self, call: Call) -> Response:
        """Answer whether writes are taken."""
        del call
        return empty(503 if self.frozen else 200)

    def read_only(self, call: Call) -> Response:
        """Answer whether the instance is read-only."""
        call.require("nexus:status:read")
        reason = "activated by an administrator" if self.frozen else ""
        return json_answer({"frozen": self.frozen, "summaryReason": reason, "systemInitiated": False})

    def freeze(self, call: Call) -> Response:
        """Make the instance read-only; 404 where it is already."""
        return self._set_frozen(call, frozen=True)

    def release(self, call: Call) -> Response:
        """Take writes again; 404 where they are taken."""
        return self._set_frozen(call, frozen=False)

    def _set_frozen(self, call: Call, *, frozen: bool) -> Response:
        call.require("nexus:*")
        if self.frozen is frozen:
            return empty(404)
        self._store.settings.put("read-only", {"frozen": frozen})
        return empty(204)

    def blob_stores(self, call: Call) -> Response:
        """Answer the one blob store there is."""
        call.require("nexus:blobstores:read")
        store: dict[str, Any] = {"softQuota": None, "name": repository_settings.BLOB_STORE, "type": "File"}
        free = shutil.disk_usage(self._data).free
        counts = {"blobCount": 0, "totalSizeInBytes": 0, "availableSpaceInBytes": free}
        return json_answer([store | {"unavailable": False} | counts])


def _status(call: Call) -> Response:
    del call
    return empty(200)


def _check(call: Call) -> Response:
    call.require("nexus:metrics:read")
    now = time.time()
    moment = {
        "time": round(now * 1000),
        "duration": 0,
        "timestamp": f"{datetime.fromtimestamp(now, UTC):%Y-%m-%dT%H:%M:%S}.000Z",
    }
    return json_answer(
        {
            name: {"healthy": healthy, "message": text, "error": None, "details": None} | moment
            for name, healthy, text in _CHECKS
        }
    )


def _refuse_script(call: Call) -> Response:
    name = Fields(read_object(call.body)).text("name")
    call.require("nexus:script:*:add")
    result = {"name": name, "result": "Creating and updating scripts is disable"}
    raise AnswerError(json_answer(result, 410))
