"""What a request says: query, JSON and forms as one set of named values, with GitLab's coercions.

Knows the three content types that GitLab takes; any other is 415, and what is no JSON object is 400.
"""

from __future__ import annotations

import json
from email import message_from_bytes
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

from simulators.gitlab.answers import RefusalError, bad_parameter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_TRUE = ("true", "t", "1", "yes", "y", "on")
_FALSE = ("false", "f", "0", "no", "n", "off", "")
_MOST_DIGITS = 18  # always fits SQLite's integers


class Parameters:
    """Named values; each reader gives the value in its type, or refuses the request as GitLab does."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = dict(values)

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def value(self, name: str, default: Any = None) -> Any:
        """Return a value as it came."""
        return self._values.get(name, default)

    def present(self) -> dict[str, Any]:
        """Return all values."""
        return dict(self._values)

    def require(self, *names: str) -> None:
        """Refuse the request unless it has these; all missing ones are named at once."""
        missing = [f"{name} is missing" for name in names if name not in self._values]
        if missing:
            raise bad_parameter(", ".join(missing))

    def text(self, name: str, default: str = "") -> str:
        """Return a string; numbers and booleans become one, null is empty."""
        value = self._values.get(name, default)
        if isinstance(value, dict | list):
            raise bad_parameter(f"{name} is invalid")
        if isinstance(value, bool):
            return str(value).lower()
        return "" if value is None else str(value)

    def flag(self, name: str) -> bool:
        """Return a boolean, however it is spelt; false when absent."""
        word = self.text(name).lower()
        if word in _TRUE or word in _FALSE:
            return word in _TRUE
        raise bad_parameter(f"{name} is invalid")

    def number(self, name: str, default: int, least: int = 0) -> int:
        """Return a whole number of at least `least`."""
        text = self.text(name, str(default))
        if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
            raise bad_parameter(f"{name} is invalid")
        if int(text) < least:
            raise bad_parameter(f"{name} does not have a valid value")
        return int(text)

    def choice(self, name: str, allowed: tuple[str, ...], default: str) -> str:
        """Return one of the allowed words."""
        word = self.text(name, default)
        if word not in allowed:
            raise bad_parameter(f"{name} does not have a valid value")
        return word

    def words(self, name: str) -> list[str]:
        """Return a list, given as one or as words between commas."""
        value = self._values.get(name, [])
        items = value if isinstance(value, list) else str(value or "").split(",")
        return [str(item).strip() for item in items if str(item).strip()]

    def scope_filter(self) -> str | None:
        """Return `filter[environment_scope]`; None where it is absent or empty."""
        nested = self._values.get("filter")
        if isinstance(nested, dict) and nested.get("environment_scope"):
            return str(nested["environment_scope"])
        return self.text("filter[environment_scope]") or None

    def has_filter(self) -> bool:
        """Tell whether the request filters at all."""
        return "filter" in self._values or "filter[environment_scope]" in self._values


def read(target: str, content_type: str, body: bytes) -> Parameters:
    """Return everything a request says; the body wins over the query of `target`.

    Raises:
        RefusalError: 415 for another content type, 400 for what does not parse or cannot be text.
    """
    path, _, query = target.partition("?")
    try:
        values = _pairs(parse_qsl(query, keep_blank_values=True, errors="strict"))
        if body:
            values |= _body(content_type, body)
        if any(b"\0" in text.encode() for text in (unquote(path, errors="strict"), *_texts(values))):
            raise RefusalError(400, "Bad Request")
    except UnicodeError as error:  # bytes that are no UTF-8, halves of characters
        raise RefusalError(400, "Bad Request") from error
    except (ValueError, RecursionError) as error:
        raise bad_parameter("message body does not match declared format") from error
    return Parameters(values)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value:
            yield from _texts(part)
        if isinstance(value, dict):
            yield from _texts(list(value.values()))


def _pairs(pairs: list[tuple[str, str]]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in pairs:
        if name.endswith("[]"):
            values.setdefault(name[:-2], []).append(value)
        else:
            values[name] = value
    return values


def _body(content_type: str, body: bytes) -> dict[str, Any]:
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/json":
        found = json.loads(body)
        if not isinstance(found, dict):
            raise bad_parameter("The request body must be a JSON object")
        return found
    if kind in ("", "application/x-www-form-urlencoded"):
        return _pairs(parse_qsl(body.decode(), keep_blank_values=True, errors="strict"))
    if kind == "multipart/form-data":
        return _pairs(_multipart(content_type, body))
    raise RefusalError(415, {"error": f"The provided content-type '{kind}' is not supported."})


def _multipart(content_type: str, body: bytes) -> list[tuple[str, str]]:
    message = message_from_bytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    if not message.is_multipart():
        raise bad_parameter("message body does not match declared format")
    pairs = []
    for part in message.walk():
        content = part.get_payload(decode=True)
        if isinstance(content, bytes):
            name = part.get_param("name", header="content-disposition")
            pairs.append((str(name), content.decode()))
    return pairs
