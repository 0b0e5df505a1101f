"""The provider plugin in this process, driven as the engine drives it: its servicer, real requests, no CLI.

`Engine` is the part of Pulumi's engine that a contract test needs: it keeps the state of resources, and does for
`up`, `refresh`, `import` and `destroy` the calls that the real one does, in its order.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn, Self

from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.runtime import proto
from pulumi.runtime.rpc import UNKNOWN as WIRE_UNKNOWN

from ciaccess.provider.callers import Callers
from ciaccess.provider.server import CiaccessProvider
from ciaccess.provider.servicer import Servicer

if TYPE_CHECKING:
    from types import TracebackType

    from google.protobuf.struct_pb2 import Struct  # type: ignore[import-untyped] # it comes without stubs

_NEVER_SECONDS = 0.0


@dataclass(frozen=True)
class Secret:
    """An input that is a secret."""

    value: Any


class Unknown:
    """An input that a preview cannot know."""


class PluginError(Exception):
    """The error that the engine would show."""


class RefusedInputsError(Exception):
    """The inputs failed their check; `reasons` are by property."""

    def __init__(self, reasons: dict[str, str]) -> None:
        super().__init__(str(reasons))
        self.reasons = reasons


class _Context:
    def peer(self) -> str:
        return ""

    def abort(self, code: Any, details: str = "") -> NoReturn:
        del code
        raise PluginError(details)


@dataclass
class Resource:
    """A resource in the state. `inputs` and `outputs` are plain; `secrets` are the names of outputs that are secrets."""

    token: str
    name: str
    id: str
    raw_inputs: Struct
    raw_outputs: Struct

    @property
    def inputs(self) -> dict[str, Any]:
        """Return the inputs as plain values."""
        return _plain(self.raw_inputs)

    @property
    def outputs(self) -> dict[str, Any]:
        """Return the outputs as plain values."""
        return _plain(self.raw_outputs)

    @property
    def secrets(self) -> set[str]:
        """Return the names of the outputs that are secrets."""
        return {
            name for name, item in PropertyValue.unmarshal_map(self.raw_outputs).items() if item.is_secret
        }

    @property
    def urn(self) -> str:
        """Return the URN, with a parent as the program's resources have one."""
        return f"urn:pulumi:test::project::ciaccess:index:Parent${self.token}::{self.name}"


