"""A real Vault in memory as a process of its own, and an issuer of id_tokens with a key of the test's own."""

from __future__ import annotations

import os
import secrets
import subprocess
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import hvac
import jwt
import requests
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ciaccess.environment import tool_cache
from tests.support.servers.simulator import ROOT, free_port

if TYPE_CHECKING:
    from pathlib import Path

_ANSWER_SECONDS = 60
_START_SECONDS = 120


@dataclass
class VaultProcess:
    """A Vault that forgets everything when it ends; KV version 2 is at `secret/`, as the organisation has it."""

    log: Path
    # Vault, or OpenBao.
    program: str = field(default_factory=lambda: str(tool_cache() / "bin" / "vault"))
    options: tuple[str, ...] = ()
    port: int = field(default_factory=free_port)
    token: str = field(repr=False, default_factory=lambda: secrets.token_hex(16))
    process: subprocess.Popen[bytes] | None = field(repr=False, default=None)

    @property
    def url(self) -> str:
        """Return the address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def client(self) -> hvac.Client:
        """Return a client with the root token."""
        return hvac.Client(url=self.url, token=self.token, timeout=_ANSWER_SECONDS)

    def start(self) -> None:
        """Start the server and wait until it leads.

        Raises:
            RuntimeError: it ended, or never answered; its output is in `log`.
        """
        command = [self.program, "server", "-dev", "-dev-no-store-token"]
        # The token goes by the environment: everybody may read a command line.
        names = ("VAULT_DEV_ROOT_TOKEN_ID", "BAO_DEV_ROOT_TOKEN_ID")
        variables = {**os.environ, **dict.fromkeys(names, self.token)}
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, *self.options, f"-dev-listen-address=127.0.0.1:{self.port}"],
                cwd=ROOT,
                env=variables,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                root = {"X-Vault-Token": self.token}
                # The KV engine is ready a moment after the server.
                requests.get(f"{self.url}/v1/secret/config", headers=root, timeout=1).raise_for_status()
            except requests.RequestException:
                time.sleep(0.02)
                continue
            return
        self.stop()
        raise RuntimeError(f"vault did not start:\n{self.log.read_text(encoding='utf-8')}")

    def stop(self) -> None:
        """End the server."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=_ANSWER_SECONDS)
            self.process = None

    def token_for(self, *rules: tuple[str, str]) -> str:
        """Return a token that may do exactly this: (API path, capability)."""
        name = f"test-{secrets.token_hex(4)}"
        text = "".join(f'path "{path}" {{ capabilities = ["{capability}"] }}\n' for path, capability in rules)
        self.client.sys.create_or_update_policy(name, text)
        return str(
            self.client.auth.token.create(policies=[name], no_default_policy=True)["auth"]["client_token"]
        )


@dataclass(frozen=True)
class Issuer:
    """Signs id_tokens; a Vault trusts it by its public key, so that no GitLab is needed."""

    key: ec.EllipticCurvePrivateKey = field(
        repr=False, default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    @property
    def public_key(self) -> str:
        """Return the key in PEM, without the outer blanks that Vault trims."""
        encoded = self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return encoded.decode("ascii").strip()

    def sign(self, claims: dict[str, Any]) -> str:
        """Return a fresh token with these claims."""
        now = int(time.time())
        return jwt.encode(
            {"iat": now, "nbf": now - 5, "exp": now + 300, **claims}, self.key, algorithm="ES256"
        )
