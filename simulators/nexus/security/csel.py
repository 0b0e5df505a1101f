"""Content selector expressions (CSEL): parsed once, evaluated on a format and a path.

`format == "raw" and path =^ "/orchestrator/"`: comparisons `==`, `!=`, `=^` (begins with), `=~` (the whole text matches
a regular expression) of `format`, `path` and literals, joined by `and`/`&&`, `or`/`||` and parentheses, with comments. What
the language of Nexus knows besides (`not`, calls, numbers, order) is recognised in order to be refused in its words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    Value = Callable[[str, str], str]
    Condition = Callable[[str, str], bool]

_BLANK = r"(?:\s|//[^\n]*|/\*.*?\*/)*"
_REST = re.compile(_BLANK)
_TOKEN = re.compile(
    _BLANK + r"""(?:(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<number>\d+(?:\.\d+)?)"""
    r"""|(?P<operator>==|!=|=~|!~|=\^|!\^|=\$|<=|>=|&&|\|\||[<>!()+\-*/%,])|(?P<name>[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)*))"""
)
_IDENTIFIERS = ("format", "path")
_WORDS = {"&&": "and", "||": "or", "!": "not", "eq": "==", "ne": "!="}
_UNSUPPORTED = ("<", ">", "<=", ">=", "!~", "!^", "=$", "+", "-", "*", "/", "%")


class CselError(ValueError):
    """The expression is none; the text is Nexus's."""


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    column: int


class _Parser:
    """Recursive descent; a syntax error is reported before anything that is merely not supported."""

    def __init__(self, expression: str) -> None:
        self._shown = expression.replace('"', "'")
        self._length = len(expression)
        self._tokens = self._tokenize(expression)
        self._at = 0
        self._objection: CselError | None = None

    def parse(self) -> Condition:
        condition = self._either()
        if self._at < len(self._tokens):
            raise self._syntax_error()
        if self._objection:
            raise self._objection
        return condition

    def _tokenize(self, expression: str) -> list[_Token]:
        tokens: list[_Token] = []
        at, end = 0, len(expression.rstrip())
        while at < end and not _REST.fullmatch(expression, at):
            match = _TOKEN.match(expression, at)
            if not match:
                found = expression[at:].lstrip()
                column = len(expression) - len(found) + 1
                raise CselError(f"parsing error in '{found[0]}' at line 1 column {column}")
            kind = str(match.lastgroup)
            text = match.group(kind)
            word = _WORDS.get(text, text)
            if word != text or text in ("and", "or", "not"):
                kind = "operator"
            tokens.append(_Token(kind, word, match.start(kind) + 1))
            at = match.end()
        return tokens

    def _either(self) -> Condition:
        parts = [self._both()]
        while self._take("or"):
            parts.append(self._both())
        return (
            parts[0] if len(parts) == 1 else lambda format_, path: any(part(format_, path) for part in parts)
        )

    def _both(self) -> Condition:
        parts = [self._negation()]
        while self._take("and"):
            parts.append(self._negation())
        return (
            parts[0] if len(parts) == 1 else lambda format_, path: all(part(format_, path) for part in parts)
        )

    def _negation(self) -> Condition:
        if self._take("not"):
            self._negation()
            self._object_to(f"Expression not supported in CSEL selector in '{self._shown}'", self._length)
            return lambda _format, _path: False
        if self._take("("):
            inner = self._either()
            self._expect(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Condition:
        left = self._value()
        operator = self._next() if self._at < len(self._tokens) else None
        if operator is None or operator.text in ("and", "or", ")"):
            if operator is not None:
                self._at -= 1
            self._object_to(f"Expression not supported in CSEL selector in '{self._shown}'", self._length)
            return lambda format_, path: bool(left(format_, path))
        if operator.kind != "operator":
            self._at -= 1
            raise self._syntax_error()
        if operator.text == "=~":
            return self._matching(left)
        right = self._value()
        if operator.text == "==":
            return lambda format_, path: left(format_, path) == right(format_, path)
        if operator.text == "!=":
            return lambda format_, path: left(format_, path) != right(format_, path)
        if operator.text == "=^":
            return lambda format_, path: left(format_, path).startswith(right(format_, path))
        if operator.text not in _UNSUPPORTED:
            self._at -= 2
            raise self._syntax_error()
        self._object_to(f"Expression not supported in CSEL selector in '{self._shown}'", self._length)
        return lambda _format, _path: False

    def _matching(self, left: Value) -> Condition:
        token = self._tokens[self._at] if self._at < len(self._tokens) else None
        pattern = self._value()("", "")
        if token is not None and token.kind != "text":
            self._object_to(f"Expression not supported in CSEL selector in '{self._shown}'", self._length)
        try:
            compiled = re.compile(pattern)
        except re.error as error:
            raise CselError(f"Invalid regular expression {pattern}: {error}") from error
        return lambda format_, path: compiled.fullmatch(left(format_, path)) is not None

    def _value(self) -> Value:
        token = self._next()
        if token.kind == "text":
            literal = re.sub(r"\\(.)", _unescape, token.text[1:-1])
            return lambda _format, _path: literal
        if token.kind == "name":
            if self._take("("):
                self._arguments()
                self._object_to(f"Expression not supported in CSEL selector in '{self._shown}'", self._length)
            elif token.text not in _IDENTIFIERS:
                expected = ", ".join(_IDENTIFIERS)
                self._object_to(
                    f"Invalid identifier {token.text}, expected one of [{expected}] in '{self._shown}'",
                    token.column,
                )
            return (
                (lambda format_, _path: format_) if token.text == "format" else (lambda _format, path: path)
            )
        if token.kind == "number":
            self._object_to(f"Expression not supported in CSEL selector in '{self._shown}'", self._length)
            return lambda _format, _path: token.text
        self._at -= 1
        raise self._syntax_error()

    def _arguments(self) -> None:
        if self._take(")"):
            return
        self._value()
        while self._take(","):
            self._value()
        self._expect(")")

    def _take(self, text: str) -> bool:
        token = self._tokens[self._at] if self._at < len(self._tokens) else None
        if token is None or token.kind != "operator" or token.text != text:
            return False
        self._at += 1
        return True

    def _expect(self, text: str) -> None:
        if not self._take(text):
            raise self._syntax_error()

    def _next(self) -> _Token:
        if self._at >= len(self._tokens):
            raise self._syntax_error()
        self._at += 1
        return self._tokens[self._at - 1]

    def _syntax_error(self) -> CselError:
        if self._at < len(self._tokens):
            token = self._tokens[self._at]
            return CselError(f"parsing error in '{token.text}' at line 1 column {token.column}")
        return CselError(f"parsing error in '' at line 1 column {self._length}")

    def _object_to(self, text: str, column: int) -> None:
        self._objection = self._objection or CselError(f"{text} at line 1 column {column}")


def _unescape(match: re.Match[str]) -> str:
    return match.group(1) if match.group(1) in "\\'\"" else match.group(0)


def parse(expression: str) -> Condition:
    """Return the expression as a function of format and path (decoded, with the slash it begins with).

    Raises:
        CselError: it is no expression; the text says what Nexus says.
    """
    return _Parser(expression).parse()
