"""`./ciaccess pull-secret`: from the real Vault to an image that skopeo pulls with what the cluster would hold."""

from __future__ import annotations

import base64
import json
import os
import pty
import subprocess
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from ruamel.yaml import YAML

from tests.support.access.organisation import edited
from tests.support.clients.images import write_layout
from tests.support.project.project import Done
from tests.support.servers.nexus import NexusProcess, start_nexus
from tests.support.servers.simulator import ROOT, free_port
from tests.support.servers.vault import VaultProcess

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ACCOUNT = "svc-deployer"
PATH = "secret/data/nexus/svc-deployer"
# What JSON, YAML, shells, Go templates and basic authentication each take for something else.
HOSTILE = ["generated-Pa55_word.~", "a\"b\\c'd`e$f", "x:y {{ .password }} ${HOME}", "%s\t&<>#|;ä漢"]
FOREIGN = ("VAULT_", "NEXUS_", "GITLAB_", "CIACCESS_")


@dataclass
class Cluster:
    """What a cluster's administrator has: a Vault, a Nexus with an image, and the YAML that names both."""

    vault: VaultProcess
    nexus: NexusProcess
    push: str
    pull: str
    file: Path

    def run(self, *words: str, **variables: str) -> Done:
        """Run the command for the orchestrator's namespace, with the token that may read the one secret."""
        done = subprocess.run(
            self.command(*words),
            cwd=ROOT,
            env=self.environment(**variables),
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def command(self, *words: str) -> list[str]:
        """Return the words of the command line."""
        return [
            *("./ciaccess", "pull-secret", "--account", ACCOUNT, "--namespace", "orchestrator"),
            *("--file", str(self.file), *words),
        ]

    def environment(self, **variables: str) -> dict[str, str]:
        """Return the environment of the command."""
        own = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
        token = self.vault.token_for((PATH, "read"))
        return own | {"VAULT_ADDR": self.vault.url, "VAULT_TOKEN": token} | variables

    def store(self, **fields: str) -> None:
        """Write the account's secret."""
        self.vault.client.secrets.kv.v2.create_or_update_secret(
            f"nexus/{ACCOUNT}", secret=fields, mount_point="secret"
        )


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("cluster")
    with ExitStack() as running:
        vault = VaultProcess(folder / "vault.log")
        vault.start()
        running.callback(vault.stop)
        nexus = start_nexus(folder)
        running.callback(nexus.stop)
        yield furnished(folder, vault, nexus)


def furnished(folder: Path, vault: VaultProcess, nexus: NexusProcess) -> Cluster:
    """Give Nexus both registries and an image in them, and lay out the YAML that names them."""
    push, pull = free_port(), free_port()
    docker = {"v1Enabled": False, "forceBasicAuth": True}
    nexus.add_repository("docker", "docker-dev", docker={**docker, "httpPort": push})
    members = {"memberNames": ["docker-dev"]}
    nexus.add_repository("docker", "docker-all", "group", docker={**docker, "httpPort": pull}, group=members)
    nexus.add_role("nx-pull-all", *(f"nx-repository-view-*-*-{action}" for action in ("browse", "read")))
    file = edited(
        folder,
        ("address: https://vault.shared.cwiq.io", f"address: {vault.url}"),
        ("push_registry: nexus.shared.cwiq.io:8443", f"push_registry: 127.0.0.1:{push}"),
        ("pull_registry: nexus.shared.cwiq.io:8444", f"pull_registry: 127.0.0.1:{pull}"),
    )
    made = Cluster(vault, nexus, f"127.0.0.1:{push}", f"127.0.0.1:{pull}", file)
    write_layout(folder / "image", "example")
    target = f"docker://{made.push}/orchestrator/example:1.0.0"
    admin = f"admin:{nexus.admin_password}"
    skopeo(folder, "copy", "--dest-tls-verify=false", "--dest-creds", admin, "oci:image", target)
    return made


def skopeo(folder: Path, *words: str) -> str:
    done = subprocess.run(
        ["skopeo", "--insecure-policy", *words],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def config_of(manifest: dict[str, Any]) -> str:
    assert manifest["type"] == "kubernetes.io/dockerconfigjson"
    return base64.b64decode(manifest["data"][".dockerconfigjson"]).decode()


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_an_image_is_pulled_with_the_pull_secret_whatever_the_password(
    cluster: Cluster, tmp_path: Path, number: int
) -> None:
    user, password = cluster.nexus.add_user(f"deployer-{number}", "nx-pull-all", password=HOSTILE[number])
    cluster.store(username=user, password=password)
    (manifest,) = YAML(typ="safe", pure=True).load_all(cluster.run().succeeded().out)
    assert manifest["metadata"]["name"] == "nexus-pull"
    assert manifest["metadata"]["namespace"] == "orchestrator"
    authfile = tmp_path / "auth.json"
    authfile.write_text(config_of(manifest), encoding="utf-8")
    for registry in (cluster.pull, cluster.push):
        image = f"docker://{registry}/orchestrator/example:1.0.0"
        shown = skopeo(tmp_path, "inspect", "--tls-verify=false", "--authfile", str(authfile), image)
        assert json.loads(shown)["Digest"].startswith("sha256:")
    image = f"docker://{cluster.pull}/orchestrator/example:1.0.0"
    skopeo(tmp_path, "copy", "--src-tls-verify=false", "--src-authfile", str(authfile), image, "oci:copy:1")


def test_json_holds_the_same_secret_as_yaml(cluster: Cluster) -> None:
    cluster.store(username=ACCOUNT, password="a-pass-word")
    (from_yaml,) = YAML(typ="safe", pure=True).load_all(cluster.run().out)
    assert cluster.run("--json").succeeded().json() == from_yaml


def on_a_terminal(cluster: Cluster, *words: str) -> tuple[int, str, str]:
    """Run the command with a terminal as its output; return its exit code, what it printed there, and its errors."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        cluster.command(*words), cwd=ROOT, env=cluster.environment(), stdout=theirs, stderr=subprocess.PIPE
    ) as process:
        os.close(theirs)
        printed = b""
        try:
            while part := os.read(ours, 65536):
                printed += part
        except OSError:  # Linux says so when the other end is closed
            pass
        errors = process.stderr.read() if process.stderr else b""
    os.close(ours)
    return process.returncode, printed.decode(), errors.decode()


def test_a_terminal_gets_the_secret_only_when_it_is_asked_for(cluster: Cluster) -> None:
    cluster.store(username=ACCOUNT, password="a-pass-word")
    code, printed, errors = on_a_terminal(cluster)
    assert (code, printed) == (1, "")
    assert "this is a terminal. Pipe it to `kubectl apply -f -`, or add --show" in errors
    code, printed, _ = on_a_terminal(cluster, "--show")
    assert code == 0
    assert ".dockerconfigjson: " in printed
    assert on_a_terminal(cluster, "--kind", "external-secret")[0] == 0


@pytest.mark.parametrize("kind", ["external-secret", "vault-static-secret", "pod-example"])
def test_manifests_without_a_secret_need_no_vault(cluster: Cluster, kind: str) -> None:
    done = cluster.run("--kind", kind, VAULT_ADDR="", VAULT_TOKEN="").succeeded()
    assert "nexus-pull" in done.out


def test_a_docker_config_for_a_host_is_the_one_of_the_secret(cluster: Cluster) -> None:
    cluster.store(username=ACCOUNT, password="a-pass-word")
    (secret,) = YAML(typ="safe").load_all(cluster.run().succeeded().out)
    host = [word for word in cluster.command() if word not in ("--namespace", "orchestrator")]
    variables = cluster.environment()
    done = subprocess.run(
        [*host, "--kind", "docker-config"],
        cwd=ROOT,
        env=variables,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == json.loads(config_of(secret))
    needed = subprocess.run(host, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
    assert (needed.returncode, needed.stdout) == (1, "")
    assert "--kind secret needs --namespace" in needed.stderr


def test_a_vault_that_cannot_be_asked_is_could_not_look(cluster: Cluster) -> None:
    denied = cluster.run(VAULT_TOKEN=cluster.vault.token_for(("secret/data/other", "read")))
    wrong = cluster.run(VAULT_TOKEN="hvs.planted-token")
    for done in (denied, wrong):
        assert (done.code, done.out) == (3, "")
        assert "read secret 'secret/nexus/svc-deployer': Vault answered 403" in done.err
        assert "planted" not in done.err


def test_a_secret_that_is_missing_or_broken_says_what_to_run(cluster: Cluster) -> None:
    cluster.store(username="a:b", password="planted-password")
    colon = cluster.run()
    cluster.store(user=ACCOUNT)
    broken = cluster.run()
    cluster.vault.client.secrets.kv.v2.delete_metadata_and_all_versions(
        f"nexus/{ACCOUNT}", mount_point="secret"
    )
    missing = cluster.run()
    assert (colon.code, broken.code, missing.code) == (1, 1, 3)
    assert "the username has a colon" in colon.err
    assert "username or password is missing. Repair: pulumi up --refresh" in broken.err
    assert "not found in Vault. Provision it: pulumi up" in missing.err
    assert "planted" not in colon.text
    assert not [done.out for done in (colon, broken, missing) if done.out]


def test_the_token_is_shown_to_no_other_vault(cluster: Cluster) -> None:
    other = cluster.run(VAULT_ADDR="http://127.0.0.1:9")
    assert other.code == 1
    assert (
        "VAULT_ADDR is http://127.0.0.1:9, but vault.address of access.yaml or of the stack's settings is "
        in other.err
    )
    nothing = cluster.run(VAULT_ADDR="", VAULT_TOKEN="")
    assert nothing.code == 1
    assert "VAULT_ADDR (Vault's address); VAULT_TOKEN" in nothing.err


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("--account", "svc-admin"), "svc-admin administers Nexus: a cluster must not hold its password"),
        (("--account", "svc-bench"), "svc-bench may pull no images"),
        (("--account", "svc-none"), 'account "svc-none" is not declared'),
        (("--namespace", "Orchestrator"), "use namespace 'Orchestrator'"),
        (("--name", "nexus_pull"), "use name 'nexus_pull'"),
    ],
)
def test_a_request_that_cannot_work_is_refused_before_vault_is_asked(
    cluster: Cluster, words: tuple[str, ...], text: str
) -> None:
    done = cluster.run(*words, VAULT_ADDR="", VAULT_TOKEN="")
    assert (done.code, done.out) == (1, "")
    assert text in done.err


def test_an_account_that_may_push_gets_a_note(cluster: Cluster) -> None:
    done = cluster.run("--account", "svc-datastore", "--kind", "pod-example").succeeded()
    assert done.err == "note: svc-datastore may do more than pull; a cluster needs one that only pulls\n"
