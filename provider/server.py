"""Pulumi's side of the plugin: each request to its kind, plain values in, properties out. Knows no system.

Owns what the engine expects of any provider: previews that write nothing, live inputs and outputs from a read,
differences by property, nothing deleted that another resource of the stack has taken over.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from pulumi.provider.experimental import provider as sdk

from clients.redaction import redacted
from provider.kinds import KINDS
from provider.kinds.fields import UNKNOWN
from provider.kinds.kind import KindError
from provider.kinds.objects import ExistsError
from provider.systems import Systems
from provider.values import plain, secret_names, wire

if TYPE_CHECKING:
    from collections.abc import Callable

    from provider.kinds.fields import Values
    from provider.kinds.kind import Change, Kind

T = TypeVar("T")
VERSION = "0.1.0"
ADDRESSES = ("nexus_url", "gitlab_url")
_ALLOWED_URL = "a URL of http or https, without credentials"
# Kinds wait for systems, so a thread each; the engine sends 16 requests at a time on a small machine.
_MOST_THREADS = 16


class CiaccessProvider(sdk.Provider):
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

    async def check_config(self, request: sdk.CheckRequest) -> sdk.CheckResponse:
        """Check the addresses. Other keys stay: the project's own settings have the same namespace."""
        inputs = plain(request.new_inputs)
        failures = [
            sdk.CheckFailure(name, f"{redacted(repr(inputs[name]))} is not allowed. Allowed: {_ALLOWED_URL}")
            for name in ADDRESSES
            if inputs.get(name) not in (None, "", UNKNOWN) and not _is_url(inputs[name])
        ]
        return sdk.CheckResponse(inputs=request.new_inputs, failures=failures)

    async def diff_config(self, request: sdk.DiffRequest) -> sdk.DiffResponse:
        """Leave the comparison to the engine: another address replaces nothing (a detailed answer fails in the SDK)."""
        del request
        return sdk.DiffResponse()

    async def configure(self, request: sdk.ConfigureRequest) -> sdk.ConfigureResponse:
        """Take the addresses. Nothing is asked: credentials are looked for when they are first needed."""
        args = plain(request.args)
        addresses = {name: args[name] for name in ADDRESSES if isinstance(args.get(name), str)}
        self._systems = Systems(addresses)
        self._kinds = {token: kind(self._systems) for token, kind in KINDS.items()}
        # No output values: the SDK cannot read one without dependencies.
        return sdk.ConfigureResponse(accept_secrets=True, supports_preview=True)

    async def check(self, request: sdk.CheckRequest) -> sdk.CheckResponse:
        """Check the inputs and put the defaults in."""
        kind = self._kind(request.type)
        concealed = secret_names(request.new_inputs)
        values, failures = kind.check(plain(request.old_inputs), plain(request.new_inputs), concealed)
        secrets = kind.secrets(values) | concealed
        return sdk.CheckResponse(
            inputs=wire(values, secrets),
            # The engine shows the value of a property that is named, a secret's too.
            failures=[
                sdk.CheckFailure("", f"{failure.property}: {failure.reason}")
                if failure.property in secrets
                else sdk.CheckFailure(failure.property, failure.reason)
                for failure in failures
            ],
        )

    async def diff(self, request: sdk.DiffRequest) -> sdk.DiffResponse:
        """Compare a state with inputs; on a refresh the engine asks the other way round, which is the same to us."""
        kind = self._kind(request.type)
        self._in_state.add(request.urn)
        state = kind.stored(plain(request.old_state))
        inputs = _without(kind.stored(plain(request.new_inputs)), state, request.ignore_changes)
        if kind.resource_id(inputs) == request.resource_id:
            self._hold(request, request.resource_id)
        found = kind.diff(request.resource_id, state, inputs)
        return sdk.DiffResponse(
            changes=bool(found.changes),
            replaces=[change.name for change in found.changes if change.replaces],
            diffs=[change.name for change in found.changes],
            detailed_diff={change.name: _detail(change) for change in found.changes},
            delete_before_replace=found.delete_first,
        )

    async def create(self, request: sdk.CreateRequest) -> sdk.CreateResponse:
        """Make the object; in a preview only look whether it could be made."""
        kind = self._kind(request.type)
        inputs = kind.stored(plain(request.properties))
        resource_id = kind.resource_id(inputs)
        if request.preview:
            # What is to be replaced still exists during a preview.
            if request.urn not in self._in_state:
                await self._in_thread(lambda: self._named(request, lambda: kind.look(None, inputs)))
            values = kind.planned(None, inputs)
        else:
            if self._holders.get((request.type, resource_id)) == request.urn:
                inputs["adopt"] = (
                    True  # a replacement by itself, as `up --replace` asks for, made before it is deleted
                )
            values = await self._in_thread(lambda: self._named(request, lambda: kind.create(inputs)))
            self._hold(request, resource_id)
            self._made.add((request.type, resource_id))
        secrets = kind.secrets(values) | secret_names(request.properties)
        return sdk.CreateResponse(resource_id, wire(kind.outputs_of(values), secrets))

    async def read(self, request: sdk.ReadRequest) -> sdk.ReadResponse:
        """Return live inputs and outputs; inputs that are left out would be wiped by a refresh."""
        kind = self._kind(request.type)
        state = kind.stored(plain(request.properties))
        seen = await self._in_thread(lambda: kind.read(request.resource_id, state))
        if seen is None:
            if not request.properties:
                # The engine would take an empty answer for an import that worked.
                raise KindError(
                    f"import {kind.noun} '{request.resource_id}': there is none of this id. Check the id"
                )
            return sdk.ReadResponse()
        secrets = kind.secrets(seen.values) | secret_names(request.properties, request.inputs)
        return sdk.ReadResponse(
            resource_id=seen.resource_id or request.resource_id,
            properties=wire(kind.outputs_of(seen.values), secrets),
            inputs=wire(kind.inputs_of(seen.values, plain(request.inputs)), secrets),
        )

    async def update(self, request: sdk.UpdateRequest) -> sdk.UpdateResponse:
        """Bring the object in line; in a preview only look whether it could be."""
        kind = self._kind(request.type)
        state = kind.stored(plain(request.olds))
        inputs = _without(kind.stored(plain(request.news)), state, request.ignore_changes)
        if request.preview:
            await self._in_thread(lambda: kind.look(state, inputs))
            values = kind.planned(state, inputs)
        else:
            values = await self._in_thread(lambda: kind.update(request.resource_id, state, inputs))
            self._hold(request, request.resource_id)
        secrets = kind.secrets(values) | secret_names(request.news)
        return sdk.UpdateResponse(wire(kind.outputs_of(values), secrets))

    async def delete(self, request: sdk.DeleteRequest) -> None:
        """Remove the object, unless it is wanted: this run made it, or another resource has it (renamed without alias)."""
        kind = self._kind(request.type)
        held = (request.type, request.resource_id)
        if not kind.shares_id and (held in self._made or self._holders.get(held, request.urn) != request.urn):
            return
        self._holders.pop(held, None)
        state = kind.stored(plain(request.properties))
        await self._in_thread(lambda: kind.delete(request.resource_id, state))

    async def cancel(self) -> None:
        """Start nothing more; what is on its way ends by its own time-outs."""
        self._cancelled = True

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

    def _named(self, request: sdk.CreateRequest, action: Callable[[], T]) -> T:
        """Do it; where the object exists already, say how this very resource comes to it."""
        try:
            return action()
        except ExistsError as error:
            token = request.type.rpartition("$")[2]
            raise KindError(
                f"{error}, and not in this stack's state. Take it over with adopt: true at its entry in access.yaml, or "
                f"import it: pulumi import {token} {request.name} '{error.identity}' (docs/resources.md says with what)"
            ) from None

    def _hold(
        self, request: sdk.CreateRequest | sdk.DiffRequest | sdk.UpdateRequest, resource_id: str | None
    ) -> None:
        if resource_id is not None and not self._kind(request.type).shares_id:
            self._holders[request.type, resource_id] = request.urn

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


def _detail(change: Change) -> sdk.PropertyDiff:
    kinds = sdk.PropertyDiffKind
    if change.replaces:
        return sdk.PropertyDiff(
            kinds.ADD_REPLACE if change.was_missing else kinds.UPDATE_REPLACE, input_diff=False
        )
    if change.is_gone:
        return sdk.PropertyDiff(kinds.DELETE, input_diff=False)
    return sdk.PropertyDiff(kinds.ADD if change.was_missing else kinds.UPDATE, input_diff=False)


def _is_url(value: object) -> bool:
    try:
        parts = urlsplit(str(value))
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None
    except ValueError:
        return False
