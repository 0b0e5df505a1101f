"""The text of a draft: keys in the draft's order, each remark as a comment before its place."""

from __future__ import annotations

import io
import re
import textwrap
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import SingleQuotedScalarString

from ciaccess.access.reading.document import YamlPath
from ciaccess.adoption.draft import Draft

_INDENT = 2
_WIDTH = 110
_PLAIN = re.compile(r"[A-Za-z0-9_$/](?:[^:]|:(?=[A-Za-z0-9/]))*")
_HEAD = """\
# yaml-language-server: $schema=./access.schema.json
#
# Written by `./ciaccess adopt crawl`: the existing objects, as closely as access.yaml can describe them. A comment that
# begins with a rule's name explains a difference, and what to do. Check the file with `./ciaccess validate`.
"""


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
    if isinstance(value, dict):
        made = CommentedMap(
            (key, _with_comments(item, (*path, key), comments)) for key, item in value.items()
        )
        if not value:
            made.fa.set_flow_style()
        for key in value:
            if lines := comments.get((*path, key)):
                made.yaml_set_comment_before_after_key(
                    key, before=_wrap(lines, len(path)), indent=_INDENT * len(path)
                )
        return made
    if isinstance(value, list):
        items = CommentedSeq(
            _with_comments(item, (*path, index), comments) for index, item in enumerate(value)
        )
        if not any((*path, index) in comments for index in range(len(value))) and _fits(value, path):
            items.fa.set_flow_style()
        for index in range(len(value)):
            if lines := comments.get((*path, index)):
                items.yaml_set_comment_before_after_key(
                    index, before=_wrap(lines, len(path)), indent=_INDENT * len(path)
                )
        return items
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
