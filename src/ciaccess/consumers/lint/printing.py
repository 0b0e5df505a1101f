"""What a command prints, where its words show it: how scripts build the body of a request.

Owns echo, printf, cat, tee, envsubst, the substitutions of sed, and `jq -n`. What others print is unknown.
"""

from __future__ import annotations

import re
from itertools import chain, pairwise, repeat
from typing import TYPE_CHECKING

from ciaccess.consumers.lint.shell_words import LITERAL_DOLLAR

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_CONVERSION = re.compile(r"%(%|[-+ #0]*\d*(?:\.\d+)?[a-zA-Z])")
_ECHO_OPTION = re.compile(r"-[neE]+")
_NO_INPUT = re.compile(r"-[a-zA-Z]*n[a-zA-Z]*|--null-input")
_SED_SCRIPT = ("-e", "--expression")
_SUBSTITUTION = re.compile(r"\bs(?P<by>[^\w\s\\;])(?P<old>.+?)(?P=by)(?P<new>.*?)(?P=by)")
_PATTERN = re.compile(r"[\\^*\[\]]|\$$")
_MOST_CHARACTERS = 20_000


def output_of(name: str, words: Sequence[str], given: str, files: Mapping[str, str]) -> str | None:
    """Return what a command prints, None where that is not known.

    `given` is its standard input, `files` are texts by file.
    """
    match name:
        case "echo":
            return " ".join(word for word in words if not _ECHO_OPTION.fullmatch(word))
        case "printf" if words and not words[0].startswith("-"):
            return _format(words[0], words[1:])
        case "cat" | "tee" | "envsubst":
            text = _input([word for word in words if word != "-"] if name == "cat" else (), given, files)
            return text.replace(LITERAL_DOLLAR, "$") if text and name == "envsubst" else text
        case "sed":
            return _output_of_sed(words, given, files)
        case "jq" if any(_NO_INPUT.fullmatch(word) for word in words):
            return _jq(words)
        case _:
            return None


def _input(names: Sequence[str], given: str, files: Mapping[str, str]) -> str | None:
    """Return the text of these files, or of the standard input where none is named."""
    texts = [files[name] for name in names if name in files]
    if len(texts) != len(names) or sum(map(len, texts)) > _MOST_CHARACTERS:
        return None
    text = "\n".join(texts) or given
    return text if 0 < len(text) <= _MOST_CHARACTERS else None


def _output_of_sed(words: Sequence[str], given: str, files: Mapping[str, str]) -> str | None:
    """Return what sed prints, where its scripts only replace literal texts."""
    scripts = [after for option, after in pairwise(words) if option in _SED_SCRIPT]
    names = [
        word
        for before, word in zip(("", *words), words, strict=False)
        if not word.startswith("-") and before not in _SED_SCRIPT
    ]
    if not scripts:
        scripts, names = names[:1], names[1:]
    text = _input(names, given, files)
    made = list(_SUBSTITUTION.finditer("\n".join(scripts)))
    if text is None or not made or any(_PATTERN.search(each["old"]) for each in made):
        return None
    for each in made:
        if len(text) + text.count(each["old"]) * len(each["new"]) > _MOST_CHARACTERS:
            return None
        text = text.replace(each["old"], each["new"])
    return text


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
