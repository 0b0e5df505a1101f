"""A job as its id_token describes it: GitLab's claims, as far as known offline.

Ids, users and the settings of an environment are GitLab's to know: they are UNKNOWN unless they are given. A token's
own claims, decoded from a real one, are taken whole, and a claim that they lack is then missing, not unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ciaccess.access.desired.pipeline_identities import jwt_roles
from ciaccess.access.model.checks_claims import CLAIMS
from ciaccess.access.model.models import Access, JwtRole
from ciaccess.analysis.admission import UNKNOWN, Verdict, judge

_OF_ENVIRONMENTS = ("deployment_tier", "environment", "environment_action", "environment_protected")


@dataclass(frozen=True)
class Job:
    """A job of a project on a ref; without an `audience`, each role's first one is used.

    `claims` are added to those from the other fields, or replace them. `whole`: they are a token's, and complete.
    """

    project: str = ""
    ref: str = ""
    tag: bool = False
    protected: bool = False
    source: str = "push"
    environment: str | None = None
    audience: str | None = None
    claims: Mapping[str, Any] = field(default_factory=dict)
    whole: bool = False

    def token(self, access: Access, role: JwtRole) -> dict[str, Any]:
        """Return the claims that a login with this role would carry."""
        if self.whole:
            return {**self.claims, **({"aud": self.audience} if self.audience else {})}
        audience = self.audience or next(iter(role.bound_audiences), None)
        # A claim of which nothing is known here may be in the token or not.
        strange = {claim: UNKNOWN for claim in role.bound_claims if claim not in CLAIMS}
        own = {"iss": access.vault.jwt.issuer, "aud": audience}
        return {**strange, **own, **self._known_claims(), **self.claims}

    def _known_claims(self) -> dict[str, Any]:
        kind = "tag" if self.tag else "branch"
        path = f"refs/{'tags' if self.tag else 'heads'}/{self.ref}"
        claims = {
            "project_path": self.project,
            "namespace_path": self.project.rpartition("/")[0],
            "ref": self.ref,
            "ref_type": kind,
            "ref_path": path,
            "ref_protected": "true" if self.protected else "false",
            "pipeline_source": self.source,
            "sub": f"project_path:{self.project}:ref_type:{kind}:ref:{self.ref}",
        }
        if self.environment:
            claims["environment"] = self.environment
        hidden = {name: UNKNOWN for name in CLAIMS if self.environment or name not in _OF_ENVIRONMENTS}
        return {**hidden, **claims}


def verdicts(access: Access, job: Job, role: str | None = None) -> tuple[Verdict, ...]:
    """Decide the job's login with each JWT role of access.yaml in order, or with one of any."""
    roles = {role: jwt_roles(access)[role]} if role else access.vault.roles
    return tuple(judge(access, name, job.token(access, each)) for name, each in roles.items())
