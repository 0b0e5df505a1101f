"""Gains and losses at the login: admitted jobs by role, token lifetimes, readable secrets."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from ipaddress import ip_network
from math import inf
from typing import Any, NamedTuple

from ciaccess.access.model.checks_claims import matches
from ciaccess.access.policies.acl import ROOT
from ciaccess.analysis.changes import Found, Risk
from ciaccess.analysis.facts import EVERY, AccessFacts, RoleFacts, Trust
from ciaccess.analysis.wording import duration, jobs_of, join_words


class _Limit(NamedTuple):
    """A limit of a role; `covers` tells whether one value admits all that another one does."""

    sentence: str
    field: str
    text: Callable[[Any], str]
    covers: Callable[[Any, Any], bool]
    risk: Risk


def find(before: AccessFacts, after: AccessFacts, found: Found) -> None:
    """Find which jobs are admitted or refused, read more or less, and for how long."""
    _of_trust(before.trust, after.trust, found)
    for account in sorted(before.accounts.keys() & after.accounts.keys()):
        was, is_ = before.accounts[account].secret, after.accounts[account].secret
        if was != is_:
            found.lose(account, f"secret {account} is read at {is_}, no longer at {was}")
    for name in sorted(before.roles.keys() | after.roles.keys()):
        old, new = before.roles.get(name), after.roles.get(name)
        if new is None:
            jobs, lost = jobs_of(before.roles[name].bound_claims), _secrets(before.roles[name].accounts)
            found.lose(name, f"{jobs} can no longer log in with role {name}, and lose {lost}")
        elif old is None:
            stars = (Risk.WILDCARD,) if _has_star(*new.bound_claims.values()) else ()
            text = f"{jobs_of(new.bound_claims)} may log in with the new role {name} and read {_secrets(new.accounts)}"
            found.gain(name, text, *stars, *_risks_of_secrets(new.accounts, after))
        else:
            _of_secrets(before, after, name, found)
            _of_claims(old, new, found)
            _of_tokens(old, new, found)


def _of_trust(old: Trust, new: Trust, found: Found) -> None:
    if new.issuer != old.issuer:
        found.gain(new.issuer, f"Vault now trusts the id_tokens of {new.issuer}", Risk.TRUST)
        found.lose(old.issuer, f"Vault no longer trusts the id_tokens of {old.issuer}")
    for key in sorted(set(new.keys) - set(old.keys)):
        found.gain(new.issuer, f"Vault now verifies id_tokens with {_key(key)}", Risk.TRUST)
    for key in sorted(set(old.keys) - set(new.keys)):
        found.lose(old.issuer, f"Vault no longer verifies id_tokens with {_key(key)}")
    if new.login_path != old.login_path:
        found.lose(new.login_path, f"jobs log in at {new.login_path}, no longer at {old.login_path}")


def _of_secrets(before: AccessFacts, after: AccessFacts, name: str, found: Found) -> None:
    old, new = before.roles[name], after.roles[name]
    for policy in sorted(new.other_policies - old.other_policies):
        allows = "which allows everything" if policy == ROOT else "undeclared: what it allows is not known"
        found.gain(name, f"role {name} now has the policy {policy}, {allows}", Risk.ADMIN)
    if added := new.accounts - old.accounts:
        text = f"{jobs_of(new.bound_claims)} gain {_secrets(added)}{_role_suffix(after, name)}"
        found.gain(name, text, *_risks_of_secrets(added, after))
    # Undeclared policies may allow to read them all the same.
    if (removed := old.accounts - new.accounts) and not new.other_policies:
        found.lose(name, f"{jobs_of(old.bound_claims)} lose {_secrets(removed)}{_role_suffix(before, name)}")


def _of_claims(old: RoleFacts, new: RoleFacts, found: Found) -> None:
    name, was, is_ = new.name, old.bound_claims, new.bound_claims
    for claim in sorted(was.keys() & is_.keys()):
        if fresh := _values_without_pattern(is_[claim], was[claim]):
            stars = (Risk.WILDCARD,) if _has_star(fresh) else ()
            text = f"{jobs_of({**is_, claim: fresh})} may now log in with role {name} too, and read {_secrets(new.accounts)}"
            found.gain(name, text, Risk.WIDER, *stars)
        if gone := _values_without_pattern(was[claim], is_[claim]):
            jobs = jobs_of({**was, claim: gone})
            found.lose(
                name, f"{jobs} can no longer log in with role {name}, and lose {_secrets(old.accounts)}"
            )
    for claim in sorted(was.keys() - is_.keys()):
        text = f"role {name} no longer requires {_condition(claim, was)}: all {jobs_of(is_)} may log in"
        found.gain(name, text, Risk.WIDER)
    for claim in sorted(is_.keys() - was.keys()):
        found.lose(name, f"role {name} now requires {_condition(claim, is_)}: only {jobs_of(is_)} may log in")
    for audience in sorted(new.bound_audiences - old.bound_audiences):
        found.gain(name, f"role {name} now accepts id_tokens for the audience {audience}", Risk.WIDER)
    for audience in sorted(old.bound_audiences - new.bound_audiences):
        found.lose(name, f"role {name} no longer accepts id_tokens for the audience {audience}")


def _of_tokens(old: RoleFacts, new: RoleFacts, found: Found) -> None:
    name, token = new.name, f"a Vault token of role {new.name}"
    was, is_ = duration(old.token_ttl), duration(new.token_ttl)
    if new.token_ttl > old.token_ttl:
        found.gain(name, f"{token} is now valid for {is_}, before {was}", Risk.TTL)
    elif new.token_ttl < old.token_ttl:
        found.lose(name, f"{token} now lives only {is_}, not {was}")
    longest = f"{duration(new.token_max_ttl)}, not {duration(old.token_max_ttl)}"
    if new.token_max_ttl > max(old.token_max_ttl, new.token_ttl):
        found.gain(name, f"{token} can now be renewed to live {longest}", Risk.TTL)
    elif new.token_max_ttl < old.token_max_ttl and new.token_ttl >= old.token_ttl:
        found.lose(name, f"{token} can be renewed to live only {longest}")
    for limit in _LIMITS:
        before, after = getattr(old, limit.field), getattr(new, limit.field)
        text = f"{limit.sentence.format(name)} {limit.text(after)}, before {limit.text(before)}"
        if not limit.covers(before, after):
            found.gain(name, text, limit.risk)
        if not limit.covers(after, before):
            found.lose(name, text)
    if (old.token_type, new.token_type) == ("service", "batch"):
        text = f"Vault tokens of role {name} are now batch tokens, which cannot be revoked"
        found.gain(name, text, Risk.IRREVOCABLE)
    if (old.token_type, new.token_type) == ("batch", "service"):
        found.lose(name, f"Vault tokens of role {name} are no longer batch tokens, and can be revoked")


def _values_without_pattern(values: Collection[str], patterns: Collection[str]) -> frozenset[str]:
    """Return the values that no pattern admits; their own stars count as any text."""
    return frozenset(value for value in values if not any(matches(pattern, value) for pattern in patterns))


def _secrets(accounts: Collection[str]) -> str:
    if not accounts:
        return "no secret"
    return f"{'secret' if len(accounts) == 1 else 'secrets'} {join_words(sorted(accounts))}"


def _role_suffix(facts: AccessFacts, name: str) -> str:
    return f" (role {name})" if len(facts.roles) > 1 else ""


def _condition(claim: str, claims: Mapping[str, Collection[str]]) -> str:
    return f"{claim} {join_words(sorted(claims[claim]), 'or')}"


def _has_star(*groups: Collection[str]) -> bool:
    return any(EVERY in value for values in groups for value in values)


def _key(key: str) -> str:
    return f"the keys from {key}" if "://" in key else "another public key"


def _risks_of_secrets(accounts: Collection[str], facts: AccessFacts) -> tuple[Risk, ...]:
    admin = (Risk.ADMIN,) if any(facts.account(each).administers for each in accounts) else ()
    return (*admin, Risk.RELEASE) if any(map(facts.writes_releases, accounts)) else admin


def _networks(networks: Collection[str]) -> str:
    return join_words(sorted(networks)) if networks else "any network"


def _times(uses: int) -> str:
    return f"{uses} time{'s' * (uses > 1)}" if uses else "without limit"


def _end(seconds: int) -> str:
    return f"{duration(seconds)} after the login" if seconds else "when it is no longer renewed"


def _is_as_large(one: int, other: int) -> bool:
    return (one or inf) >= (other or inf)


def _contain(networks: Collection[str], others: Collection[str]) -> bool:
    """Tell whether each of the others is within one of the networks; no networks are all addresses."""
    if not networks or not others:
        return not networks
    return all(any(_is_within(other, network) for network in networks) for other in others)


def _is_within(network: str, other: str) -> bool:
    try:
        inner, outer = ip_network(network, strict=False), ip_network(other, strict=False)
    except ValueError:  # of a server that takes more than networks
        return network == other
    return inner.version == outer.version and inner.subnet_of(outer)  # type: ignore[arg-type] # of one version


# 0, "" and no networks mean unlimited.
_LIMITS = (
    _Limit("role {} now admits jobs from", "token_bound_cidrs", _networks, _contain, Risk.WIDER),
    _Limit(
        "role {} now admits jobs with",
        "bound_subject",
        lambda subject: f"sub {subject}" if subject else "any sub",
        lambda one, other: one in ("", other),
        Risk.WIDER,
    ),
    _Limit("a Vault token of role {} may now be used", "token_num_uses", _times, _is_as_large, Risk.TTL),
    _Limit("a Vault token of role {} now ends", "token_explicit_max_ttl", _end, _is_as_large, Risk.TTL),
    _Limit(
        "Vault tokens of role {} now have",
        "token_no_default_policy",
        lambda is_set: "no policy default" if is_set else "Vault's policy default too",
        lambda one, other: other or not one,
        Risk.WIDER,
    ),
)
