"""The jobs that GitLab runs, with extends, !reference, default and variables applied.

Owns what a job has in the end, and whether that is all known. Knows no shell and nothing of what is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from yaml.nodes import ScalarNode  # type: ignore[import-untyped]  # its stubs are not installed

from ciaccess.consumers.lint.document import (
    UNKNOWN,
    Reference,
    Scalar,
    SourceError,
    Value,
    as_list,
    at,
    deep_merge,
    is_scalar,
    mapping_of,
    scalars_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ciaccess.consumers.lint.document import Mapping
    from ciaccess.consumers.lint.including import Included

_NO_JOBS = frozenset(
    {"default", "include", "stages", "variables", "workflow", "spec", "image", "services", "cache"}
    | {"before_script", "after_script", "types"}
)
_BY_DEFAULT = ("before_script", "after_script", "hooks", "id_tokens", "image", "artifacts")
# What makes an entry a job, or a part of one.
_RUNS = frozenset(
    {"script", "run", "trigger", "extends", "before_script", "after_script", "hooks", "secrets"}
)
_GLOBAL = ("before_script", "after_script", "image")
_DEEPEST = 11  # GitLab: ten levels of extends, and of references
_MOST_LINES = 20_000  # of one job's script


@dataclass
class Job:
    """A merged job; `is_whole`: all its keys are known, none comes from an unread file."""

    name: Scalar
    body: Mapping
    variables: Mapping
    alternatives: list[Mapping]
    is_whole: bool

    @property
    def is_hidden(self) -> bool:
        """Report whether it only serves other jobs."""
        return self.name.startswith(".")

    @property
    def id_tokens(self) -> Mapping | None:
        """Return its id_tokens by variable; None where they are not known."""
        tokens = self.body.get("id_tokens")
        if isinstance(tokens, dict):
            return tokens
        return {} if self.is_whole and tokens is not UNKNOWN else None

    @cached_property
    def shells(self) -> list[list[Scalar]]:
        """Return its scripts by the shell that they run in, one after the other."""
        parts = [
            _lines(at(self.body, "hooks", "pre_get_sources_script")),
            _lines(self.body.get("before_script")) + _lines(self.body.get("script")),
            *(_lines(at(step, "script")) for step in as_list(self.body.get("run"))),
            _lines(self.body.get("after_script")),
        ]
        return [part for part in parts if part]

    @property
    def dotenv_files(self) -> list[Scalar]:
        """Return the files whose variables later jobs get."""
        return scalars_of(at(self.body, "artifacts", "reports", "dotenv"))

    @property
    def artifact_paths(self) -> list[Scalar]:
        """Return the files, folders and patterns that it keeps."""
        return scalars_of(at(self.body, "artifacts", "paths"))

    @property
    def runs_something(self) -> bool:
        """Report whether it has anything that makes it a job; GitLab refuses one without."""
        return not _RUNS.isdisjoint(self.body)

    @property
    def child_pipeline(self) -> Value:
        """Return the include of the child pipeline that it starts, None where it starts none."""
        return None if self.is_hidden else at(self.body, "trigger", "include")

    @property
    def passed_on(self) -> Mapping:
        """Return the variables that its child pipeline gets, which outweigh the child's own."""
        forward = at(self.body, "trigger", "forward", "yaml_variables")
        return {} if str(forward).lower() == "false" else self.variables

    @property
    def image(self) -> str:
        """Return its image's name, empty where it has none."""
        image = self.body.get("image")
        named = image.get("name") if isinstance(image, dict) else image
        return str(named) if is_scalar(named) else ""


