"""/v1/security/anonymous and /v1/security/realms: who those without credentials are, and where credentials are looked up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import PlainTextResponse

from simulators.nexus.answers import AnswerError, empty, faults, json_answer
from simulators.nexus.call import Call, Route
from simulators.nexus.json_body import Fields, read_list, read_object

if TYPE_CHECKING:
    from starlette.responses import Response

    from simulators.nexus.store import Store

_ANONYMOUS = "/v1/security/anonymous"
_ACTIVE = "/v1/security/realms/active"
_REALMS = {"DefaultRole": "Default Role Realm", "NexusAuthenticatingRealm": "Local Authenticating Realm"}
_ANONYMOUS_REALMS = ("NexusAuthorizingRealm", *_REALMS)

ANONYMOUS_DEFAULT: dict[str, Any] = {
    "enabled": True,
    "userId": "anonymous",
    "realmName": "NexusAuthorizingRealm",
}
ACTIVE_DEFAULT = ["NexusAuthenticatingRealm"]


class SecuritySettings:
    """The handlers over one instance's settings."""

    def __init__(self, store: Store) -> None:
        self._settings = store.settings

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("GET", _ANONYMOUS, self.anonymous),
            Route("PUT", _ANONYMOUS, self.set_anonymous, "application/json"),
            Route("GET", "/v1/security/realms/available", self.available),
            Route("GET", _ACTIVE, self.active),
            Route("PUT", _ACTIVE, self.set_active, "application/json"),
        ]

    def anonymous(self, call: Call) -> Response:
        """Answer who those without credentials are."""
        call.require("nexus:settings:read")
        return json_answer(self._settings["anonymous"])

    def set_anonymous(self, call: Call) -> Response:
        """Say who those without credentials are; the account need not exist."""
        fields = Fields(read_object(call.body))
        wanted = {"enabled": fields.flag("enabled")} | {
            name: fields.text(name) or ANONYMOUS_DEFAULT[name] for name in ("userId", "realmName")
        }
        call.require("nexus:settings:update")
        if wanted["realmName"] not in _ANONYMOUS_REALMS:
            raise faults([("realmName", "Realm does not exist")])
        self._settings.put("anonymous", wanted)
        return json_answer(wanted)

    def available(self, call: Call) -> Response:
        """Answer the realms there are."""
        call.require("nexus:settings:read")
        return json_answer([{"id": id_, "name": name} for id_, name in _REALMS.items()])

    def active(self, call: Call) -> Response:
        """Answer the realms in use, in their order."""
        call.require("nexus:settings:read")
        return json_answer(self._settings["realms"]["active"])

    def set_active(self, call: Call) -> Response:
        """Say which realms are used; one given twice stays twice."""
        wanted = read_list(call.body)
        call.require("nexus:settings:update")
        unknown = [str(each) for each in wanted if not isinstance(each, str) or each not in _REALMS]
        if unknown:
            text = f'"Unknown realmIds: [{", ".join(unknown)}]"'
            said = f"ValidationErrorXO{{id='*', message='{text}'}}"
            raise AnswerError(PlainTextResponse(said, 400, {"Content-Type": "text/plain;charset=utf-8"}))
        self._settings.put("realms", {"active": wanted})
        return empty(204)
