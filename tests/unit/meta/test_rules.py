"""The rules of this codebase that no linter knows."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PACKAGES = (
    "config",
    "analysis",
    "clients",
    "provider",
    "components",
    "drift",
    "adoption",
    "commands",
    "local",
    "pipelines",
    "review",
    "tools",
    "verification",
)
# Who may import whom; the fourth line says that a component knows the YAML's models, and no client.
MAY_IMPORT = {
    "tools": set(),
    "config": {"tools"},
    "analysis": {"config"},
    "components": {"config"},
    "clients": {"tools"},
    "provider": {"clients"},
    "local": {"config", "tools"},
    "pipelines": {"config", "tools"},
    "drift": {"analysis", "config", "clients", "tools"},
    "adoption": {"analysis", "config", "clients", "tools"},
    "review": {"analysis", "config", "tools"},
    "commands": {
        "adoption",
        "analysis",
        "config",
        "clients",
        "drift",
        "local",
        "pipelines",
        "review",
        "tools",
        "verification",
    },
    "verification": {"analysis", "config", "clients", "tools"},
}
SIMULATORS = ("local.nexus_simulator", "local.gitlab_simulator")
MOST_LINES_OF_A_FILE = 300
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


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_go_one_way(package: str) -> None:
    for path in tracked(f"{package}/*.py"):
        used = {name.split(".")[0] for name in imports_of(path)} & set(PACKAGES)
        allowed = MAY_IMPORT[package] | {package}
        assert used <= allowed, f"{path.relative_to(ROOT)} imports {sorted(used - allowed)}"


@pytest.mark.parametrize("package", PACKAGES)
def test_no_simulator_is_imported_by_the_product(package: str) -> None:
    for path in tracked(f"{package}/*.py"):
        if any(simulator.split(".")[1] in path.parts for simulator in SIMULATORS):
            continue
        for name in imports_of(path):
            assert not name.startswith(SIMULATORS), f"{path.relative_to(ROOT)} imports {name}"


def test_simulators_import_nothing_of_the_product() -> None:
    for path in tracked("local/nexus_simulator/*.py", "local/gitlab_simulator/*.py"):
        used = {name.split(".")[0] for name in imports_of(path)} & set(PACKAGES)
        assert used <= {"local"}, f"{path.relative_to(ROOT)} imports {sorted(used)}"


def test_no_module_bears_a_name_that_says_nothing() -> None:
    empty = {"utils.py", "util.py", "helpers.py", "helper.py", "manager.py", "misc.py", "common.py"}
    assert not [path for path in modules() if path.name in empty]


def test_the_program_stays_a_loop() -> None:
    assert len((ROOT / "__main__.py").read_text(encoding="utf-8").splitlines()) <= 60


def test_runtime_packages_are_pinned_exactly() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
            if line and not line.startswith(("#", "-r")):
                assert re.fullmatch(r"[a-z0-9.-]+(\[[a-z]+\])?==[0-9][0-9.]*", line), f"{name}: {line}"


def test_every_package_has_its_reason_in_the_decision_on_packages() -> None:
    page = (ROOT / "docs" / "adr" / "0007-dependencies.md").read_text(encoding="utf-8")
    explained = re.findall(r"^\| ([^|]*) \|", page, re.MULTILINE)
    names = {name.strip().partition(" ")[0] for row in explained for name in row.split(",")}
    for file in ("requirements.txt", "requirements-dev.txt"):
        for line in (ROOT / file).read_text(encoding="utf-8").splitlines():
            if line and not line.startswith(("#", "-r")):
                package = re.split(r"[=\[]", line)[0]
                assert package in names, f"{file}: {package} is in no row of docs/adr/0007-dependencies.md"


def test_documents_link_to_what_exists() -> None:
    for page in tracked("*.md"):
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.relative_to(ROOT)} links to {target}"


def test_every_page_is_listed() -> None:
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    for page in sorted((ROOT / "docs").glob("*.md")):
        assert page.name == "README.md" or f"({page.name})" in index, f"docs/README.md lacks {page.name}"


def test_every_decision_is_listed() -> None:
    index = (ROOT / "docs" / "adr" / "README.md").read_text(encoding="utf-8")
    for page in sorted((ROOT / "docs" / "adr").glob("0*.md")):
        assert page.name in index, f"docs/adr/README.md does not list {page.name}"


def test_every_command_has_a_row_in_the_readme() -> None:
    listed = re.search(
        r"names: ClassVar.* = \(([^)]*)\)", (ROOT / "commands" / "__main__.py").read_text(encoding="utf-8")
    )
    assert listed
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for command in re.findall(r'"([a-z-]+)"', listed.group(1)):
        assert f"./ciaccess {command}" in readme, f"README.md has no row for ./ciaccess {command}"
