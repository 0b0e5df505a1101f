"""/v1/security/privileges: what roles are made of, in six types.

Oddities of a real Nexus are kept: a wildcard pattern that is none is stored, and then no list can be read; a change
through the path of another type is taken, and then the privilege cannot be read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simulators.nexus.answers import AnswerError, empty, faults, json_answer, message, server_error
from simulators.nexus.call import Call, Handler, Route
from simulators.nexus.json_body import Fields, not_one_of, read_object
from simulators.nexus.security.columns import check_widths
from simulators.nexus.security.permissions import PatternError, parts_of
from simulators.nexus.security.roles import take_out

if TYPE_CHECKING:
    from collections.abc import Collection

    from starlette.responses import Response

    from simulators.nexus.repositories import Repositories
    from simulators.nexus.security.builtin import Privilege
    from simulators.nexus.security.directory import Directory
    from simulators.nexus.store import Store

_PATH = "/v1/security/privileges"
_ACTION_TYPE = "org.sonatype.nexus.security.privilege.rest.PrivilegeAction"
_ACTIONS = (
    "DISASSOCIATE",
    "ADD",
    "STOP",
    "READ",
    "BROWSE",
    "DELETE",
    "ASSOCIATE",
    "ALL",
    "START",
    "EDIT",
    "RUN",
)
_REPOSITORY_ACTIONS = frozenset({"BROWSE", "READ", "EDIT", "ADD", "DELETE", "ALL"})


@dataclass(frozen=True)
class _Type:
    """A type of privilege: its own texts, besides name and description, and the actions that it can use (none: None)."""

    name: str
    texts: tuple[str, ...]
    actions: frozenset[str] | None


_TYPES = {
    each.name: each
    for each in (
        _Type("wildcard", ("pattern",), None),
        _Type("application", ("domain",), frozenset(_ACTIONS) - {"BROWSE", "RUN"}),
        _Type("repository-view", ("format", "repository"), _REPOSITORY_ACTIONS),
        _Type("repository-admin", ("format", "repository"), _REPOSITORY_ACTIONS),
        _Type(
            "repository-content-selector", ("format", "repository", "contentSelector"), _REPOSITORY_ACTIONS
        ),
        _Type("script", ("scriptName",), _REPOSITORY_ACTIONS | {"RUN"}),
    )
}


class Privileges:
    """The handlers over one instance's privileges."""

    def __init__(
        self, store: Store, directory: Directory, repositories: Repositories, formats: Collection[str]
    ) -> None:
        self._store = store
        self._directory = directory
        self._repositories = repositories
        self._formats = formats

    def routes(self) -> list[Route]:
        """Return the routes."""
        routes = [
            Route("GET", _PATH, self.list_all),
            Route("GET", f"{_PATH}/{{name}}", self.get),
            Route("DELETE", f"{_PATH}/{{name}}", self.delete),
        ]
        for type_ in _TYPES.values():
            path = f"{_PATH}/{type_.name}"
            routes += [
                Route("POST", path, self._create(type_), "application/json"),
                Route("PUT", f"{path}/{{name}}", self._update(type_), "application/json"),
            ]
        return routes

    def list_all(self, call: Call) -> Response:
        """Answer every privilege."""
        call.require("nexus:privileges:read")
        return json_answer([_shown(each) for each in self._directory.privileges().values()])

    def get(self, call: Call) -> Response:
        """Answer one privilege."""
        call.require("nexus:privileges:read")
        return json_answer(_shown(self._existing(call.parts["name"])))

    def delete(self, call: Call) -> Response:
        """Delete a privilege and take it out of roles."""
        call.require("nexus:privileges:delete")
        name = call.parts["name"]
        self._changeable(name)
        self._store.privileges.remove(name)
        take_out(self._store.roles, "privileges", {name})
        return empty(204)

    def _create(self, type_: _Type) -> Handler:
        def create(call: Call) -> Response:
            privilege = _privilege(type_, read_object(call.body))
            call.require("nexus:privileges:create")
            name = privilege["name"]
            self._check(type_, privilege)
            if self._directory.privilege(name):
                raise message(400, f"Privilege '{name}' already exists, use a unique name.")
            self._keep(privilege)
            try:
                _shown(privilege)
            except AnswerError as broken:
                return broken.response  # and it is stored
            return empty(201)

        return create

    def _update(self, type_: _Type) -> Handler:
        def update(call: Call) -> Response:
            privilege = _privilege(type_, read_object(call.body))
            call.require("nexus:privileges:update")
            name = call.parts["name"]
            if privilege["name"] != name:
                text = f"The privilege name '{privilege['name']}' does not match the name used in the path '{name}'."
                raise message(409, text)
            stored = self._changeable(name)
            self._check(type_, privilege)
            self._keep(privilege | {"type": stored["type"]})
            return empty(204)

        return update

    def _keep(self, privilege: Privilege) -> None:
        name = privilege["name"]
        check_widths("privilege", [("ID", name, 200), ("DESCRIPTION", privilege["description"], 400)])
        self._store.privileges.put(name, privilege)

    def _existing(self, name: str) -> Privilege:
        for each in self._store.privileges.values():
            if each["type"] == "wildcard":
                _shown(each)  # one that is broken breaks all
        privilege = self._directory.privilege(name)
        if privilege is None:
            raise message(404, f"Privilege '{name}' not found.")
        return privilege

    def _changeable(self, name: str) -> Privilege:
        privilege = self._existing(name)
        if privilege["readOnly"]:
            raise message(400, f"Privilege '{name}' is internal and cannot be modified or deleted.")
        return privilege

    def _check(self, type_: _Type, privilege: Privilege) -> None:
        properties = privilege["properties"]
        if type_.actions is not None:
            wrong = [each for each in properties["actions"] if each not in type_.actions]
            if wrong:
                listed = ", ".join(wrong)
                text = f"Privilege of type '{type_.name}' cannot use action(s) of type '{listed}'."
                raise message(400, text)
        if "repository" in type_.texts:
            self._check_place(properties["format"], properties["repository"])
        if "contentSelector" in type_.texts and properties["contentSelector"] not in self._store.selectors:
            raise message(400, f"Invalid selector '{properties['contentSelector']}' supplied.")
        if "scriptName" in type_.texts:
            # Scripting is off, so there are no scripts.
            raise message(400, f"Invalid script '{properties['scriptName']}' supplied.")

    def _check_place(self, format_: str, name: str) -> None:
        if name == "*":
            if format_ != "*" and format_ not in self._formats:
                raise message(400, f"Invalid format '{format_}' supplied.")
            return
        repository = self._repositories.find(name)
        if repository is None:
            raise message(400, f"Invalid repository '{name}' supplied.")
        if format_ not in ("*", repository.format):
            raise message(400, f"Invalid format '{format_}' supplied for repository '{name}'.")


