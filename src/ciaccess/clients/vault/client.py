"""Vault's API: existing objects, a token's capabilities, secrets.

It reads, logs jobs in and out, and writes secrets (those of accounts by clients/vault/secret): all else in Vault is pulumi-vault's. A
path that may not be read is a ForbiddenError, never "not there".
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

import requests

from ciaccess.clients.errors import (
    ForbiddenError,
    NotFoundError,
    RefusedError,
    UnexpectedAnswerError,
    UnreachableError,
    error_class,
)
from ciaccess.clients.http.session import HttpOptions, PooledSession, Session, as_api_error, json_of
from ciaccess.clients.redaction import conceal
from ciaccess.clients.vault.id_token_times import name_times

SYSTEM = "Vault"
_DISCOVERY = "/.well-known/openid-configuration"
_MOST_DIGITS = 18
_REMEDIES = {
    400: "Check the path.",
    403: "Set VAULT_TOKEN to a token that is valid and may read this path.",
    HTTPStatus.SERVICE_UNAVAILABLE: "Unseal Vault, or wait for it, and run again.",
}


class Vault(Session):
    """One Vault with one token, in the namespace VAULT_NAMESPACE. Safe to use from several threads."""

    writes_are_repeatable = True

    def __init__(self, url: str, token: str, *, options: HttpOptions | None = None) -> None:
        conceal(token)
        headers = {"X-Vault-Request": "true", "X-Vault-Token": token}
        if namespace := os.environ.get("VAULT_NAMESPACE"):
            headers["X-Vault-Namespace"] = namespace
        self._options = options or HttpOptions()
        super().__init__(SYSTEM, url, options=self._options, headers=headers)
        self.token = token

    def log_in(self, mount: str, role: str, id_token: str) -> Vault:
        """Return this Vault with the token of a login by an id_token; an error has Vault's reason."""
        doing = f"log in at 'auth/{mount}' with role '{role}'"
        conceal(id_token)
        with name_times(id_token):
            answer = self.ask("post", f"auth/{mount}/login", doing, {"role": role, "jwt": id_token})
        token = object_of(answer.get("auth"), doing).get("client_token")
        if not isinstance(token, str) or not token:
            # Vault's own login MFA answers so, and asks for a second step that no job can take.
            remedy = "Check that VAULT_ADDR is Vault's, and that no login MFA is enforced at this mount."
            raise UnexpectedAnswerError(doing, "the answer has no token", remedy, system=SYSTEM)
        return Vault(self.url, token, options=self._options)

    def log_out(self) -> None:
        """Revoke the token; one of type batch cannot be revoked, which is a RefusedError."""
        self.ask("post", "auth/token/revoke-self", "revoke the token")

    def exists(self, api_path: str) -> bool:
        """Tell whether an object exists at an API path, such as `sys/policies/acl/x`.

        A KV secret whose latest version was deleted is not there: its readers get 404 too.
        """
        return self._get(api_path, f"look for '{api_path}'") is not None

    def capabilities(self, paths: Sequence[str]) -> dict[str, set[str]]:
        """Return the token's capabilities at each API path, including `root` and `deny`."""
        doing = f"ask for the token's rights at {len(paths)} paths"
        if not paths:
            return {}
        answer = self.ask("post", "sys/capabilities-self", doing, {"paths": list(paths)})
        rights = object_of(answer.get("data"), doing)
        return {path: texts(rights.get(path, []), doing) for path in paths}

    def unreadable(self, paths: Iterable[str]) -> dict[str, str]:
        """Return the paths that the token may not read (list, if they end in /), with the capability."""
        needed = {path: "list" if path.endswith("/") else "read" for path in sorted(set(paths))}
        rights = self.capabilities(list(needed))
        return {path: need for path, need in needed.items() if not rights[path] & {need, "root"}}

    def health(self) -> dict[str, Any]:
        """Return `{initialized, sealed, standby, …}`; whatever the state, Vault is asked to answer 200."""
        states = ("standby", "perfstandby", "sealed", "uninit", "drsecondary", "performancestandby")
        answering = {f"{state}code": "200" for state in states}
        return self.ask("get", "sys/health", "check Vault's health", parameters=answering)

    def token_lives(self) -> None:
        """Make sure that the token is accepted."""
        self.ask("get", "auth/token/lookup-self", "look up the token")

    def read(self, api_path: str) -> dict[str, Any] | None:
        """Return the data at an API path, None where there is nothing."""
        answer = self._get(api_path, f"read '{api_path}'")
        return None if answer is None else object_of(answer.get("data"), f"read '{api_path}'")

    def mount(self, path: str) -> dict[str, Any] | None:
        """Return the mount at a path (`secret`, `auth/jwt`), None without one, which is a 400 of Vault."""
        try:
            return self.read(f"sys/mounts/{path}")
        except RefusedError as error:
            if "No secret engine mount" in error.reason:
                return None
            raise

    def keys(self, api_path: str) -> list[str]:
        """Return the names that Vault lists under an API path; where it knows none it has no list either."""
        doing = f"list '{api_path}'"
        try:
            answer = self.ask("get", api_path, doing, parameters={"list": "true"})
        except NotFoundError:
            return []
        found: Any = object_of(answer.get("data"), doing).get("keys")
        texts(found, doing)
        return list(found)

    def lists(self, mount: str) -> list[str]:
        """Return the top-level lists of a mount (`auth/approle/` has `role`); any token may ask."""
        doing = f"ask what '{mount}' lists"
        answer = self.ask("get", mount.rstrip("/"), doing, parameters={"help": "1"})
        paths = object_of(object_of(answer.get("openapi"), doing).get("paths"), doing)
        return sorted(
            path.strip("/")
            for path, described in paths.items()
            if path != "/" and "{" not in path and _is_list(path, described)
        )

    def kv_version(self, mount: str) -> int | None:
        """Return the version of the KV engine at a mount, None if there is none.

        Raises:
            ForbiddenError: the token may do nothing under the mount, or it is not there: Vault does not tell which.
        """
        doing = f"look for the KV engine at '{mount}'"
        try:
            answer = self._get(f"sys/internal/ui/mounts/{mount}", doing)
        except ForbiddenError as error:
            remedy = "Mount it, correct vault.kv.mount, or give the token rights under it: Vault does not tell which."
            raise error.with_remedy(remedy) from None
        engine = (answer or {}).get("data")
        if not isinstance(engine, dict) or engine.get("type") not in ("kv", "generic"):
            return None
        return number(object_of(engine.get("options") or {}, doing).get("version", "1"), doing)

    def write_secret(self, mount: str, path: str, fields: dict[str, str]) -> None:
        """Write a new version of a KV v2 secret that no program manages: what a person brings."""
        for value in fields.values():
            conceal(value)
        self.ask("post", f"{mount}/data/{path}", f"write secret '{mount}/{path}'", {"data": fields})

    def url_answers(self, url: str, authority: str = "") -> None:
        """Make sure that a discovery or JWKS URL answers, as Vault will ask it; no credentials are sent.

        An `authority` in PEM is the only one that Vault then trusts there.
        """
        if not authority:
            _ask_for_keys(url, self._options, "")
            return
        remedy = "Vault trusts only the authority in access.yaml there: correct oidc_discovery_ca_pem or jwks_ca_pem."
        with TemporaryDirectory() as folder:
            bundle = Path(folder, "authority.pem")
            bundle.write_text(authority, encoding="utf-8")
            _ask_for_keys(url, replace(self._options, ca_bundle=bundle), remedy)

    def unmount(self, path: str) -> None:
        """Delete a mount with all that is in it: `auth/jwt`, `secret`."""
        place = f"sys/{path}" if path.startswith("auth/") else f"sys/mounts/{path}"
        self.ask("delete", place, f"unmount '{path}'")

    def _get(self, api_path: str, doing: str) -> dict[str, Any] | None:
        """Return what is at an API path, None where there is nothing."""
        try:
            return self.ask("get", api_path, doing)
        except NotFoundError:
            return None

    def ask(
        self,
        method: str,
        api_path: str,
        doing: str,
        body: Any = None,
        *,
        parameters: dict[str, str] | None = None,
        keep_missing: bool = False,
    ) -> dict[str, Any]:
        """Return the answer of a call, {} for none; `keep_missing`: also the body of a 404."""
        path = f"/v1/{quote(api_path.strip('/'))}"
        answer = self.send(method.upper(), path, doing, body=body, params=parameters)
        status = answer.status_code
        if status == HTTPStatus.NO_CONTENT:
            return {}
        if status == HTTPStatus.NOT_FOUND:
            object_of(_body(answer) or None, doing)  # a proxy's page is no "not there"
        # A deleted version of a secret is a 404 with its number.
        is_kept = keep_missing and status == HTTPStatus.NOT_FOUND and "data" in _body(answer)
        if status != HTTPStatus.OK and not is_kept:
            reason = f"{SYSTEM} answered {status}{_faults(answer)}"
            remedy = _REMEDIES.get(status, "Run again later; Vault's own log has details.")
            raise error_class(status)(doing, reason, remedy, system=SYSTEM, status=status)
        return object_of(json_of(answer, doing, SYSTEM), doing)


