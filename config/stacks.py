"""What a Pulumi stack adds to access.yaml: other addresses, and whether the way in is protected. Never a credential.

The settings are `ciaccess:addresses` (a mapping, or `local-stack`: what `./ciaccess local start` listens on),
`ciaccess:protect` and `ciaccess:access` (the YAML's file, relative to config/). The program takes them from the
engine, the project's commands from config/Pulumi.<stack>.yaml; both go through `StackSettings`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from tools.environment import ROOT, state_directory

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

CONFIG_FOLDER = ROOT / "config"
LOCAL_STACK = "local-stack"


class StackSettingsError(Exception):
    """A stack's settings cannot be used; the text names the file or key and what to do."""


@dataclass(frozen=True)
class StackSettings:
    """A stack's settings. `addresses` has the keys of `config.load`'s parameter of that name."""

    access_file: Path = CONFIG_FOLDER / "access.yaml"
    addresses: Mapping[str, str] = field(default_factory=dict)
    protect: bool = False
    local: bool = False

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Self:
        """Read the values of the keys `access`, `addresses` and `protect`.

        Raises:
            StackSettingsError: an unknown value, or the local stack was never started.
        """
        addresses = settings.get("addresses") or {}
        local = addresses == LOCAL_STACK
        if local:
            addresses = _local_addresses()
        elif isinstance(addresses, str):
            addresses = _parsed(addresses)
        if not isinstance(addresses, dict):
            raise StackSettingsError(
                f"ciaccess:addresses: {addresses!r} is not allowed. Allowed: a mapping of addresses, or {LOCAL_STACK!r}"
            )
        return cls(
            access_file=CONFIG_FOLDER / (settings.get("access") or "access.yaml"),
            addresses={str(key): str(value) for key, value in addresses.items()},
            protect=settings.get("protect") in (True, "true"),
            local=local,
        )

    @classmethod
    def of_stack(cls, stack: str) -> Self:
        """Read config/Pulumi.<stack>.yaml.

        Raises:
            StackSettingsError: there is no such stack, or its file cannot be read.
        """
        from ruamel.yaml import YAML, YAMLError  # noqa: PLC0415 not needed when the engine has read it

        path = CONFIG_FOLDER / f"Pulumi.{stack}.yaml"
        try:
            document = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8")) or {}
        except FileNotFoundError:
            known = ", ".join(sorted(file.name[7:-5] for file in CONFIG_FOLDER.glob("Pulumi.*.yaml")))
            raise StackSettingsError(f"there is no stack {stack!r}: {path} does not exist. Stacks: {known}") from None
        except YAMLError as error:
            raise StackSettingsError(f"{path}: {str(error).splitlines()[0]}") from None
        settings = document.get("config") or {}
        return cls.of({key.removeprefix("ciaccess:"): value for key, value in settings.items()})


def _parsed(text: str) -> Any:
    """Read a mapping as the engine hands it over, in JSON; anything else stays what it is, to be refused."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def local_addresses_file() -> Path:
    """Return the file in which the local stack says where it listens."""
    return state_directory() / "local" / "addresses.json"


def _local_addresses() -> dict[str, str]:
    path = local_addresses_file()
    try:
        found: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise StackSettingsError("there is no local stack yet. Start it: ./ciaccess local start") from None
    return found
