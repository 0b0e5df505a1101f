"""Rules for variables that a pipeline sets: no password, and not VAULT_ADDR, the group's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ciaccess.consumers.lint.document import at, is_scalar, scalars_of
from ciaccess.consumers.lint.findings import Edit, Finding
from ciaccess.consumers.lint.reading import VAULT_PROGRAMS
from ciaccess.consumers.lint.shell_words import LITERAL_DOLLAR
from ciaccess.consumers.lint.variables import variables_in
from ciaccess.consumers.names import VAULT_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ciaccess.consumers.lint.document import Mapping, Scalar, Value
    from ciaccess.consumers.lint.job_reading import JobReading
    from ciaccess.consumers.lint.merging import Pipeline
    from ciaccess.consumers.lint.reading import Step
    from ciaccess.consumers.lint.vocabulary import Vocabulary

_TAKE_OUT = "take it out of this file"
_VAULT_IN_DOTENV = re.compile(rf"(?:^|[\s;\\n]){VAULT_VARIABLE}=(?![\"']?\$\{{?{VAULT_VARIABLE}\b)")
_ADDRESS = ("-address", "--address")
_API = re.compile(r"(https?://[^/\s\"']+)/v1/")
_OWN_VALUE = re.compile(rf"\$\{{?{VAULT_VARIABLE}\b")
_NAME = (
    r"(?:(?:NEXUS|TWINE|NPM|YARN|MAVEN|MVN|POETRY|HATCH|FLIT|HELM|DOCKER|REGISTRY|CONAN|NUGET|CARGO|(?:UV|PIP|PDM|GEM)(?=_))"
    r"\w*_(?:PASS(?:WORD|WD)?|TOKEN|API_?KEY|INDEX_AUTH|_AUTH)|ORG_GRADLE_PROJECT_\w*(?:PASSWORD|TOKEN))"
)
_PASSWORD_VARIABLE = re.compile(_NAME, re.IGNORECASE)
_PASSWORD_IN_DOTENV = re.compile(rf"(?:^|[\s\"';])({_NAME})=[^\s\"']", re.IGNORECASE)
# The user and password of an address, and the entry of a docker config.
_IN_VALUE = re.compile(r"//[^\s/:@\"]+:[^\s/@\"]+@|\"auth\"\s*:\s*\"[\w+/=]{8,}")
_WINDOWS_VARIABLE = re.compile(r"%\w+%")
_NO_PASSWORD = frozenset({"", "0", "1", "true", "false", "yes", "no", "none", "null", "dummy"})
_FROM_VAULT = "have the job read its account's secret from Vault"
_CHANGE = f"change it, take it out, and {_FROM_VAULT}"


def in_sections(pipeline: Pipeline, words: Vocabulary) -> Iterator[Finding]:
    """Check the variables of the file, its jobs, rules and matrices."""
    for section in pipeline.variable_sections():
        for key, value in section.items():
            if not is_scalar(key):
                continue
            if key == VAULT_VARIABLE:
                edit = _removal(section, key, value, words)
                yield Finding("vault-addr", key.source, key.line, "", _shadows(words), _TAKE_OUT, edit=edit)
            given = scalars_of(at(value, "value") if isinstance(value, dict) else value)
            for held in [each for each in given if _is_password(key, each, words)][:1]:
                yield Finding("static-credential", held.source, held.line, "", _holds_password(key), _CHANGE)


def in_scripts(reading: JobReading) -> Iterator[Finding]:
    """Check what a script sets, the inputs of its logins, and the addresses of Vault in it."""
    words = reading.words
    for step in reading.steps:
        for name, value, place in step.sets:
            if name == VAULT_VARIABLE and not _OWN_VALUE.search(value):
                yield reading.finding("vault-addr", place, _shadows(words), _TAKE_OUT)
            if _is_password(name, value, words):
                yield reading.finding("static-credential", place, _holds_password(name), _CHANGE)
        yield from _passwords_of_logins(reading, step)
        yield from _other_vaults(reading, step)


def in_dotenv(reading: JobReading) -> Iterator[Finding]:
    """Check what is written to a dotenv report: an artifact, and variables of later jobs."""
    for call, text in reading.written_to_dotenv():
        if _VAULT_IN_DOTENV.search(text):
            place = call.given_at.find(VAULT_VARIABLE) or call.place()
            yield reading.finding("vault-addr", place, _shadows(reading.words), _TAKE_OUT)
        if found := _PASSWORD_IN_DOTENV.search(text):
            name = found.group(1)
            why = f"{name} is in a dotenv artifact, which everybody who may read the project can download"
            place = call.given_at.find(name) or call.place()
            remedy = f"take it out, and {_FROM_VAULT} where it is used"
            yield reading.finding("static-credential", place, why, remedy)


def stored_password(reading: JobReading) -> Iterator[Finding]:
    """Find a job with a Nexus password but no login: the password is a CI/CD variable."""
    reads_file = any(call.name in (".", "source", "eval") for step in reading.steps for call in step.calls)
    if reading.logins or reading.job.is_hidden or reads_file:
        return
    known = {*reading.known, *(name for step in reading.steps for name, _, _ in step.sets)}
    for step in reading.steps:
        is_nexus = reading.words.nexus_host in step.text
        for text, place in step.pieces():
            for name in variables_in(text):
                named_for_nexus = name.startswith("NEXUS") and "PASS" in name
                if name in known or not (is_nexus or named_for_nexus):
                    continue
                if _PASSWORD_VARIABLE.fullmatch(name):
                    known.add(name)
                    why = f"the job uses ${name}, which neither the pipeline nor Vault gives: GitLab stores it as a CI/CD variable"
                    remedy = f"{_FROM_VAULT}, then delete the variable"
                    yield reading.finding("static-credential", place, why, remedy)


def _shadows(words: Vocabulary) -> str:
    return f"{VAULT_VARIABLE} in this file shadows the variable of {words.vault_group}, and stays behind when that moves"


def _holds_password(what: str) -> str:
    return f"{what} holds a password in the file, which everybody who may read the project can read"


def _is_password(name: str, value: str, words: Vocabulary) -> bool:
    if "$" in value or LITERAL_DOLLAR in value:
        return False
    if _PASSWORD_VARIABLE.fullmatch(name):
        return "/" not in value and value.lower() not in _NO_PASSWORD
    return words.nexus_host in value and bool(_IN_VALUE.search(value))


def _removal(section: Mapping, key: Scalar, value: Value, words: Vocabulary) -> Edit | None:
    """Remove the line if it repeats the group's variable, and other variables remain."""
    if not is_scalar(value) or value.rstrip("/") not in ("", words.vault_address) or len(section) == 1:
        return None
    start, end = key.node.start_mark, value.node.end_mark
    line = key.source.lines[start.line]
    if start.line != end.line or value.source is not key.source or line[: start.column].strip():
        return None
    if line[end.column :].split("#")[0].strip():
        return None
    text, begin = key.source.text, start.index - start.column
    stop = begin + len(line) + 1
    if stop > len(text):  # the last line, without a line end: the one before it goes
        return Edit(key.source, len(text[:begin].rstrip("\r\n")), len(text), "")
    return Edit(key.source, begin, stop, "")


