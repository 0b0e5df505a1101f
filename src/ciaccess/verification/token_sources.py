"""Sources of a role's id_tokens: the job's own, or an issuer that creates them on request.

A source gives the token of a job that the role admits, and those that the role must refuse for what they claim. What a
token is expected to meet is decided by analysis.admission, so that no token counts as bad that the YAML admits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from ciaccess.access import Access
from ciaccess.access.desired.pipeline_identities import jwt_roles
from ciaccess.access.model.models import JwtRole
from ciaccess.analysis.admission import Outcome, judge
from ciaccess.analysis.job import Job
from ciaccess.verification.id_tokens import IdToken, Issuer, TokenError

_NOBODY = "https://ciaccess-verify.invalid"
_LONG_AGO_SECONDS = 7200
_UNPROTECTED = "ciaccess-verify-unprotected"


class TokenSource(Protocol):
    """Gives id_tokens for a role."""

    def valid_token(self, role_name: str, account: str) -> IdToken:
        """Return the token of a job that wants an account's secret.

        Raises:
            TokenError: there is none.
        """

    def refused_tokens(self, role_name: str) -> Iterator[tuple[str, IdToken]]:
        """Yield tokens with good signatures that the role must refuse, and why before each.

        Raises:
            TokenError: the issuer could not mint them.
        """


def with_own_roles(access: Access) -> Access:
    """Return the same with the JWT roles of ciaccess's own jobs."""
    return access.model_copy(
        update={"vault": access.vault.model_copy(update={"roles": dict(jwt_roles(access))})}
    )


class GivenToken:
    """The one token that the job has. Other claims cannot be tried."""

    def __init__(self, access: Access, token: IdToken) -> None:
        self._access = with_own_roles(access)
        self._token = token

    def valid_token(self, role_name: str, account: str) -> IdToken:
        """Return it, whatever is asked."""
        del role_name, account
        return self._token

    def refused_tokens(self, role_name: str) -> Iterator[tuple[str, IdToken]]:
        """Yield it itself where the role must refuse it."""
        if judge(self._access, role_name, self._token.claims).outcome is Outcome.REFUSED:
            yield f"{self._token.job}, which is this one", self._token


class MintedTokens:
    """Tokens of jobs that suit each role, of an issuer's projects."""

    def __init__(self, access: Access, issuer: Issuer) -> None:
        self._access = with_own_roles(access)
        self._issuer = issuer

    def valid_token(self, role_name: str, account: str) -> IdToken:
        """Issue a token for an admitted job, of the project with the account's name if there is one."""
        own = account.partition("-")[2] or account
        # False sorts first: projects with the account's name in them, then the rest as the issuer has them.
        projects = sorted(self._issuer.projects, key=lambda path: path.rpartition("/")[2] != own)
        for project in projects:
            if self._outcome(role_name, self._job(role_name, project)) is not Outcome.REFUSED:
                return self._mint(role_name, project)
        raise TokenError(f"role {role_name} admits no project of the issuer, which has {', '.join(projects)}")

    def refused_tokens(self, role_name: str) -> Iterator[tuple[str, IdToken]]:
        """Mint for the same job with one thing changed each, and for another project's."""
        project = str(self.valid_token(role_name, "").claims["project_path"])
        yield from self._mint_refused(role_name, "another audience", project, audience=_NOBODY)
        yield from self._mint_refused(role_name, "another issuer", project, overrides={"iss": _NOBODY})
        # The YAML binds no claim of the lifetime, so the analysis has no answer.
        yield "an expired token", self._mint(role_name, project, issued_at_offset_seconds=-_LONG_AGO_SECONDS)
        for other in self._issuer.projects:
            if self._outcome(role_name, self._job(role_name, other)) is Outcome.REFUSED:
                yield from self._mint_refused(role_name, f"a job of {other}", other)
                break
        if "ref_protected" in self._role(role_name).bound_claims:
            yield from self._mint_refused(role_name, "a job of an unprotected ref", project, ref=_UNPROTECTED)

    def _mint_refused(
        self, role_name: str, why: str, project: str, **changes: Any
    ) -> Iterator[tuple[str, IdToken]]:
        token = self._mint(role_name, project, **changes)
        if judge(self._access, role_name, token.claims).outcome is Outcome.REFUSED:
            yield why, token

    def _mint(self, role_name: str, project: str, **changes: Any) -> IdToken:
        job = self._job(role_name, project)
        wanted: dict[str, Any] = {
            "ref": job.ref,
            "audience": self._role(role_name).bound_audiences[0],
            "ref_type": "tag" if job.tag else "branch",
            "pipeline_source": job.source,
            **({"environment": job.environment} if job.environment else {}),
            **changes,
        }
        return IdToken.parse(self._issuer.mint(project, **wanted))

    def _job(self, role_name: str, project: str) -> Job:
        """Return a job of the project that meets what the role binds besides the project."""
        bound = self._role(role_name).bound_claims
        return Job(
            project=project,
            ref=_first(bound, "ref", "main"),
            tag=_first(bound, "ref_type", "branch") == "tag",
            protected=_first(bound, "ref_protected", "true") == "true",
            source=_first(bound, "pipeline_source", "push"),
            environment=_first(bound, "environment", "") or None,
        )

    def _outcome(self, role_name: str, job: Job) -> Outcome:
        return judge(self._access, role_name, job.token(self._access, self._role(role_name))).outcome

    def _role(self, role_name: str) -> JwtRole:
        return self._access.vault.roles[role_name]


def _first(bound: Mapping[str, list[str]], claim: str, otherwise: str) -> str:
    """Return a value that the bound claim admits, without its stars."""
    return bound[claim][0].replace("*", "") or otherwise if bound.get(claim) else otherwise
