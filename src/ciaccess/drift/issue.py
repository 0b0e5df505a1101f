"""The rolling issue: one a stack, found by its marker.

It is opened on drift, edited while the findings are the same, commented on only when their set changes, and closed when
everything is clean.

What could not be checked neither closes it nor removes findings: they may still be there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ciaccess.drift.findings import Verdict
from ciaccess.report.page import count_text

if TYPE_CHECKING:
    from ciaccess.clients.gitlab.marked import Issue, Issues
    from ciaccess.drift.findings import Finding, Report

_KEYS = re.compile(r"<!-- ciaccess-drift-keys: ([0-9a-f ]*) -->")


def marker(stack: str) -> str:
    """Return the hidden marker of a stack's issue."""
    return f"<!-- ciaccess-drift: {stack} -->"


def update_issue(issues: Issues, report: Report, text: str) -> str:
    """Update the issue to the report, with `text` as its description; return what was done."""
    issue = issues.find(marker(report.stack))
    before = _keys(issue) if issue and issue.is_open else frozenset()
    found = {finding.key: finding for finding in report.findings}
    known = frozenset(found) | (before if report.verdict is Verdict.COULD_NOT_LOOK else frozenset())
    if not known:
        return _close(issues, issue, report)
    title = f"Drift of {report.stack}: {count_text(len(known), 'finding')}"
    hidden = f"{marker(report.stack)}\n<!-- ciaccess-drift-keys: {' '.join(sorted(known))} -->"
    description = f"{hidden}\n\n{text}"
    if issue is None:
        return f"opened {issues.create(title, description).url}"
    reopened = not issue.is_open
    issues.write(issue, title, description, is_open=True)
    if known != before:
        issues.comment(issue, _change(found, before, known))
    return f"{'reopened' if reopened else 'edited'} {issue.url}"


def _close(issues: Issues, issue: Issue | None, report: Report) -> str:
    if issue is None or not issue.is_open:
        return "nothing to do: there is no open issue"
    if report.verdict is Verdict.COULD_NOT_LOOK:
        return f"left {issue.url} as it is: not everything could be checked"
    description = f"{marker(report.stack)}\n<!-- ciaccess-drift-keys:  -->\n\nEverything is as declared."
    issues.comment(issue, "Everything is as declared again.")
    issues.write(issue, f"Drift of {report.stack}: none", description, is_open=False)
    return f"closed {issue.url}"


def _keys(issue: Issue) -> frozenset[str]:
    found = _KEYS.search(issue.description)
    return frozenset(found[1].split()) if found else frozenset()


def _change(found: Mapping[str, Finding], before: frozenset[str], known: frozenset[str]) -> str:
    """Return which findings are new, and how many are gone: of those only the keys are left."""
    new = [found[key] for key in sorted(known - before)]
    lines = [f"- new: `{finding.id}` {_code(finding.object)}" for finding in new]
    if gone := len(before - known):
        lines.append(f"- gone: {count_text(gone, 'finding')}")
    return "\n".join(lines)


def _code(text: str) -> str:
    """Return a name as code, so that it is neither mention nor markup."""
    return f"`{text.replace('`', chr(39)).replace(chr(10), ' ')}`"
