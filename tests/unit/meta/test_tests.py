"""Where tests and their fixtures are: beside the package that they test, and each fixture once."""

from __future__ import annotations

import ast
from collections import defaultdict
from typing import TYPE_CHECKING

from tests.unit.meta.test_rules import PACKAGES, ROOT, tracked

if TYPE_CHECKING:
    from pathlib import Path

TESTS = ROOT / "tests"
# e2e follows the README's commands, not a package.
TIERS = ("unit", "contract", "integration", "real")
BESIDE_THE_PRODUCT = {"components", "simulators", "tools", "bench", "meta"}
WITHOUT_BEHAVIOUR = {"errors"}
MOST_DEFINITIONS_OF_A_FIXTURE = 3
# Each resource kind describes its own; tests/support/provider/life_cycle.py asks for it.
DEFINED_BY_EACH_KIND = {"case"}


def modules_of_tests() -> list[Path]:
    return [path.relative_to(TESTS) for path in tracked("tests/**test_*.py") if path.name.startswith("test_")]


def test_a_test_is_named_after_its_module_or_in_the_folder_of_its_package() -> None:
    known = {*PACKAGES, *BESIDE_THE_PRODUCT}
    places = {path: path.parts[1] for path in modules_of_tests() if path.parts[0] in TIERS}
    misplaced = [
        str(path)
        for path, place in places.items()
        if place.removesuffix(".py").removeprefix("test_" if place == path.name else "") not in known
    ]
    assert misplaced == [], "move it to tests/<tier>/<package>/, or name it test_<module>.py"


def test_every_package_has_tests() -> None:
    tested = {path.parts[1].removeprefix("test_").removesuffix(".py") for path in modules_of_tests()}
    assert set(PACKAGES) - tested <= WITHOUT_BEHAVIOUR


def test_support_is_in_folders_by_capability() -> None:
    loose = [path.name for path in tracked("tests/support/*.py") if path.parent == TESTS / "support"]
    assert loose == []
    folders = {path.relative_to(TESTS / "support").parts[0] for path in tracked("tests/support/*.py")}
    assert folders <= {*PACKAGES, *BESIDE_THE_PRODUCT, "project", "servers"}


def test_a_fixture_is_not_defined_again_and_again() -> None:
    places = defaultdict(list)
    for path in tracked("tests/*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and any(
                "pytest.fixture" in ast.unparse(decorator) for decorator in node.decorator_list
            ):
                places[node.name].append(str(path.relative_to(TESTS)))
    repeated = {
        name: paths
        for name, paths in places.items()
        if len(paths) > MOST_DEFINITIONS_OF_A_FIXTURE and name not in DEFINED_BY_EACH_KIND
    }
    assert repeated == {}, "move it to the conftest.py of its tier, or give another thing another name"
