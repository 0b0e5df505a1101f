"""The rules applied to a pipeline, and edits of YAML values that the same rules verify."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ciaccess.consumers.lint import (
    login_rules,
    password_rules,
    registry_rules,
    secret_rules,
    variable_rules,
)
from ciaccess.consumers.lint.document import Source, SourceError, load
from ciaccess.consumers.lint.including import Included, LocalFiles, expand, expand_child
from ciaccess.consumers.lint.job_reading import read_job
from ciaccess.consumers.lint.merging import Pipeline
from ciaccess.consumers.lint.vocabulary import Vocabulary
from ciaccess.environment import ROOT

if TYPE_CHECKING:
    from ciaccess.access import Access
    from ciaccess.consumers.lint.findings import Finding
    from ciaccess.consumers.lint.including import Files
    from ciaccess.consumers.lint.job_reading import JobReading, Login
    from ciaccess.consumers.lint.merging import Job

Rule = Callable[["JobReading"], Iterator["Finding"]]
JOB_RULES: tuple[Rule, ...] = (
    login_rules.unknown_role,
    login_rules.removed_job_jwt,
    login_rules.wrong_audience,
    login_rules.missing_id_tokens,
    secret_rules.secret_paths,
    secret_rules.native_secrets,
    secret_rules.template_account,
    variable_rules.in_scripts,
    variable_rules.in_dotenv,
    registry_rules.push_to_pull_registry,
    password_rules.passwords,
    password_rules.login_by_wget,
)
# Where nothing is unknown, a password that the pipeline does not read is one that GitLab stores.
MERGED_RULES = (*JOB_RULES, variable_rules.stored_password)
_LIBRARY = ROOT / "ci" / "templates"
_MOST_EDITS = 200
_MOST_LEVELS = 2  # of child pipelines, as in GitLab
_MOST_CHILDREN = 100


@dataclass(frozen=True)
class Checked:
    """What was found in a pipeline and its child pipelines, and what could not be read.

    `invalid_children` are child pipelines that GitLab will not run, each with the reason. `roles` are those that its
    logins name; `has_logins_of_unknown_role` tells whether there are others. `has_jobs` is false where there was nothing
    to check.
    """

    findings: list[Finding]
    unread: list[str]
    invalid_children: list[str]
    roles: tuple[str, ...]
    has_logins_of_unknown_role: bool
    has_jobs: bool


def lint(text: str, access: Access, path: Path = Path(".gitlab-ci.yml")) -> list[Finding]:
    """Return what is wrong in a pipeline's file and in what it includes, by file and line.

    Raises:
        SourceError: it is not a pipeline's YAML, or too large.
    """
    return check(text, access, path).findings


def check(text: str, access: Access, path: Path) -> Checked:
    """Check a pipeline's file with what it includes; what GitLab would run is what counts.

    Raises:
        SourceError: it is not a pipeline's YAML, or too large.
    """
    words = Vocabulary(access)
    files = LocalFiles(path, words.own_project)
    pipeline = Pipeline(expand(Source(str(path), text), files))
    return _check(pipeline, files, words, str(path), JOB_RULES)


def check_merged(text: str, words: Vocabulary, name: str, files: Files) -> Checked:
    """Check YAML merged by GitLab: all keys are known, and hidden jobs do not run.

    `files` are the project's, for its child pipelines.

    Raises:
        SourceError: it is not a pipeline's YAML, or too large.
    """
    source = Source(name, text)
    config = {
        key: value for key, value in load(source).items() if key != "include" and not key.startswith(".")
    }
    return _check(Pipeline(Included(config, [source])), files, words, name, MERGED_RULES)


def _check(first: Pipeline, files: Files, words: Vocabulary, name: str, rules: tuple[Rule, ...]) -> Checked:
    pipelines, unread, invalid = [first], list(first.unread), list[str]()
    for child in _children(first, files, unread, invalid):
        if len(pipelines) > _MOST_CHILDREN:
            unread.append(f"child pipelines beyond the first {_MOST_CHILDREN}")
            break
        pipelines.append(child)
    found: dict[tuple[str, int, str, str], Finding] = {}
    roles, has_others = set[str](), False
    for pipeline in pipelines:
        readings: list[JobReading] = []
        for job in _distinct_jobs(pipeline):
            read, left_out = read_job(job, words)
            readings += read
            unread += left_out
            logins = [login for reading in read for login in reading.logins]
            roles |= {role.name for login in logins for role in login.roles}
            # A login may have its role in some cases of the job alone.
            has_others |= bool({_at(each) for each in logins} - {_at(each) for each in logins if each.roles})
        applied = rules if pipeline.is_whole else JOB_RULES
        by_job = (finding for reading in readings for rule in applied for finding in rule(reading))
        for finding in (*variable_rules.in_sections(pipeline, words), *by_job):
            if not finding.source.allows(finding.rule, finding.line):
                found.setdefault(finding.place, finding)
    ordered = sorted(
        found.values(), key=lambda each: (each.source.name != name, each.source.name, each.line, each.rule)
    )
    return Checked(
        ordered,
        list(dict.fromkeys(unread)),
        list(dict.fromkeys(invalid)),
        tuple(sorted(roles)),
        has_others,
        any(job.runs_something for pipeline in pipelines for job in pipeline.jobs),
    )


def _at(login: Login) -> tuple[str, int, int]:
    """Return where a login is: the same text may be in several places."""
    scalar = login.place.scalar
    return scalar.source.name, scalar.node.start_mark.index, login.place.start


def _children(
    parent: Pipeline, files: Files, unread: list[str], invalid: list[str], level: int = 1
) -> Iterator[Pipeline]:
    """Yield the child pipelines that can be read; the others are added to `unread` and `invalid`."""
    for job in parent.jobs:
        if job.child_pipeline is None:
            continue
        where = f"child pipeline of {job.name}: "
        try:
            included = expand_child(job.child_pipeline, files)
        except SourceError as error:
            invalid.append(f"{where}{error}")
            continue
        unread += [f"{where}{each}" for each in included.unread]
        child = Pipeline(included, job.passed_on)
        yield child
        if level < _MOST_LEVELS:
            yield from _children(child, files, unread, invalid, level + 1)


def _distinct_jobs(pipeline: Pipeline) -> Iterator[Job]:
    run: set[int] = set()
    for job in pipeline.jobs:
        scripts = {id(script) for shell in job.shells for script in shell}
        # What a visible job runs was read there, with its variables and tokens; our own library has tests of its own.
        if job.is_hidden and ((scripts and scripts <= run) or _is_library(job.name.source, pipeline)):
            continue
        run |= scripts
        yield job


def _is_library(source: Source, pipeline: Pipeline) -> bool:
    return source is not pipeline.sources[0] and Path(source.name).resolve().is_relative_to(_LIBRARY)


def apply_fixes(text: str, access: Access, path: Path = Path(".gitlab-ci.yml")) -> tuple[str, list[Finding]]:
    """Return the text with those YAML values edited whose findings are then gone, and these findings.

    An edit is kept only where the pipeline, merged and checked again, has that finding less and no other one more.

    Raises:
        SourceError: it is not a pipeline's YAML, or too large.
    """
    made: list[Finding] = []
    refused: set[tuple[str, int, str, str]] = set()
    found = lint(text, access, path)
    for _ in range(_MOST_EDITS):
        own = ((each, each.edit) for each in found if each.edit and each.edit.source.name == str(path))
        finding, edit = next((each for each in own if each[0].place not in refused), (None, None))
        if finding is None or edit is None:
            break
        after = text[: edit.start] + edit.text + text[edit.end :]
        try:
            left = lint(after, access, path)
        except SourceError:
            left = found
        if _is_less(found, left, finding):
            made.append(finding)
            text, found = after, left
        else:
            refused.add(finding.place)
    return text, made


def _is_less(before: list[Finding], after: list[Finding], gone: Finding) -> bool:
    counted, left = Counter(map(_kind, before)), Counter(map(_kind, after))
    return left[_kind(gone)] < counted[_kind(gone)] and not left - counted


def _kind(finding: Finding) -> tuple[str, str]:
    # An edit may move lines.
    return finding.rule, re.sub(r"line \d+", "line", finding.why)
