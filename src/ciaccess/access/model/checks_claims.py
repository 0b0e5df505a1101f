"""What a bound claim of access.yaml must look like: its name, its values, and an audience.

Which values GitLab can give a claim is the rules' (access/rules/claims).
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from ciaccess.access.model.checks import rule_error
from ciaccess.access.reading.faults import display, suggest

# What GitLab puts into an id_token: https://docs.gitlab.com/ci/secrets/id_token_authentication/. Newer versions add some.
CLAIMS = (
    "ci_config_ref_uri", "ci_config_sha", "deployment_tier", "environment", "environment_action",
    "environment_protected", "groups_direct", "job_config", "job_id", "job_namespace_id", "job_namespace_path",
    "job_project_id", "job_project_path", "job_source", "namespace_id", "namespace_path", "pipeline_id",
    "pipeline_source", "project_id", "project_path", "project_visibility", "ref", "ref_path", "ref_protected",
    "ref_type", "runner_environment", "runner_id", "sha", "sub", "user_access_level", "user_email", "user_id",
    "user_identities", "user_login",
)  # fmt: skip
# Each is compared with every other one, and in each login.
MOST_VALUES = 1000
_LIKE_LATIN = {"ARMENIAN", "CHEROKEE", "COPTIC", "CYRILLIC", "FULLWIDTH", "GREEK", "LISU", "MATHEMATICAL"}
CLAIM = "[a-z][a-z0-9_]*"


def claim(value: str) -> str:
    """Check a claim's name. One that is not known here is a warning of the rules: GitLab adds claims."""
    if not re.fullmatch(CLAIM, value):
        remedy = suggest(value, CLAIMS, "Use a claim of GitLab's id_token")
        message = f"{display(value)} is not the name of a claim of GitLab's id_token"
        raise rule_error(message, f"lower-case letters, digits and _, such as {', '.join(CLAIMS)}", remedy)
    return value


def claim_values(value: Any) -> list[str]:
    """Take one value or several; a claim is text in the token, so `true` and 12 mean "true" and "12"."""
    if isinstance(value, list) and len(value) > MOST_VALUES:
        message, remedy = (
            f"the list has {len(value)} values",
            "Name groups, such as group/*, in place of projects",
        )
        raise rule_error(message, f"at most {MOST_VALUES} values", remedy)
    texts = []
    for item in value if isinstance(value, list) else [value]:
        if not isinstance(item, bool | int | str):
            remedy = "Write the value as a token has it"
            raise rule_error(f"{display(item)} is not a claim's value", "text, or a list of texts", remedy)
        texts.append(str(item).lower() if isinstance(item, bool) else str(item))
    if not texts:
        message = "the list is empty, so no job could log in"
        raise rule_error(message, "at least one value", "Name a value, or remove the claim")
    for one in texts:
        refuse_mixed_scripts(one)
        if not one.strip() or "," in one or one != one.strip() or not one.isprintable():
            remedy = "Write each value as an entry of its own: Vault splits at commas and trims blanks"
            raise rule_error(
                f"{display(one)} is not one value", "text without commas or outer blanks", remedy
            )
    return texts


def audience(value: str) -> str:
    """Check an audience."""
    if not value or re.search(r"[\s*,]", value) or not value.isprintable():
        remedy = "Write the aud of the pipelines' id_tokens exactly"
        raise rule_error(f"{display(value)} is not an audience", "text without blanks, commas or *", remedy)
    refuse_mixed_scripts(value)
    return value


def refuse_mixed_scripts(value: str) -> None:
    """Refuse a value with letters that a review takes for Latin ones, such as the Cyrillic a in main."""
    scripts = {unicodedata.name(each, "?").partition(" ")[0] for each in value if each.isalpha()}
    alike = sorted(scripts & _LIKE_LATIN)
    if alike and "LATIN" in scripts:
        message = f"{display(value)} has letters of {' and '.join(alike).title()} that look like Latin ones"
        raise rule_error(message, "letters of one script", "Type the value again")


def subject(value: str) -> str:
    """Check a bound subject; whether GitLab has a sub of that form is the rules'."""
    if not value.isprintable() or value != value.strip():
        raise rule_error(
            f"{display(value)} is not a sub", "one line without outer blanks", "Write a token's sub exactly"
        )
    return value


def matches(pattern: str, text: str) -> bool:
    """Tell whether a text matches a glob pattern of Vault: * is any text, with slashes."""
    first, *rest = pattern.split("*")
    if not rest:
        return text == pattern
    if not text.startswith(first):
        return False
    position = len(first)
    *middle, last = rest
    for part in middle:
        found = text.find(part, position)
        if found < 0:
            return False
        position = found + len(part)
    return len(text) - position >= len(last) and text.endswith(last)
