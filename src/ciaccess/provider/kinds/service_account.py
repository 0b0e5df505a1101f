"""A service account as one resource: its users, role, content selectors and privileges in Nexus, and its secret in Vault.

Owns the order of every change: what grants is made before what uses it; Nexus accepts a password, a login proves it, and
only then does the secret hand it out; what is no longer wanted goes last. Nothing is written where a part is somebody
else's. The secret's metadata says whose the account is before anything of it exists, so that a run that was killed is
continued by the next one, whether or not a state was written (docs/adr/0013).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ciaccess.access.desired.ownership import owner_in
from ciaccess.clients.errors import action
from ciaccess.clients.nexus.own_privileges import is_called_after
from ciaccess.provider.kinds import account_passwords as passwords
from ciaccess.provider.kinds.account_import import ImportId
from ciaccess.provider.kinds.account_parts import sorts_of
from ciaccess.provider.kinds.account_passwords import VERSION
from ciaccess.provider.kinds.account_secret import (
    LOST,
    OTHER,
    AccountSecret,
    check_metadata,
    check_secret,
    described,
    has_only_credentials,
    holding,
)
from ciaccess.provider.kinds.fields import FLAG, MAPPING, UNKNOWN, WHOLE_NUMBER, Failure, Field, Values
from ciaccess.provider.kinds.kind import Change, Difference, Kind, KindError, Seen
from ciaccess.provider.kinds.nexus import ID
from ciaccess.provider.kinds.nexus_user import LOGIN
from ciaccess.provider.kinds.objects import ADOPT, ExistsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ciaccess.provider.kinds.account_parts import Sort
    from ciaccess.provider.systems import Systems

    Check = Callable[[Values], tuple[Values, tuple[Failure, ...]]]

_SECRET, _METADATA = "secret", "metadata"
# Given by the program in a run that writes, and no part of any state: then logins may be tried (`diff`).
_APPLIES = "applies"
_RECORDED = (passwords.FINGERPRINTS, passwords.VERSIONS, passwords.SECRET_VERSION)


class AccountExistsError(ExistsError):
    """Parts of the account exist, and are somebody else's."""

    def __init__(self, inputs: Values, parts: list[str]) -> None:
        super().__init__("account", str(ImportId.for_inputs(inputs)), "Nexus or Vault")
        self.args = (f"{action('create', 'account', inputs['account'])}: {_taken(parts)}",)


