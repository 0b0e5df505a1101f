"""CI/CD variables of groups and projects: list, get, create, update, delete, with scopes, masking and hiding.

Held to GitLab's source. Some of it surprises, and is kept: on Free a group variable's environment_scope is
dropped without a word (facts/gitlab.md); a group variable updated with a filter that finds nothing changes the
first variable of that key instead; a project variable, or a read or delete, that matches several is 409.
"""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simulators.gitlab.answers import NO_CONTENT, Answer, conflict, forbidden, invalid, not_found
from simulators.gitlab.groups import is_archived
from simulators.gitlab.namespaces import MAINTAINER, OWNER, group_for, project_for
from simulators.gitlab.pages import paginate
from simulators.gitlab.projects import settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulators.gitlab.call import Call
    from simulators.gitlab.parameters import Parameters
    from simulators.gitlab.store import Row

_TYPES = ("env_var", "file")
_FLAGS = ("protected", "masked", "raw")
_KEY = re.compile(r"[a-zA-Z0-9_]+")
_SCOPE = re.compile(r"[a-zA-Z0-9_/\\${}. *-]+")
_SCOPE_RULE = "can contain only letters, digits, '-', '_', '/', '$', '{', '}', '.', '*' and spaces"
_MASKABLE = re.compile(r"[a-zA-Z0-9_+=/@:.~-]{8,}")
_MASKABLE_RAW = re.compile(r"\S{8,}", re.ASCII)
_MOST_CHARACTERS = {"key": 255, "environment_scope": 255, "description": 255}
_MOST_VALUE_CHARACTERS = 10_000
_SEVERAL = "There are multiple variables with provided parameters. Please use 'filter[environment_scope]'"


@dataclass(frozen=True)
class Owner:
    """Whose variables: a group's or a project's, and whether an environment scope counts there."""

    group_id: int | None
    project_id: int | None
    has_scopes: bool

    @property
    def kind(self) -> str:
        """Return what GitLab calls its variables in a 404."""
        return "GroupVariable" if self.project_id is None else "Variable"


def of_group(handle: Callable[[Call, Owner], Answer]) -> Callable[[Call], Answer]:
    """Make a handler that serves the variables of the path's group, to its owners."""

    def handler(call: Call) -> Answer:
        group = group_for(call, OWNER)
        if is_archived(call.store, group["id"]):
            raise forbidden()
        return handle(call, Owner(group["id"], None, has_scopes=call.settings.tier != "free"))

    return handler


def of_project(handle: Callable[[Call, Owner], Answer]) -> Callable[[Call], Answer]:
    """Make a handler that serves the variables of the path's project, to its maintainers."""

    def handler(call: Call) -> Answer:
        project = project_for(call, MAINTAINER)
        has = settings(call.store, project["id"])
        # Without CI/CD or a repository not even an owner may: measured, ../shared/facts/gitlab.md.
        if "disabled" in (has["builds_access_level"], has["repository_access_level"]):
            raise forbidden()
        return handle(call, Owner(None, project["id"], has_scopes=True))

    return handler


def list_all(call: Call, owner: Owner) -> Answer:
    """Answer a page of the variables, in the order of their creation."""
    rows = call.store.all(
        "SELECT * FROM variables WHERE group_id IS ? AND project_id IS ? ORDER BY id",
        owner.group_id,
        owner.project_id,
    )
    return paginate(call, rows, present)


def get(call: Call, owner: Owner) -> Answer:
    """Answer one variable."""
    return Answer(200, present(_find(call, owner)))


def create(call: Call, owner: Owner) -> Answer:
    """Create a variable."""
    parameters = call.parameters
    parameters.require("key", "value")
    hides = parameters.flag("masked_and_hidden")
    row = _changed(
        {
            "key": parameters.text("key").strip(),
            "environment_scope": "*",
            "value": "",
            "variable_type": "env_var",
            "protected": False,
            "masked": False,
            "raw": False,
            "description": None,
        },
        parameters,
        owner,
    )
    row |= {"hidden": hides, "masked": hides or row["masked"]}
    _validate(row)
    try:
        call.store.write(
            "INSERT INTO variables (key, environment_scope, value, variable_type, protected, masked, raw,"
            " description, hidden, group_id, project_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            *row.values(),
            owner.group_id,
            owner.project_id,
        )
    except sqlite3.IntegrityError as error:
        raise invalid(key=[f"({row['key']}) has already been taken"]) from error
    return Answer(201, present(row))