def refusal(path: str, need: str) -> tuple[str, str]:
    """Return why a path cannot be read without a capability, and the remedy."""
    return (
        f"the token may not {need} {path}",
        f'Give its policy: path "{path}" {{ capabilities = ["{need}"] }}.',
    )


def _is_list(path: str, described: Any) -> bool:
    """Tell whether a path is a list: Vault ends it with a slash, OpenBao has a parameter `list`."""
    get = described.get("get") if isinstance(described, dict) else None
    parameters = get.get("parameters") if isinstance(get, dict) else None
    return path.endswith("/") or any(
        isinstance(each, dict) and each.get("name") == "list" for each in parameters or ()
    )


def _body(answer: requests.Response) -> dict[str, Any]:
    try:
        found = answer.json()
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _faults(answer: requests.Response) -> str:
    faults = _body(answer).get("errors")
    listed = faults if isinstance(faults, list) else []
    return f", {'; '.join(str(fault).strip() for fault in listed)}" if listed else ""


def object_of(value: Any, doing: str) -> dict[str, Any]:
    """Return a value that must be an object; likewise `texts` and `number`."""
    if not isinstance(value, dict):
        raise unexpected_answer(doing)
    return value


def texts(value: Any, doing: str) -> set[str]:
    """Return a list of texts as a set."""
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise unexpected_answer(doing)
    return set(value)


