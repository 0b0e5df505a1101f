"""The validity of an id_token, and a hint about clocks if Vault finds it too old or too new.

Vault compares with its own clock, and lets each time be off by a minute (measured: 60 s, for iat, nbf and exp alike).
"""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from ciaccess.clients.errors import RefusedError

LEEWAY_SECONDS = 60
_REMEDY = "Log in at the beginning of the job; where it has only just begun, set the clocks of GitLab, Vault and the runner by NTP."
_UNTIMELY = re.compile(r"token is expired|token not yet valid|issued in the future")
_MOST_SECONDS = 253_402_300_799  # the end of the year 9999


def lifetime(claims: Mapping[str, Any]) -> str:
    """Return from when to when a token of these claims is valid, "" where they do not say."""
    begin, end = (_moment(claims.get(name)) for name in ("nbf", "exp"))
    begin = begin or _moment(claims.get("iat"))
    if not begin or not end:
        return ""
    return f"the token is valid from {begin} to {end}; Vault lets clocks differ by {LEEWAY_SECONDS} s"


def is_untimely(error: RefusedError) -> bool:
    """Tell whether Vault refuses a token for its times."""
    return bool(_UNTIMELY.search(error.reason))


@contextmanager
def name_times(id_token: str) -> Iterator[None]:
    """Let Vault's refusal of a token for its times name these, and the clock here."""
    try:
        yield
    except RefusedError as error:
        valid = lifetime(_claims(id_token)) if is_untimely(error) else ""
        if not valid:
            raise
        reason = f"{error.reason}; {valid}; here it is {_moment(time.time())}"
        raise RefusedError(error.doing, reason, _REMEDY, system=error.system, status=error.status) from None


def _claims(id_token: str) -> dict[str, Any]:
    """Return a token's claims without proving its signature; nothing is decided by them."""
    try:
        payload = id_token.split(".")[1]
        found = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _moment(seconds: object) -> str:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds < _MOST_SECONDS:
        return ""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"
