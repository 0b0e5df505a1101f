"""A drift report as a page for people (report/page)."""

from __future__ import annotations

import shlex

from ciaccess.clients.could_not_look import by_cause
from ciaccess.drift.findings import Finding, Report, Verdict
from ciaccess.drift.repairs import Plan
from ciaccess.report.page import Finding as Line
from ciaccess.report.page import Page, Section, Table, Tone, count_text

_TONES: dict[Verdict, Tone] = {Verdict.CLEAN: "good", Verdict.DRIFT: "bad", Verdict.COULD_NOT_LOOK: "bad"}


def page_of(report: Report, plan: Plan, moment: str) -> Page:
    """Return the page; `moment` is the time of the run."""
    sections = [_could_not_look_section(report)] if report.could_not_look else []
    sections.append(_findings(report))
    if plan.runs or plan.manual or plan.without_command:
        sections.append(_repairs(plan))
    if report.accepted:
        sections.append(_accepted_section(report))
    if report.remarks:
        lines = tuple(Line(remark) for remark in report.remarks)
        sections.append(Section("Not covered", findings=lines))
    asked = ", ".join(f"{system} {count}" for system, count in sorted(report.looked_at.items()))
    return Page(
        title=f"Drift of {report.stack}",
        verdict=_verdict(report),
        tone=_TONES[report.verdict],
        sections=tuple(sections),
        facts=(("Checked at", moment), ("Questions answered", asked or "none")),
    )


def _verdict(report: Report) -> str:
    number = len(report.findings)
    found = count_text(number, "finding")
    if waiting := sum(each.not_applied for each in report.findings):
        part = "" if number == 1 else f"{'all' if waiting == number else waiting} of them "
        found += f", {part}by changes of access.yaml since the last `pulumi up`"
    if report.verdict is Verdict.COULD_NOT_LOOK:
        systems = ", ".join(sorted({spot.system for spot in report.could_not_look}))
        return f"Could not check everything ({systems}); in the rest {found}"
    return "Clean: everything is as declared" if report.verdict is Verdict.CLEAN else f"Drift: {found}"


def _could_not_look_section(report: Report) -> Section:
    lines = tuple(
        Line(each.sentence, "bad", details=(each.remedy,)) for each in by_cause(report.could_not_look)
    )
    return Section(
        "Could not look",
        "Neither clean nor drift: unknown. Pulumi repairs nothing until everything can be checked.",
        lines,
    )


def _findings(report: Report) -> Section:
    nothing = "None in what could be checked." if report.could_not_look else "None."
    return Section("Findings", findings=tuple(map(_line, report.findings)), nothing=nothing)


def _line(finding: Finding) -> Line:
    details = [f"expected: {finding.expected}", f"found: {finding.found}"]
    if finding.since:
        details.append(f"since: {finding.since}")
    if finding.is_removed:
        details.append("no longer declared; the next `pulumi up` deletes it")
    elif finding.not_applied:
        details.append("declared since the last `pulumi up`: the next one applies it")
    details.append(f"id: {finding.id}")
    text = f"{finding.severity}: {finding.object}: {finding.title}"
    return Line(text, "bad" if finding.severity in ("critical", "high") else "loss", details=tuple(details))


def _repairs(plan: Plan) -> Section:
    command = f"./ciaccess drift --stack {plan.stack} --repair --yes runs this, and checks again"
    lines = [Line(f"pulumi {shlex.join(plan.words())}", details=(command,))] if plan.runs else []
    if plan.outside_the_state:
        names, adopt = ", ".join(plan.outside_the_state), f"./ciaccess adopt plan --stack {plan.stack}"
        text = f"exists outside the stack's state; if `pulumi up` refuses it, adopt it first: {names}"
        lines.append(Line(text, details=(adopt,)))
    lines += [Line(f"{each.object}: by hand", details=(each.manual_command,)) for each in plan.manual]
    if plan.without_command:
        objects = ", ".join(each.object for each in plan.without_command)
        lines.append(Line(f"no command: correct it where it is managed, or accept it: {objects}"))
    if plan.accounts_wait:
        lines.append(Line("the accounts: run drift again once the KV engine is back"))
    return Section("Repairs", findings=tuple(lines))


def _accepted_section(report: Report) -> Section:
    rows = tuple(
        (each.finding.object, each.finding.id, each.reason, each.expires.isoformat())
        for each in report.accepted
    )
    return Section("Accepted", table=Table(("Object", "Id", "Reason", "Until"), rows))
