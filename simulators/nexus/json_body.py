"""Reading a request's JSON as Nexus (Jackson, Hibernate Validator) does, in its words of refusal.

Numbers and booleans are taken where a text is wanted; unknown fields are let go; null is as good as missing.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from simulators.nexus.answers import AnswerError, faults, json_answer

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME_FAULT = (
    "Only letters, digits, underscores(_), hyphens(-), and dots(.) are allowed and may not start with "
    "underscore or dot."
)
_NAME = re.compile(r"[a-zA-Z0-9\-][a-zA-Z0-9_\-.]*")


def read_object(body: bytes) -> dict[str, Any]:
    """Return the object that a body is.

    Raises:
        AnswerError: 400, there is none.
    """
    value = _read(body)
    if value is None:
        raise faults([("PARAMETER arg0", "must not be null")])
    if not isinstance(value, dict):
        raise _shapeless()
    return value


def read_list(body: bytes) -> list[Any]:
    """Return the array that a body is.

    Raises:
        AnswerError: 400, there is none.
    """
    value = _read(body)
    if value is None:
        raise faults([("PARAMETER arg0", "must not be null")])
    if not isinstance(value, list):
        raise _shapeless()
    return value


def _read(body: bytes) -> Any:
    if not body.strip():
        return None
    try:
        text = body.decode()
        value = json.loads(text)
        json.dumps(value, ensure_ascii=False).encode()  # half of a surrogate pair cannot be stored
    except UnicodeError:
        reason = "Invalid UTF-8 byte"
    except RecursionError:
        reason = "Document nesting depth (1001) exceeds the maximum allowed (1000)"
    except json.JSONDecodeError as error:
        reason = _why_malformed(text, error.pos)
    else:
        return value
    what = f"Could not process the input: {reason}"
    raise AnswerError(json_answer({"id": "*", "message": what}, 400))


def _why_malformed(text: str, at: int) -> str:
    if at < len(text.rstrip()):
        found = text[at]
        return f"Unexpected character ('{found}' (code {ord(found)}))"
    if text.rstrip()[-1] in ",:":
        return "Unexpected end-of-input within/between Object entries"
    start = max(text.rfind("{"), text.rfind("["))
    line, column = text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start)
    kind = "Object" if text[start] == "{" else "Array"
    return (
        f"Unexpected end-of-input: expected close marker for {kind} (start marker at [Source: REDACTED "
        f"(`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: {line}, column: {column}])"
    )


def _shapeless() -> AnswerError:
    return AnswerError(Response(b"[ ]", 400, {"Content-Type": "application/json"}))


class Fields:
    """The fields of an object, each read as the type it must have; `check` answers all that is wrong at once."""

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = values
        self._faults: list[tuple[str, str]] = []
        self._prefix = ""

    def section(self, name: str) -> Fields | None:
        """Return the fields of an object within this one, None where there is none; what is wrong counts here.

        Raises:
            AnswerError: 400, it is something else.
        """
        value = self._values.get(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise _shapeless()
        inner = Fields(value)
        inner._faults = self._faults
        inner._prefix = f"{self._prefix}{name}."
        return inner

    def number(self, name: str) -> int | None:
        """Return a whole number.

        Raises:
            AnswerError: 400, it is something else.
        """
        value = self._values.get(name)
        if value is None or (isinstance(value, int) and not isinstance(value, bool)):
            return value
        if isinstance(value, str) and value.isascii() and value.isdigit():
            return int(value)
        what = f'Cannot deserialize value of type `java.lang.Integer` from String "{value}": not a valid '
        raise faults([(name, f"{what}`java.lang.Integer` value")])

    def has(self, name: str) -> bool:
        """Tell whether a field is there and not null."""
        return self._values.get(name) is not None

    def text(self, name: str) -> str | None:
        """Return a text.

        Raises:
            AnswerError: 400, it is an object or an array.
        """
        return _text(name, self._values.get(name))

    def filled(self, name: str, *, blank: bool = False) -> str:
        """Return a text that must not be empty or, unless `blank` lets it, only of spaces."""
        value = self.text(name)
        if not (value if blank else (value or "").strip()):
            self.fault(name, "must not be empty" if blank else "must not be blank")
        return value or ""

    def name(self, name: str = "name") -> str:
        """Return a text of the characters that names may have."""
        value = self.filled(name)
        if self.has(name) and not _NAME.fullmatch(value):
            self.fault(name, NAME_FAULT)
        return value

    def flag(self, name: str) -> bool:
        """Return a boolean, False where there is none.

        Raises:
            AnswerError: 400, it is something else.
        """
        value = self._values.get(name)
        if isinstance(value, str) and value.lower() in ("true", "false"):
            return value.lower() == "true"
        if isinstance(value, str):
            what = f'Cannot deserialize value of type `boolean` from String "{value}": only '
            what += '"true"/"True"/"TRUE" or "false"/"False"/"FALSE" recognized'
            raise faults([(name, what)])
        return bool(value)

    def texts(self, name: str) -> list[str]:
        """Return the texts of an array, empty where there is none, its nulls left out.

        Raises:
            AnswerError: 400, it is something else.
        """
        value = self._values.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            what = (
                "Cannot construct instance of `java.util.HashSet` (although at least one Creator exists): no "
            )
            what += "String-argument constructor/factory method to deserialize from String value "
            raise faults([(name, f"{what}('{value}')")])
        texts = [_text(name, each) for each in value]
        return [each for each in texts if each is not None]

    def has_null(self, name: str) -> bool:
        """Tell whether an array has a null in it."""
        return None in (self._values.get(name) or ())

    def choice(self, name: str, java_type: str, choices: Sequence[str]) -> str | None:
        """Return one of the choices in its own spelling, whatever the case it came in.

        Raises:
            AnswerError: 400, it is another value.
        """
        value = self.text(name)
        if value is None:
            return None
        if value == "":
            what = (
                f'Cannot coerce empty String ("") to `{java_type}` value (but could if coercion was enabled '
            )
            raise faults([(name, f"{what}using `CoercionConfig`)")])
        for each in choices:
            if each.lower() == value.lower():
                return each
        raise faults([(name, not_one_of(java_type, value, choices))])

    def fault(self, name: str, why: str) -> None:
        """Note that a field is wrong."""
        self._faults.append((f"PARAMETER {self._prefix}{name}", why))

    def check(self) -> None:
        """Pass if nothing is wrong.

        Raises:
            AnswerError: 400 with every fault noted.
        """
        if self._faults:
            raise faults(self._faults)


def not_one_of(java_type: str, value: str, choices: Sequence[str]) -> str:
    """Return what is said of a value that an enumeration lacks."""
    listed = ", ".join(choices)
    return (
        f'Cannot deserialize value of type `{java_type}` from String "{value}": not one of the values '
        f"accepted for Enum class: [{listed}]"
    )


def _text(name: str, value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, dict | list):
        kind = "Object" if isinstance(value, dict) else "Array"
        what = f"Cannot deserialize value of type `java.lang.String` from {kind} value "
        raise faults([(name, f"{what}(token `JsonToken.START_{kind.upper()}`)")])
    return json.dumps(value)
