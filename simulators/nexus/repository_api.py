"""/v1/repositories and /v1/repositorySettings: repositories come, change and go, and with each its privileges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulators.nexus import repository_settings
from simulators.nexus.answers import AnswerError, empty, faults, json_answer, message
from simulators.nexus.call import Call, Handler, Route
from simulators.nexus.json_body import Fields, read_object
from simulators.nexus.security import builtin
from simulators.nexus.security.roles import take_out

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.responses import Response

    from simulators.nexus.connectors import Connectors
    from simulators.nexus.content import Content
    from simulators.nexus.repositories import Repositories
    from simulators.nexus.store import Document, Store

_PATH = "/v1/repositories"


class RepositoryApi:
    """The handlers over one instance's repositories."""

    def __init__(
        self, store: Store, repositories: Repositories, content: Content, connectors: Connectors
    ) -> None:
        self._store = store
        self._repositories = repositories
        self._content = content
        self._connectors = connectors

    def routes(self, formats: Iterable[str]) -> list[Route]:
        """Return the routes, for these formats."""
        routes = [
            Route("GET", _PATH, self.list_all),
            Route("GET", f"{_PATH}/{{name}}", self.get),
            Route("DELETE", f"{_PATH}/{{name}}", self.delete),
            Route("GET", "/v1/repositorySettings", self.list_settings),
        ]
        for format_ in formats:
            recipe = repository_settings.RECIPES[format_]
            for type_ in recipe.types:
                path = f"{_PATH}/{recipe.path}/{type_}"
                routes += [
                    Route("POST", path, self._create(format_, type_), "application/json"),
                    Route("GET", f"{path}/{{name}}", self._get_settings(format_, type_)),
                    Route("PUT", f"{path}/{{name}}", self._update(format_, type_), "application/json"),
                ]
        return routes

    def list_all(self, call: Call) -> Response:
        """Answer the repositories that the caller may browse."""
        seen = [each for each in self._repositories.all() if call.caller.may_browse(each)]
        return json_answer([self._summary(call, each.name) for each in seen])

    def get(self, call: Call) -> Response:
        """Answer one repository in short."""
        repository = self._repositories.find(call.parts["name"])
        if repository is None:
            return empty(404)
        if not call.caller.may_browse(repository):
            return empty(403)
        return json_answer(self._summary(call, repository.name))

    def list_settings(self, call: Call) -> Response:
        """Answer the settings of the repositories that the caller may administer."""
        stored = [
            each for each in self._store.repositories.values() if call.caller.holds(_permission(each, "read"))
        ]
        if not stored:
            return empty(403)
        return json_answer([repository_settings.show(each, _url(call, each["name"])) for each in stored])

    def delete(self, call: Call) -> Response:
        """Delete a repository, what it holds, and its privileges, which are taken out of roles without a word."""
        settings = self._find(call.parts["name"])
        call.require(_permission(settings, "delete"))
        name = settings["name"]
        self._store.repositories.remove(name)
        gone = {each["name"] for each in builtin.of_repository(settings["format"], name)}
        take_out(self._store.roles, "privileges", gone)
        for group in [each for each in self._store.repositories.values() if each["type"] == "group"]:
            members = group["group"]["memberNames"]
            if name in members:
                kept = [each for each in members if each != name]
                self._store.repositories.put(group["name"], group | {"group": {"memberNames": kept}})
        self._connectors.set(name, None)
        self._content.forget(name)
        return empty(204)

    def _get_settings(self, format_: str, type_: str) -> Handler:
        def get(call: Call) -> Response:
            settings = self._find(call.parts["name"], format_, type_)
            call.require(_permission(settings, "read"))
            return json_answer(repository_settings.show(settings, _url(call, settings["name"])))

        return get

    def _create(self, format_: str, type_: str) -> Handler:
        def create(call: Call) -> Response:
            settings = _read(call, format_, type_)
            call.require(_permission(settings, "add"))
            if settings["name"] in self._store.repositories:
                raise message(400, "Duplicate key")
            self._keep(settings)
            return empty(201)

        return create

    def _update(self, format_: str, type_: str) -> Handler:
        def update(call: Call) -> Response:
            settings = _read(call, format_, type_)
            stored = self._find(call.parts["name"], format_, type_)
            call.require(_permission(stored, "edit"))
            if settings["name"] != stored["name"]:
                raise message(400, "Renaming a repository is not supported")
            self._keep(settings)
            return empty(204)

        return update

    def _keep(self, settings: Document) -> None:
        self._check_members(settings)
        port = settings.get("docker", {}).get("httpPort")
        try:
            self._connectors.set(settings["name"], port)
        except (OSError, OverflowError) as error:
            raise faults([("httpPort", f"Port {port} is in use, or none that can be listened on")]) from error
        self._store.repositories.put(settings["name"], settings)

    def _check_members(self, settings: Document) -> None:
        wrong = []
        for name in settings.get("group", {}).get("memberNames", ()):
            member = self._repositories.find(name)
            if member is None:
                wrong.append(("memberNames", f"Member repository does not exist: {name}"))
            elif member.format != settings["format"] or member.name == settings["name"]:
                wrong.append(("memberNames", f"Member repository can not be in this group: {name}"))
        if wrong:
            raise faults(wrong)

    def _find(self, name: str, format_: str = "", type_: str = "") -> Document:
        repository = self._repositories.find(name)
        if repository is None or (format_ and (repository.format, repository.type) != (format_, type_)):
            # 3.77 answers without a body, as recorded; 3.30 and 3.71 with one.
            raise AnswerError(empty(404))
        return self._store.repositories[repository.name]

    def _summary(self, call: Call, name: str) -> dict[str, Any]:
        return repository_settings.summary(self._store.repositories[name], _url(call, name))


def _read(call: Call, format_: str, type_: str) -> Document:
    fields = Fields(read_object(call.body))
    settings = repository_settings.read(fields, format_, type_)
    fields.check()
    repository_settings.check(settings)
    return settings


def _permission(settings: Document, action: str) -> str:
    return f"nexus:repository-admin:{settings['format']}:{settings['name']}:{action}"


def _url(call: Call, name: str) -> str:
    return f"{call.url}/repository/{name}"
