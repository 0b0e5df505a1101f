"""A pipeline's configuration as GitLab merges it: includes, inputs, extends and !reference, in GitLab's order.

Knows files, not the API: `Repository` reads one of a project. Leaves `default` and hidden jobs where they are, as
GitLab's merged YAML does; `include: template` and `remote` cannot be read here and are errors, as they are in GitLab
when the file does not exist.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Protocol

import yaml  # type: ignore[import-untyped]  # its stubs are no dependency of ours

if TYPE_CHECKING:
    from collections.abc import Iterator

Config = dict[str, Any]
_INPUT = re.compile(r"\$\[\[\s*inputs\.([\w-]+)\s*\]\]")
_COMPONENT = re.compile(r"[^/]+/(?P<project>.+)/(?P<name>[\w.-]+)@[^@]+")
_MOST_LEVELS = 10
_MOST_FILES = 150


class Repository(Protocol):
    """The files of the projects that the caller may see."""

    def file(self, project: str, path: str) -> str | None:
        """Return a file's text, None where it does not exist."""

    def paths(self, project: str) -> list[str]:
        """Return the paths of a project's files."""

    def has(self, project: str) -> bool:
        """Report whether the project exists for the caller."""


class InvalidPipelineError(Exception):
    """GitLab refuses the configuration; the text is its error."""


class _Reference(list[str]):
    """A `!reference [entry, key…]`."""


class _Loader(yaml.SafeLoader):  # type: ignore[misc] # PyYAML has no types
    """Reads YAML as Psych does: dates are text, a merge key replaces what is above it, an anchor may be set again."""

    def compose_node(self, parent: yaml.Node | None, index: object) -> yaml.Node:
        event = self.peek_event()
        if not isinstance(event, yaml.AliasEvent):
            self.anchors.pop(event.anchor, None)
        return super().compose_node(parent, index)


def _reference(loader: _Loader, node: yaml.Node) -> _Reference:
    if not isinstance(node, yaml.SequenceNode):
        raise InvalidPipelineError("!reference must be a sequence of strings")
    return _Reference(str(each) for each in loader.construct_sequence(node, deep=True))


def _mapping(loader: _Loader, node: yaml.MappingNode) -> Iterator[Config]:
    made: Config = {}
    yield made  # an alias inside it finds it
    for key_node, value_node in node.value:
        value = loader.construct_object(value_node, deep=True)
        if key_node.tag == "tag:yaml.org,2002:merge":
            for merged in reversed(value) if isinstance(value, list) else (value,):
                made.update(merged if isinstance(merged, dict) else {})
        else:
            made[str(loader.construct_object(key_node, deep=True))] = value


_Loader.add_constructor("!reference", _reference)
_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


class _Dumper(yaml.SafeDumper):  # type: ignore[misc] # PyYAML has no types
    """Writes text of several lines as a block, as Psych does."""


def _text(dumper: _Dumper, text: str) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


@dataclass
class Merged:
    """A merged configuration, and the files that went into it as (type, location, project)."""

    config: Config
    includes: list[tuple[str, str, str]] = field(default_factory=list)

    def as_yaml(self) -> str:
        """Return the configuration as GitLab's API shows it."""
        options = {"explicit_start": True, "sort_keys": False, "allow_unicode": True, "width": 10_000}
        return str(yaml.dump(self.config, Dumper=_Dumper, **options))


def merge(text: str, project: str, repository: Repository) -> Merged:
    """Merge a project's configuration.

    Raises:
        InvalidPipelineError: GitLab would refuse it.
    """
    includer = _Includer(repository)
    try:
        config = includer.expanded(_load(text, {}), project, ())
        extended = {name: _extended(config, name, ()) for name in config}
        resolved = {name: _resolved(extended, value, ()) for name, value in extended.items()}
    except RecursionError as error:
        raise InvalidPipelineError("The parsed YAML is too big") from error
    return Merged(resolved, includer.included)


def faults(config: Config) -> list[str]:
    """Return what is wrong with the jobs of a merged configuration, in GitLab's words."""
    jobs = {
        name: body
        for name, body in config.items()
        if name not in _GLOBAL and not name.startswith(".") and isinstance(body, dict)
    }
    if not jobs:
        return ["jobs config should contain at least one visible job"]
    return [
        f"jobs:{name} config should implement the script:, run:, or trigger: keyword"
        for name, body in jobs.items()
        if not {"script", "run", "trigger"} & body.keys()
    ]


_GLOBAL = frozenset(
    {"default", "include", "stages", "variables", "workflow", "image", "services", "cache", "before_script"}
    | {"after_script", "spec"}
)


def _load(text: str, inputs: Config) -> Config:
    try:
        documents = [each for each in yaml.load_all(text, Loader=_Loader) if each is not None]
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1} column {mark.column + 1}" if mark else ""
        raise InvalidPipelineError(f"(<unknown>): {getattr(error, 'problem', None)}{where}") from error
    if not documents:
        return {}
    if len(documents) > 1:
        declared = (documents[0].get("spec") or {}).get("inputs") or {}
        documents[-1] = _interpolated(documents[-1], _arguments(declared, inputs))
    if not isinstance(documents[-1], dict):
        raise InvalidPipelineError("Invalid configuration format")
    return documents[-1]


