from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ciaccess.clients.errors import UnexpectedAnswerError
from ciaccess.clients.redaction import redact
from ciaccess.clients.vault.client import Vault
from tests.support.servers.scripted_server import in_json
from tests.unit.clients.conftest import QUICK

if TYPE_CHECKING:
    from tests.support.servers.scripted_server import ScriptedServer


@pytest.mark.parametrize("auth", [{"client_token": "", "mfa_requirement": {}}, {"client_token": None}, {}])
def test_a_login_without_a_token_is_said(server: ScriptedServer, auth: dict[str, object]) -> None:
    """Vault's login MFA answers so; the text None is no secret to be concealed from then on."""
    server.answers("POST /v1/auth/jwt/login", in_json({"auth": auth}))
    with pytest.raises(UnexpectedAnswerError, match="the answer has no token") as caught:
        Vault(server.url, "", options=QUICK).log_in("jwt", "nexus-ci", "planted-id-token")
    assert str(caught.value).startswith("log in at 'auth/jwt' with role 'nexus-ci': ")
    assert redact("None of it") == "None of it"
