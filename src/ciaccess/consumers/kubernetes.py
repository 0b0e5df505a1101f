"""Kubernetes manifests to pull images: a pull secret, the same by an operator, a pod.

The operators are External Secrets and HashiCorp's Vault Secrets Operator. Owns the manifests' shape. Names come from
access.yaml, the credential from Vault; nothing here sends a request.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ciaccess.consumers.names import SECRET_FIELDS

if TYPE_CHECKING:
    from ciaccess.access import Access

Manifest = dict[str, Any]
_CONFIG_KEY = ".dockerconfigjson"
_SECRET_TYPE = "kubernetes.io/dockerconfigjson"  # noqa: S105 a type's name
_LABELS = {"app.kubernetes.io/managed-by": "ciaccess"}
_ACCOUNT_ANNOTATION = "ciaccess/account"
_EXTERNAL_SECRETS = "external-secrets.io/v1"
_VAULT_SECRETS = "secrets.hashicorp.com/v1beta1"
_AUTH = '{{ printf "%s:%s" .username .password | b64enc }}'
_REFRESH = "15m"
_CA_KEY = "ca.crt"


@dataclass(frozen=True)
class Login:
    """How an operator logs in to Vault: as the service account with the pull secret's name.

    `mount` is Vault's kubernetes auth mount, `role` a role of it that accepts `audience`; `ca_secret` is the name of a
    Secret whose key ca.crt has the authority of Vault's certificate, empty for a public one.
    """

    mount: str
    role: str
    audience: str
    ca_secret: str = ""


def registries(access: Access) -> list[str]:
    """Return both registries, each once: the one that is pulled from first."""
    return list(dict.fromkeys((access.nexus.pull_registry, access.nexus.push_registry)))


def docker_config(hosts: Sequence[str], username: str, password: str) -> str:
    """Return a docker config.json that holds one credential for several registries.

    Raises:
        ValueError: the username has a colon, at which every reader of `auth` would cut it.
    """
    if ":" in username:
        raise ValueError("the username has a colon in it")
    auth = base64.b64encode(f"{username}:{password}".encode()).decode("ascii")
    entry = {"username": username, "password": password, "auth": auth}
    return json.dumps({"auths": dict.fromkeys(hosts, entry)})


def pull_secret(name: str, namespace: str, account: str, config: str) -> Manifest:
    """Return a Secret of type kubernetes.io/dockerconfigjson."""
    data = {_CONFIG_KEY: base64.b64encode(config.encode()).decode("ascii")}
    return _manifest("v1", "Secret", name, namespace, account, type=_SECRET_TYPE, data=data)


def external_secret(access: Access, name: str, namespace: str, account: str, login: Login) -> list[Manifest]:
    """Return a SecretStore on Vault and an ExternalSecret for the pull secret, without secrets."""
    kv = access.vault.kv
    reference = {"name": name, "audiences": [login.audience]}
    kubernetes = {"mountPath": login.mount, "role": login.role, "serviceAccountRef": reference}
    vault = {
        "server": access.vault.address,
        **_vault_namespace(access),
        "path": kv.mount,
        "version": "v2",
        "auth": {"kubernetes": kubernetes},
    }
    if login.ca_secret:
        vault["caProvider"] = {"type": "Secret", "name": login.ca_secret, "key": _CA_KEY}
    template = {
        "engineVersion": "v2",
        "type": _SECRET_TYPE,
        "data": {_CONFIG_KEY: _config_template(registries(access), _AUTH)},
    }
    secret = {
        "refreshInterval": _REFRESH,
        "secretStoreRef": {"kind": "SecretStore", "name": name},
        "target": {"name": name, "creationPolicy": "Owner", "template": template},
        "data": [
            {"secretKey": field, "remoteRef": {"key": f"{kv.prefix}/{account}", "property": field}}
            for field in SECRET_FIELDS
        ],
    }
    names = name, namespace, account
    return [
        _manifest(_EXTERNAL_SECRETS, "SecretStore", *names, spec={"provider": {"vault": vault}}),
        _manifest("v1", "ServiceAccount", *names),
        _manifest(_EXTERNAL_SECRETS, "ExternalSecret", *names, spec=secret),
    ]


def vault_static_secret(
    access: Access, name: str, namespace: str, account: str, login: Login
) -> list[Manifest]:
    """Return the Vault Secrets Operator's manifests for the pull secret, without secrets."""
    kv = access.vault.kv
    authority = {"caCertSecretRef": login.ca_secret} if login.ca_secret else {}
    connection = {"address": access.vault.address, "skipTLSVerify": False, **authority}
    kubernetes = {"role": login.role, "serviceAccount": name, "audiences": [login.audience]}
    auth = {
        "vaultConnectionRef": name,
        **_vault_namespace(access),
        "method": "kubernetes",
        "mount": login.mount,
        "kubernetes": kubernetes,
    }
    pair = '(printf "%s:%s" (get .Secrets "username") (get .Secrets "password"))'
    template = _config_template(registries(access), f"{{{{ {pair} | b64enc }}}}")
    secret = {
        "vaultAuthRef": name,
        **_vault_namespace(access),
        "mount": kv.mount,
        "type": "kv-v2",
        "path": f"{kv.prefix}/{account}",
        "refreshAfter": _REFRESH,
        "destination": {
            "name": name,
            "create": True,
            "type": _SECRET_TYPE,
            # The config alone: username and password are not copied beside it.
            "transformation": {
                "excludeRaw": True,
                "excludes": [".*"],
                "templates": {_CONFIG_KEY: {"text": template}},
            },
        },
    }
    specs = (("VaultConnection", connection), ("VaultAuth", auth), ("VaultStaticSecret", secret))
    names = name, namespace, account
    made = [_manifest(_VAULT_SECRETS, kind, *names, spec=spec) for kind, spec in specs]
    return [_manifest("v1", "ServiceAccount", *names), *made]


