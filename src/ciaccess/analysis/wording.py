"""Wording for people: jobs of a JWT role, actions on artifacts, lists in a sentence."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from ciaccess.analysis.facts import EVERY, Holder

_SECONDS_OF_MINUTE = 60
# How a bound claim reads after "jobs of …"; {} are its values.
_CONDITIONS = {
    "ref": "on ref {}",
    "environment": "in environment {}",
    "pipeline_source": "started by {}",
    "deployment_tier": "of tier {}",
    "ref_type": "on a {}",
    "user_login": "started by the user {}",
}
_FLAGS = {
    ("ref_protected", "true"): "on protected refs",
    ("ref_protected", "false"): "on unprotected refs",
    ("environment_protected", "true"): "in protected environments",
    ("environment_protected", "false"): "in unprotected environments",
}
_PLACES = ("project_path", "namespace_path", "project_id", "namespace_id")


def join_words(words: Collection[str], joint: str = "and") -> str:
    """Return `a`, `a and b`, or `a, b and c`."""
    *others, last = list(words) or [""]
    return f"{', '.join(others)} {joint} {last}" if others else last


def jobs_of(claims: Mapping[str, Collection[str]]) -> str:
    """Return which jobs satisfy bound claims: `jobs of orchestrator/* on protected refs`."""
    places = [_place(claim, claims[claim]) for claim in _PLACES if claims.get(claim)]
    where = " of " + join_words(places) if places else " of any project"
    conditions = [_condition(claim, values) for claim, values in claims.items() if claim not in _PLACES]
    return "jobs" + where + "".join(f" {condition}" for condition in conditions)


def _place(claim: str, values: Collection[str]) -> str:
    if claim.endswith("_id"):
        return f"the {claim.removesuffix('_id')} with id {join_words(sorted(values), 'or')}"
    if claim == "project_path":
        return join_words(sorted(values), "or")
    words = []
    for value in sorted(values):
        if value.endswith("/*") and value.count(EVERY) == 1:
            group = value.removesuffix("/*")
            words.append(value if group in values else f"subgroups of {group}")
        elif f"{value}/*" not in values:
            words.append(value if EVERY in value else f"projects directly in {value}")
    return join_words(words, "or")


def _condition(claim: str, values: Collection[str]) -> str:
    if len(values) == 1 and (flag := _FLAGS.get((claim, next(iter(values))))):
        return flag
    text = join_words(sorted(values), "or")
    return _CONDITIONS[claim].format(text) if claim in _CONDITIONS else f"with {claim} {text}"


def verb(actions: Collection[str]) -> str:
    """Return what a set of Nexus's actions amounts to: pull, push, push and delete, … ."""
    if EVERY in actions:
        return "do everything with"
    words = []
    if {"edit", "add"} & set(actions):
        words.append("push")
    elif {"read", "browse"} & set(actions):
        words.append("pull" if "read" in actions else "browse")
    words += sorted(set(actions) - {"browse", "read", "edit", "add"})
    return " and ".join(words)


def places(found: Iterable[tuple[str, str]]) -> str:
    """Return formats with their repositories: `raw in raw-uat and raw-prod, yum in rpm-dev`."""
    by_format: dict[str, list[str]] = {}
    for format_, repository in sorted(found):
        by_format.setdefault(format_, []).append(repository_name(repository))
    words = [
        f"{format_name(format_)} in {join_words(repositories)}" for format_, repositories in by_format.items()
    ]
    several = any(len(repositories) > 1 for repositories in by_format.values())
    return "; ".join(words) if several else join_words(words)


def format_name(format_: str) -> str:
    """Return a format of a grant as text."""
    return "every format" if format_ == EVERY else format_


def repository_name(repository: str) -> str:
    """Return a repository of a grant as text."""
    return "every repository" if repository == EVERY else repository


def path_suffix(path: str) -> str:
    """Return the limit of a grant to a folder, "" where there is none."""
    return f" under {path}" if path else ""


def holder_text(holder: Holder) -> str:
    """Return a holder as the subject of a sentence."""
    return f"users with the Nexus role {holder.name}" if holder.is_role else holder.name


def duration(seconds: int) -> str:
    """Return `10 min`, or seconds if it is not a multiple of a minute."""
    whole = seconds % _SECONDS_OF_MINUTE == 0
    return f"{seconds // _SECONDS_OF_MINUTE} min" if whole else f"{seconds} s"
