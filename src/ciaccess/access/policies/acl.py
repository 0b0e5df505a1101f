"""The rights of a token from all its policies: granted, not granted, or unknown.

Owns Vault's choice among rules (vault/acl.go of 1.21): a rule for exactly the path decides; otherwise the matching
wildcard rule with the highest rank, whether it grants or denies. Unknown: templated paths, a policy that cannot be
parsed, and requests that need an approval.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Self

from ciaccess.access.policies.rules import PolicyTextError, Rule, rules_of

ROOT = "root"
READ = frozenset({"read"})
# Reading a password, or putting another one in its place.
READ_OR_WRITE = frozenset({"create", "patch", "read", "update"})
WRITE = READ_OR_WRITE - READ
UPDATE, SUDO = frozenset({"update"}), frozenset({"sudo"})
# Here a token with sudo may ask for any policy but root; so it may at the path of a token role that limits none.
ISSUING = ("auth/token/create", "auth/token/create-orphan")


class Right(StrEnum):
    """Whether a token has a right."""

    YES = "yes"
    NO = "no"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True)
class Decision:
    """Whether a token has a right, and the reason where that is unknown."""

    right: Right
    reason: str = ""


_YES, _NO = Decision(Right.YES), Decision(Right.NO)
_ORDER = [Right.YES, Right.CANNOT_TELL, Right.NO]


def strongest(decisions: Iterable[Decision]) -> Decision:
    """Return the decision that gives most, no right without any."""
    return min(decisions, key=lambda each: _ORDER.index(each.right), default=_NO)


@dataclass(frozen=True)
class Acl:
    """The rules of a token; `unread` has a message for each policy that cannot be parsed."""

    exact: Mapping[str, Rule]
    patterns: tuple[Rule, ...] = ()
    templated: tuple[Rule, ...] = ()
    unread: tuple[str, ...] = ()
    is_root: bool = False

    @classmethod
    def of(cls, policies: Mapping[str, str]) -> Self:
        """Return the rules of policies (text by name); Vault ignores missing policies."""
        by_path: dict[str, Rule] = {}
        templated: list[Rule] = []
        unread: list[str] = []
        now = datetime.now(UTC)
        for name, text in sorted(policies.items()):
            try:
                rules = rules_of(text)
            except PolicyTextError as error:
                unread.append(f"cannot parse the policy {name}: {error}")
                continue
            for rule in rules:
                if rule.expires and rule.expires <= now:
                    continue
                if rule.is_templated:
                    templated.append(rule)
                else:
                    known = by_path.get(rule.path)
                    by_path[rule.path] = known.merge(rule) if known else rule
        return cls(
            {path: rule for path, rule in by_path.items() if rule.names_one_path},
            tuple(rule for rule in by_path.values() if not rule.names_one_path),
            tuple(templated),
            tuple(unread),
            ROOT in policies,
        )

    @property
    def rules(self) -> tuple[Rule, ...]:
        """All parsed rules."""
        return (*self.exact.values(), *self.patterns, *self.templated)

    def may(self, path: str, wanted: frozenset[str] = READ) -> Decision:
        """Decide whether a path, such as `secret/data/nexus/svc-x`, has one of the capabilities."""
        if self.is_root:
            return _YES
        if self.unread:
            return Decision(Right.CANNOT_TELL, "; ".join(self.unread))
        decided = _decide(self._rule_for(path), wanted)
        uncertain = [rule for rule in self.templated if rule.matches(path)]
        if {_decide(rule, wanted).right for rule in uncertain} <= {decided.right}:
            return decided
        reason = f"the templated path {uncertain[0].path} depends on the identity of the token"
        return Decision(Right.CANNOT_TELL, reason)

    def may_with_sudo(self, paths: Iterable[str], wanted: frozenset[str] = UPDATE) -> Decision:
        """Decide whether the token has one of the capabilities, and sudo, at one of the paths."""
        decisions = []
        for path in paths:
            both = [self.may_somewhere(path, each) for each in (wanted, SUDO)]
            decisions.append(max(both, key=lambda each: _ORDER.index(each.right)))
        return strongest(decisions)

    def may_somewhere(self, pattern: str, wanted: frozenset[str] = READ_OR_WRITE) -> Decision:
        """Decide it for any path of a pattern, whose segments may be `+`: `secret/data/nexus/+`."""
        if self.is_root or self.unread:
            return self.may(pattern, wanted)
        granting = (rule for rule in self.rules if rule.capabilities & wanted)
        examples = {path for rule in granting if (path := rule.example(pattern))}
        return strongest(self.may(path, wanted) for path in sorted(examples))

    def _rule_for(self, path: str) -> Rule | None:
        if path in self.exact:
            return self.exact[path]
        matching = (rule for rule in self.patterns if rule.matches(path))
        return max(matching, key=lambda rule: rule.rank, default=None)


def _decide(rule: Rule | None, wanted: frozenset[str]) -> Decision:
    if rule is None or not rule.capabilities & wanted:
        return _NO
    least, most = rule.min_wrapping_seconds, rule.max_wrapping_seconds
    if least and most and most < least:
        return _NO
    if rule.approvals:
        reason = f"the path {rule.path} needs {' and '.join(sorted(rule.approvals))}"
        return Decision(Right.CANNOT_TELL, reason)
    # The token can unwrap the response itself.
    if wanted & rule.capabilities >= READ:
        return _with_parameters(rule) if rule.required else _YES
    if rule.required or rule.allowed or rule.denied:
        return Decision(Right.CANNOT_TELL, f"the path {rule.path} limits what may be written")
    return _YES


def _with_parameters(rule: Rule) -> Decision:
    """Decide a request with only the required parameters; KV ignores unknown ones."""
    if "*" in rule.denied or any(rule.denied.get(name) == () for name in rule.required):
        return _NO
    names = rule.allowed.keys() - {"*"}
    if names and "*" not in rule.allowed and rule.required - names:
        return _NO
    if rule.required & (names | rule.denied.keys()) and any(
        rule.allowed.get(name) or rule.denied.get(name) for name in rule.required
    ):
        return Decision(Right.CANNOT_TELL, f"the path {rule.path} requires parameters of certain values")
    return _YES
