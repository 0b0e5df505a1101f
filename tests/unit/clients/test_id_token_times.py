"""Vault's refusal of a token for its times, in words that name both clocks."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from ciaccess.clients.errors import RefusedError
from ciaccess.clients.vault.id_token_times import lifetime, name_times

_TIMES = {"iat": 1_795_000_000, "nbf": 1_794_999_995, "exp": 1_795_000_300}
_VALID = "the token is valid from 2026-11-18 11:06:35 UTC to 2026-11-18 11:11:40 UTC; Vault lets clocks differ by 60 s"


def token(claims: Any) -> str:
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{payload}.c2lnbmF0dXJl"


def refused(said: str, id_token: str) -> RefusedError:
    with pytest.raises(RefusedError) as raised, name_times(id_token):
        raise RefusedError("log in", said, "Check the path.", system="Vault", status=400)
    return raised.value


@pytest.mark.parametrize(
    "said",
    [
        "error validating token: invalid expiration time (exp) claim: token is expired",
        "error validating token: invalid not before (nbf) claim: token not yet valid",
        "error validating token: invalid issued at (iat) claim: token issued in the future",
    ],
)
def test_a_refusal_for_the_time_is_told_with_both_clocks(said: str) -> None:
    told = refused(said, token(_TIMES))
    assert told.reason.startswith(f"{said}; {_VALID}; here it is 20")
    assert "by NTP" in told.remedy


def test_another_refusal_or_a_token_without_times_has_nothing_added() -> None:
    other = "error validating token: invalid audience (aud) claim"
    assert refused(other, token(_TIMES)).reason == other
    late = "token is expired"
    for broken in (
        "",
        "a.b.c",
        "a.b",
        token([]),
        token({"exp": "soon"}),
        token({"exp": True, "iat": 10**20}),
    ):
        assert refused(late, broken).reason == late


def test_a_token_without_nbf_is_valid_from_when_it_was_issued() -> None:
    assert lifetime({"iat": 1_795_000_000, "exp": 1_795_000_300}).startswith(
        "the token is valid from 2026-11-18 11:06:40"
    )
    assert lifetime({}) == ""
