"""An audit as a page for people (report/page) and as JSON."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ciaccess.clients.could_not_look import by_cause
from ciaccess.report.page import Finding as Line
from ciaccess.report.page import Page, Section, Table

if TYPE_CHECKING:
    from ciaccess.consumers.audit.audit import Audit, AuditedProject
    from ciaccess.consumers.lint import Finding

# The questions of an audit, each with the rules that answer it.
TOPICS = (
    ("Wrong role, audience or token", ("role", "audience", "id-tokens", "job-jwt", "secrets", "wget-post")),
    ("Wrong path, field or account", ("kv-path", "field", "account")),
    ("Static credentials", ("static-credential",)),
    ("Passwords on command lines", ("password-argument", "curl-user")),
    ("Wrong Vault or registry", ("vault-addr", "push-registry")),
)
_NOT_COVERED = (
    "other branches than the default one; the variables that projects and groups set in GitLab",
    "a comment `# lint-ci: allow` outside a script: the merged YAML has no comments",
)


def page_of(audit: Audit, moment: str) -> Page:
    """Return the page; `moment` is the time of the run."""
    sections = [_unread(audit)] if audit.could_not_look else []
    sections += [_topic(audit, title, rules) for title, rules in TOPICS]
    sections.append(_projects(audit))
    if audit.without_pipeline:
        rows = tuple((each.path, each.because) for each in audit.without_pipeline)
        sections.append(Section("Without a pipeline", table=Table(("Project", "Because"), rows)))
    sections.append(Section("Not covered", findings=tuple(map(Line, not_covered(audit)))))
    return Page(
        title=f"Pipelines of {audit.subject}",
        verdict=_verdict(audit),
        tone="good" if audit.code == 0 else "bad",
        sections=tuple(sections),
        facts=(("Checked at", moment), ("Pipelines checked", str(len(audit.projects)))),
    )


def not_covered(audit: Audit) -> list[str]:
    """Return what the result does not cover."""
    unread = [f"{part} in {each.path}" for each in audit.projects for part in each.checked.unread]
    return [*unread, *_NOT_COVERED]


def to_json(audit: Audit) -> dict[str, Any]:
    """Return an audit as a JSON object; its keys are stable."""
    return {
        "subject": audit.subject,
        "verdict": audit.code.name.lower(),
        "projects": [
            {
                "project": each.path,
                "roles": list(each.checked.roles),
                "has_unknown_role": each.checked.has_logins_of_unknown_role,
                "findings": [_finding_json(finding, each.path) for finding in each.checked.findings],
            }
            for each in audit.projects
        ],
        "without_pipeline": [
            {"project": each.path, "because": each.because} for each in audit.without_pipeline
        ],
        "could_not_look": [each.to_json() for each in audit.could_not_look],
        "not_covered": not_covered(audit),
    }


def _finding_json(finding: Finding, project: str) -> dict[str, Any]:
    shown = finding.to_json()
    # "" is the merged YAML of the project's own pipeline.
    file = "" if finding.source.name == project else finding.source.name
    return {
        "file": file,
        **{key: shown[key] for key in ("rule", "job", "line", "why", "remedy", "suggestion")},
    }


def _verdict(audit: Audit) -> str:
    concerned = [each for each in audit.projects if each.checked.findings]
    number = sum(len(each.checked.findings) for each in concerned)
    found = f"{number} finding{'s' * (number != 1)} in {len(concerned)} of {_pipelines(len(audit.projects))}"
    if audit.could_not_look:
        return f"Could not read everything; {found}"
    if not audit.projects:
        return "Nothing to check: no project has a pipeline"
    return found if number else f"Clean: {_pipelines(len(audit.projects))}"


def _pipelines(number: int) -> str:
    return f"{number} pipeline{'s' * (number != 1)}"


def _unread(audit: Audit) -> Section:
    lines = (Line(each.sentence, "bad", details=(each.remedy,)) for each in by_cause(audit.could_not_look))
    return Section("Could not read", "Neither clean nor wrong: unknown.", tuple(lines))


def _topic(audit: Audit, title: str, rules: tuple[str, ...]) -> Section:
    rows = tuple(
        row
        for each in audit.projects
        for row in _rows(each.path, [finding for finding in each.checked.findings if finding.rule in rules])
    )
    nothing = "None in what could be read." if audit.could_not_look else "None."
    return Section(
        title, table=Table(("Project", "Jobs", "Rule", "What", "What to do"), rows), nothing=nothing
    )


def _rows(project: str, findings: list[Finding]) -> Iterator[tuple[str | tuple[str, ...], ...]]:
    jobs: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for each in findings:
        job = each.job or "the whole pipeline"
        child = "" if each.source.name == project else f" ({each.source.name})"
        jobs[each.rule, each.why, each.remedy].append(f"{job}{child}")
    for (rule, why, remedy), named in jobs.items():
        yield project, tuple(dict.fromkeys(named)), rule, why, remedy


def _projects(audit: Audit) -> Section:
    rows = tuple((each.path, _roles(each), str(len(each.checked.findings))) for each in audit.projects)
    table = Table(("Project", "JWT roles", "Findings"), rows)
    return Section("Checked", table=table, nothing="No pipeline.")


def _roles(project: AuditedProject) -> str:
    unknown = (
        ("a role that the pipeline does not show",) if project.checked.has_logins_of_unknown_role else ()
    )
    return ", ".join((*project.checked.roles, *unknown)) or "no login"
