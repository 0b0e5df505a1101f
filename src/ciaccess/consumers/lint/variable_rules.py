"""The rule on VAULT_ADDR, which is the group's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ciaccess.consumers.lint.document import is_scalar
from ciaccess.consumers.lint.findings import Edit, Finding
from ciaccess.consumers.lint.reading import VAULT_PROGRAMS
from ciaccess.consumers.lint.registry_rules import values_of
from ciaccess.consumers.names import VAULT_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ciaccess.consumers.lint.document import Mapping, Scalar, Value
    from ciaccess.consumers.lint.job_reading import JobReading
    from ciaccess.consumers.lint.merging import Pipeline
    from ciaccess.consumers.lint.reading import Step
    from ciaccess.consumers.lint.vocabulary import Vocabulary

_REMEDY = "take it out of this file"
_DOTENV = re.compile(rf"(?:^|[\s;\\n]){VAULT_VARIABLE}=(?![\"']?\$\{{?{VAULT_VARIABLE}\b)")
_ADDRESS = ("-address", "--address")
_API = re.compile(r"(https?://[^/\s\"']+)/v1/")
_OWN_VALUE = re.compile(rf"\$\{{?{VAULT_VARIABLE}\b")


def _shadow_text(words: Vocabulary) -> str:
    return f"{VAULT_VARIABLE} in this file shadows the variable of {words.vault_group}, and stays behind when that moves"


def vault_addr_in_file(pipeline: Pipeline, words: Vocabulary) -> Iterator[Finding]:
    """Find VAULT_ADDR among the variables of the file, its jobs, rules and matrices."""
    for section in pipeline.variable_sections():
        for key, value in section.items():
            if is_scalar(key) and key == VAULT_VARIABLE:
                edit = _removal(section, key, value, words)
                yield Finding("vault-addr", key.source, key.line, "", _shadow_text(words), _REMEDY, edit=edit)


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


def vault_addr_in_script(reading: JobReading) -> Iterator[Finding]:
    """Find a script that sets VAULT_ADDR, for itself or by a dotenv file for later jobs."""
    words = reading.words
    for step in reading.steps:
        for name, value, place in step.sets:
            if name == VAULT_VARIABLE and not _OWN_VALUE.search(value):
                yield reading.finding("vault-addr", place, _shadow_text(words), _REMEDY)
        yield from _other_vaults(reading, step)
    for call, text in reading.written_to_dotenv():
        if _DOTENV.search(text):
            place = call.given_at.find(VAULT_VARIABLE) or call.place()
            yield reading.finding("vault-addr", place, _shadow_text(words), _REMEDY)


def _other_vaults(reading: JobReading, step: Step) -> Iterator[Finding]:
    """Find a command of Vault's, or a login or read through its API, that names another address."""
    words = reading.words
    for call in step.programs:
        named = [
            (index, value) for index, value in values_of(call.words, _ADDRESS) if call.name in VAULT_PROGRAMS
        ]
        for index, word in enumerate(call.words):
            if words.login.search(word) or words.secret.search(word):
                named += [(index, address) for address in _API.findall(word)]
        for index, address in named:
            by_variable = _OWN_VALUE.search(call.arguments[index].raw.text)
            if not by_variable and "$" not in address and address.rstrip("/") != words.vault_address:
                why = f"{address} is not the Vault of access.yaml, {words.vault_address}"
                yield reading.finding("vault-addr", call.place(index), why, f"use ${VAULT_VARIABLE}")
