"""The software bills of materials of what is installed, as CycloneDX files.

Each is made by a kept tool. Python's is made of requirements.txt by cyclonedx-bom, npm's of its lock file by npm itself. The Go programs, released or
built here, have the list of their modules in themselves: `go version -m` reads it.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL

from ciaccess.environment import ROOT, variables
from tools.recipes import TOOLS

_SCHEMA = SchemaVersion.V1_6


def write(folder: Path) -> list[Path]:
    """Write the files, and return them."""
    folder.mkdir(exist_ok=True)
    python, go, npm = (folder / f"{name}.cdx.json" for name in ("python", "go", "npm"))
    words = ["requirements", "requirements.txt", "--pyproject", "pyproject.toml"]
    python.write_text(_run(sys.executable, "-m", "cyclonedx_py", *words), encoding="utf-8")
    go.write_text(of_go_programs(_programs()), encoding="utf-8")
    words = ["sbom", "--package-lock-only", "--sbom-format", "cyclonedx"]
    npm.write_text(_run("npm", *words, cwd=ROOT / "tools" / "gitlab-ci-local"), encoding="utf-8")
    return [python, go, npm]


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
    namespace, _, name = used["Path"].rpartition("/")
    url = PackageURL("golang", namespace or None, name, used["Version"])
    return Component(name=used["Path"], version=used["Version"], purl=url, bom_ref=url.to_string())


def _programs() -> list[str]:
    path = variables()["PATH"]
    names = [recipe.program for tool in TOOLS for recipe in tool.recipes]
    return [found for name in names if (found := shutil.which(name, path=path))]


def _run(*command: str, cwd: Path = ROOT) -> str:
    return subprocess.run(command, cwd=cwd, stdout=subprocess.PIPE, text=True, check=True).stdout  # noqa: S603 our own words


if __name__ == "__main__":
    for file in write(ROOT / "sbom"):
        sys.stdout.write(f"{file.relative_to(ROOT)}\n")
