from __future__ import annotations

from ciaccess.environment import ROOT
from tools import newest, recipes


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