@dataclass
class Engine:
    """Drives one plugin process's worth of provider. Use as a context manager; `restarted` is another process."""

    addresses: dict[str, str]
    is_preview: bool = False
    owner: str = "the-tests"
    program_stack: str = ""
    state: dict[str, Resource] = field(default_factory=dict)

    def __enter__(self) -> Self:
        self._provider = CiaccessProvider(lambda: self.owner, lambda: self.program_stack)
        self._servicer: Any = Servicer(self._provider, Callers())
        self.call("Configure", proto.ConfigureRequest(args=_struct(self.addresses), acceptSecrets=True))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._provider.close()

    def restart(self) -> None:
        """Go on with another process of the plugin, as the next command does."""
        self.__exit__(None, None, None)
        self.__enter__()

    def call(self, verb: str, request: Any) -> Any:
        """Send one request to the servicer and return its answer.

        Raises:
            PluginError: the plugin refused.
        """
        return getattr(self._servicer, verb)(request, _Context())

    def read_at_once(self, names: list[str]) -> list[proto.ReadResponse]:
        """Read several resources at the same time."""
        requests = [_read_request(self.state[name]) for name in names]
        with ThreadPoolExecutor(len(names)) as threads:
            return list(threads.map(lambda each: self._servicer.Read(each, _Context()), requests))

    def up(self, token: str, name: str, /, **inputs: Any) -> str:
        """Do to one resource what `up` does; return same, create, update or replace."""
        held = self.state.get(name)
        checked = self.check(token, name, inputs, held)
        if held is None:
            made = self.create(token, name, checked)
            if not self.is_preview:
                self.state[name] = made
            return "create"
        found = self.diff(held, checked)
        if found.changes != proto.DiffResponse.DIFF_SOME:
            held.raw_inputs = checked
            return "same"
        if found.replaces:
            self._replace(held, checked, delete_first=found.deleteBeforeReplace)
            return "replace"
        outputs = self.call(
            "Update",
            proto.UpdateRequest(
                urn=held.urn, id=held.id, olds=held.raw_outputs, news=checked, preview=self.is_preview
            ),
        ).properties
        if not self.is_preview:
            held.raw_inputs, held.raw_outputs = checked, outputs
        return "update"

    def preview(self, token: str, name: str, /, **inputs: Any) -> str:
        """Do to one resource what `preview` does; return what `up` would do."""
        self.is_preview = True
        try:
            return self.up(token, name, **inputs)
        finally:
            self.is_preview = False

    def refresh(self, name: str) -> set[str]:
        """Read a resource into the state; return the names of the fields that drifted, `gone` where it is no more."""
        held = self.state[name]
        found = self.read(held)
        if not found.id:
            del self.state[name]
            return {"gone"}
        drifted = Resource(held.token, name, found.id, found.inputs, found.properties)
        # The other way round: the engine asks how the old inputs differ from what was read.
        changes = set(self.diff(drifted, held.raw_inputs).detailedDiff)
        self.state[name] = drifted
        return changes

    def forget(self, name: str) -> None:
        """Delete a resource within the running process, as `up` does at its end with what the program has no more."""
        self._delete(self.state.pop(name))

    def import_(self, token: str, name: str, identity: str) -> Resource:
        """Read a resource from its id alone into the state, and check its inputs as `pulumi import` does."""
        asked = Resource(token, name, identity, _struct({}), _struct({}))
        found = self.read(asked)
        if not found.id:
            raise PluginError("does not exist")
        answer = self.call("Check", proto.CheckRequest(urn=asked.urn, olds=found.inputs, news=found.inputs))
        _raise_failures(answer)
        self.state[name] = Resource(token, name, found.id, answer.inputs, found.properties)
        return self.state[name]

    def destroy(self, name: str) -> None:
        """Delete a resource, in a process of its own, as the command does."""
        self.restart()
        held = self.state[name]
        self._delete(held)
        del self.state[name]

    def check(self, token: str, name: str, inputs: Mapping[str, Any], held: Resource | None = None) -> Struct:
        """Return the checked inputs.

        Raises:
            RefusedInputsError: they failed.
        """
        urn = Resource(token, name, "", _struct({}), _struct({})).urn
        olds = held.raw_inputs if held else _struct({})
        answer = self.call("Check", proto.CheckRequest(urn=urn, olds=olds, news=_struct(inputs)))
        _raise_failures(answer)
        return answer.inputs

    def check_config(self, inputs: Mapping[str, Any]) -> None:
        """Check the provider's own inputs; raises as `check` does."""
        _raise_failures(self.call("CheckConfig", proto.CheckRequest(news=_struct(inputs))))

    def unconfigured(self) -> None:
        """Go on with a process of the plugin that was told nothing yet."""
        self._provider.close()
        self._provider = CiaccessProvider(lambda: self.owner, lambda: self.program_stack)
        self._servicer = Servicer(self._provider, Callers())

    def diff(self, held: Resource, inputs: Struct, ignore: tuple[str, ...] = ()) -> proto.DiffResponse:
        """Return how a resource's state differs from inputs."""
        answer: proto.DiffResponse = self.call(
            "Diff",
            proto.DiffRequest(
                urn=held.urn, id=held.id, olds=held.raw_outputs, news=inputs, ignoreChanges=ignore
            ),
        )
        return answer

    def create(self, token: str, name: str, checked: Struct) -> Resource:
        """Create a resource of checked inputs."""
        made = Resource(token, name, "", checked, _struct({}))
        answer = self.call(
            "Create",
            proto.CreateRequest(
                urn=made.urn, properties=checked, timeout=_NEVER_SECONDS, preview=self.is_preview
            ),
        )
        made.id, made.raw_outputs = answer.id, answer.properties
        return made

    def read(self, held: Resource) -> proto.ReadResponse:
        """Return what the plugin reads of a resource."""
        answer: proto.ReadResponse = self.call("Read", _read_request(held))
        return answer

    def _replace(self, held: Resource, checked: Struct, *, delete_first: bool) -> None:
        if delete_first and not self.is_preview:
            self._delete(held)
        made = self.create(held.token, held.name, checked)
        if self.is_preview:
            return
        if not delete_first:
            self._delete(held)
        self.state[held.name] = made

    def _delete(self, held: Resource) -> None:
        self.call("Delete", proto.DeleteRequest(urn=held.urn, id=held.id, properties=held.raw_outputs))


def _read_request(held: Resource) -> proto.ReadRequest:
    return proto.ReadRequest(urn=held.urn, id=held.id, properties=held.raw_outputs, inputs=held.raw_inputs)


def _raise_failures(answer: proto.CheckResponse) -> None:
    if answer.failures:
        raise RefusedInputsError({failure.property: failure.reason for failure in answer.failures})


def _struct(values: Mapping[str, Any]) -> Struct:
    return PropertyValue.marshal_map({name: _property(value) for name, value in values.items()})


def _property(value: Any) -> PropertyValue:
    if isinstance(value, Secret):
        return _property(value.value).with_secret(is_secret=True)
    if isinstance(value, Unknown):
        return PropertyValue(WIRE_UNKNOWN)
    if isinstance(value, list):
        return PropertyValue([_property(item) for item in value])
    if isinstance(value, dict):
        return PropertyValue({name: _property(item) for name, item in value.items()})
    return PropertyValue(float(value) if isinstance(value, int) and not isinstance(value, bool) else value)


def _plain(struct: Struct) -> dict[str, Any]:
    return {name: _unwrapped(item) for name, item in PropertyValue.unmarshal_map(struct).items()}


def _unwrapped(item: PropertyValue) -> Any:
    if isinstance(item.value, tuple):
        return [_unwrapped(each) for each in item.value]
    if isinstance(item.value, Mapping):
        return {name: _unwrapped(each) for name, each in item.value.items()}
    return item.value
