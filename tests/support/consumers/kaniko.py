"""Kaniko's executor, built from its Go module (tests/kaniko pins it), in a container from nothing: BusyBox, the executor, a context."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.project.programs import built
from tests.support.project.project import ROOT, Done
from tools.recipes import Recipe

if TYPE_CHECKING:
    from collections.abc import Mapping

_MODULE = ROOT / "tests" / "kaniko"
_EXECUTOR = Recipe("executor", str(_MODULE), "github.com/GoogleContainerTools/kaniko/cmd/executor")
_IMAGE = "kaniko-executor:tests"
_JOB_SECONDS = 120


@dataclass(frozen=True)
class KanikoImage:
    """The image, on the daemon at `docker_host`; `folder` is where it is laid out."""

    docker_host: str
    folder: Path

    def create(self) -> None:
        """Build it. BusyBox and what it loads are the machine's; the context is an image of one file."""
        root = self.folder / "root"
        busybox = shutil.which("busybox")
        assert busybox, "busybox is not installed: tools/programs.py names its package"
        for source in (built(_EXECUTOR), *_libraries([built(_EXECUTOR), Path(busybox)])):
            target = root / ("kaniko/executor" if source.name == "executor" else str(source).lstrip("/"))
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
        applets = root / "busybox"
        applets.mkdir()
        shutil.copy(busybox, applets / "busybox")
        for applet in subprocess.check_output(["busybox", "--list"], text=True).split():
            if applet != "busybox":
                (applets / applet).symlink_to("busybox")
        (root / "workspace").mkdir()
        (root / "tmp").mkdir()
        (root / "workspace" / "content").write_text("built by Kaniko", encoding="utf-8")
        (root / "workspace" / "Dockerfile").write_text("FROM scratch\nCOPY content /\n", encoding="utf-8")
        dockerfile = 'FROM scratch\nCOPY root /\nENV PATH=/busybox:/kaniko\nENTRYPOINT ["/busybox/sh"]\n'
        (self.folder / "Dockerfile").write_text(dockerfile, encoding="utf-8")
        self._docker(["build", "--quiet", "--tag", _IMAGE, str(self.folder)]).succeeded()

    def run(self, script: str, variables: Mapping[str, str]) -> Done:
        """Run a job's script, as GitLab's runner does."""
        given = [word for name, value in variables.items() for word in ("--env", f"{name}={value}")]
        words = ["run", "--rm", "--interactive", "--network", "host", *given, _IMAGE, "-eu"]
        return self._docker(words, script)

    def _docker(self, words: list[str], script: str = "") -> Done:
        done = subprocess.run(
            ["docker", "--host", self.docker_host, *words],
            env={"DOCKER_BUILDKIT": "0", "PATH": "/usr/local/bin:/usr/bin:/bin"},
            input=script,
            capture_output=True,
            text=True,
            check=False,
            timeout=_JOB_SECONDS,
        )
        return Done(done.returncode, done.stdout, done.stderr)


def _libraries(programs: list[Path]) -> set[Path]:
    """Return the files that the programs load; a static one loads none."""
    listed = [
        subprocess.run(["ldd", str(each)], check=False, capture_output=True, text=True).stdout
        for each in programs
    ]
    return {Path(path) for text in listed for path in re.findall(r"(/\S+) \(0x", text)}
