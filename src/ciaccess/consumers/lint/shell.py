"""A script as the shell parses it: pipelines, compound commands, unquoted words, positions.

One pass over the text, whatever its length. It covers quotes, continued lines, comments, substitutions, here-documents,
redirections, functions, branches and loops of POSIX shells and bash, and PowerShell's continued lines; a script handed to
another shell (`sh -c '…'`, a here-document) is read too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from ciaccess.consumers.lint.document import Lines
from ciaccess.consumers.lint.shell_words import DEEPEST, LITERAL_DOLLAR, PRINTED, TOKEN, Word, WordReader

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ciaccess.consumers.lint.document import Scalar

_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)\+?=")
_DEFINITION = re.compile(
    r"(?:function\s+([\w:.-]+)(?:\s*\(\s*\))?|([\w:.-]+)[ \t]*\(\s*\))\s*(?=\{(?:\s|\Z)|\()"
)
_KEYWORD = re.compile(
    r"(?:if|then|elif|else|fi|case|esac|for|select|while|until|do|done|time|!|\{|\}|\[\[)(?=[ \t\r\n;&|()<>]|\Z)|\(\(?"
)
_CLOSING = frozenset({"then", "elif", "else", "fi", "do", "done", "esac", "}"})
_ENDS_OF_ARM = frozenset({";;", ";&", ";;&"})
_SEPARATORS = frozenset({"&&", "||", ";", "&", "|", "|&", ")", *_ENDS_OF_ARM})
_NO_WORD = frozenset({"newline", "separator", "close", "pipe", "open", "redirect", "heredoc", "hash"})
_LOOP = re.compile(r"\s*(\w+)(?:\s+in\b(?P<items>))?")
SHELLS = frozenset({"sh", "bash", "dash", "ash", "zsh"})
_MOST_ITEMS = 20  # of a script's list that make one command
_PRINTERS = frozenset({"echo", "printf", ":"})
_SSH_OPTION = re.compile(r"-[46AaCfGgKkMNnqsTtVvXxYy]*[BbcDEeFIiJLlmOopQRSWw]")  # its value follows
_TAKES_A_SCRIPT = SHELLS | {"eval", "ssh"}


@dataclass
class Command:
    """A command; `assigned` are variables set in front of it, `given` is its input.

    `script` is what another shell gets to run.
    """

    words: list[Word] = field(default_factory=list)
    assigned: list[tuple[str, Word]] = field(default_factory=list)
    given: Word | None = None
    read_from: Word | None = None
    written_to: list[Word] = field(default_factory=list)
    appends: bool = False
    compound: Compound | None = None
    script: Block = ()


@dataclass(frozen=True)
class Compound:
    """A compound command: `{`, `(`, if, case, for, while, until or function.

    `head` is the condition, `arms` are what may run; `patterns` belong to the arms of a case. `name` is the function's,
    or the loop's variable; `items` are the loop's words, or the one of a case.
    """

    kind: str
    arms: tuple[Block, ...]
    head: Block = ()
    name: str = ""
    items: tuple[Word, ...] = ()
    patterns: tuple[tuple[str, ...], ...] = ()


@dataclass
class Statement:
    """A pipeline: its commands in order. `after` is the operator behind the one before."""

    commands: list[Command]
    start: int
    end: int
    after: str = ""
    is_negated: bool = False


Block = tuple[Statement, ...]


@lru_cache(maxsize=4096)
def read(script: str, at: int | None = None) -> tuple[Block, bool]:
    """Return what a script runs, and whether it ends inside a compound command.

    Of a script that another one has written, `at` is the place of all.
    """
    parser = _Parser(script, fixed=at)
    return parser.block(frozenset(), 0), parser.is_open


def whole_scripts(scripts: Sequence[Scalar]) -> Iterator[Scalar]:
    """Yield scripts; as one where only several are whole: `if` in one item, `fi` in another."""
    left = list(scripts)
    while left:
        parts = left[:1]
        for part in left[1:_MOST_ITEMS]:
            if part.source is not parts[0].source or not read("\n".join(parts))[1]:
                break
            parts.append(part)
        is_whole = len(parts) > 1 and not read("\n".join(parts))[1]
        yield Lines.of_parts(parts) if is_whole else parts[0]
        left = left[len(parts) if is_whole else 1 :]


class _Parser(WordReader):
    """Reads the commands of one text."""

    def block(self, ends: frozenset[str], depth: int) -> Block:
        """Read pipelines up to the keyword or separator that ends them, which is left, or to the end."""
        found: list[Statement] = []
        after = ""
        while text := self._next():
            keyword = _KEYWORD.match(self.text, self._at)
            if text in ends or (keyword and keyword.group() in ends):
                break
            if keyword and keyword.group() in _CLOSING:  # of nothing that is open
                self._at = keyword.end()
            elif text in _SEPARATORS:
                after = text if text in ("&&", "||") else ""
                self._at += len(text)
            else:
                found += self._pipeline(after, depth)
                after = ""
        return tuple(found)

    def _next(self) -> str:
        """Pass blanks, line ends and comments, and return the token behind them, which is left."""
        while (token := TOKEN.match(self.text, self._at)) is not None:
            if token.lastgroup == "hash":
                self._comment()
            elif token.lastgroup in ("blank", "newline"):
                self._at = token.end()
                if token.lastgroup == "newline":
                    self._here_documents()
            else:
                return token.group()
        return ""  # at the end: every character belongs to some token

    def _comment(self) -> None:
        end = self.text.find("\n", self._at)
        self._at = len(self.text) if end < 0 else end

    def _pipeline(self, after: str, depth: int) -> list[Statement]:
        start, commands, is_negated = self._at, list[Command](), False
        while True:
            while (keyword := _KEYWORD.match(self.text, self._at)) and keyword.group() in ("!", "time"):
                is_negated ^= keyword.group() == "!"
                self._at = keyword.end()
                self._blank()
            commands.append(self._command(depth))
            token = TOKEN.match(self.text, self._at)
            if token is None or token.lastgroup != "pipe":
                break
            self._at = token.end()
            self._next()
        commands = [each for each in commands if each.words or each.assigned or each.compound]
        end = self._place(self._at)
        return [Statement(commands, self._place(start), end, after, is_negated)] if commands else []

    def _command(self, depth: int) -> Command:
        command = Command()
        if depth >= DEEPEST:
            self._at = len(self.text)
            return command
        if named := _DEFINITION.match(self.text, self._at):
            self._at = named.end()
            body = self._command(depth + 1).compound
            command.compound = Compound("function", body.arms if body else (), name=named[1] or named[2])
            return command
        keyword = _KEYWORD.match(self.text, self._at)
        if keyword and keyword.group() not in _CLOSING:
            self._at = keyword.end()
            self._compound(keyword.group(), command, depth + 1)
        while (token := TOKEN.match(self.text, self._at)) is not None:
            if token.lastgroup in ("newline", "separator", "close", "pipe"):
                break
            self._part(str(token.lastgroup), token.group(), command, depth)
        self._inner_script(command)
        return command

    def _part(self, kind: str, text: str, command: Command, depth: int) -> None:
        """Read what does not end a command."""
        if kind == "hash":
            self._comment()
        elif kind == "blank":
            self._at += len(text)
        elif kind == "open":
            self._parenthesis(command, depth)
        elif kind == "heredoc":
            self._at += len(text)
            self._blank()
            start, word = self._at, self._word(depth)
            is_literal = word.text != self.text[start : self._at]
            self._awaited.append((command, word.text, text.endswith("-"), is_literal))
        elif kind == "redirect":
            self._redirect(text, command, depth)
        else:
            self._add(command, self._word(depth))

    def _add(self, command: Command, word: Word) -> None:
        named = _ASSIGNMENT.match(word.text) if not (command.words or command.compound) else None
        if named:
            before = f"${{{named[1]}}}" if "+" in named.group() else ""
            value = Word(before + word.text[named.end() :], word.start, word.end, word.inner)
            command.assigned.append((named.group(1), value))
        else:
            command.words.append(word)

    def _redirect(self, operator: str, command: Command, depth: int) -> None:
        descriptor = ""
        if command.words and command.words[-1].text.isdecimal() and self.text[self._at - 1].isdecimal():
            descriptor = command.words.pop().text
        self._at += len(operator)
        self._blank()
        word = self._word(depth)
        if operator == "<<<":
            command.given = word
        elif operator == "<":
            command.read_from = word
        elif ">" in operator and word.text and descriptor in ("", "1"):
            command.appends = operator.endswith(">>")
            elsewhere = operator == ">&" and word.text.isdecimal()
            command.written_to.append(Word("/dev/null", word.start, word.end) if elsewhere else word)

    def _parenthesis(self, command: Command, depth: int) -> None:
        """Read parentheses behind words: the values of an array, else an expression of PowerShell."""
        start = self._at
        self._at += 1
        if not command.assigned or command.words:
            block = self._until(")", depth + 1)
            command.words.append(Word(PRINTED, self._place(start), self._place(self._at), (block,)))
            return
        values = [each for each in self._words_until(")", depth + 1) if isinstance(each, Word)]
        self._at = min(self._at + 1, len(self.text))
        name, first = command.assigned[-1]
        inner = tuple(block for word in values for block in word.inner)
        value = " ".join(word.text for word in values)
        command.assigned[-1] = (name, Word(value, first.start, self._place(self._at), inner))

    def _compound(self, keyword: str, command: Command, depth: int) -> None:
        """Read a compound command behind its first word."""
        start = self._at
        match keyword:
            case "if":
                command.compound = self._if(depth)
            case "case":
                command.compound = self._case(depth)
            case "for" | "select":
                command.compound = self._for(depth)
            case "while" | "until":
                head = self._until("do", depth)
                command.compound = Compound(keyword, (self._until("done", depth),), head)
            case "{" | "(":
                end = "}" if keyword == "{" else ")"
                command.compound = Compound(keyword, (self._until(end, depth),))
            case "((":
                end_at = self.text.find("))", start)
                self._at = len(self.text) if end_at < 0 else end_at + 2
                for begin, end_at in ((start - 2, start), (start, self._at)):
                    text = self.text[begin:end_at].rstrip(")")
                    command.words.append(Word(text, self._place(begin), self._place(end_at)))
            case "[[":
                command.words.append(Word("[[", self._place(start - 2), self._place(start)))
                for each in self._words_until("]]", depth):
                    at = self._place(self._at)
                    command.words.append(each if isinstance(each, Word) else Word(each, at, at))

    def _words_until(self, end: str, depth: int) -> Iterator[Word | str]:
        """Read words, and as text what is not a word, up to the end, which is left."""
        while (text := self._next()) not in ("", end):
            token = TOKEN.match(self.text, self._at)
            if token and token.lastgroup in _NO_WORD:
                self._at += len(text)
                yield text
            else:
                yield self._word(depth)

    def _if(self, depth: int) -> Compound:
        head = self._until("then", depth)
        arm, other = self.block(frozenset({"elif", "else", "fi"}), depth), Block()
        keyword = _KEYWORD.match(self.text, self._at)
        self._at = keyword.end() if keyword else len(self.text)
        self.is_open |= keyword is None
        if keyword and keyword.group() == "elif" and depth < DEEPEST:
            at = self._place(self._at)
            other = (Statement([Command(compound=self._if(depth + 1))], at, at),)
        elif keyword and keyword.group() == "else":
            other = self._until("fi", depth)
        return Compound("if", (arm, other), head)

    def _case(self, depth: int) -> Compound:
        self._next()
        word, arms, patterns = self._word(depth), list[Block](), list[tuple[str, ...]]()
        if self._next() == "in":
            self._at += 2
        while (text := self._next()) not in ("", "esac"):
            self._at += text == "("
            named = [each.text for each in self._words_until(")", depth) if isinstance(each, Word)]
            self._at = min(self._at + 1, len(self.text))
            arms.append(self.block(_ENDS_OF_ARM | {"esac"}, depth))
            patterns.append(tuple(named))
            if (text := self._next()) in _ENDS_OF_ARM:
                self._at += len(text)
        self._at = min(self._at + 4, len(self.text))
        return Compound("case", tuple(arms), items=(word,), patterns=tuple(patterns))

    def _for(self, depth: int) -> Compound:
        name, items = "", list[Word]()
        if named := _LOOP.match(self.text, self._at):
            name, self._at = named[1], named.end()
            if named["items"] is None:
                items = [Word("$@", self._place(self._at), self._place(self._at))]
            while (token := TOKEN.match(self.text, self._at)) and token.lastgroup not in _NO_WORD:
                self._blank()
                word = self._word(depth)
                items += [word] if word.end > word.start or word.text else []
        self.block(frozenset({"do"}), depth)
        self._at = min(self._at + 2, len(self.text))
        return Compound("for", (self._until("done", depth),), name=name, items=tuple(items))

    def _inner_script(self, command: Command) -> None:
        """Read the script that a shell gets as a word, also one that another program starts."""
        names = [word.text.rsplit("/", 1)[-1] for word in command.words]
        if not names or names[0] in _PRINTERS:
            return
        first = next((index for index, name in enumerate(names) if name in SHELLS), len(names))
        takes_any = names[0] in ("eval", "ssh")
        for before, word in pairwise(command.words[0 if takes_any else first :]):
            is_script = takes_any
            if names[0] == "ssh":
                is_option = word.text.startswith("-") or _SSH_OPTION.fullmatch(before.text)
                is_script = word.is_quoted and " " in word.text and not is_option
            if is_script or re.fullmatch(r"-\w*c", before.text):
                command.script = self._script_inside(word.text, word.start - self._offset)
                return

    def _here_documents(self) -> None:
        awaited, self._awaited = self._awaited, []
        for command, delimiter, stripped, literal in awaited:
            start, lines = self._at, []
            while self._at < len(self.text):
                stop = self.text.find("\n", self._at)
                stop = len(self.text) if stop < 0 else stop
                line = self.text[self._at : stop]
                self._at = stop + 1
                if (line.lstrip("\t") if stripped else line).rstrip("\r") == delimiter:
                    break
                lines.append(line)
            text, at, end = "\n".join(lines), self._place(start), self._place(self._at)
            names = [word.text.rsplit("/", 1)[-1] for word in command.words if word.text[:1] != "-"]
            # The first word, or the last: `docker exec -i app sh`.
            is_script = bool(names) and (names[0] in _TAKES_A_SCRIPT or names[-1] in SHELLS)
            if is_script:
                command.script = self._script_inside(text, start)
            command.given = Word(text.replace("$", LITERAL_DOLLAR) if literal else text, at, end)
            if not literal and not is_script and ("$(" in text or "`" in text or "\\" in text):
                command.given = replace(self._document(text, at), end=end)
