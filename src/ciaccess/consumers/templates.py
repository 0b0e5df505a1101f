"""The files of ci/templates, rendered from access.yaml and ci/sources, and stale ones.

The shell is in one of them, the library; the others include it. A standalone file has the shell itself; a component
project of GitLab has these.
"""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jinja2

from ciaccess.access.desired.former_names import ALWAYS, FormerAccount, expand_former_accounts, former_names
from ciaccess.access.desired.images import images
from ciaccess.clients.credentials import ID_TOKEN
from ciaccess.consumers import names
from ciaccess.consumers.jobs import load_jobs
from ciaccess.environment import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ciaccess.access import Access

SOURCES = ROOT / "ci" / "sources"
TEMPLATES = ROOT / "ci" / "templates"
LIBRARY = "nexus.yml"
COMPONENTS = "templates/*/*"  # the files of a component project that are rendered one for each
_PARTS = (
    "core",
    "auth",
    "run",
    "docker",
    "files",
    "twine",
    "maven",
    "promote",
    "promote_images",
    "promote_files",
)
_NOT_IN_YAML = re.compile(r"[\x7f-\x9f\u2028\u2029\ufffe\uffff]")  # a line end, or refused; JSON leaves them
_DIRECTIVE = "# shellcheck shell="
_AFTER = ['rm -rf "${TMPDIR:-/tmp}/nexus-$CI_JOB_ID".*']


@dataclass(frozen=True)
class Difference:
    """A file that is not as it would be rendered: `problem` is missing, stale or left over."""

    path: Path
    problem: str


def render(access: Access, library: str | None = f"/ci/templates/{LIBRARY}") -> dict[str, str]:
    """Return the templates by file name; they include `library`, None makes them standalone.

    They have former accounts whose last day is over, too: a file that follows from the YAML must not become stale overnight.
    """
    access = expand_former_accounts(access, ALWAYS)
    shell = _shell(access)
    yaml = engine(as_yaml)
    shared = {"shell": shell, "id_tokens": _id_tokens(access), "after_script": _AFTER}
    jobs = load_jobs(SOURCES / "jobs.yaml", access)
    template = yaml.get_template("templates/job.yml.j2")
    rendered = {f"{job.name}.yml": template.render(job=job, library=library, **shared) for job in jobs}
    return rendered | {LIBRARY: yaml.get_template("templates/nexus.yml.j2").render(jobs=jobs, **shared)}


def render_component_project(access: Access) -> dict[str, str]:
    """Return the files of a component project by path, with a README per component.

    Each component is a standalone template: pipelines pin components to versions of their own, and two versions of one
    library in a pipeline would replace each other.
    """
    access = expand_former_accounts(access, ALWAYS)
    yaml, standalone = engine(as_yaml), render(access, library=None)
    jobs = load_jobs(SOURCES / "jobs.yaml", access)
    page = yaml.get_template("components/component.md.j2")
    pipeline = yaml.get_template("components/gitlab-ci.yml.j2")
    rendered = {
        "README.md": yaml.get_template("components/README.md.j2").render(jobs=jobs),
        ".gitlab-ci.yml": pipeline.render(image=images(access)["glab"]),
    }
    for job in jobs:
        required = [each for each in job.inputs if each.default is None]
        rendered[f"templates/{job.name}/template.yml"] = standalone[f"{job.name}.yml"]
        rendered[f"templates/{job.name}/README.md"] = page.render(job=job, required=required)
    return rendered


def library_path(folder: Path) -> str:
    """Return how files of this folder include the library: its path in the folder's repository."""
    folder = folder.resolve()
    top = next((each for each in folder.parents if (each / ".git").exists()), folder.parent)
    return f"/{(folder / LIBRARY).relative_to(top)}"


def differences(wanted: dict[str, str], folder: Path, pattern: str = "*.yml") -> list[Difference]:
    """Compare a folder with the rendered files; others that match the pattern are left over."""
    found = [
        Difference(folder / name, "stale" if (folder / name).exists() else "missing")
        for name, text in wanted.items()
        if not (folder / name).exists() or (folder / name).read_text(encoding="utf-8") != text
    ]
    return found + [
        Difference(path, "left over")
        for path in sorted(folder.glob(pattern))
        if str(path.relative_to(folder)) not in wanted
    ]


