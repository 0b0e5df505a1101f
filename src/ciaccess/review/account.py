"""An account, one resource to the engine, as the parts that people know.

Owns what the parts are, and in which of their fields two states of the account differ. No state holds a password: a user's
has a version, and the secret has the password of one user, so that both show when a password is another one. What a
resource's change is called is resources'.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from ciaccess.engine.events import Inputs, Resource
from ciaccess.engine.resource_types import METADATA, PRIVILEGE, ROLE, SECRET, SELECTOR, USER
from ciaccess.review.fields import Masked, different_names, values

Key = tuple[str, str]
Parts = dict[Key, dict[str, Any]]

_MANY = {"users": USER, "selectors": SELECTOR, "privileges": PRIVILEGE}
_SECTIONS = frozenset((*_MANY, "role", "secret", "metadata"))
_VERSION, _PASSWORD = "password_version", "password"
_LOST = "lost"  # what a secret holds whose recorded version is gone, too
_GONE = "none"  # what a secret holds of which no version is left
_FIRST = "1"  # the rotation that an account is made with
_NO_VERSIONS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Part(Resource):
    """A part of an account as a resource; `note` is the text on its password or versions."""

    note: str = ""


def parts(inputs: Inputs | None, versions: Mapping[str, str] = _NO_VERSIONS) -> Parts:
    """Return the parts in one state of an account, by type and name, each with its fields.

    `versions` are those of the passwords of users that this state may lack, because they were deleted by hand: the
    password in the secret is the same.
    """
    if inputs is None:
        return {}
    known = {**versions, **_versions(inputs)}
    found: Parts = {
        (type_, name): dict(part)
        for section, type_ in _MANY.items()
        for name, part in _section_of(inputs, section).items()
    }
    for (type_, name), part in found.items():
        if type_ == USER and part.pop(_VERSION, None) is not None:
            part[_PASSWORD] = Masked((known[name],))
    if role := _section_of(inputs, "role"):
        found[ROLE, role["role_id"]] = dict(role)
    secret, metadata = _section_of(inputs, "secret"), _section_of(inputs, "metadata")
    path, holds, user = str(secret.get("path", "")), secret.get("holds"), _current_user(inputs)
    if path and holds != _GONE:
        found[SECRET, path] = {"path": path, _PASSWORD: Masked((user, known.get(user), holds))}
    if path and any(metadata.values()):
        found[METADATA, path] = {"path": path, **metadata}
    return found


def known_inputs(account: Resource) -> Inputs | None:
    """Return what is wanted of an account; sections that only `up` will know are as they are now."""
    wanted, before = account.wanted, account.live or account.state or {}
    if wanted is None:
        return None
    unknown = [section for section in _SECTIONS if isinstance(wanted.get(section), str)]
    return {**wanted, **{section: _section_of(before, section) for section in unknown}} if unknown else wanted


def expand_account(account: Resource) -> Iterator[Resource]:
    """Yield an account without its parts, and then its parts."""
    yield replace(account, state=_own(account.state), live=_own(account.live), wanted=_own(account.wanted))
    whole = replace(account, wanted=known_inputs(account))
    versions = _versions(whole.wanted) | _versions(whole.state) | _versions(whole.live)
    state, live, wanted = (parts(each, versions) for each in (whole.state, whole.live, whole.wanted))
    if account.live is None:
        # Whether the metadata exist was not checked.
        live = {key: part for key, part in state.items() if key[0] == METADATA}
    if not _is_purged(whole):
        # Vault keeps it with the versions.
        wanted |= {key: part for key, part in live.items() if key[0] == METADATA and key not in wanted}
    for key in dict.fromkeys((*state, *live, *wanted)):
        was, is_, will = state.get(key), live.get(key), wanted.get(key)
        drifted, planned = _different_fields(key[0], was, is_), _different_fields(key[0], is_, will)
        yield Part(
            urn=f"{account.urn}/{'/'.join(key)}",
            type=key[0],
            parent=account.urn,
            action=_action(account, is_, will, planned),
            state=was,
            live=is_,
            wanted=will,
            drifted=drifted,
            planned=planned,
            note=_note(whole, key, was=was is not None, will_be=will is not None),
        )


def _action(account: Resource, live: Inputs | None, wanted: Inputs | None, planned: frozenset[str]) -> str:
    if wanted is None:
        return "delete"
    if live is None:
        return "import" if account.action == "import" else "create"
    return "update" if planned else "same"


def _different_fields(type_: str, before: Inputs | None, after: Inputs | None) -> frozenset[str]:
    """Return the names of the fields that differ, of a part that is there in both states."""
    if before is None or after is None or before == after:
        return frozenset()
    return frozenset(different_names(values(type_, before), values(type_, after)))


def _note(account: Resource, key: Key, *, was: bool, will_be: bool) -> str:
    """Return the text on a part's password or versions; `was`: the state has the part."""
    type_, name = key
    state, wanted = account.state, account.wanted
    if type_ == SECRET and not will_be:
        kept = "the latest is deleted, earlier ones are kept"
        return "all are deleted permanently" if _is_purged(account) else kept
    if type_ not in (USER, SECRET) or wanted is None:
        return ""
    if state is None:
        adopted = "kept where Nexus accepts the one in Vault, else new; not shown"
        return adopted if wanted.get("adopt") else ""
    if type_ == USER:
        return _step(state, wanted, name)
    if account.live and _section_of(account.live, "secret").get("holds") == _LOST:
        return (
            "a new password, unless an earlier version has the recorded one: its version is gone from Vault"
        )
    # A deleted account is created again, with new passwords.
    return _turn(state, wanted) or ("" if was or account.live is None else "as before, not shown")


def _step(state: Inputs, wanted: Inputs, user: str) -> str:
    """Return `version 1 → 2` where a user's password becomes another one."""
    before, after = (_versions(inputs).get(user) for inputs in (state, wanted))
    return "" if None in (before, after) or before == after else f"version {before} → {after}"


def _turn(state: Inputs, wanted: Inputs) -> str:
    """Return the secret's change of rotation, with its new user, "" if it stays."""
    user = _current_user(wanted)
    is_other = user != _current_user(state)
    step = _step(state, wanted, user)
    if not (is_other or step):
        return ""
    before, after = (_section_of(inputs, "metadata").get("rotation") or _FIRST for inputs in (state, wanted))
    reason = [f"version {before} → {after}" if before != after else step]
    reason += [f"now of the user {user}"] if is_other else []
    return ", ".join(filter(None, reason))


def _is_purged(account: Resource) -> bool:
    return bool((account.wanted or account.live or account.state or {}).get("purge"))


def _own(inputs: Inputs | None) -> Inputs | None:
    """Return what does not belong to a part; a section that only `up` will know stays, as a text."""
    if inputs is None:
        return None
    return {name: value for name, value in inputs.items() if name not in _SECTIONS or isinstance(value, str)}


def _section_of(inputs: Inputs, section: str) -> dict[str, Any]:
    found = inputs.get(section)
    return found if isinstance(found, dict) else {}


def _current_user(inputs: Inputs) -> str:
    return str(_section_of(inputs, "secret").get("user", ""))


def _versions(inputs: Inputs | None) -> dict[str, str]:
    users = _section_of(inputs or {}, "users")
    return {name: str(int(user[_VERSION])) for name, user in users.items() if _VERSION in user}
