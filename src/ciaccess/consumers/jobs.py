"""The jobs of ci/sources/jobs.yaml: inputs, variables and script, for templates and hidden jobs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

from ciaccess.access.desired.images import images

if TYPE_CHECKING:
    from ciaccess.access import Access

_ACCOUNT = "Account of access.yaml. Empty: the only one that may do this, where there is only one."


@dataclass(frozen=True)
class Input:
    """An input of a template, and its job variable; required without a default."""

    name: str
    variable: str
    description: str
    default: str | None = None
    options: tuple[str, ...] = ()

    @property
    def spec(self) -> dict[str, Any]:
        """Return the input as GitLab's spec:inputs takes it."""
        default = {} if self.default is None else {"default": self.default}
        options = {"options": list(self.options)} if self.options else {}
        return {"type": "string", **default, **options, "description": self.description}


@dataclass(frozen=True)
class Job:
    """A job; `script` is empty for one that is only extended, `login` is its first part."""

    name: str
    title: str
    hidden: str
    inputs: tuple[Input, ...]
    verb: str
    format: str
    image: str
    entrypoint: tuple[str, ...]
    login: tuple[str, ...]
    script: tuple[str, ...]

    @property
    def stage(self) -> str:
        """Return its stage among GitLab's default ones."""
        return "build" if self.verb == "push" and self.format == "docker" else "deploy"

    @property
    def spec(self) -> dict[str, dict[str, Any]]:
        """Return the template's inputs by name, as GitLab's spec:inputs takes them."""
        inputs = [Input("job-name", "", "Name of the job.", self.name if self.script else self.hidden)]
        if self.script:
            inputs += [
                Input("stage", "", "Its stage.", self.stage),
                Input("image", "", "Its image.", self.image),
            ]
        inputs += [Input("account", "", _ACCOUNT, ""), *self.inputs]
        return {each.name: each.spec for each in inputs}

    @property
    def variables(self) -> dict[str, str]:
        """Return the hidden job's variables: the inputs' defaults."""
        return {each.variable: each.default for each in self.inputs if each.default is not None}


def load_jobs(source: Path, access: Access) -> list[Job]:
    """Read the jobs, with the images of access.yaml."""
    document: dict[str, Any] = YAML(typ="safe").load(source.read_text(encoding="utf-8"))
    return [_job(name, body, access) for name, body in document.items()]


def _job(name: str, body: dict[str, Any], access: Access) -> Job:
    inputs = [
        Input(each, **{**fields, "options": tuple(fields.get("options", ()))})
        for each, fields in body.get("inputs", {}).items()
    ]
    verb, format_ = body.get("verb", ""), body.get("format", "")
    purpose = f' {verb} "${{{format_[1:]}:-}}"' if format_.startswith("$") else f" {verb} {format_}".rstrip()
    hidden = "." + (name if name.startswith("nexus") else f"nexus-{name}").replace("-", "_")
    return Job(
        name=name,
        title=body["title"],
        hidden=hidden,
        inputs=tuple(inputs),
        verb=verb,
        format=format_,
        image=images(access).get(body.get("image", ""), ""),
        entrypoint=tuple(body.get("entrypoint", ())),
        login=(f'nexus_auth "${{NEXUS_ACCOUNT:-}}"{purpose}', *body.get("login", ())),
        script=tuple(body.get("script", ())),
    )
