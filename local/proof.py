"""The proof of `make up`: one account followed from GitLab's token to an artifact in Nexus, as its pipeline goes.

Owns the RPM that it builds and uploads. Takes every name from access.yaml and every credential from Vault, as a job
does; nothing here knows the account's password beforehand. What every account may and may not do is for tests.
"""

from __future__ import annotations

import secrets
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests

from config.permissions import secret_api_path
from local.places import credential_file
from local.processes import StackError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from config import Access

ACCOUNT = "svc-executor"
PROJECT = "orchestrator/executor"
_ANSWER_SECONDS = 30
_SPEC = """Name: ciaccess-proof
Version: 1
Release: {release}
Summary: Proves that {account} may publish
License: None
BuildArch: noarch
%description
Uploaded by `make up`.
%files
"""


@dataclass(frozen=True)
class Step:
    """A step that went as it must: what was done, and what came of it."""

    title: str
    outcome: str


class ProofError(Exception):
    """The chain is broken; the text says at which step, what was expected, and what the server said."""


def prove(access: Access) -> Iterator[Step]:
    """Go the way of a job of the executor's pipeline, a step at a time.

    `access` is the YAML with the local stack's addresses.

    Raises:
        ProofError: a step did not go as it must.
        StackError: the RPM could not be built.
    """
    role_name, audience = _role(access)
    id_token = _id_token(access, audience)
    yield Step(f"id_token for a job of {PROJECT}", f"aud {audience}")
    token = _login(access, role_name, id_token)
    vault = requests.Session()
    vault.headers["X-Vault-Token"] = token
    yield Step(f"login at auth/{access.vault.jwt.mount}/login", f"role {role_name}")
    path = secret_api_path(access, ACCOUNT)
    answer = vault.get(f"{access.vault.address}/v1/{path}", timeout=_ANSWER_SECONDS)
    _expect(answer, (200,), f"read {path}")
    secret = answer.json()["data"]["data"]
    yield Step(
        f"read {path}", f"username {secret['username']}, password of {len(secret['password'])} characters"
    )
    yield from _artifact(access, (secret["username"], secret["password"]))
    _expect(
        vault.post(f"{access.vault.address}/v1/auth/token/revoke-self", timeout=_ANSWER_SECONDS),
        (204,),
        "log out",
    )


def _role(access: Access) -> tuple[str, str]:
    for name, role in access.vault.roles.items():
        if ACCOUNT in role.accounts:
            return name, role.bound_audiences[0]
    raise ProofError(f"no JWT role of access.yaml may read {ACCOUNT}")


def _id_token(access: Access, audience: str) -> str:
    answer = requests.post(
        f"{access.gitlab.url}/simulator/id_token",
        json={"project": PROJECT, "ref": "main", "audience": audience},
        headers={"PRIVATE-TOKEN": credential_file("gitlab-token").read_text(encoding="ascii")},
        timeout=_ANSWER_SECONDS,
    )
    _expect(answer, (201,), "mint an id_token")
    return str(answer.json()["id_token"])


def _login(access: Access, role: str, id_token: str) -> str:
    answer = requests.post(
        f"{access.vault.address}/v1/auth/{access.vault.jwt.mount}/login",
        json={"role": role, "jwt": id_token},
        timeout=_ANSWER_SECONDS,
    )
    _expect(answer, (200,), f"log in with role {role}")
    return str(answer.json()["auth"]["client_token"])


def _artifact(access: Access, credentials: tuple[str, str]) -> Iterator[Step]:
    repository = access.nexus.repositories["yum"].dev
    scope = access.accounts[ACCOUNT].path or "/"
    with tempfile.TemporaryDirectory(prefix="ciaccess-proof-") as scratch:
        package = _build_rpm(Path(scratch))
        content = package.read_bytes()
        inside, outside = f"{scope}{package.name}", f"/elsewhere/{package.name}"
        url = f"{access.nexus.url}/repository/{repository}"
        nexus = requests.Session()
        nexus.auth = credentials
        _expect(nexus.put(url + inside, content, timeout=_ANSWER_SECONDS), (200, 201), f"upload {inside}")
        yield Step(f"upload an RPM to {repository}{inside}", "accepted")
        back = nexus.get(url + inside, timeout=_ANSWER_SECONDS)
        _expect(back, (200,), f"download {inside}")
        if back.content != content:
            raise ProofError(
                f"download {inside}: {len(back.content)} bytes came back, and not those uploaded"
            )
        yield Step("download it again", f"the same {len(content)} bytes")
        _expect(nexus.put(url + outside, content, timeout=_ANSWER_SECONDS), (403,), f"upload {outside}")
        yield Step(f"upload it to {repository}{outside}", "refused, as it must be")


def _build_rpm(folder: Path) -> Path:
    if not shutil.which("rpmbuild"):
        raise StackError("build an RPM: rpmbuild is missing. Install the package rpm (Debian) or rpm-build")
    spec = folder / "proof.spec"
    # A new release each time: a repository that is written once must accept it too.
    spec.write_text(
        _SPEC.format(release=int.from_bytes(secrets.token_bytes(5)), account=ACCOUNT), encoding="utf-8"
    )
    done = subprocess.run(  # noqa: S603 our own words
        ["rpmbuild", "-bb", "--quiet", "--define", f"_topdir {folder}", str(spec)],  # noqa: S607 the system's
        capture_output=True,
        text=True,
        check=False,
    )
    built = list(folder.glob("RPMS/noarch/*.rpm"))
    if done.returncode or not built:
        raise StackError(f"build an RPM: rpmbuild failed: {done.stderr.strip()[-300:]}")
    return built[0]


def _expect(answer: requests.Response, statuses: tuple[int, ...], what: str) -> None:
    if answer.status_code in statuses:
        return
    wanted = " or ".join(map(str, statuses))
    raise ProofError(f"{what}: expected {wanted}, got {answer.status_code}: {_reason(answer)}")


def _reason(answer: requests.Response) -> str:
    """Return what the server gave as its reason, on one line; a body that is the secret itself is never one."""
    try:
        body: Any = answer.json()
    except ValueError:
        return " ".join(answer.text.split())[:200] or answer.reason
    errors = body.get("errors") if isinstance(body, dict) else None
    return "; ".join(map(str, errors))[:200] if errors else answer.reason
