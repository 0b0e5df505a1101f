"""Policies by chance, near each other and near the secrets, in every spelling that Vault takes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from random import Random

SECRETS = tuple(
    f"secret/data/{path}"
    for path in ("nexus/svc-a", "nexus/svc-ab", "nexus/svc-é", "nexus/team/svc-a", "other/svc-a")
)
# Parameters that a read may have: KV knows the first, and passes over the second.
PARAMETERS = {"version": "0", "extra": "1"}
WRAPPING_SECONDS = (20, 45, 75, 150)
_CAPABILITIES: tuple[list[str], ...] = (
    *(["read"], ["read"], ["read", "list"], ["read", "create", "update"]),
    *(["deny"], ["deny"], ["read", "deny"], ["list"], ["update", "sudo"], []),
)
_SHORTHANDS = ("read", "write", "deny", "sudo")


@dataclass(frozen=True)
class Written:
    """A policy's text, and what it has: demands on wrapping, on parameters.

    `is_open`: what no model can decide, a template or parameters of certain values.
    """

    text: str
    wraps: bool
    requires: bool
    is_open: bool


@dataclass
class _Rule:
    path: str
    fields: dict[str, Any] = field(default_factory=dict)

    def as_hcl(self, random: Random) -> str:
        sign, comma = random.choice([" = ", "="]), random.choice(["\n", ",\n", "\n# }\n", " /* { */\n"])
        body = "".join(f"  {name}{sign}{_hcl(value)}{comma}" for name, value in self.fields.items())
        return f"path {json.dumps(self.path, ensure_ascii=False)} {{\n{body}}}\n"


def policy(random: Random) -> Written:
    """Return a policy of one to four rules."""
    rules = [_rule(random) for _ in range(random.randint(1, 4))]
    names = " ".join(name for rule in rules for name in rule.fields)
    is_open = any("{{" in rule.path or _limits_values(rule.fields) for rule in rules)
    if random.random() < 0.25:
        levels = [{rule.path: rule.fields} for rule in rules]
        document = {
            "path": levels if random.random() < 0.5 else {k: v for each in levels for k, v in each.items()}
        }
        text = json.dumps(document)
    else:
        text = "".join(rule.as_hcl(random) for rule in rules)
    return Written(text, "wrapping" in names, "required" in names, is_open)


def _limits_values(fields: dict[str, Any]) -> bool:
    limits = [*fields.get("allowed_parameters", {}).values(), *fields.get("denied_parameters", {}).values()]
    return any(limits)


def _rule(random: Random) -> _Rule:
    rule = _Rule(_path(random))
    if random.random() < 0.15:
        rule.fields["policy"] = random.choice(_SHORTHANDS)
    else:
        rule.fields["capabilities"] = list(random.choice(_CAPABILITIES))
    if random.random() < 0.15:
        least, most = random.choice([("30s", 0), ("1m", 0), (0, "1m"), ("30s", 100), (40, "50s")])
        rule.fields |= {"min_wrapping_ttl": least} if least else {}
        rule.fields |= {"max_wrapping_ttl": most} if most else {}
    if random.random() < 0.15:
        rule.fields["required_parameters"] = random.choice([["version"], ["Extra"], ["extra", "version"]])
    for name in ("allowed_parameters", "denied_parameters"):
        if random.random() < 0.1:
            values = random.choice([[], [], [], ["0"]])
            rule.fields[name] = {random.choice(["version", "Extra", "*", "another"]): values}
    return rule


def _path(random: Random) -> str:
    """Return a path near a secret's: with wildcards, cut off, misspelt."""
    segments = random.choice(SECRETS).split("/")
    for _ in range(random.choice([0, 1, 1, 2])):
        segments[random.randrange(len(segments))] = "+"
    path = "/".join(segments)
    kind = random.randint(0, 11)
    if kind <= 4:
        cut = (
            random.randint(max(0, len(path) - 9), len(path))
            if random.random() < 0.7
            else random.randint(0, len(path))
        )
        path = path[:cut] + "*"
    elif kind == 5:
        path = f"/{path}"
    elif kind == 6:
        path = random.choice(
            [f"{path}/*", f"{path}/", path.upper(), path.replace("svc", "*"), path.replace("-", "+")]
        )
    if random.random() < 0.05:
        return path.rpartition("/")[0] + "/{{identity.entity.name}}"
    return path.replace("+*", "+/*")


def _hcl(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + " ".join(f"{json.dumps(name)} = {_hcl(each)}" for name, each in value.items()) + " }"
    return json.dumps(value)
