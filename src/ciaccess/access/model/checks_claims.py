"""What a bound claim of access.yaml must look like: its name, its values, and an audience.

Which values GitLab can give a claim is the rules' (access/rules/claims).
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from ciaccess.access.model.checks import refusal, rule_error
from ciaccess.access.reading.faults import suggest

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
# What values of claims are made of, and so what another character may be taken for.
_TAKEN_FOR = r"[A-Za-z0-9/._:*-]+"
# Letters without a shape; marks on an ASCII character: accents, selectors of a variant.
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0]|[!-~][\u0300-\u036f\u180b-\u180f\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f\U000e0100-\U000e01ef]"
)
CLAIM = "[a-z][a-z0-9_]*"


def claim(value: str) -> str:
    """Check a claim's name. One that is not known here is a warning of the rules: GitLab adds claims."""
    if not re.fullmatch(CLAIM, value):
        remedy = suggest(value, CLAIMS, "Use a claim of GitLab's id_token")
        problem = "is not the name of a claim of GitLab's id_token"
        raise refusal(
            value, problem, f"lower-case letters, digits and _, such as {', '.join(CLAIMS)}", remedy
        )
    return value


def claim_values(value: Any) -> list[str]:
    """Take one value or several; a claim is text in the token, so `true` and 12 mean "true" and "12"."""
    if isinstance(value, list) and len(value) > MOST_VALUES:
        message = f"the list has {len(value)} values"
        remedy = "Name groups, such as group/*, in place of projects"
        raise rule_error(message, f"at most {MOST_VALUES} values", remedy)
    texts = []
    for item in value if isinstance(value, list) else [value]:
        if not isinstance(item, bool | int | str):
            remedy = "Write the value as a token has it"
            raise refusal(item, "is not a claim's value", "text, or a list of texts", remedy)
        texts.append(str(item).lower() if isinstance(item, bool) else str(item))
    if not texts:
        message = "the list is empty, so no job could log in"
        raise rule_error(message, "at least one value", "Name a value, or remove the claim")
    for one in texts:
        refuse_look_alikes(one)
        if not one.strip() or "," in one or one != one.strip() or not one.isprintable():
            remedy = "Write each value as an entry of its own: Vault splits at commas and trims blanks"
            raise refusal(one, "is not one value", "text without commas or outer blanks", remedy)
    return texts


def audience(value: str) -> str:
    """Check an audience."""
    if not value or re.search(r"[\s*,]", value) or not value.isprintable():
        remedy = "Write the aud of the pipelines' id_tokens exactly"
        raise refusal(value, "is not an audience", "text without blanks, commas or *", remedy)
    refuse_look_alikes(value)
    return value


def refuse_look_alikes(value: str) -> None:
    """Refuse a value that a review takes for another one, such as main with a Cyrillic a.

    A word of another script is accepted where not all of its letters look like ASCII ones.
    """
    if value.isascii():
        return
    if hidden := _UNSEEN.search(value):
        problem = f"has U+{ord(hidden[0][-1]):04X}, which cannot be seen or changes the character before it"
        raise refusal(value, problem, "visible characters", "Type the value again")
    for word in re.findall(r"[^\W\d_]+|.", value):
        alike = {each: twin for each in word if not each.isascii() and (twin := _ascii_twin(each))}
        if alike and (any(map(str.isascii, word)) or all(each in alike for each in word)):
            each, twin = next(iter(alike.items()))
            problem = f"has {each} (U+{ord(each):04X}), which looks like {twin}"
            raise refusal(value, problem, "characters that look like no other", "Type the value again")


def _ascii_twin(character: str) -> str:
    """Return the ASCII text that a character looks like by Unicode's list, "" for none."""
    from confusable_homoglyphs.confusables import is_confusable  # noqa: PLC0415 half a megabyte of data, rarely needed

    is_font = unicodedata.decomposition(character).startswith(("<font>", "<wide>"))
    found = is_confusable(character) or [{"homoglyphs": []}]
    texts = [each["c"] for each in found[0]["homoglyphs"]]
    texts += [unicodedata.normalize("NFKC", character)] if is_font else []
    return next((text for text in texts if re.fullmatch(_TAKEN_FOR, text)), "")


def subject(value: str) -> str:
    """Check a bound subject; whether GitLab has a sub of that form is the rules'."""
    if not value.isprintable() or value != value.strip():
        raise refusal(value, "is not a sub", "one line without outer blanks", "Write a token's sub exactly")
    refuse_look_alikes(value)
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
