"""The files that a pipeline includes: those at hand are read, the others are named.

A local file belongs to the project of the file that includes it. Whose files they are, on this machine or in GitLab, is
`Files`. ciaccess's own templates are at hand, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ciaccess.consumers.lint.document import (
    Source,
    SourceError,
    Value,
    as_list,
    deep_merge,
    is_scalar,
    load,
    mapping_of,
)
from ciaccess.environment import ROOT

if TYPE_CHECKING:
    from ciaccess.consumers.lint.document import Mapping

_MOST_FILES = 150  # GitLab's own limit; a file that is included twice counts twice
_MOST_STARS = 3  # `**` of one pattern: each multiplies the folders that are searched
_REMOTE_KINDS = ("project", "component", "remote", "artifact")


@dataclass(frozen=True)
class File:
    """A file by the name that findings have; `text` reads it, None where it cannot be read."""

    name: str
    text: Callable[[], str | None]


class Files(Protocol):
    """The files of one project."""

    def files_for(self, pattern: str) -> Sequence[File]:
        """Return the files that `include: local:` names."""

    def of_project(self, project: str, ref: str) -> Files | None:
        """Return another project's files, None where they are not at hand."""


@dataclass(frozen=True)
class LocalFiles:
    """The files of the repository on this machine that `path` is in."""

    path: Path
    own_project: str | None

    def files_for(self, pattern: str) -> Sequence[File]:
        """Return the files that `include: local:` names."""
        return [File(str(each), partial(_text, each)) for each in _local(pattern, self.path)]

    def of_project(self, project: str, ref: str) -> Files | None:
        """Return ciaccess's own files; of other projects none are here."""
        del ref
        return LocalFiles(ROOT / "access.yaml", self.own_project) if project == self.own_project else None


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


def expand(source: Source, files: Files) -> Included:
    """Read a pipeline's file and what it includes.

    Raises:
        SourceError: a file is not a pipeline's YAML; the text names an included one.
    """
    expansion = _Expansion({source.name: source})
    return expansion.result(expansion.with_includes(load(source), files, (source.name,)))


def expand_child(include: Value, files: Files) -> Included:
    """Read the files of a `trigger: include:`, which make one pipeline.

    Raises:
        SourceError: a file is not a pipeline's YAML; the text names it.
    """
    expansion = _Expansion({})
    return expansion.result(expansion.with_includes({"include": include}, files, ()))


class _Expansion:
    def __init__(self, read: dict[str, Source]) -> None:
        self._read = read
        self._unread: list[str] = []
        self._count = len(read)

    def result(self, config: Mapping) -> Included:
        return Included(config, list(self._read.values()), self._unread)

    def with_includes(self, config: Mapping, files: Files, above: tuple[str, ...]) -> Mapping:
        merged: Mapping = {}
        for include in _includes(config.get("include")):
            inputs = mapping_of(include.get("inputs"))
            for file, home in self._files(include, files):
                if file.name in above:  # it has been read, and a pattern matches it again
                    continue
                if self._count >= _MOST_FILES:
                    self._unread.append(f"local {file.name}")
                    continue
                self._count += 1
                body = self._load(file, inputs)
                merged = deep_merge(merged, self.with_includes(body, home, (*above, file.name)))
        own = {key: value for key, value in config.items() if key != "include"}
        return deep_merge(merged, own)

    def _load(self, file: File, inputs: Mapping) -> Mapping:
        text = file.text()
        if text is None:
            self._unread.append(f"local {file.name}")
            return {}
        source = Source(file.name, text)
        try:
            body = load(source, inputs)
        except SourceError as error:
            raise SourceError(f"{file.name}: {error}") from None
        self._read.setdefault(source.name, source)
        return body

    def _files(self, include: Mapping, files: Files) -> Iterator[tuple[File, Files]]:
        home: Files | None = files
        named = [include.get("local")]
        if is_scalar(project := include.get("project")):
            home = files.of_project(str(project), str(include.get("ref") or ""))
            named = as_list(include.get("file"))
        if home is None or not all(map(is_scalar, named)):
            for kind in (*_REMOTE_KINDS, "template"):
                if is_scalar(found := include.get(kind)):
                    paths = " ".join(map(str, as_list(include.get("file") or include.get("job"))))
                    because = " (written by the job)" if kind == "artifact" else ""
                    self._unread.append(f"{kind} {found} {paths}".rstrip() + because)
                    break
            return
        for pattern in named:
            at_hand = home.files_for(str(pattern))
            if not at_hand:
                self._unread.append(f"project {project} {pattern}" if project else f"local {pattern}")
            for file in at_hand:
                yield file, home


def _text(file: Path) -> str | None:
    try:
        return file.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def _includes(value: Value) -> Iterator[Mapping]:
    for each in as_list(value):
        if is_scalar(each):
            yield {"remote" if each.startswith(("http://", "https://")) else "local": each}
        elif isinstance(each, dict):
            yield each


def _local(pattern: str, path: Path) -> list[Path]:
    """Find a local include from the repository's top or a folder below; never read outside of it."""
    relative = pattern.lstrip("/")
    if relative.count("**") > _MOST_STARS:
        return []
    above = list(path.resolve().parents)
    # A copy of some files has no repository: its own folder stands for the top.
    depth = next((index for index, folder in enumerate(above) if (folder / ".git").exists()), 0)
    top = above[depth]
    for folder in (top, *above[:depth]):
        try:
            found = sorted(folder.glob(relative)) if "*" in relative else [folder / relative]
            found = [each for each in found if each.is_file() and each.resolve().is_relative_to(top)]
        except (ValueError, OSError):  # no file can have this name, such as one that is too long
            return []
        if found:
            return found
    return []
