"""What a command prints, whether it succeeds, and what it changes in the shell.

Scripts build the body of a request by echo, printf, cat, tee, envsubst, the substitutions of sed, and `jq -n`; what others
print is unknown. What the YAML, GitLab or a program decides is not known: a run may differ.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from itertools import chain, pairwise, repeat
from operator import eq, ge, gt, le, lt, ne
from typing import TYPE_CHECKING

from ciaccess.consumers.lint.shell_words import LITERAL_DOLLAR, PRINTED
from ciaccess.consumers.lint.variables import fill_in, is_outside, made_of, variables_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ciaccess.consumers.lint.reading import Call
    from ciaccess.consumers.lint.shell_words import Word
    from ciaccess.consumers.lint.states import State
    from ciaccess.consumers.lint.variables import Values

ENDS = frozenset({"exit", "return", "break", "continue"})
_CONVERSION = re.compile(r"%(%|[-+ #0]*\d*(?:\.\d+)?[a-zA-Z])")
_ECHO_OPTION = re.compile(r"-[neE]+")
_NO_INPUT = re.compile(r"-[a-zA-Z]*n[a-zA-Z]*|--null-input")
_SED_SCRIPT = ("-e", "--expression")
_SUBSTITUTION = re.compile(r"\bs(?P<by>[^\w\s\\;])(?P<old>.+?)(?P=by)(?P<new>.*?)(?P=by)")
_PATTERN = re.compile(r"[\\^*\[\]]|\$$")
_MOST_CHARACTERS = 20_000
_SUCCEED = frozenset({"true", ":", "echo", "printf", "export", "local", "set", "shift", "unset", "readonly"})
_COMPARISON = re.compile(r"(\d{1,18})\s*(-eq|-ne|-lt|-le|-gt|-ge|==|!=|<=|>=|<|>)\s*(\d{1,18})")
_OPERATORS = {"==": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge} | {
    "-eq": eq, "-ne": ne, "-lt": lt, "-le": le, "-gt": gt, "-ge": ge,
}  # fmt: skip


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


def is_certain(word: Word, values: Values) -> bool:
    """Report whether a word has the same text in every run: only the script sets what it names."""
    names = variables_in(word.text)
    own = all(isinstance(values.get(name), str) and not is_outside(values[name]) for name in names)
    return own and PRINTED not in word.text and "$" not in fill_in(word.text, values)


def succeeds(call: Call, written: Sequence[Word], values: Values) -> bool | None:
    """Tell whether a command, of these words, succeeds, None where that is not known."""
    words = list(call.words)
    if call.name == "false" or call.name in _SUCCEED:
        return call.name != "false"
    if call.name == "cat" and call.given and not call.words and not call.read_from:
        return True
    is_test = call.name in ("test", "[", "[[", "((")
    if not is_test or not all(is_certain(each, values) for each in written):
        return None
    if call.name == "((":
        return _compare(" ".join(words)) if not words[:1] or not words[0].isdecimal() else words[0] != "0"
    words = words[:-1] if words[-1:] in (["]"], ["]]"]) else words
    negated = words[:1] == ["!"]
    found = _test(words[negated:], globs=call.name == "[[")
    return found if found is None else found != negated


def _test(words: Sequence[str], *, globs: bool) -> bool | None:
    match words:
        case [text] | ["-n", text]:
            return text != ""
        case ["-z", text]:
            return text == ""
        case [one, "=" | "==" | "!=" as operator, other]:
            same = fnmatchcase(one, other) if globs else one == other
            return same == (operator != "!=")
        case [_, _, _]:
            return _compare(" ".join(words))
        case _:
            return None


def _compare(text: str) -> bool | None:
    found = _COMPARISON.fullmatch(text.strip())
    return bool(_OPERATORS[found[2]](int(found[1]), int(found[3]))) if found else None


def after_builtin(call: Call, state: State) -> State:
    """Return the state after a command of the shell that changes it."""
    words, arguments = call.words, state.arguments
    if call.name in ENDS:
        return state.but(ended=call.name)
    if call.name == "shift" and arguments is not None:
        number = int(words[0]) if words and re.fullmatch(r"\d{1,9}", words[0]) else 1
        return state.with_arguments(arguments[number:], may_have_more=state.may_have_more)
    if call.name == "set" and "--" in words:
        arguments = call.arguments[words.index("--") + 1 :]
        return state.with_arguments(arguments, may_have_more=call.may_have_more)
    if call.name in ("read", "mapfile", "readarray"):
        names = [each for each in words if each.isidentifier()]
        given = call.given or state.given
        line = given.splitlines()[:1] if names else []
        parts = [made_of([given], part) for each in line for part in each.split(None, len(names) - 1)]
        known = dict(zip(names, parts, strict=False)) if call.name == "read" else {}
        return state.but(values={**state.values, **dict.fromkeys(names), **known}, status=None)
    if call.name == "unset":
        return state.but(values={name: value for name, value in state.values.items() if name not in words})
    return state
