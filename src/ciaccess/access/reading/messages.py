"""Pydantic's errors as faults with a position, the allowed values, and a remedy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ciaccess.access.model.models import Access, Section
from ciaccess.access.reading.document import Document, YamlPath, dotted_path
from ciaccess.access.reading.faults import Fault, closest, display, suggest

_GROUPS = ("gitlab", "groups")
# A guess takes a tenth of a millisecond.
_MOST_GUESSES = 1000
# By pydantic's type of error: what the value is instead, what is allowed, what to do.
_WRONG_KIND = {
    "string_type": ("is not text", "text", "Write one value; put a number in quotes"),
    "list_type": ("is not a list", "a list, such as [docker, yum]", "Put it in brackets"),
    "bool_type": ("is neither true nor false", "true or false", "Write true or false"),
    "int_type": ("is not a whole number", "a whole number without quotes", "Write a number"),
}


def faults_of(
    document: Document, error: ValidationError, misspelt: Mapping[YamlPath, str], root: type[Section] = Access
) -> Iterator[Fault]:
    """Return each of a validation's errors as a fault; `root` is the class of the whole document."""
    meant = {(*path[:-1], key) for path, key in misspelt.items()}
    for details in error.errors(include_url=False):
        path = tuple(step for step in details["loc"] if step != "[key]")
        if details["type"] == "missing" and path in meant:
            continue
        is_key = details["loc"][-1:] == ("[key]",) or details["type"] == "extra_forbidden"
        message, allowed, remedy = _words(path, details, misspelt.get(path), root)
        line, column = _position(document, path, key=is_key)
        concealed = details.get("ctx", {}).get("conceal") or _may_hold_credential(path)
        value = None if concealed or is_key else document.at(path)
        yield Fault(document.file, line, column, dotted_path(path), value, message, allowed, remedy)


def misspelt_keys(error: ValidationError, root: type[Section]) -> dict[YamlPath, str]:
    """Return the first unknown keys, by path, with those that were probably meant.

    `root` is the section that the whole file is.
    """
    found: dict[YamlPath, str] = {}
    unknown = [each["loc"] for each in error.errors(include_url=False) if each["type"] == "extra_forbidden"]
    for path in unknown[:_MOST_GUESSES]:
        if key := closest(str(path[-1]), list(_section(path[:-1], root).model_fields)):
            found[path] = key
    return found


def _position(document: Document, path: YamlPath, *, key: bool) -> tuple[int, int]:
    """Return a fault's position; that of a variable's short form is the value's own."""
    if path and path not in document.values and not isinstance(document.at(path[:-1]), dict):
        return document.position(path[:-1])
    return document.position(path, key=key)


def _may_hold_credential(path: YamlPath) -> bool:
    """Tell whether a path is at or under a variable's value, which no message may show."""
    in_variables = path[:2] == _GROUPS and path[3:4] == ("variables",)
    return in_variables and path[5:] in ((), ("value",))


def _words(
    path: YamlPath, details: ErrorDetails, guess: str | None, root: type[Section]
) -> tuple[str, str, str]:
    kind, given, context = details["type"], details["input"], details.get("ctx", {})
    key = path[-1] if path else ""
    if kind == "rule":
        return context["text"], context["allowed"], context["remedy"]
    if kind == "missing":
        return f"the key {key} is missing", "", f"Add {key}: {_description(path, root)}"
    if kind == "extra_forbidden":
        remedy = f"Did you mean {guess}?" if guess else "Remove it, or check its indentation"
        known = ", ".join(_section(path[:-1], root).model_fields)
        return f"{display(key)} is not a key of this section", known, remedy
    what = "this" if _may_hold_credential(path) else display(given)
    if given is None:
        what = "a missing value" if path else "an empty file"
    if kind in ("model_type", "dict_type"):
        section = _section(path, root)
        allowed = ", ".join(section.model_fields) if section else "names, each with a section below it"
        return f"{what} is not a mapping", allowed, "Write keys with their values, indented below it"
    if kind in _WRONG_KIND:
        message, allowed, remedy = _WRONG_KIND[kind]
        return f"{what} {message}", allowed, remedy
    return f"{what} is not allowed", _allowed_values(kind, context), _remedy(given, kind, context)


def _allowed_values(kind: str, context: dict[str, Any]) -> str:
    """Return what a limit of pydantic's own allows."""
    if kind == "string_too_long":
        return f"at most {context['max_length']} characters"
    if kind in ("greater_than_equal", "less_than_equal"):
        return f"{context['ge']} or more" if "ge" in context else f"{context['le']} or less"
    return str(context.get("expected", "")).replace("'", "")


def _remedy(given: Any, kind: str, context: dict[str, Any]) -> str:
    if kind != "literal_error":
        return "Choose another value"
    words = str(context["expected"]).replace("'", "").replace(" or ", ", ").split(", ")
    return suggest(str(given), words, "Choose one of these" if len(words) > 1 else f"Write {words[0]}")


def _description(path: YamlPath, root: type[Section]) -> str:
    section = _section(path[:-1], root)
    field = section.model_fields.get(str(path[-1])) if section else None
    return (field.description or "").rstrip(".") if field else ""


def _section(path: YamlPath, root: type[Section]) -> Any:
    """Return the class of the section at a path, None where a path leads to something else."""
    kind: Any = root
    for step in path:
        kind = _inner_type(kind)
        if isinstance(kind, type) and issubclass(kind, Section):
            field = kind.model_fields.get(str(step))
            kind = field.annotation if field else None
        elif get_origin(kind) in (dict, list):
            kind = get_args(kind)[-1]
        else:
            return None
    kind = _inner_type(kind)
    return kind if isinstance(kind, type) and issubclass(kind, Section) else None


def _inner_type(kind: Any) -> Any:
    """Return a type without its annotations and without the None that it may be."""
    while get_origin(kind) in (Annotated, Union, UnionType):
        kind = next((part for part in get_args(kind) if part is not type(None)), None)
    return kind
