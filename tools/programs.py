"""System programs: installed with apt where that is possible, named in one line where it is not."""

from __future__ import annotations

import os
import shutil

from ciaccess.progress import Step, print_remark
from tools.running import BuildError, quietly

# program → Debian package
NEEDED = {
    "curl": "curl",
    "git": "git",
    "npm": "npm",
    "mvn": "maven",
    "jq": "jq",
    "rsync": "rsync",
    "skopeo": "skopeo",
    "rpmbuild": "rpm",
    "shellcheck": "shellcheck",
    "dash": "dash",
    "busybox": "busybox",
    "wget": "wget",
    "dockerd": "docker.io",
    "gpg": "gnupg",
    "chromium-headless-shell": "chromium-headless-shell",
}


def install() -> None:
    """Install the missing system programs as root on Debian; else say in one line what to install."""
    packages = sorted({package for program, package in NEEDED.items() if not shutil.which(program)})
    if not packages:
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        print_remark(f"missing system packages, please install them: {' '.join(packages)}")
        return
    with Step(f"installing {' '.join(packages)} with apt"):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for words in (["update", "-q"], ["install", "-qy", "--no-install-recommends", *packages]):
            try:
                quietly(["apt-get", "-o", "DPkg::Lock::Timeout=120", *words], environment=environment)
            except BuildError as error:
                print_remark(str(error))
