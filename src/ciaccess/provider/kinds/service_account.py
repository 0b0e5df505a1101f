"""A service account as one resource: its users, role, content selectors and privileges in Nexus, and its secret in Vault.

Owns the order of every change: what grants is made before what uses it; Nexus accepts a password, a login proves it, and
only then does the secret hand it out; what is no longer wanted goes last. Nothing is written where a part is somebody
else's. The secret's metadata says whose the account is before anything of it exists, so that a run that was killed is
continued by the next one, whether or not a state was written (docs/adr/0013).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ciaccess.clients.errors import action
from ciaccess.provider.kinds import account_passwords as passwords
from ciaccess.provider.kinds.account_import import ImportId
from ciaccess.provider.kinds.account_parts import sorts_of
from ciaccess.provider.kinds.account_passwords import VERSION
from ciaccess.provider.kinds.account_secret import (
    AccountSecret,
    check_metadata,
    check_secret,
    described,
    holding,
)
from ciaccess.provider.kinds.fields import FLAG, MAPPING, UNKNOWN, Failure, Field, Values
from ciaccess.provider.kinds.kind import Change, Difference, Kind, KindError, Seen
from ciaccess.provider.kinds.nexus import ID
from ciaccess.provider.kinds.objects import ADOPT, ExistsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ciaccess.provider.kinds.account_parts import Sort
    from ciaccess.provider.systems import Systems

    Check = Callable[[Values], tuple[Values, tuple[Failure, ...]]]

_SECRET, _METADATA = "secret", "metadata"


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
        Field("passwords", MAPPING, secret=True, compared=False, computed=True),
        Field("fingerprints", MAPPING, compared=False, computed=True),
    )

    def __init__(self, systems: Systems) -> None:
        super().__init__(systems)
        self._sorts = sorts_of(systems)

    def check(
        self, old: Mapping[str, Any], inputs: Mapping[str, Any], concealed: frozenset[str]
    ) -> tuple[Values, tuple[Failure, ...]]:
        """Check each part as its own kind does."""
        values, failures = super().check(old, inputs, concealed)
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
        """Name each field of each part that differs."""
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
        return self._bring_about({}, inputs, secret)

    def read(self, resource_id: str, state: Values) -> Seen | None:
        """Return all parts as they are, by the shared lists, one look at the secret, and a login of each user."""
        imported = None if state else ImportId.of(resource_id)
        path = imported.path if imported else state[_SECRET]["path"]
        secret = AccountSecret(self._systems.vault(), path, {})
        snapshot = secret.snapshot
        before = imported.parts(self._systems.nexus(), snapshot) if imported else state
        known = before.get("passwords") or passwords.published(
            snapshot, secret.secret, before["users"], self._systems.accepts
        )
        seen: Values = {}
        for sort in self._sorts:
            parts = {name: self._seen(sort, name, part, known) for name, part in sort.items(before).items()}
            seen[sort.name] = sort.held({name: part for name, part in parts.items() if part is not None})
        if not any(seen.values()) and not snapshot.exists:
            return None
        seen |= {"account": before["account"], "purge": before.get("purge", False)}
        seen |= {_SECRET: holding(before, snapshot, known), _METADATA: described(snapshot)}
        return Seen(seen | _outputs(known), before["account"])

    def update(self, resource_id: str, state: Values, inputs: Values) -> Values:
        """Bring in line what differs."""
        del resource_id
        secret = self._secret(inputs)
        self._refuse_foreign(state, inputs, secret)
        done = self._bring_about(state, inputs, secret)
        if state[_SECRET]["path"] != inputs[_SECRET]["path"]:
            self._secret(state).remove(purge=inputs["purge"])
        return done

    def delete(self, resource_id: str, state: Values) -> None:
        """Take the secret away, then the users, each disabled first, then what they were granted."""
        del resource_id
        self._secret(state).remove(purge=state.get("purge", False))
        for sort in reversed(self._sorts):
            for name in sorted(sort.items(state)):
                self._remove(sort, name, state)

    def look(self, state: Values | None, inputs: Values) -> None:
        """Refuse parts that are somebody else's."""
        if isinstance(inputs.get(_SECRET), dict):
            self._refuse_foreign(state or {}, inputs, self._secret(inputs))

    def planned(self, state: Values | None, inputs: Values) -> Values:
        """Return passwords that are not known yet, unless all of them stay."""
        before = state or {}
        if isinstance(inputs.get("users"), dict) and passwords.is_known(before, inputs):
            return inputs | _outputs(passwords.kept(before, inputs["users"]))
        return inputs | {"passwords": UNKNOWN, "fingerprints": UNKNOWN}

    def resource_id(self, inputs: Values) -> str | None:
        """Return the account's name."""
        account = inputs.get("account")
        return account if isinstance(account, str) else None

    def stored(self, values: Mapping[str, Any]) -> Values:
        """Return the parts of a state with types too."""
        typed = super().stored(values)
        for sort in self._sorts:
            if isinstance(typed.get(sort.name), dict):
                typed[sort.name] = sort.stored(typed)
        return typed

    def _secret(self, values: Values) -> AccountSecret:
        return AccountSecret(self._systems.vault(), values[_SECRET]["path"], values[_METADATA])

    def _seen(self, sort: Sort, name: str, part: Values, known: Mapping[str, str]) -> Values | None:
        if not sort.is_users:
            seen = sort.kind.read(name, part)
            return None if seen is None else seen.values
        password = known.get(passwords.key(name, part), "")
        seen = sort.kind.read(name, part | {"password": password})
        if seen is None:
            return None
        values = {key: value for key, value in seen.values.items() if key != "password"}
        return values | {VERSION.name: part[VERSION.name]}

    def _refuse_foreign(self, state: Values, inputs: Values, secret: AccountSecret) -> None:
        """Refuse all that exists, is new to this resource, and is not this stack's by the claim or by being equal.

        Raises:
            KindError: which it is.
        """
        if inputs["adopt"]:
            return
        foreign = []
        for sort in self._sorts:
            new = sort.items(inputs).keys() - sort.items(state).keys()
            for name in sorted(new):
                part = sort.items(inputs)[name]
                existing = sort.kind.objects(part).find(name)
                if existing is not None and not _is_ours(sort, existing, part, secret):
                    foreign.append(f"{sort.kind.noun} '{name}'")
        is_elsewhere = (state.get(_SECRET) or {}).get("path") != inputs[_SECRET]["path"]
        if is_elsewhere and secret.snapshot.exists and not secret.is_claimed:
            foreign.append(f"secret '{secret.secret.name}'")
        if foreign:
            raise _exist(state, inputs, foreign)

    def _bring_about(self, state: Values, inputs: Values, secret: AccountSecret) -> Values:
        users = inputs["users"]
        if passwords.is_known(state, inputs):
            known = passwords.kept(state, users)
        else:
            accepts = self._systems.accepts
            known = passwords.wanted(state, inputs, secret.snapshot, secret.secret, accepts)
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
                elif sort.differing(name, before[name], part):
                    sort.kind.update(name, before[name], whole)
        if _is_secret_touched(state, inputs, known):
            secret.write(inputs, known)
        for sort in reversed(self._sorts):
            for name in sorted(sort.items(state).keys() - sort.items(inputs).keys()):
                self._remove(sort, name, state)
        return inputs | _outputs(known)

    def _remove(self, sort: Sort, name: str, state: Values) -> None:
        """Remove a part; a user is disabled first, so that nobody gets in while the nodes of a cluster disagree."""
        part = sort.items(state)[name]
        if sort.is_users:
            user = self._systems.nexus().users.find(name)
            if user is not None:
                self._systems.nexus().users.disable(user)
        sort.kind.delete(name, part)


def _is_secret_touched(state: Values, inputs: Values, known: Mapping[str, str]) -> bool:
    before = state.get("passwords") or {}
    user = inputs[_SECRET]["user"]
    name = passwords.key(user, inputs["users"][user])
    sections = (_SECRET, _METADATA)
    return any(state.get(each) != inputs[each] for each in sections) or before.get(name) != known[name]


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


def _outputs(known: Mapping[str, str]) -> Values:
    return {"passwords": dict(known), "fingerprints": passwords.fingerprints(known)}
