"""The published schemas of the operators' resources: custom resource definitions in the operators' own Go modules.

Owns the pins. They are read from Go's module cache, where `go mod download` puts them; no copy is in this repository.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # its stubs are no dependency of ours
from ruamel.yaml import YAML


class Operator(NamedTuple):
    """An operator's module with its checksum, and where its definitions are."""

    module: str
    checksum: str
    folder: str
    group: str


EXTERNAL_SECRETS = Operator(
    "github.com/external-secrets/external-secrets@v1.3.2",
    "h1:u2J8RjlHIeF0oZCqtl92adI/uZWUwOesJIDkfql6LqQ=",
    "config/crds/bases",
    "external-secrets.io",
)
VAULT_SECRETS = Operator(
    "github.com/hashicorp/vault-secrets-operator@v0.10.0",
    "h1:BjOTBJRqx1SLo7NeyqNJWRPDyfRscbqPtGU1U2LzArg=",
    "config/crd/bases",
    "secrets.hashicorp.com",
)


def faults(operator: Operator, manifest: dict[str, Any]) -> list[str]:
    """Return what the operator's definition refuses in a manifest; an unknown field is a fault."""
    group, _, version = manifest["apiVersion"].partition("/")
    assert group == operator.group
    validator = Draft202012Validator(_schema(operator, manifest["kind"], version))
    return sorted(f"{each.json_path}: {each.message}" for each in validator.iter_errors(manifest))


@cache
def _schema(operator: Operator, kind: str, version: str) -> dict[str, Any]:
    name = f"{operator.group}_{kind.lower()}s.yaml"
    definition = YAML(typ="safe").load(_folder(operator) / operator.folder / name)
    served = {each["name"]: each for each in definition["spec"]["versions"] if each["served"]}
    schema: dict[str, Any] = _closed(served[version]["schema"]["openAPIV3Schema"])
    # Kubernetes checks metadata itself.
    schema["properties"]["metadata"] = {"type": "object"}
    return schema


@cache
def _folder(operator: Operator) -> Path:
    done = subprocess.run(
        ["go", "mod", "download", "-json", operator.module],
        cwd=tempfile.gettempdir(),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    answer = json.loads(done.stdout or "{}")
    assert done.returncode == 0, answer.get("Error") or done.stderr
    assert answer["Sum"] == operator.checksum
    return Path(answer["Dir"])


def _closed(schema: Any) -> Any:
    """Return a schema that refuses unknown fields, which Kubernetes drops without a word."""
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(value) for key, value in schema.items()}
    is_open = schema.get("x-kubernetes-preserve-unknown-fields") or "additionalProperties" in schema
    if isinstance(schema.get("properties"), dict) and schema.get("type") == "object" and not is_open:
        closed["additionalProperties"] = False
    return closed