class Pipeline:
    """A merged configuration and its jobs, hidden ones last; `given` are variables from outside."""

    def __init__(self, included: Included, given: Mapping | None = None) -> None:
        self.is_whole = included.is_whole
        self._given = given or {}
        self._extended: dict[str, tuple[Mapping, bool]] = {}
        self.unread = included.unread
        self.sources = included.sources
        self._raw = included.config
        config = {
            name: self._extend(str(name), ())[0] if isinstance(value, dict) else value
            for name, value in included.config.items()
        }
        references = _References(config)
        self.config: Mapping = {name: references.resolve(value) for name, value in config.items()}
        self.jobs = sorted(self._jobs(), key=lambda job: job.is_hidden)

    def variable_sections(self) -> Iterator[Mapping]:
        """Yield every mapping of CI/CD variables: of the file, the jobs, rules and a matrix."""
        for name, value in self.config.items():
            if name == "variables":
                yield mapping_of(value)
            elif name not in _NO_JOBS or name == "workflow":
                yield mapping_of(at(value, "variables"))
                yield from _alternatives(value)
                yield from (mapping_of(at(step, "env")) for step in as_list(at(value, "run")))

    def _extend(self, name: str, above: tuple[str, ...]) -> tuple[Mapping, bool]:
        """Return an entry with what it extends, and whether every base was there."""
        if name in self._extended:
            return self._extended[name]
        body = self._raw[name]
        if not isinstance(body, dict):
            return {}, False
        bases = scalars_of(body.get("extends"))
        if not bases or name in above or len(above) >= _DEEPEST:
            return body, True
        merged: Mapping = {}
        whole = True
        for base in bases:
            if base in self._raw:
                found, known = self._extend(str(base), (*above, name))
                merged, whole = deep_merge(merged, found), whole and known
            else:
                whole = False
        made = deep_merge(merged, body), whole
        self._extended[name] = made
        return made

    def _jobs(self) -> Iterator[Job]:
        default = mapping_of(self.config.get("default"))
        for name, body in self.config.items():
            if not isinstance(body, dict) or (name in _NO_JOBS and "script" not in body):
                continue
            yield self._job(name, body, default)

    def _job(self, name: str, body: Mapping, default: Mapping) -> Job:
        full = dict(body)
        inherit = mapping_of(body.get("inherit"))
        for key in _BY_DEFAULT:
            if key not in body and _inherits(inherit.get("default"), key):
                given = default.get(key, self.config.get(key) if key in _GLOBAL else None)
                if given is not None:
                    full[key] = given
        shared = {
            key: value
            for key, value in mapping_of(self.config.get("variables")).items()
            if _inherits(inherit.get("variables"), key)
        }
        own = mapping_of(body.get("variables"))
        sections = [*_alternatives(self.config.get("workflow")), *_alternatives(body)]
        # What could not be read may give a job its tokens by `default` too, unless it has tokens of its own.
        known = self._extended.get(str(name), ({}, True))[1]
        whole = self.is_whole or (known and "id_tokens" in body)
        variables = {**values({**shared, **own}), **self._given}
        return Job(_scalar(name), full, variables, [values(each) for each in sections], whole)


def values(section: Mapping) -> Mapping:
    """Return a section of variables by name: each a scalar, or the list of a matrix."""
    plain = {}
    for key, value in section.items():
        plain[str(key)] = value.get("value") if isinstance(value, dict) else value
    return plain


def _scalar(name: str) -> Scalar:
    return name if is_scalar(name) else Scalar(name)


def _inherits(wanted: Value, key: str) -> bool:
    if isinstance(wanted, list):
        return key in wanted
    return str(wanted).lower() != "false"


def _alternatives(body: Value) -> Iterator[Mapping]:
    """Yield the variables that only some of a job's runs have."""
    yield from (mapping_of(at(rule, "variables")) for rule in as_list(at(body, "rules")))
    yield from map(mapping_of, as_list(at(body, "parallel", "matrix")))


class _References:
    """Resolves each `!reference`; shared parts are visited once."""

    def __init__(self, config: Mapping) -> None:
        self._config = config
        self._done: dict[int, Value] = {}

    def resolve(self, value: Value, depth: int = 0) -> Value:
        if isinstance(value, Reference):
            found: Value = self._config
            for step in value:
                found = found.get(step, UNKNOWN) if isinstance(found, dict) else UNKNOWN
            return UNKNOWN if depth >= _DEEPEST else self.resolve(found, depth + 1)
        if not isinstance(value, dict | list) or id(value) in self._done:
            return self._done.get(id(value), value)
        made: Value
        if isinstance(value, dict):
            made = {key: self.resolve(each, depth) for key, each in value.items()}
            same = all(made[key] is each for key, each in value.items())
        else:
            made = [self.resolve(each, depth) for each in value]
            same = all(one is other for one, other in zip(made, value, strict=True))
        self._done[id(value)] = value if same else made
        return self._done[id(value)]


def _lines(value: Value) -> list[Scalar]:
    """Return a script's items in order; lists inside lists are what references leave.

    Raises:
        SourceError: aliases multiply them beyond the limit.
    """
    found: list[Scalar] = []
    waiting, steps = [value], 0
    while waiting:
        current = waiting.pop()
        steps += 1
        if steps > _MOST_LINES:
            raise SourceError(f"a script has over {_MOST_LINES:,} lines, the most that are checked")
        if is_scalar(current):
            found.append(current)
        elif isinstance(current, list):
            waiting += reversed(current)
        elif isinstance(current, dict):
            found += _join_unquoted(current)
    return found


def _join_unquoted(entry: Mapping) -> list[Scalar]:
    """Return a command that YAML takes for a mapping because of an unquoted ": " in it."""
    key, value = next(iter(entry.items()), (None, None))
    if len(entry) != 1 or not is_scalar(key) or not is_scalar(value) or key.source is not value.source:
        return []
    begin, end = key.node.start_mark, value.node.end_mark
    text = key.source.text[begin.index : end.index]
    return [Scalar.of(text, ScalarNode(key.node.tag, text, begin, end), key.source)] if text else []