class ServiceAccount(Kind):
    """`users`, `selectors` and `privileges` hold their parts by id, `role` is one or empty; `secret` is {path, user}."""

    token = "ciaccess:index:ServiceAccount"  # noqa: S105 a type token, no secret
    noun = "account"
    fields = (
        Field("account", rule=ID, identifies=True),
        Field("users", MAPPING),
        Field("role", MAPPING, default={}),
        Field("selectors", MAPPING, default={}),
        Field("privileges", MAPPING, default={}),
        Field(_SECRET, MAPPING),
        Field(_METADATA, MAPPING, default={}),
        Field("purge", FLAG, default=False),
        ADOPT,
        Field(_APPLIES, FLAG, default=False, compared=False),
        Field(passwords.FINGERPRINTS, MAPPING, compared=False, computed=True),
        Field(passwords.VERSIONS, MAPPING, compared=False, computed=True),
        Field(passwords.SECRET_VERSION, WHOLE_NUMBER, compared=False, computed=True),
    )

    def __init__(self, systems: Systems) -> None:
        super().__init__(systems)
        self._sorts = sorts_of(systems)
        # Accounts that this process refreshed, and those that the program applies.
        self._refreshed: set[str] = set()
        self._applied: set[str] = set()

    def check(
        self, old: Mapping[str, Any], inputs: Mapping[str, Any], concealed: frozenset[str]
    ) -> tuple[Values, tuple[Failure, ...]]:
        """Check each part as its own kind does."""
        values, failures = super().check(old, inputs, concealed)
        if values.pop(_APPLIES, False) is True:
            self._applied.add(str(values.get("account")))
        checks: dict[str, Check] = {_SECRET: check_secret, _METADATA: check_metadata}
        checks |= {sort.name: sort.checked for sort in self._sorts}
        for name, check in checks.items():
            if isinstance(values.get(name), dict):
                values[name], found = check(values[name])
                failures += found
        users, secret = values.get("users"), values.get(_SECRET)
        # An import gives as inputs what the read found, which may lack the user that is handed out.
        is_found = old.get("users") == inputs.get("users")
        if not failures and not is_found and isinstance(users, dict) and isinstance(secret, dict):
            if not users:
                failures += (Failure("users", "is empty: an account has a user at least"),)
            elif secret["user"] not in users:
                failures += (Failure("secret.user", f"is none of the users {', '.join(sorted(users))}"),)
        return values, failures

    def diff(self, resource_id: str, state: Values, inputs: Values) -> Difference:
        """Name each field of each part that differs.

        No refresh tries a login. So in `up --refresh` an account without other changes is asked here whether Nexus accepts
        the recorded passwords.
        """
        changes = [change for sort in self._sorts for change in sort.changes(state, inputs)]
        for section in (_SECRET, _METADATA):
            before, after = state.get(section) or {}, inputs.get(section)
            names = sorted(before.keys() | after.keys()) if isinstance(after, dict) else []
            changes += [
                Change(f"{section}.{name}", replaces=False, was_missing=name not in before)
                for name in names
                if (before.get(name) or "") != (after or {}).get(name, "")
            ]
        if state.get("purge", False) != inputs.get("purge", False):
            changes.append(Change("purge", replaces=False))
        if inputs["account"] != resource_id:
            changes.append(Change("account", replaces=True))
        refused = passwords.unproven(state)
        if not changes and not refused and resource_id in self._refreshed & self._applied:
            refused = self._refused_logins(state, inputs)
        changes += [Change(f'users["{user}"].login', replaces=False) for user in sorted(refused)]
        if passwords.SECRET_VERSION not in state:
            # Made before states had it, with the passwords.
            changes.append(Change(passwords.SECRET_VERSION, replaces=False, was_missing=True))
        return Difference(tuple(changes), delete_first=False)

    def create(self, inputs: Values) -> Values:
        """Make the account, or go on where a killed run has left it.

        What another stack has claimed, and not destroyed since, is not adopted either.
        """
        secret = self._secret(inputs)
        if inputs["adopt"] and secret.is_anothers and secret.snapshot.exists:
            raise KindError(
                f"{action('adopt', self.noun, inputs['account'])}: the stack {secret.snapshot.custom['stack']} has claimed it "
                f"(custom metadata of {secret.secret.name}). Let it go there first, or delete the key stack there"
            )
        self._refuse_foreign({}, inputs, secret)
        secret.claim()
        return self._bring_about({}, inputs, secret, secret)

    def read(self, resource_id: str, state: Values) -> Seen | None:
        """Return all parts as they are, by the shared lists and the secret's metadata; an import also tries logins."""
        imported = None if state else ImportId.of(resource_id)
        path = imported.path if imported else state[_SECRET]["path"]
        secret = AccountSecret(self._systems.vault(), path, {}, reads_value=imported is not None)
        snapshot = secret.snapshot
        before = imported.parts(self._systems.nexus(), snapshot) if imported else state
        seen: Values = {}
        for sort in self._sorts:
            parts = {name: _seen(sort, name, part) for name, part in sort.items(before).items()}
            seen[sort.name] = sort.held({name: part for name, part in parts.items() if part is not None})
        is_to_purge = bool(before.get("purge")) and snapshot.version > 0
        if not any(seen.values()) and not snapshot.exists and not is_to_purge:
            return None
        self._refreshed.add(before["account"])
        if imported:
            known = passwords.published(secret, before["users"], self._systems.accepts)
            recorded = passwords.imported(seen["users"], known, snapshot.version)
        else:
            recorded = {name: state[name] for name in _RECORDED if name in state}
        seen |= {"account": before["account"], "purge": before.get("purge", False)}
        seen |= {_SECRET: holding(before | recorded, snapshot), _METADATA: described(snapshot)}
        if imported and snapshot.exists and not has_only_credentials(snapshot):
            seen[_SECRET]["holds"] = OTHER
        return Seen(seen | recorded, before["account"])

    def update(self, resource_id: str, state: Values, inputs: Values) -> Values:
        """Bring in line what differs."""
        del resource_id
        secret = self._secret(inputs)
        is_elsewhere = state[_SECRET]["path"] != inputs[_SECRET]["path"]
        held = self._secret(state) if is_elsewhere else secret
        self._refuse_foreign(state, inputs, secret)
        passwords.restore(state, held)
        done = self._bring_about(state, inputs, secret, held)
        if is_elsewhere:
            held.remove(purge=inputs["purge"])
        return done

    def delete(self, resource_id: str, state: Values) -> None:
        """Delete the secret, then the users, each disabled first, then what they were granted; purge the secret last.

        Its metadata has the claim, without which nothing is deleted: so a run that was killed can be finished.
        """
        secret = self._secret(state, reads_value=False)
        going = [(sort, name) for sort in reversed(self._sorts) for name in sorted(sort.items(state))]
        foreign = [found for sort, name in going if (found := self._foreign(sort, name, state, secret))]
        if secret.snapshot.version and not self._is_claimed(secret):
            foreign.append(f"secret '{secret.secret.name}' ({secret.holder})")
        if foreign:
            raise _not_ours(action("delete", self.noun, resource_id), foreign)
        is_to_purge = bool(state.get("purge"))
        if is_to_purge:
            secret.check_purge()
        secret.remove(purge=False)
        for sort, name in going:
            self._remove(sort, name, state)
        if is_to_purge:
            secret.remove(purge=True)

    def look(self, state: Values | None, inputs: Values) -> None:
        """Refuse parts that are somebody else's."""
        if isinstance(inputs.get(_SECRET), dict):
            self._refuse_foreign(state or {}, inputs, self._secret(inputs, reads_value=False))

    def planned(self, state: Values | None, inputs: Values) -> Values:
        """Return what is recorded of the passwords, unknown where one of them becomes another one."""
        before = state or {}
        users, section = inputs.get("users"), before.get(_SECRET) or {}
        stay = isinstance(users, dict) and all(passwords.stays(before, *each) for each in users.items())
        if not stay or section.get("holds") == LOST:
            return inputs | dict.fromkeys(_RECORDED, UNKNOWN)
        known = {name: before.get(name, UNKNOWN) for name in _RECORDED}
        if section != inputs[_SECRET]:
            known[passwords.SECRET_VERSION] = UNKNOWN
        return inputs | known

    def resource_id(self, inputs: Values) -> str | None:
        """Return the account's name."""
        account = inputs.get("account")
        return account if isinstance(account, str) else None

    def inputs_of(self, values: Values, given: Values) -> Values:
        """Leave out what is no part of a state."""
        inputs = super().inputs_of(values, given)
        return {name: value for name, value in inputs.items() if name != _APPLIES}

    def stored(self, values: Mapping[str, Any]) -> Values:
        """Return the parts of a state with types too."""
        typed = super().stored(values)
        for sort in self._sorts:
            if isinstance(typed.get(sort.name), dict):
                typed[sort.name] = sort.stored(typed)
        return typed

    def _secret(self, values: Values, *, reads_value: bool = True) -> AccountSecret:
        path, metadata = values[_SECRET]["path"], values[_METADATA]
        return AccountSecret(self._systems.vault(), path, metadata, reads_value=reads_value)

    def _refused_logins(self, state: Values, inputs: Values) -> list[str]:
        """Return the users whose recorded password is in the secret and is not accepted by Nexus."""
        held = self._secret(state)
        found = {user: passwords.recorded(state, held, user) for user in inputs["users"]}
        return [
            user for user, password in found.items() if password and not self._systems.accepts(user, password)
        ]

    def _refuse_foreign(self, state: Values, inputs: Values, secret: AccountSecret) -> None:
        """Refuse all that exists, is new to this resource, and is not this stack's by the claim or by being equal.

        Raises:
            KindError: which it is.
        """
        if inputs["adopt"]:
            return
        foreign: list[str] = []
        for sort in self._sorts:
            new = sort.items(inputs).keys() - sort.items(state).keys()
            for name in sorted(new):
                part = sort.items(inputs)[name]
                existing = sort.kind.objects(part).find(name)
                if existing is not None and not _is_ours(sort, existing, part, secret):
                    foreign.append(f"{sort.kind.noun} '{name}'")
        if state:
            self._refuse_to_remove(state, inputs, secret)
        is_elsewhere = (state.get(_SECRET) or {}).get("path") != inputs[_SECRET]["path"]
        if is_elsewhere and secret.snapshot.exists and not secret.is_claimed:
            foreign.append(f"secret '{secret.secret.name}'")
        if foreign:
            raise _exist(state, inputs, foreign)

    def _refuse_to_remove(self, state: Values, inputs: Values, secret: AccountSecret) -> None:
        """Refuse to delete a part that is declared no more and not ours.

        An adoption may find unmarked selectors and privileges that are called after the role: these are the account's.
        """
        role = str((inputs["role"] or {}).get("role_id", ""))
        going = [
            (sort, name)
            for sort in self._sorts
            for name in sorted(sort.items(state).keys() - sort.items(inputs).keys())
            if inputs.get(sort.name) is not UNKNOWN and not (role and is_called_after(role, name))
        ]
        foreign = [found for sort, name in going if (found := self._foreign(sort, name, state, secret))]
        if foreign:
            raise _not_ours(action("update", self.noun, inputs["account"]), foreign)

    def _foreign(self, sort: Sort, name: str, state: Values, secret: AccountSecret) -> str:
        """Return what a part is, and whose, that exists and is not marked and claimed as this stack's; "" for ours."""
        existing = sort.kind.objects(sort.items(state)[name]).find(name)
        owner = owner_in(str(getattr(existing, sort.marked_in, "")))
        if existing is None or (owner == state[_METADATA].get("owner") and self._is_claimed(secret)):
            return ""
        whose = f"managed by {owner}" if owner else "without an owner"
        return f"{sort.kind.noun} '{name}' ({whose})"

    def _is_claimed(self, secret: AccountSecret) -> bool:
        """Tell whether the secret is claimed, and by the stack that runs: the state may say anything."""
        stack = self._systems.stack
        return secret.is_claimed and stack in ("", secret.snapshot.custom.get("stack"))

    def _bring_about(
        self, state: Values, inputs: Values, secret: AccountSecret, held: AccountSecret
    ) -> Values:
        users, active = inputs["users"], inputs[_SECRET]["user"]
        known = passwords.wanted(state, inputs, secret, held, self._systems.accepts)
        handed_out = (state.get(_SECRET) or {}).get("user")
        for sort in self._sorts:
            before, parts = sort.items(state), sort.items(inputs)
            # Of users that change, the one in use comes last.
            for name in sorted(parts, key=lambda name: (name == handed_out, name)):
                part = parts[name]
                whole = sort.whole(part, known, inputs[_SECRET]["path"]) | {"adopt": inputs["adopt"]}
                if name not in before:
                    if not _is_made(sort, name, whole, secret):
                        raise _exist(state, inputs, [f"{sort.kind.noun} '{name}'"])
                elif sort.is_users or sort.differing(name, before[name], part):
                    # A user's login is tried in any case.
                    sort.kind.update(name, before[name], whole)
        version = secret.write(inputs, known[active])
        for sort in reversed(self._sorts):
            for name in sorted(sort.items(state).keys() - sort.items(inputs).keys()):
                self._remove(sort, name, state)
        return inputs | passwords.outputs(state, users, known, version)

    def _remove(self, sort: Sort, name: str, state: Values) -> None:
        """Remove a part; a user is disabled first, so that nobody gets in while the nodes of a cluster disagree."""
        part = sort.items(state)[name]
        if sort.is_users:
            user = self._systems.nexus().users.find(name)
            if user is not None:
                self._systems.nexus().users.disable(user)
        sort.kind.delete(name, part)