def _passwords_of_logins(reading: JobReading, step: Step) -> Iterator[Finding]:
    """Find a literal password on the standard input of a login to Nexus."""
    if reading.words.nexus_host not in step.text:
        return
    for call in step.calls:
        if "--password-stdin" not in call.words:
            continue
        first = step.calls[0]
        printed = first.arguments[-1:] if first.name in ("echo", "printf") else ()
        given = call.given or (printed[0].raw.text if printed else "$")
        of_windows = _WINDOWS_VARIABLE.fullmatch(given)
        if given and "$" not in given and LITERAL_DOLLAR not in given and not of_windows:
            why = _holds_password(f"the input of {call.name} login")
            yield reading.finding("static-credential", first.place(), why, _CHANGE)


def _other_vaults(reading: JobReading, step: Step) -> Iterator[Finding]:
    """Find a command of Vault's, or a login or read through its API, that names another address."""
    words = reading.words
    for call in step.programs:
        named = list(call.values_of(*_ADDRESS)) if call.name in VAULT_PROGRAMS else []
        for index, word in enumerate(call.words):
            if words.login.search(word) or words.secret.search(word):
                named += [(index, address) for address in _API.findall(word)]
        for index, address in named:
            by_variable = _OWN_VALUE.search(call.arguments[index].raw.text)
            if not by_variable and "$" not in address and address.rstrip("/") != words.vault_address:
                why = f"{address} is not the Vault of access.yaml, {words.vault_address}"
                yield reading.finding("vault-addr", call.place(index), why, f"use ${VAULT_VARIABLE}")
