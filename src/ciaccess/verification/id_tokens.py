"""id_tokens: a job's own, forged ones derived from it, and issuers of others.

A forged token has the claims of a valid one, so that only its signature can be the reason of a refusal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol, Self

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from ciaccess.clients.redaction import conceal
from ciaccess.errors import CiaccessError

_BITS = 2048
_TAMPERED_LETTERS = 20


class TokenError(CiaccessError):
    """The id_token is missing or invalid; the text has the reason and the remedy."""


@dataclass(frozen=True)
class IdToken:
    """An id_token and what it claims; the text is a secret while it lives."""

    text: str = field(repr=False)
    claims: Mapping[str, Any]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a token without verifying it.

        Raises:
            TokenError: it is invalid.
        """
        conceal(text)
        try:
            claims = jwt.decode(text, options={"verify_signature": False})
        except jwt.InvalidTokenError:
            raise TokenError("not an id_token: expected three parts of base64 with JSON in them") from None
        return cls(text, claims)

    @property
    def job(self) -> str:
        """Return its job, in words."""
        return f"a job of {self.claims.get('project_path', '?')} on {self.claims.get('ref', '?')}"

    def with_changed_signature(self) -> str:
        """Return it with the beginning of its signature changed."""
        head, _, signature = self.text.rpartition(".")
        changed = signature[:_TAMPERED_LETTERS].swapcase() + signature[_TAMPERED_LETTERS:]
        return _conceal(f"{head}.{changed}")

    def without_signature(self) -> str:
        """Return the same claims in a token of algorithm `none`."""
        return _conceal(jwt.encode(dict(self.claims), "", algorithm="none", headers=self._header()))

    def with_another_key(self) -> str:
        """Return the same claims signed by a key of ours that claims the issuer's name."""
        return _conceal(
            jwt.encode(dict(self.claims), _another_key(), algorithm="RS256", headers=self._header())
        )

    def _header(self) -> dict[str, Any]:
        found = jwt.get_unverified_header(self.text).get("kid")
        return {} if found is None else {"kid": found}


def _conceal(token: str) -> str:
    conceal(token)
    return token


@cache
def _another_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=_BITS)


class Issuer(Protocol):
    """An issuer of id_tokens of any job, valid and invalid ones."""

    @property
    def projects(self) -> Sequence[str]:
        """Return the full paths of projects that it can issue tokens for, one outside the groups."""

    def mint(self, project: str, ref: str, audience: str, **options: Any) -> str:
        """Return the token of a job of `project` on `ref`.

        `options` are `ref_type` (branch, tag), `pipeline_source`, `environment`, `overrides` (claims in place of the job's),
        `issued_at_offset_seconds` (negative: in the past).

        Raises:
            TokenError: it could not.
        """
