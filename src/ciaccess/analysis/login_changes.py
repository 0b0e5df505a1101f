"""Gains and losses at the login: admitted jobs by role, token lifetimes, readable secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ciaccess.access.model.checks_claims import matches
from ciaccess.access.policies.acl import ROOT
from ciaccess.analysis import login_limits
from ciaccess.analysis.changes import Change, Risk
from ciaccess.analysis.facts import EVERY, Holder
from ciaccess.analysis.wording import duration, jobs_of, join_words

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from ciaccess.analysis.facts import AccessFacts, RoleFacts


def gains(before: AccessFacts, after: AccessFacts) -> Iterator[Change]:
    """Return which jobs get in or read more than before, and for longer."""
    if after.trust.issuer != before.trust.issuer:
        sentence = f"Vault now trusts the id_tokens of {after.trust.issuer}"
        yield Change(after.trust.issuer, sentence, (Risk.TRUST,))
    for key in sorted(set(after.trust.keys) - set(before.trust.keys)):
        yield Change(after.trust.issuer, f"Vault now verifies id_tokens with {_key(key)}", (Risk.TRUST,))
    for name, role in sorted(after.roles.items()):
        if name in before.roles:
            yield from _wider(before.roles[name], role, after)
            continue
        sentence = (
            f"{jobs_of(role.claims)} may log in with the new role {name} and read {_secrets(role.accounts)}"
        )
        stars = (Risk.WILDCARD,) if _has_star(*role.claims.values()) else ()
        yield Change(name, sentence, (*stars, *_risks_of_secrets(role.accounts, after)))


def losses(before: AccessFacts, after: AccessFacts) -> Iterator[Change]:
    """Return which jobs are refused, read less, or must look elsewhere."""
    if after.trust.issuer != before.trust.issuer:
        yield Change(before.trust.issuer, f"Vault no longer trusts the id_tokens of {before.trust.issuer}")
    for key in sorted(set(before.trust.keys) - set(after.trust.keys)):
        yield Change(before.trust.issuer, f"Vault no longer verifies id_tokens with {_key(key)}")
    if after.trust.login_path != before.trust.login_path:
        sentence = f"jobs log in at {after.trust.login_path}, no longer at {before.trust.login_path}"
        yield Change(after.trust.login_path, sentence)
    for account in sorted(before.accounts.keys() & after.accounts.keys()):
        old, new = before.accounts[account].secret, after.accounts[account].secret
        if old != new:
            yield Change(account, f"secret {account} is read at {new}, no longer at {old}")
    for name, role in sorted(before.roles.items()):
        if name in after.roles:
            yield from _narrower(role, after.roles[name], several=len(before.roles) > 1)
        else:
            sentence = f"{jobs_of(role.claims)} can no longer log in with role {name}, and lose {_secrets(role.accounts)}"
            yield Change(name, sentence)


def _wider(old: RoleFacts, new: RoleFacts, after: AccessFacts) -> Iterator[Change]:
    name = new.name
    for policy in sorted(new.other_policies - old.other_policies):
        allows = "which allows everything" if policy == ROOT else "undeclared: what it allows is not known"
        yield Change(name, f"role {name} now has the policy {policy}, {allows}", (Risk.ADMIN,))
    if added := new.accounts - old.accounts:
        sentence = (
            f"{jobs_of(new.claims)} gain {_secrets(added)}{_with_role(name, several=len(after.roles) > 1)}"
        )
        yield Change(name, sentence, _risks_of_secrets(added, after))
    for claim, values in sorted(new.claims.items()):
        fresh = _values_without_pattern(values, old.claims[claim]) if claim in old.claims else frozenset()
        if fresh:
            jobs = jobs_of({**new.claims, claim: fresh})
            sentence = f"{jobs} may now log in with role {name} too, and read {_secrets(new.accounts)}"
            stars = (Risk.WILDCARD,) if _has_star(fresh) else ()
            yield Change(name, sentence, (Risk.WIDER, *stars))
    for claim in sorted(old.claims.keys() - new.claims.keys()):
        asked = f"{claim} {join_words(sorted(old.claims[claim]), 'or')}"
        sentence = f"role {name} no longer requires {asked}: all {jobs_of(new.claims)} may log in"
        yield Change(name, sentence, (Risk.WIDER,))
    for audience in sorted(new.audiences - old.audiences):
        yield Change(name, f"role {name} now accepts id_tokens for the audience {audience}", (Risk.WIDER,))
    yield from _longer_lifetimes(old, new)
    yield from login_limits.gains(old, new)
    if (old.token_type, new.token_type) == ("service", "batch"):
        sentence = f"Vault tokens of role {name} are now batch tokens, which cannot be revoked"
        yield Change(name, sentence, (Risk.IRREVOCABLE,))


def _longer_lifetimes(old: RoleFacts, new: RoleFacts) -> Iterator[Change]:
    if new.ttl_seconds > old.ttl_seconds:
        sentence = f"a Vault token of role {new.name} is now valid for {duration(new.ttl_seconds)}, before {duration(old.ttl_seconds)}"
        yield Change(new.name, sentence, (Risk.TTL,))
    if new.max_ttl_seconds > max(old.max_ttl_seconds, new.ttl_seconds):
        most = f"{duration(new.max_ttl_seconds)}, not {duration(old.max_ttl_seconds)}"
        yield Change(
            new.name, f"a Vault token of role {new.name} can now be renewed to live {most}", (Risk.TTL,)
        )


def _narrower(old: RoleFacts, new: RoleFacts, *, several: bool) -> Iterator[Change]:
    name = new.name
    # Undeclared policies may allow to read them all the same.
    if (removed := old.accounts - new.accounts) and not new.other_policies:
        yield Change(
            name, f"{jobs_of(old.claims)} lose {_secrets(removed)}{_with_role(name, several=several)}"
        )
    for claim, values in sorted(old.claims.items()):
        gone = _values_without_pattern(values, new.claims[claim]) if claim in new.claims else frozenset()
        if gone:
            jobs = jobs_of({**old.claims, claim: gone})
            sentence = f"{jobs} can no longer log in with role {name}, and lose {_secrets(old.accounts)}"
            yield Change(name, sentence)
    for claim in sorted(new.claims.keys() - old.claims.keys()):
        asked = f"{claim} {join_words(sorted(new.claims[claim]), 'or')}"
        sentence = f"role {name} now requires {asked}: only {jobs_of(new.claims)} may log in"
        yield Change(name, sentence)
    for audience in sorted(old.audiences - new.audiences):
        yield Change(name, f"role {name} no longer accepts id_tokens for the audience {audience}")
    yield from _shorter_lifetimes(old, new)
    yield from login_limits.losses(old, new)


def _shorter_lifetimes(old: RoleFacts, new: RoleFacts) -> Iterator[Change]:
    name = new.name
    if (old.token_type, new.token_type) == ("batch", "service"):
        sentence = f"Vault tokens of role {name} are no longer batch tokens, and can be revoked"
        yield Change(name, sentence)
    if new.ttl_seconds < old.ttl_seconds:
        lives = f"{duration(new.ttl_seconds)}, not {duration(old.ttl_seconds)}"
        yield Change(name, f"a Vault token of role {name} now lives only {lives}")
    if new.max_ttl_seconds < old.max_ttl_seconds and new.ttl_seconds >= old.ttl_seconds:
        most = f"{duration(new.max_ttl_seconds)}, not {duration(old.max_ttl_seconds)}"
        yield Change(name, f"a Vault token of role {name} can be renewed to live only {most}")


def _values_without_pattern(values: Collection[str], patterns: Collection[str]) -> frozenset[str]:
    """Return the values that no pattern admits; their own stars count as any text."""
    return frozenset(value for value in values if not any(matches(pattern, value) for pattern in patterns))


def _secrets(accounts: Collection[str]) -> str:
    if not accounts:
        return "no secret"
    return f"{'secret' if len(accounts) == 1 else 'secrets'} {join_words(sorted(accounts))}"


def _with_role(name: str, *, several: bool) -> str:
    return f" (role {name})" if several else ""


def _has_star(*groups: Collection[str]) -> bool:
    return any(EVERY in value for values in groups for value in values)


def _key(key: str) -> str:
    return f"the keys from {key}" if "://" in key else "another public key"


def _risks_of_secrets(accounts: Collection[str], facts: AccessFacts) -> tuple[Risk, ...]:
    holders = [Holder(account) for account in accounts]
    admin = (Risk.ADMIN,) if any(map(facts.administers, holders)) else ()
    return (*admin, Risk.RELEASE) if any(map(facts.writes_releases, holders)) else admin
