"""The rule on static credentials: in the file, in dotenv artifacts, and stored by GitLab."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ciaccess.consumers.lint.document import at, is_scalar, scalars_of
from ciaccess.consumers.lint.findings import Finding
from ciaccess.consumers.lint.shell_words import LITERAL_DOLLAR
from ciaccess.consumers.lint.variables import variables_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ciaccess.consumers.lint.job_reading import JobReading
    from ciaccess.consumers.lint.merging import Pipeline
    from ciaccess.consumers.lint.vocabulary import Vocabulary

_NAME = (
    r"(?:(?:NEXUS|TWINE|NPM|YARN|MAVEN|MVN|POETRY|HATCH|FLIT|HELM|DOCKER|REGISTRY|CONAN|NUGET|CARGO|(?:UV|PIP|PDM|GEM)(?=_))"
    r"\w*_(?:PASS(?:WORD|WD)?|TOKEN|API_?KEY|INDEX_AUTH|_AUTH)|ORG_GRADLE_PROJECT_\w*(?:PASSWORD|TOKEN))"
)
_PASSWORD_VARIABLE = re.compile(_NAME, re.IGNORECASE)
_IN_DOTENV = re.compile(rf"(?:^|[\s\"';])({_NAME})=[^\s\"']", re.IGNORECASE)
# The user and password of an address, and the entry of a docker config.
_IN_VALUE = re.compile(r"//[^\s/:@\"]+:[^\s/@\"]+@|\"auth\"\s*:\s*\"[\w+/=]{8,}")
_WINDOWS_VARIABLE = re.compile(r"%\w+%")
_NO_PASSWORD = frozenset({"", "0", "1", "true", "false", "yes", "no", "none", "null", "dummy"})
_FROM_VAULT = "have the job read its account's secret from Vault"
_CHANGE = f"change it, take it out, and {_FROM_VAULT}"


def passwords_in_variables(pipeline: Pipeline, words: Vocabulary) -> Iterator[Finding]:
    """Find passwords among the variables of the file, its jobs, rules and matrices."""
    for section in pipeline.variable_sections():
        for key, value in section.items():
            given = scalars_of(at(value, "value") if isinstance(value, dict) else value)
            for held in [each for each in given if is_scalar(key) and _is_password(key, each, words)][:1]:
                yield Finding("static-credential", held.source, held.line, "", _why(key), _CHANGE)


def _is_password(name: str, value: str, words: Vocabulary) -> bool:
    if "$" in value or LITERAL_DOLLAR in value:
        return False
    if _PASSWORD_VARIABLE.fullmatch(name):
        return "/" not in value and value.lower() not in _NO_PASSWORD
    return words.nexus_host in value and bool(_IN_VALUE.search(value))


def _why(what: str) -> str:
    return f"{what} holds a password in the file, which everybody who may read the project can read"


def passwords_in_scripts(reading: JobReading) -> Iterator[Finding]:
    """Find passwords that a script itself has: in a variable, or on the standard input of a login."""
    words = reading.words
    for step in reading.steps:
        for name, value, place in step.sets:
            if _is_password(name, value, words):
                yield reading.finding("static-credential", place, _why(name), _CHANGE)
        for call in step.calls:
            if "--password-stdin" not in call.words or words.nexus_host not in step.text:
                continue
            first = step.calls[0]
            printed = first.arguments[-1:] if first.name in ("echo", "printf") else ()
            given = call.given or (printed[0].raw.text if printed else "$")
            of_windows = _WINDOWS_VARIABLE.fullmatch(given)
            if given and "$" not in given and LITERAL_DOLLAR not in given and not of_windows:
                why = _why(f"the input of {call.name} login")
                yield reading.finding("static-credential", first.place(), why, _CHANGE)


def passwords_in_dotenv(reading: JobReading) -> Iterator[Finding]:
    """Find passwords in a dotenv report, which is an artifact."""
    for call, text in reading.written_to_dotenv():
        if found := _IN_DOTENV.search(text):
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
