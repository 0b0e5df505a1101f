"""An account's password: in the state, in the secret in Vault, and at Nexus; and its age.

Tells which of the two was changed: by the fingerprint that the state has, one login probe an account, and, only where
that login is refused, the older versions of the secret. Passwords are compared in memory and shown nowhere; what a
person may have chosen does not even get a fingerprint.

The secret no longer has an idle user's password, but jobs that read it before still use it, and a person who changed it can log
in until the next rotation. The state knows its fingerprint, and an older version of the secret the password itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ciaccess.access.desired import rotation
from ciaccess.access.desired.difference import different_fields
from ciaccess.access.desired.objects import ACTIVE
from ciaccess.access.desired.pipeline_identities import service_accounts
from ciaccess.clients.fingerprint import fingerprint
from ciaccess.clients.vault.secret import FIELDS, FINGERPRINT, MISSING, THERE, SecretSnapshot, VaultSecret
from ciaccess.drift.findings import NOTHING, Finding, display_fields, names_or_none
from ciaccess.drift.manual_commands import write_json
from ciaccess.drift.vault_auth import KV_DEFAULTS, changed_kv_settings, has_engine
from ciaccess.engine import resource_types

if TYPE_CHECKING:
    from datetime import date

    from ciaccess.access import Access
    from ciaccess.access.desired.state import DesiredAccount
    from ciaccess.clients.nexus import Nexus
    from ciaccess.clients.vault.client import Vault
    from ciaccess.engine.resource_types import Target
    from ciaccess.engine.state import State

LOST = "lost"


def read_secret(account: DesiredAccount, vault: Vault) -> SecretSnapshot:
    """Return an account's secret; its state is LOST where the engine itself is missing."""
    found = VaultSecret(vault, account.secret.api_path).read_all()
    if found.state == MISSING and not has_engine(vault, account.secret.mount):
        return replace(found, state=LOST)
    return found


def secret_findings(
    account: DesiredAccount, secret: SecretSnapshot, claim: str, known: str
) -> Iterator[Finding]:
    """Return what is wrong with a secret by itself; a missing engine is reported once, of the engine.

    `claim` is the stack that the metadata must name, `known` the fingerprint that the state has, "" where there is none.
    """
    if secret.state == LOST:
        return
    what, target = f"secret {account.secret.path}", resource_types.account(account.name)
    if secret.state != THERE:
        seen = NOTHING if secret.state == MISSING else f"version {secret.version} is {secret.state}"
        identity = f"vault.secret.{secret.state}"
        yield Finding(identity, what, "username and password", seen, target, secret.since)
    else:
        yield from _field_findings(account.active_user, secret, what, target)
    if secret.metadata:
        wanted = {**account.metadata, "stack": claim}
        yield from _metadata_findings(account, secret.metadata, wanted, known)


def _field_findings(user_id: str, secret: SecretSnapshot, what: str, target: Target) -> Iterator[Finding]:
    if secret.keys != FIELDS or not secret.password:
        # Names alone: a value may be a secret.
        names = names_or_none(secret.keys)
        seen = names if secret.keys != FIELDS else f"{names}, the password is empty or no text"
        yield Finding("vault.secret.fields", what, names_or_none(FIELDS), seen, target, secret.since)
    if "username" in secret.keys and secret.username != user_id:
        yield Finding("vault.secret.username", what, user_id, "another name", target, secret.since)


def _metadata_findings(
    account: DesiredAccount, metadata: Mapping[str, Any], wanted: dict[str, str], known: str
) -> Iterator[Finding]:
    what = f"secret {account.secret.path}"
    custom = dict(metadata.get("custom_metadata") or {})
    updated = str(metadata.get("updated_time") or "")
    if names := different_fields(wanted, custom):
        seen, target = display_fields(custom, names), resource_types.account(account.name)
        yield Finding("vault.secret.metadata", what, display_fields(wanted, names), seen, target, updated)
    noted = {**wanted, FINGERPRINT: known or custom.get(FINGERPRINT, "")}
    noted = {key: value for key, value in noted.items() if value}
    is_another = custom.get(FINGERPRINT, "") != noted.get(FINGERPRINT, "")
    defaults = {**KV_DEFAULTS, "custom_metadata": noted}
    names = changed_kv_settings(metadata)
    if is_another or custom.keys() - wanted.keys() - {FINGERPRINT}:
        names.append("custom_metadata")
    if names:
        # `vault kv metadata` keeps custom metadata that is not given.
        command = write_json(account.secret.metadata_path, {name: defaults[name] for name in names})
        # Keys without their values: people note all sorts of things there.
        expected = display_fields({**defaults, "custom_metadata": sorted(noted)}, names)
        keys = [f"another {key}" if is_another and key == FINGERPRINT else key for key in sorted(custom)]
        seen = display_fields({**metadata, "custom_metadata": keys}, names)
        yield Finding("vault.secret.metadata", what, expected, seen, command, updated)


