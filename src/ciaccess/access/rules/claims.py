"""Bound claims: whom a JWT role admits, and values that no token of GitLab can have.

Vault compares text with text; once any value of a role has a *, that stands for any text and nothing else is special.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydantic_core import PydanticCustomError

from ciaccess.access.model.checks_claims import CLAIM, CLAIMS, MOST_VALUES, claim_values, matches
from ciaccess.access.reading.faults import Fault, display
from ciaccess.access.rules.lenient_view import Faults, LenientView, Node, Rule

_PLACES = ("project_id", "project_path", "namespace_id", "namespace_path")
_PROJECTS = ("project_path", "job_project_path")
_NAMESPACES = ("namespace_path", "job_namespace_path", "groups_direct")
_IDS = (
    "project_id", "namespace_id", "user_id", "pipeline_id", "job_id", "job_project_id", "job_namespace_id",
)  # fmt: skip
_TRUTHS = ("ref_protected", "environment_protected")
# What a token holds as a number or an object: Vault finds neither equal to any text.
_NEVER_TEXT = ("runner_id", "user_identities", "exp", "iat", "nbf")
# In every token, and not for bound_claims: why, and what to do.
_ELSEWHERE = {
    "aud": ("is what bound_audiences is for", "Write the audience under bound_audiences"),
    "iss": ("is checked for every role, against vault.jwt.issuer", "Remove the claim"),
    "jti": ("is another one in each token", "Remove the claim"),
}
_WORDS = {
    "deployment_tier": ("production", "staging", "testing", "development", "other"),
    "environment_action": ("start", "prepare", "stop", "verify", "access"),
    "pipeline_source": (
        "api", "chat", "container_registry_push", "duo_workflow", "external", "external_pull_request_event",
        "merge_request_event", "ondemand_dast_scan", "ondemand_dast_validation", "parent_pipeline", "pipeline",
        "pipeline_execution_policy_schedule", "push", "schedule", "security_orchestration_policy", "trigger", "web",
        "webide",
    ),
    "project_visibility": ("private", "internal", "public"),
    "ref_type": ("branch", "tag"),
    "runner_environment": ("gitlab-hosted", "self-hosted"),
    "user_access_level": (
        "guest", "planner", "reporter", "security_manager", "developer", "maintainer", "owner",
    ),
}  # fmt: skip
# Each claim's form, where * stands for any text: the pattern, and what is allowed in words.
_FORMS = {
    "ref": (r"(?!/|\.|-)[^\x00- ~^:?\[\\\]]+", "a branch or tag by its name, such as main or release-*"),
    "ref_path": (r"(refs/|r?e?f?s?\*)[^\x00- ~^:?\[\\\]]*", "refs/heads/<branch>, refs/tags/<tag>"),
    "environment": (r"[A-Za-z0-9 _/${}.*-]+", "an environment's name, such as production or review/*"),
    "user_login": (r"[A-Za-z0-9_.*-]+", "a user's name in GitLab"),
    "sha": (r"[0-9a-f]{40}([0-9a-f]{24})?", "a commit's id in full"),
    "ci_config_sha": (r"[0-9a-f]{40}([0-9a-f]{24})?", "a commit's id in full"),
    "ci_config_ref_uri": (
        r"(?![a-z]+://)(.+//.+@(refs/.+|.*\*)|.*\*)", "host/group/project//.gitlab-ci.yml@refs/heads/main, without https://",
    ),
}  # fmt: skip
_SUB = re.compile(r"(project_path|project_id):(?P<project>[^:]+)(:[a-z_]+:[^\x00- ~^?\[\\\]]+)*(:\*)?")
# What only a regular expression or another glob means.
_PATTERN = re.compile(r"[?\[\]^$\\|()]|(?<![0-9])\.\*|\.\+")
_PATH = r"[A-Za-z0-9_][A-Za-z0-9_.-]*"


def job_bindings(view: LenientView) -> Faults:
    """A role admits jobs of named projects or namespaces, not all jobs of the GitLab instance."""
    for role in view.jwt_roles:
        claims = role["bound_claims"]
        if not isinstance(claims.value, dict):
            continue
        # A claim at fault by its name may be meant for one of them.
        if not any(name in (*_PLACES, "sub") or not re.fullmatch(CLAIM, name) for name in claims.mapping):
            message = "no claim names a project or namespace, so any job of the GitLab instance could log in"
            remedy = "Add namespace_path or project_path"
            yield claims.fault(message, f"one of {', '.join(_PLACES)}", remedy, key=True)
        for claim in claims:
            if claim.name not in (*CLAIMS, *_NEVER_TEXT):
                yield _unknown(view, claim)
            for node, text in _values(claim):
                if claim.name == "sub":
                    yield from _subject(node, text)
                elif claim.name in (*_PROJECTS, *_NAMESPACES):
                    yield from _path_value(node, claim.name, text)
                else:
                    yield from _plain_value(view, node, claim.name, text)
        yield from _whole_group(claims["namespace_path"])


def subjects(view: LenientView) -> Faults:
    """A bound subject is a sub by its real form, compared as it is."""
    for role in view.jwt_roles:
        subject = role["bound_subject"]
        if "*" in subject.text:
            message = f"{display(subject.text)} has a *, which means nothing here: Vault compares the whole"
            yield subject.fault(message, "one sub in full", "Bind the claim sub instead")
        elif subject.text:
            yield from _subject(subject, subject.text)


def values_of(claim: Node) -> list[str]:
    """Return a claim's valid values as texts."""
    return [text for _, text in _values(claim)]


