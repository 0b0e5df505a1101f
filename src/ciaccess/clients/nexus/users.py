"""Nexus's local users (source `default`), their passwords, and the login probe."""

from __future__ import annotations

from dataclasses import replace

from ciaccess.access.desired.objects import LOCAL, User
from ciaccess.clients.errors import ForbiddenError, NotFoundError, RefusedError, action
from ciaccess.clients.http.session import basic
from ciaccess.clients.nexus.api import Api
from ciaccess.clients.nexus.collection import Collection
from ciaccess.clients.nexus.wire import NEXUS, Kind
from ciaccess.clients.redaction import conceal

DISABLED = "disabled"

USERS = Kind(
    noun="user",
    model=User,
    path="/security/users",
    identity="user_id",
    # Without the source a list may be cut at 100.
    params={"source": LOCAL},
    grants="nx-users",
)


class Users(Collection[User]):
    """The users; creating one takes its password."""

    def __init__(self, api: Api) -> None:
        super().__init__(api, USERS)

    def read(self, identity: str) -> User | None:
        """Return one user as the server has it now, None when there is none of exactly this id."""
        doing = action("read", "user", identity)
        # There is no call for one user, and this one matches prefixes, in any case of letters.
        several = self._list_by(doing, {"userId": identity, **USERS.params})
        return next((user for user in several if user.user_id == identity and user.source == LOCAL), None)

    def _list(self) -> dict[str, User]:
        # A user of another source may have the id of one of ours.
        return {
            user.user_id: user
            for user in self._list_by("list users", dict(USERS.params))
            if user.source == LOCAL
        }

    def create(self, item: User, password: str) -> None:  # type: ignore[override] # a user is not made without one
        """Create a user with this password; raises as Collection.create does."""
        doing = action("create", "user", item.user_id)
        conceal(password)
        _refuse_password(password, doing)

        def has_arrived() -> bool:
            return self.read(item.user_id) == item and self.accepts(item.user_id, password)

        self._create(item, {"password": password}, has_arrived)

    def disable(self, user: User) -> None:
        """Disable a user; succeeds if it does not exist, and skips one without roles."""
        if not user.roles:
            return
        try:
            self.replace(replace(user, status=DISABLED))
        except NotFoundError:
            self.refresh()

    def change_password(self, user_id: str, password: str) -> None:
        """Give a user another password; ForbiddenError: the administrating user has less than nexus:*."""
        doing = action("change the password of", "user", user_id)
        conceal(password)
        _refuse_password(password, doing)
        path = f"{self._item_path(user_id, doing)}/change-password"
        try:
            self._api.call("PUT", path, doing, USERS, text=password)
        except ForbiddenError as error:
            remedy = "Changing passwords needs nexus:* (the role nx-admin): nx-users-all and nx-userschangepw do not suffice."
            raise error.with_remedy(remedy) from None

    def _check(self, item: User, doing: str) -> None:
        # Nexus does not take it, even from a user that has none.
        if not item.roles:
            raise RefusedError(doing, "a user without roles", "Give it at least one role.", system=NEXUS)

    def accepts(self, user_id: str, password: str) -> bool:
        """Tell whether Nexus accepts this password now; not for a disabled or locked user."""
        doing = action("try the login of", "user", user_id)
        try:
            auth = basic(user_id, password)
        except ValueError as error:
            raise RefusedError(doing, str(error), "Choose another id.", system=NEXUS) from None
        return self._api.accepts(doing, auth)


def is_password(value: str) -> bool:
    """Tell whether Nexus takes a text as a password, and takes it whole."""
    return bool(value.strip()) and not any(ord(letter) < ord(" ") for letter in value)


def _refuse_password(password: str, doing: str) -> None:
    if not is_password(password):
        reason = "the password is blank, or contains a line break or another control character"
        raise RefusedError(doing, reason, "Choose another one.", system=NEXUS)
