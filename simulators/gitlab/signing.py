"""The key that signs id_tokens: made once, kept in a file of mode 0600, published as a JSON Web Key Set."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from simulators.shared.files import write_private

if TYPE_CHECKING:
    from pathlib import Path

ALGORITHM = "RS256"
_BITS = 2048


class SigningKey:
    """An RSA key, named by its thumbprint (RFC 7638) as GitLab names it."""

    def __init__(self, private: rsa.RSAPrivateKey, name: str = "") -> None:
        self._private = private
        public = RSAAlgorithm.to_jwk(private.public_key(), as_dict=True)
        members = {part: public[part] for part in ("e", "kty", "n")}
        thumbprint = hashlib.sha256(json.dumps(members, separators=(",", ":")).encode()).digest()
        self.name = name or base64.urlsafe_b64encode(thumbprint).rstrip(b"=").decode()
        self.published: dict[str, Any] = members | {"use": "sig", "alg": ALGORITHM, "kid": self.name}

    @classmethod
    def load(cls, data: Path) -> SigningKey:
        """Return the key of a data folder, made now if it has none."""
        path = data / "signing-key.pem"
        if path.exists():
            found = serialization.load_pem_private_key(path.read_bytes(), password=None)
            if not isinstance(found, rsa.RSAPrivateKey):
                raise TypeError(f"{path} holds no RSA key")
            return cls(found)
        private = rsa.generate_private_key(public_exponent=65537, key_size=_BITS)
        write_private(
            path,
            private.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ),
        )
        return cls(private)

    def impostor(self) -> SigningKey:
        """Return another key that claims this one's name: what it signs must not be believed."""
        return SigningKey(rsa.generate_private_key(public_exponent=65537, key_size=_BITS), self.name)

    def sign(self, claims: dict[str, Any]) -> str:
        """Return the claims as a signed token."""
        return jwt.encode(claims, self._private, algorithm=ALGORITHM, headers={"kid": self.name})

    def leave_unsigned(self, claims: dict[str, Any]) -> str:
        """Return the claims as a token of algorithm `none`: it must not be believed either."""
        return jwt.encode(claims, "", algorithm="none", headers={"kid": self.name})
