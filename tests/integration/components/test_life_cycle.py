"""From nothing to provisioned, again without a change, and away: plain `pulumi` on the organisation's YAML."""

from __future__ import annotations

import json
import re
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pytest

from tests.support.project.project import STACK
from tests.support.servers.jobs import id_token, login

if TYPE_CHECKING:
    from tests.support.project.project import Done, Project

APPLICATIONS = ("svc-orchestrator", "svc-executor", "svc-datastore", "svc-bench", "svc-fsdb")
ACCOUNTS = (*APPLICATIONS, "svc-promoter", "svc-deployer", "svc-admin")


class CommandLines:
    """Every command line that ran on the machine while a block ran."""

    def __init__(self) -> None:
        self.seen: set[str] = set()
        self._over = threading.Event()
        self._watcher = threading.Thread(target=self._watch)

    def __enter__(self) -> Self:
        self._watcher.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._watcher.join()

    def _watch(self) -> None:
        while not self._over.wait(0.05):
            for process in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    self.seen.add(process.read_bytes().decode(errors="replace"))
                except OSError:
                    continue


@pytest.fixture(scope="module")
def first_up(project: Project) -> tuple[Done, CommandLines]:
    with CommandLines() as lines:
        done = project.up().succeeded()
    return done, lines


def outputs(project: Project) -> dict[str, Any]:
    found: dict[str, Any] = project.inspect("output", "--json").succeeded().json()
    return found


@pytest.mark.usefixtures("first_up")
def test_up_gives_every_account_a_secret_that_nexus_accepts(project: Project) -> None:
    for account in ACCOUNTS:
        secret = project.secret(account)
        assert set(secret) == {"username", "password"}
        assert secret["username"] == account
        assert len(secret["password"]) >= 32
        assert project.accepts(account)
    assert len({project.secret(account)["password"] for account in ACCOUNTS}) == len(ACCOUNTS)


@pytest.mark.usefixtures("first_up")
def test_up_admits_jobs_of_the_group_and_lets_them_read_what_the_role_names(project: Project) -> None:
    vault = login(project, id_token(project, "orchestrator/executor"))
    for account in ACCOUNTS[:-1]:
        read = vault.secrets.kv.v2.read_secret_version(
            f"nexus/{account}", mount_point="secret", raise_on_deleted_version=True
        )
        assert read["data"]["data"] == project.secret(account)


@pytest.mark.usefixtures("first_up")
def test_up_sets_vault_addr_on_the_group(project: Project) -> None:
    variable = project.gitlab("GET", "api/v4/groups/9/variables/VAULT_ADDR").json()
    assert variable["value"] == project.address("vault")
    assert (variable["protected"], variable["masked"], variable["raw"]) == (False, False, True)


@pytest.mark.usefixtures("first_up")
def test_outputs_are_few_and_hold_no_secret(project: Project) -> None:
    shown = outputs(project)
    assert set(shown) == {"login_path", "roles", "accounts"}
    assert shown["login_path"] == "auth/jwt/login"
    assert shown["roles"] == {"nexus-ci": sorted(ACCOUNTS[:-1])}
    assert shown["accounts"] == {account: f"secret/data/nexus/{account}" for account in ACCOUNTS}


@pytest.mark.usefixtures("first_up")
def test_a_second_up_changes_nothing(project: Project) -> None:
    before = {account: project.secret(account) for account in ACCOUNTS}
    project.up("--expect-no-changes", "--refresh").succeeded()
    assert before == {account: project.secret(account) for account in ACCOUNTS}


@pytest.mark.usefixtures("first_up")
def test_a_preview_that_looks_finds_nothing(project: Project) -> None:
    assert project.preview().code == 0


def test_no_password_is_found_outside_vault(project: Project, first_up: tuple[Done, CommandLines]) -> None:
    done, lines = first_up
    planted = [project.credential(name) for name in ("vault-token", "nexus-password", "gitlab-token")]
    passwords = [project.secret(account)["password"] for account in ACCOUNTS]
    shown = [
        project.pulumi("preview", "--refresh", "--diff").text,
        project.inspect("export").succeeded().text,
    ]
    texts = [done.text, *shown, *lines.seen]
    credentials = {project.local / name for name in ("vault-token", "nexus-password", "gitlab-token")}
    files = [path for path in project.state.rglob("*") if path.is_file() and path not in credentials]
    assert any("stacks" in path.parts for path in files), "the state is among them"
    for secret in planted + passwords:
        assert not [text[:200] for text in texts if secret in text]
        # Vault's own storage is encrypted, so even its files are searched.
        assert not [path for path in files if secret.encode() in path.read_bytes()]


@pytest.mark.usefixtures("first_up")
def test_a_counted_up_rotation_changes_one_password_and_nothing_else(project: Project) -> None:
    before = {account: project.secret(account) for account in ACCOUNTS}
    project.edit("purpose: Bench\n", "purpose: Bench\n    rotation: 2\n")
    project.up().succeeded()
    after = {account: project.secret(account) for account in ACCOUNTS}
    assert [account for account in ACCOUNTS if before[account] != after[account]] == ["svc-bench"]
    assert after["svc-bench"]["username"] == "svc-bench-b"
    assert project.accepts("svc-bench")
    old = ("svc-bench", before["svc-bench"]["password"])
    assert project.nexus("GET", "status", auth=old).ok, "who has read it before goes on until the next turn"


