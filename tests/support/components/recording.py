"""A recording of what a Pulumi program registers, without an engine: each request as the engine would get it."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pulumi
from google.protobuf.json_format import MessageToDict  # type: ignore[import-untyped]  # no stubs of ours
from pulumi.runtime import mocks, rpc
from pulumi.runtime.settings import ROOT
from pulumi.runtime.stack import run_in_stack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

GENERATED = "generated-password-of-the-plugin"
_SECRET = {rpc._special_sig_key: rpc._special_secret_sig}


@dataclass(frozen=True)
class Registered:
    """One resource. Names of resources stand for their URNs; `inputs` hold a Secret where the engine would see one."""

    type: str
    name: str
    parent: str
    inputs: dict[str, Any]
    depends_on: frozenset[str]
    provider: str
    protect: bool
    delete_before_replace: bool
    import_id: str


@dataclass(frozen=True)
class Secret:
    """A value that the engine is told to encrypt."""

    value: Any


@dataclass
class Recording:
    """Everything registered, by name and in order, and the outputs of components and of the stack by name."""

    resources: dict[str, Registered] = field(default_factory=dict)
    providers: dict[str, Registered] = field(default_factory=dict)
    outputs: dict[str, dict[str, Any]] = field(default_factory=dict)

    def of_type(self, token: str) -> list[Registered]:
        """Return the resources of one type."""
        return [resource for resource in self.resources.values() if resource.type == token]

    def children(self, name: str) -> list[str]:
        """Return the names of a component's children, in order."""
        return [resource.name for resource in self.resources.values() if resource.parent == name]


def record(
    program: Callable[[], object], *, stack: str = "local", settings: Mapping[str, str] | None = None
) -> Recording:
    """Run a program as the language host does, and return what it registered."""
    recording = Recording()

    def run() -> None:
        program()

    with _event_loop() as loop:
        pulumi.runtime.set_mocks(
            _Answers(), project="ciaccess", stack=stack, preview=False, monitor=_Monitor(recording)
        )
        # The program gets a stack of its own, as in the language host; set_mocks has made one already.
        ROOT.set(None)
        pulumi.runtime.set_all_config({f"ciaccess:{key}": value for key, value in (settings or {}).items()})
        loop.run_until_complete(run_in_stack(run))
    return recording


class _Loops(asyncio.DefaultEventLoopPolicy):
    """Remembers the event loops that the SDK makes, one for each of its threads, and never closes."""

    def __init__(self) -> None:
        super().__init__()
        self.made: list[asyncio.AbstractEventLoop] = []

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        self.made.append(super().new_event_loop())
        return self.made[-1]


@contextmanager
def _event_loop() -> Iterator[asyncio.AbstractEventLoop]:
    before, policy = asyncio.get_event_loop_policy(), _Loops()
    asyncio.set_event_loop_policy(policy)
    loop = policy.new_event_loop()
    policy.set_event_loop(loop)
    try:
        yield loop
        loop.run_until_complete(loop.shutdown_default_executor())
    finally:
        asyncio.set_event_loop_policy(before)
        for made in policy.made:
            made.close()


class _Answers(mocks.Mocks):
    """Answers as the plugins do: inputs come back as outputs, and an account's passwords are made as a secret."""

    def call(self, args: mocks.MockCallArgs) -> Any:
        raise AssertionError(f"the program asks {args.token}, and a component does no input or output")

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        outputs = dict(args.inputs)
        if args.typ == "ciaccess:index:ServiceAccount":
            outputs["passwords"] = pulumi.Output.secret({f"{args.name}:1": GENERATED})
        return f"{args.name}-id", outputs


class _Monitor(mocks.MockMonitor):
    def __init__(self, recording: Recording) -> None:
        super().__init__(_Answers())
        self._recording = recording

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 gRPC's name
        if request.type != "pulumi:pulumi:Stack":
            is_provider = request.type.startswith("pulumi:providers:")
            kept = self._recording.providers if is_provider else self._recording.resources
            assert request.name not in kept, f"{request.name} is registered twice"
            kept[request.name] = Registered(
                request.type,
                request.name,
                _name(request.parent),
                _plain(MessageToDict(request.object)),
                frozenset(map(_name, request.dependencies)),
                _name(request.provider.rpartition("::")[0]),
                request.protect,
                request.deleteBeforeReplace,
                request.importId,
            )
        return super().RegisterResource(request)  # type: ignore[no-untyped-call]  # so the SDK has it

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802 gRPC's name
        self._recording.outputs[_name(request.urn)] = _plain(MessageToDict(request.outputs))
        return super().RegisterResourceOutputs(request)  # type: ignore[no-untyped-call]  # likewise


def _name(urn: str) -> str:
    return urn.rpartition("::")[2]


def _plain(value: Any) -> Any:
    """Turn the wire's secrets into Secret, and its numbers into whole ones where they are."""
    if isinstance(value, dict):
        if _SECRET.items() <= value.items():
            return Secret(_plain(value["value"]))
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
