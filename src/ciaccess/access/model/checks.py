"""What one value of access.yaml must look like: names, addresses, durations, paths, claims.

Owns the rules that one value decides, each with its words for the user. access/model/fields makes types of them; what two
fields must agree on is in config/rules.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pydantic_core import PydanticCustomError

from ciaccess.access.reading.faults import closest, display

if TYPE_CHECKING:
    from collections.abc import Callable

# Nexus answers 500 to a longer id (facts on Nexus).
MOST_NAME_CHARACTERS = 200
# With the words put before it in Nexus it stays under the 200 characters of its columns.
MOST_TEXT_CHARACTERS = 150
LEAST_TTL_SECONDS, MOST_TTL_SECONDS = 60, 3600
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


def rule_error(message: str, allowed: str, remedy: str, *, conceal: bool = False) -> PydanticCustomError:
    """Return the error of a value that breaks a rule, with the three parts of a fault's text.

    `conceal` keeps a value that may be a credential out of the fault.
    """
    parts = {"text": message, "allowed": allowed, "remedy": remedy, "conceal": conceal}
    return PydanticCustomError("rule", "{text}", parts)


def name(what: str, *, upper: bool = True, most: int = MOST_NAME_CHARACTERS) -> Callable[[str], str]:
    """Return the check of a `what`'s name; without `upper` if Vault stores it in lower case."""
    letters = "letters, digits, '.', '_' and '-', starting with a letter or digit"
    pattern = re.compile(SEGMENT if upper else LOWER_SEGMENT)
    allowed = letters if upper else f"lower-case {letters}"

    def check(value: str) -> str:
        if len(value) > most:
            message = f"{display(value)} has {len(value)} characters"
            raise rule_error(message, f"at most {most}", f"Shorten the {what}'s name")
        if ".." in value or not pattern.fullmatch(value):
            raise rule_error(
                f"{display(value)} is not allowed as the {what}'s name", allowed, f"Rename the {what}"
            )
        return value

    return check


def duration(value: Any) -> int:
    """Return a duration in seconds."""
    allowed = f"{LEAST_TTL_SECONDS}s to {MOST_TTL_SECONDS // 60}m, such as 600, 600s, 10m or 1h"
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    match = re.fullmatch(r"([0-9]{1,6})([smh]?)", text)
    if not match:
        remedy = "Write a number of seconds, or one with a unit"
        raise rule_error(f"{display(value)} is not a duration", allowed, remedy)
    seconds = int(match[1]) * _UNITS[match[2] or "s"]
    if not LEAST_TTL_SECONDS <= seconds <= MOST_TTL_SECONDS:
        shorter = seconds < LEAST_TTL_SECONDS
        why = (
            "a job could not read its secret in time"
            if shorter
            else "a leaked token would be good for too long"
        )
        raise rule_error(
            f"{display(value)} is {seconds} s: {why}", allowed, "Choose a duration in that range"
        )
    return seconds


def kv_mount(value: str) -> str:
    """Check the mount of the KV engine."""
    if "data" in value.split("/")[1:]:
        message = f"{display(value)} contains data/, which belongs to the API's paths"
        raise rule_error(message, "the mount alone, such as secret", _WITHOUT_DATA)
    return _vault_path("mount", value)


def transit_mount(value: str) -> str:
    """Check the mount of a transit engine."""
    return _vault_path("mount", value)


def auth_mount(value: str) -> str:
    """Check the mount of an auth backend."""
    if value.startswith("auth/"):
        raise rule_error(
            f"{display(value)} starts with auth/", "the mount alone, such as jwt", "Leave auth/ out"
        )
    if value == "token":
        raise rule_error('"token" is one of Vault\'s own paths', "another name", "Choose another mount")
    return _vault_path("mount", value)


def kv_prefix(value: str) -> str:
    """Check the folder of the secrets inside the KV mount."""
    first = value.partition("/")[0]
    if first in ("data", "metadata"):
        message = f"{display(value)} starts with {first}/, which belongs to the API's paths"
        raise rule_error(message, "the folder of the secrets, such as nexus", _WITHOUT_DATA)
    return _vault_path("prefix", value)


def vault_namespace(value: str) -> str:
    """Check the path of a namespace of Vault."""
    return _vault_path("namespace", value)


def _vault_path(what: str, value: str) -> str:
    segments = value.split("/")
    if (
        ".." in value
        or len(value) > MOST_NAME_CHARACTERS
        or not all(re.fullmatch(SEGMENT, s) for s in segments)
    ):
        allowed = "names joined by single slashes, none at either end"
        raise rule_error(f"{display(value)} cannot be a {what}", allowed, f"Correct the {what}")
    if what == "mount" and segments[0] in ("sys", "auth", "identity", "cubbyhole"):
        raise rule_error(
            f"{display(value)} is one of Vault's own paths", "another name", "Choose another mount"
        )
    return value


def format_(value: str) -> str:
    """Check a repository format of Nexus."""
    if value not in FORMATS:
        guess = CALLED_OTHERWISE.get(value.lower()) or closest(value, FORMATS)
        remedy = f"Did you mean {guess}?" if guess else "Use Nexus's word for the format"
        raise rule_error(f"{display(value)} is not a format", ", ".join(FORMATS), remedy)
    return value


def scope_path(value: str) -> str:
    """Check the folder inside a repository that a push is limited to."""
    if ".." in value or len(value) > MOST_NAME_CHARACTERS or not re.fullmatch(SCOPE_PATH, value):
        allowed = "an absolute folder with a slash at both ends, such as /orchestrator/executor/"
        raise rule_error(
            f"{display(value)} is not a path scope", allowed, "Write the folder inside the repository"
        )
    return value


def formats_or_all(value: Any) -> None:
    """Check that a text in place of a list of formats is `all`."""
    if isinstance(value, str) and value != "all":
        allowed = "all, or a list such as [docker, yum]"
        raise rule_error(
            f"{display(value)} is neither all nor a list", allowed, "Write all, or put formats in brackets"
        )


def domain(value: str) -> str:
    """Check the domain of the users' e-mail addresses."""
    if len(value) > MOST_NAME_CHARACTERS or not re.fullmatch(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", value):
        raise rule_error(
            f"{display(value)} is not a domain", "a domain such as example.org", "Write a domain"
        )
    return value


def text(value: str) -> str:
    """Check a description."""
    if not value.strip() or len(value) > MOST_TEXT_CHARACTERS or not value.isprintable():
        allowed = f"1 to {MOST_TEXT_CHARACTERS} characters on one line"
        raise rule_error(
            f"{display(value)} is not a description", allowed, "Say in a few words what it is for"
        )
    return value


def privilege(value: str) -> str:
    """Check the name of a privilege in Nexus."""
    if len(value) > MOST_NAME_CHARACTERS or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._*-]*", value):
        allowed = "the name of a privilege in Nexus, such as nx-repository-view-*-*-read"
        remedy = "Name the privilege; a wildcard pattern such as :: makes Nexus's privilege list unreadable"
        raise rule_error(f"{display(value)} is not a privilege's name", allowed, remedy)
    return value


def public_key(value: str) -> str:
    """Check a public key in PEM, and return it without outer blanks, which Vault would trim."""
    trimmed = value.strip()
    begin, end = "-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----"
    if not (trimmed.startswith(begin) and trimmed.endswith(end)):
        message = "this is not a public key"
        raise rule_error(message, f"PEM, {begin}", "Paste the issuer's public key", conceal=True)
    return trimmed
