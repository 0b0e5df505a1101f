"""The owner whose objects may be deleted is access.yaml's, which the stack's settings name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from ciaccess.access.reading.faults import ConfigError
from ciaccess.provider.owner import declared_owner

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "owner"),
    [
        ("owner: platform\n", "platform"),
        ("version: 1\n", "ciaccess"),
        ("owner: platform\nnexus: [x]\n", "platform"),
    ],
)
def test_the_owner_is_that_of_the_stack_s_yaml_whatever_else_is_wrong_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, owner: str
) -> None:
    (tmp_path / "access.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps({"access": str(tmp_path / "access.yaml")}))
    assert declared_owner() == owner


@pytest.mark.parametrize("text", ["owner: a\nowner: b\n", "[", ""])
def test_a_yaml_that_cannot_be_read_names_no_owner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    if text:
        (tmp_path / "access.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps({"access": str(tmp_path / "access.yaml")}))
    with pytest.raises(ConfigError):
        declared_owner()


def test_without_settings_it_is_that_of_config(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PULUMI_CONFIG", raising=False)
    assert declared_owner() == "ciaccess"
