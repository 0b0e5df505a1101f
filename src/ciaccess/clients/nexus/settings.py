"""What is read of Nexus and never written: repositories, anonymous access, usage limits."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from ciaccess.clients.http.session import page_title
from ciaccess.clients.nexus.api import Api
from ciaccess.clients.nexus.wire import Kind

# No REST path reports usage limits, nor malware. They are in the state that Nexus's user interface polls, which any user may
# read: by the Community Edition since 3.77, the second where malware detection is on.
_USAGE_ROOT, _USAGE = "/service/extdirect", "/poll/rapture_State_get"


@dataclass(frozen=True)
class Repository:
    """A repository: `format` such as yum, `type` hosted, proxy or group."""

    name: str
    format: str
    type: str
    url: str


# Those that the user may browse.
REPOSITORIES = Kind(
    noun="repository", model=Repository, path="/repositories", identity="name", grants="nx-repository-view"
)


@dataclass(frozen=True)
class AnonymousAccess:
    """The setting, of which there is one; `user_id` is whose rights they have."""

    user_id: str
    enabled: bool


ANONYMOUS_ACCESS = Kind(
    noun="anonymous access",
    model=AnonymousAccess,
    path="/security/anonymous",
    identity="user_id",
    grants="nx-settings",
)


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
        return self.status == "Over limits"


def read_usage(api: Api) -> Usage | None:
    """Return what Nexus reports, None where it cannot: an older version, a proxy that hides the path."""
    response = api.answer("GET", _USAGE, "read the usage limits", root=_USAGE_ROOT)
    if response.status_code != HTTPStatus.OK or page_title(response) is not None:
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
    items = value.items() if isinstance(value, dict) else ()
    return {str(name): each for name, each in items if type(each) is int}
