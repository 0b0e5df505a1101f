"""A service account as one resource: its objects in Nexus and its secret in Vault.

Owns the order of every change: a part is created before the parts that need it; Nexus accepts a password, a login
confirms it, and only then is it written to the secret; deletions come last. Nothing is written if a part is foreign. The
secret's metadata claims the account before any other part exists, so that the run after a killed one continues it,
with or without a state (docs/adr/0013).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from ciaccess.access.desired.ownership import of_another
from ciaccess.clients.errors import action
from ciaccess.clients.nexus.privileges import is_called_after
from ciaccess.clients.vault.secret import FIELDS
from ciaccess.engine import resource_types
from ciaccess.provider.kinds import account_passwords as passwords
from ciaccess.provider.kinds import account_secret
from ciaccess.provider.kinds.account_import import ImportId
from ciaccess.provider.kinds.account_parts import PartKind, part_kinds
from ciaccess.provider.kinds.account_secret import AccountSecret
from ciaccess.provider.kinds.fields import FLAG, MAPPING, UNKNOWN, Checked, Failure, Field, Values
from ciaccess.provider.kinds.kind import Change, Difference, Kind, KindError, ReadResult
from ciaccess.provider.kinds.nexus import ID
from ciaccess.provider.kinds.objects import ADOPT, ExistsError, foreign_error

if TYPE_CHECKING:
    from ciaccess.provider.systems import Systems

    Check = Callable[[Values], Checked]

_SECRET, _METADATA = "secret", "metadata"
# Set by the program in a run that writes, and not part of the state: `diff` may then check logins.
_APPLIES = "applies"
_RECORDED = tuple(field.name for field in passwords.OUTPUTS)


class ServiceAccount(Kind):
    """An account; `users`, `selectors`, `privileges` are parts by id, `role` is one part or empty."""

    token = resource_types.ACCOUNT
    noun = "account"
    fields = (
        Field("account", rule=ID, identifies=True, about="The account's id"),
        Field("users", MAPPING, about="Its users, by id"),
        Field("role", MAPPING, default={}, about="Its role in Nexus, or empty"),
        Field("selectors", MAPPING, default={}, about="Its content selectors, by name"),
        Field("privileges", MAPPING, default={}, about="Its privileges, by name"),
        Field(_SECRET, MAPPING, about="The secret: its API path (path) and the current user (user)"),
        Field(_METADATA, MAPPING, default={}, about="The secret's custom metadata"),
        Field("purge", FLAG, default=False, about="Whether a deletion removes all versions of the secret"),
        ADOPT,
        Field(
            _APPLIES,
            FLAG,
            default=False,
            compared=False,
            about="Whether the run writes: then logins may be tried",
        ),
        *passwords.OUTPUTS,
    )

    def __init__(self, systems: Systems) -> None:
        super().__init__(systems)
        self._part_kinds = part_kinds(systems)
        # Accounts that this process has refreshed, and those that the program applies.
        self._refreshed: set[str] = set()
        self._applied: set[str] = set()

    def check(self, old: Values, inputs: Values, concealed: frozenset[str]) -> Checked:
        """Check each part by its own kind."""
        values, failures = super().check(old, inputs, concealed)
        if values.pop(_APPLIES, False) is True:
            self._applied.add(str(values.get("account")))
        checks: dict[str, Check] = {
            section: partial(account_secret.check_section, section) for section in account_secret.SECTIONS
        }
        checks |= {part_kind.name: part_kind.check_parts for part_kind in self._part_kinds}
        for name, check in checks.items():
            if isinstance(values.get(name), dict):
                values[name], found = check(values[name])
                failures += found
        users, secret = values.get("users"), values.get(_SECRET)
        # An import passes the result of the read as inputs, which may lack the current user.
        is_found = old.get("users") == inputs.get("users")
        if not failures and not is_found and isinstance(users, dict) and isinstance(secret, dict):
            if not users:
                failures += (Failure("users", "is empty: an account has at least one user"),)
            elif secret["user"] not in users:
                failures += (Failure("secret.user", f"is not allowed. Allowed: {', '.join(sorted(users))}"),)
        return values, failures

    def diff(self, resource_id: str, state: Values, inputs: Values) -> Difference:
        """Return the changed fields of all parts.

        A refresh does not log in. So in `up --refresh` of an account without other changes, its recorded passwords are
        checked here by logins.
        """
        changes = [change for part_kind in self._part_kinds for change in part_kind.changes(state, inputs)]
        for section in (_SECRET, _METADATA):
            before, after = state.get(section) or {}, inputs.get(section)
            names = sorted(before.keys() | after.keys()) if isinstance(after, dict) else []
            changes += [
                Change(f"{section}.{name}", was_missing=name not in before)
                for name in names
                if (before.get(name) or "") != (after or {}).get(name, "")
            ]
        if state.get("purge", False) != inputs.get("purge", False):
            changes.append(Change("purge"))
        if inputs["account"] != resource_id:
            changes.append(Change("account", replaces=True))
        refused = passwords.unproven_users(state)
        if not changes and not refused and resource_id in self._refreshed & self._applied:
            refused = self._refused_logins(state, inputs)
        changes += [Change(f'users["{user}"].login') for user in sorted(refused)]
        if account_secret.SECRET_VERSION not in state:
            # From before states had it, with the passwords.
            changes.append(Change(account_secret.SECRET_VERSION, was_missing=True))
        return Difference(tuple(changes), delete_first=False)

    def create(self, inputs: Values) -> Values:
        """Create the account, or continue after a killed run.

        An account that another stack has claimed is refused even with `adopt`, unless it was destroyed there.
        """
        secret = self._secret(inputs)
        if inputs["adopt"] and secret.is_claimed_by_other and secret.snapshot.exists:
            raise KindError(
                f"{action('adopt', self.noun, inputs['account'])}: the stack {secret.snapshot.custom['stack']} has claimed it "
                f"(custom metadata of {secret.secret.name}). Release it in that stack first, or delete the key stack from "
                "the metadata"
            )
        self._refuse_foreign({}, inputs, secret)
        secret.claim()
        return self._apply({}, inputs, secret, secret)

    def read(self, resource_id: str, state: Values) -> ReadResult | None:
        """Return all parts, from shared lists and the secret's metadata; an import also checks logins."""
        imported = None if state else ImportId.of(resource_id)
        path = imported.path if imported else state[_SECRET]["path"]
        secret = AccountSecret(self._systems.vault(), path, {}, reads_value=imported is not None)
        snapshot = secret.snapshot
        before = imported.parts(self._systems.nexus(), snapshot) if imported else state
        seen: Values = {}
        for part_kind in self._part_kinds:
            parts = {
                name: found
                for name, part in part_kind.items(before).items()
                if (found := part_kind.read(name, part)) is not None
            }
            seen[part_kind.name] = part_kind.pack(parts)
        is_to_purge = bool(before.get("purge")) and snapshot.version > 0
        if not any(seen.values()) and not snapshot.exists and not is_to_purge:
            return None
        self._refreshed.add(before["account"])
        if imported:
            known = passwords.find_published(secret, before["users"], self._systems.accepts)
            recorded = passwords.import_outputs(seen["users"], known, snapshot.version)
        else:
            recorded = {name: state[name] for name in _RECORDED if name in state}
        seen |= {"account": before["account"], "purge": before.get("purge", False)}
        seen |= {
            _SECRET: account_secret.observe(before | recorded, snapshot),
            _METADATA: account_secret.metadata_of(snapshot),
        }
        if imported and snapshot.exists and snapshot.keys != FIELDS:
            seen[_SECRET]["holds"] = account_secret.OTHER
        return ReadResult(seen | recorded, before["account"])

    def update(self, resource_id: str, state: Values, inputs: Values) -> Values:
        """Update the changed parts."""
        secret = self._secret(inputs)
        is_elsewhere = state[_SECRET]["path"] != inputs[_SECRET]["path"]
        held = self._secret(state) if is_elsewhere else secret
        self._refuse_foreign(state, inputs, secret)
        passwords.restore(state, held)
        done = self._apply(state, inputs, secret, held)
        if is_elsewhere:
            held.remove(purge=inputs["purge"])
        return done

    def delete(self, resource_id: str, state: Values) -> None:
        """Delete the secret, then the users, each disabled first, then the other parts.

        A purge of the secret comes last: without the claim in its metadata nothing is deleted, and the run after a killed
        one needs it.
        """
        secret = self._secret(state, reads_value=False)
        deleted = [(kind, name) for kind in reversed(self._part_kinds) for name in kind.in_order(state)]
        foreign = [*self._foreign_parts(deleted, secret), *self._foreign_secret(secret)]
        if foreign:
            raise foreign_error(action("delete", self.noun, resource_id), foreign)
        is_to_purge = bool(state.get("purge"))
        if is_to_purge:
            secret.secret.check_purge()
        secret.remove(purge=False)
        for part_kind, name in deleted:
            self._remove(part_kind, name)
        if is_to_purge:
            secret.remove(purge=True)

    def check_live(self, state: Values | None, inputs: Values) -> None:
        """Raise in a preview if a part is foreign."""
        if isinstance(inputs.get(_SECRET), dict):
            self._refuse_foreign(state or {}, inputs, self._secret(inputs, reads_value=False))

    def planned_values(self, state: Values | None, inputs: Values) -> Values:
        """Return the inputs with the recorded outputs, unknown where a password will change."""
        before = state or {}
        users, section = inputs.get("users"), before.get(_SECRET) or {}
        stay = isinstance(users, dict) and all(
            passwords.is_unchanged(before, *each) for each in users.items()
        )
        if not stay or section.get("holds") == account_secret.LOST:
            return inputs | dict.fromkeys(_RECORDED, UNKNOWN)
        known = {name: before.get(name, UNKNOWN) for name in _RECORDED}
        if section != inputs[_SECRET]:
            known[account_secret.SECRET_VERSION] = UNKNOWN
        return inputs | known

    def resource_id(self, inputs: Values) -> str | None:
        """Return the account's name."""
        account = inputs.get("account")
        return account if isinstance(account, str) else None

    def inputs_of(self, values: Values, given: Values) -> Values:
        """Return an account's values as inputs, without the directives of a single run."""
        inputs = super().inputs_of(values, given)
        return {name: value for name, value in inputs.items() if name != _APPLIES}

    def from_state(self, values: Mapping[str, Any]) -> Values:
        """Return the fields of a state with types, and those of its parts."""
        typed = super().from_state(values)
        for part_kind in self._part_kinds:
            if isinstance(typed.get(part_kind.name), dict):
                typed[part_kind.name] = part_kind.from_state(typed)
        return typed

    def _secret(self, values: Values, *, reads_value: bool = True) -> AccountSecret:
        path, metadata = values[_SECRET]["path"], values[_METADATA]
        return AccountSecret(self._systems.vault(), path, metadata, reads_value=reads_value)

    def _refused_logins(self, state: Values, inputs: Values) -> list[str]:
        """Return the users whose recorded password is in the secret and refused by Nexus."""
        held = self._secret(state)
        found = {user: passwords.find_recorded(state, held, user) for user in inputs["users"]}
        return [
            user for user, password in found.items() if password and not self._systems.accepts(user, password)
        ]

    def _refuse_foreign(self, state: Values, inputs: Values, secret: AccountSecret) -> None:
        """Refuse parts that exist, are not in the state, and are not this stack's by claim or equality.

        Raises:
            KindError: it names them all.
        """
        foreign: list[str] = []
        for part_kind in self._part_kinds:
            for name in part_kind.in_order(inputs, but=state):
                existing = part_kind.kind.objects().find(name)
                part = part_kind.items(inputs)[name]
                if existing is None or part_kind.is_ours(existing, part, secret):
                    continue
                owner = part_kind.kind.owner_of(existing)
                if not inputs["adopt"]:
                    foreign.append(part_kind.label(name))
                elif of_another(owner, str(inputs[_METADATA].get("owner", ""))):
                    foreign.append(part_kind.label(name, owner))
        if foreign and inputs["adopt"]:
            raise KindError(
                f"{action('adopt', self.noun, inputs['account'])}: {', '.join(foreign)}. Release it there first, or give "
                "the account another name"
            )
        if state:
            self._refuse_to_remove(state, inputs, secret)
        is_elsewhere = (state.get(_SECRET) or {}).get("path") != inputs[_SECRET]["path"]
        if is_elsewhere and secret.snapshot.exists and not secret.is_claimed and not inputs["adopt"]:
            foreign.append(f"secret '{secret.secret.name}'")
        if foreign:
            raise _exists_error(state, inputs, foreign)

    def _refuse_to_remove(self, state: Values, inputs: Values, secret: AccountSecret) -> None:
        """Refuse to delete a part that is no longer declared and is foreign.

        Unmarked selectors and privileges from an adoption whose names begin with the role's belong to the account.
        """
        adopter = str(inputs[_METADATA].get("owner", "")) if inputs["adopt"] else ""
        role = str((inputs["role"] or {}).get("role_id", ""))
        deleted = [
            (part_kind, name)
            for part_kind in self._part_kinds
            for name in part_kind.in_order(state, but=inputs)
            if inputs.get(part_kind.name) is not UNKNOWN and not (role and is_called_after(role, name))
        ]
        foreign = self._foreign_parts(deleted, secret, adopter)
        if state[_SECRET]["path"] != inputs[_SECRET]["path"]:
            foreign += self._foreign_secret(self._secret(state, reads_value=False))
        if foreign:
            raise foreign_error(action("update", self.noun, inputs["account"]), foreign)

    def _foreign_parts(
        self, parts: Iterable[tuple[PartKind, str]], secret: AccountSecret, adopter: str = ""
    ) -> list[str]:
        """Return the parts that exist without this stack's marker and claim, as text with their owners.

        The claim is of the secret's account, and covers parts with its names. With an `adopter`, the owner that adopts the
        account, parts without an owner are its own.
        """
        foreign = []
        for part_kind, name in parts:
            existing = part_kind.kind.objects().find(name)
            owner = part_kind.kind.owner_of(existing)
            is_marked = owner == self._systems.owner and part_kind.is_named_after(secret.account, name)
            if existing is None or (is_marked and self._is_claimed(secret)):
                continue
            if not adopter or of_another(owner, adopter):
                foreign.append(part_kind.label(name, owner))
        return foreign

    def _foreign_secret(self, secret: AccountSecret) -> list[str]:
        """Return a secret that exists without this stack's claim, as text with its holder."""
        is_foreign = secret.snapshot.version and not self._is_claimed(secret)
        return [f"secret '{secret.secret.name}' ({secret.holder})"] if is_foreign else []

    def _is_claimed(self, secret: AccountSecret) -> bool:
        """Tell whether the declared owner and the current stack have claimed the secret."""
        return secret.holder_is(self._systems.owner, self._systems.stack)

    def _apply(self, state: Values, inputs: Values, secret: AccountSecret, held: AccountSecret) -> Values:
        users, path, active = inputs["users"], inputs[_SECRET]["path"], inputs[_SECRET]["user"]
        known = passwords.passwords_for(state, inputs, secret, held, self._systems.accepts)
        current = (state.get(_SECRET) or {}).get("user")
        for part_kind in self._part_kinds:
            before, parts = part_kind.items(state), part_kind.items(inputs)
            # Of changed users, the current one comes last.
            for name in sorted(parts, key=lambda name: (name == current, name)):
                part = parts[name]
                whole = part_kind.kind_inputs(part, known, path) | {"adopt": inputs["adopt"]}
                if name not in before:
                    if not part_kind.create(name, whole, secret):
                        raise _exists_error(state, inputs, [part_kind.label(name)])
                elif part_kind.is_users or part_kind.different_fields(before[name], part):
                    # A user's login is always checked.
                    part_kind.kind.update(name, before[name], whole)
        version = secret.write(active, known[active], passwords.fingerprint_of(known[active]))
        for part_kind in reversed(self._part_kinds):
            for name in part_kind.in_order(state, but=inputs):
                self._remove(part_kind, name)
        return inputs | passwords.outputs(state, users, known, version)

    def _remove(self, part_kind: PartKind, name: str) -> None:
        """Delete a part; a user is disabled first, to block logins while the nodes of a cluster disagree."""
        if part_kind.is_users:
            user = self._systems.nexus().users.find(name)
            if user is not None:
                self._systems.nexus().users.disable(user)
        part_kind.kind.remove(name, {})


def _exists_error(state: Values, inputs: Values, parts: list[str]) -> KindError:
    """Return the error of parts that exist, and that this stack did not create."""
    existing = f"{', '.join(parts)} {'exists' if len(parts) == 1 else 'exist'} already"
    if not state:
        doing = action("create", "account", inputs["account"])
        return ExistsError(f"{doing}: {existing}", str(ImportId.for_inputs(inputs)))
    return KindError(
        f"{action('update', 'account', inputs['account'])}: {existing}, and not created by this stack. "
        "Take over with adopt: true at the account's entry in access.yaml, or delete it"
    )
