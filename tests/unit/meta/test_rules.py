"""The rules of this codebase that no linter knows."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

from ciaccess.cli.application import COMMANDS

ROOT = Path(__file__).parents[3]
SOURCE = ROOT / "src" / "ciaccess"
# From the ground up: a package imports what stands above it in this list, never what stands below.
LAYERS = (
    ("errors", "environment", "progress", "atomic_file", "interrupts", "report"),
    ("access",),
    ("clients",),
    ("engine",),
    ("local_stack", "provider"),
    ("cli",),
    ("analysis", "verification"),
    ("adoption", "consumers", "drift", "rotation"),
    ("own_pipeline", "recovery", "review"),
)
PACKAGES = tuple(package for layer in LAYERS for package in layer)
RANKS = {package: rank for rank, layer in enumerate(LAYERS) for package in layer}
# What may be imported beside the layers above: nothing between two packages of one layer, but for these.
MAY_IMPORT = {
    "atomic_file": {"errors"},
    "interrupts": {"errors"},
    "analysis": set(),
    "verification": {"analysis"},
}
# Packages that know less than their layer would let them.
KNOWS_ONLY = {
    "report": set(),
    "provider": {"access", "clients", "engine", "errors"},
    "components": {"access"},
    "simulators": set(),
    "tools": {"atomic_file", "environment", "progress"},
}
# What talks to systems, or starts programs.
WORK = (
    "ciaccess.clients.connect",
    "ciaccess.clients.credentials",
    "ciaccess.clients.gitlab",
    "ciaccess.clients.http",
    "ciaccess.clients.nexus",
    "ciaccess.clients.vault.client",
    "ciaccess.clients.vault.secret",
    "ciaccess.engine.pulumi_cli",
    "requests",
    "subprocess",
)
MOST_LINES_OF_A_FILE = 400
MOST_LINES_OF_A_FUNCTION = 50


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).is_file()]


def modules() -> list[Path]:
    return tracked("*.py")


def imports_of(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_stays_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MOST_LINES_OF_A_FILE, "split it by what belongs together"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= MOST_LINES_OF_A_FUNCTION, f"{node.name} has {length} lines"


def packages_of(path: Path) -> set[str]:
    """Return the packages of `ciaccess` that a module imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "ciaccess":
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("ciaccess."):
            names.add(str(node.module).split(".")[1])
    return names


def test_every_package_has_its_layer() -> None:
    there = {path.relative_to(SOURCE).parts[0].removesuffix(".py") for path in tracked("src/ciaccess/*.py")}
    assert there - {"__init__", "__main__"} == set(PACKAGES)


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_go_one_way(package: str) -> None:
    below = {name for name in PACKAGES if RANKS[name] < RANKS[package]}
    allowed = KNOWS_ONLY.get(package, below | MAY_IMPORT.get(package, set())) | {package}
    for path in tracked(f"src/ciaccess/{package}.py", f"src/ciaccess/{package}/*.py"):
        used = packages_of(path)
        assert used <= allowed, f"{path.relative_to(ROOT)} imports {sorted(used - allowed)}"


@pytest.mark.parametrize("folder", ["components", "simulators", "tools"])
def test_a_folder_beside_the_product_knows_little_of_it(folder: str) -> None:
    for path in tracked(f"{folder}/*.py"):
        used = packages_of(path)
        assert used <= KNOWS_ONLY[folder], (
            f"{path.relative_to(ROOT)} imports {sorted(used - KNOWS_ONLY[folder])}"
        )


def test_no_simulator_is_imported_by_the_product() -> None:
    for path in tracked("src/*.py", "components/*.py", "tools/*.py", "__main__.py"):
        roots = {name.split(".")[0] for name in imports_of(path)}
        assert not roots & {"simulators", "tests"}, path.relative_to(ROOT)