def write(wanted: dict[str, str], folder: Path, pattern: str = "*.yml") -> list[Difference]:
    """Make the folder's files what they should be; return what was not."""
    changed = differences(wanted, folder, pattern)
    for each in changed:
        if each.problem == "left over":
            each.path.unlink()
        else:
            each.path.parent.mkdir(parents=True, exist_ok=True)
            each.path.write_text(wanted[str(each.path.relative_to(folder))], encoding="utf-8")
    return changed


class _Raw(str):
    """Text of our own sources, placed as it is."""

    __slots__ = ()


def engine(quoted: Callable[[Any], str]) -> jinja2.Environment:
    """Return an engine that quotes every value, unless the filter `raw` marks it as text of our own."""
    # Neither YAML, nor GitLab's $[[ ]], nor the shell has these delimiters.
    made = jinja2.Environment(
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
        finalize=lambda value: value if isinstance(value, _Raw) else quoted(value),
        autoescape=False,  # noqa: S701 YAML and shell, quoted by `finalize`
    )
    made.filters["raw"] = _Raw
    return made


def _word(value: str) -> str:
    """Return a value as one word of the shell, in which GitLab finds no input to insert."""
    return shlex.quote(value).replace("$[[", "$''[[")


def as_yaml(value: Any) -> str:
    """Return a value as JSON, which is YAML too, and in which GitLab interpolates no input."""
    text = json.dumps(value, ensure_ascii=False).replace("$[[", "$\\u005b[")
    return _NOT_IN_YAML.sub(lambda match: f"\\u{ord(match.group()):04x}", text)


def _shell(access: Access) -> str:
    """Join the names and all parts, without what only shellcheck reads at a file's beginning."""
    texts = [_names(access)]
    for part in _PARTS:
        lines = (SOURCES / "shell" / f"{part}.sh").read_text(encoding="utf-8").splitlines()
        texts.append("\n".join(line for line in lines if not line.startswith(_DIRECTIVE)) + "\n")
    return "\n".join(texts).rstrip("\n")


def _names(access: Access) -> str:
    return (
        engine(_word)
        .get_template("shell/names.sh.j2")
        .render(
            access=access,
            accounts={name: _account(access, name) for name in access.accounts},
            former={each.name: each for each in former_names(access)},
            able=_accounts_by_grant(access),
            group=names.vault_group(access),
            repositories={
                format_: each.by_environment() for format_, each in access.nexus.repositories.items()
            },
            registries=names.environment_registries(access),
            readable=names.readable_accounts(access),
        )
    )


def _account(access: Access, name: str) -> dict[str, str | None]:
    account, repositories = access.accounts[name], access.nexus.repositories
    targets = [
        f"{format_}-{target}"
        for format_, promotion in account.promote.items()
        for target in list(repositories[format_].by_environment())[1:]
        if promotion.to is None or target in promotion.to
    ]
    return {
        "role": names.role_of(access, name),
        "audience": next(iter(names.audiences(access, [name])), None),
        "path": account.path,
        "targets": " ".join(targets),
    }


def _accounts_by_grant(access: Access) -> dict[tuple[str, str], tuple[list[str], list[str]]]:
    """Return the accounts that push, pull or promote each format, former names apart."""
    found = {}
    for verb in ("push", "pull", "promote"):
        for format_ in access.nexus.repositories:
            able = names.accounts_that(access, verb, format_)
            former = [name for name in able if isinstance(access.accounts[name], FormerAccount)]
            if able:
                found[verb, format_] = ([name for name in able if name not in former], former)
    return found


def _id_tokens(access: Access) -> dict[str, Any]:
    """Return the id_token with one audience, or the list if the accounts' roles need several."""
    found = names.audiences(access, names.readable_accounts(access))
    return {ID_TOKEN: {"aud": found[0] if len(found) == 1 else found}}
