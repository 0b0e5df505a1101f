from __future__ import annotations

from pathlib import Path

import pytest

from ciaccess.environment import ROOT
from tools import newest, recipes
from tools.running import BuildError, quietly


def test_pins_are_raised_and_all_else_stays() -> None:
    text = "# head\n-r requirements.in\nruff==0.17.6\npyjwt[crypto]==2.15.1\nsetuptools==84.2.1 # builds\n"
    raised = newest.raise_pins(text, {"ruff": "0.18.0", "pyjwt": "3.0.0"})
    assert raised == text.replace("0.17.6", "0.18.0").replace("2.15.1", "3.0.0")
    assert list(newest.differences(text, raised)) == ["ruff 0.17.6 → 0.18.0", "pyjwt 2.15.1 → 3.0.0"]


def test_a_constant_of_the_recipes_is_set() -> None:
    text = (ROOT / "tools" / "recipes.py").read_text(encoding="utf-8")
    changed = newest.set_constant(text, "VAULT_VERSION", "9.9.9")
    assert changed == text.replace(f'VAULT_VERSION = "{recipes.VAULT_VERSION}"', 'VAULT_VERSION = "9.9.9"')
    assert changed != text


def test_the_pins_are_where_it_looks() -> None:
    for name in newest._REQUIREMENTS:
        assert newest._PIN.search((ROOT / name).read_text(encoding="utf-8"))
    for recipe, module, constant in newest._MODULES:
        pinned = (ROOT / "tools" / recipe.program / "go.mod").read_text(encoding="utf-8")
        assert f"{module} v{getattr(recipes, constant)}" in pinned


@pytest.fixture
def pin(tmp_path: Path) -> Path:
    file = tmp_path / "pin"
    file.write_text("1", encoding="utf-8")
    return file


def _raise(pin: Path, after: str, prove: list[str]) -> list[str]:
    def write() -> tuple[str, str]:
        before = pin.read_text(encoding="utf-8")
        pin.write_text(after, encoding="utf-8")
        return before, after

    return list(newest.raise_or_keep("tool", [pin], write, lambda: quietly(prove)))


def test_a_version_that_works_is_raised(pin: Path) -> None:
    assert _raise(pin, "2", ["true"]) == ["tool 1 → 2"]
    assert pin.read_text(encoding="utf-8") == "2"


def test_a_version_that_does_not_work_is_named_and_its_pin_stays(pin: Path) -> None:
    (line,) = _raise(pin, "2", ["sh", "-c", "echo 'identity_store.go:119: no such field' >&2; exit 1"])
    assert line.startswith("tool 1 stays, for 2 does not work here: ")
    assert line.endswith("identity_store.go:119: no such field")
    assert pin.read_text(encoding="utf-8") == "1"


def test_a_version_whose_program_is_missing_is_named(pin: Path) -> None:
    (line,) = _raise(pin, "2", ["/nonexistent/program"])
    assert (
        line
        == "tool 1 stays, for 2 does not work here: /nonexistent/program does not start: No such file or directory"
    )
    assert pin.read_text(encoding="utf-8") == "1"


def test_a_pin_that_is_the_newest_is_not_proved_again(pin: Path) -> None:
    assert not _raise(pin, "1", ["false"])


def test_a_version_that_could_not_be_asked_for_ends_with_an_error(pin: Path) -> None:
    def write() -> tuple[str, str]:
        raise BuildError("go get … failed: no route to host")

    with pytest.raises(BuildError, match="no route to host"):
        list(newest.raise_or_keep("tool", [pin], write, lambda: None))
