"""Who logs in by a directory and reaches the secrets, by a real login, is found by drift; who does not is not."""

from __future__ import annotations

import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest
import requests

from ciaccess.environment import tool_cache
from tests.integration.drift.test_auth_methods import POLICY, found
from tests.support.access.organisation import organisation
from tests.support.project.programs import built
from tests.support.project.project import ROOT
from tests.support.servers.simulator import free_port
from tests.support.servers.vault import VaultProcess
from tools.recipes import Recipe

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
DIRECTORY = Recipe("directory", str(ROOT / "tests" / "directory"), ".")
SECRET = "secret/data/nexus/svc-bench"
LDAP = {"userattr": "cn", "userdn": "ou=people,dc=test", "groupdn": "ou=groups,dc=test", "groupattr": "cn"}
# Where the policy is given, and the findings that must come of it.
WAYS: dict[str, tuple[str, dict[str, Any]]] = {
    "ldap/users/jane": ("ldap", {"policies": POLICY}),
    "ldap/groups/ops": ("ldap", {"policies": POLICY.title()}),
    "ldap/config": ("ldap", {"token_policies": [POLICY]}),
    "radius/users/jane": ("radius", {"policies": POLICY}),
    "radius/config": ("radius", {"unregistered_user_policies": POLICY}),
}


class Directories:
    """An OpenBao, which has these methods itself, beside an LDAP and a RADIUS server."""

    def __init__(self, bao: VaultProcess) -> None:
        self.bao = bao
        self.ldap, self.radius = free_port(), free_port()

    def configure(self) -> None:
        client: Any = self.bao.client
        settings = {
            "ldap": {"url": f"ldap://127.0.0.1:{self.ldap}", **LDAP},
            "radius": {"host": "127.0.0.1", "port": self.radius, "secret": "shared"},
        }
        for kind, fields in settings.items():
            client.sys.disable_auth_method(f"team/{kind}")
            client.sys.enable_auth_method(kind, path=f"team/{kind}")
            client.write_data(f"auth/team/{kind}/config", data=fields)

    def reads(self, kind: str, password: str = "hers") -> bool:
        """Log in as jane, and tell whether she reads the secret."""
        url = f"{self.bao.url}/v1"
        answer = requests.post(f"{url}/auth/team/{kind}/login/jane", json={"password": password}, timeout=30)
        if not answer.ok:
            return False
        headers = {"X-Vault-Token": answer.json()["auth"]["client_token"]}
        return requests.get(f"{url}/{SECRET}", headers=headers, timeout=10).ok


@pytest.fixture(scope="module")
def directories(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Directories]:
    bao = VaultProcess(
        tmp_path_factory.mktemp("bao") / "server.log", program=str(tool_cache() / "bin" / "bao")
    )
    bao.start()
    found = Directories(bao)
    addresses = [f"--ldap=127.0.0.1:{found.ldap}", f"--radius=127.0.0.1:{found.radius}"]
    with subprocess.Popen([built(DIRECTORY), *addresses]) as server:
        client: Any = bao.client
        client.write_data(SECRET, data={"data": {"username": "x"}})
        client.sys.create_or_update_policy(POLICY, f'path "{SECRET}" {{ capabilities = ["read"] }}')
        yield found
        server.terminate()
    bao.stop()


@pytest.mark.parametrize("way", WAYS)
def test_who_logs_in_and_reads_the_secret_is_found_and_the_command_ends_it(
    directories: Directories, way: str
) -> None:
    kind, fields = WAYS[way]
    client: Any = directories.bao.client
    directories.configure()
    path = f"auth/team/{way}"
    kept = {**client.read(path)["data"]} if way.endswith("config") else {}
    if kind == "radius" and kept:
        kept |= {"secret": "shared"}
    client.write_data(path, data={**kept, **fields})
    wait_until_logins_work(directories, kind)
    assert directories.reads(kind)
    assert not directories.reads(kind, "wrong")
    (finding,) = found(organisation(), directories.bao).findings
    assert (finding.id, finding.object) == ("vault.auth.role", path)
    variables = {
        "PATH": f"{tool_cache() / 'bin'}:/usr/bin:/bin",
        "VAULT_ADDR": directories.bao.url,
        "VAULT_TOKEN": directories.bao.token,
    }
    command = finding.manual_command.replace("vault write", "bao write")
    subprocess.run(["sh", "-ec", command], env=variables, check=True, capture_output=True)
    assert not directories.reads(kind)
    assert found(organisation(), directories.bao).findings == ()


def wait_until_logins_work(directories: Directories, kind: str) -> None:
    """Wait for the directory, which has just been started."""
    deadline = time.monotonic() + 20
    while not directories.reads(kind) and time.monotonic() < deadline:
        time.sleep(0.2)
