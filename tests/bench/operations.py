"""What is measured, in the order in which an operator meets it, on a stack that is made for it and taken down."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from ciaccess.progress import Step
from tests.bench import accounts
from tests.bench.measuring import Cost, Meter
from tests.support.project.project import STACK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.project.project import Project

FLOOR = "up of an empty program"
VALIDATE, ACCESS, FIRST_UP = "validate", "access --diff, one account added", "up, from nothing"
UP_AGAIN, PREVIEW, DRIFT = "up again", "preview with refresh, nothing to do", "drift, clean"
REVIEW = "./ciaccess preview, nothing to do"
ADDED, ROTATED = "up, one account added", "up, one password rotated"
ALL_ROTATED, DESTROY = "up, every password rotated", "destroy"
PREVIEW_WITHOUT = "preview with refresh, Vault is down: until it is reported"
DRIFT_WITHOUT = "drift, Vault is down"
# The state after the first `up` is measured like them.
STATE = "state, MB"
_UP = ("up", "--yes", "--skip-preview")
_PREVIEW = ("preview", "--refresh", "--expect-no-changes")
_ADDED_NUMBER = 9999
_COULD_NOT_LOOK, _DIFFERENCES = 3, 2
_FAILED, _DOWN = (1, 255), "connection refused"


def of_a_run(
    project: Project, count: int, latency: int, nexus: str = ""
) -> Iterator[tuple[str, Cost | float]]:
    """Measure a whole run: everything without latency, and with it what asks most and is waited for."""
    meter = Meter(project, nexus)
    steps = _everything(project, meter, count) if not latency else _with_latency(project, meter)
    with meter.latency(latency):
        for name, measure in steps:
            with Step(f"{count} accounts{f', {latency} ms' if latency else ''}: {name}"):
                yield name, measure()
            if name == FIRST_UP:
                yield STATE, meter.state_megabytes()


def _with_latency(project: Project, meter: Meter) -> Iterator[tuple[str, Callable[[], Cost]]]:
    yield FIRST_UP, lambda: meter.pulumi(*_UP)
    yield PREVIEW, lambda: meter.pulumi(*_PREVIEW)
    yield DRIFT, lambda: _drift(project, meter)


def _everything(project: Project, meter: Meter, count: int) -> Iterator[tuple[str, Callable[[], Cost]]]:
    yaml = project.access
    yield FLOOR, meter.empty_program
    yield VALIDATE, lambda: meter.run("./ciaccess", "validate", str(yaml))
    changed = _in_a_checkout(yaml, project.folder / "checkout")
    review = (
        "./ciaccess",
        "preview",
        "--stack",
        STACK,
        "--config-file",
        str(project.folder / f"Pulumi.{STACK}.yaml"),
    )
    diff = ("./ciaccess", "access", "--diff", "HEAD", "--file", str(changed))
    yield ACCESS, lambda: meter.run(*diff, allowed=(_DIFFERENCES,))
    yield FIRST_UP, lambda: meter.pulumi(*_UP)
    yield UP_AGAIN, lambda: meter.pulumi(*_UP)
    yield PREVIEW, lambda: meter.pulumi(*_PREVIEW)
    yield REVIEW, lambda: meter.run(*review)
    yield DRIFT, lambda: _drift(project, meter)
    with meter.without_vault():
        yield PREVIEW_WITHOUT, lambda: meter.pulumi(*_PREVIEW, allowed=_FAILED, until=_DOWN)
        yield DRIFT_WITHOUT, lambda: _drift(project, meter, allowed=_COULD_NOT_LOOK)
    accounts.add(yaml, _ADDED_NUMBER)
    yield ADDED, lambda: meter.pulumi(*_UP)
    accounts.rotate(yaml, [accounts.name(0) if count != accounts.ORGANISATION else "svc-bench"])
    yield ROTATED, lambda: meter.pulumi(*_UP)
    accounts.rotate(yaml)
    yield ALL_ROTATED, lambda: meter.pulumi(*_UP)
    yield DESTROY, lambda: meter.pulumi("destroy", "--yes", "--skip-preview")


def _drift(project: Project, meter: Meter, allowed: int = 0) -> Cost:
    words = ("./ciaccess", "drift", "--stack", "local", "--file", str(project.access))
    return meter.run(*words, allowed=(allowed,))


def _in_a_checkout(yaml: Path, folder: Path) -> Path:
    """Return a copy of the YAML with one account more, in a checkout whose HEAD has it as it is."""
    folder.mkdir()
    copy = folder / yaml.name
    copy.write_bytes(yaml.read_bytes())
    who = ("-c", "user.name=bench", "-c", "user.email=bench@localhost")
    for words in (("init", "--quiet"), ("add", "."), (*who, "commit", "--quiet", "--message", "before")):
        subprocess.run(["git", *words], cwd=folder, check=True)
    accounts.add(copy, _ADDED_NUMBER)
    return copy
