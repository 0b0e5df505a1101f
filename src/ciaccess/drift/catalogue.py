"""The classes of findings by their stable ids, each with a row in docs/runbook-drift.md."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """Severity: critical: too many rights; high: pipelines at risk; medium and low: can wait."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True)
class Class:
    """A class of findings; `title` is what is wrong, without the name of the object."""

    title: str
    severity: Severity


_C, _H, _M, _L = Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW

CLASSES: dict[str, Class] = {
    # Vault: how jobs log in.
    "vault.mount.missing": Class("the KV engine is not mounted", _H),
    "vault.mount.version": Class("the mount is not a KV engine of version 2", _H),
    "vault.mount.description": Class("the description of the KV engine's mount was changed", _L),
    "vault.kv.config": Class("the KV engine's configuration is not Vault's default", _M),
    "vault.backend.missing": Class("the JWT backend is missing: jobs cannot log in", _H),
    "vault.backend.config": Class("the JWT backend has another configuration", _C),
    "vault.backend.tune": Class("the JWT mount is tuned", _M),
    "vault.backend.description": Class("the JWT mount's description was changed", _L),
    "vault.policy.missing": Class("the policy is missing: its role cannot read secrets", _H),
    "vault.policy.text": Class("the policy's text was changed", _C),
    "vault.policy.settings": Class("the policy expires, or has other settings that are not declared", _H),
    "vault.role.missing": Class("the JWT role is missing: jobs cannot log in with it", _H),
    "vault.role.fields": Class("fields of the JWT role were changed", _C),
    # Vault: the secrets.
    "vault.secret.missing": Class("the secret is missing, with all versions", _H),
    "vault.secret.deleted": Class("the secret's current version was deleted: readers get 404", _H),
    "vault.secret.destroyed": Class("the secret's current version was destroyed", _H),
    "vault.secret.password": Class("the password in Vault was changed, the one in Nexus was not", _H),
    "vault.secret.username": Class("the secret has another user's name", _H),
    "vault.secret.fields": Class("the secret has other fields than username and password", _M),
    "vault.secret.metadata": Class("the secret has other metadata", _L),
    # Vault: what is not declared.
    "vault.secret.undeclared": Class("undeclared secret in the folder of the accounts", _M),
    "vault.secret.twin": Class("the secret's name differs from a declared one in case only", _H),
    "vault.role.undeclared": Class("an undeclared JWT role has a policy that reaches the secrets", _C),
    "vault.policy.undeclared": Class("an undeclared policy reaches the secrets", _H),
    "vault.auth.role": Class("another auth role has a policy that reaches the secrets", _C),
    # Credentials of which both sides are concerned.
    "account.password.both": Class("the password was changed in Vault and in Nexus", _H),
    "account.password.disagree": Class("Nexus refuses the password in Vault", _H),
    "account.rotation.overdue": Class("the password is older than its max_age", _M),
    # Nexus: users.
    "nexus.user.missing": Class("the user is missing", _H),
    "nexus.user.status": Class("the user is not active: its logins are refused", _H),
    "nexus.user.password": Class("the password in Nexus was changed, the one in Vault was not", _H),
    "nexus.user.roles": Class("the user has other roles", _H),
    "nexus.user.profile": Class("the user's name or e-mail address was changed", _L),
    "nexus.user.admin": Class("Nexus administrator that is not declared as one", _C),
    "nexus.user.undeclared": Class("undeclared service account", _H),
    "nexus.user.holder": Class("an undeclared user has a declared role", _M),
    "nexus.user.twin": Class("the user's id resembles that of a declared one", _H),
    # Nexus: what accounts may do.
    "nexus.role.missing": Class("the role is missing", _H),
    "nexus.role.content": Class("the role has other privileges or roles", _H),
    "nexus.role.text": Class("the role's name or description was changed", _L),
    "nexus.role.admin": Class("undeclared rights of an administrator", _C),
    "nexus.role.undeclared": Class("undeclared role with a name of an account's role", _M),
    "nexus.role.twin": Class("the role's id differs from a declared one in case only", _M),
    "nexus.selector.missing": Class("the content selector is missing", _H),
    "nexus.selector.expression": Class("the content selector has another expression", _C),
    "nexus.selector.text": Class("the content selector's description was changed", _L),
    "nexus.privilege.missing": Class("the privilege is missing", _H),
    "nexus.privilege.fields": Class("fields of the privilege were changed", _C),
    "nexus.privilege.text": Class("the privilege's description was changed", _L),
    "nexus.privilege.wider": Class("the privilege allows more than it is listed for", _C),
    "nexus.privilege.undeclared": Class("undeclared privilege with a name of an account's privilege", _M),
    "nexus.anonymous.enabled": Class("anonymous access is enabled", _C),
    "nexus.realm.defaultrole": Class("the realm DefaultRole gives a role to every user", _C),
    "nexus.usage.limit": Class("the usage limits are exceeded: Nexus refuses new components", _H),
    "nexus.content.malware": Class("Nexus found malware in its repositories", _H),
    "nexus.mode.readonly": Class("Nexus is in read-only mode: writes and repairs fail", _M),
    # GitLab.
    "gitlab.group.path": Class("the group has another path: its jobs' tokens name that one", _H),
    "gitlab.claim.unknown": Class("a bound claim names a group or project that does not exist", _H),
    "gitlab.variable.missing": Class("the variable is missing", _H),
    "gitlab.variable.value": Class("the variable has another value", _H),
    "gitlab.variable.flags": Class("the variable's flags, type or description were changed", _M),
    "gitlab.variable.hidden": Class("the variable was hidden, which cannot be undone", _M),
    "gitlab.variable.scope": Class("the variable is set again for some environments", _M),
    "gitlab.variable.shadowed": Class("a subgroup or project sets the variable again", _H),
    "gitlab.project.branch": Class("the applied branch accepts pushes, force pushes or anyone's merges", _C),
    "gitlab.project.variables": Class("pipeline variables can change what the jobs run", _C),
    "gitlab.project.caches": Class("branches share their caches with the protected branch", _H),
    "gitlab.project.environment": Class("the environment that the pipeline names is not protected", _H),
    "gitlab.project.tags": Class("Developers may create a tag named like the applied branch", _L),
    "gitlab.project.forks": Class("pipelines of forks have this project's claims", _C),
    "gitlab.variable.twin": Class("the variable's key differs from a declared one in case only", _L),
}
