"""The part of GitLab's runner that reads `secrets: vault:`, built from the runner's Go module (tests/runner pins it).

The whole runner cannot be built: its module needs step-runner, which the Go module proxy does not have.
"""

from __future__ import annotations

import json
import subprocess
from typing import Any

from tests.support.project.programs import built
from tests.support.project.project import ROOT, Done
from tools.recipes import Recipe

_RUNNER = Recipe("runner-secrets", str(ROOT / "tests" / "runner"), "ciaccess/runner")


def read_secret(entry: str, variables: dict[str, str], token: str) -> Done:
    """Read an entry of `secrets:`, `path/field@mount`, with the variables that GitLab fills in for a runner."""
    place, _, mount = entry.partition("@")
    path, _, field = place.rpartition("/")
    data = {"jwt": token}
    if role := variables.get("VAULT_AUTH_ROLE"):
        data["role"] = role
    auth = {"name": "jwt", "path": variables.get("VAULT_AUTH_PATH", "jwt"), "data": data}
    server = {"url": variables["VAULT_SERVER_URL"], "namespace": "", "auth": auth}
    asked: dict[str, Any] = {"server": server, "path": path, "field": field}
    asked["engine"] = {"name": variables.get("engine", "kv-v2"), "path": mount or "kv-v2"}
    done = subprocess.run(
        [built(_RUNNER)], input=json.dumps(asked), capture_output=True, text=True, check=False, timeout=60
    )
    return Done(done.returncode, done.stdout, done.stderr)
