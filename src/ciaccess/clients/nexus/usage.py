"""Nexus's own verdict on its usage limits and on malware in its repositories, to read only.

No REST path reports either. They are in the state that Nexus's user interface polls, which any user may read: by the Community
Edition since 3.77, the second where malware detection is on. Older versions and a proxy that hides the path report nothing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ciaccess.clients.http.session import page_title

if TYPE_CHECKING:
    from ciaccess.clients.nexus.api import Api

_ROOT, _PATH = "/service/extdirect", "/poll/rapture_State_get"
_OK = 200
_OVER = "Over limits"


@dataclass(frozen=True)
class Usage:
    """What Nexus reports of itself; `status` is in its own words, "" for none."""

    status: str = ""
    limits: tuple[tuple[str, int], ...] = ()
    enforced_from: str = ""
    malware_count: int = 0

    @property
    def is_over_limits(self) -> bool:
        """Tell whether a limit is exceeded."""
        return self.status == _OVER


def read_usage(api: Api) -> Usage | None:
    """Return what Nexus reports, None where it cannot be read.

    Raises:
        UnreachableError: there was no answer.
    """
    response = api.answer("GET", _PATH, "read the usage limits", root=_ROOT)
    if response.status_code != _OK or page_title(response) is not None:
        return None
    try:
        values = json.loads(response.content)["data"]["data"]
        state = {name: each["value"] for name, each in values.items()}
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        return None
    return Usage(
        status=_text(state.get("nexus.community.throttlingStatus")),
        limits=tuple(sorted(_numbers(state.get("nexus.community.usageLimits")).items())),
        enforced_from=_text(state.get("nexus.community.gracePeriodEnds")),
        malware_count=_numbers(state.get("nexus.malware.count")).get("totalCount", 0),
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _numbers(value: Any) -> dict[str, int]:
    return (
        {str(name): each for name, each in value.items() if type(each) is int}
        if isinstance(value, dict)
        else {}
    )
