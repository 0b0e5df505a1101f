"""A finding: place, rule, reason, remedy, and the edit of a YAML value, if there is one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from ciaccess.consumers.lint.document import Scalar, Source


# A literal password in a line of a script: behind an option, in an address, header, or variable, on the input of a login.
_QUOTED = r"'[^']*'|\"(?>\\.|[^\"\\])*\""
_INSIDE = rf"(?>{_QUOTED}|[^()'\"]|\((?>{_QUOTED}|[^()'\"]|\([^()]*\))*\))*"
_SUBSTITUTION = rf"\$\((?:{_INSIDE}\)|.*)|`[^`]*`?|\$\{{(?>[^{{}}]|\{{[^{{}}]*\}})*\}}"
_BARE = rf"(?P<value>(?>'[^'\s]*'|\"(?>{_SUBSTITUTION}|\\.|[^\"\\\s])*\"|{_SUBSTITUTION}|\\.|[^\s\"'`|;&<>()\\])+)"
_VALUE = rf"(?:{_BARE}|'(?P<single>[^']+)'|\"(?P<double>(?>{_SUBSTITUTION}|\\.|[^\"\\])+)(?:\"|\Z))"
_NAMED = r"(?:pass(?:word|wd)?|token|secret|api_?key|_auth)"
_USER = r"(?:\s-\w*u|--user|--auth|\s-a)[= ]?\s*"
_LITERALS = (
    re.compile(rf"(?P<before>--?(?![\w-]*-(?:stdin|file))[\w-]*(?:password|passwd|token|secret|api-?key|creds)[\w-]*(?:=|\s+)){_VALUE}", re.IGNORECASE),
    re.compile(rf"(?P<before>\b(?:docker|podman|nerdctl|buildah|skopeo|helm|oras|crane)\b[^|;&]*?\blogin\b[^|;&]*?\s-p=?\s*){_VALUE}"),
    re.compile(rf"(?P<before>'[^'\s]*{_NAMED}\w*=)(?P<literal>[^']+)(?=')", re.IGNORECASE),
    re.compile(rf"(?P<before>\b[\w.-]*{_NAMED}\w*=){_VALUE}", re.IGNORECASE),
    re.compile(rf"(?P<before>{_USER}'[^\s:']+:)(?P<literal>[^']+)(?=')"),
    re.compile(rf"(?P<before>{_USER}\"[^\s:\"]+:)(?P<value>(?>{_SUBSTITUTION}|[^\"])+)(?=\")"),
    re.compile(rf"(?P<before>{_USER}[\"']?[^\s:\"']+:){_VALUE}"),
    re.compile(r"(?P<before>'[^'\s]*://[^\s/:@']+:)(?P<literal>[^\s/@']+)(?=@)"),
    re.compile(rf"(?P<before>://[^\s/:@]+:)(?P<value>(?>{_SUBSTITUTION}|[^\s/@])+)(?=@)"),
    re.compile(r"(?P<before>\b(?:Basic|Bearer|X-Vault-Token:)\s*)(?P<value>[\w+/=.-]{8,})"),
    re.compile(rf"(?P<before>\b(?:echo|printf)\s(?:-\w+\s+|['\"]%s(?:\\n)?['\"]\s+)*){_VALUE}(?=[^;&]*\|[^|;&]*password-stdin)"),
    re.compile(rf"(?P<before>password-stdin[^|;&]*?<<<\s*){_VALUE}"),
)  # fmt: skip
# What a file or a server has is not in the line; what other commands print may be.
_ELSEWHERE = re.compile(
    r"(?:\$\(|`)\s*(?:(?:cat\s+|<\s*)[\w./~${}\"-]+|(?:(?:echo|printf|jq)\b[^|()`]*\|\s*)?(?:vault|bao|curl|wget)\b"
    r"(?>(?!\|\||<<<|\b(?:echo|printf)\b)[^()`])*)\s*(?:[)`]|\Z)"
)
_PLAIN_VARIABLE = re.compile(
    r"(?<!\\)\$(?:\{(?:env:)?(?:\w+|[@*#])(?::?\?[^{}$`]*|:?[-=](?:\$\w+)?)?\}|(?:env:)?(?:\w+|[@*#]))"
)


def is_literal(word: str) -> bool:
    """Report whether a word of a script, as it is written, may show a password."""
    left = _ELSEWHERE.sub("", word)
    return "'" in left or re.search(r"\w", _PLAIN_VARIABLE.sub("", left)) is not None


def without_passwords(line: str) -> str:
    """Return a line of a script without the literal passwords that it shows."""
    for pattern in _LITERALS:
        line = pattern.sub(_hide, line)
    return line


def _hide(match: re.Match[str]) -> str:
    group = match.lastgroup or "value"
    if group in ("double", "value") and not is_literal(match[group]):
        start, end = (at - match.start() for at in match.span(group))
        whole = match.group()
        return f"{whole[:start]}{without_passwords(match[group])}{whole[end:]}"
    first = match[group][0]
    quote = {"single": "'", "double": '"'}.get(group, first if first in ("'", '"') else "")
    return f"{match['before']}{quote}***{quote}"


@dataclass(frozen=True)
class Edit:
    """Replaces a part of a file, from `start` to `end` in characters, by another text."""

    source: Source
    start: int
    end: int
    text: str

    @classmethod
    def replace(cls, scalar: Scalar, text: str) -> Self | None:
        """Return the edit that replaces a YAML scalar, None unless it is on one line as it is."""
        node = scalar.node
        start, end = node.start_mark.index, node.end_mark.index
        quote = node.style if node.style in ("'", '"') else ""
        if node.style in ("|", ">") or scalar.source.text[start:end] != f"{quote}{scalar}{quote}":
            return None
        return cls(scalar.source, start, end, f"{quote}{text}{quote}")


@dataclass(frozen=True)
class Finding:
    """What was found; `line` counts from 1, as editors do.

    `suggestion` is a line of the script as it should be: nothing writes it, for what a shell does with it cannot be proved.
    """

    rule: str
    source: Source
    line: int
    job: str
    why: str
    remedy: str
    suggestion: str = ""
    edit: Edit | None = None

    @property
    def place(self) -> tuple[str, int, str, str]:
        """Return what tells findings apart: the same line serves several jobs."""
        return self.source.name, self.line, self.rule, self.why

    def to_json(self) -> dict[str, Any]:
        """Return the finding as a JSON object."""
        return {
            "file": self.source.name,
            "line": self.line,
            "rule": self.rule,
            "job": self.job,
            "why": self.why,
            "remedy": self.remedy,
            "suggestion": self.suggestion,
            "fixable": self.edit is not None,
        }
