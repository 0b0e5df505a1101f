"""access.yaml: its models, its rules, and what it amounts to. Knows no server and no credential.

The names below are imported when they are used: the plugin needs the types of `desired` alone, and starts without pydantic.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ciaccess.access.model.models import Access
    from ciaccess.access.reading.faults import ConfigError
    from ciaccess.access.reading.loader import load

_MODULES = {"Access": "model.models", "ConfigError": "reading.faults", "load": "reading.loader"}

__all__ = ["Access", "ConfigError", "load"]


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(name)
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
