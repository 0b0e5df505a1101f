"""One request as the handlers see it: who asks, what is asked, and the state that answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from simulators.gitlab.answers import unauthorized

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simulators.gitlab.parameters import Parameters
    from simulators.gitlab.signing import SigningKey
    from simulators.gitlab.store import Row, Store

VERSION = "18.9.0"


@dataclass(frozen=True)
class Settings:
    """How this instance is run: its address in everything it says, and `free` or `premium`."""

    external_url: str
    tier: str


@dataclass(frozen=True)
class Caller:
    """Who asks: the user's row, and the row of the token that was shown."""

    user: Row
    token: Row

    @property
    def is_admin(self) -> bool:
        """Tell whether the user administers the instance."""
        return bool(self.user["admin"])


@dataclass(frozen=True)
class Call:
    """One request: `path` is still percent-encoded, `target` is the whole path with query as it came."""

    store: Store
    settings: Settings
    key: SigningKey
    caller: Caller | None
    path: Mapping[str, str]
    parameters: Parameters
    target: str

    def named(self, name: str) -> str:
        """Return a part of the path, decoded."""
        return unquote(self.path[name])

    def signed_in(self) -> Caller:
        """Return who asks.

        Raises:
            RefusalError: 401, nobody does.
        """
        if self.caller is None:
            raise unauthorized()
        return self.caller

    def url(self, path: str) -> str:
        """Return an address on this instance, such as `https://gitlab.example.com/groups/x`."""
        return f"{self.settings.external_url}/{path.lstrip('/')}"
