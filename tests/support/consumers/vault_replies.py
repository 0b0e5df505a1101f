"""What Vault answers a job, and the job that asks: for tests against a server that answers as it is told."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.support.consumers.job_shell import IMAGES, Ended, JobShell, unsigned_token
from tests.support.servers.scripted_server import Reply, ScriptedServer

if TYPE_CHECKING:
    from pathlib import Path

LOGIN = "POST /v1/auth/jwt/login"
SECRET = "GET /v1/secret/data/nexus/svc-executor"
REVOKE = "POST /v1/auth/token/revoke-self"
# Every character of the alphabet that ciaccess makes passwords of, and a few in a row.
PASSWORD = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~~..--__"
VAULT_TOKEN = "hvs.CAESIJ-token_of.Vault"
ID_TOKEN = unsigned_token(
    iss="https://gitlab.shared.cwiq.io", aud=["x", "y"], ref="main", ref_protected="true"
)
# Prints the credentials that a job has got.
SHOW = 'nexus_auth svc-executor; printf "<%s|%s>" "$NEXUS_USER" "$NEXUS_PASSWORD"'


def compact(body: object, status: int = 200) -> Reply:
    """Return a document as Vault writes it: without blanks, and with a line's end."""
    return Reply(status, json.dumps(body, separators=(",", ":")).encode() + b"\n", "application/json")


def logged_in() -> Reply:
    """Return the answer to a login."""
    auth = {"client_token": VAULT_TOKEN, "accessor": "a", "policies": ["p"]}
    return compact({"request_id": "x", "data": None, "auth": auth})


def secret(password: str = PASSWORD) -> Reply:
    """Return the secret of svc-executor."""
    data = {"password": password, "username": "svc-executor"}
    metadata = {"custom_metadata": None, "version": 1}
    return compact({"request_id": "x", "data": {"data": data, "metadata": metadata}, "warnings": None})


def refused(status: int, *reasons: str) -> Reply:
    """Return a refusal with its reasons."""
    return compact({"errors": list(reasons)}, status)


def willing_vault() -> ScriptedServer:
    """Return a server that plays a Vault in which all is well."""
    server = ScriptedServer()
    server.answers(LOGIN, logged_in())
    server.answers(SECRET, secret())
    server.answers(REVOKE, Reply(204))
    return server


def job(folder: Path, image: str, vault: ScriptedServer | None = None) -> JobShell:
    """Return a job with an id_token in that kind of image, its VAULT_ADDR set where there is a Vault."""
    address = {"VAULT_ADDR": vault.url} if vault else {}
    return JobShell(folder, IMAGES[image], {"VAULT_ID_TOKEN": ID_TOKEN, **address})


def shows_no_secret(ended: Ended) -> bool:
    """Tell whether the job's output is free of the password and of both tokens."""
    return not any(each in ended.out + ended.err for each in (PASSWORD, VAULT_TOKEN, ID_TOKEN))
