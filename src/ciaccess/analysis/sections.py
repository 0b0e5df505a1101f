"""Access and its changes as sections of a page: by account, project or repository."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from ciaccess.access.desired.trust_anchors import ChangedAnchor
from ciaccess.analysis.changes import Change, Difference
from ciaccess.analysis.facts import AccessFacts, Held
from ciaccess.analysis.wording import (
    duration,
    format_name,
    jobs_of,
    path_suffix,
    places,
    repository_name,
    verb,
)
from ciaccess.report.page import Finding, Section, Table, Tone, count_text

_NOBODY = "no job"
_ANCHORS = (
    "They decide where passwords, tokens and id_tokens are sent, and whose tokens are believed. ciaccess's own pipeline refuses "
    "them until an administrator has confirmed them with ./ciaccess bootstrap."
)

_SETTINGS = (
    "They give no access by themselves. They decide what jobs run in, where their clients send credentials, what up takes over or "
    "destroys, and how objects are named and made."
)


def by_account(facts: AccessFacts) -> tuple[Section, ...]:
    """Return what each account may do and who reads its secret, and what each named role gives."""
    accounts = Table(
        ("account", "may", "secret is read by", "purpose"),
        tuple(
            (
                name,
                may(facts.account(name)),
                _readers(facts, name),
                (account.purpose, f"({account.former})") if account.former else account.purpose,
            )
            for name, account in facts.accounts.items()
        ),
    )
    return (Section("Accounts", table=accounts, nothing="No accounts."), *_named_roles(facts))


def by_project(facts: AccessFacts) -> tuple[Section, ...]:
    """Return, for each JWT role, whose jobs are admitted and what each secret lets them do."""
    return tuple(
        Section(
            jobs_of(role.bound_claims).replace("jobs", "Jobs", 1),
            intro=(
                f"They log in at {facts.trust.login_path} with role {role.name} and an id_token for "
                f"{' or '.join(sorted(role.bound_audiences))}; the Vault token is valid for {duration(role.token_ttl)}."
            ),
            table=Table(
                ("secret", "with it they may", "path in Vault"),
                tuple(
                    (name, may(facts.account(name)), facts.accounts[name].secret)
                    for name in facts.accounts
                    if name in role.accounts
                ),
            ),
            nothing="No secrets.",
        )
        for role in facts.roles.values()
    )


def by_repository(facts: AccessFacts) -> tuple[Section, ...]:
    """Return who may do what in each repository."""
    uses = [(use, holder) for holder, held in facts.held.items() for use in held.uses]
    uses.sort(key=lambda each: (each[0].repository, each[0].format, each[1], each[0].path))
    rows = tuple(
        (
            repository_name(use.repository),
            format_name(use.format),
            f"role {holder.name}" if holder.is_role else holder.name,
            verb(use.actions) + path_suffix(use.path),
            ", ".join(sorted(use.actions)),
        )
        for use, holder in uses
    )
    admins = [name for name in facts.accounts if facts.account(name).administers]
    intro = f"In addition, {', '.join(admins)} may do everything as administrator." if admins else ""
    table = Table(("repository", "format", "who", "may", "actions in Nexus"), rows)
    return (Section("Repositories", intro, table=table, nothing="No account may use a repository."),)


def of_changes(changes: Difference) -> tuple[Section, ...]:
    """Return sections of changed trust anchors, gains, losses and settings, none if there are none."""
    found = []
    if changes.anchors:
        found.append(Section("Trust anchors", _ANCHORS, _edits(changes.anchors, "risky")))
    if changes.gains or changes.losses:
        risky_first = sorted(changes.gains, key=lambda change: not change.risks)
        gains = tuple(_finding(change, "gain") for change in risky_first)
        losses = tuple(_finding(change, "loss") for change in changes.losses)
        found.append(Section("Who gains", findings=gains, nothing="No gains."))
        found.append(Section("Who loses", findings=losses, nothing="No losses."))
    if changes.settings:
        found.append(Section("Other settings", _SETTINGS, _edits(changes.settings, "plain")))
    return tuple(found)


def verdict(changes: Difference) -> tuple[str, Tone]:
    """Return a difference in one line, and its tone."""
    is_access = bool(changes.gains or changes.losses)
    settings = f"{count_text(len(changes.settings), 'other setting')} changed" if changes.settings else ""
    if not (changes.anchors or is_access):
        text = "; ".join(filter(None, ("No account or job gains or loses access", settings)))
        return f"{text}.", "plain" if settings else "good"
    counts = [f"{count_text(len(changes.anchors), 'trust anchor')} changed"] if changes.anchors else []
    if is_access:
        counts += [count_text(len(changes.gains), "gain"), count_text(len(changes.losses), "loss")]
    text = ", ".join(filter(None, (*counts, settings)))
    if changes.risks and not changes.anchors:
        text = f"{text}. Look twice: {', '.join(changes.risks)}"
    return f"{text}.", "risky" if changes.anchors or changes.risks else "plain"


def may(held: Held) -> tuple[str, ...]:
    """Return what a holder may do in Nexus, a line for each verb and folder."""
    if held.administers:
        return ("do everything: administrator of Nexus",)
    by_verb: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for use in held.uses:
        by_verb[verb(use.actions), use.path].append((use.format, use.repository))
    lines = [
        f"{doing} {places(where)}{path_suffix(path)}"
        for (doing, path), where in sorted(by_verb.items(), key=lambda item: (item[0][0] == "pull", item[0]))
    ]
    lines += [f"{'role' if right.is_role else 'privilege'} {right.name} of Nexus" for right in held.rights]
    return tuple(lines) or ("nothing",)


def as_json(facts: AccessFacts) -> dict[str, Any]:
    """Return all facts as a JSON object."""
    return {
        "accounts": [
            {
                "name": name,
                "purpose": account.purpose,
                "former": account.former or None,
                "secret": account.secret,
                "read_by": [role.name for role in facts.readers(name)],
                "nexus_roles": list(account.roles),
                **_held_json(facts.account(name)),
            }
            for name, account in facts.accounts.items()
        ],
        "named_roles": [
            {"name": name, "description": text, **_held_json(facts.named_role(name))}
            for name, text in facts.named_roles.items()
        ],
        "jwt_roles": [
            {
                "name": role.name,
                "jobs": jobs_of(role.bound_claims),
                "bound_claims": {claim: sorted(values) for claim, values in role.bound_claims.items()},
                "bound_audiences": sorted(role.bound_audiences),
                "token_ttl_seconds": role.token_ttl,
                "token_max_ttl_seconds": role.token_max_ttl,
                "token_type": role.token_type,
                "secrets": sorted(role.accounts),
            }
            for role in facts.roles.values()
        ],
        "login_path": facts.trust.login_path,
    }


def _held_json(held: Held) -> dict[str, Any]:
    return {
        "administrator": held.administers,
        "grants": [
            {
                "format": use.format,
                "repository": use.repository,
                "path": use.path or None,
                "verb": verb(use.actions),
                "actions": sorted(use.actions),
                "by_role": sorted(use.via),
            }
            for use in held.uses
        ],
        "other_rights": [
            {"name": right.name, "kind": "role" if right.is_role else "privilege"} for right in held.rights
        ],
    }


def _readers(facts: AccessFacts, account: str) -> tuple[str, ...]:
    return tuple(f"{jobs_of(role.bound_claims)} (role {role.name})" for role in facts.readers(account)) or (
        _NOBODY,
    )


def _named_roles(facts: AccessFacts) -> tuple[Section, ...]:
    if not facts.named_roles:
        return ()
    held = {
        role: ", ".join(name for name, account in facts.accounts.items() if role in account.roles) or "nobody"
        for role in facts.named_roles
    }
    rows = tuple(
        (name, may(facts.named_role(name)), held[name], text) for name, text in facts.named_roles.items()
    )
    intro = "Every Nexus user with one of these roles has these rights, people included."
    return (
        Section("Named roles of Nexus", intro, table=Table(("role", "may", "given to", "purpose"), rows)),
    )


def _finding(change: Change, tone: Tone) -> Finding:
    return Finding(change.sentence, tone, tuple(change.risks))


def _edits(changed: Iterable[ChangedAnchor], tone: Tone) -> tuple[Finding, ...]:
    return tuple(
        Finding(f"{each.field}: {each.before or 'unset'} becomes {each.after or 'unset'}", tone)
        for each in changed
    )
