"""The address of each repository of access.yaml, with connections shared by all accounts."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from ciaccess.access import Access
from ciaccess.clients.artifacts import FORMATS, Answer, Artifact, Place
from ciaccess.clients.errors import UnreachableError
from ciaccess.clients.http.session import HttpOptions, PooledSession, basic
from ciaccess.clients.vault.secret import Credentials
from ciaccess.verification.operations import Location

_ATTEMPTS = 3


@dataclass(frozen=True)
class Uploaded:
    """An artifact that is, or may be, in a repository until it is removed."""

    location: Location
    artifact: Artifact


class Places:
    """The repositories: docker's by the push and pull registries, the others at Nexus's URL.

    Keeps a record of our uploads.
    """

    def __init__(self, access: Access, options: HttpOptions) -> None:
        nexus = access.nexus
        self._nexus_url = nexus.url.rstrip("/")
        scheme = urlsplit(nexus.url).scheme
        self._registries = {
            "dev": f"{scheme}://{nexus.push_registry}",
            "group": f"{scheme}://{nexus.pull_registry}",
        }
        self._sessions = {
            url: PooledSession(url, options) for url in {self._nexus_url, *self._registries.values()}
        }
        self.uploaded: list[Uploaded] = []

    def place(self, location: Location, credentials: Credentials) -> Place:
        """Return a repository as an account reaches it."""
        base, url = self._nexus_url, f"{self._nexus_url}/repository/{location.repository}"
        if location.format == "docker" and location.environment in self._registries:
            base = url = self._registries[location.environment]
        return Place(
            location.repository, url, self._sessions[base], basic(credentials.username, credentials.password)
        )

    def upload(self, location: Location, artifact: Artifact, credentials: Credentials) -> Answer:
        """Upload as an account; records a possible file before the upload, drops it after a refusal.

        Nexus now and then answers 500 to one of several uploads at once (about 1 in 500). After that, and after a cut
        connection, what is stored decides, and what is not there is sent again.

        Raises:
            ApiError: there was no answer, and nothing is stored.
        """
        uploaded = Uploaded(location, artifact)
        self.uploaded.append(uploaded)
        answer = self._upload(location, artifact, credentials)
        if not answer.worked and not answer.failed:
            self.uploaded.remove(uploaded)
        return answer

    def _upload(
        self,
        location: Location,
        artifact: Artifact,
        credentials: Credentials,
        attempts: int = _ATTEMPTS,
        failed: Answer | None = None,
    ) -> Answer:
        format_, place = FORMATS[location.format], self.place(location, credentials)
        answer: Answer | None = None
        try:
            answer = format_.upload(place, artifact)
        except UnreachableError as error:
            if not error.uncertain or attempts == 1:
                raise
        if answer is not None and (answer.worked or answer.refused):
            return answer
        # Its name is of this run alone. A repository that is written once answers 400 to a request that was sent again.
        stored = format_.download(place, artifact)
        if stored.worked and stored.content == format_.content(artifact):
            return stored
        if answer is not None and (not answer.failed or attempts == 1):
            # An account that may not read does not see whether the failed request stored it.
            return failed or answer
        return self._upload(location, artifact, credentials, attempts - 1, answer or failed)

    def remove(self, uploaded: Uploaded, administrator: Credentials) -> Answer:
        """Remove what was uploaded."""
        place = self.place(uploaded.location, administrator)
        return FORMATS[uploaded.location.format].purge(place, uploaded.artifact)

    def close(self) -> None:
        """Close the connections."""
        for session in self._sessions.values():
            session.close()