def test_the_top_level_stays_small() -> None:
    folders = {path.relative_to(ROOT).parts[0] for path in tracked() if len(path.relative_to(ROOT).parts) > 1}
    visible = {name for name in folders if not name.startswith(".")}
    assert len(visible) <= 9, sorted(visible)


def test_no_module_bears_a_name_that_says_nothing() -> None:
    empty = {"utils.py", "util.py", "helpers.py", "helper.py", "manager.py", "misc.py", "common.py"}
    assert not [path for path in modules() if path.name in empty]


def test_the_program_stays_a_loop() -> None:
    assert len((ROOT / "__main__.py").read_text(encoding="utf-8").splitlines()) <= 60


def test_runtime_packages_are_pinned_exactly() -> None:
    for name in ("requirements.in", "requirements-dev.in"):
        for line in pins_of(name):
            assert re.fullmatch(r"[a-z0-9.-]+(\[[a-z]+\])?==[0-9][0-9.]*", line), f"{name}: {line}"


def pins_of(name: str) -> list[str]:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return [line.partition(" #")[0] for line in lines if line and not line.startswith(("#", "-"))]


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_every_installed_package_has_its_hashes(name: str) -> None:
    text = (ROOT / f"{name}.txt").read_text(encoding="utf-8")
    locked = {
        line.partition(" ")[0]: line for line in re.sub(r"\\\n", " ", text).splitlines() if "==" in line
    }
    assert locked
    for package, line in locked.items():
        assert "--hash=sha256:" in line, f"{name}.txt: {package}"
    for package in pins_of(f"{name}.in"):
        assert re.sub(r"\[.*\]", "", package).replace("ruamel.", "ruamel-") in locked, (
            f"run `make lock`: {name}.txt lacks {package}"
        )
    assert "://" not in text, "the index is the environment's"


def test_every_package_has_its_reason_in_the_decision_on_packages() -> None:
    page = (ROOT / "docs" / "adr" / "0007-dependencies.md").read_text(encoding="utf-8")
    explained = re.findall(r"^\| ([^|]*) \|", page, re.MULTILINE)
    names = {name.strip().partition(" ")[0] for row in explained for name in row.split(",")}
    for file in ("requirements.in", "requirements-dev.in"):
        for line in pins_of(file):
            package = re.split(r"[=\[]", line)[0]
            assert package in names, f"{file}: {package} is in no row of docs/adr/0007-dependencies.md"


def test_documents_link_to_what_exists() -> None:
    for page in tracked("*.md"):
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.relative_to(ROOT)} links to {target}"


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_modules_that_a_page_names_exist(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    named = re.findall(rf"(?<![\w/.])(?:src/ciaccess/)?((?:{'|'.join(PACKAGES)})/[a-z_/]+)", text)
    assert named
    assert [
        name for name in named if not any((SOURCE / f"{name}{end}").exists() for end in ("", ".py"))
    ] == []


def test_every_page_is_listed() -> None:
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    for page in sorted((ROOT / "docs").glob("*.md")):
        assert page.name == "README.md" or f"({page.name})" in index, f"docs/README.md lacks {page.name}"


def test_every_decision_is_listed() -> None:
    index = (ROOT / "docs" / "adr" / "README.md").read_text(encoding="utf-8")
    for page in sorted((ROOT / "docs" / "adr").glob("0*.md")):
        assert page.name in index, f"docs/adr/README.md does not list {page.name}"


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_reads_options_and_prints(name: str) -> None:
    """What it does is its package's: the command's module talks to no system and starts no program."""
    path = ROOT / "src" / "ciaccess" / (COMMANDS[name].module.replace(".", "/") + ".py")
    used = {each for each in imports_of(path) if each.startswith(WORK)}
    assert not used, f"{path.name} imports {sorted(used)}: move what it does beside it"


def test_every_command_has_a_row_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for command in COMMANDS:
        assert f"./ciaccess {command}" in readme, f"README.md has no row for ./ciaccess {command}"
