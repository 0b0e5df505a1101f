"""The words of a shell's script: quotes, escapes, variables, substitutions, positions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ciaccess.consumers.lint.shell import Block, Command

# A `$` that the shell would not expand: in single quotes, or behind a backslash.
LITERAL_DOLLAR = "\ue000"
# In a word, the place of a command's output, and of the file that has it (`<(…)`).
PRINTED = "$(…)"
PRINTED_FILE = "<(…)"
DEEPEST = 40
TOKEN = re.compile(
    r"""(?P<blank>(?:[ \t\r]|[\\`]\r?\n)+)
      |(?P<plain>[^ \t\r\n\\'"`$;&|()<>\#]+)
      |(?P<newline>\n)
      |(?P<hash>\#)
      |(?P<heredoc><<-?(?!<))
      |(?P<redirect><<<|&>>?|[<>]&|>>|>\||[<>](?!\())
      |(?P<process>[<>]\()
      |(?P<separator>&&|\|\||;;&|;[;&]|[;&])
      |(?P<pipe>\|&?)
      |(?P<open>\()
      |(?P<close>\))
      |(?P<escape>\\.?)
      |(?P<single>'[^']*'?)
      |(?P<ansi>\$'(?:[^'\\]|\\.)*'?)
      |(?P<double>")
      |(?P<command>\$\()
      |(?P<parameter>\$\{)
      |(?P<backtick>`)
      |(?P<dollar>\$)""",
    re.VERBOSE | re.DOTALL,
)
_SUBSTITUTIONS = {"$(": "command", "${": "parameter", "`": "backtick"}
_IN_QUOTES = re.compile(r'[^"\\$`]+|\\.?|\$\(|\$\{|[$`"]', re.DOTALL)
_IN_DOCUMENT = re.compile(r"[^\\$`]+|\\.?|\$\(|\$\{|[$`]", re.DOTALL)
_IN_BRACES = re.compile(r"[^}\\$`\"']+|\\.?|\$\(|\$\{|[$`\"'}]", re.DOTALL)


@dataclass(frozen=True)
class Word:
    """A word: its text without quotes, its place, and the substitutions in it."""

    text: str
    start: int
    end: int
    inner: tuple[Block, ...] = ()
    is_quoted: bool = False


class WordReader:
    """Reads the words of one text.

    Of a script inside a script, `offset` is where it begins, if it is written there as it is; else `fixed` is the place of all.
    """

    def __init__(
        self,
        text: str,
        depth: int = 0,
        unspent: list[int] | None = None,
        fixed: int | None = None,
        offset: int = 0,
    ) -> None:
        self.text = text
        self.is_open = False
        self._at = 0
        self._depth = depth
        # Scripts inside scripts are read again: no more of them, in all, than the text has.
        self._unspent = unspent or [len(text)]
        self._fixed, self._offset = fixed, offset
        self._inner: list[Block] = []
        # Here-documents that begin behind the line: command, delimiter, whether tabs are stripped, whether it is literal.
        self._awaited: list[tuple[Command, str, bool, bool]] = []

    def _place(self, position: int) -> int:
        return position + self._offset if self._fixed is None else self._fixed

    def block(self, ends: frozenset[str], depth: int) -> Block:
        """Read pipelines up to the keyword or separator that ends them, which is left, or to the end."""
        raise NotImplementedError

    def _until(self, end: str, depth: int) -> Block:
        block = self.block(frozenset({end}), depth)
        self.is_open |= self._at >= len(self.text)
        self._at = min(self._at + len(end), len(self.text))
        return block

    def _blank(self) -> None:
        if (token := TOKEN.match(self.text, self._at)) and token.lastgroup == "blank":
            self._at = token.end()

    def _word(self, depth: int) -> Word:
        start, parts, is_quoted = self._at, list[str](), False
        around, self._inner = self._inner, []
        while (token := TOKEN.match(self.text, self._at)) is not None:
            kind = token.lastgroup
            if kind in ("plain", "dollar"):
                parts.append(token.group())
            elif kind == "hash" and self._at > start:
                parts.append("#")
            elif kind == "escape":
                parts.append(token.group()[1:].replace("$", LITERAL_DOLLAR))
            elif kind in ("single", "ansi"):
                parts.append(token.group().lstrip("$").strip("'").replace("$", LITERAL_DOLLAR))
                is_quoted = True
            elif kind == "double":
                self._at, is_quoted = token.end(), True
                parts.append(self._read_text(_IN_QUOTES, '"', depth))
                continue
            elif kind in ("command", "process", "parameter", "backtick"):
                parts.append(self._substitution(str(kind), depth))
                continue
            else:
                break
            self._at = token.end()
        inner, self._inner = tuple(self._inner), around
        return Word("".join(parts), self._place(start), self._place(self._at), inner, is_quoted)

    def _read_text(self, pieces: re.Pattern[str], end: str, depth: int) -> str:
        """Read the text of quotes, `${…}` or a here-document up to its end, which is passed."""
        parts = []
        while (token := pieces.match(self.text, self._at)) is not None:
            piece = token.group()
            if piece in _SUBSTITUTIONS:
                parts.append(self._substitution(_SUBSTITUTIONS[piece], depth))
                continue
            self._at = token.end()
            if piece == end:
                break
            if piece.startswith("\\"):
                parts.append(_unescape(piece))
            elif piece not in ('"', "'") or end != "}":
                parts.append(piece)
        return "".join(parts)

    def _substitution(self, kind: str, depth: int) -> str:
        """Read `$(…)`, `<(…)`, `${…}` or backticks; commands inside are returned only as PRINTED."""
        start = self._at
        if depth >= DEEPEST:
            self._at = len(self.text)
        elif kind == "parameter":
            self._at = start + 2
            return "${" + self._read_text(_IN_BRACES, "}", depth + 1) + "}"
        elif kind == "backtick":
            end = self.text.find("`", start + 1)
            self._at = len(self.text) if end < 0 else end + 1
            self._inner.append(self._script_inside(self.text[start + 1 : self._at - 1], start))
        else:
            self._at = start + 2
            self._inner.append(self._until(")", depth + 1))
            return PRINTED_FILE if kind == "process" else PRINTED
        return PRINTED

    def _script_inside(self, text: str, at: int) -> Block:
        """Read a script inside the script, at or right behind a character."""
        self._unspent[0] -= len(text)
        if not text or self._depth >= DEEPEST or self._unspent[0] < 0:
            return ()
        text = text.replace(LITERAL_DOLLAR, "$")
        begin = next((each for each in (at, at + 1) if self.text.startswith(text, each)), None)
        fixed = self._fixed if begin is not None else self._place(at)
        inner = type(self)(text, self._depth + 1, self._unspent, fixed, self._place(begin or 0))
        return inner.block(frozenset(), 0)

    def _document(self, text: str, at: int) -> Word:
        self._unspent[0] -= len(text)
        if self._depth >= DEEPEST or self._unspent[0] < 0:
            return Word(text, at, at)
        return type(self)(text, self._depth + 1, self._unspent, at).document()

    def document(self) -> Word:
        """Return the whole text as the word that a here-document is."""
        text, at = self._read_text(_IN_DOCUMENT, "", 0), self._place(0)
        return Word(text, at, at, tuple(self._inner))


def _unescape(piece: str) -> str:
    if piece in ("\\\n", "\\"):
        return ""
    if piece[1:] in '"\\`':
        return piece[1:]
    return LITERAL_DOLLAR if piece == "\\$" else piece
