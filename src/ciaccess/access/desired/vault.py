"""The desired state of Vault: places of secrets, policies, the JWT backend and its roles."""

from __future__ import annotations

from ciaccess.access.desired import objects, pipeline_identities
from ciaccess.access.desired.pipeline_identities import secret_folder
from ciaccess.access.desired.vault_policies import own_rules, policy_text, read_rules
from ciaccess.access.model.models import Access, JwtBackend, JwtRole


def policy_name(role: str, declared: JwtRole | None) -> str:
    """Return the name of a JWT role's policy; ciaccess's own are not `declared`."""
    return (declared and declared.policy) or f"{role}-policy"


def secret_of(access: Access, account: str) -> objects.Secret:
    """Return where an account's secret is."""
    return objects.Secret(access.vault.kv.mount, secret_folder(access, account), account)


def vault_policies(access: Access) -> dict[str, objects.Policy]:
    """Return the policy of each JWT role."""
    return {name: policy_of(access, name) for name in pipeline_identities.jwt_roles(access)}


def policy_of(access: Access, name: str) -> objects.Policy:
    """Return the policy of a JWT role; that of a role in the YAML lists each secret by full path."""
    declared = access.vault.roles.get(name)
    if declared:
        rules = read_rules(secret_of(access, account).api_path for account in declared.accounts)
    else:
        rules = own_rules(
            access, name, (policy_name(each, role) for each, role in access.vault.roles.items())
        )
    return objects.Policy(policy_name(name, declared), policy_text(name, rules, access.owner))


def bound_claims_type(role: JwtRole) -> str:
    """Return `glob` for a role with a * in a claim's value, else `string`."""
    has_star = any("*" in value for values in role.bound_claims.values() for value in values)
    return "glob" if has_star else "string"


def jwt_backend(backend: JwtBackend) -> objects.JwtBackend:
    """Return the backend's configuration."""
    return objects.JwtBackend(
        oidc_discovery_url=backend.discovery_url or "",
        jwks_url=backend.jwks_url or "",
        # Vault trims them, and would always differ from an untrimmed one.
        jwt_validation_pubkeys=frozenset(key.strip() for key in backend.public_keys),
        bound_issuer=backend.issuer,
        oidc_discovery_ca_pem=backend.oidc_discovery_ca_pem,
        jwks_ca_pem=backend.jwks_ca_pem,
    )


def jwt_role(name: str, role: JwtRole) -> objects.JwtRole:
    """Return a role's fields."""
    return objects.JwtRole(
        name=name,
        bound_audiences=frozenset(role.bound_audiences),
        bound_claims={claim: frozenset(values) for claim, values in role.bound_claims.items()},
        bound_claims_type=bound_claims_type(role),
        user_claim=role.user_claim,
        token_policies=frozenset({policy_name(name, role)}),
        token_ttl=role.token_ttl,
        token_max_ttl=role.longest_ttl,
        token_type=role.token_type,
        bound_subject=role.bound_subject,
        token_explicit_max_ttl=role.token_explicit_max_ttl or 0,
        token_num_uses=role.token_num_uses,
        token_no_default_policy=role.token_no_default_policy,
        token_bound_cidrs=frozenset(role.token_bound_cidrs),
    )
