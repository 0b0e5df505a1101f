"""A draft of access.yaml: its data, remarks on places in it, and its text with these as comments."""

from __future__ import annotations

import io
import re
import textwrap
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import SingleQuotedScalarString

from ciaccess.access.reading.document import YamlPath

_INDENT = 2
_WIDTH = 110
_PLAIN = re.compile(r"[A-Za-z0-9_$/](?:[^:]|:(?=[A-Za-z0-9/]))*")
_HEAD = """\
# yaml-language-server: $schema=./access.schema.json
#
# Written by `./ciaccess adopt crawl`: the existing objects, as closely as access.yaml can describe them. A comment that
# begins with a rule's name explains a difference, and what to do. Check the file with `./ciaccess validate`.
"""


@dataclass(frozen=True)
class Remark:
    """A violated rule, or something that access.yaml cannot express; `path` is its place."""

    rule: str
    path: YamlPath
    text: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.text}. {self.remedy}."


@dataclass
class Draft:
    """Plain data, with its remarks in the order of their creation."""

    data: dict[str, Any] = field(default_factory=dict)
    remarks: list[Remark] = field(default_factory=list)

    def remark(self, rule: str, path: YamlPath, text: str, remedy: str) -> None:
        """Add a remark, which becomes a comment at its place."""
        self.remarks.append(Remark(rule, path, text, remedy))

    def comments(self) -> dict[YamlPath, list[str]]:
        """Return the comment lines before each place."""
        found: dict[YamlPath, list[str]] = {}
        for remark in self.remarks:
            found.setdefault(remark.path, []).append(f"{remark.rule}: {remark}")
        return found


def text(draft: Draft) -> str:
    """Return the draft as YAML that reads back as its data."""
    yaml = YAML()
    yaml.width = _WIDTH
    yaml.allow_unicode = True
    yaml.indent(mapping=_INDENT, sequence=2 * _INDENT, offset=_INDENT)
    into = io.StringIO()
    comments = draft.comments()
    yaml.dump(_with_comments(draft.data, (), comments), into)
    return _HEAD + into.getvalue()


def _with_comments(value: Any, path: YamlPath, comments: dict[YamlPath, list[str]]) -> Any:
    if isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        inner = {key: _with_comments(item, (*path, key), comments) for key, item in pairs}
        made = CommentedMap(inner) if isinstance(value, dict) else CommentedSeq(inner.values())
        commented = {key: lines for key in inner if (lines := comments.get((*path, key)))}
        if not value or (isinstance(value, list) and not commented and _fits(value, path)):
            made.fa.set_flow_style()
        for key, lines in commented.items():
            comment = _wrap(lines, len(path))
            made.yaml_set_comment_before_after_key(key, before=comment, indent=_INDENT * len(path))
        return made
    # ruamel does not quote some texts with YAML's own marks, such as `?0` and `0:?`.
    if isinstance(value, str) and not _PLAIN.fullmatch(value):
        return SingleQuotedScalarString(value)
    return value


def _fits(value: list[Any], path: YamlPath) -> bool:
    return sum(len(str(item)) + 2 for item in value) + _INDENT * len(path) + len(str(path[-1])) < _WIDTH


def _wrap(lines: list[str], depth: int) -> str:
    """Return lines as a comment; text from a system must not end the comment."""
    plain = (" ".join("".join(c if c.isprintable() else " " for c in line).split()) for line in lines)
    width = _WIDTH - _INDENT * depth - 2
    return "\n".join(
        "\n".join(textwrap.wrap(line, width, subsequent_indent="  ", break_on_hyphens=False))
        for line in plain
    )
