"""What a command prints, where its words show it: how scripts build the body of a request.

Owns echo, printf, cat of a here-document or of a file that the job wrote, tee, and `jq -n`. What others print is unknown.
"""

from __future__ import annotations

import re
from itertools import chain, repeat
from typing import TYPE_CHECKING

from ciaccess.consumers.lint.shell import LITERAL_DOLLAR

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_CONVERSION = re.compile(r"%(%|[-+ #0]*\d*(?:\.\d+)?[a-zA-Z])")
_ECHO_OPTION = re.compile(r"-[neE]+")
_NO_INPUT = re.compile(r"-[a-zA-Z]*n[a-zA-Z]*|--null-input")
_MOST_CHARACTERS = 20_000


def output_of(name: str, words: Sequence[str], given: str, files: Mapping[str, str]) -> str | None:
    """Return what a command prints, None where that is not known. `files` are texts by file."""
    match name:
        case "echo":
            return " ".join(word for word in words if not _ECHO_OPTION.fullmatch(word))
        case "printf" if words and not words[0].startswith("-"):
            return _format(words[0], words[1:])
        case "cat":
            text = "\n".join(files.get(word, "") for word in words if word != "-") or given
            known = all(word in files for word in words if word != "-")
            return text if known and 0 < len(text) <= _MOST_CHARACTERS else None
        case "tee" if given:
            return given
        case "jq" if any(_NO_INPUT.fullmatch(word) for word in words):
            return _jq(words)
        case _:
            return None


def _format(template: str, words: Sequence[str]) -> str:
    """Return printf's text: the template, once more as long as words are left."""
    places = sum(each != "%" for each in _CONVERSION.findall(template))
    rounds = max(1, -(-len(words) // places)) if places else 1
    rounds = min(rounds, max(1, _MOST_CHARACTERS // (len(template) or 1)))
    given = chain(words, repeat(""))
    filled = _CONVERSION.sub(lambda match: "%" if match.group(1) == "%" else next(given), template * rounds)
    return filled.replace("\\n", "\n").replace('\\"', '"')


def _jq(words: Sequence[str]) -> str:
    """Return jq's words, with its variables filled in: what it prints is among them."""
    text = " ".join(words)
    for option, name, value in zip(words, words[1:], words[2:], strict=False):
        if option in ("--arg", "--argjson"):
            text = re.sub(rf"[${LITERAL_DOLLAR}]{re.escape(name)}\b", value.replace("\\", r"\\"), text)
    return re.sub(rf"[${LITERAL_DOLLAR}]ENV\.|\benv\.", "$", text)
