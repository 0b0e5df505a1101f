"""GitLab's group variables, over python-gitlab.

Owns what GitLab's API leaves to its callers: a variable is found by key and scope in one list a group, a write is
read back and compared (Free silently drops the environment scope, and an update whose filter finds nothing
changes another scope's variable), and every error is one of clients/errors. Leaves alone projects' variables.
"""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager
from dataclasses import asdict
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from ciaccess.access.desired.objects import Variable, VariableId
from ciaccess.clients.errors import ApiError, NotFoundError, RefusedError, UnreachableError, action, holds
from ciaccess.clients.gitlab.errors import LISTED, ONCE, SYSTEM, errors, unexpected_answer
from ciaccess.clients.http.session import HttpOptions, PooledSession
from ciaccess.clients.redaction import conceal
from ciaccess.clients.shared_list import SharedList

if TYPE_CHECKING:
    from gitlab import Gitlab
    from gitlab.v4.objects import GroupVariable, GroupVariableManager

_KIND = "variable"
_NEVER_WRITTEN = ("group", "key", "hidden")


class GitLab:
    """One GitLab. Nothing is asked until it is needed; safe to use from several threads."""

    def __init__(self, url: str, token: str, *, options: HttpOptions | None = None) -> None:
        conceal(token)
        self.url = url.rstrip("/")
        self._token = token
        self._session = PooledSession(self.url, options or HttpOptions())
        self._lock = threading.Lock()
        self._api: Gitlab | None = None
        self._variables: dict[str, Variables] = {}

    def __repr__(self) -> str:
        return f"GitLab({self.url!r})"

    def variables(self, group: str) -> Variables:
        """Return the variables of a group, given by its id or full path."""
        api = self.api()
        with self._lock:
            return self._variables.setdefault(group, Variables(self, group, api))

    def close(self) -> None:
        """Close the pooled connections."""
        self._session.close()

    def api(self) -> Gitlab:
        """Return python-gitlab's client for other modules; their calls take ONCE, inside `errors`."""
        with self._lock:
            if self._api is None:
                from gitlab import Gitlab as Api  # noqa: PLC0415 0.15 s that a start without GitLab need not take

                self._api = Api(
                    self.url,
                    private_token=self._token,
                    session=self._session,
                    keep_base_url=True,
                    ssl_verify=self._session.verify,
                )
            return self._api

    def errors(self, doing: str, method: str = "GET") -> AbstractContextManager[None]:
        """Let what a call of python-gitlab raises be one of clients/errors; `method` is the call's."""
        return errors(doing, self.url, method)

    def get(self, path: str, doing: str, **query: str) -> dict[str, Any]:
        """Return the object at an API path, which is URL-encoded."""
        with self.errors(doing):
            found = self.api().http_get(path, query, **ONCE)
        if not isinstance(found, dict):
            raise unexpected_answer(doing, "the response is not an object", self.url)
        return found

    def user(self, doing: str = "look up the token's user") -> dict[str, Any]:
        """Return the token's user, which has an `id`."""
        user = self.get("/user", doing)
        if "id" not in user:
            raise unexpected_answer(doing, "the response has no user", self.url)
        return user


