"""What one value of access.yaml must look like: names, addresses, durations, paths, claims.

Owns the rules that one value decides, each with its words for the user. access/model/fields makes types of them; what two
fields must agree on is in access/rules.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from pydantic_core import PydanticCustomError

from ciaccess.access.reading.faults import closest, display

# Nexus answers 500 to a longer id (facts on Nexus).
MOST_NAME_CHARACTERS = 200
# With the words put before it in Nexus it stays under the 200 characters of its columns.
MOST_TEXT_CHARACTERS = 150
_MOST_KEY_CHARACTERS = 8000
LEAST_TTL_SECONDS, MOST_TTL_SECONDS = 60, 3600
# In the order of promotion.
ENVIRONMENTS = ("dev", "uat", "prod")
FORMATS = (
    "apt", "cargo", "cocoapods", "composer", "conan", "conda", "docker", "gitlfs", "go", "helm", "huggingface",
    "maven2", "npm", "nuget", "p2", "pypi", "r", "raw", "rubygems", "terraform", "yum",
)  # fmt: skip
CALLED_OTHERWISE = {
    "rpm": "yum", "dnf": "yum", "python": "pypi", "pip": "pypi", "maven": "maven2", "image": "docker",
    "oci": "docker", "deb": "apt", "node": "npm", "generic": "raw", "file": "raw", "gem": "rubygems",
}  # fmt: skip
SEGMENT = r"[A-Za-z0-9][A-Za-z0-9._-]*"
LOWER_SEGMENT = r"[a-z0-9][a-z0-9._-]*"
SCOPE_PATH = r"/([A-Za-z0-9][A-Za-z0-9._+-]*/)+"
_UNITS = {"s": 1, "m": 60, "h": 3600}
_WITHOUT_DATA = "Leave data/ out: it is put in where the API wants it"
_GITLAB_NAME = r"[A-Za-z0-9_][A-Za-z0-9_.-]*"
_GITLAB_VARIABLES = ("CI", "CHAT_CHANNEL", "CHAT_INPUT", "TRIGGER_PAYLOAD")


def rule_error(message: str, allowed: str, remedy: str, *, conceal: bool = False) -> PydanticCustomError:
    """Return the error of a value that breaks a rule, with the three parts of a fault's text.

    `conceal` keeps a value that may be a credential out of the fault.
    """
    parts = {"text": message, "allowed": allowed, "remedy": remedy, "conceal": conceal}
    return PydanticCustomError("rule", "{text}", parts)


def refusal(value: Any, problem: str, allowed: str, remedy: str) -> PydanticCustomError:
    """Return the error of a value that breaks a rule; `problem` follows it in the message."""
    return rule_error(f"{display(value)} {problem}", allowed, remedy)


def pattern_check(
    pattern: str, problem: str, allowed: str, remedy: str, *, most: float = math.inf
) -> Callable[[str], str]:
    """Return the check of a text of a pattern; `problem` follows the text in the message."""

    def check(value: str) -> str:
        if len(value) > most or not re.fullmatch(pattern, value):
            raise refusal(value, problem, allowed, remedy)
        return value

    return check


def name(what: str, *, upper: bool, most: int) -> Callable[[str], str]:
    """Return the check of a `what`'s name; without `upper` if Vault stores it in lower case."""
    letters = "letters, digits, '.', '_' and '-', starting with a letter or digit"
    pattern = re.compile(SEGMENT if upper else LOWER_SEGMENT)
    allowed = letters if upper else f"lower-case {letters}"

    def check(value: str) -> str:
        if len(value) > most:
            problem = f"has {len(value)} characters"
            raise refusal(value, problem, f"at most {most}", f"Shorten the {what}'s name")
        if ".." in value or not pattern.fullmatch(value):
            raise refusal(value, f"is not allowed as the {what}'s name", allowed, f"Rename the {what}")
        return value

    return check


def duration(value: Any) -> int:
    """Return a duration in seconds."""
    allowed = f"{LEAST_TTL_SECONDS}s to {MOST_TTL_SECONDS // 60}m, such as 600, 600s, 10m or 1h"
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    match = re.fullmatch(r"([0-9]{1,6})([smh]?)", text)
    if not match:
        remedy = "Write a number of seconds, or one with a unit"
        raise refusal(value, "is not a duration", allowed, remedy)
    seconds = int(match[1]) * _UNITS[match[2] or "s"]
    if not LEAST_TTL_SECONDS <= seconds <= MOST_TTL_SECONDS:
        why = "a leaked token would be good for too long"
        if seconds < LEAST_TTL_SECONDS:
            why = "a job could not read its secret in time"
        raise refusal(value, f"is {seconds} s: {why}", allowed, "Choose a duration in that range")
    return seconds


def vault_path(what: str) -> Callable[[str], str]:
    """Return the check of a path in Vault, such as a mount."""

    def check(value: str) -> str:
        segments = value.split("/")
        is_path = ".." not in value and all(re.fullmatch(SEGMENT, segment) for segment in segments)
        if not is_path or len(value) > MOST_NAME_CHARACTERS:
            allowed = "names joined by single slashes, none at either end"
            raise refusal(value, f"cannot be a {what}", allowed, f"Correct the {what}")
        if what == "mount" and segments[0] in ("sys", "auth", "identity", "cubbyhole"):
            raise refusal(value, "is one of Vault's own paths", "another name", "Choose another mount")
        return value

    return check


