"""The classes of findings by their stable ids. docs/runbook-drift.md has a row for each, and a test keeps them equal."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad it is: critical gives rights away, high breaks or endangers pipelines, medium and low can wait."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True)
class Class:
    """A class of findings; `title` says what is the matter, in a sentence without a subject's name."""

    title: str
    severity: Severity


_C, _H, _M, _L = Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW

CLASSES: dict[str, Class] = {
    # Vault: the way in.
    "vault.mount.missing": Class("the KV engine is not mounted", _H),
    "vault.mount.version": Class("the mount is no KV engine of version 2", _H),
    "vault.mount.description": Class("the description of the KV engine's mount was changed", _L),
    "vault.kv.config": Class("the KV engine's configuration is not Vault's default", _M),
    "vault.backend.missing": Class("the JWT backend is not there: no job can log in", _H),
    "vault.backend.config": Class("the JWT backend trusts or asks something else", _C),
    "vault.backend.tune": Class("the JWT mount is tuned", _M),
    "vault.backend.description": Class("the JWT mount's description was changed", _L),
    "vault.policy.missing": Class("the policy is gone: its role reads nothing", _H),
    "vault.policy.text": Class("the policy's text was changed", _C),
    "vault.role.missing": Class("the JWT role is gone: no job can log in with it", _H),
    "vault.role.fields": Class("fields of the JWT role were changed", _C),
    # Vault: the secrets.
    "vault.secret.missing": Class("the secret is gone, with all versions", _H),
    "vault.secret.deleted": Class("the secret's latest version was deleted: readers get 404", _H),
    "vault.secret.destroyed": Class("the secret's latest version was destroyed", _H),
    "vault.secret.password": Class("the password in Vault was changed, the one in Nexus was not", _H),
    "vault.secret.username": Class("the secret names another user", _H),
    "vault.secret.fields": Class("the secret holds other fields than username and password", _M),
    "vault.secret.metadata": Class("the secret has other metadata", _L),
    # Vault: what lies outside of the declaration.
    "vault.secret.undeclared": Class("a secret lies among ours that nobody declared", _M),
    "vault.secret.twin": Class("a secret's name differs from a declared one in case alone", _H),
    "vault.role.undeclared": Class("a JWT role that nobody declared reads the secrets", _C),
    "vault.policy.undeclared": Class("a policy that nobody declared reaches the secrets", _H),
    "vault.auth.role": Class("something else that logs in has a policy that reaches the secrets", _C),
    # Credentials of which both sides are concerned.
    "account.password.both": Class("the password was changed in Vault and in Nexus", _H),
    "account.password.disagree": Class("Nexus refuses the password in Vault", _H),
    "account.rotation.overdue": Class("the password is older than its max_age", _M),
    # Nexus: users.
    "nexus.user.missing": Class("the user is gone", _H),
    "nexus.user.status": Class("the user is not active: its logins are refused", _H),
    "nexus.user.password": Class("the password in Nexus was changed, the one in Vault was not", _H),
    "nexus.user.roles": Class("the user has other roles", _H),
    "nexus.user.profile": Class("the user's name or e-mail address was changed", _L),
    "nexus.user.admin": Class("a user administers Nexus that is not declared to", _C),
    "nexus.user.undeclared": Class("a service account that nobody declared", _H),
    "nexus.user.twin": Class("a user's id is taken for that of a declared one", _H),
    # Nexus: what accounts may do.
    "nexus.role.missing": Class("the role is gone", _H),
    "nexus.role.content": Class("the role holds other privileges or roles", _H),
    "nexus.role.text": Class("the role's name or description was changed", _L),
    "nexus.role.admin": Class("a role administers Nexus that is not declared to", _C),
    "nexus.role.undeclared": Class("a role named as ours that nobody declared", _M),
    "nexus.role.twin": Class("a role's id differs from a declared one in case alone", _M),
    "nexus.selector.missing": Class("the content selector is gone", _H),
    "nexus.selector.expression": Class("the content selector selects something else", _C),
    "nexus.selector.text": Class("the content selector's description was changed", _L),
    "nexus.privilege.missing": Class("the privilege is gone", _H),
    "nexus.privilege.fields": Class("the privilege allows something else", _C),
    "nexus.privilege.text": Class("the privilege's description was changed", _L),
    "nexus.privilege.undeclared": Class("a privilege named as ours that nobody declared", _M),
    "nexus.anonymous.enabled": Class("Nexus serves those who show no credentials", _C),
    "nexus.mode.readonly": Class("Nexus is in read-only mode: nothing can be written or repaired", _M),
    # GitLab.
    "gitlab.variable.missing": Class("the variable is gone", _H),
    "gitlab.variable.value": Class("the variable has another value", _H),
    "gitlab.variable.flags": Class("the variable's flags, type or description were changed", _M),
    "gitlab.variable.hidden": Class("the variable was hidden, which cannot be undone", _M),
    "gitlab.variable.scope": Class("the variable is set again for some environments", _M),
    "gitlab.variable.shadowed": Class("a subgroup or project sets the variable again", _H),
    "gitlab.variable.twin": Class("a variable's key differs from a declared one in case alone", _L),
}
