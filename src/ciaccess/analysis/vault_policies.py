"""The paths that a policy of Vault grants: whether they include the accounts' secrets, and which.

Owns reading a policy's text (HCL, or JSON) and matching its paths, with + for a segment and * at the end, against the
folder of the secrets, or a path. For a folder it is pessimistic: a wrong finding can be accepted in the baseline.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

_TOKENS = re.compile(r'("(?:\\.|[^"\\])*")|#[^\n]*|//[^\n]*|/\*.*?\*/', re.DOTALL)
_RULE = re.compile(r'path\s*"((?:\\.|[^"\\])*)"\s*=?\s*\{')
_CAPABILITIES = re.compile(r'"?capabilities"?\s*[=:]\s*\[([^\]]*)\]')
_SHORTHAND = re.compile(r'"?policy"?\s*[=:]\s*"(\w+)"')
_WORDS = {"read": {"read"}, "write": {"read", "update"}, "sudo": {"sudo", "read", "update"}, "deny": {"deny"}}
# Reading a password, or putting another one in its place.
_TELLING = frozenset({"read", "create", "update", "patch", "sudo"})
_ANY_SEGMENT = "+"


@dataclass(frozen=True)
class Rule:
    """A path pattern, and what it grants or denies."""

    path: str
    capabilities: frozenset[str]

    def matches(self, path: str) -> bool:
        """Tell whether the pattern matches a path as a whole."""
        if self.is_exact:
            return self.path.lstrip("/") == path
        plain = re.escape(self.path.lstrip("/").removesuffix("*")).replace(r"\+", r"[^/]+")
        return re.fullmatch(plain + (".*" if self.is_open else ""), path) is not None

    @property
    def is_open(self) -> bool:
        """Tell whether the pattern ends with a wildcard."""
        return self.path.endswith("*")

    @property
    def is_exact(self) -> bool:
        """Tell whether the pattern is one path."""
        return not self.is_open and _ANY_SEGMENT not in self.path.split("/")


def rules(text: str) -> list[Rule]:
    """Return the rules of a policy's text."""
    if text.lstrip().startswith("{"):
        return _from_json(text)
    plain = _TOKENS.sub(lambda found: found[1] or " ", text)
    found = []
    for opening in _RULE.finditer(plain):
        body = _block(plain, opening.end())
        granted = {word for group in _CAPABILITIES.findall(body) for word in re.findall(r'"(\w+)"', group)}
        for word in _SHORTHAND.findall(body):
            granted |= _WORDS.get(word, set())
        found.append(Rule(opening[1], frozenset(granted)))
    return found


def reaches(text: str, folder: str) -> bool:
    """Tell whether a policy allows reading or writing in a folder such as `secret/data/nexus`."""
    every = rules(text)
    denied = [rule.path for rule in every if "deny" in rule.capabilities]
    return any(
        rule.capabilities & _TELLING
        and "deny" not in rule.capabilities
        and _overlaps(rule.path, folder)
        and not any(_covers(path, folder) and len(path) >= len(rule.path) for path in denied)
        for rule in every
    )


def may_read(every: list[Rule], path: str) -> bool:
    """Tell whether rules allow reading a path: the longest match decides, and a denial wins."""
    matching = [rule for rule in every if rule.matches(path)]
    if any("deny" in rule.capabilities for rule in matching):
        return False
    closest = max(matching, key=lambda rule: (rule.is_exact, len(rule.path)), default=None)
    return closest is not None and "read" in closest.capabilities


def _from_json(text: str) -> list[Rule]:
    try:
        paths = json.loads(text)["path"]
        return [
            Rule(path, frozenset(body.get("capabilities") or ()) | _WORDS.get(body.get("policy", ""), set()))
            for path, body in paths.items()
        ]
    except (ValueError, KeyError, TypeError, AttributeError):
        return []


def _block(text: str, start: int) -> str:
    """Return the text up to the brace that closes the block which was opened before `start`."""
    depth = 1
    for index in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[index], 0)
        if depth == 0:
            return text[start:index]
    return text[start:]


def _overlaps(pattern: str, folder: str) -> bool:
    """Tell whether a pattern matches some path in the folder."""
    is_open = pattern.endswith("*")
    segments = pattern.lstrip("/").removesuffix("*").split("/")
    wanted = folder.split("/")
    for index, part in enumerate(wanted):
        if index >= len(segments):
            return False
        if is_open and index == len(segments) - 1:
            return part.startswith(segments[index])
        if segments[index] != part and segments[index] != _ANY_SEGMENT and "{{" not in segments[index]:
            return False
    return len(segments) > len(wanted)


def _covers(pattern: str, folder: str) -> bool:
    """Tell whether a pattern matches every path in the folder."""
    return pattern.endswith("*") and f"{folder}/".startswith(pattern.lstrip("/").removesuffix("*"))
