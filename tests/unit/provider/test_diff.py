"""What the engine shows of a difference."""

from __future__ import annotations

from tests.support.provider.account import TOKEN
from tests.support.provider.plugin import Engine, Resource

NAME = "svc-x"
USER = {
    "user_id": NAME,
    "first_name": "X",
    "last_name": "Y",
    "email_address": "x@example.org",
    "status": "active",
    "roles": ["nx-anonymous"],
    "password_version": 1,
}
INPUTS = {
    "account": NAME,
    "users": {NAME: USER},
    "secret": {"path": f"secret/data/nexus/{NAME}", "user": NAME},
    "metadata": {"rotation": "1"},
}


def test_the_changed_inputs_of_an_account_are_named_without_their_paths() -> None:
    """The engine shows no others beside an update: `[diff: ~metadata,users]`."""
    with Engine({}) as engine:
        before = engine.check(TOKEN, NAME, INPUTS)
        user = {**USER, "roles": ["nx-anonymous", "nx-all"]}
        after = {**INPUTS, "users": {NAME: user}, "metadata": {"rotation": "2"}}
        found = engine.diff(Resource(TOKEN, NAME, NAME, before, before), engine.check(TOKEN, NAME, after))
    assert {"metadata", "users"} <= set(found.diffs)
    assert not [name for name in found.diffs if "." in name or "[" in name]
    assert 'users["svc-x"].roles' in found.detailedDiff
