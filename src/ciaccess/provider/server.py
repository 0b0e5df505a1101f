"""Pulumi's side of the plugin: each request of the engine to its kind, plain values in, properties out. Knows no system.

Owns what the engine expects of any provider: previews that write nothing, live inputs and outputs from a read,
differences by property, nothing deleted that another resource of the stack has taken over.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from google.protobuf.empty_pb2 import Empty  # type: ignore[import-untyped] # it comes without stubs
from pulumi.runtime import proto

from ciaccess.clients.redaction import redacted
from ciaccess.provider.kinds import KINDS
from ciaccess.provider.kinds.fields import UNKNOWN
from ciaccess.provider.kinds.kind import KindError
from ciaccess.provider.kinds.objects import ExistsError
from ciaccess.provider.systems import Systems
from ciaccess.provider.values import plain, secret_names, wire

if TYPE_CHECKING:
    from collections.abc import Callable

    from ciaccess.provider.kinds.fields import Values
    from ciaccess.provider.kinds.kind import Change, Kind

    _Request = (
        proto.CheckRequest
        | proto.DiffRequest
        | proto.CreateRequest
        | proto.ReadRequest
        | proto.UpdateRequest
        | proto.DeleteRequest
    )

T = TypeVar("T")
VERSION = "0.1.0"
ADDRESSES = ("nexus_url", "gitlab_url")
_ALLOWED_URL = "a URL of http or https, without credentials"
# Kinds wait for systems, so a thread each; the engine sends 16 requests at a time on a small machine.
_MOST_THREADS = 16


class CiaccessProvider:
    """The provider. Requests are answered concurrently; a kind is one object that all of them share."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_MOST_THREADS, thread_name_prefix="request")
        self._systems = Systems({})
        self._kinds: dict[str, Kind] = {}
        self._cancelled = False
        # Resources that were in the state when this process began to compare it.
        self._in_state: set[str] = set()
        # (token, id) → the resource that was the last to want this object in this process.
        self._holders: dict[tuple[str, str | None], str] = {}
        # (token, id) of what was made or taken over in this process. All of these belong to the event loop's thread.
        self._made: set[tuple[str, str | None]] = set()

    async def check_config(self, request: proto.CheckRequest) -> proto.CheckResponse:
        """Check the addresses. Other keys stay: the project's own settings have the same namespace."""
        inputs = plain(request.news)
        failures = [
            proto.CheckFailure(
                property=name,
                reason=f"{redacted(repr(inputs[name]))} is not allowed. Allowed: {_ALLOWED_URL}",
            )
            for name in ADDRESSES
            if inputs.get(name) not in (None, "", UNKNOWN) and not _is_url(inputs[name])
        ]
        return proto.CheckResponse(inputs=request.news, failures=failures)

    async def diff_config(self, request: proto.DiffRequest) -> proto.DiffResponse:
        """Leave the comparison to the engine: another address replaces nothing."""
        del request
        return proto.DiffResponse(changes=proto.DiffResponse.DIFF_UNKNOWN)

    async def configure(self, request: proto.ConfigureRequest) -> proto.ConfigureResponse:
        """Take the addresses. Nothing is asked: credentials are looked for when they are first needed."""
        args = plain(request.args)
        addresses = {name: args[name] for name in ADDRESSES if isinstance(args.get(name), str)}
        self._systems = Systems(addresses)
        self._kinds = {token: kind(self._systems) for token, kind in KINDS.items()}
        return proto.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    async def check(self, request: proto.CheckRequest) -> proto.CheckResponse:
        """Check the inputs and put the defaults in."""
        kind = self._kind(_type_of(request))
        concealed = secret_names(request.news)
        values, failures = kind.check(plain(request.olds), plain(request.news), concealed)
        secrets = kind.secrets(values) | concealed
        return proto.CheckResponse(
            inputs=wire(values, secrets),
            # The engine shows the value of a property that is named, a secret's too.
            failures=[
                proto.CheckFailure(reason=f"{failure.property}: {failure.reason}")
                if failure.property in secrets
                else proto.CheckFailure(property=failure.property, reason=failure.reason)
                for failure in failures
            ],
        )

    async def diff(self, request: proto.DiffRequest) -> proto.DiffResponse:
        """Compare a state with inputs; on a refresh the engine asks the other way round, which is the same to us."""
        kind = self._kind(_type_of(request))
        self._in_state.add(request.urn)
        state = kind.stored(plain(request.olds))
        inputs = _without(kind.stored(plain(request.news)), state, request.ignoreChanges)
        if kind.resource_id(inputs) == request.id:
            self._hold(request, request.id)
        found = await self._in_thread(lambda: kind.diff(request.id, state, inputs))
        return proto.DiffResponse(
            changes=proto.DiffResponse.DIFF_SOME if found.changes else proto.DiffResponse.DIFF_NONE,
            replaces=[change.name for change in found.changes if change.replaces],
            diffs=[change.name for change in found.changes],
            detailedDiff={change.name: _detail(change) for change in found.changes},
            hasDetailedDiff=True,
            deleteBeforeReplace=found.delete_first,
        )

    async def create(self, request: proto.CreateRequest) -> proto.CreateResponse:
        """Make the object; in a preview only look whether it could be made."""
        kind = self._kind(_type_of(request))
        inputs = kind.stored(plain(request.properties))
        resource_id = kind.resource_id(inputs)
        if request.preview:
            # What is to be replaced still exists during a preview.
            if request.urn not in self._in_state:
                await self._in_thread(lambda: self._named(request, lambda: kind.look(None, inputs)))
            values = kind.planned(None, inputs)
        else:
            if self._holders.get((_type_of(request), resource_id)) == request.urn:
                inputs["adopt"] = (
                    True  # a replacement by itself, as `up --replace` asks for, made before it is deleted
                )
            values = await self._in_thread(lambda: self._named(request, lambda: kind.create(inputs)))
            self._hold(request, resource_id)
            self._made.add((_type_of(request), resource_id))
        secrets = kind.secrets(values) | secret_names(request.properties)
        return proto.CreateResponse(id=resource_id or "", properties=wire(kind.outputs_of(values), secrets))

    async def read(self, request: proto.ReadRequest) -> proto.ReadResponse:
        """Return live inputs and outputs; inputs that are left out would be wiped by a refresh."""
        kind = self._kind(_type_of(request))
        state = kind.stored(plain(request.properties))
        seen = await self._in_thread(lambda: kind.read(request.id, state))
        if seen is None:
            if not request.properties.fields:
                # The engine would take an empty answer for an import that worked.
                raise KindError(f"import {kind.noun} '{request.id}': there is none of this id. Check the id")
            return proto.ReadResponse()
        secrets = kind.secrets(seen.values) | secret_names(request.properties, request.inputs)
        return proto.ReadResponse(
            id=seen.resource_id or request.id,
            properties=wire(kind.outputs_of(seen.values), secrets),
            inputs=wire(kind.inputs_of(seen.values, plain(request.inputs)), secrets),
        )

    async def update(self, request: proto.UpdateRequest) -> proto.UpdateResponse:
        """Bring the object in line; in a preview only look whether it could be."""
        kind = self._kind(_type_of(request))
        state = kind.stored(plain(request.olds))
        inputs = _without(kind.stored(plain(request.news)), state, request.ignoreChanges)
        if request.preview:
            await self._in_thread(lambda: kind.look(state, inputs))
            values = kind.planned(state, inputs)
        else:
            values = await self._in_thread(lambda: kind.update(request.id, state, inputs))
            self._hold(request, request.id)
        secrets = kind.secrets(values) | secret_names(request.news)
        return proto.UpdateResponse(properties=wire(kind.outputs_of(values), secrets))

    async def delete(self, request: proto.DeleteRequest) -> Empty:
        """Remove the object, unless it is wanted: this run made it, or another resource has it (renamed without alias)."""
        kind = self._kind(_type_of(request))
        held = (_type_of(request), request.id)
        if not kind.shares_id and (held in self._made or self._holders.get(held, request.urn) != request.urn):
            return Empty()
        self._holders.pop(held, None)
        state = kind.stored(plain(request.properties))
        self._systems.stack = _stack_of(request)
        await self._in_thread(lambda: kind.delete(request.id, state))
        return Empty()

    async def cancel(self, request: Empty) -> Empty:
        """Start nothing more; what is on its way ends by its own time-outs."""
        del request
        self._cancelled = True
        return Empty()

    async def get_plugin_info(self, request: Empty) -> proto.PluginInfo:
        """Return the plugin's version."""
        del request
        return proto.PluginInfo(version=VERSION)

    def close(self) -> None:
        """Close the connections."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._systems.close()

    def _kind(self, token: str) -> Kind:
        # The URN's type is the whole chain of parents, joined by $.
        name = token.rpartition("$")[2]
        if name not in KINDS:
            raise KindError(f"{name} is no type of the provider ciaccess. There are {', '.join(KINDS)}")
        if not self._kinds:
            raise KindError(
                "the provider is not configured yet. Its addresses depend on something that is not made"
            )
        return self._kinds[name]

    def _named(self, request: proto.CreateRequest, action: Callable[[], T]) -> T:
        """Do it; where the object exists already, say how this very resource comes to it."""
        try:
            return action()
        except ExistsError as error:
            token = _type_of(request).rpartition("$")[2]
            raise KindError(
                f"{error}, and not in this stack's state. Take it over with adopt: true at its entry in access.yaml, or "
                f"import it: pulumi import {token} {_name_of(request)} '{error.identity}' (docs/resources.md says with what)"
            ) from None

    def _hold(self, request: _Request, resource_id: str | None) -> None:
        if resource_id is not None and not self._kind(_type_of(request)).shares_id:
            self._holders[_type_of(request), resource_id] = request.urn

    async def _in_thread(self, work: Callable[[], T]) -> T:
        def started() -> T:
            if self._cancelled:
                raise KindError("the run was cancelled before this was begun. Nothing was changed by it")
            return work()

        return await asyncio.get_running_loop().run_in_executor(self._threads, started)


def _without(inputs: Values, state: Values, ignored: list[str]) -> Values:
    """Return the inputs, those that are to be ignored as they are in the state."""
    names = {path.split(".")[0].split("[")[0] for path in ignored}
    return inputs | {name: state[name] for name in names & state.keys()}


def _detail(change: Change) -> proto.PropertyDiff:
    kinds = proto.PropertyDiff
    if change.replaces:
        kind = kinds.ADD_REPLACE if change.was_missing else kinds.UPDATE_REPLACE
    elif change.is_gone:
        kind = kinds.DELETE
    else:
        kind = kinds.ADD if change.was_missing else kinds.UPDATE
    return kinds(kind=kind)


def _type_of(request: _Request) -> str:
    """Return the type of the resource, with those of its parents: `urn:pulumi:<stack>::<project>::<types>::<name>`."""
    return str(request.urn.split("::", 3)[2])


def _stack_of(request: _Request) -> str:
    """Return `<project>/<stack>`, as a secret's claim names the stack."""
    stack, project = request.urn.removeprefix("urn:pulumi:").split("::", 2)[:2]
    return f"{project}/{stack}"


def _name_of(request: _Request) -> str:
    return str(request.urn.split("::", 3)[3])


def _is_url(value: object) -> bool:
    try:
        parts = urlsplit(str(value))
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None
    except ValueError:
        return False
