"""The variables of a job that the file or the shell sets.

A variable that neither sets stays as it is written: where its value is not known, no rule may guess it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ciaccess.consumers.lint.document import Scalar, as_list, is_scalar
from ciaccess.consumers.lint.shell import LITERAL_DOLLAR

if TYPE_CHECKING:
    from ciaccess.consumers.lint.merging import Job
    from ciaccess.consumers.lint.vocabulary import Vocabulary

VARIABLE = re.compile(
    r"\$(?:\{(?P<braced>\w+)(?:(?P<operator>:?[-=])(?P<default>[^{}]*)|(?P<other>[^{}\w][^{}]*))?\}|(?P<plain>\w+))"
)
MOST_VALUE_CHARACTERS = 4_000


def variables_in(text: str) -> list[str]:
    """Return the names of the variables in a text, in order."""
    return [match["braced"] or match["plain"] for match in VARIABLE.finditer(text)]


def only_variable(text: str) -> str:
    """Return the name of the variable that a text consists of, empty if it is another text."""
    return variables_in(text)[0] if VARIABLE.fullmatch(text) else ""


@dataclass
class Variables:
    """The known variables of a job; `origins` are the scalars of their values.

    `files` are the texts that it writes.
    """

    values: dict[str, str] = field(default_factory=dict)
    origins: dict[str, list[Scalar]] = field(default_factory=dict)
    opaque: set[str] = field(default_factory=set)
    files: dict[str, str] = field(default_factory=dict)

    def fill_in(self, text: str, depth: int = 0) -> str:
        """Return a text with the known variables' values in it."""
        if "$" not in text or depth > 4:  # noqa: PLR2004 a variable of a variable of a variable
            return text
        return VARIABLE.sub(lambda match: self._value(match, depth), text)

    def _value(self, match: re.Match[str], depth: int) -> str:
        name = match["braced"] or match["plain"]
        if match["other"]:
            return match.group()
        if name in self.values:
            return self.fill_in(self.values[name], depth + 1)
        if match["operator"] and name not in self.opaque:
            return match["default"]
        return match.group()

    def assign(self, name: str, value: str) -> None:
        """Note what the shell sets; what a command prints is not known."""
        self.origins.pop(name, None)
        filled = value if len(value) > MOST_VALUE_CHARACTERS else self.fill_in(value)
        if "$(" in value or "`" in value or len(filled) > MOST_VALUE_CHARACTERS:
            self.values.pop(name, None)
            self.opaque.add(name)
        else:
            # A value that names the variable itself would be filled in for ever.
            self.values[name] = filled.replace(f"${name}", LITERAL_DOLLAR + name)


def variables_of(job: Job, words: Vocabulary) -> Variables:
    """Return the variables before the first line: GitLab's, the group's, and the file's."""
    known = Variables(dict(words.known_variables))
    for name, value in job.variables.items():
        if is_scalar(value):
            known.values[name] = value
            known.origins[name] = [value]
        else:
            known.values.pop(name, None)
    for section in job.alternatives:
        for name, value in section.items():
            found = [each for each in as_list(value) if is_scalar(each)]
            known.origins.setdefault(name, []).extend(found)
            if len(known.origins[name]) == 1 and found:
                known.values[name] = found[0]
            elif any(each != known.values.get(name) for each in found):
                known.values.pop(name, None)
    return known
