"""Rules on the way in: role, id_token, audience, VAULT_ADDR, and the path of the secret."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from ciaccess.consumers.lint.findings import Edit, Finding
from ciaccess.consumers.lint.source import pairs
from ciaccess.consumers.names import ID_TOKEN_VARIABLE, VAULT_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ruamel.yaml.nodes import Node

    from ciaccess.consumers.lint.source import Entry, Source
    from ciaccess.consumers.lint.vocabulary import Vocabulary

_ROLE = re.compile(r"""\b(?:role|VAULT_AUTH_ROLE)\b[\\"'\s]*[:=][\\"'\s]*([A-Za-z0-9_.-]+)(?![\w.$-])""")
_JOB_JWT = re.compile(r"\bCI_JOB_JWT(?:_V[12])?\b")
_EXPORTED = re.compile(rf"(?:^|[\s;&(]){VAULT_VARIABLE}=")
_TOKEN_IN_LOGIN = re.compile(r"jwt\b[\\\"'\s]*[:=][\\\"'\s]*\$\{?(\w+)")
_TOKEN_VALUE = re.compile(rf"\$\{{?({ID_TOKEN_VARIABLE}|CI_JOB_JWT(?:_V[12])?)\b")


def role_is_no_role(source: Source, words: Vocabulary) -> Iterator[Finding]:
    """Find a login with a name that is no JWT role, above all the policy's."""
    logs_in = any(words.logs_in.search(line) for _, line in source.text_lines())
    for number, line in source.text_lines():
        for match in _ROLE.finditer(line):
            name = match.group(1)
            meant = words.roles_by_policy.get(name, [])
            known = name in words.roles
            if known or not (meant or (logs_in and words.logs_in.search(line))):
                continue
            edits = (Edit(number, match.start(1), match.end(1), meant[0]),) if len(meant) == 1 else ()
            what = "is a policy's name, not a role's" if meant else "is no role of access.yaml"
            yield Finding(
                "role",
                number + 1,
                f"role {name} {what}: Vault answers that the role could not be found",
                f"log in with role {' or '.join(meant or words.roles)}",
                edits,
            )


def removed_job_jwt(source: Source, words: Vocabulary) -> Iterator[Finding]:
    """Find the tokens that GitLab 17 took away."""
    del words
    for number, line in source.text_lines():
        for match in _JOB_JWT.finditer(line):
            yield Finding(
                "job-jwt",
                number + 1,
                f"{match.group()} is gone since GitLab 17: the variable is empty",
                f"use ${{{ID_TOKEN_VARIABLE}}}, and give the job id_tokens",
                (Edit(number, match.start(), match.end(), ID_TOKEN_VARIABLE),),
            )


def path_without_data(source: Source, words: Vocabulary) -> Iterator[Finding]:
    """Find a secret's API path without the data/ that KV version 2 wants."""
    mount, prefix = re.escape(words.kv_mount), re.escape(words.kv_prefix)
    path = re.compile(rf"(?:/v1/|\bvault\s+read\s(?:[^|;&]*\s)?)({mount}/)(?={prefix}/)")
    for number, line in source.text_lines():
        for match in path.finditer(line):
            yield Finding(
                "kv-path",
                number + 1,
                f"{words.kv_mount}/{words.kv_prefix}/… lacks data/: the API of KV version 2 answers 403 or 404",
                f"ask for {words.kv_mount}/data/{words.kv_prefix}/…",
                (Edit(number, match.end(1), match.end(1), "data/"),),
            )


def unreadable_account(source: Source, words: Vocabulary) -> Iterator[Finding]:
    """Find a secret that no job may read, or that there is none of."""
    mount, prefix = re.escape(words.kv_mount), re.escape(words.kv_prefix)
    path = re.compile(rf"/v1/{mount}/(?:data/)?{prefix}/([A-Za-z0-9_.-]+)(?![\w.$-])")
    for number, line in source.text_lines():
        for match in path.finditer(line):
            if match.group(1) not in words.readable:
                yield Finding(
                    "account",
                    number + 1,
                    f"no job may read the secret of {match.group(1)}",
                    f"use one of {', '.join(words.readable)}",
                )


def vault_addr_in_file(source: Source, words: Vocabulary) -> Iterator[Finding]:
    """Find a VAULT_ADDR that shadows the group's."""
    why = f"{VAULT_VARIABLE} in this file shadows the variable of {words.vault_group}, and stays behind when that moves"
    for owner, section in _variable_sections(source):
        entries = pairs(section)
        for key, value in entries:
            if key.value == VAULT_VARIABLE:
                edits = _removal(source, words, owner, section, key, value)
                yield Finding("vault-addr", key.start_mark.line + 1, why, "take it out of this file", edits)
    for entry in source.entries:
        for command in entry.commands:
            if match := _EXPORTED.search(command.text):
                line, _ = command.place(match.end() - 1)
                yield Finding("vault-addr", line + 1, why, "take it out of this file")


def _variable_sections(source: Source) -> Iterator[tuple[ScalarNode | None, Node]]:
    for entry in source.entries:
        if entry.name == "variables":
            yield None, entry.node
        elif found := entry.get("variables"):
            yield found


def _removal(
    source: Source, words: Vocabulary, owner: ScalarNode | None, section: Node, key: ScalarNode, value: Node
) -> tuple[Edit, ...]:
    """Take the line away where it says nothing that the group's variable does not; with it a section left empty."""
    plain = (
        isinstance(value, ScalarNode) and value.start_mark.line == value.end_mark.line == key.start_mark.line
    )
    same = plain and value.value.rstrip("/") in ("", words.vault_address)
    if not same or not isinstance(section, MappingNode) or section.flow_style or section.anchor:
        return ()
    removed = [key.start_mark.line]
    if len(pairs(section)) == 1:
        if owner is None:
            return ()
        removed.insert(0, owner.start_mark.line)
        if any(source.lines[number].strip() for number in range(removed[0] + 1, removed[-1])):
            return ()
    return tuple(Edit(number, 0, 0, None) for number in removed)


def wrong_audience(source: Source, words: Vocabulary) -> Iterator[Finding]:
    """Find an id_token for Vault with an audience that no role accepts."""
    used = _login_tokens(source, words) | {ID_TOKEN_VARIABLE}
    for entry in source.entries:
        found = entry.get("id_tokens")
        for key, value in pairs(found[1]) if found else ():
            audience = next((node for name, node in pairs(value) if name.value == "aud"), None)
            if key.value not in used or audience is None:
                continue
            given = (
                [each.value for each in audience.value]
                if isinstance(audience, SequenceNode)
                else [audience.value]
            )
            if any(each in words.audiences or each.startswith("$") for each in given):
                continue
            yield Finding(
                "audience",
                audience.start_mark.line + 1,
                f"aud {', '.join(given)} is none that Vault's roles accept",
                f"aud: {' or '.join(words.audiences)}",
                _replacement(audience, words.audiences),
            )


def _replacement(audience: Node, wanted: tuple[str, ...]) -> tuple[Edit, ...]:
    begin, end = audience.start_mark, audience.end_mark
    if len(wanted) != 1 or not isinstance(audience, ScalarNode) or begin.line != end.line or audience.anchor:
        return ()
    quote = audience.style if audience.style in ("'", '"') else ""
    return (Edit(begin.line, begin.column, end.column, f"{quote}{wanted[0]}{quote}"),)


def _login_tokens(source: Source, words: Vocabulary) -> set[str]:
    return {name for entry in source.entries for name in _tokens_of(entry, words)}


def _tokens_of(entry: Entry, words: Vocabulary) -> set[str]:
    """Return the variables that an entry's commands log in with."""
    if not any(words.logs_in.search(command.text) for command in entry.commands):
        return set()
    found = {name for command in entry.commands for name in _TOKEN_VALUE.findall(command.text)}
    for command in entry.commands:
        if words.logs_in.search(command.text):
            found |= set(_TOKEN_IN_LOGIN.findall(command.text))
    return {ID_TOKEN_VARIABLE if _JOB_JWT.fullmatch(name) else name for name in found}


def missing_id_tokens(source: Source, words: Vocabulary) -> Iterator[Finding]:
    """Find a job that logs in with a token it is not given."""
    for entry in source.entries:
        wanted = sorted(_tokens_of(entry, words))
        if not wanted or not isinstance(entry.node, MappingNode):
            continue
        for user in source.users(entry):
            given = {each for base in (user, *source.bases(user)) for each in _id_tokens(base)}
            given |= {each for base in source.entries if base.name == "default" for each in _id_tokens(base)}
            missing = [name for name in wanted if name not in given]
            if missing:
                yield Finding(
                    "id-tokens",
                    entry.line + 1,
                    f"{user.name} logs in with ${missing[0]}, which no id_tokens of its gives it",
                    f"give {entry.name} id_tokens: {missing[0]} with aud {words.audiences[0]}",
                    _addition(source, entry, missing[0], words),
                )
                break


def _id_tokens(entry: Entry) -> list[str]:
    found = entry.get("id_tokens")
    return [key.value for key, _ in pairs(found[1])] if found else []


def _addition(source: Source, entry: Entry, token: str, words: Vocabulary) -> tuple[Edit, ...]:
    entries = pairs(entry.node)
    flowing = isinstance(entry.node, MappingNode) and entry.node.flow_style
    if not entries or flowing or entry.get("id_tokens") or len(words.audiences) != 1:
        return ()
    first = entries[0][0].start_mark
    blank = source.lines[first.line][: first.column]
    if blank.strip() or first.line == entry.line:
        return ()
    lines = ["id_tokens:", f"  {token}:", f"    aud: {words.audiences[0]}", ""]
    return (Edit(first.line, first.column, first.column, f"\n{blank}".join(lines)),)
