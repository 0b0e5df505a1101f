"""Finding the tools, and installing the missing ones by the order of `recipes.TOOLS`.

Leaves alone what the machine has: a new enough program on the caller's PATH is used as it is.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Literal

from ciaccess.progress import Step, print_remark
from tools import golang, openbao, releases
from tools.download import Unreachable
from tools.recipes import (
    LANGUAGE_HOST,
    PULUMI_MINIMUM,
    TOOLS,
    VAULT_MINIMUM,
    VAULT_PLUGIN,
    VAULT_PLUGIN_TOOL,
    VAULT_PLUGIN_VERSION,
    VAULT_TOOL,
    Recipe,
    Tool,
)
from tools.running import BuildError, quietly

# "any": Vault where it or its release is at hand, else OpenBao, which is there in seconds.
Server = Literal["vault", "any", "none"]


def install(cache: Path, path: str, server: Server) -> None:
    """Install what is missing into the cache, with a Vault server for the local stack or without."""
    missing = [each for each in find_missing(cache, path) if server != "none" or not _is_vault(each)]
    for left_by_a_killed_setup in cache.glob(".new-*"):
        shutil.rmtree(left_by_a_killed_setup, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix=".new-") as scratch:
        new = Path(scratch) / "bin"
        new.mkdir()
        left = _from_releases(missing, new)
        with ThreadPoolExecutor(1) as beside_the_compiler:
            work = []
            if server == "any" and any(map(_is_vault, left)):
                left = [each for each in left if not _is_vault(each)]
                work.append(beside_the_compiler.submit(openbao.install))
            _build([recipe for each in left for recipe in each.recipes], new)
            for each in work:
                each.result()
        for file in new.iterdir():
            if file.name != VAULT_PLUGIN.program:
                file.replace(cache / "bin" / file.name)
        if (new / VAULT_PLUGIN.program).exists():
            _install_plugin(new)


def find_missing(cache: Path, path: str) -> list[Tool]:
    """Return tools with what of them is neither new enough on the caller's PATH nor in the cache."""
    lacking = (
        replace(tool, recipes=tuple(each for each in tool.recipes if not _is_there(tool, each, cache, path)))
        for tool in TOOLS
    )
    return [tool for tool in lacking if tool.recipes]


def _is_vault(tool: Tool) -> bool:
    return tool.release is VAULT_TOOL.release


def _is_there(tool: Tool, recipe: Recipe, cache: Path, path: str) -> bool:
    if tool is VAULT_PLUGIN_TOOL:
        plugins = cache / "pulumi-home" / "plugins" / f"resource-vault-v{VAULT_PLUGIN_VERSION}"
        return (plugins / recipe.program).is_file()
    # The language host has no version of its own to ask for: it counts with the CLI beside it.
    asked = tool.recipes[0].program
    own = _version_on_path(asked, path) >= _numbers(tool.on_path)
    on_path = own and (recipe is not LANGUAGE_HOST or shutil.which(recipe.program, path=path) is not None)
    return on_path or all((cache / "bin" / program).is_file() for program in recipe.programs)


def _version_on_path(program: str, path: str) -> tuple[int, ...]:
    found = shutil.which(program, path=path)
    if not found:
        return ()
    done = subprocess.run([found, "version"], capture_output=True, text=True, check=False)  # noqa: S603 found on PATH
    number = re.search(r"v?(\d+)\.(\d+)\.(\d+)", done.stdout)
    return tuple(map(int, number.groups())) if number else ()


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _from_releases(missing: list[Tool], folder: Path) -> list[Tool]:
    """Download the releases at once; return what none was available for, and report that once."""
    if not missing:
        return []
    reasons: set[str] = set()
    left = []
    with Step("downloading released programs") as step, ThreadPoolExecutor(len(missing)) as pool:

        def one(wanted: Tool) -> None:
            release = wanted.release
            programs = tuple(name for recipe in wanted.recipes for name in recipe.programs)
            try:
                releases.install(release, programs, folder, lambda text: step.note(f"{release.name} {text}"))
            except Unreachable as error:
                left.append(wanted)
                reasons.add(str(error))

        list(pool.map(one, missing))
        step.note(f"{len(missing) - len(left)} of {len(missing)}")
    if left:
        names = ", ".join(each.release.name for each in left)
        print_remark(
            f"no release of {names} from here ({'; '.join(sorted(reasons))}): built, or a wheel, instead"
        )
    return [each for each in missing if each in left]


def _build(recipes: list[Recipe], folder: Path) -> None:
    """Build programs: by one call of the compiler what shares its modules, and all calls at once."""
    if not recipes:
        return
    _require_go()
    names = ", ".join(recipe.program for recipe in recipes)
    with Step(f"building {names}") as step, ThreadPoolExecutor(4) as pool:
        progress = golang.Progress(step.note)
        together: dict[object, list[Recipe]] = {}
        for recipe in recipes:
            together.setdefault((recipe.folder, recipe.flags), []).append(recipe)
        list(pool.map(lambda group: golang.build(group, folder, progress), together.values()))


def _install_plugin(folder: Path) -> None:
    plugin = folder / VAULT_PLUGIN.program
    alone = folder.parent / "plugin"
    alone.mkdir()
    plugin.replace(alone / plugin.name)
    install = ["pulumi", "plugin", "install", "resource", "vault", VAULT_PLUGIN_VERSION]
    quietly([*install, "--reinstall", "--file", str(alone)])


def _require_go() -> None:
    if not shutil.which("go"):
        raise BuildError(
            "there is no Go to build the missing tools with. Three ways out: reach the vendors' releases, or a mirror of them "
            f"({releases.MIRROR}=<address>, docs/README.md); install Go 1.25 or newer; or install on PATH "
            f"pulumi {PULUMI_MINIMUM} or newer with its Python language host, and vault {VAULT_MINIMUM} or newer. "
            "Then run `make setup` again"
        )