mount, vault_namespace = vault_path("mount"), vault_path("namespace")


def kv_mount(value: str) -> str:
    """Check the mount of the KV engine."""
    if "data" in value.split("/")[1:]:
        problem = "contains data/, which belongs to the API's paths"
        raise refusal(value, problem, "the mount alone, such as secret", _WITHOUT_DATA)
    return mount(value)


def auth_mount(value: str) -> str:
    """Check the mount of an auth backend."""
    if value.startswith("auth/"):
        raise refusal(value, "starts with auth/", "the mount alone, such as jwt", "Leave auth/ out")
    if value == "token":
        raise refusal(value, "is one of Vault's own paths", "another name", "Choose another mount")
    return mount(value)


def kv_prefix(value: str) -> str:
    """Check the folder of the secrets inside the KV mount."""
    first = value.partition("/")[0]
    if first in ("data", "metadata"):
        problem = f"starts with {first}/, which belongs to the API's paths"
        raise refusal(value, problem, "the folder of the secrets, such as nexus", _WITHOUT_DATA)
    return vault_path("prefix")(value)


def format_(value: str) -> str:
    """Check a repository format of Nexus."""
    if value not in FORMATS:
        guess = CALLED_OTHERWISE.get(value.lower()) or closest(value, FORMATS)
        remedy = f"Did you mean {guess}?" if guess else "Use Nexus's word for the format"
        raise refusal(value, "is not a format", ", ".join(FORMATS), remedy)
    return value


scope_path = pattern_check(
    rf"(?!.*\.\.){SCOPE_PATH}",
    "is not a path scope",
    "an absolute folder with a slash at both ends, such as /orchestrator/executor/",
    "Write the folder inside the repository",
    most=MOST_NAME_CHARACTERS,
)
domain = pattern_check(
    r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+",
    "is not a domain",
    "a domain such as example.org",
    "Write a domain",
    most=MOST_NAME_CHARACTERS,
)


def text(value: str) -> str:
    """Check a description."""
    if not value.strip() or len(value) > MOST_TEXT_CHARACTERS or not value.isprintable():
        allowed = f"1 to {MOST_TEXT_CHARACTERS} characters on one line"
        raise refusal(value, "is not a description", allowed, "Say in a few words what it is for")
    return value


privilege = pattern_check(
    r"[A-Za-z0-9][A-Za-z0-9._*-]*",
    "is not a privilege's name",
    "the name of a privilege in Nexus, such as nx-repository-view-*-*-read",
    "Name the privilege; a wildcard pattern such as :: makes Nexus's privilege list unreadable",
    most=MOST_NAME_CHARACTERS,
)
group_path = pattern_check(
    rf"(?!.*\.\.){_GITLAB_NAME}(/{_GITLAB_NAME})*",
    "is not a group's path",
    "the names of its page's address joined by slashes",
    "Write the group's full path",
)
project_path = pattern_check(
    rf"(?!.*\.\.){_GITLAB_NAME}(/{_GITLAB_NAME})+",
    "is not a project's path",
    "group/project, the names of its page's address joined by slashes",
    "Write the project's full path",
)
# One branch, not a pattern of several.
branch = pattern_check(
    rf"(?!.*\.\.){_GITLAB_NAME}(/{_GITLAB_NAME})*",
    "is not a branch",
    "letters, digits, '.', '_', '-' and '/', without *",
    "Write the name of one branch",
)
environment_scope = pattern_check(
    r"[A-Za-z0-9 ./*_${}-]{1,255}",
    "is not an environment scope",
    "an environment's name, with * for any characters",
    "Write * for all environments",
)
environment = pattern_check(
    r"[A-Za-z0-9_.{}$/-]+",
    "is not an environment",
    "a name such as prod",
    "Write the job's environment:name",
)
# The file that defines a pipeline, as the claim ci_config_ref_uri names it.
config_uri = pattern_check(
    r"[A-Za-z0-9.:-]+/[A-Za-z0-9_./-]+//[A-Za-z0-9_./-]+@refs/(heads|tags)/[A-Za-z0-9_./-]+",
    "does not name a pipeline's file",
    "host/group/project//file.yml@refs/heads/branch, without https://",
    "Write it as a token has it",
)


def variable_key(value: str) -> str:
    """Check a CI/CD variable's key."""
    if not re.fullmatch(r"[A-Za-z0-9_]{1,255}", value):
        allowed = "1 to 255 letters, digits and underscores"
        raise refusal(value, "cannot be a variable's key", allowed, "Rename the variable")
    if value.startswith(("CI_", "GITLAB_")) or value in _GITLAB_VARIABLES:
        problem = "would hide one of GitLab's own variables"
        raise refusal(value, problem, "a key without the prefix CI_ or GITLAB_", "Rename the variable")
    return value


def public_key(value: str) -> str:
    """Check a public key in PEM, and return it without outer blanks, which Vault would trim."""
    trimmed = value.strip()
    begin, end = "-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----"
    if not re.fullmatch(rf"{begin}[A-Za-z0-9+/=\s]{{1,{_MOST_KEY_CHARACTERS}}}{end}", trimmed):
        message = "this is not a public key"
        raise rule_error(message, f"PEM, {begin}", "Paste the issuer's public key", conceal=True)
    return trimmed
