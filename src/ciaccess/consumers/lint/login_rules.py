"""Rules for logins to Vault: the role, the id_token, and its audience."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ciaccess.clients.credentials import ID_TOKEN
from ciaccess.consumers.lint.document import as_list, is_scalar, mapping_of
from ciaccess.consumers.lint.findings import Edit, Finding
from ciaccess.consumers.lint.job_reading import NamedRole
from ciaccess.consumers.lint.reading import OF_TEXT, Place
from ciaccess.consumers.lint.variables import fill_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ciaccess.consumers.lint.document import Scalar, Value
    from ciaccess.consumers.lint.job_reading import JobReading, Login
    from ciaccess.consumers.lint.merging import Job
    from ciaccess.consumers.lint.vocabulary import Vocabulary

_JOB_JWT = re.compile(r"\bCI_JOB_JWT(?:_V[12])?\b")
_JOB_JWT_EXPANDED = re.compile(r"\$\{?(CI_JOB_JWT(?:_V[12])?)\b")


def unknown_role(reading: JobReading) -> Iterator[Finding]:
    """Find a login with a name that is not a JWT role, above all the policy's."""
    words = reading.words
    named = [each for login in reading.logins for each in login.roles]
    named += [
        NamedRole(value, Place.of(value), value, words.all_roles.get(value))
        for name, value in reading.job.variables.items()
        if "ROLE" in name.upper() and is_scalar(value) and value in words.roles_by_policy
    ]
    for each in named:
        meant = words.roles_by_policy.get(each.name, [])
        if each.role or not each.name:
            continue
        what = "is the name of a policy, not of a role" if meant else "is not a role of access.yaml"
        wanted = meant or list(words.roles)
        single = wanted[0] if len(meant) == 1 else ""
        why = f"role {each.name} {what}: Vault answers that the role could not be found"
        remedy = f"log in with role {' or '.join(wanted)}"
        line = each.place.with_text(each.name, single) if single and not each.origin else ""
        edit = Edit.replace(each.origin, single) if single and each.origin else None
        yield reading.finding("role", each.place, why, remedy, suggestion=line, edit=edit)


def removed_job_jwt(reading: JobReading) -> Iterator[Finding]:
    """Find the tokens that GitLab 17 took away."""
    found: list[tuple[str, Place, bool]] = []
    for step in reading.steps:
        # The name alone is a variable for Python and the like, and only a word where a text is written.
        pattern = _JOB_JWT if any(call.name not in OF_TEXT for call in step.calls) else _JOB_JWT_EXPANDED
        to_vault = any(login.place == step.place for login in reading.logins)
        for text, place in step.pieces():
            found += [(name, place.find(name) or place, to_vault) for name in pattern.findall(text)]
    for value in filter(is_scalar, reading.job.variables.values()):
        found += [(name, Place.of(value), False) for name in _JOB_JWT.findall(value)]
    own = {*(reading.job.id_tokens or {}), *reading.job.variables}
    for name, place, to_vault in dict.fromkeys(found):
        if name not in own:  # else the job has given the name to a token of its own
            yield _gone(reading, name, place, to_vault=to_vault)


def _gone(reading: JobReading, name: str, place: Place, *, to_vault: bool) -> Finding:
    remedy = (
        f"log in with ${{{ID_TOKEN}}}, and give the job id_tokens"
        if to_vault
        else "give the job an id_token of its own name, with the aud that its receiver expects"
    )
    why = f"{name} is gone since GitLab 17: the variable is empty"
    line = place.with_text(name, ID_TOKEN) if to_vault else ""
    return reading.finding("job-jwt", place, why, remedy, suggestion=line)


def wrong_audience(reading: JobReading) -> Iterator[Finding]:
    """Find an id_token for Vault with an audience that the login's role does not accept."""
    words, tokens = reading.words, reading.job.id_tokens or {}
    used = [
        (token, [each for _, role in login.known for each in role.bound_audiences])
        for login in reading.logins
        for token in login.tokens
    ]
    if ID_TOKEN not in (token for token, _ in used):
        used.append((ID_TOKEN, []))
    for token, of_roles in used:
        # Where no role is known, one of any role may be right.
        accepted = of_roles or words.audiences
        advised = list(dict.fromkeys(of_roles or words.consumer_audiences))
        given = _audiences(tokens.get(token))
        filled = [fill_in(each, reading.values) for each in given]
        if not filled or any("$" in text or text in accepted for text in filled):
            continue
        shared, wanted = _is_used_elsewhere(reading, token), " or ".join(advised)
        why = f"Vault refuses an id_token with aud {', '.join(filled)}: the role accepts {wanted}"
        remedy = f"{'another id_token for Vault, with ' if shared else ''}aud: {wanted}"
        edit = Edit.replace(given[0], wanted) if len(advised) == len(given) == 1 and not shared else None
        yield reading.finding("audience", Place.of(given[0]), why, remedy, edit=edit)


def _is_used_elsewhere(reading: JobReading, token: str) -> bool:
    """Tell whether another program than a login gets a token as a word."""
    logins = {login.place for login in reading.logins}
    named = re.compile(rf"\$\{{?{re.escape(token)}\b")
    steps = (step for step in reading.steps if step.place not in logins)
    return any(
        named.search(each.raw.text) for step in steps for call in step.programs for each in call.arguments
    )


def _audiences(token: Value) -> list[Scalar]:
    values = as_list(mapping_of(token).get("aud"))
    return values if all(map(is_scalar, values)) else []


def missing_id_tokens(reading: JobReading) -> Iterator[Finding]:
    """Find a job that logs in with a token that it does not have."""
    words, job, tokens = reading.words, reading.job, reading.job.id_tokens
    if tokens is None or job.is_hidden:
        return
    for login in reading.logins:
        wanted = sorted({ID_TOKEN if _JOB_JWT.fullmatch(each) else each for each in login.tokens})
        for token in wanted:
            if token in tokens or token in job.variables:
                continue
            audience = _audience_for(login, words)
            why = f"the login of {job.name} to Vault needs ${token}, and none of its id_tokens has that name"
            remedy = f"give {job.name} id_tokens: {token} with aud {audience or ' or '.join(words.audiences)}"
            edit = _addition(job, token, audience) if audience else None
            yield reading.finding("id-tokens", Place.of(job.name), why, remedy, edit=edit)


def _audience_for(login: Login, words: Vocabulary) -> str:
    """Return the audience that a login needs, empty where that depends on a role that is not known."""
    roles = [role for _, role in login.known] or list(words.roles.values())
    first = {role.bound_audiences[0] for role in roles}
    return first.pop() if len(first) == 1 else ""


def _addition(job: Job, token: str, audience: str) -> Edit | None:
    """Return the edit that adds id_tokens to a job, None if it has some or is on one line."""
    source, at = job.name.source, job.name.node.end_mark
    own = [key.node.start_mark for key in job.body if is_scalar(key) and key.source is source]
    first = min((mark for mark in own if mark.index > at.index), key=lambda mark: mark.index, default=None)
    if "id_tokens" in job.body or first is None or first.line == at.line:
        return None
    blank = source.lines[first.line][: first.column]
    if blank.strip():
        return None
    line_end = "\r\n" if source.lines[at.line].endswith("\r") else "\n"
    lines = ["id_tokens:", f"  {token}:", f"    aud: {audience}", ""]
    return Edit(source, first.index, first.index, f"{line_end}{blank}".join(lines))
