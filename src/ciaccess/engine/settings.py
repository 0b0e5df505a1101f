"""What a stack adds to access.yaml: other addresses, and whether its resources are protected.

The settings are `ciaccess:addresses` (a mapping, or `local-stack`: what `./ciaccess local start` listens on),
`ciaccess:protect` and `ciaccess:access` (the YAML's file, relative to config/). The program takes them from the
engine, the project's commands from config/Pulumi.<stack>.yaml; both go through `StackSettings`, which refuses other keys.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Self

from ciaccess.access.reading.document import read
from ciaccess.access.reading.faults import ConfigError, Fault, display, suggest
from ciaccess.access.reading.references import ADDRESSES, unknown_address
from ciaccess.environment import ROOT, state_directory
from ciaccess.errors import CiaccessError

CONFIG_FOLDER = ROOT / "config"
LOCAL_STACK = "local-stack"
NAMESPACE = "ciaccess:"
KEYS = ("access", "addresses", "protect")
# The engine hands truth over as text.
_TRUTH = {None: False, False: False, True: True, "false": False, "true": True}


class StackSettingsError(CiaccessError):
    """A stack's settings cannot be used; the text names the file or key and what to do."""


@dataclass(frozen=True)
class StackSettings:
    """A stack's settings. `addresses` has the keys of `config.load`'s parameter of that name."""

    access_file: Path = CONFIG_FOLDER / "access.yaml"
    addresses: Mapping[str, str] = field(default_factory=dict)
    protect: bool = False
    local: bool = False

    @classmethod
    def of(cls, settings: Mapping[str, Any], file: Path | None = None) -> Self:
        """Read the keys `access`, `addresses` and `protect`, as YAML or the engine has them.

        `file` is where they are, for messages.

        Raises:
            StackSettingsError: an unknown key or value, or the local stack was never started.
        """
        for key in settings:
            if key not in KEYS:
                remedy = suggest(key, KEYS, "Remove it")
                raise _fault(
                    file, key, f"{display(key)} is not a setting of a stack", ", ".join(KEYS), remedy
                )
        addresses = settings.get("addresses") or {}
        local, access_file = addresses == LOCAL_STACK, settings.get("access")
        if local:
            addresses = _local_addresses()
            # Of formats that its Nexus has, unless the stack's settings name another one.
            of_the_stack = addresses.pop("access", None)
            access_file = access_file or of_the_stack
        elif isinstance(addresses, str):
            addresses = _parse(addresses)
        if not isinstance(addresses, dict):
            remedy = suggest(str(addresses), [LOCAL_STACK], "Correct it")
            message, allowed = f"{addresses!r} is not allowed", f"a mapping of addresses, or {LOCAL_STACK!r}"
            raise _fault(file, "addresses", message, allowed, remedy)
        _check_addresses(addresses, file)
        protect = settings.get("protect")
        if not isinstance(protect, bool | str | None) or protect not in _TRUTH:
            message = f"{protect!r} is not allowed"
            raise _fault(file, "protect", message, "true or false", "Write true or false, without quotes")
        return cls(
            access_file=CONFIG_FOLDER / str(access_file or "access.yaml"),
            addresses=addresses,
            protect=_TRUTH[protect],
            local=local,
        )

    @classmethod
    def of_stack(cls, stack: str, file: Path | None = None) -> Self:
        """Read config/Pulumi.<stack>.yaml, or another file of its settings.

        Raises:
            StackSettingsError: there is no such stack, its file cannot be read, or has an unknown key or value.
        """
        config = stack_file(stack, file).get("config", {})
        # A key without a namespace is the project's own, as for the engine; another namespace is a provider's.
        own = {key.removeprefix(NAMESPACE): value for key, value in config.items()}
        return cls.of({key: value for key, value in own.items() if ":" not in key}, file or file_of(stack))


def _check_addresses(addresses: Mapping[str, Any], file: Path | None) -> None:
    for key, value in addresses.items():
        if key not in ADDRESSES:
            raise _fault(file, f"addresses.{key}", *unknown_address(key, "Remove it"))
        if not isinstance(value, str):
            message = f"{display(value)} is not allowed"
            raise _fault(file, f"addresses.{key}", message, "an address", "Write it as text")


def _fault(file: Path | None, key: str, message: str, allowed: str, remedy: str) -> StackSettingsError:
    """Return the error for a setting, with its place if it is in the file."""
    field_ = f"{NAMESPACE}{key}"
    try:
        document = read(file) if file else None
    except ConfigError:
        document = None
    for name in (field_, key):
        section, *below = name.split(".", 1)
        if document and (place := document.keys.get(("config", section, *below))):
            fault = Fault(document.file, *place, field_, None, message, allowed, remedy)
            return StackSettingsError(str(fault).removesuffix("."))
    return StackSettingsError(f"{field_}: {message}. Allowed: {allowed}. {remedy}")


def file_of(stack: str) -> Path:
    """Return the file of a stack's settings."""
    return CONFIG_FOLDER / f"Pulumi.{stack}.yaml"


def stack_file(stack: str, file: Path | None = None) -> dict[str, Any]:
    """Return what config/Pulumi.<stack>.yaml, or another file, holds, `config` among it as a mapping.

    Raises:
        StackSettingsError: there is no such stack, or the file is not a mapping.
        ConfigError: the file cannot be read.
    """
    path = file or file_of(stack)
    if not path.is_file():
        known = ", ".join(sorted(file.name[7:-5] for file in CONFIG_FOLDER.glob("Pulumi.*.yaml")))
        raise StackSettingsError(f"there is no stack {stack!r}: {path} does not exist. Stacks: {known}")
    document = read(path)
    if document.faults:
        raise StackSettingsError(str(document.faults[0]))
    found = {} if document.data is None else document.data
    if not isinstance(found, dict) or not isinstance(found.get("config") or {}, dict):
        raise StackSettingsError(
            f"{document.file} is not allowed. Allowed: a mapping with a mapping `config`"
        )
    return {**found, "config": found.get("config") or {}}


def secrets_provider(stack: str) -> str | None:
    """Return what encrypts a stack's state, None where it has no settings, or they do not name it."""
    try:
        found = stack_file(stack).get("secretsprovider")
    except StackSettingsError:  # a stack without a file of its own
        return None
    return str(found) if found else None


@cache
def project_name() -> str:
    """Return the project's name, as Pulumi.yaml has it."""
    return str(read(ROOT / "Pulumi.yaml").data["name"])


def claim(stack: str) -> str:
    """Return the claim in the metadata of a stack's secrets, such as `ciaccess/prod`."""
    return f"{project_name()}/{stack.rpartition('/')[2]}"


def _parse(text: str) -> Any:
    """Parse a mapping that the engine passes as JSON; return anything else unchanged."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def local_addresses_file() -> Path:
    """Return the file with the local stack's addresses."""
    return state_directory() / "local" / "addresses.json"


def _local_addresses() -> dict[str, str]:
    try:
        found: dict[str, str] = json.loads(local_addresses_file().read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        raise StackSettingsError("there is no local stack yet. Start it: ./ciaccess local start") from None
    return found
