"""/v1/security/content-selectors: named conditions on the format and the path of content."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulators.nexus.answers import empty, faults, json_answer, message, server_error
from simulators.nexus.call import Call, Route
from simulators.nexus.json_body import Fields, read_object
from simulators.nexus.security import csel
from simulators.nexus.security.columns import check_widths

if TYPE_CHECKING:
    from starlette.responses import Response

    from simulators.nexus.store import Document, Store

_PATH = "/v1/security/content-selectors"


class Selectors:
    """The handlers over one instance's content selectors."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def routes(self) -> list[Route]:
        """Return the routes."""
        one = f"{_PATH}/{{name}}"
        return [
            Route("GET", _PATH, self.list_all),
            Route("POST", _PATH, self.create, "application/json"),
            Route("GET", one, self.get),
            Route("PUT", one, self.update, "application/json"),
            Route("DELETE", one, self.delete),
        ]

    def list_all(self, call: Call) -> Response:
        """Answer every selector."""
        call.require("nexus:selectors:read")
        return json_answer([_shown(each) for each in self._store.selectors.values()])

    def get(self, call: Call) -> Response:
        """Answer one selector."""
        call.require("nexus:selectors:read")
        return json_answer(_shown(self._existing(call.parts["name"])))

    def create(self, call: Call) -> Response:
        """Make a selector."""
        fields = Fields(read_object(call.body))
        name = fields.name()
        selector = _selector(fields)
        call.require("nexus:selectors:create")
        if name in self._store.selectors:
            raise faults([("name", "A selector with the same name already exists. Name must be unique.")])
        self._keep(name, selector)
        return empty(204)

    def update(self, call: Call) -> Response:
        """Replace a selector's description and expression; a name in the body says nothing."""
        fields = Fields(read_object(call.body))
        fields.filled("expression")
        fields.check()
        call.require("nexus:selectors:update")
        name = call.parts["name"]
        self._existing(name)
        self._keep(name, _selector(fields))
        return empty(204)

    def delete(self, call: Call) -> Response:
        """Delete a selector that no privilege names."""
        call.require("nexus:selectors:delete")
        name = call.parts["name"]
        self._existing(name)
        if any(each["properties"].get("contentSelector") == name for each in self._store.privileges.values()):
            cause = f"Content selector {name} is in use and cannot be deleted"
            raise server_error(f"java.lang.IllegalStateException: {cause}")
        self._store.selectors.remove(name)
        return empty(204)

    def _existing(self, name: str) -> Document:
        selector = self._store.selectors.get(name)
        if selector is None:
            raise message(404, f"No selector found for {name}")
        return selector

    def _keep(self, name: str, selector: Document) -> None:
        check_widths("selector_configuration", [("NAME", name, 200)])
        self._store.selectors.put(name, {"name": name} | selector)


def _selector(fields: Fields) -> Document:
    expression = fields.filled("expression")
    fields.check()
    try:
        csel.parse(expression)
    except csel.CselError as error:
        raise faults([("HelperBean.expression", f"Invalid CSEL: {error}")]) from error
    return {"description": fields.text("description"), "expression": expression}


def _shown(selector: Document) -> dict[str, Any]:
    return {
        "name": selector["name"],
        "type": "csel",
        "description": selector["description"],
        "expression": selector["expression"],
    }
