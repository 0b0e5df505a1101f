"""Gains and losses by a JWT role's further limits: networks, sub, uses and end of its tokens."""

from __future__ import annotations

from ipaddress import IPv4Network, ip_network
from typing import TYPE_CHECKING, NamedTuple

from ciaccess.analysis.changes import Change, Risk
from ciaccess.analysis.wording import duration, join_words

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from ciaccess.analysis.facts import RoleFacts


class _Limit(NamedTuple):
    """A limit as it is in two states: its texts, and whether the second one admits more or less."""

    subject: str
    before: str
    after: str
    is_wider: bool
    is_narrower: bool
    risk: Risk

    @property
    def sentence(self) -> str:
        """Return the change in words."""
        return f"{self.subject} {self.after}, before {self.before}"


def gains(old: RoleFacts, new: RoleFacts) -> Iterator[Change]:
    """Return which limits of a role admit more than before."""
    for limit in _limits(old, new):
        if limit.is_wider:
            yield Change(new.name, limit.sentence, (limit.risk,))


def losses(old: RoleFacts, new: RoleFacts) -> Iterator[Change]:
    """Return which limits of a role admit less than before."""
    for limit in _limits(old, new):
        if limit.is_narrower:
            yield Change(new.name, limit.sentence)


def _limits(old: RoleFacts, new: RoleFacts) -> Iterator[_Limit]:
    name = new.name
    yield _Limit(
        f"role {name} now admits jobs from",
        _networks(old.networks),
        _networks(new.networks),
        not _are_within(new.networks, old.networks),
        not _are_within(old.networks, new.networks),
        Risk.WIDER,
    )
    yield _Limit(
        f"role {name} now admits jobs with",
        f"sub {old.subject}" if old.subject else "any sub",
        f"sub {new.subject}" if new.subject else "any sub",
        old.subject not in ("", new.subject),
        new.subject not in ("", old.subject),
        Risk.WIDER,
    )
    yield _number(
        f"a Vault token of role {name} may now be used",
        _times(old.uses),
        _times(new.uses),
        old.uses,
        new.uses,
    )
    yield _number(
        f"a Vault token of role {name} now ends",
        _end(old.end_seconds),
        _end(new.end_seconds),
        old.end_seconds,
        new.end_seconds,
    )
    yield _Limit(
        f"Vault tokens of role {name} now have",
        "no policy default" if old.lacks_default_policy else "Vault's policy default too",
        "no policy default" if new.lacks_default_policy else "Vault's policy default too",
        old.lacks_default_policy and not new.lacks_default_policy,
        new.lacks_default_policy and not old.lacks_default_policy,
        Risk.WIDER,
    )


def _number(subject: str, before: str, after: str, old: int, new: int) -> _Limit:
    """Return a limit that is a number; 0 means unlimited."""
    most_old, most_new = old or float("inf"), new or float("inf")
    return _Limit(subject, before, after, most_new > most_old, most_new < most_old, Risk.TTL)


def _networks(networks: Collection[str]) -> str:
    return join_words(sorted(networks)) if networks else "any network"


def _times(uses: int) -> str:
    return f"{uses} time{'s' * (uses > 1)}" if uses else "without limit"


def _end(seconds: int) -> str:
    return f"{duration(seconds)} after the login" if seconds else "when it is no longer renewed"


def _are_within(networks: Collection[str], others: Collection[str]) -> bool:
    """Tell whether each network is within another one; no networks are all addresses."""
    if not networks or not others:
        return not others
    return all(any(_is_within(each, other) for other in others) for each in networks)


def _is_within(network: str, other: str) -> bool:
    try:
        inner, outer = ip_network(network, strict=False), ip_network(other, strict=False)
    except ValueError:  # of a server that takes more than networks
        return network == other
    if isinstance(inner, IPv4Network):
        return isinstance(outer, IPv4Network) and inner.subnet_of(outer)
    return not isinstance(outer, IPv4Network) and inner.subnet_of(outer)
