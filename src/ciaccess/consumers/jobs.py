"""The jobs of ci/sources/jobs.yaml: inputs, variables and script, for templates and hidden jobs."""

from __future__ import annotations

from collections.abc import Sequence
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
    options: Sequence[str] = ()

    @property
    def spec(self) -> dict[str, Any]:
        """Return the input as GitLab's spec:inputs takes it."""
        default = {} if self.default is None else {"default": self.default}
        options = {"options": self.options} if self.options else {}
        return {"type": "string", **default, **options, "description": self.description}


@dataclass(frozen=True)
class Job:
    """A job; `login` is what runs behind the login, `script` is empty for one that is only extended."""

    name: str
    title: str
    inputs: Sequence[Input]
    image: str
    verb: str = ""
    format: str = ""
    entrypoint: Sequence[str] = ()
    login: Sequence[str] = ()
    script: Sequence[str] = ()

    @property
    def hidden(self) -> str:
        """Return the name of the hidden job."""
        name = self.name if self.name.startswith("nexus") else f"nexus-{self.name}"
        return f".{name.replace('-', '_')}"

    @property
    def stage(self) -> str:
        """Return its stage among GitLab's default ones."""
        return "build" if self.verb == "push" and self.format == "docker" else "deploy"

    @property
    def before_script(self) -> list[str]:
        """Return the login, for what the job does, and what runs behind it."""
        format_ = f'"${{{self.format[1:]}:-}}"' if self.format.startswith("$") else self.format
        return [f'nexus_auth "${{NEXUS_ACCOUNT:-}}" {self.verb} {format_}'.rstrip(), *self.login]

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
    found = []
    for name, body in document.items():
        inputs = [Input(each, **fields) for each, fields in body.get("inputs", {}).items()]
        image = images(access).get(body.get("image", ""), "")
        found.append(Job(**{**body, "name": name, "inputs": inputs, "image": image}))
    return found