def number(value: Any, doing: str) -> int:
    """Return a whole number, which Vault sometimes writes as text."""
    if type(value) is int and value >= 0:
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _MOST_DIGITS:
        return int(value)
    raise unexpected_answer(doing)


def unexpected_answer(doing: str, reason: str = "the response is not Vault's") -> UnexpectedAnswerError:
    """Return the error of an answer of another shape."""
    return UnexpectedAnswerError(doing, reason, "Check that VAULT_ADDR is Vault's address.", system=SYSTEM)


def _ask_for_keys(url: str, options: HttpOptions, untrusted_remedy: str) -> None:
    doing = f"ask '{url}'"
    session = PooledSession(url, options)
    try:
        for address in (url, url.rstrip("/") + _DISCOVERY):
            answer = session.get(address)
            if answer.status_code == HTTPStatus.OK and _is_key_source(answer, doing):
                return
    except requests.RequestException as error:
        failure = as_api_error(error, doing, "The issuer", url)
        # OpenSSL's word. Other failures of TLS have other causes.
        is_untrusted = isinstance(error, requests.exceptions.SSLError) and "CERTIFICATE" in str(error)
        remedy = (untrusted_remedy if is_untrusted else "") or failure.remedy
        raise UnreachableError(failure.doing, failure.reason, remedy, system=SYSTEM) from None
    finally:
        session.close()
    reason = "it answers neither keys nor an OpenID configuration"
    remedy = (
        "Correct vault.jwt.discovery_url or jwks_url in access.yaml: Vault would keep a half-made backend."
    )
    raise UnexpectedAnswerError(doing, reason, remedy, system=SYSTEM)


def _is_key_source(answer: requests.Response, doing: str) -> bool:
    """Tell whether an answer is a JWKS or an OpenID configuration."""
    try:
        found = json_of(answer, doing, SYSTEM)
    except UnexpectedAnswerError:
        return False
    return isinstance(found, dict) and ("keys" in found or "jwks_uri" in found)
