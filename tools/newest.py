"""`make newest`: writes the newest version of each pin, which `make test` then tries.

Owns which files have pins that can be raised without a person; docs/upgrades.md has the others. Prints what it raised, and
which version does not build or start here: that pin stays, so that the tests still run with the rest.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path

from tools import golang, node
from tools.recipes import PULUMI, VAULT, VAULT_PLUGIN, Recipe
from tools.running import BuildError, quietly

_ROOT = Path(__file__).parents[1]
_REQUIREMENTS = ("requirements.in", "requirements-dev.in", "tools/openbao/requirements.in")
_PIN = re.compile(r"^([A-Za-z0-9._-]+)((?:\[[a-z]+\])?)==([^\s#]+)", re.MULTILINE)
# Go modules, each with its constant in tools/recipes.py.
_MODULES = (
    (PULUMI, "github.com/pulumi/pulumi/pkg/v3", "PULUMI_VERSION"),
    (VAULT, "github.com/hashicorp/vault", "VAULT_VERSION"),
)


def raise_pins(text: str, versions: Mapping[str, str]) -> str:
    """Return the text of a requirements file with these versions, by lower-case name."""
    return _PIN.sub(lambda pin: f"{pin[1]}{pin[2]}=={versions.get(pin[1].lower(), pin[3])}", text)


def set_constant(text: str, name: str, version: str) -> str:
    """Return the text of a module with another version in a constant."""
    return re.sub(rf'^{name} = "[^"]+"', f'{name} = "{version}"', text, count=1, flags=re.MULTILINE)


def differences(before: str, after: str) -> Iterator[str]:
    """Yield `name old → new` for each raised pin."""
    new = {pin[1]: pin[3] for pin in _PIN.finditer(after)}
    for pin in _PIN.finditer(before):
        if new[pin[1]] != pin[3]:
            yield f"{pin[1]} {pin[3]} → {new[pin[1]]}"


def raise_or_keep(
    pin: str, files: Iterable[Path], write: Callable[[], tuple[str, str]], prove: Callable[[], object]
) -> Iterator[str]:
    """Raise a pin by `write`, and yield a line about it; the files stay as before if `prove` fails.

    `write` returns the version before and after. What it raises is not caught: then nothing is known.
    """
    kept = {file: file.read_bytes() for file in files}
    before, after = write()
    if before == after:
        return
    try:
        prove()
    except BuildError as error:
        for file, content in kept.items():
            file.write_bytes(content)
        yield f"{pin} {before} stays, for {after} does not work here: {error}"
    else:
        yield f"{pin} {before} → {after}"


def main() -> int:
    """Raise all; return the exit code."""
    try:
        for line in chain(_raise_python(), _raise_npm(), _raise_go()):
            sys.stdout.write(f"{line}\n")
    except BuildError as error:
        sys.stderr.write(f"error: raise the pins: {error}\n")
        return 1
    return 0


def _run(*command: str, folder: Path = _ROOT, workspace: str = "off") -> str:
    return quietly(list(command), folder=folder, environment={**os.environ, "GOWORK": workspace})


def _raise_python() -> Iterator[str]:
    texts = {name: (_ROOT / name).read_text(encoding="utf-8") for name in _REQUIREMENTS}
    names = sorted({pin[1] for text in texts.values() for pin in _PIN.finditer(text)})
    wanted = ("--dry-run", "--ignore-installed", "--no-deps", "--only-binary", ":all:", "-q", "--report", "-")
    report = json.loads(_run(sys.executable, "-m", "pip", "install", *wanted, *names))
    found = [each["metadata"] for each in report["install"]]
    versions = {each["name"].lower(): each["version"] for each in found}
    for name, text in texts.items():
        raised = raise_pins(text, versions)
        (_ROOT / name).write_text(raised, encoding="utf-8")
        yield from differences(text, raised)


def _raise_npm() -> Iterator[str]:
    folder = _ROOT / "tools" / node.PACKAGE
    files = [folder / name for name in node.FILES]

    def write() -> tuple[str, str]:
        before = json.loads(files[0].read_text(encoding="utf-8"))["dependencies"][node.PACKAGE]
        after = _run("npm", "view", node.PACKAGE, "version").strip()
        words = ("--package-lock-only", "--save-exact", "--ignore-scripts", "--no-audit", "--no-fund")
        _run("npm", "install", *words, f"{node.PACKAGE}@{after}", folder=folder)
        return before, after

    def prove() -> None:
        node.fetch()
        _run(str(node.gitlab_ci_local()), "--version")

    yield from raise_or_keep(node.PACKAGE, files, write, prove)


def _raise_go() -> Iterator[str]:
    for recipe, module, constant in _MODULES:
        yield from _raise_module(recipe, module, constant)


def _raise_module(recipe: Recipe, module: str, constant: str) -> Iterator[str]:
    tools = _ROOT / "tools"
    folder, recipes = tools / recipe.program, tools / "recipes.py"

    def write() -> tuple[str, str]:
        listed = ("go", "list", "-m", "-f", "{{.Version}}", module)
        before = _run(*listed, folder=folder).strip()
        _run("go", "get", f"{module}@latest", folder=folder)
        after = _run(*listed, folder=folder).strip()
        text = recipes.read_text(encoding="utf-8")
        recipes.write_text(set_constant(text, constant, after.removeprefix("v")), encoding="utf-8")
        return before, after

    def prove() -> None:
        # Not `go mod tidy`: the folder has no Go file that needs the module.
        _run("go", "list", "-mod=mod", "-deps", recipe.package, folder=folder)
        # Writes the checksums of what the modules of the workspace have together.
        _run("go", "list", "-deps", PULUMI.package, VAULT_PLUGIN.package, folder=tools, workspace="")
        with tempfile.TemporaryDirectory() as scratch:
            golang.build([recipe], Path(scratch), golang.Progress())

    files = (folder / "go.mod", folder / "go.sum", tools / "go.work.sum", recipes)
    yield from raise_or_keep(module, files, write, prove)


if __name__ == "__main__":
    sys.exit(main())
