"""The rules of a policy: capabilities at a path, and conditions on requests.

Owns Vault's reading of a rule (vault/policy.go of 1.21, and of OpenBao 2.7): shorthands, one leading slash, the wildcards
* and +, the merging of several policies' rules for one path, and OpenBao's rules that expire.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from typing import Any

from ciaccess.access.policies.hcl import Block, HclError, Value, parse

_CAPABILITIES = frozenset(
    ["create", "delete", "deny", "list", "patch", "read", "recover", "scan", "subscribe", "sudo", "update"]
)
_SHORTHANDS = {
    "deny": {"deny"},
    "read": {"read", "list"},
    "write": {"create", "read", "update", "delete", "list"},
    "sudo": {"create", "read", "update", "delete", "list", "sudo"},
}
# Fields of Vault Enterprise by which a request waits for others, or for another factor.
_APPROVALS = {
    "control_group": "the approval of a control group",
    "mfa_methods": "multi-factor authentication",
}
# What concerns no read of a secret: comments, events, and what OpenBao's lists show.
_PASSED_OVER = _APPROVALS.keys() | {
    "comment", "list_scan_response_keys_filter_path", "pagination_limit", "subscribe_event_types",
}  # fmt: skip
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h|d)")
_TEMPLATE = re.compile(r"\{\{.*?\}\}")
# No object has this name.
_SOME_NAME = "\N{REPLACEMENT CHARACTER}"
Parameters = dict[str, tuple[Any, ...]]


class PolicyTextError(ValueError):
    """A policy that cannot be parsed, so that its rights are unknown."""


@dataclass(frozen=True)
class Rule:
    """A rule for a path; an empty tuple in `allowed` or `denied` means any value."""

    path: str
    capabilities: frozenset[str]
    min_wrapping_seconds: float = 0
    max_wrapping_seconds: float = 0
    required: frozenset[str] = frozenset()
    allowed: Parameters = field(default_factory=dict)
    denied: Parameters = field(default_factory=dict)
    approvals: frozenset[str] = frozenset()
    expires: datetime | None = None

    @cached_property
    def has_segments(self) -> bool:
        """Tell whether the path has the syntax of segment wildcards."""
        return self.path == "+" or "/+" in self.path or self.path.startswith("+/")

    @property
    def is_prefix(self) -> bool:
        """Tell whether the path is a prefix."""
        return self.path.endswith("*")

    @property
    def is_templated(self) -> bool:
        """Tell whether the path depends on the identity of the token."""
        return "{{" in self.path

    @property
    def names_one_path(self) -> bool:
        """Tell whether the path has no wildcard and no template."""
        return not self.is_prefix and not self.has_segments and not self.is_templated

    @cached_property
    def stem(self) -> str:
        """The path without its final *."""
        return self.path.removesuffix("*")

    @cached_property
    def head(self) -> str:
        """The literal text before the first wildcard or template."""
        return re.split(r"\+|\{\{", self.stem, maxsplit=1)[0]

    def example(self, pattern: str) -> str | None:
        """Return a path that fits a pattern with segments `+` and that the rule matches, or None."""
        begin = pattern.partition("+")[0]
        if not (begin.startswith(self.head) or self.head.startswith(begin)):
            return None
        wanted, own = pattern.split("/"), _TEMPLATE.sub(_SOME_NAME, self.stem).split("/")
        if self.is_prefix:
            own[-1] += _SOME_NAME
        # A template may stand for several segments: then the ends belong together.
        for shift in {0, len(own) - len(wanted)} if self.is_templated else {0}:
            names = [
                each if each != "+" else _segment(own, index + shift) for index, each in enumerate(wanted)
            ]
            if self.matches(path := "/".join(names)):
                return path
        return None

    def respell(self, path: str) -> str:
        """Return a path in the rule's capitals, where its segments differ from the rule's in these alone."""
        own, wanted = self.stem.split("/"), path.split("/")
        pairs = zip(own, wanted, strict=False)
        begin = [
            mine + each[len(mine) :] if each.lower().startswith(mine.lower()) else each
            for mine, each in pairs
        ]
        return "/".join([*begin, *wanted[len(own) :]])

    @cached_property
    def rank(self) -> tuple[int, bool, int, int, str]:
        """The priority among matching rules: the highest wins (vault/acl.go)."""
        first = self.path.index("+") if self.has_segments else len(self.stem)
        segments = self.stem.split("/").count("+") if self.has_segments else 0
        before = len(self.path[:first].encode())
        return before, not self.is_prefix, -segments, len(self.stem.encode()), self.stem

    def matches(self, path: str) -> bool:
        """Tell whether the rule matches a path; a templated one, for some identity."""
        if self.names_one_path:
            return self.path == path
        return self._expression.fullmatch(path) is not None

    @cached_property
    def _expression(self) -> re.Pattern[str]:
        def pattern_of(segment: str) -> str:
            return "[^/]*" if segment == "+" and self.has_segments else re.escape(segment)

        parts = ["/".join(map(pattern_of, part.split("/"))) for part in _TEMPLATE.split(self.stem)]
        return re.compile(".*".join(parts) + (".*" if self.is_prefix else ""), re.DOTALL)

    def merge(self, other: Rule) -> Rule:
        """Merge two rules for one path: deny wins, capabilities and conditions add up."""
        denied = "deny" in self.capabilities | other.capabilities
        return Rule(
            self.path,
            frozenset({"deny"}) if denied else self.capabilities | other.capabilities,
            _smaller(self.min_wrapping_seconds, other.min_wrapping_seconds),
            _smaller(self.max_wrapping_seconds, other.max_wrapping_seconds),
            self.required | other.required,
            _merge_parameters(self.allowed, other.allowed),
            _merge_parameters(self.denied, other.denied),
            self.approvals | other.approvals,
        )


@lru_cache(maxsize=1024)
def rules_of(text: str) -> tuple[Rule, ...]:
    """Return a policy's rules.

    Raises:
        PolicyTextError: the text is invalid, or has unsupported syntax.
    """
    try:
        return tuple(_rule(keys, value) for keys, value in parse(text).items if keys != ("name",))
    except HclError as error:
        raise PolicyTextError(str(error)) from None


def _rule(keys: tuple[str, ...], body: Value) -> Rule:
    if len(keys) != 2 or keys[0] != "path" or not isinstance(body, Block):  # noqa: PLR2004 path and its name
        raise HclError(f"{keys[0]!r} is not a path with its rule")
    path = keys[1].removeprefix("/")
    if "+*" in path:
        raise HclError(f"path {path!r}: +* is not allowed")
    if _TEMPLATE.sub("", path).count("{{") or "}}" in _TEMPLATE.sub("", path):
        raise HclError(f"path {path!r}: unbalanced braces")
    fields = dict(body.items)
    if len(fields) != len(body.items):
        raise HclError(f"path {path!r}: a field is set more than once")
    given = {key[0]: value for key, value in fields.items() if len(key) == 1 or key[0] in _APPROVALS}
    if len(given) != len(fields):
        raise HclError(f"path {path!r}: unexpected nested block")
    return _from_fields(path, given)


def _from_fields(path: str, given: dict[str, Value]) -> Rule:
    capabilities = _capabilities(path, given)
    rule = Rule(
        path,
        capabilities,
        _seconds(given.pop("min_wrapping_ttl", 0)),
        _seconds(given.pop("max_wrapping_ttl", 0)),
        frozenset(name.lower() for name in _texts(given.pop("required_parameters", []))),
        _parameters(given.pop("allowed_parameters", None)),
        _parameters(given.pop("denied_parameters", None)),
        frozenset(_APPROVALS[name] for name in given.keys() & _APPROVALS),
        _time(given.pop("expiration", "")),
    )
    if unknown := given.keys() - _PASSED_OVER:
        raise HclError(f"path {path!r}: unknown field {min(unknown)}")
    return rule


def _capabilities(path: str, given: dict[str, Value]) -> frozenset[str]:
    words = set(_texts(given.pop("capabilities", [])))
    shorthand = given.pop("policy", "")
    if shorthand:
        words |= _SHORTHANDS.get(shorthand, {f"policy {shorthand}"})
    if unknown := words - _CAPABILITIES:
        raise HclError(f"path {path!r}: unknown capability {min(unknown)}")
    return frozenset({"deny"}) if "deny" in words else frozenset(words)


def _texts(value: Value) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise HclError(f"{value!r} is not a list of strings")
    return value


def _seconds(value: Value) -> float:
    if isinstance(value, int | float):
        return value
    text = str(value)
    if text.isdigit():
        return int(text)
    if not text or _DURATION.sub("", text):
        raise HclError(f"{value!r} is not a duration")
    return sum(float(number) * _SECONDS[unit] for number, unit in _DURATION.findall(text))


def _time(value: Value) -> datetime | None:
    """Return a time of OpenBao: RFC 3339, or seconds since 1970."""
    text = str(value)
    if not text:
        return None
    try:
        found = datetime.fromtimestamp(float(text), UTC) if text.isdigit() else datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        found = None
    if found is None or found.tzinfo is None:
        raise HclError(f"{value!r} is not a time")
    return found


def _parameters(value: Value) -> Parameters:
    if value is None:
        return {}
    if not isinstance(value, Block) or not all(isinstance(each, list) for _, each in value.items):
        raise HclError("parameters must be lists of values")
    return {key[0].lower(): tuple(each) for key, each in value.items}


def _segment(own: list[str], index: int) -> str:
    """Return a rule's segment, some name where it has a wildcard or none."""
    return own[index] if 0 <= index < len(own) and own[index] != "+" else _SOME_NAME


def _smaller(one: float, other: float) -> float:
    """Return the smaller of two limits; 0 means unlimited."""
    return min(filter(None, (one, other)), default=0)


def _merge_parameters(one: Parameters, other: Parameters) -> Parameters:
    merged = {**one, **other}
    for name in one.keys() & other.keys():
        # Empty: any value.
        merged[name] = one[name] + other[name] if one[name] and other[name] else ()
    return merged
