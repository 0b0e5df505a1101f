"""Manifests against the Kubernetes OpenAPI schemas, strictly: an unknown field is a fault."""

from __future__ import annotations

import base64
import json

import kubernetes_validate  # type: ignore[import-untyped] # it ships no annotations
import pytest
from ruamel.yaml import YAML

from ciaccess.consumers import kubernetes
from tests.support.access.organisation import organisation

OLDEST, NEWEST = "1.30", "1.37"
CONFIG = kubernetes.docker_config(["a:8444", "a:8443"], "svc-deployer", 'p"w')
SECRET = kubernetes.pull_secret("nexus-pull", "orchestrator", "svc-deployer", CONFIG)
LOGIN = kubernetes.Login("k8s-prod", "puller", "vault.example", "vault-ca")
NAMES = ("nexus-pull", "orchestrator", "svc-deployer")
EXTERNAL = kubernetes.without_secret("external-secret", organisation(), *NAMES, LOGIN)
POD = kubernetes.without_secret("pod-example", organisation(), *NAMES, LOGIN)
OPERATOR = kubernetes.without_secret("vault-static-secret", organisation(), *NAMES, LOGIN)


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
@pytest.mark.parametrize(
    "manifest",
    [SECRET, *POD, EXTERNAL[1], OPERATOR[0]],
    ids=["Secret", "Pod", "ServiceAccount", "ServiceAccount of the operator"],
)
def test_a_manifest_is_what_kubernetes_takes(manifest: kubernetes.Manifest, version: str) -> None:
    kubernetes_validate.validate(manifest, version, strict=True)


def test_the_schemas_would_notice_a_wrong_field() -> None:
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate({**SECRET, "dta": {}}, NEWEST, strict=True)


def test_the_config_has_one_credential_for_both_registries() -> None:
    auths = json.loads(CONFIG)["auths"]
    assert list(auths) == ["a:8444", "a:8443"]
    assert {base64.b64decode(entry["auth"]).decode() for entry in auths.values()} == {'svc-deployer:p"w'}
    assert {entry["password"] for entry in auths.values()} == {'p"w'}


def test_a_username_with_a_colon_is_refused() -> None:
    with pytest.raises(ValueError, match="colon"):
        kubernetes.docker_config(["a"], "svc:x", "y")


def test_the_external_secret_reads_where_the_account_has_its_secret() -> None:
    store, account, secret = EXTERNAL
    vault = store["spec"]["provider"]["vault"]
    assert (vault["server"], vault["path"], vault["version"]) == (
        "https://vault.shared.cwiq.io",
        "secret",
        "v2",
    )
    login = vault["auth"]["kubernetes"]
    assert (login["mountPath"], login["role"]) == ("k8s-prod", "puller")
    assert login["serviceAccountRef"] == {"name": account["metadata"]["name"], "audiences": ["vault.example"]}
    assert vault["caProvider"] == {"type": "Secret", "name": "vault-ca", "key": "ca.crt"}
    assert secret["spec"]["secretStoreRef"] == {"kind": "SecretStore", "name": store["metadata"]["name"]}
    read = {item["secretKey"]: item["remoteRef"] for item in secret["spec"]["data"]}
    assert read == {
        field: {"key": "nexus/svc-deployer", "property": field} for field in ("username", "password")
    }


def test_the_external_secrets_template_becomes_a_docker_config() -> None:
    """External Secrets puts base64 where the braces are, so that no password can break the JSON around it."""
    template = EXTERNAL[2]["spec"]["target"]["template"]
    assert template["type"] == "kubernetes.io/dockerconfigjson"
    text = template["data"][".dockerconfigjson"]
    placed = '{{ printf "%s:%s" .username .password | b64enc }}'
    assert text.count(placed) == 2
    auths = json.loads(text.replace(placed, "c3ZjOnB3"))["auths"]
    assert auths == {f"nexus.shared.cwiq.io:{port}": {"auth": "c3ZjOnB3"} for port in (8444, 8443)}


def test_the_pod_pulls_from_the_pull_registry_with_the_secret() -> None:
    (pod,) = POD
    assert pod["spec"]["imagePullSecrets"] == [{"name": "nexus-pull"}]
    assert pod["spec"]["containers"][0]["image"].startswith("nexus.shared.cwiq.io:8444/orchestrator/")


def test_yaml_and_list_hold_the_same_manifests() -> None:
    documents = list(YAML(typ="safe", pure=True).load_all(kubernetes.as_yaml(EXTERNAL)))
    assert documents == EXTERNAL == kubernetes.as_list(EXTERNAL)["items"]


