"""Users, the token that asks, and what this instance is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from simulators.gitlab.answers import Answer, not_found, unauthorized
from simulators.gitlab.call import VERSION
from simulators.gitlab.pages import paginate
from simulators.gitlab.store import now

if TYPE_CHECKING:
    from simulators.gitlab.call import Call
    from simulators.gitlab.store import Row, Store

_REVISION = "simulated"


def current(call: Call) -> Answer:
    """Answer the user who asks, with what only oneself may know."""
    user = call.signed_in().user
    return Answer(200, present(call, user) | _private(user))


def list_all(call: Call) -> Answer:
    """Answer a page of users, filtered by `username` or `search`."""
    is_admin = call.signed_in().is_admin
    username = call.parameters.text("username").lower()
    search = call.parameters.text("search").lower()
    rows = [
        row
        for row in call.store.all("SELECT * FROM users ORDER BY id DESC")
        if username in ("", row["username"].lower())
        and (search in row["username"].lower() or search in row["name"].lower())
    ]
    return paginate(call, rows, lambda row: present(call, row) | (_private(row) if is_admin else {}))


def get(call: Call) -> Answer:
    """Answer one user by id."""
    call.signed_in()
    row = call.store.one("SELECT * FROM users WHERE id = ?", call.named("user_id"))
    if row is None:
        raise not_found("User")
    return Answer(200, present(call, row))


def version(call: Call) -> Answer:
    """Answer the version."""
    call.signed_in()
    return Answer(200, {"version": VERSION, "revision": _REVISION})


def metadata(call: Call) -> Answer:
    """Answer version and edition."""
    call.signed_in()
    disabled = {"enabled": False, "externalUrl": None, "version": None}
    return Answer(
        200,
        {
            "version": VERSION,
            "revision": _REVISION,
            "kas": disabled,
            "enterprise": call.settings.tier != "free",
        },
    )


def current_token(call: Call) -> Answer:
    """Answer the personal, project or group access token that asks."""
    return Answer(200, present_token(call.signed_in().token))


def current_job(call: Call) -> Answer:
    """Answer the job whose token asks."""
    caller = call.signed_in()
    if caller.token["kind"] != "job":
        raise unauthorized()
    return Answer(
        200,
        {
            "id": caller.token["id"],
            "status": "running",
            "name": caller.token["name"],
            "user": present(call, caller.user),
        },
    )


def present(call: Call, row: Row) -> dict[str, Any]:
    """Return a user as anyone signed in may see them."""
    return {
        "id": row["id"],
        "username": row["username"],
        "name": row["name"],
        "state": "active",
        "locked": False,
        "avatar_url": None,
        "web_url": call.url(row["username"]),
    }


def present_token(row: Row) -> dict[str, Any]:
    """Return an access token as the API shows it, without its value."""
    return {
        "id": row["id"],
        "name": row["name"],
        "revoked": bool(row["revoked"]),
        "active": not row["revoked"],
        "created_at": row["created_at"],
        "scopes": json.loads(row["scopes"]),
        "user_id": row["user_id"],
        "expires_at": row["expires_at"],
    }


def add(store: Store, username: str, *, admin: bool = False, bot: bool = False, email: str = "") -> Row:
    """Return the user of this name, made now if there is none."""
    found = store.one("SELECT * FROM users WHERE username = ?", username)
    if found:
        return found
    identity = store.write(
        "INSERT INTO users (username, name, email, admin, bot, created_at) VALUES (?, ?, ?, ?, ?, ?)",
        username,
        username,
        email or f"{username}@example.com",
        admin,
        bot,
        now(),
    )
    return store.row("SELECT * FROM users WHERE id = ?", identity)


def by_id(store: Store, identity: int) -> Row:
    """Return the user of an id that the store knows; users are never deleted."""
    return store.row("SELECT * FROM users WHERE id = ?", identity)


def _private(row: Row) -> dict[str, Any]:
    return {
        "email": row["email"],
        "is_admin": bool(row["admin"]),
        "bot": bool(row["bot"]),
        "created_at": row["created_at"],
    }
