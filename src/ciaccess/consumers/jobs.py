"""The jobs of ci/sources/jobs.yaml, with the names of access.yaml filled in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

from ciaccess.access.desired.former_names import FormerAccount
from ciaccess.consumers.names import accounts_that

if TYPE_CHECKING:
    import jinja2

    from ciaccess.access import Access


@dataclass(frozen=True)
class Input:
    """An input of a template, and the job's variable that it becomes; without a default it must be given."""

    name: str
    variable: str
    description: str
    default: str | None = None
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Job:
    """A job that pipelines may use. `accounts` may do it; `script` is empty for one that is only to be extended.

    `account` is the one that will do it unless told otherwise, None where there are several. A former name is no choice.
    """

    name: str
    title: str
    hidden: str
    shell: tuple[str, ...]
    accounts: tuple[str, ...]
    account: str | None
    inputs: tuple[Input, ...]
    verb: str
    format: str
    image: str
    entrypoint: tuple[str, ...]
    login: str
    script: tuple[str, ...]

    @property
    def stage(self) -> str:
        """Return the stage of GitLab's default ones that it belongs to."""
        return "build" if self.verb == "push" and self.format == "docker" else "deploy"

    @property
    def default_name(self) -> str:
        """Return what the template's job is called unless told otherwise."""
        return self.name if self.script else self.hidden

    @property
    def variables(self) -> dict[str, str]:
        """Return the hidden job's variables: the account where only one will do, and the inputs' defaults."""
        account = {"NEXUS_ACCOUNT": self.account} if self.account else {}
        return account | {each.variable: each.default for each in self.inputs if each.default is not None}


def load_jobs(text: jinja2.Template, access: Access) -> list[Job]:
    """Fill in the jobs' source and read it."""
    document: dict[str, Any] = YAML(typ="safe").load(text.render(access=access))
    return [_job(name, {**body}, access) for name, body in document.items()]


def _job(name: str, body: dict[str, Any], access: Access) -> Job:
    inputs = [
        Input(each, **{**fields, "options": tuple(fields.get("options", ()))})
        for each, fields in body.get("inputs", {}).items()
    ]
    verb, format_ = body.get("verb", ""), body.get("format", "")
    accounts = accounts_that(access, verb, format_ or None)
    current = [name for name in accounts if not isinstance(access.accounts[name], FormerAccount)]
    return Job(
        name=name,
        title=body["title"],
        hidden=body.get("hidden")
        or "." + (name if name.startswith("nexus") else f"nexus-{name}").replace("-", "_"),
        shell=tuple(body["shell"]),
        accounts=tuple(accounts),
        account=current[0] if len(current) == 1 else None,
        inputs=tuple(inputs),
        verb=verb,
        format=format_,
        image=body.get("image", ""),
        entrypoint=tuple(body.get("entrypoint", ())),
        login=body.get("login", ""),
        script=tuple(body.get("script", ())),
    )
