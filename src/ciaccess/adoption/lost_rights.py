"""The rights in Nexus that users would lose by an update to access.yaml."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from ciaccess.access.desired.objects import SCOPED, ContentSelector, Privilege, Role
from ciaccess.access.desired.state import Desired
from ciaccess.adoption.plan import Plan, PlannedAction
from ciaccess.analysis.facts import Held, Holder, held_by
from ciaccess.clients.nexus import Nexus
from ciaccess.engine.resource_types import ACCOUNT


def lost_rights(plan: Plan, desired: Desired, nexus: Nexus) -> dict[str, str]:
    """Return the rights that users of Nexus would lose by the plan's accounts and roles.

    Raises:
        ApiError: Nexus is not reachable, or refuses the request.
    """
    steps = plan.of(PlannedAction.ADOPTED, PlannedAction.MADE, PlannedAction.IN_STATE)
    accounts = [desired.accounts[step.resource.name] for step in steps if step.resource.type == ACCOUNT]
    roles, users = nexus.roles.all(), nexus.users.all()
    selectors, privileges = nexus.content_selectors.all(), nexus.privileges.all()
    held = {name: user.roles for name, user in users.items()}
    before = _rights(roles, selectors, privileges, held)
    chosen = {step.resource.inputs["role_id"] for step in steps if "role_id" in step.resource.inputs}
    roles |= {name: role for name, role in desired.named_roles.items() if name in chosen}
    for account in accounts:
        roles |= {account.role.role_id: account.role} if account.role else {}
        selectors |= {each.name: each for each in account.selectors}
        privileges |= {each.name: each for each in account.privileges}
        held |= {name: user.roles for name, user in account.users.items() if name in held}
    after = _rights(roles, selectors, privileges, held)
    found: dict[str, str] = {}
    for holder, was in sorted(before.items()):
        lost: dict[str, list[str]] = defaultdict(list)
        for grant in was.grants:
            if not after[holder].covers(grant):
                place = f" in {grant.repository}" + (f" under {grant.path}" if grant.path else "")
                lost[place].append(grant.action)
        lost[""] += [right.name for right in was.rights if right not in after[holder].rights]
        if not after[holder].administers and any(lost.values()):
            found[holder.name] = "; ".join(
                f"{', '.join(words)}{place}" for place, words in lost.items() if words
            )
    return found


def _rights(
    roles: Mapping[str, Role],
    selectors: Mapping[str, ContentSelector],
    privileges: Mapping[str, Privilege],
    held: Mapping[str, Iterable[str]],
) -> dict[Holder, Held]:
    scoped = {name: each for name, each in privileges.items() if each.type == SCOPED}
    return held_by(roles, selectors, scoped, {name: sorted(names) for name, names in held.items()})