def update(call: Call, owner: Owner) -> Answer:
    """Change the attributes that the request names; the key stays."""
    before = _for_update(call, owner)
    row = _changed(before, call.parameters, owner)
    if before["hidden"] and not row["masked"]:
        raise invalid(base=["The visibility setting cannot be changed for masked and hidden variables."])
    _validate(row)
    try:
        call.store.write(
            "UPDATE variables SET environment_scope = ?, value = ?, variable_type = ?, protected = ?, masked = ?,"
            " raw = ?, description = ? WHERE id = ?",
            row["environment_scope"],
            row["value"],
            row["variable_type"],
            row["protected"],
            row["masked"],
            row["raw"],
            row["description"],
            row["id"],
        )
    except sqlite3.IntegrityError as error:
        raise invalid(key=[f"({row['key']}) has already been taken"]) from error
    return Answer(200, present(row))


def delete(call: Call, owner: Owner) -> Answer:
    """Delete a variable."""
    call.store.write("DELETE FROM variables WHERE id = ?", _find(call, owner)["id"])
    return NO_CONTENT


def present(row: Row) -> dict[str, Any]:
    """Return a variable as the API shows it; a hidden one shows no value."""
    return {
        "variable_type": row["variable_type"],
        "key": row["key"],
        "value": None if row["hidden"] else row["value"],
        "hidden": bool(row["hidden"]),
        "protected": bool(row["protected"]),
        "masked": bool(row["masked"]),
        "raw": bool(row["raw"]),
        "environment_scope": row["environment_scope"],
        "description": row["description"],
    }


def _matching(call: Call, owner: Owner, scope: str | None) -> list[Row]:
    rows = call.store.all(
        "SELECT * FROM variables WHERE group_id IS ? AND project_id IS ? AND key = ? ORDER BY id",
        owner.group_id,
        owner.project_id,
        call.named("key"),
    )
    return [row for row in rows if scope is None or row["environment_scope"] == scope]


def _find(call: Call, owner: Owner) -> Row:
    found = _matching(call, owner, call.parameters.scope_filter())
    if not found:
        raise not_found(owner.kind)
    if len(found) > 1:
        raise conflict(_SEVERAL)
    return found[0]


def _for_update(call: Call, owner: Owner) -> Row:
    if owner.project_id is not None:
        return _find(call, owner)
    found = _matching(call, owner, call.parameters.scope_filter())
    if len(found) > 1 and call.parameters.has_filter():
        raise conflict(_SEVERAL)
    found = found or _matching(call, owner, None)
    if not found:
        raise not_found(owner.kind)
    return found[0]


def _changed(row: Row, parameters: Parameters, owner: Owner) -> Row:
    """Return the row with what the request names put in; the order of its fields stays."""
    changes: Row = {name: parameters.flag(name) for name in _FLAGS if name in parameters}
    if "value" in parameters:
        changes["value"] = parameters.text("value")
    if "variable_type" in parameters:
        changes["variable_type"] = parameters.choice("variable_type", _TYPES, "env_var")
    if "description" in parameters:
        description = parameters.value("description")
        changes["description"] = None if description is None else parameters.text("description")
    if "environment_scope" in parameters and owner.has_scopes:
        changes["environment_scope"] = parameters.text("environment_scope")
    return row | changes


def _validate(row: Row) -> None:
    faults: dict[str, list[str]] = {}
    if not row["key"]:
        faults["key"] = ["can't be blank"]
    if not _KEY.fullmatch(row["key"]):
        faults.setdefault("key", []).append("can contain only letters, digits and '_'.")
    if not _SCOPE.fullmatch(row["environment_scope"]):
        faults["environment_scope"] = [_SCOPE_RULE]
    for name, most in _MOST_CHARACTERS.items():
        if len(row[name] or "") > most:
            faults.setdefault(name, []).append(f"is too long (maximum is {most} characters)")
    if len(row["value"]) > _MOST_VALUE_CHARACTERS:
        faults["value"] = [
            f"The value of the provided variable exceeds the {_MOST_VALUE_CHARACTERS} character limit"
        ]
    if row["masked"] and not (_MASKABLE_RAW if row["raw"] else _MASKABLE).fullmatch(row["value"]):
        faults.setdefault("value", []).append("is invalid")
    if faults:
        raise invalid(**faults)