def password_findings(
    account: DesiredAccount, secret: SecretSnapshot, known: str, vault: Vault, nexus: Nexus
) -> Iterator[Finding]:
    """Return which password was changed; `known` is the state's fingerprint, "" for none.

    It tries the login of the active user, whose password the secret holds. The checks of Nexus find what else is wrong with
    the user.
    """
    if not secret.password:
        return
    changed = bool(known) and fingerprint(secret.password) != known
    another, since = f"another one in version {secret.version}", secret.since if changed else ""

    def finding(identity: str, seen: str) -> Finding:
        what, target = f"account {account.name}", resource_types.account(account.name)
        return Finding(identity, what, "the same in Vault and Nexus", seen, target, since)

    user = nexus.users.find(account.active_user)
    if user is None or user.status != ACTIVE:
        if changed:
            seen = f"{another}; Nexus cannot be asked: its user is gone or not active"
            yield finding("vault.secret.password", seen)
    elif nexus.users.accepts(account.active_user, secret.password):
        if changed:
            yield finding("account.password.both", f"{another}, which Nexus accepts")
    elif not known:
        seen = "Nexus refuses the one in Vault; without its fingerprint in the state it is open which was changed"
        yield finding("account.password.disagree", seen)
    elif not changed:
        yield finding("nexus.user.password", "Nexus refuses the one in Vault, which is as it was")
    elif _accepts_older(account, secret, known, vault, nexus) is False:
        yield finding("account.password.both", f"{another}, and Nexus accepts neither")
    else:
        yield finding("vault.secret.password", f"{another}, which Nexus refuses")


def _accepts_older(
    account: DesiredAccount, secret: SecretSnapshot, known: str, vault: Vault, nexus: Nexus
) -> bool | None:
    """Tell whether Nexus accepts the recorded password of an earlier version; None without one."""
    found = VaultSecret(vault, account.secret.api_path).find(
        secret, lambda each: fingerprint(each.password) == known
    )
    return nexus.users.accepts(account.active_user, found.password) if found else None


def idle_password(
    account: DesiredAccount, secret: SecretSnapshot, state: State, vault: Vault, nexus: Nexus
) -> Iterator[Finding]:
    """Tell whether Nexus refuses the idle user's password of an older version, if there is one."""
    idle = account.idle_user
    known = state.fingerprints.get(idle) if idle else None
    user = nexus.users.find(idle) if idle and known else None
    if idle is None or not known or user is None or user.status != ACTIVE:
        return
    found = VaultSecret(vault, account.secret.api_path).find(
        secret, lambda each: each.username == idle and fingerprint(each.password) == known
    )
    if found and not nexus.users.accepts(idle, found.password):
        seen = "Nexus refuses it; the user is idle, so that no secret has its password"
        target = resource_types.account(account.name)
        yield Finding("nexus.user.password", f"user {idle}", f"fingerprint {known}", seen, target)


def overdue(access: Access, on: date) -> Iterator[Finding]:
    """Return the accounts whose passwords are older than they may be, by the YAML's own dates."""
    for account in service_accounts(access):
        declared = rotation.rotation(access, account)
        if rotation.is_overdue(access, account, on):
            found = f"{(on - declared.date).days} days old" if declared.date else "of unknown age: no date"
            expected, since = f"at most {declared.max_age} days old", declared.date
            yield Finding(
                "account.rotation.overdue",
                f"account {account}",
                expected,
                found,
                f"./ciaccess rotate {account}",
                since=since.isoformat() if since else "",
            )
