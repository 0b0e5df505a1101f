"""Tokens and what they may do: the three headers, scopes, expiry, and where a CI job's token counts.

Personal, project and group access tokens are taken from PRIVATE-TOKEN or Authorization: Bearer; a project's
or group's token belongs to a bot user with a role there. A job token (JOB-TOKEN, or Bearer) is looked at only
by the few endpoints that GitLab's job token page lists; everywhere else it is as if nothing was sent: 401.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from simulators.gitlab.answers import dead_token, insufficient_scope, unauthorized
from simulators.gitlab.call import Caller
from simulators.gitlab.store import now
from simulators.gitlab.users import by_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simulators.gitlab.store import Row, Store

_EXPIRED = "Token is expired. You can either do re-authorization or token refresh."
_REVOKED = "Token was revoked. You have to re-authorize from the user."
READERS = ("GET", "HEAD")


def digest(token: str) -> str:
    """Return what is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def derived_token(store: Store, name: str, prefix: str = "glpat-") -> str:
    """Return a token made of this instance's secret and a name: the same each time, and not to be guessed."""
    secret = store.row("SELECT value FROM settings WHERE name = 'secret'")["value"]
    return prefix + hmac.new(secret.encode(), name.encode(), hashlib.sha256).hexdigest()[:32]


def add_token(store: Store, token: str, user_id: int, **fields: object) -> int:
    """Store a token, or change the one with this value; return its id.

    `fields`: name, kind (personal, project, group, job), scopes, and optionally project_id, access_level
    and expires_at (YYYY-MM-DD).
    """
    row = store.row(
        "INSERT INTO tokens (digest, name, kind, user_id, scopes, project_id, access_level, expires_at, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (digest) DO UPDATE SET name = excluded.name,"
        " kind = excluded.kind, user_id = excluded.user_id, scopes = excluded.scopes, revoked = 0,"
        " project_id = excluded.project_id, access_level = excluded.access_level,"
        " expires_at = excluded.expires_at RETURNING id",
        digest(token),
        fields["name"],
        fields["kind"],
        user_id,
        json.dumps(fields["scopes"]),
        fields.get("project_id"),
        fields.get("access_level"),
        fields.get("expires_at"),
        now(),
    )
    return int(row["id"])


def authenticate(store: Store, headers: Mapping[str, str], *, job_token_counts: bool) -> Caller | None:
    """Return who asks, None for nobody.

    Raises:
        RefusalError: 401, a token was shown that is unknown, expired or revoked.
    """
    bearer = headers.get("authorization", "")
    bearer = bearer[7:].strip() if bearer.lower().startswith("bearer ") else ""
    shown = headers.get("private-token") or bearer
    if job_token := headers.get("job-token"):
        return _job_caller(store, job_token) if job_token_counts else None
    if not shown:
        return None
    token = _find(store, shown)
    if token is None or (token["kind"] == "job" and not bearer):
        raise unauthorized()
    if token["kind"] == "job":
        return _caller(store, token) if job_token_counts else None
    if token["revoked"]:
        raise dead_token(_REVOKED)
    if token["expires_at"] and token["expires_at"] <= datetime.now(UTC).date().isoformat():
        raise dead_token(_EXPIRED)
    return _caller(store, token)


def check_scope(caller: Caller, method: str, also: tuple[str, ...] = ()) -> None:
    """Refuse what the token's scopes do not allow: `api` does all, `read_api` (and `also`) reads."""
    if caller.token["kind"] == "job":
        return
    enough = ("api", "read_api", *also) if method in READERS else ("api",)
    if not set(enough) & set(json.loads(caller.token["scopes"])):
        raise insufficient_scope(" ".join(enough))


def _job_caller(store: Store, shown: str) -> Caller:
    token = _find(store, shown)
    if token is None or token["kind"] != "job":
        raise unauthorized()
    return _caller(store, token)


def _find(store: Store, shown: str) -> Row | None:
    return store.one("SELECT * FROM tokens WHERE digest = ?", digest(shown))


def _caller(store: Store, token: Row) -> Caller:
    return Caller(by_id(store, token["user_id"]), token)
