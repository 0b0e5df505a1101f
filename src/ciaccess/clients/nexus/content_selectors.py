"""Nexus's content selectors: named CSEL expressions; one in use cannot be deleted."""

from __future__ import annotations

import threading
import time

from ciaccess.access.desired.objects import ContentSelector
from ciaccess.clients.errors import ConflictError, NotFoundError
from ciaccess.clients.nexus.api import Api
from ciaccess.clients.nexus.collection import Collection
from ciaccess.clients.nexus.wire import Kind

CONTENT_SELECTORS = Kind(
    noun="content selector",
    model=ContentSelector,
    path="/security/content-selectors",
    identity="name",
    unsent=frozenset({"type"}),
    grants="nx-selectors",
)
_READ_BACK_SECONDS = (0.0, 0.1, 0.3, 0.6, 1.0)


class ContentSelectors(Collection[ContentSelector]):
    """The content selectors.

    Nexus stores a new one and then looks it up in a list that it caches: of several that are created at once some are
    answered 404 although they exist, and the last ones can be neither read by name nor used by a privilege until the next
    change of any selector (measured on 3.71 and 3.77). So this process creates one at a time.
    """

    def __init__(self, api: Api) -> None:
        super().__init__(api, CONTENT_SELECTORS)
        self._creating = threading.Lock()

    def create(self, item: ContentSelector) -> None:
        """Create a selector; raises as Collection.create does."""
        with self._creating:
            try:
                super().create(item)
            except NotFoundError:  # another process creates some, too
                if not self._is_readable(item):
                    self._create_again(item)
                self._remember(item)

    def _is_readable(self, item: ContentSelector) -> bool:
        for wait in _READ_BACK_SECONDS:
            time.sleep(wait)
            if self.read(item.name) == item:
                return True
        return False

    def _create_again(self, item: ContentSelector) -> None:
        try:
            super().create(item)
        except (ConflictError, NotFoundError):
            if not self._is_readable(item):
                raise
