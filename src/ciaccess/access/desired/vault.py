"""What access.yaml amounts to in Vault's JWT backend: the fields of the backend and of its roles, by Vault's own names.

The components declare these, and drift compares with them, so that the two cannot disagree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ciaccess.access.desired.nexus import bound_claims_type, policy_name

if TYPE_CHECKING:
    from ciaccess.access.model.models import JwtBackend, JwtRole

# Every token_* field is declared: one changed out of band and undeclared can survive a repair.
UNUSED: dict[str, Any] = {
    "bound_subject": "",
    "groups_claim": "",
    "token_explicit_max_ttl": 0,
    "token_period": 0,
    "token_num_uses": 0,
    "token_no_default_policy": False,
    "token_bound_cidrs": [],
    "verbose_oidc_logging": False,
}


def jwt_backend_fields(backend: JwtBackend) -> dict[str, Any]:
    """Return the backend's configuration; what is not used is empty."""
    return {
        "oidc_discovery_url": backend.discovery_url or "",
        "jwks_url": backend.jwks_url or "",
        # Vault trims them, and would differ from an untrimmed one for ever.
        "jwt_validation_pubkeys": [key.strip() for key in backend.public_keys],
        "bound_issuer": backend.issuer,
    }


def jwt_role_fields(name: str, role: JwtRole) -> dict[str, Any]:
    """Return a role's declared fields; `bound_claims` are lists, sorted."""
    return {
        "role_type": "jwt",
        "bound_audiences": sorted(role.bound_audiences),
        "bound_claims": {claim: sorted(values) for claim, values in role.bound_claims.items()},
        "bound_claims_type": bound_claims_type(role),
        "user_claim": role.user_claim,
        "token_policies": [policy_name(name, role)],
        "token_ttl": role.token_ttl,
        "token_max_ttl": role.longest_ttl,
        "token_type": role.token_type,
        **UNUSED,
    }
