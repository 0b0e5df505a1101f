"""Kubernetes manifests to pull images: a pull secret, the same by an operator, a pod.

The operators are External Secrets and HashiCorp's Vault Secrets Operator. The manifests without a secret are templates in
ci/sources/kubernetes. Names come from access.yaml, the credential from Vault; nothing here sends a request.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml  # type: ignore[import-untyped]  # its stubs are not installed

from ciaccess.consumers.names import SECRET_FIELDS

if TYPE_CHECKING:
    from ciaccess.access import Access

Manifest = dict[str, Any]


class _Dumper(yaml.SafeDumper):  # type: ignore[misc]  # as above
    """Quotes texts that kubectl alone reads as a number or a truth value: 1e3, 0o17, y."""


_Dumper.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|0o[0-7]+|[yYnN])\Z"),
    list("-+.0123456789yYnN"),
)


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
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": _metadata(name, namespace, account),
        "type": "kubernetes.io/dockerconfigjson",
        "data": {".dockerconfigjson": base64.b64encode(config.encode()).decode("ascii")},
    }


def without_secret(
    kind: str, access: Access, name: str, namespace: str, account: str, login: Login
) -> list[Manifest]:
    """Return the manifests of a template in ci/sources/kubernetes: an operator's, or a pod."""
    from ciaccess.consumers.templates import as_yaml as quoted  # noqa: PLC0415 slow to import, and a pull secret does without
    from ciaccess.consumers.templates import engine  # noqa: PLC0415 likewise

    template = engine(quoted).get_template(f"kubernetes/{kind}.yml.j2")
    text = template.render(
        metadata=_metadata(name, namespace, account),
        example_metadata=_metadata("example", namespace, account),
        name=name,
        vault=access.vault,
        path=f"{access.vault.kv.prefix}/{account}",
        fields=SECRET_FIELDS,
        login=login,
        image=f"{access.nexus.pull_registry}/{namespace}/example:1.0.0",
        config_with=lambda auth: _config_template(registries(access), auth),
    )
    return list(yaml.safe_load_all(text))


def as_yaml(manifests: Sequence[Manifest]) -> str:
    """Return manifests as a stream of YAML documents for kubectl."""
    return str(yaml.dump_all(manifests, Dumper=_Dumper, sort_keys=False, width=4096, allow_unicode=True))


def as_list(manifests: Sequence[Manifest]) -> Manifest:
    """Return manifests as one List, which kubectl takes as it takes each."""
    return {"apiVersion": "v1", "kind": "List", "items": list(manifests)}


def _config_template(hosts: Sequence[str], auth: str) -> str:
    """Return the docker config as an operator's template; base64 allows any password."""
    entries = ",".join(f'{json.dumps(host)}:{{"auth":"{auth}"}}' for host in hosts)
    return f'{{"auths":{{{entries}}}}}'


def _metadata(name: str, namespace: str, account: str) -> dict[str, Any]:
    return {
        "name": name,
        "namespace": namespace,
        "labels": {"app.kubernetes.io/managed-by": "ciaccess"},
        "annotations": {"ciaccess/account": account},
    }