def is_guarded(claims: Node) -> bool:
    """Tell whether jobs of unreviewed branches are refused.

    The name of a branch, tag or environment does not do: a right to push is enough to choose it.
    """
    return any(values_of(claims[claim]) == ["true"] for claim in _TRUTHS)


def _unknown(view: LenientView, claim: Node) -> Fault:
    if claim.name in _ELSEWHERE:
        why, remedy = _ELSEWHERE[claim.name]
        return claim.warning(f"{display(claim.name)} {why}", "", remedy, key=True)
    message = f"{display(claim.name)} is not among the claims of GitLab's id_token that are known here"
    otherwise = "Check that a token of this GitLab has it, else no job is admitted"
    remedy = view.suggest(claim.name, list(CLAIMS), otherwise)
    return claim.warning(message, ", ".join(CLAIMS), remedy, key=True)


def _values(claim: Node) -> Iterator[tuple[Node, str]]:
    """Return a claim's valid values as text, each with its node."""
    nodes = claim.entries() if isinstance(claim.value, list) else [claim]
    if len(nodes) > MOST_VALUES:
        return  # refused as a whole
    for node in nodes:
        try:
            yield node, claim_values(node.value)[0]
        except PydanticCustomError:
            continue


def _plain_value(view: LenientView, node: Node, claim: str, text: str) -> Faults:
    form, words = _FORMS.get(claim), _WORDS.get(claim)
    if claim in _NEVER_TEXT:
        message = f"a token holds {claim} as a number or an object, which Vault never finds equal to a text"
        yield node.fault(message, "claims that are text", "Remove the claim")
    elif claim in _IDS and not re.fullmatch(r"[1-9][0-9]*", text):
        yield node.fault(f"{display(text)} is not an id", "a whole number", "Write the id that GitLab shows")
    elif claim in _TRUTHS and text not in ("true", "false"):
        yield node.fault(f"{display(text)} is never in a token", "true or false", "Write true or false")
    elif set(text) <= {"*"}:
        allowed = "a value, or a beginning of one and *"
        yield node.fault(f"{display(text)} admits everything", allowed, "Remove the claim, or narrow it")
    elif form and not re.fullmatch(form[0], text):
        message = f"{display(text)} can never match: GitLab's {claim} does not look so, and * alone is special to Vault"
        yield node.fault(message, form[1], "Write the value as a token has it")
    elif words and not any(matches(text, word) for word in words):
        message = f"{display(text)} is not among the values that GitLab gives {claim}"
        remedy = view.suggest(text, list(words), "Check that a token has it, else no job is admitted")
        yield node.warning(message, ", ".join(words), remedy)
    elif _PATTERN.search(text) and claim != "ci_config_ref_uri":
        message = f"{display(text)} looks like a regular expression, which Vault does not read"
        remedy = "Write each value, or a beginning of it and *"
        yield node.warning(message, "text, where * stands for any text", remedy)


def _subject(node: Node, text: str) -> Faults:
    match = _SUB.fullmatch(text)
    if not match:
        message = (
            f"{display(text)} can never match: GitLab's sub does not look so, and * alone is special to Vault"
        )
        allowed = "project_path:GROUP/PROJECT:ref_type:branch:ref:BRANCH, or project_path:GROUP/* for all below a group"
        yield node.fault(message, allowed, "Write the sub as a token has it")
    elif match[1] == "project_id" and not re.fullmatch("[1-9][0-9]*", match["project"]):
        message = f"{display(match['project'])} is not an id"
        yield node.fault(message, "project_id:NUMBER:…", "Write the id that GitLab shows")
    elif match[1] == "project_path":
        yield from _path_value(node, "project_path", match["project"])


def _path_value(node: Node, claim: str, text: str) -> Faults:
    allowed = "group, or group/* for everything below it"
    exact = text.removesuffix("/*")
    if "*" in exact:
        stem = exact.partition("*")[0]
        if not stem:
            message, remedy = f"{display(text)} admits every project of the GitLab instance", "Name the group"
        elif stem.endswith("/"):
            message = f"{display(text)} admits more than it seems to: * matches slashes too"
            remedy = f"Name each path, or write {stem}* for all below {stem.rstrip('/')}"
        else:
            message = f"{display(text)} admits more than the group {stem}, such as {stem}-evil"
            remedy = f"Write {stem} and {stem}/* as two entries"
        yield node.fault(message, allowed, remedy)
    elif not re.fullmatch(rf"{_PATH}(/{_PATH})*", exact):
        yield node.fault(f"{display(text)} is not a path of GitLab", allowed, "Write the full path")
    elif claim in _PROJECTS and "/" not in text:
        message = f"{display(text)} is a group, and no project has that path"
        yield node.fault(message, "group/project, or group/*", f"Write {text}/*")


def _whole_group(claim: Node) -> Faults:
    """`group/*` alone leaves out the projects that are in the group itself."""
    found = list(_values(claim))
    values = {text for _, text in found}
    for node, text in found:
        group = text.removesuffix("/*")
        if group != text and "*" not in group and group not in values:
            message = f"{display(text)} leaves out the projects that are in {group} itself"
            remedy = f"Add {group}, unless only its subgroups are meant"
            yield node.warning(message, f"{group} and {text}", remedy)


RULES: tuple[Rule, ...] = (job_bindings, subjects)
