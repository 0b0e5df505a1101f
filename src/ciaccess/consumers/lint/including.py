"""The files that a pipeline includes: those at hand are read, the others are named.

A local file belongs to the repository of the file that includes it. ciaccess's own templates are at hand, too.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ciaccess.consumers.lint.document import (
    Source,
    SourceError,
    Value,
    deep_merge,
    is_scalar,
    load,
    mapping_of,
)
from ciaccess.environment import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ciaccess.consumers.lint.document import Mapping

_MOST_FILES = 150  # GitLab's own limit
_REMOTE_KINDS = ("project", "component", "remote", "artifact")


@dataclass
class Included:
    """The configuration with all readable includes; `unread` names the others.

    `sources` are the files that were read, the first one first.
    """

    config: Mapping
    sources: list[Source]
    unread: list[str] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        """Report whether nothing that a job could take its keys from is missing."""
        # GitLab's own templates know nothing of this organisation's Vault.
        return all(each.startswith("template ") for each in self.unread)


def expand(text: str, path: Path, own_project: str | None) -> Included:
    """Read a pipeline's file and what it includes.

    Raises:
        SourceError: a file is not YAML; the text names an included one.
    """
    return _Expansion(own_project).whole(Source(str(path), text), path)


class _Expansion:
    def __init__(self, own_project: str | None) -> None:
        self._own_project = own_project
        self._read: dict[str, Source] = {}
        self._unread: list[str] = []

    def whole(self, source: Source, path: Path) -> Included:
        self._read[source.name] = source
        config = self._with_includes(load(source), path, (path.resolve(),))
        return Included(config, list(self._read.values()), self._unread)

    def _with_includes(self, config: Mapping, path: Path, above: tuple[Path, ...]) -> Mapping:
        merged: Mapping = {}
        for include in _includes(config.get("include")):
            inputs = mapping_of(include.get("inputs"))
            for file in self._files(include, path):
                if file.resolve() in above or len(self._read) >= _MOST_FILES:
                    self._unread.append(f"local {file}")
                    continue
                body = self._load(file, inputs)
                merged = deep_merge(merged, self._with_includes(body, file, (*above, file.resolve())))
        own = {key: value for key, value in config.items() if key != "include"}
        return deep_merge(merged, own)

    def _load(self, file: Path, inputs: Mapping) -> Mapping:
        try:
            source = Source(str(file), file.read_bytes().decode("utf-8"))
            body = load(source, inputs)
        except (OSError, UnicodeDecodeError):
            self._unread.append(f"local {file}")
            return {}
        except SourceError as error:
            raise SourceError(f"{file}: {error}") from None
        self._read.setdefault(source.name, source)
        return body

    def _files(self, include: Mapping, path: Path) -> Iterator[Path]:
        if is_scalar(local := include.get("local")):
            found = _local(str(local), path)
            if not found:
                self._unread.append(f"local {local}")
            yield from found
        elif self._own_project and include.get("project") == self._own_project:
            for named in _as_list(include.get("file")):
                file = ROOT / str(named).lstrip("/")
                if file.resolve().is_relative_to(ROOT):
                    yield file
        else:
            for kind in (*_REMOTE_KINDS, "template"):
                if is_scalar(named := include.get(kind)):
                    files = " ".join(map(str, _as_list(include.get("file"))))
                    self._unread.append(f"{kind} {named} {files}".rstrip())
                    break


def _includes(value: Value) -> Iterator[Mapping]:
    for each in _as_list(value):
        if is_scalar(each):
            yield {"remote" if each.startswith(("http://", "https://")) else "local": each}
        elif isinstance(each, dict):
            yield each


def _as_list(value: Value) -> list[Value]:
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


def _local(pattern: str, path: Path) -> list[Path]:
    """Find a local include from the repository's top or a folder below; never read outside of it."""
    relative = pattern.lstrip("/")
    above = list(path.resolve().parents)
    # A copy of some files has no repository: its own folder stands for the top.
    depth = next((index for index, folder in enumerate(above) if (folder / ".git").exists()), 0)
    top = above[depth]
    for folder in (top, *above[:depth]):
        try:
            found = sorted(folder.glob(relative)) if "*" in relative else [folder / relative]
        except ValueError:
            return []
        if found := [each for each in found if each.is_file() and each.resolve().is_relative_to(top)]:
            return found
    return []
