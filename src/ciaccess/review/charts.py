"""The access that a change alters, as charts before and after it, which GitLab draws.

Owns their bound: GitLab draws a chart of up to 2,000 characters without a click.
"""

from __future__ import annotations

from ciaccess.analysis.changes import Difference
from ciaccess.analysis.diagram import mermaid
from ciaccess.analysis.facts import AccessFacts
from ciaccess.report.page import Chart

MOST_CHARACTERS = 2_000


def charts_of(before: AccessFacts, after: AccessFacts, changes: Difference) -> tuple[Chart, ...]:
    """Return the charts of the accounts that gain or lose; as many accounts as fit into both."""
    # Sorted: the engine reports resources in another order each time, and the note is compared.
    concerned = sorted(_accounts(before, changes) | _accounts(after, changes))
    drawn: list[str] = []
    texts = ("", "")
    for name in concerned:
        made = mermaid(before.only(*drawn, name)), mermaid(after.only(*drawn, name))
        if max(map(len, made)) > MOST_CHARACTERS:
            break
        drawn.append(name)
        texts = made
    if not drawn:
        return ()
    rest = len(concerned) - len(drawn)
    more = f" ({rest} more accounts change than fit here)" if rest else ""
    return Chart(f"Before{more}", texts[0]), Chart(f"After{more}", texts[1])


def _accounts(facts: AccessFacts, changes: Difference) -> set[str]:
    """Return the accounts that a change is about, those of a changed role among them."""
    subjects = {change.subject for change in (*changes.gains, *changes.losses)}
    found = {name for name, account in facts.accounts.items() if subjects & {name, *account.roles}}
    return found.union(
        *(role.accounts & facts.accounts.keys() for role in facts.roles.values() if role.name in subjects)
    )
