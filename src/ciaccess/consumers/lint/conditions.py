"""Whether a command succeeds, where the script decides it by literals, arguments, its variables.

What the YAML, GitLab or a program decides is not known: a run may differ.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from operator import eq, ge, gt, le, lt, ne
from typing import TYPE_CHECKING

from ciaccess.consumers.lint.shell_words import PRINTED
from ciaccess.consumers.lint.variables import fill_in, is_outside, variables_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ciaccess.consumers.lint.reading import Call
    from ciaccess.consumers.lint.shell_words import Word
    from ciaccess.consumers.lint.variables import Values

_SUCCEED = frozenset({"true", ":", "echo", "printf", "export", "local", "set", "shift", "unset", "readonly"})
_COMPARISON = re.compile(r"(\d{1,18})\s*(-eq|-ne|-lt|-le|-gt|-ge|==|!=|<=|>=|<|>)\s*(\d{1,18})")
_OPERATORS = {"==": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}
_NUMBERS = {"-eq": "==", "-ne": "!=", "-lt": "<", "-le": "<=", "-gt": ">", "-ge": ">="}


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
        case [text]:
            return text != ""
        case ["-n", text]:
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
    if not found:
        return None
    one, other = int(found[1]), int(found[3])
    return bool(_OPERATORS[_NUMBERS.get(found[2], found[2])](one, other))