def pod_example(access: Access, name: str, namespace: str, account: str) -> list[Manifest]:
    """Return a pod that uses the pull secret, by the restricted pod security standard."""
    container = {
        "name": "app",
        "image": f"{access.nexus.pull_registry}/{namespace}/example:1.0.0",
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
        "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}},
    }
    security = {"runAsNonRoot": True, "runAsUser": 10001, "seccompProfile": {"type": "RuntimeDefault"}}
    spec = {
        "imagePullSecrets": [{"name": name}],
        "automountServiceAccountToken": False,
        "securityContext": security,
        "containers": [container],
    }
    return [_manifest("v1", "Pod", "example", namespace, account, spec=spec)]


def as_yaml(manifests: Sequence[Manifest]) -> str:
    """Return manifests as a stream of YAML documents for kubectl."""
    from ruamel.yaml import YAML  # noqa: PLC0415 slow to import, and `--json` does without

    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.width = 4096
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment] # ruamel declares it as None
    text = io.StringIO()
    yaml.dump_all(list(manifests), text)
    return text.getvalue()


def as_list(manifests: Sequence[Manifest]) -> Manifest:
    """Return manifests as one List, which kubectl takes as it takes each."""
    return {"apiVersion": "v1", "kind": "List", "items": list(manifests)}


def _vault_namespace(access: Access) -> Manifest:
    return {"namespace": access.vault.namespace} if access.vault.namespace else {}


def _config_template(hosts: Sequence[str], auth: str) -> str:
    """Return the docker config as an operator's template; base64 allows any password."""
    entries = ",".join(f'{json.dumps(host)}:{{"auth":"{auth}"}}' for host in hosts)
    return f'{{"auths":{{{entries}}}}}'


def _manifest(api: str, kind: str, name: str, namespace: str, account: str, **fields: Any) -> Manifest:
    labels, annotations = dict(_LABELS), {_ACCOUNT_ANNOTATION: account}
    metadata = {"name": name, "namespace": namespace, "labels": labels, "annotations": annotations}
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **fields}