@pytest.mark.usefixtures("first_up")
def test_an_account_taken_out_of_the_yaml_is_gone_and_no_other_is_touched(project: Project) -> None:
    rest = {account: project.secret(account) for account in ACCOUNTS if account != "svc-fsdb"}
    project.edit("  svc-fsdb:\n    purpose: FSDB/CWIQFS\n    push: [yum]\n", "")
    project.edit("        - svc-fsdb\n", "")
    project.up().succeeded()
    users = {user["userId"] for user in project.nexus("GET", "security/users?source=default").json()}
    assert "svc-fsdb" not in users
    assert project.nexus("GET", "security/roles/ci-svc-fsdb").status_code == 404
    assert rest == {account: project.secret(account) for account in rest}


@pytest.mark.usefixtures("first_up")
@pytest.mark.parametrize("command", ["up", "destroy"])
def test_a_role_of_another_owner_in_a_forged_state_is_not_deleted(project: Project, command: str) -> None:
    theirs = {"id": "nx-theirs", "name": "nx-theirs", "description": "Theirs (managed by other-team)"}
    project.nexus("POST", "security/roles", json=theirs | {"privileges": [], "roles": []})
    state = project.inspect("export").succeeded().json()
    whole, resources = json.dumps(state), state["deployment"]["resources"]
    (ours,) = [each for each in resources if each.get("id") == "nx-pull-all"]
    forged = json.loads(json.dumps(ours).replace("nx-pull-all", "nx-theirs"))
    forged["outputs"]["description"] = forged["inputs"]["description"] = theirs["description"]
    if command == "destroy":
        resources[:] = [each for each in resources if not each.get("provider")]
    resources.append(forged)
    file = project.folder / "forged.json"
    file.write_text(json.dumps(state), encoding="utf-8")
    project.inspect("import", "--file", str(file)).succeeded()
    done = project.pulumi(command, "--yes", "--skip-preview")
    file.write_text(whole, encoding="utf-8")
    project.inspect("import", "--file", str(file)).succeeded()
    assert done.code != 0
    assert "delete role 'nx-theirs': the role is managed by other-team: not marked" in done.text
    assert project.nexus("GET", "security/roles/nx-theirs").ok
    project.nexus("DELETE", "security/roles/nx-theirs")


@pytest.mark.usefixtures("first_up")
@pytest.mark.parametrize("command", ["up", "destroy --run-program"])
def test_an_account_of_another_stack_is_not_deleted_by_a_forged_entry_with_a_forged_provider(
    project: Project, command: str
) -> None:
    secret: dict[str, Any] = {"path": "nexus/svc-theirs", "mount_point": "secret"}
    vault = project.vault().secrets.kv.v2
    vault.create_or_update_secret(**secret, secret={"username": "svc-theirs", "password": "theirs"})
    vault.update_metadata(**secret, custom_metadata={"owner": "ciaccess", "stack": "ciaccess/other"})
    state = project.inspect("export").succeeded().json()
    whole, resources = json.dumps(state), state["deployment"]["resources"]
    (account,) = [each for each in resources if each["urn"].endswith("ServiceAccount::svc-bench")]
    (provider,) = [each for each in resources if each["type"] == "pulumi:providers:ciaccess"]
    urn, identity = account["provider"].rpartition("::")[::2]
    forged = urn.replace(f":{STACK}::", ":other::", 1)
    text = json.dumps(account).replace("svc-bench", "svc-theirs").replace(urn, forged)
    entry = json.loads(text)
    entry |= {
        "urn": entry["urn"].replace(f":{STACK}::", ":other::", 1),
        "dependencies": [],
        "propertyDependencies": {},
    }
    entry.pop("parent", None)
    provider = {**provider, "urn": forged, "id": identity}
    provider.pop("parent", None)
    if command != "up":
        resources[:] = [each for each in resources if not each.get("provider")]
    resources += [provider, entry]
    file = project.folder / "forged.json"
    file.write_text(json.dumps(state), encoding="utf-8")
    project.inspect("import", "--force", "--file", str(file)).succeeded()
    done = project.pulumi(*command.split(), "--yes", "--skip-preview")
    file.write_text(whole, encoding="utf-8")
    project.inspect("import", "--file", str(file)).succeeded()
    assert done.code != 0
    assert re.search(r"delete account 'svc-theirs'.*claimed by ciaccess, stack ciaccess/other", done.text), (
        done.text
    )
    assert (
        vault.read_secret_version(**secret, raise_on_deleted_version=True)["data"]["data"]["password"]
        == "theirs"
    )
    vault.delete_metadata_and_all_versions(**secret)


@pytest.mark.usefixtures("first_up")
def test_destroy_leaves_nothing_of_ours(project: Project) -> None:
    project.pulumi("destroy", "--yes", "--skip-preview").succeeded()
    users = {user["userId"] for user in project.nexus("GET", "security/users?source=default").json()}
    assert users == {"admin", "anonymous"}
    roles = {role["id"] for role in project.nexus("GET", "security/roles?source=default").json()}
    assert not {role for role in roles if role.startswith("ci-") or role == "nx-pull-all"}
    assert project.nexus("GET", "security/content-selectors").json() == []
    vault = project.vault()
    assert "jwt/" not in vault.sys.list_auth_methods()["data"]
    assert "nexus-read-policy" not in vault.sys.list_acl_policies()["data"]["keys"]
    assert project.gitlab("GET", "api/v4/groups/9/variables").json() == []