class Variables:
    """The variables of one group. The list is asked for once, and every write keeps it true."""

    def __init__(self, gitlab: GitLab, group: str, api: Gitlab) -> None:
        self._errors = gitlab.errors
        self._group = group
        self._manager: GroupVariableManager = api.groups.get(group, lazy=True).variables
        self._shared = SharedList(self._list)

    def all(self) -> dict[VariableId, Variable]:
        """Return all variables of the group, from one list per process; its failure is shared."""
        return dict(self._shared.items())

    def _list(self) -> dict[VariableId, Variable]:
        with self._errors(f"list variables of group '{self._group}'"):
            listed = self._manager.list(**LISTED)
            found = [self._variable(item) for item in listed]
        return {item.identity: item for item in found}

    def refresh(self) -> None:
        """Forget the list, so that the next call asks again."""
        self._shared.refresh()

    def find(self, key: str, environment_scope: str = "*") -> Variable | None:
        """Return a variable from the list."""
        return self.all().get(VariableId(key, environment_scope))

    def read(self, key: str, environment_scope: str = "*") -> Variable | None:
        """Return a variable as GitLab has it now."""
        identity = VariableId(key, environment_scope)
        try:
            with self._errors(action("read", _KIND, key)):
                found = self._variable(self._manager.get(key, **_filter(environment_scope)))
        except ApiError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            # The variable's 404 and the group's look alike: only a list tells them apart.
            self.refresh()
            return self.all().get(identity)
        if found.identity != identity:
            return None
        self._shared.put(identity, found)
        return found

    def create(self, variable: Variable) -> None:
        """Make a variable and prove it.

        Raises:
            ConflictError: key and scope are taken.
            RefusedError: GitLab dropped the scope (Premium), or stored something else.
        """
        doing = action("create", _KIND, variable.key)
        self._conceal(variable)
        try:
            with self._errors(doing, "POST"):
                made = self._variable(
                    self._manager.create({"key": variable.key} | _attributes(variable), **ONCE)
                )
        except UnreachableError as error:
            if error.uncertain and holds(
                lambda: self.read(variable.key, variable.environment_scope) == variable
            ):
                return
            raise
        if made.environment_scope != variable.environment_scope:
            # It is there under another scope, where it would reach every job.
            with self._errors(doing, "DELETE"):
                self._manager.delete(variable.key, **_filter(made.environment_scope))
            reason = f"GitLab stored the scope '{made.environment_scope}' in place of '{variable.environment_scope}'"
            remedy = "Environment scopes of group variables need GitLab Premium: use the scope '*'."
            raise RefusedError(doing, reason, remedy, system=SYSTEM)
        self._prove(variable, doing)

    def replace(self, variable: Variable) -> None:
        """Write all attributes of a variable that exists (else: NotFoundError), and prove it."""
        doing = action("update", _KIND, variable.key)
        self._conceal(variable)
        # GitLab would change the same key's variable of another scope instead of saying that there is none.
        if self.read(variable.key, variable.environment_scope) is None:
            reason = f"there is none in the scope '{variable.environment_scope}'"
            raise NotFoundError(doing, reason, "Create it.", system=SYSTEM, status=HTTPStatus.NOT_FOUND)
        with self._errors(doing, "PUT"):
            self._manager.update(variable.key, _attributes(variable), **_filter(variable.environment_scope))
        self._prove(variable, doing)

    def delete(self, key: str, environment_scope: str = "*") -> bool:
        """Remove a variable; False where it was not there."""
        if self.read(key, environment_scope) is None:
            return False
        try:
            with self._errors(action("delete", _KIND, key), "DELETE"):
                self._manager.delete(key, **_filter(environment_scope))
        except ApiError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
        self._shared.drop(VariableId(key, environment_scope))
        return True

    def _prove(self, wanted: Variable, doing: str) -> None:
        found = self.read(wanted.key, wanted.environment_scope)
        if found == wanted:
            return
        different = [name for name, value in vars(wanted).items() if value != getattr(found, name, None)]
        what = ", ".join(different) if found else "it"
        reason = f"GitLab accepted it, but {what} read back with another value"
        remedy = "Check whether something else writes this variable, and run again."
        raise RefusedError(doing, reason, remedy, system=SYSTEM)

    def _variable(self, item: GroupVariable | Any) -> Variable:
        shape = item.attributes
        hidden = bool(shape.get("hidden", False))
        variable = Variable(
            group=self._group,
            key=str(shape["key"]),
            value="" if hidden else str(shape["value"]),
            environment_scope=str(shape.get("environment_scope") or "*"),
            protected=bool(shape["protected"]),
            masked=bool(shape["masked"]),
            raw=bool(shape.get("raw", False)),
            variable_type=str(shape["variable_type"]),
            description=str(shape.get("description") or ""),
            hidden=hidden,
        )
        self._conceal(variable)
        return variable

    @staticmethod
    def _conceal(variable: Variable) -> None:
        if variable.masked:
            conceal(variable.value)


def _filter(environment_scope: str) -> dict[str, Any]:
    return {"filter": {"environment_scope": environment_scope}} | ONCE


def _attributes(variable: Variable) -> dict[str, Any]:
    return {name: value for name, value in asdict(variable).items() if name not in _NEVER_WRITTEN}
