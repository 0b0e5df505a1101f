"""From the file to the models: read, resolve references, check values and rules.

Reports every fault at once, except for those that only follow from another one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from types import MappingProxyType

from pydantic import ValidationError

from ciaccess.access import rules
from ciaccess.access.desired import former_names
from ciaccess.access.model.checks_dates import today
from ciaccess.access.model.models import Access
from ciaccess.access.reading import document, references
from ciaccess.access.reading.faults import ConfigError, Fault
from ciaccess.access.reading.messages import faults_of, misspelt_keys

_NO_ADDRESSES: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Checked:
    """The result for a file; `access` is None after an error, `faults` are sorted by position."""

    file: str
    access: Access | None
    faults: tuple[Fault, ...]


def load(path: Path, addresses: Mapping[str, str] = _NO_ADDRESSES, on: date | None = None) -> Access:
    """Read what access.yaml declares on a day, which is today unless another one is named.

    `addresses` are a stack's own, by the keys of config.references.ADDRESSES.

    Raises:
        ConfigError: with every fault of the file, warnings among them.
    """
    checked = check(path, addresses, on)
    if checked.access is None:
        raise ConfigError(checked.faults)
    return checked.access


def owner_of(path: Path) -> str:
    """Return the owner that access.yaml declares, whatever else is wrong with the file.

    Raises:
        ConfigError: the file cannot be read.
    """
    read = document.read(path)
    if read.faults:
        raise ConfigError(tuple(read.faults))
    return str(read.at(("owner",)) or Access.model_fields["owner"].default)


def check(path: Path, addresses: Mapping[str, str] = _NO_ADDRESSES, on: date | None = None) -> Checked:
    """Read access.yaml; return its faults and, without errors, its content on a day (today)."""
    on = on or today()
    try:
        read = document.read(path)
    except ConfigError as error:
        return Checked(error.faults[0].file, None, error.faults)
    replaced = references.override(read, addresses)
    made_from = references.resolve(read)
    access, refused, misspelt = _validate(read)
    by_rules = list(rules.faults_of(read.with_keys(misspelt), on))
    absent = tuple(document.dotted_path((*path[:-1], key, "")) for path, key in misspelt.items())
    faults = _root_faults(made_from, absent, read.faults, refused, by_rules)
    faults = tuple(_of_the_stack(fault) if fault.field in replaced else fault for fault in faults)
    if any(fault.severity == "error" for fault in faults):
        access = None
    return Checked(read.file, access and former_names.expand_former_accounts(access, on), faults)


def _of_the_stack(fault: Fault) -> Fault:
    """Point a fault of an inserted address to the stack's settings, not to the YAML's line."""
    return replace(fault, message=f"{fault.message} (by the stack's {references.SETTING})")


def _validate(
    read: document.Document,
) -> tuple[Access | None, list[Fault], Mapping[document.YamlPath, str]]:
    try:
        return Access.model_validate(read.data), [], {}
    except ValidationError as error:
        misspelt = misspelt_keys(error, Access)
        return None, list(faults_of(read, error, misspelt)), misspelt


def _root_faults(
    made_from: Mapping[str, frozenset[str]], absent: tuple[str, ...], *stages: list[Fault]
) -> tuple[Fault, ...]:
    """Return the faults that do not follow from another one, sorted.

    Omits those of a field with an error from an earlier stage, and those of a value that contains an invalid address, or one of an
    `absent` section, whose key is misspelt.
    """
    kept: list[Fault] = []
    for stage in stages:
        at_fault = frozenset(fault.field for fault in kept if fault.severity == "error")
        kept += [fault for fault in stage if fault.field not in at_fault]
    at_fault = frozenset(fault.field for fault in kept if fault.severity == "error")
    at_fault |= {each for used in made_from.values() for each in used if f"{each}.".startswith(absent)}
    kept = [fault for fault in kept if not made_from.get(fault.field, frozenset()) & at_fault]
    return tuple(sorted(kept, key=lambda fault: (fault.line, fault.column, fault.field, fault.message)))
