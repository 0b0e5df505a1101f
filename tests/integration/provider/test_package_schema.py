"""Other programs: the engine reads the plugin's schema, and an SDK in Go that is generated from it compiles with an example."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

from ciaccess.environment import variables
from ciaccess.provider.schema import package_schema
from tests.support.project.programs import built
from tests.support.project.project import ROOT
from tools import golang
from tools.recipes import Recipe

if TYPE_CHECKING:
    from pathlib import Path

PLUGIN = "./src/ciaccess/provider/pulumi-resource-ciaccess"
MODULE = ROOT / "tests" / "sdk"
GENERATOR = Recipe("generate-go-sdk", str(MODULE), "./generate")


def schema_by_the_engine() -> dict[str, Any]:
    shown = subprocess.run(
        ["pulumi", "package", "get-schema", PLUGIN],
        cwd=ROOT,
        env={**os.environ, **variables()},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    ).stdout
    found: dict[str, Any] = json.loads(shown)
    return found


def test_the_engine_reads_the_schema_and_an_example_in_go_compiles_with_its_sdk(tmp_path: Path) -> None:
    schema = schema_by_the_engine()
    wanted = package_schema()
    for name in ("name", "version", "description"):
        assert schema[name] == wanted[name]
    assert schema["resources"].keys() == wanted["resources"].keys()
    schema["language"] = {"go": {"importBasePath": "ciaccess/tests/sdk/ciaccess"}}
    (tmp_path / "schema.json").write_text(json.dumps(schema), encoding="utf-8")
    module = shutil.copytree(MODULE, tmp_path / "module")
    subprocess.run([built(GENERATOR), tmp_path / "schema.json", module], check=True, timeout=120)
    environment = {**os.environ, "GOFLAGS": "", "CGO_ENABLED": "0"}
    done = subprocess.run(
        [*golang.COMMAND, *GENERATOR.flags, "-o", str(tmp_path / "example"), "./example"],
        cwd=module,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=540,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "example").is_file()