def test_one_registry_for_both_stands_there_once() -> None:
    access = organisation()
    both = access.nexus.model_copy(update={"push_registry": access.nexus.pull_registry})
    assert kubernetes.registries(access.model_copy(update={"nexus": both})) == ["nexus.shared.cwiq.io:8444"]


def test_the_vault_secrets_operator_makes_the_same_pull_secret() -> None:
    """The fields are those of its custom resource definitions, secrets.hashicorp.com/v1beta1."""
    account, connection, auth, secret = OPERATOR
    assert connection["spec"] == {
        "address": "https://vault.shared.cwiq.io",
        "skipTLSVerify": False,
        "caCertSecretRef": "vault-ca",
    }
    login = {"role": "puller", "serviceAccount": account["metadata"]["name"], "audiences": ["vault.example"]}
    assert auth["spec"] == {
        "vaultConnectionRef": connection["metadata"]["name"],
        "method": "kubernetes",
        "mount": "k8s-prod",
        "kubernetes": login,
    }
    spec = secret["spec"]
    assert spec["vaultAuthRef"] == auth["metadata"]["name"]
    assert (spec["mount"], spec["type"], spec["path"]) == ("secret", "kv-v2", "nexus/svc-deployer")
    destination = spec["destination"]
    assert (destination["name"], destination["type"]) == ("nexus-pull", "kubernetes.io/dockerconfigjson")
    transformation = destination["transformation"]
    assert (transformation["excludeRaw"], transformation["excludes"]) == (True, [".*"])
    text = transformation["templates"][".dockerconfigjson"]["text"]
    placed = '{{ (printf "%s:%s" (get .Secrets "username") (get .Secrets "password")) | b64enc }}'
    auths = json.loads(text.replace(placed, "c3ZjOnB3"))["auths"]
    assert auths == {f"nexus.shared.cwiq.io:{port}": {"auth": "c3ZjOnB3"} for port in (8444, 8443)}


def test_a_vault_namespace_is_in_what_each_operator_asks() -> None:
    access = organisation()
    vault = access.vault.model_copy(update={"namespace": "team"})
    inside = access.model_copy(update={"vault": vault})
    store = kubernetes.without_secret("external-secret", inside, *NAMES, LOGIN)[0]
    assert store["spec"]["provider"]["vault"]["namespace"] == "team"
    _, _, auth, secret = kubernetes.without_secret("vault-static-secret", inside, *NAMES, LOGIN)
    assert auth["spec"]["namespace"] == secret["spec"]["namespace"] == "team"
    assert "caCertSecretRef" not in str(
        kubernetes.without_secret("vault-static-secret", access, *NAMES, kubernetes.Login("a", "b", "c"))
    )


@pytest.mark.parametrize(
    "text", ["k8s: 'a' \"b\" # c", "- {x}", "yes", "1", "\x7f\x9b\ufffe", "ü😀\x85", "a\nb\\"]
)
def test_any_text_of_an_option_is_in_the_manifests_as_it_is(text: str) -> None:
    login = kubernetes.Login(text, text, text, text)
    store = kubernetes.without_secret("external-secret", organisation(), *NAMES, login)[0]
    vault = store["spec"]["provider"]["vault"]
    given = vault["auth"]["kubernetes"]
    assert (given["mountPath"], given["role"], vault["caProvider"]["name"]) == (text, text, text)
    (auth,) = (
        each
        for each in kubernetes.without_secret("vault-static-secret", organisation(), *NAMES, login)
        if each["kind"] == "VaultAuth"
    )
    assert auth["spec"]["kubernetes"]["audiences"] == [text]


@pytest.mark.parametrize(
    "name", ["1e3", "12345e7", "0o17", "1.5e3", "010", "12", "0x1f", "y", "no", "off", "null"]
)
def test_a_name_that_kubectl_would_not_read_as_a_text_is_quoted(name: str) -> None:
    # By its own rules: 1e3 is a number, y a truth value.
    text = kubernetes.as_yaml([kubernetes.pull_secret(name, name, "svc-deployer", "{}")])
    assert f"namespace: '{name}'\n" in text


@pytest.mark.parametrize("name", ["apps", "v2", "1e3x", "15m", "yes-or-no"])
def test_a_plain_name_is_not_quoted(name: str) -> None:
    text = kubernetes.as_yaml([kubernetes.pull_secret(name, name, "svc-deployer", "{}")])
    assert f"namespace: {name}\n" in text
