"""Operations on every kind of Nexus object: shared list, read, create, replace, delete.

Written once for all kinds; what is peculiar to users and privileges is in their modules.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Generic, TypeVar

from ciaccess.clients.errors import NotFoundError, UnreachableError, action, holds
from ciaccess.clients.http.session import json_of, segment
from ciaccess.clients.nexus.api import Api
from ciaccess.clients.nexus.wire import NEXUS, Kind, unexpected_answer
from ciaccess.clients.shared_list import SharedList

T = TypeVar("T")


class Listing(Generic[T]):
    """A kind that is only listed."""

    def __init__(self, api: Api, kind: Kind[T]) -> None:
        self._api = api
        self.kind = kind
        self.shared = SharedList(self._list)

    def all(self) -> dict[str, T]:
        """Return the objects by id, from one call per process, as a new dictionary."""
        return dict(self.shared.items())

    def find(self, identity: str) -> T | None:
        """Return one object of the shared list, None when it has none of exactly this id."""
        return self.shared.items().get(identity)

    def refresh(self) -> None:
        """Forget the shared list."""
        self.shared.refresh()

    def _list(self) -> dict[str, T]:
        doing = f"list {self.kind.noun}s"
        return {self.kind.id_of(item): item for item in self._list_by(doing, dict(self.kind.params))}

    def _list_by(self, doing: str, params: dict[str, str]) -> list[T]:
        found = self._api.json(self.kind.path, doing, self.kind, params=params)
        if not isinstance(found, list):
            raise unexpected_answer(doing, "the answer is not a list")
        return [self.kind.decode(each, doing) for each in found]


class Collection(Listing[T]):
    """A kind that is managed. Every write is put into the shared list, so that it stays true."""

    def __init__(self, api: Api, kind: Kind[T], after_delete: Callable[[str], None] = lambda _: None) -> None:
        """`after_delete` is called with the deleted id, which other kinds may refer to."""
        super().__init__(api, kind)
        self._after_delete = after_delete

    def read(self, identity: str) -> T | None:
        """Return one object as the server has it now, None when there is none of exactly this id."""
        doing = action("read", self.kind.noun, identity)
        try:
            found = self._api.json(self._item_path(identity, doing), doing, self.kind)
        except NotFoundError:
            return None
        item = self.kind.decode(found, doing)
        return item if self.kind.id_of(item) == identity else None

    def create(self, item: T) -> None:
        """Create an object.

        When the call is cut after it was sent, the object is read back: one that is just as wanted counts as made.

        Raises:
            ConflictError: one with its id exists.
            UnreachableError: no answer; if `uncertain`, it may or may not have been made.
        """
        self._create(item, {}, lambda: self.read(self.kind.id_of(item)) == item)

    def replace(self, item: T) -> None:
        """Make an existing object (else: NotFoundError) equal to this one."""
        identity = self.kind.id_of(item)
        doing = action("replace", self.kind.noun, identity)
        self._check(item, doing)
        path = f"{self.kind.write_path(item)}/{segment(identity, doing, NEXUS)}"
        self._api.call("PUT", path, doing, self.kind, body=self._body(item))
        self._remember(item)

    def delete(self, identity: str) -> bool:
        """Delete an object; return False, without an error, when there was none."""
        doing = action("delete", self.kind.noun, identity)
        existed = True
        try:
            self._api.call("DELETE", self._item_path(identity, doing), doing, self.kind)
        except NotFoundError:
            existed = False
        self.shared.drop(identity)
        self._after_delete(identity)
        return existed

    def _create(self, item: T, more: dict[str, Any], has_arrived: Callable[[], bool]) -> None:
        """Create an object with `more` fields; `has_arrived`: whether a call without an answer was done."""
        identity = self.kind.id_of(item)
        doing = action("create", self.kind.noun, identity)
        self._check(item, doing)
        segment(identity, doing, NEXUS)  # what no later call could name is not made
        made, body = item, self._body(item) | more
        try:
            response = self._api.call("POST", self.kind.write_path(item), doing, self.kind, body=body)
            if response.status_code == HTTPStatus.OK and response.content:
                made = self.kind.decode(json_of(response, doing, NEXUS), doing)
        except UnreachableError as error:
            self.refresh()
            if not error.uncertain or not holds(has_arrived):
                raise
        self._remember(made)

    def _check(self, item: T, doing: str) -> None:
        """Refuse a write that Nexus would take wrongly, or refuse without a reason."""

    def _body(self, item: T) -> dict[str, Any]:
        return self.kind.encode(item)

    def _item_path(self, identity: str, doing: str) -> str:
        return f"{self.kind.path}/{segment(identity, doing, NEXUS)}"

    def _remember(self, item: T) -> None:
        self.shared.put(self.kind.id_of(item), item)
