"""A real Nexus in the local stack: settings, start, first password, reasons of a failed start.

Owns the folder that it is started on. It listens on 127.0.0.1 alone, and its memory is limited.
"""

from __future__ import annotations

import os
import re
from http import HTTPStatus
from pathlib import Path

import requests

from ciaccess.local_stack.nexus_bundle import install

ADMINISTRATOR = "admin"
START_SECONDS = 420.0
STOP_SECONDS = 90.0
_FIRST_PASSWORD = "admin123"
_ANSWER_SECONDS = 30
_MEMORY = {"JAVA_MIN_MEM": "512m", "JAVA_MAX_MEM": "900m"}
# Java's second compiler takes half of the processor time of a start. Java takes the last of its options, so EXTRA_JAVA_OPTS
# in the environment may have it again, for a server that works long.
_COMPILER = "-XX:TieredStopAtLevel=1"
# A line of its log, and what Java prints where it does not come to that.
_FAILURE = re.compile(r" ERROR |^(?:Caused by: |Error|Exception in thread|\S*(?:Error|Exception): )")


def launch(version: str, data: Path, port: int) -> tuple[list[str], dict[str, str]]:
    """Write the settings of a server on this folder; return what starts it: words and environment."""
    settings = {
        "application-host": "127.0.0.1",
        "application-port": str(port),
        "nexus-context-path": "/",
        "nexus.security.randompassword": "false",
        "nexus.onboarding.enabled": "false",
    }
    (data / "etc").mkdir(parents=True, exist_ok=True)
    lines = [f"{name}={value}\n" for name, value in settings.items()]
    (data / "etc" / "nexus.properties").write_text("".join(lines), encoding="ascii")
    installed = install(version)
    # Its own start script becomes the server; by this name the process is known to be this folder's from the start.
    script = data / "nexus-server"
    script.unlink(missing_ok=True)
    script.symlink_to(installed.home / "bin" / "nexus")
    environment = {
        **os.environ,
        **_MEMORY,
        "JAVA_HOME": str(installed.java_home),
        "KARAF_DATA": str(data),
        "EXTRA_JAVA_OPTS": f"-Djava.util.prefs.userRoot={data / 'prefs'} {_COMPILER} {os.environ.get('EXTRA_JAVA_OPTS', '')}",
    }
    # Not `run`, which ends with its standard input.
    return [str(script), "server"], environment


def last_error(log: Path) -> str:
    """Return the last error that a server wrote, "" for none."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return next((line.strip() for line in reversed(lines) if _FAILURE.search(line)), "")


def set_password(url: str, password: str) -> None:
    """Give the administrator of a new server this password.

    Raises:
        requests.RequestException: the server does not answer, or refuses.
    """
    rest = f"{url}/service/rest/v1"
    wanted = requests.get(f"{rest}/status", auth=(ADMINISTRATOR, password), timeout=_ANSWER_SECONDS)
    if wanted.status_code != HTTPStatus.UNAUTHORIZED:
        wanted.raise_for_status()
        return
    requests.put(
        f"{rest}/security/users/{ADMINISTRATOR}/change-password",
        data=password,
        headers={"Content-Type": "text/plain"},
        auth=(ADMINISTRATOR, _FIRST_PASSWORD),
        timeout=_ANSWER_SECONDS,
    ).raise_for_status()
