"""The software bills of materials of what is installed, as CycloneDX files.

Each is made by a kept tool. Python's is made of requirements.txt by cyclonedx-bom, npm's of its lock file by npm itself. The Go programs, released or
built here, have the list of their modules in themselves: `go version -m` reads it.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL

from ciaccess.environment import ROOT, variables
from ciaccess.progress import print_remark
from tools.recipes import TOOLS
from tools.running import BuildError, quietly

_SCHEMA = SchemaVersion.V1_6
_PACKAGES = {"go": "Go 1.25 or newer", "npm": "Node 20"}


def write(folder: Path) -> list[Path]:
    """Write the files, all or none, and return them."""
    python = ("-m", "cyclonedx_py", "requirements", "requirements.txt", "--pyproject", "pyproject.toml")
    npm = ("sbom", "--package-lock-only", "--sbom-format", "cyclonedx")
    texts = {
        "python": _run(sys.executable, *python),
        "go": of_go_programs(_programs()),
        "npm": _run("npm", *npm, cwd=ROOT / "tools" / "gitlab-ci-local"),
    }
    folder.mkdir(exist_ok=True)
    files = {folder / f"{name}.cdx.json": text for name, text in texts.items()}
    for file, text in files.items():
        file.write_text(text, encoding="utf-8")
    return list(files)


def of_go_programs(programs: list[str]) -> str:
    """Return the bill of Go programs: each an application that depends on its modules."""
    bom = Bom()
    bom.metadata.component = root = Component(name="go-programs", bom_ref="go-programs")
    for program in programs:
        built = json.loads(_run("go", "version", "-m", "-json", program))
        name = Path(program).name
        application = Component(name=name, type=ComponentType.APPLICATION, bom_ref=name)
        modules = [_module(each) for each in built.get("Deps") or ()]
        standard = {"Path": "std", "Version": built["GoVersion"].removeprefix("go")}
        bom.components.update([application, *modules, _module(standard)])
        bom.register_dependency(root, [application])
        bom.register_dependency(application, [*modules, _module(standard)])
    return str(make_outputter(bom, OutputFormat.JSON, _SCHEMA).output_as_string(indent=2))


def _module(built: dict[str, Any]) -> Component:
    used = built.get("Replace") or built
    if used["Path"].startswith("."):  # a folder of ours stands where the module would be
        used = built
    namespace, _, name = used["Path"].rpartition("/")
    url = PackageURL("golang", namespace or None, name, used["Version"])
    return Component(name=used["Path"], version=used["Version"], purl=url, bom_ref=url.to_string())


def _programs() -> list[str]:
    names = [recipe.program for tool in TOOLS for recipe in tool.recipes]
    found = {name: _find(name) for name in names}
    if missing := [name for name, path in found.items() if not path]:
        print_remark(f"not installed, and left out of go.cdx.json: {', '.join(missing)}")
    return [path for path in found.values() if path]


def _find(program: str) -> str | None:
    return shutil.which(program, path=variables()["PATH"])


def _run(program: str, *words: str, cwd: Path = ROOT) -> str:
    path = _find(program)
    if not path:
        raise BuildError(f"{program} is not on PATH. Install {_PACKAGES[program]}")
    return quietly([path, *words], folder=cwd)


def main() -> int:
    """Write them into sbom/; return the exit code."""
    try:
        for file in write(ROOT / "sbom"):
            sys.stdout.write(f"{file.relative_to(ROOT)}\n")
    except BuildError as error:
        sys.stderr.write(f"error: write the bills of materials: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
