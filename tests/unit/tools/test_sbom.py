"""The bill of materials of Go programs: what each was linked from."""

from __future__ import annotations

import json
import shutil

from ciaccess.environment import variables
from tools import sbom


def test_a_go_program_depends_on_every_module_that_is_linked_into_it() -> None:
    program = shutil.which("pulumi-language-python", path=variables()["PATH"])
    assert program
    bill = json.loads(sbom.of_go_programs([program]))
    names = {each["name"]: each for each in bill["components"]}
    assert names["pulumi-language-python"]["type"] == "application"
    assert names["google.golang.org/grpc"]["purl"].startswith("pkg:golang/google.golang.org/grpc@v1.")
    assert names["std"]["version"].startswith("1.")
    (used,) = [each["dependsOn"] for each in bill["dependencies"] if each["ref"] == "pulumi-language-python"]
    assert len(used) == len(names) - 1 > 20
