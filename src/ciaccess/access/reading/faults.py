"""A fault of access.yaml (place, problem, allowed values, remedy), and the error with all faults."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from os.path import commonprefix
from typing import Any, Literal

from ciaccess.errors import CiaccessError, CommandError

MOST_VALUE_CHARACTERS = 80
# Two letters swapped are half of such a word.
_SHORT = 4


@dataclass(frozen=True)
class Fault:
    """A fault; `line` and `column` count from 1, `field` is the dotted path of the key.

    A warning does not make the file invalid.
    """

    file: str
    line: int
    column: int
    field: str
    value: Any
    message: str
    allowed: str
    remedy: str
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        text = f"{self._place()}: {self.message}."
        if self.allowed:
            text += f" Allowed: {self.allowed}."
        return f"{text} {self.remedy}" + ("" if self.remedy.endswith("?") else ".")

    def _place(self) -> str:
        mark = "warning: " if self.severity == "warning" else ""
        return f"{self.file}:{self.line}:{self.column}: {mark}{self.field}"

    def to_json(self) -> dict[str, Any]:
        """Return the fault as a JSON object with the names of the attributes."""
        return asdict(self)


class FileFault(Fault):
    """A fault of a whole file: its text names no line, its JSON the first one."""

    def _place(self) -> str:
        return self.file


class ConfigError(CiaccessError):
    """access.yaml cannot be used. `faults` are all of them, sorted by line, warnings among them."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        errors = [str(fault) for fault in faults if fault.severity == "error"] or [
            str(each) for each in faults
        ]
        several = f"{len(errors)} faults. Correct them first:\n  " if len(errors) > 1 else ""
        super().__init__(several + "\n  ".join(errors))
        self.faults = faults


def display(value: Any, most_characters: int = MOST_VALUE_CHARACTERS) -> str:
    """Return a value as a message shows it: JSON on one line, cut when it is long."""
    return truncate(json.dumps(value, ensure_ascii=False, default=str), most_characters)


def truncate(text: str, most_characters: int) -> str:
    """Return a text, cut with an ellipsis when it is long."""
    return text if len(text) <= most_characters else f"{text[: most_characters - 1]}…"


def closest(word: str, words: tuple[str, ...] | list[str]) -> str | None:
    """Return the word that was probably meant, None when nothing is near.

    What it and all words begin with makes none of them similar.
    """
    from difflib import get_close_matches  # noqa: PLC0415 only when something is wrong

    shared = commonprefix([word.lower(), *(other.lower() for other in words)]) if len(words) > 1 else ""  # noqa: RUF071 of words, not of paths
    lowered = {other.lower().removeprefix(shared): other for other in words}
    given = word[:100].lower().removeprefix(shared)
    found = get_close_matches(given, lowered, n=1, cutoff=0.6 if len(given) > _SHORT else 0.5)
    return lowered[found[0]] if found else None


def suggest(word: str, words: tuple[str, ...] | list[str], otherwise: str) -> str:
    """Return the remedy for an unknown word: the most similar of `words`, else `otherwise`."""
    guess = closest(word, words)
    return f"Did you mean {guess}?" if guess else otherwise


def require_declared(names: Iterable[str], declared: Iterable[str]) -> None:
    """Refuse the name of an account that access.yaml does not have.

    Raises:
        CommandError: there is one; the text has the most similar name and all that are declared.
    """
    known = list(declared)
    for name in names:
        if name not in known:
            remedy = f"{suggest(name, known, '')} Declared accounts: {', '.join(known)}".strip()
            raise CommandError(f"account {display(name)} is not declared", remedy=remedy)
