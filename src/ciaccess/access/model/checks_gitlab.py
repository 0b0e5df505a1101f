"""Checks of GitLab's names: groups, projects, branches, keys and scopes of variables."""

from __future__ import annotations

import re

from ciaccess.access.model.checks import rule_error
from ciaccess.access.reading.faults import display


def _is_path(value: str) -> bool:
    parts = value.split("/")
    return ".." not in value and all(re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", part) for part in parts)


def group_path(value: str) -> str:
    """Check a GitLab group's full path."""
    if not _is_path(value):
        allowed = "the names of its page's address joined by slashes"
        raise rule_error(f"{display(value)} is not a group's path", allowed, "Write the group's full path")
    return value


def project_path(value: str) -> str:
    """Check a GitLab project's full path."""
    if "/" not in value or not _is_path(value):
        allowed = "group/project, the names of its page's address joined by slashes"
        raise rule_error(
            f"{display(value)} is not a project's path", allowed, "Write the project's full path"
        )
    return value


def branch(value: str) -> str:
    """Check the name of a branch: one, not a pattern of several."""
    if not _is_path(value):
        allowed = "letters, digits, '.', '_', '-' and '/', without *"
        raise rule_error(f"{display(value)} is not a branch", allowed, "Write the name of one branch")
    return value


def variable_key(value: str) -> str:
    """Check a CI/CD variable's key."""
    if not re.fullmatch(r"[A-Za-z0-9_]{1,255}", value):
        allowed = "1 to 255 letters, digits and underscores"
        raise rule_error(f"{display(value)} cannot be a variable's key", allowed, "Rename the variable")
    if value.startswith(("CI_", "GITLAB_")) or value in (
        "CI",
        "CHAT_CHANNEL",
        "CHAT_INPUT",
        "TRIGGER_PAYLOAD",
    ):
        message = f"{display(value)} would hide one of GitLab's own variables"
        raise rule_error(message, "a key without the prefix CI_ or GITLAB_", "Rename the variable")
    return value


def environment_scope(value: str) -> str:
    """Check the environments in which a variable is seen."""
    if not re.fullmatch(r"[A-Za-z0-9 ./*_${}-]{1,255}", value):
        allowed = "an environment's name, with * for any characters"
        raise rule_error(
            f"{display(value)} is not an environment scope", allowed, "Write * for all environments"
        )
    return value


def environment(value: str) -> str:
    """Check the name of an environment."""
    if not re.fullmatch(r"[A-Za-z0-9_.{}$/-]+", value):
        raise rule_error(
            f"{display(value)} is not an environment",
            "a name such as prod",
            "Write the job's environment:name",
        )
    return value


def config_uri(value: str) -> str:
    """Check the file that defines a pipeline, as the claim ci_config_ref_uri names it."""
    if not re.fullmatch(
        r"[A-Za-z0-9.:-]+/[A-Za-z0-9_./-]+//[A-Za-z0-9_./-]+@refs/(heads|tags)/[A-Za-z0-9_./-]+", value
    ):
        allowed = "host/group/project//file.yml@refs/heads/branch, without https://"
        raise rule_error(
            f"{display(value)} does not name a pipeline's file", allowed, "Write it as a token has it"
        )
    return value
