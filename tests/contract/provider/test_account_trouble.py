"""When a system is in trouble: one clean line for each verb, never "gone", never a secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ciaccess.clients import connect
from ciaccess.clients.http.session import HttpOptions
from ciaccess.clients.vault import client
from tests.support.provider.plugin import PluginError
from tests.support.servers.fault_proxy import Answer, Fault, proxy_page

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.provider.account import AccountCase

_MANY = 1_000
_JSON = "application/json"
VAULT_SAYS = {
    401: b'{"errors":["no token"]}',
    403: b'{"errors":["permission denied"]}',
    500: b'{"errors":["internal error"]}',
}
TROUBLES: dict[str, Callable[[str], Answer]] = {
    "401": lambda system: Answer(401, VAULT_SAYS[401] if system == "vault" else b"", _JSON),
    "403": lambda system: Answer(403, VAULT_SAYS[403] if system == "vault" else b"", _JSON),
    "500": lambda system: Answer(500, VAULT_SAYS[500] if system == "vault" else b'{"message":"boom"}', _JSON),
    "a page": lambda _: proxy_page(200),
    "a page of a proxy": lambda _: proxy_page(404),
    "half an answer": lambda _: Answer(200, b'{"data": {"da', _JSON),
}
# What a verb does, on an account that is there unless it is to be made.
VERBS: dict[str, Callable[[AccountCase], object]] = {
    "create": lambda account: account.up(),
    "preview": lambda account: account.preview(),
    "refresh": lambda account: account.refresh(),
    "update": lambda account: account.up(account.turn(2)),
    "delete": lambda account: account.destroy(),
    "import": lambda account: account.engine.import_(
        "ciaccess:index:ServiceAccount",
        account.name,
        f"{account.name}@1:secret/data/nexus/{account.name}:{account.role_id}",
    ),
}


def prepared(account: AccountCase, verb: str) -> None:
    if verb == "create":
        return
    account.up()
    if verb in ("import", "preview"):
        account.lose_state()
    account.engine.restart()


def one_clean_line(error: pytest.ExceptionInfo[PluginError], *secrets: str) -> str:
    line = str(error.value)
    assert "\n" not in line
    assert "Traceback" not in line
    assert ".py" not in line
    assert line.endswith(".")
    for secret in secrets:
        assert secret not in line
    return line


@pytest.mark.parametrize("system", ["nexus", "vault"])
@pytest.mark.parametrize("verb", VERBS)
def test_a_system_in_trouble_is_an_error_in_one_line_and_nothing_is_lost(
    account: AccountCase, verb: str, system: str
) -> None:
    prepared(account, verb)
    state, read = dict(account.engine.state), account.secret()
    for trouble, answer in TROUBLES.items():
        account.proxy.expect([Fault(system=system, times=_MANY, reads=True, answer=answer(system))])
        with pytest.raises(PluginError) as failed:
            VERBS[verb](account)
        line = one_clean_line(failed, read.get("password", "-" * 40))
        assert "exists already" not in line
        assert "none of this id" not in line
        assert not trouble.isdecimal() or trouble in line or "boom" in line, (trouble, line)
        assert account.engine.state == state, f"{trouble}: it is not taken for gone"
        account.live()
    assert verb == "delete" or account.secret() == read
    account.engine.restart()
    if verb in ("refresh", "update"):
        assert account.refresh() == set()
    VERBS[verb](account)


@pytest.mark.parametrize("gone", ["users", "roles"])
def test_a_secret_that_may_not_be_read_is_never_gone(
    account: AccountCase, gone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.up()
    identity = account.name if gone == "users" else account.role_id
    account.nexus.rest("DELETE", f"/security/{gone}/{identity}")
    monkeypatch.setenv("VAULT_TOKEN", account.vault.token_for(("auth/token/lookup-self", "read")))
    with pytest.raises(PluginError, match=f"read 'secret/metadata/nexus/{account.name}': Vault answered 403"):
        account.refresh()
    assert account.name in account.engine.state


def test_metadata_that_may_not_be_read_before_the_first_version_stop_a_create(
    account: AccountCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = (f"secret/data/nexus/{account.name}", "read")
    monkeypatch.setenv("VAULT_TOKEN", account.vault.token_for(rules))
    account.engine.restart()
    with pytest.raises(PluginError, match=f"read 'secret/metadata/nexus/{account.name}': Vault answered 403"):
        account.up()
    assert account.writes() == []


@pytest.mark.parametrize("how", [{"cut": "before"}, {"delay_seconds": 1.5}], ids=["cut", "time-out"])
@pytest.mark.parametrize("system", ["nexus", "vault"])
def test_a_system_that_does_not_answer_is_named(
    account: AccountCase, system: str, how: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    account.up()
    for module in (connect, client):
        monkeypatch.setattr(module, "HttpOptions", lambda: HttpOptions(read_seconds=1, down_seconds=0.5))
    account.engine.restart()
    account.proxy.expect([Fault(system=system, times=_MANY, reads=True, **how)])
    with pytest.raises(PluginError) as failed:
        account.engine.refresh(account.name)
    assert system.capitalize() in one_clean_line(failed)
    account.live()
    assert account.refresh() == set()


def test_a_secret_that_may_not_be_written_leaves_the_old_one_and_the_next_run_goes_on(
    account: AccountCase,
) -> None:
    account.up()
    read = account.secret()
    refused = Answer(403, VAULT_SAYS[403], _JSON)
    account.proxy.expect([Fault(system="vault", prefix="/v1/secret/data", answer=refused)])
    with pytest.raises(PluginError, match=f"write secret 'secret/nexus/{account.name}': Vault answered 403"):
        account.up(account.turn(2))
    account.live()
    assert account.secret() == read
    assert account.lets_in()
    account.engine.restart()
    assert account.up(account.turn(2)) == "update"
    assert account.lets_in()