def _arguments(declared: Config, given: Config) -> Config:
    if unknown := sorted(given.keys() - declared.keys()):
        raise InvalidPipelineError(f"unknown input arguments: {', '.join(unknown)}")
    values: Config = {}
    for name, fields in declared.items():
        default = (fields or {}).get("default") if isinstance(fields, dict) else None
        values[name] = given.get(name, default)
        if values[name] is None:
            raise InvalidPipelineError(f"`{name}` input: required value has not been provided")
    return values


def _interpolated(value: Any, inputs: Config) -> Any:
    if isinstance(value, dict):
        return {str(_interpolated(key, inputs)): _interpolated(each, inputs) for key, each in value.items()}
    if isinstance(value, list):
        return type(value)(_interpolated(each, inputs) for each in value)
    if not isinstance(value, str):
        return value
    if whole := _INPUT.fullmatch(value):
        return _input(whole.group(1), inputs)
    return _INPUT.sub(lambda match: str(_input(match.group(1), inputs)), value)


def _input(name: str, inputs: Config) -> Any:
    if name not in inputs:
        raise InvalidPipelineError(f"unknown interpolation key: `{name}`")
    return inputs[name]


class _Includer:
    """Reads what a file includes, at any depth; a local file belongs to the project of the file that names it."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self.included: list[tuple[str, str, str]] = []

    def expanded(self, config: Config, project: str, above: tuple[tuple[str, str], ...]) -> Config:
        merged: Config = {}
        for include in _listed(config.get("include")):
            body: Config = {"local": include} if isinstance(include, str) else include
            inputs: Config = body.get("inputs") or {}
            for kind, owner, path in self._files(body, project):
                merged = _deep_merge(merged, self._read(kind, owner, path, inputs, above))
        return _deep_merge(merged, {key: value for key, value in config.items() if key != "include"})

    def _read(
        self, kind: str, project: str, path: str, inputs: Config, above: tuple[tuple[str, str], ...]
    ) -> Config:
        self.included.append((kind, path, project))
        if (project, path) in above or len(self.included) > _MOST_FILES:
            raise InvalidPipelineError(f"Maximum of {_MOST_FILES} nested includes are allowed!")
        text = self._repository.file(project, path)
        if text is None:
            raise InvalidPipelineError(f"{kind.capitalize()} file `{path}` does not exist!")
        return self.expanded(_load(text, inputs), project, (*above, (project, path)))

    def _files(self, include: Config, project: str) -> Iterator[tuple[str, str, str]]:
        if isinstance(local := include.get("local"), str):
            pattern = local.lstrip("/")
            if "*" not in pattern:
                yield "local", project, pattern
            for path in sorted(self._repository.paths(project)) if "*" in pattern else ():
                if fnmatchcase(path, pattern.replace("**", "*")):
                    yield "local", project, path
        elif isinstance(owner := include.get("project"), str):
            if not self._repository.has(owner):
                raise InvalidPipelineError(f"Project `{owner}` not found or access denied!")
            for path in _listed(include.get("file")):
                yield "file", owner, str(path).lstrip("/")
        elif match := _COMPONENT.fullmatch(str(include.get("component", ""))):
            owner, name = match["project"], match["name"]
            single = f"templates/{name}.yml"
            is_single = self._repository.file(owner, single) is not None
            yield "component", owner, single if is_single else f"templates/{name}/template.yml"
        else:
            named = include.get("remote") or include.get("template") or "unknown"
            raise InvalidPipelineError(f"Included file `{named}` is empty or does not exist!")


def _listed(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


def _deep_merge(base: Config, over: Config) -> Config:
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = (
            _deep_merge(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
        )
    return merged


def _extended(config: Config, name: str, above: tuple[str, ...]) -> Any:
    body = config[name]
    if not isinstance(body, dict) or "extends" not in body:
        return body
    if name in above:
        raise InvalidPipelineError(f"{name}: circular dependency detected in `extends`")
    if len(above) >= _MOST_LEVELS:
        raise InvalidPipelineError(f"{name}: nesting too deep in `extends`")
    bases = [str(each) for each in _listed(body["extends"])]
    if unknown := [each for each in bases if each not in config]:
        raise InvalidPipelineError(f"{name}: unknown keys in `extends` ({', '.join(unknown)})")
    merged: Config = {}
    for base in bases:
        found = _extended(config, base, (*above, name))
        merged = _deep_merge(merged, found if isinstance(found, dict) else {})
    return _deep_merge(merged, body)


def _resolved(config: Config, value: Any, above: tuple[tuple[str, ...], ...]) -> Any:
    if isinstance(value, _Reference):
        if tuple(value) in above or len(above) >= _MOST_LEVELS:
            raise InvalidPipelineError(f"!reference {list(value)} is part of a circular chain")
        found: Any = config
        for step in value:
            if not isinstance(found, dict) or step not in found:
                raise InvalidPipelineError(f"!reference {list(value)} could not be found")
            found = found[step]
        return _resolved(config, found, (*above, tuple(value)))
    if isinstance(value, dict):
        return {key: _resolved(config, each, above) for key, each in value.items()}
    return [_resolved(config, each, above) for each in value] if isinstance(value, list) else value
