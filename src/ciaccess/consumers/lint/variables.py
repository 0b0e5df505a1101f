"""The variables of a job that the file or the shell sets.

A variable that neither sets stays as it is written: where its value is not known, no rule may guess it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import islice, product
from typing import TYPE_CHECKING

from ciaccess.consumers.lint.document import is_scalar, scalars_of
from ciaccess.consumers.lint.shell_words import LITERAL_DOLLAR, PRINTED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ciaccess.consumers.lint.merging import Job
    from ciaccess.consumers.lint.vocabulary import Vocabulary

# By name; None for one that is set to what is not known. A value that the YAML sets is its scalar.
Values = Mapping[str, str | None]

# PowerShell writes $env:NAME.
VARIABLE = re.compile(
    r"\$(?:\{(?:env:)?(?P<braced>\w+|[@*#])(?:\[[@*]\])?(?:(?P<operator>:?[-=?])(?P<default>[^{}]*)|(?P<other>[^{}\w][^{}]*))?\}"
    r"|(?:env:)?(?P<plain>\w+|[@*#]))",
    re.IGNORECASE,
)
# What cuts or replaces a literal text: `%end`, `#beginning`, `/old/new`, `//all/new`, `/#beginning/new`, `/%end/new`.
_LITERAL = r"(?:\\.|[^\\/*?\[\]$\"'])"
_CUT = re.compile(rf"(%|#)\1?+((?:{_LITERAL}|/)+)")
_SWAP = re.compile(rf"/(?:(?P<all>/)|(?P<at>[#%]))?+(?P<old>{_LITERAL}+)(?:/(?P<new>[^$\\&\"']*))?")
_ESCAPE = re.compile(r"\\(.)")
MOST_VALUE_CHARACTERS = 20_000
_MOST_ROUNDS = 5  # a variable of a variable of a variable
_MOST_OF_A_MATRIX = 200  # jobs, as in GitLab


class Outside(str):
    """A text made of values from outside the script: another run may have another one."""

    __slots__ = ()


def is_outside(text: str | None) -> bool:
    """Report whether the YAML, GitLab or a group variable decides a text."""
    return isinstance(text, Outside) or is_scalar(text)


def made_of(parts: Iterable[str | None], text: str) -> str:
    """Return a text made of others, marked where one of them comes from outside."""
    return Outside(text) if any(map(is_outside, parts)) else text


def variables_in(text: str) -> list[str]:
    """Return the names of the variables in a text, in order."""
    return [match["braced"] or match["plain"] for match in VARIABLE.finditer(text)]


def only_variable(text: str) -> str:
    """Return the name of the variable that a text consists of, empty if it is another text."""
    return variables_in(text)[0] if VARIABLE.fullmatch(text) else ""


def fill_in(text: str, values: Values) -> str:
    """Return a text with the known variables' values in it; as it is, where that is too long."""
    for _ in range(_MOST_ROUNDS):
        if "$" not in text:
            break
        found = [
            (match, value)
            for match in VARIABLE.finditer(text)
            if (value := _value(match, values)) is not None
        ]
        if not found or len(text) + sum(len(value) for _, value in found) > MOST_VALUE_CHARACTERS:
            break
        parts, at = [], 0
        for match, value in found:
            parts += [text[at : match.start()], value]
            at = match.end()
        text = made_of((text, *(value for _, value in found)), "".join([*parts, text[at:]]))
    return text


def _value(match: re.Match[str], values: Values) -> str | None:
    name = match["braced"] or match["plain"]
    value, operator = values.get(name), match["operator"] or ""
    if match["other"]:
        return None if value is None else _edit(value, match["other"])
    is_missing = name not in values or (value == "" and operator.startswith(":"))
    if is_missing:
        return (
            None if operator.endswith("?") or match["default"] is None else made_of([value], match["default"])
        )
    return value


def _edit(value: str, by: str) -> str | None:
    """Return a value with a literal end or beginning cut off, or a text replaced; else None."""
    if cut := _CUT.fullmatch(by):
        part = _ESCAPE.sub(r"\1", cut[2])
        text = value.removesuffix(part) if cut[1] == "%" else value.removeprefix(part)
    elif swap := _SWAP.fullmatch(by):
        part, new = _ESCAPE.sub(r"\1", swap["old"]), swap["new"] or ""
        if swap["at"] == "#":
            text = new + value.removeprefix(part) if value.startswith(part) else value
        elif swap["at"] == "%":
            text = value.removesuffix(part) + new if value.endswith(part) else value
        else:
            text = value.replace(part, new, -1 if swap["all"] else 1)
    else:
        return None
    return made_of([value], text)


def assign(values: Values, name: str, text: str) -> Values:
    """Return the variables after the shell sets one; what a command prints is not known."""
    if is_scalar(value := values.get(only_variable(text))) and "$" not in value:
        return {**values, name: value}
    filled = fill_in(text, values)
    if PRINTED in filled or len(filled) > MOST_VALUE_CHARACTERS:
        return {**values, name: None}
    # A value that names the variable itself would be filled in for ever.
    return {**values, name: made_of([filled], filled.replace(f"${name}", LITERAL_DOLLAR + name))}


def first_values(job: Job, words: Vocabulary) -> list[Values]:
    """Return the variables before the first line: one set for each case.

    A set for each entry of rules and each value of a matrix; only values that are compared with each other are combined: axes with roles,
    accounts, audiences or addresses.
    """
    base: dict[str, str | None] = {name: Outside(value) for name, value in words.known_variables.items()}
    base |= {name: value if is_scalar(value) else None for name, value in job.variables.items()}
    found: list[Values] = [base]
    for section in job.alternatives:
        lists = {name: each for name, value in section.items() if (each := scalars_of(value))}
        longest = max(map(len, lists.values()), default=0)
        few = [[each[index % len(each)] for each in lists.values()] for index in range(longest)]
        axes = [
            each
            if any(value in words.compared or "/" in value or "$" in value for value in each)
            else each[:1]
            for each in lists.values()
        ]
        rows = [*few, *islice(product(*axes), _MOST_OF_A_MATRIX)]
        found += [{**base, **dict(zip(lists, row, strict=True))} for row in rows]
    return found