def _privilege(type_: _Type, values: dict[str, Any]) -> Privilege:
    fields = Fields(values)
    name = fields.name()
    properties: dict[str, Any] = {each: fields.filled(each) for each in type_.texts}
    if type_.actions is not None:
        properties["actions"] = _actions(fields)
    fields.check()
    return {
        "type": type_.name,
        "name": name,
        "description": fields.text("description") or "",
        "properties": properties,
        "readOnly": False,
    }


def _actions(fields: Fields) -> list[str]:
    actions = [str(each).upper() for each in fields.texts("actions")]
    if not actions:
        fields.fault("actions", "must not be empty")
    for each, given in zip(actions, fields.texts("actions"), strict=True):
        if each not in _ACTIONS:
            why = not_one_of(_ACTION_TYPE, given, _ACTIONS)
            raise faults([("actions", why), ("*", why)])
    return actions


def _shown(privilege: Privilege) -> dict[str, Any]:
    type_, properties = _TYPES[privilege["type"]], privilege["properties"]
    own = (*(("actions",) if type_.actions is not None else ()), *type_.texts)
    if not all(each in properties for each in own):
        raise server_error(
            'java.lang.NullPointerException: Cannot invoke "String.split(String)" because the return value of '
            '"org.sonatype.nexus.security.privilege.Privilege.getPrivilegeProperty(String)" is null'
        )
    if type_.name == "wildcard":
        try:
            parts_of(properties["pattern"])
        except PatternError as error:
            raise server_error(f"java.lang.IllegalArgumentException: {error}") from error
    shown = {key: privilege[key] for key in ("type", "name", "description", "readOnly")}
    return shown | {each: properties[each] for each in own}
