"""The Nexus simulator as a process of its own, for tests."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import requests

from tests.support.servers.simulator import SimulatorProcess, free_port

if TYPE_CHECKING:
    from pathlib import Path

ADMIN = "admin"
_ANSWER_SECONDS = 60


class NexusApi:
    """What tests ask a Nexus by themselves, the simulator or a real one; a subclass says where it is and who asks."""

    @property
    def url(self) -> str:
        """Return the address, context path included."""
        raise NotImplementedError

    def administrator(self) -> tuple[str, str]:
        """Return the administrator's name and password."""
        raise NotImplementedError

    def ask(
        self, method: str, path: str, auth: tuple[str, str] | None = None, **options: Any
    ) -> requests.Response:
        """Send one request to a path below `url`, as the administrator unless `auth` says who."""
        auth = auth or self.administrator()
        return requests.request(method, f"{self.url}{path}", timeout=_ANSWER_SECONDS, auth=auth, **options)

    def rest(self, method: str, path: str, body: Any = None, auth: tuple[str, str] | None = None) -> Any:
        """Send one request to a path below /service/rest/v1 and return its JSON, None where there is none.

        Raises:
            RuntimeError: the answer is no success.
        """
        answer = self.ask(method, f"/service/rest/v1{path}", auth, json=body)
        if not answer.ok:
            raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json() if answer.content else None

    def add_repository(self, format_: str, name: str, type_: str = "hosted", **attributes: Any) -> None:
        """Create a repository; `attributes` are those of its format, or `storage` and `group`."""
        storage = {"blobStoreName": "default", "strictContentTypeValidation": False}
        if type_ == "hosted":
            storage["writePolicy"] = "ALLOW"
        body = (
            {"name": name, "online": True} | attributes | {"storage": storage | attributes.get("storage", {})}
        )
        recipe = "maven" if format_ == "maven2" else format_
        self.rest("POST", f"/repositories/{recipe}/{type_}", body)

    def add_role(self, role_id: str, *privileges: str) -> None:
        """Create a role of these privileges."""
        self.rest("POST", "/security/roles", {"id": role_id, "name": role_id, "privileges": privileges})

    def add_user(self, user_id: str, *roles: str, password: str = "password") -> tuple[str, str]:
        """Create an active user of these roles; return name and password as `auth` takes them."""
        body = {
            "userId": user_id,
            "firstName": user_id,
            "lastName": "-",
            "emailAddress": "user@example.com",
        }
        self.rest(
            "POST", "/security/users", body | {"password": password, "status": "active", "roles": roles}
        )
        return user_id, password


@dataclass
class NexusProcess(NexusApi, SimulatorProcess):
    """A simulator on `data`. `edition` is community (all formats) or core (raw, maven2, apt); `url` has the context path."""

    MODULE: ClassVar[str] = "simulators.nexus"
    READY_PATH: ClassVar[str] = "/service/rest/v1/status"

    edition: str = "community"
    context_path: str = ""
    admin_password: str = field(repr=False, default="admin-password")

    @property
    def url(self) -> str:
        """Return the address, context path included."""
        return f"http://127.0.0.1:{self.port}{self.context_path}"

    @property
    def api(self) -> str:
        """Return the address of the REST API."""
        return f"{self.url}/service/rest/v1"

    def options(self) -> list[str]:
        """Write the password's file; return the edition, the context path and that file."""
        file = self.data.with_name(f"{self.data.name}.password")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(self.admin_password, encoding="utf-8")
        options = ["--edition", self.edition, "--admin-password-file", str(file)]
        return [*options, *(["--context-path", self.context_path] if self.context_path else [])]

    def administrator(self) -> tuple[str, str]:
        """Return the administrator's name and password."""
        return ADMIN, self.admin_password

    def credentials(self) -> dict[str, Any]:
        """Return the same as `requests` takes it."""
        return {"auth": self.administrator()}


def start_nexus(tmp_path: Path, **settings: Any) -> NexusProcess:
    """Start a simulator with its data under `tmp_path/nexus`, on a free port; `settings`: edition, context_path, …."""
    nexus = NexusProcess(tmp_path / "nexus", free_port(), **settings)
    nexus.start()
    return nexus