def _seen(sort: Sort, name: str, part: Values) -> Values | None:
    """Return a part as it is; of a user all but its login, which no refresh tries."""
    seen = sort.kind.read(name, part | {"password": ""} if sort.is_users else part)
    if seen is None or not sort.is_users:
        return None if seen is None else seen.values
    values = {key: value for key, value in seen.values.items() if key not in ("password", LOGIN)}
    return values | {VERSION.name: part[VERSION.name]}


def _is_ours(sort: Sort, existing: object, part: Values, secret: AccountSecret) -> bool:
    """Tell whether a part that exists is this stack's: by being equal, or by its marker where the account is claimed."""
    is_equal = not sort.is_users and sort.kind.is_ours(existing, part)
    return is_equal or (sort.is_marked_alike(existing, part) and secret.is_claimed)


def _is_made(sort: Sort, name: str, whole: Values, secret: AccountSecret) -> bool:
    """Make a part, or take over what a killed run has made; False where it is somebody else's, whom no list had yet."""
    try:
        sort.kind.create(whole)
    except ExistsError:
        existing = sort.kind.objects(whole).read(name)
        if existing is None or not _is_ours(sort, existing, whole, secret):
            return False
        sort.kind.create(whole | {"adopt": True})
    return True


def _not_ours(doing: str, parts: list[str]) -> KindError:
    """Return the error of a deletion of what is not marked and claimed as this stack's."""
    return KindError(
        f"{doing}: {', '.join(parts)}: not marked and claimed as this stack's. Nothing was deleted. Where it is this stack's, "
        "`pulumi up --refresh` with the account declared marks it again; else take the entry out of the state (pulumi state delete)"
    )


def _exist(state: Values, inputs: Values, parts: list[str]) -> KindError:
    """Return the error of parts that are somebody else's."""
    if not state:
        return AccountExistsError(inputs, parts)
    return KindError(
        f"{action('update', 'account', inputs['account'])}: {_taken(parts)}, and not of this stack's making. "
        "Take over with adopt: true at the account's entry in access.yaml, or delete it"
    )


def _taken(parts: list[str]) -> str:
    return f"{', '.join(parts)} {'exists' if len(parts) == 1 else 'exist'} already"
