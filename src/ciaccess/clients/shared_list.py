"""A list of objects, read once per process and shared by all its threads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

K = TypeVar("K")
T = TypeVar("T")


class SharedList(Generic[K, T]):
    """A single flight: the first caller loads, the others wait for the same answer.

    A list that could not be loaded is not kept: those who waited get the error, the next caller tries again.
    """

    def __init__(self, load: Callable[[], dict[K, T]]) -> None:
        self._load = load
        self._lock = threading.Lock()
        self._flight: Future[dict[K, T]] | None = None
        self._missed: list[Callable[[dict[K, T]], dict[K, T]]] = []

    def items(self) -> dict[K, T]:
        """Return the objects by id; do not change this dictionary, it is everyone's."""
        with self._lock:
            flight = self._flight
            loads = flight is None
            if flight is None:
                flight = self._flight = Future()
                self._missed = []
        if loads:
            self._finish(flight)
        return flight.result()

    def _finish(self, flight: Future[dict[K, T]]) -> None:
        try:
            found = self._load()
        except BaseException as error:  # noqa: BLE001 each waiting thread must get it, whatever it is
            with self._lock:
                if self._flight is flight:
                    self._flight = None
            flight.set_exception(error)
            return  # `result` raises it, here and for those who wait
        # Under the lock: `change` must see either a flight under way or a whole list.
        with self._lock:
            for change in self._missed if self._flight is flight else ():
                found = change(found)
            flight.set_result(found)

    def refresh(self) -> None:
        """Forget the list: the next caller loads it again."""
        with self._lock:
            self._flight = None

    def put(self, key: K, item: T) -> None:
        """Put an object that was written into the list, as `change` does."""
        self.change(lambda items: items | {key: item})

    def drop(self, key: K) -> None:
        """Take an object that was deleted out of the list, as `change` does."""

        def without_key(items: dict[K, T]) -> dict[K, T]:
            items.pop(key, None)
            return items

        self.change(without_key)

    def change(self, change: Callable[[dict[K, T]], dict[K, T]]) -> None:
        """Add a write to the list, also to one that is being read.

        `change` gets a dictionary of its own and returns the one to keep; done twice it is as if done once.
        """
        with self._lock:
            flight = self._flight
            if flight is None:
                return
            if not flight.done():
                self._missed.append(change)
            else:
                self._flight = Future()
                self._flight.set_result(change(dict(flight.result())))
