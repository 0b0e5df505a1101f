"""The access as a Mermaid flowchart: jobs → JWT role → account → repositories.

Owns the text of the chart and its escaping: names come from merge requests, and none may end its label.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ciaccess.analysis.facts import AccessFacts
from ciaccess.analysis.wording import format_name, jobs_of, repository_name, verb
from ciaccess.report.page import visible

# Mermaid reads a label in quotes as text with entities `#…;`, and as Markdown between backticks (its documentation on flowcharts).
_SPECIAL = re.compile(r'["#;<>&`\\]')


def mermaid(facts: AccessFacts) -> str:
    """Return the flowchart of the accounts, and of what leads to and from them."""
    chart = _Chart()
    for name in facts.accounts:
        account = chart.node("account", name, f"{name}\n{facts.accounts[name].secret}", "([{}])")
        for role in sorted(facts.readers(name), key=lambda each: each.name):
            jwt_role = chart.node("jwt role", role.name, f"JWT role {role.name}", "{{{{{}}}}}")
            jobs = chart.node("jobs", jobs_of(role.bound_claims), jobs_of(role.bound_claims), "[{}]")
            chart.arrow(jobs, jwt_role, "logs in")
            chart.arrow(jwt_role, account, "reads")
        for label, repository in _uses(facts, name):
            chart.arrow(account, chart.node("repository", repository, repository, "[({})]"), label)
    return "\n".join(("flowchart LR", *chart.lines)) + "\n"


def _uses(facts: AccessFacts, account: str) -> Iterator[tuple[str, str]]:
    """Yield what an account does with which repository, each repository and path once."""
    held = facts.account(account)
    if held.administers:
        yield "administers", "Nexus"
        return
    for use in sorted(held.uses, key=lambda use: (use.repository, use.format, use.path)):
        label = f"{verb(use.actions)} {use.path}".rstrip()
        yield label, f"{repository_name(use.repository)}\n{format_name(use.format)}"
    for right in held.rights:
        yield "has", f"{'role' if right.is_role else 'privilege'} {right.name}"


class _Chart:
    """The lines of a flowchart; each node and each arrow is in it once."""

    def __init__(self) -> None:
        self._nodes: dict[tuple[str, str], str] = {}
        self.lines: dict[str, None] = {}

    def node(self, kind: str, name: str, label: str, shape: str) -> str:
        """Return the id of a node, which is made when it is first named."""
        key = (kind, name)
        if key not in self._nodes:
            self._nodes[key] = f"n{len(self._nodes)}"
            self.lines["  " + self._nodes[key] + shape.format(_label(label))] = None
        return self._nodes[key]

    def arrow(self, start: str, end: str, label: str) -> None:
        """Draw an arrow."""
        self.lines[f"  {start} -->|{_label(label)}| {end}"] = None


def _label(text: str) -> str:
    lines = (_SPECIAL.sub(lambda found: f"#{ord(found[0])};", visible(line)) for line in text.split("\n"))
    return f'"{"<br>".join(lines)}"'
