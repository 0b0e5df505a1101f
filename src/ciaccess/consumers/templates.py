"""The files of ci/templates, from access.yaml and the sources in ci/sources; and whether those on disk are stale."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jinja2

from ciaccess.access.desired.former_names import ALWAYS, expanded, former_names
from ciaccess.consumers import names
from ciaccess.consumers.jobs import load_jobs
from ciaccess.environment import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from ciaccess.access import Access

SOURCES = ROOT / "ci" / "sources"
TEMPLATES = ROOT / "ci" / "templates"
HIDDEN_JOBS = "nexus.yml"
_EVERY_JOB_NEEDS = ("core", "auth")
_DIRECTIVE = "# shellcheck shell="


@dataclass(frozen=True)
class Difference:
    """A file that is not as it would be rendered: `problem` is missing, stale or left over."""

    path: Path
    problem: str


def render(access: Access) -> dict[str, str]:
    """Return the templates' texts by file name.

    They have former accounts whose day is over, too: a file that follows from the YAML must not become stale overnight.
    """
    access = expanded(access, ALWAYS)
    engine = _engine()
    readable = names.readable_accounts(access)
    jobs = load_jobs(engine.get_template("jobs.yaml"), access)
    header = engine.get_template("shell/names.sh.j2").render(
        access=access,
        accounts={name: _account(access, name) for name in access.accounts},
        former={each.name: each for each in former_names(access)},
        group=names.vault_group(access),
        login_path=names.login_path(access),
        secret_folder=names.secret_folder(access),
        repositories={format_: each.by_environment() for format_, each in access.nexus.repositories.items()},
        path_registry=names.path_registry(access),
        readable=readable,
    )
    shared = {"readable": readable, "audience": _audience(access, readable)}
    component = engine.get_template("templates/component.yml.j2")
    rendered = {
        f"{job.name}.yml": component.render(job=job, shell=_shell(header, job.shell), **shared)
        for job in jobs
    }
    parts = dict.fromkeys(part for job in jobs for part in job.shell)
    hidden = engine.get_template("templates/hidden.yml.j2")
    rendered[HIDDEN_JOBS] = hidden.render(jobs=jobs, shell=_shell(header, parts), **shared)
    return rendered


def differences(access: Access, folder: Path) -> list[Difference]:
    """Compare a folder of templates with what would be rendered; only .yml files in it count."""
    wanted = render(access)
    found = [
        Difference(folder / name, "stale" if (folder / name).exists() else "missing")
        for name, text in wanted.items()
        if not (folder / name).exists() or (folder / name).read_text(encoding="utf-8") != text
    ]
    return found + [
        Difference(path, "left over") for path in sorted(folder.glob("*.yml")) if path.name not in wanted
    ]


def write(access: Access, folder: Path) -> list[Difference]:
    """Make the folder's .yml files what they should be; return what was not."""
    changed = differences(access, folder)
    folder.mkdir(parents=True, exist_ok=True)
    wanted = render(access)
    for each in changed:
        if each.problem == "left over":
            each.path.unlink()
        else:
            each.path.write_text(wanted[each.path.name], encoding="utf-8")
    return changed


def _engine() -> jinja2.Environment:
    # Neither YAML, nor GitLab's $[[ ]], nor the shell has these delimiters.
    engine = jinja2.Environment(
        loader=jinja2.FileSystemLoader(SOURCES),
        block_start_string="[%",
        block_end_string="%]",
        variable_start_string="[=",
        variable_end_string="=]",
        comment_start_string="[##",
        comment_end_string="##]",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701 YAML and shell, quoted by the filters below
    )
    engine.filters["shell"] = shlex.quote
    engine.filters["yaml"] = _yaml
    return engine


def _yaml(value: Any) -> str:
    """Return a value as JSON, which YAML reads as the same."""
    return json.dumps(value, ensure_ascii=False)


def _account(access: Access, name: str) -> dict[str, str | None]:
    audiences = names.audiences(access, [name])
    return {
        "role": names.role_of(access, name),
        "audience": audiences[0] if audiences else None,
        "path": access.accounts[name].path,
    }


def _audience(access: Access, accounts: list[str]) -> str | list[str]:
    """Return the one audience, or the list where the roles of the accounts want different ones."""
    found = names.audiences(access, accounts)
    return found[0] if len(found) == 1 else found


def _shell(header: str, parts: Iterable[str]) -> str:
    """Join the names and the parts, each once, without what only shellcheck reads at a file's beginning."""
    texts = [header]
    for part in dict.fromkeys([*_EVERY_JOB_NEEDS, *parts]):
        lines = (SOURCES / "shell" / f"{part}.sh").read_text(encoding="utf-8").splitlines()
        texts.append("\n".join(line for line in lines if not line.startswith(_DIRECTIVE)) + "\n")
    return "\n".join(texts).rstrip("\n")
