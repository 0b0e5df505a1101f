"""The rendered shell as a job runs it: under each shell, with only the programs that an image has.

An image is a folder of links, the only one on PATH; nothing of the machine's shows through.
"""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import uuid
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

from ciaccess.consumers.templates import LIBRARY, TEMPLATES

if TYPE_CHECKING:
    from pathlib import Path

_RUN_SECONDS = 240
_COREUTILS = [
    "awk",
    "base64",
    "cat",
    "cut",
    "dirname",
    "grep",
    "head",
    "id",
    "mkdir",
    "mktemp",
    "mv",
    "rm",
    "sed",
    "sha256sum",
    "sleep",
    "sort",
    "tail",
    "tee",
    "timeout",
    "tr",
]


@dataclass(frozen=True)
class Image:
    """Stands for the images of a kind: their shell, and what is in them besides the usual small programs."""

    shell: tuple[str, ...]
    programs: tuple[str, ...]
    busybox: bool = False
    options: str = "-eu"


IMAGES = {
    "debian": Image(("dash",), ("curl", "jq")),
    "slim": Image(("dash",), ("curl",)),
    "wget": Image(("dash",), ("wget",)),
    "ubi": Image(("bash",), ("curl",), options="-euo pipefail"),
    "alpine": Image(("busybox", "ash"), ("curl",), busybox=True),
    "kaniko": Image(("busybox", "ash"), (), busybox=True),
}
CURL_IMAGES = ("debian", "slim", "ubi", "alpine")


@cache
def shell_text() -> str:
    """Return the shell that every rendered job has in it, all parts."""
    document: dict[str, Any] = YAML(typ="safe").load((TEMPLATES / LIBRARY).read_text(encoding="utf-8"))
    return str(document[".nexus_shell"]["before_script"][0])


@dataclass(frozen=True)
class Ended:
    """A job that ended: its exit code and what it printed."""

    code: int
    out: str
    err: str


@dataclass
class JobShell:
    """Runs scripts as jobs in one image. `bounds` replaces seconds of the shell that no test can wait for, `text` the shell."""

    folder: Path
    image: Image
    variables: dict[str, str] = field(default_factory=dict)
    bounds: dict[str, str] = field(default_factory=dict)
    text: str = ""

    @property
    def programs(self) -> Path:
        """Return the folder of the image's programs; a test may add to it."""
        path = self.folder / "bin"
        if not path.exists():
            path.mkdir(parents=True)
            if self.image.busybox:
                self._link("busybox")
                for applet in subprocess.check_output(["busybox", "--list"], text=True).split():
                    (path / applet).symlink_to(path / "busybox")
            for name in (*self.image.programs, *(() if self.image.busybox else _COREUTILS)):
                self._link(name)
        return path

    def run(self, script: str, **variables: str) -> Ended:
        """Run the rendered shell and then these lines, stopping at the first that fails, as GitLab's runner does."""
        (self.folder / "tmp").mkdir(parents=True, exist_ok=True)
        environment = {
            "PATH": str(self.programs),
            "HOME": str(self.folder),
            "TMPDIR": str(self.folder / "tmp"),
            "CI_JOB_ID": uuid.uuid4().hex,
            "NEXUS_RETRY_SECONDS": "0",
            **self.variables,
            **variables,
        }
        shell = self.text or shell_text()
        for written, short in self.bounds.items():
            assert shell.count(written) == 1, written
            shell = shell.replace(written, short)
        program = shutil.which(self.image.shell[0])
        assert program, f"{self.image.shell[0]} is not installed"
        done = subprocess.run(
            [program, *self.image.shell[1:]],
            input=f"set {self.image.options}\n{shell}\n{script}\n",
            env=environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=_RUN_SECONDS,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def add_program(self, name: str, text: str) -> None:
        """Put a script of the test's own into the image."""
        path = self.programs / name
        path.unlink(missing_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)

    def record(self) -> Path:
        """Have every program of the image note its command line, one a line, in the file that is returned."""
        noted = self.folder / "command-lines"
        noted.touch()
        for path in list(self.programs.iterdir()):
            if path.name in ("busybox", "sh"):
                continue
            real = path.readlink()
            words = f"{real} {path.name}" if real.name == "busybox" else str(real)
            text = f"#!/bin/sh\nprintf '%s\\n' \"{path.name} $*\" >>'{noted}'\nexec {words} \"$@\"\n"
            self.add_program(path.name, text)
        return noted

    def _link(self, name: str) -> None:
        program = shutil.which(name)
        assert program, f"{name} is not installed: tools/programs.py names its package"
        (self.folder / "bin" / name).symlink_to(program)


def unsigned_token(**claims: Any) -> str:
    """Return what looks like an id_token with these claims, for servers that do not verify it."""
    parts = [{"alg": "RS256", "typ": "JWT"}, claims]
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, "c2lnbmF0dXJl"])
