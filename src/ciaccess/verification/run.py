"""A verification: roles, variables, accounts in parallel; uploads are deleted at the end."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

from ciaccess.access import Access
from ciaccess.access.desired.pipeline_identities import jwt_roles
from ciaccess.analysis.facts import AccessFacts
from ciaccess.cli.terminal import notices
from ciaccess.clients.artifacts import FORMATS
from ciaccess.clients.errors import ApiError
from ciaccess.clients.gitlab.variables import GitLab
from ciaccess.clients.http.session import HttpOptions
from ciaccess.clients.vault.client import Vault
from ciaccess.clients.vault.secret import Credentials
from ciaccess.verification import variables
from ciaccess.verification.logins import Logins
from ciaccess.verification.nexus_proof import Names, NexusProof, Trial, is_offline, set_online
from ciaccess.verification.operations import Action, Location, can_try, operations, unknown_rights
from ciaccess.verification.places import Places, Uploaded
from ciaccess.verification.results import Check, Report, Result
from ciaccess.verification.secrets import SecretProof
from ciaccess.verification.token_sources import TokenSource

# More would only wait for each other: Python does one thing at a time, and the systems have other users.
_MOST_THREADS = 8
_RUN_BYTES = 4
_NOT_FOUND = 404


@dataclass(frozen=True)
class Resources:
    """What a verification works with.

    `writes` allows uploads. `nexus_administrator` plants what is read, and removes what was uploaded;
    `vault_administrator` reads the secrets that no JWT role reads. `gitlab` and `job_environment` are two ways to see
    the group variables.
    """

    options: HttpOptions
    tokens: TokenSource
    writes: bool = False
    nexus_administrator: Credentials | None = None
    vault_administrator: Vault | None = None
    gitlab: GitLab | None = None
    job_environment: Mapping[str, str] = field(default_factory=dict)


class Verification:
    """One run over some accounts; `done` is called for each finished subject, from any thread."""

    def __init__(
        self, access: Access, accounts: Sequence[str], resources: Resources, done: Callable[[str], None]
    ) -> None:
        self._access, self._accounts, self._resources, self._done = access, accounts, resources, done
        self._logins = Logins(access, resources.options)
        self._trial = Trial(
            access=access,
            facts=AccessFacts.of(access),
            options=resources.options,
            places=Places(access, resources.options),
            names=Names(secrets.token_hex(_RUN_BYTES)),
            writes=resources.writes,
        )

    @property
    def roles(self) -> list[str]:
        """Return the JWT roles that lead to the accounts; with all accounts all roles, own ones too."""
        wanted = set(self._accounts)
        if wanted == set(self._access.accounts):
            return list(jwt_roles(self._access))
        return [name for name, role in self._access.vault.roles.items() if wanted & set(role.accounts)]

    @property
    def subjects(self) -> int:
        """Return the number of calls of `done`."""
        return len(self.roles) + len(self._accounts) + 1

    def run(self) -> Report:
        """Try everything. Whatever happens, what was uploaded is removed as far as that can be."""
        left: list[str] = []
        try:
            with ThreadPoolExecutor(_MOST_THREADS) as pool:
                try:
                    results = self._all(pool)
                except BaseException:
                    # What runs already comes to its end first: what it uploads has to be removed, too.
                    pool.shutdown(cancel_futures=True)
                    raise
        finally:
            left = self._clean()
            self._trial.places.close()
        return Report(tuple(results), (*self._remarks(), *left))

    def _all(self, pool: ThreadPoolExecutor) -> list[Result]:
        troubles, refused = self._upload_samples(pool), self._logins.refused_logins
        work: list[tuple[str, Callable[[], Iterable[Result]]]] = [
            *((f"role {name}", partial(refused, name, self._resources.tokens)) for name in self.roles),
            ("variables", self._variables),
            *((name, partial(self._prove, name)) for name in self._accounts),
        ]
        return [*troubles, *(result for found in pool.map(self._through, work) for result in found)]

    def _through(self, work: tuple[str, Callable[[], Iterable[Result]]]) -> list[Result]:
        subject, results = work
        found = list(results())
        self._done(subject)
        return found

    def _prove(self, account: str) -> Iterable[Result]:
        secret = SecretProof(self._access, account, self._logins, self._resources.tokens)
        yield from secret.results()
        if self._resources.vault_administrator is not None and not self._trial.facts.readers(account):
            yield secret.as_administrator(self._resources.vault_administrator)
        if secret.credentials is not None:
            yield from NexusProof(self._trial, account, secret.credentials).results()

    def _variables(self) -> Iterable[Result]:
        if self._resources.gitlab is not None:
            return variables.compare_with_gitlab(self._access, self._resources.gitlab)
        return variables.compare_with_job(self._access, self._resources.job_environment)

    def _upload_samples(self, pool: ThreadPoolExecutor) -> list[Result]:
        """Upload an artifact to each location that will be read, so that reads are of real files."""
        administrator = self._resources.nexus_administrator
        if administrator is None or not self._resources.writes:
            return []
        wanted = {
            operation.location
            for account in self._accounts
            for operation in operations(self._access, self._trial.facts, account)
            if operation.action is Action.READ and operation.location.format in FORMATS
        }
        # A group is read, and its first member written.
        hosted = [location for location in wanted if location.environment != "group"]
        hosted.sort(key=lambda location: (location.repository, location.folder))
        # One first: where Nexus does not answer, it is not waited for so many times.
        troubles = [self._upload_sample(location, administrator) for location in hosted[:1]]
        if not any(trouble and not is_offline(trouble.reason) for trouble in troubles):
            troubles += pool.map(lambda location: self._upload_sample(location, administrator), hosted[1:])
        for location in wanted.difference(hosted):
            members = [each for each in self._trial.planted if each.format == location.format]
            if members:
                self._trial.planted[location] = self._trial.planted[members[0]]
        return [trouble for trouble in troubles if trouble is not None]

    def _upload_sample(self, location: Location, administrator: Credentials) -> Result | None:
        artifact = self._trial.names.new(location.folder)
        check = Check("Nexus", "upload", f"upload {location.repository} as the administrator")
        try:
            answer = self._trial.places.upload(location, artifact, administrator)
        except ApiError as error:
            return check.no_answer(error)
        if answer.failed:
            remedy = f". {set_online(location.repository)}" if is_offline(answer.reason) else ""
            return check.not_checked(f"Nexus answered {answer.reason}{remedy}")
        if not answer.worked:
            return check.fail(f"Nexus answered {answer.reason}")
        self._trial.planted[location] = artifact
        return None

    def _clean(self) -> list[str]:
        """Remove what was uploaded; return what was left behind, in words."""
        administrator = self._resources.nexus_administrator
        uploaded = self._trial.places.uploaded
        if administrator is None:
            return [_left_behind(each, "no administrator credentials to delete it with") for each in uploaded]
        with ThreadPoolExecutor(_MOST_THREADS) as pool:
            reason = pool.map(lambda each: self._remove(each, administrator), uploaded)
            return [text for text in reason if text]

    def _remove(self, uploaded: Uploaded, administrator: Credentials) -> str:
        try:
            answer = self._trial.places.remove(uploaded, administrator)
        except ApiError as error:
            return f"perhaps {_left_behind(uploaded, error.reason)}"
        return "" if answer.worked or answer.status == _NOT_FOUND else _left_behind(uploaded, answer.reason)

    def _remarks(self) -> Iterable[str]:
        if not self._resources.writes:
            yield "uploads were not checked; --write checks them with artifacts of its own"
        untried = [each for each in self._access.nexus.repositories if not can_try(each, Action.DELETE)]
        if untried:
            yield f"uploads or deletions of {', '.join(untried)} were not checked: docs/verify.md has what can be tried"
        for account in self._accounts:
            names = unknown_rights(self._trial.facts, account)
            if names:
                yield (
                    f"{account} has {', '.join(names)}, of which access.yaml does not say what it gives: "
                    "what the account must not do was not tried"
                )
            elif not self._trial.facts.readers(account) and self._resources.vault_administrator is None:
                yield f"no JWT role reads the secret of {account}: this was checked, its rights in Nexus were not"
        if self._resources.gitlab is None and not self._resources.job_environment:
            yield "group variables were not checked: set GITLAB_TOKEN, or run this in a job"


def _left_behind(uploaded: Uploaded, why: str) -> str:
    return f"left behind in {uploaded.location.repository}: {uploaded.artifact.name}, because {why}"


def verify_accounts(access: Access, accounts: Sequence[str], resources: Resources) -> Report:
    """Verify accounts, with progress on a terminal."""
    from rich.progress import Progress  # noqa: PLC0415 slow to import

    console = notices()
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        verification = Verification(access, accounts, resources, lambda _: progress.advance(task))
        task = progress.add_task("verifying", total=verification.subjects)
        return verification.run()
