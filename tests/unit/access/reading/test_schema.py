"""The JSON Schema for editors: current, valid, and of one mind with the models."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jsonschema  # type: ignore[import-untyped]  # its stubs are no dependency of ours
import pytest

from ciaccess.access.model import models
from ciaccess.access.reading import document, schema
from ciaccess.environment import ROOT
from tests.support.access.access import GOOD, ORGANISATION, edited

if TYPE_CHECKING:
    from pathlib import Path


def errors(folder: Path, text: str) -> list[str]:
    path = folder / "access.yaml"
    path.write_text(text, encoding="utf-8")
    found = jsonschema.Draft202012Validator(schema.schema()).iter_errors(document.read(path).data)
    return [error.message for error in found]


def test_the_file_is_what_the_models_say_now() -> None:
    file = ROOT / "config" / "access.schema.json"
    assert file.read_text(encoding="utf-8") == schema.text(), (
        "renew it: ./ciaccess validate --schema > config/access.schema.json"
    )


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(schema.schema())


def test_the_organisations_document_names_the_schema_and_agrees_with_it(tmp_path: Path) -> None:
    text = ORGANISATION.read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=./access.schema.json\n")
    assert errors(tmp_path, text) == []
    assert errors(tmp_path, GOOD) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    purpose: Applications\n", "    purpos: Applications\n"),
        ("    purpose: Applications\n", ""),
        ("version: 1", "version: 2"),
        ("  svc-tool:\n", "  svc tool:\n"),
        ("    nexus-ci:", "    Nexus-CI:"),
        ("[docker, pypi]", "[docker, rpm]"),
        ("[docker, pypi]", "docker"),
        ("pull: all", "pull: every"),
        ("    yum: {", "    rpm: {"),
        ("namespace_path: [", "namespace-path: ["),
        ("        IMAGE:\n", "        MY-IMAGE:\n"),
        ("path: /orchestrator/tool/", "path: orchestrator/tool"),
        ("token_ttl: 10m", "token_ttl: ten minutes"),
        ("raw: false", "raw: 'no'"),
        ("token_type: batch", "token_type: bach"),
        ("    purpose: Applications\n", "    purpose: Applications\n    purge: always\n"),
        ("    purpose: Applications\n", "    purpose: Applications\n    formerly: svc-old\n"),
        (
            "    purpose: Applications\n",
            "    purpose: Applications\n    formerly: {svc-old: {rotation: 1}}\n",
        ),
    ],
)
def test_an_editor_sees_what_validate_refuses(tmp_path: Path, old: str, new: str) -> None:
    assert errors(tmp_path, edited((old, new)))


def test_every_key_is_explained() -> None:
    silent = [
        f"{section.__name__}.{key}"
        for section in models.Section.__subclasses__()
        for key, field in section.model_fields.items()
        if not field.description
    ]
    assert silent == []
