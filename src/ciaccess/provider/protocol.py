"""Pulumi's protocol: its messages and services, without the rest of its SDK.

The packages `pulumi` and `pulumi.runtime` import the whole SDK, which takes as long as the rest of the plugin's start. If they
are not loaded, empty packages replace them during the import of the messages, which use nothing of them.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pulumi.runtime import proto
    from pulumi.runtime.proto import provider_pb2_grpc

__all__ = ["CHANNEL_OPTIONS", "SECRET", "SIGNATURE", "UNKNOWN", "proto", "provider_pb2_grpc"]

# Constants of the SDK's pulumi.runtime; a test compares them.
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
SIGNATURE, SECRET = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"
# The largest message, and the longest wait for a thread.
CHANNEL_OPTIONS = [
    ("grpc.max_receive_message_length", 400 * 1024 * 1024),
    ("grpc.server_max_unrequested_time_in_server", 30 * 60),
]
_PACKAGES = ("pulumi", "pulumi.runtime")
_SDK = Path(find_spec("pulumi").origin).parent  # type: ignore[union-attr, arg-type] # it is installed


@contextmanager
def _empty_packages() -> Iterator[None]:
    missing = [name for name in _PACKAGES if name not in sys.modules]
    for name in missing:
        package = ModuleType(name)
        package.__path__ = [str(_SDK.joinpath(*name.split(".")[1:]))]
        sys.modules[name] = package
    yield
    for name in missing:
        del sys.modules[name]


if not TYPE_CHECKING:
    with _empty_packages():
        proto = importlib.import_module("pulumi.runtime.proto")
        provider_pb2_grpc = importlib.import_module("pulumi.runtime.proto.provider_pb2_grpc")
