from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ciaccess.engine import settings
from ciaccess.engine.settings import StackSettings, StackSettingsError, local_addresses_file
from ciaccess.errors import CiaccessError

if TYPE_CHECKING:
    from pathlib import Path

ADDRESSES = {"vault": "http://127.0.0.1:18200"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a configuration folder and a state directory of the test's own."""
    monkeypatch.setattr(settings, "CONFIG_FOLDER", tmp_path)
    monkeypatch.setenv("CIACCESS_STATE_DIR", str(tmp_path / "state"))
    return tmp_path


def start_local(addresses: str = json.dumps(ADDRESSES)) -> None:
    local_addresses_file().parent.mkdir(parents=True)
    local_addresses_file().write_text(addresses, encoding="utf-8")


@pytest.mark.parametrize(
    "settings",
    [
        {"addresses": ADDRESSES, "protect": True},
        # As the engine hands them over.
        {"addresses": json.dumps(ADDRESSES), "protect": "true", "access": None},
    ],
)
def test_settings_are_the_same_from_yaml_and_from_the_engine(folder: Path, settings: dict[str, Any]) -> None:
    found = StackSettings.of(settings)
    assert found == StackSettings(folder / "access.yaml", ADDRESSES, protect=True, local=False)


def test_a_stack_without_settings_uses_the_file_as_it_is(folder: Path) -> None:
    assert StackSettings.of({}) == StackSettings(folder / "access.yaml", {}, protect=False, local=False)
    assert StackSettings.of({"addresses": "{}", "access": "other.yaml"}).access_file == folder / "other.yaml"


def test_the_local_stack_takes_the_addresses_that_it_listens_on(folder: Path) -> None:
    start_local()
    found = StackSettings.of({"addresses": "local-stack"})
    assert found.local
    assert found.addresses == ADDRESSES
    assert found.access_file.parent == folder


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("content", [None, "{", ""])
def test_a_local_stack_that_was_never_started_says_how(content: str | None) -> None:
    if content is not None:
        start_local(content)
    with pytest.raises(StackSettingsError, match="Start it: "):
        StackSettings.of({"addresses": "local-stack"})


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"addresses": "lokal-stack"}, "ciaccess:addresses: 'lokal-stack' is not allowed"),
        ({"addresses": ["a"]}, "ciaccess:addresses"),
        ({"addresses": '["a"]'}, "ciaccess:addresses"),
        ({"addresses": {"vault": 8200}}, "ciaccess:addresses"),
        ({"protect": "yes"}, "ciaccess:protect: 'yes' is not allowed. Allowed: true or false"),
        ({"protect": []}, "ciaccess:protect"),
    ],
)
def test_an_unknown_setting_is_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(StackSettingsError, match=said):
        StackSettings.of(settings)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            "config:\n  ciaccess:addresses: {}\n  ciaccess:protec: true\n",
            'test.yaml:3:3: ciaccess:protec: "protec" is not a setting of a stack. Allowed: access, addresses, protect. Did you mean protect?',
        ),
        (
            "config:\n  vault: x\n",
            'test.yaml:2:3: ciaccess:vault: "vault" is not a setting of a stack. Allowed: access, addresses, protect. Remove it',
        ),
        (
            "config:\n  ciaccess:addresses: locl-stack\n",
            "test.yaml:2:3: ciaccess:addresses: 'locl-stack' is not allowed. Allowed: a mapping of addresses, or 'local-stack'. Did you mean local-stack?",
        ),
        (
            "config:\n  ciaccess:addresses:\n    vualt: https://v.example.org\n",
            (
                'test.yaml:3:5: ciaccess:addresses.vualt: "vualt" is not an address of access.yaml. '
                "Allowed: vault, nexus, push_registry, pull_registry, gitlab. Did you mean vault?"
            ),
        ),
        (
            "config:\n  ciaccess:addresses:\n    vault: 8200\n",
            "test.yaml:3:5: ciaccess:addresses.vault: 8200 is not allowed. Allowed: an address. Write it as text",
        ),
        (
            "config:\n\n  ciaccess:protect: maybe\n",
            "test.yaml:3:3: ciaccess:protect: 'maybe' is not allowed. Allowed: true or false. Write true or false, without quotes",
        ),
    ],
)
def test_a_bad_setting_is_refused_with_its_place(folder: Path, content: str, said: str) -> None:
    """A misspelt `protect` would leave a stack without protection."""
    (folder / "Pulumi.test.yaml").write_text(content, encoding="utf-8")
    with pytest.raises(StackSettingsError) as raised:
        StackSettings.of_stack("test")
    assert str(raised.value).endswith(said)
    assert str(raised.value).startswith(str(folder))


def test_settings_of_other_providers_are_left_alone(folder: Path) -> None:
    (folder / "Pulumi.test.yaml").write_text(
        "config:\n  vault:maxLeaseTtl: 60\n  ciaccess:protect: true\n", encoding="utf-8"
    )
    assert StackSettings.of_stack("test").protect


def test_a_stacks_file_is_read_whatever_else_pulumi_wrote_into_it(folder: Path) -> None:
    (folder / "Pulumi.test.yaml").write_text(
        'encryptionsalt: v1:a=:v1:b:c==\nconfig:\n  ciaccess:protect: true\n  ciaccess:addresses:\n    vault: "https://v.example.org"\n',
        encoding="utf-8",
    )
    found = StackSettings.of_stack("test")
    assert found.protect
    assert found.addresses == {"vault": "https://v.example.org"}


@pytest.mark.parametrize("content", ["", "config:\n", "config: {}\n"])
def test_a_stacks_empty_file_changes_nothing(folder: Path, content: str) -> None:
    (folder / "Pulumi.test.yaml").write_text(content, encoding="utf-8")
    assert StackSettings.of_stack("test") == StackSettings(folder / "access.yaml")


def test_an_unknown_stack_names_those_there_are(folder: Path) -> None:
    for name in ("prod", "local"):
        (folder / f"Pulumi.{name}.yaml").write_text("", encoding="utf-8")
    with pytest.raises(StackSettingsError, match=r"there is no stack 'prd': .* Stacks: local, prod$"):
        StackSettings.of_stack("prd")


@pytest.mark.parametrize("content", ["config: [", "- a\n", "config: text\n", "config: *x\n", b"\xff"])
def test_a_stacks_file_that_cannot_be_read_is_said_in_one_line(folder: Path, content: str | bytes) -> None:
    path = folder / "Pulumi.test.yaml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(CiaccessError) as raised:
        StackSettings.of_stack("test")
    assert "Pulumi.test.yaml" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_the_committed_stacks_hold_no_credential_and_prod_is_protected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CIACCESS_STATE_DIR", str(tmp_path))
    start_local()
    assert StackSettings.of_stack("local").local
    production = StackSettings.of_stack("prod")
    assert production.protect
    assert not production.local
    for stack in ("local", "prod"):
        assert set(settings.stack_file(stack)["config"]) <= {
            "ciaccess:protect",
            "ciaccess:addresses",
            "ciaccess:access",
        }
