"""The Pulumi side of the plugin: passes each request of the engine to its kind.

Owns what the engine expects of any provider: previews that write nothing, live inputs and outputs from a read,
differences by property, no deletion of an object that another resource of the stack has taken over. Knows no system.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from google.protobuf.empty_pb2 import Empty  # type: ignore[import-untyped] # it comes without stubs

from ciaccess.clients.redaction import redact
from ciaccess.provider.kinds.fields import UNKNOWN, Values
from ciaccess.provider.kinds.kind import Change, Kind, KindError
from ciaccess.provider.kinds.objects import ExistsError
from ciaccess.provider.owner import declared_owner, running_stack, stack_in
from ciaccess.provider.protocol import proto
from ciaccess.provider.values import plain, secret_names, wire

if TYPE_CHECKING:
    from ciaccess.provider.systems import Systems

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
ADDRESSES = {
    "nexus_url": "Nexus's address with its context path. Default: NEXUS_URL of the environment.",
    "gitlab_url": "GitLab's address. Default: GITLAB_URL of the environment.",
}
_ALLOWED_URL = "a URL of http or https, without credentials"
# Concurrent requests that use systems; the engine sends more on a large machine.
_MOST_SLOTS = 16


class CiaccessProvider:
    """The provider. Each request has a thread; all of them share one object per kind.

    What it remembers are sets and dictionaries by resource, and the engine has one request of a resource at a time.
    """

    def __init__(
        self,
        owner: Callable[[], str] = declared_owner,
        program_stack: Callable[[], str] = running_stack,
    ) -> None:
        self._owner = owner
        self._program_stack = program_stack
        self._slots = threading.BoundedSemaphore(_MOST_SLOTS)
        self._systems: Systems | None = None
        self._kinds: dict[str, Kind] = {}
        self._cancelled = False
        # Resources that this process has found in the state.
        self._in_state: set[str] = set()
        # (token, id) → the last resource of this process that declared the object.
        self._holders: dict[tuple[str, str | None], str] = {}
        # (token, id) of objects created or taken over by this process.
        self._made: set[tuple[str, str | None]] = set()

    def get_schema(self, request: proto.GetSchemaRequest) -> proto.GetSchemaResponse:
        """Return the package schema, for other programs."""
        from ciaccess.provider.schema import package_schema  # noqa: PLC0415 only here

        return proto.GetSchemaResponse(schema=json.dumps(package_schema()))

    def check_config(self, request: proto.CheckRequest) -> proto.CheckResponse:
        """Check the addresses. Other keys are kept: the project's settings share the namespace."""
        inputs = plain(request.news)
        failures = [
            proto.CheckFailure(
                property=name,
                reason=f"{redact(repr(inputs[name]))} is not allowed. Allowed: {_ALLOWED_URL}",
            )
            for name in ADDRESSES
            if inputs.get(name) not in (None, "", UNKNOWN) and not _is_url(inputs[name])
        ]
        return proto.CheckResponse(inputs=request.news, failures=failures)

    def diff_config(self, request: proto.DiffRequest) -> proto.DiffResponse:
        """Leave the comparison to the engine: a changed address replaces no resource."""
        return proto.DiffResponse(changes=proto.DiffResponse.DIFF_UNKNOWN)

    def configure(self, request: proto.ConfigureRequest) -> proto.ConfigureResponse:
        """Store the addresses. Credentials are read when a system is first used.

        A preview starts a second plugin that is never configured: kinds and clients, half of a start, are loaded here.
        """
        from ciaccess.provider.kinds.table import KINDS  # noqa: PLC0415 see above
        from ciaccess.provider.systems import Systems  # noqa: PLC0415 see above

        args = plain(request.args)
        addresses = {name: args[name] for name in ADDRESSES if isinstance(args.get(name), str)}
        self._systems = Systems(addresses, self._owner, self._program_stack)
        self._kinds = {token: kind(self._systems) for token, kind in KINDS.items()}
        return proto.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def check(self, request: proto.CheckRequest) -> proto.CheckResponse:
        """Check the inputs and fill in the defaults."""
        kind = self._kind(request)
        concealed = secret_names(request.news)
        values, failures = kind.check(plain(request.olds), plain(request.news), concealed)
        secrets = kind.secrets(values) | concealed
        return proto.CheckResponse(
            inputs=wire(values, secrets),
            # The engine shows the value of the named property, even of a secret one.
            failures=[
                proto.CheckFailure(reason=f"{failure.property}: {failure.reason}")
                if failure.property in secrets
                else proto.CheckFailure(property=failure.property, reason=failure.reason)
                for failure in failures
            ],
        )

    def diff(self, request: proto.DiffRequest) -> proto.DiffResponse:
        """Compare a state with inputs; a refresh swaps the two, with the same result."""
        kind = self._kind(request)
        self._in_state.add(request.urn)
        state = kind.from_state(plain(request.olds))
        inputs = _ignore_changes(kind.from_state(plain(request.news)), state, request.ignoreChanges)
        if kind.resource_id(inputs) == request.id:
            self._record_holder(request, request.id)
        with self._slot():
            found = kind.diff(request.id, state, inputs)
        return proto.DiffResponse(
            changes=proto.DiffResponse.DIFF_SOME if found.changes else proto.DiffResponse.DIFF_NONE,
            replaces=[change.name for change in found.changes if change.replaces],
            # The engine shows these names alone beside an update; a path would be filtered out.
            diffs=sorted({_property(change.name) for change in found.changes}),
            detailedDiff={change.name: _detail(change) for change in found.changes},
            hasDetailedDiff=True,
            deleteBeforeReplace=found.delete_first,
        )

    def create(self, request: proto.CreateRequest) -> proto.CreateResponse:
        """Create the object; in a preview only check whether that would be refused."""
        kind = self._kind(request)
        inputs = kind.from_state(plain(request.properties))
        resource_id = kind.resource_id(inputs)
        if request.preview:
            # During a preview, an object to be replaced still exists.
            if request.urn not in self._in_state:
                with self._slot():
                    self._with_import_hint(request, lambda: kind.check_live(None, inputs))
            values = kind.planned_values(None, inputs)
        else:
            if self._holders.get((_type_of(request), resource_id)) == request.urn:
                # `up --replace`: the object is replaced by itself, created before it is deleted.
                inputs["adopt"] = True
            with self._slot():
                values = self._with_import_hint(request, lambda: kind.create(inputs))
            self._record_holder(request, resource_id)
            self._made.add((_type_of(request), resource_id))
        secrets = kind.secrets(values) | secret_names(request.properties)
        return proto.CreateResponse(id=resource_id or "", properties=wire(kind.outputs_of(values), secrets))

    def read(self, request: proto.ReadRequest) -> proto.ReadResponse:
        """Return live inputs and outputs; a refresh would drop omitted inputs from the state."""
        kind = self._kind(request)
        state = kind.from_state(plain(request.properties))
        with self._slot():
            seen = kind.read(request.id, state)
        if seen is None:
            if not request.properties.fields:
                # The engine would accept an empty response as a successful import.
                raise KindError(f"import {kind.noun} '{request.id}': not found. Check the id")
            return proto.ReadResponse()
        secrets = kind.secrets(seen.values) | secret_names(request.properties, request.inputs)
        return proto.ReadResponse(
            id=seen.resource_id or request.id,
            properties=wire(kind.outputs_of(seen.values), secrets),
            inputs=wire(kind.inputs_of(seen.values, plain(request.inputs)), secrets),
        )

    def update(self, request: proto.UpdateRequest) -> proto.UpdateResponse:
        """Update the object; in a preview only check whether that would be refused."""
        kind = self._kind(request, removes=True)
        state = kind.from_state(plain(request.olds))
        inputs = _ignore_changes(kind.from_state(plain(request.news)), state, request.ignoreChanges)
        if request.preview:
            with self._slot():
                kind.check_live(state, inputs)
            values = kind.planned_values(state, inputs)
        else:
            with self._slot():
                values = kind.update(request.id, state, inputs)
            self._record_holder(request, request.id)
        secrets = kind.secrets(values) | secret_names(request.news)
        return proto.UpdateResponse(properties=wire(kind.outputs_of(values), secrets))

    def delete(self, request: proto.DeleteRequest) -> Empty:
        """Delete the object, unless this run created it or another resource of the stack declares it.

        The latter is a resource that was renamed without an alias.
        """
        kind = self._kind(request, removes=True)
        held = (_type_of(request), request.id)
        if not kind.shares_id and (held in self._made or self._holders.get(held, request.urn) != request.urn):
            return Empty()
        # Compared with its declaration in this run, and now deleted: it is replaced.
        delete = kind.delete if self._holders.pop(held, None) is None else kind.remove
        state = kind.from_state(plain(request.properties))
        with self._slot():
            delete(request.id, state)
        return Empty()

    def cancel(self, request: Empty) -> Empty:
        """Start no more requests; those in progress end by their own timeouts."""
        self._cancelled = True
        return Empty()

    def get_plugin_info(self, request: Empty) -> proto.PluginInfo:
        """Return the plugin's version."""
        return proto.PluginInfo(version=VERSION)

    def close(self) -> None:
        """Close the connections."""
        if self._systems:
            self._systems.close()

    def _kind(self, request: _Request, *, removes: bool = False) -> Kind:
        # The URN's type is the chain of parent types, joined by $.
        name = _type_of(request).rpartition("$")[2]
        if self._systems is None:
            text = "the provider is not configured yet. Its addresses depend on a resource that does not exist yet"
            raise KindError(text)
        if name not in self._kinds:
            types = ", ".join(self._kinds)
            raise KindError(f"{name} is not a resource type of the provider ciaccess. Types: {types}")
        if removes:
            # The URN of an entry that is not declared, and its provider's, are the state's, which may be forged.
            self._systems.settle_stack(stack_in(request.urn))
        return self._kinds[name]

    def _with_import_hint(self, request: proto.CreateRequest, action: Callable[[], T]) -> T:
        """Run the action; if the object exists already, add how this resource can take it over."""
        try:
            return action()
        except ExistsError as error:
            *_, types, name = request.urn.split("::", 3)
            token = types.rpartition("$")[2]
            raise KindError(
                f"{error}, and not in this stack's state. Take it over with adopt: true at its entry in access.yaml, or "
                f"import it: pulumi import {token} {name} '{error.identity}' (import ids: docs/resources.md)"
            ) from None

    def _record_holder(self, request: _Request, resource_id: str | None) -> None:
        if resource_id is not None and not self._kind(request).shares_id:
            self._holders[_type_of(request), resource_id] = request.urn

    @contextmanager
    def _slot(self) -> Iterator[None]:
        with self._slots:
            if self._cancelled:
                raise KindError("the run was cancelled before this request started. It changed nothing")
            yield


def _ignore_changes(inputs: Values, state: Values, ignored: list[str]) -> Values:
    """Return the inputs, with the ignored ones as they are in the state."""
    names = set(map(_property, ignored))
    return inputs | {name: state[name] for name in names & state.keys()}


def _property(path: str) -> str:
    """Return the property that a path begins with."""
    return path.split(".", maxsplit=1)[0].split("[", maxsplit=1)[0]


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
    """Return the types in a URN: `urn:pulumi:<stack>::<project>::<types>::<name>`."""
    return str(request.urn.split("::", 3)[2])


def _is_url(value: object) -> bool:
    try:
        parts = urlsplit(str(value))
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None
    except ValueError:
        return False
