"""The catalogue of crashes: at every write of a first `up`, of an update and of a destroy, everything that can go wrong."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.support.crash import ACCOUNTS
from tests.support.fault_proxy import BROKEN_JSON, Answer, Fault, busy, proxy_page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.crash import Site
    from tests.support.fault_proxy import Request
    from tests.support.project import Done

PHASES = ("create", "update", "destroy")
PLUGINS = {"vault": "pulumi-resource-vault", "nexus": "-m provider", "gitlab": "-m provider"}
# Those that end the engine itself, so that its lock stays.
KILLS = (
    "all killed before",
    "all killed after",
    "all killed late",
    "engine killed before",
    "engine killed after",
)
KINDS = (
    "all killed before",
    "cut after",
    "plugin killed after",
    "all killed late",
    "page",
    "cut within",
    "all killed after",
    "cut before",
    "engine killed after",
    "busy",
    "plugin killed before",
    "broken JSON",
    "engine killed before",
    "500",
)


@dataclass(frozen=True)
class Crash:
    """A write, the `occurrence`-th of its kind in a run, and what happens to it."""

    request: Request | None
    occurrence: int
    kind: str

    def __str__(self) -> str:
        return f"{self.kind} at {self.request or 'any write'} ({self.occurrence})"

    def followed_by(self, number: int) -> Crash:
        """Return a crash of another kind at the first write of the run after this one, whichever that is."""
        return Crash(None, 1, KINDS[(KINDS.index(self.kind) + 1 + number) % len(KINDS)])

    def fault(self, site: Site) -> Fault:
        """Return the fault that makes it happen."""
        fault = Fault(request=self.request, at=self.occurrence)
        who, _, when = self.kind.rpartition(" killed ")
        if who:
            marks = [PLUGINS[self.request.system]] if self.request else [*PLUGINS.values()]
            plugin = site.kill_plugins(*marks)
            strike = {"all": site.kill_all, "engine": site.kill_cli, "plugin": plugin}[who]
            if when == "before":
                # The engine alone: its plugin lives on, and what it had asked for is done.
                fault.strike, fault.cut = strike, "" if who == "engine" else "before"
            elif when == "after":
                fault.strike_after = strike
            else:
                fault.strike_late = strike
        elif self.kind.startswith("cut "):
            fault.cut = self.kind.removeprefix("cut ")
        else:
            fault.answer = {
                "page": proxy_page(),
                "busy": busy(1),
                "broken JSON": BROKEN_JSON,
                "500": Answer(500, b"no"),
            }[self.kind]
        return fault


def crashes(writes: list[Request], kinds_each: int) -> Iterator[Crash]:
    """Return the crashes of a run's writes: each write meets some of the kinds, and every kind about as many writes."""
    seen: Counter[Request] = Counter()
    for position, request in enumerate(sorted(writes, key=str)):
        seen[request] += 1
        for step in range(kinds_each):
            kind = KINDS[(position * 5 + step * len(KINDS) // kinds_each) % len(KINDS)]
            yield Crash(request, seen[request], kind)


@dataclass
class Campaign:
    """Crash after crash on one site, each followed by what the runbook says; `failures` are those that were not got over."""

    site: Site
    whole: dict[str, set[str]] = field(default_factory=dict)
    writes: dict[str, list[Request]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    numbers: Counter[str] = field(default_factory=Counter)
    hit: list[str] = field(default_factory=list)

    def rehearse(self) -> None:
        """Go through the phases once without a crash, and learn what they write."""
        before = self.site.inventory()
        for phase in PHASES:
            self.begin(phase).succeeded()
            self.writes[phase] = self.site.proxy.writes()
            self.whole[phase] = self.site.inventory()
        assert self.whole["destroy"] == before

    def begin(self, phase: str, *faults: Fault) -> Done:
        """Run a phase."""
        if phase == "destroy":
            return self.site.destroy(*faults)
        if phase == "create":
            self.site.restore()
        elif self.site.project.access.read_text(encoding="utf-8") == self.site.clean:
            self.site.change()
        return self.site.up(faults=faults)

    def go_through(self, crash: Crash | None, phase: str) -> None:
        """Run a phase with a crash, hit what follows with a second one, do what the runbook says, and look at the world."""
        if crash is None:
            self.begin(phase).succeeded()
            return
        began = time.monotonic()
        runs: list[str] = []
        said = ""
        for each in (crash, crash.followed_by(len(self.hit))):
            fault = each.fault(self.site)
            done = self.begin(phase, fault)
            self.site.bury()
            runs.append(f"--- hit by {each}:\n{done.text[-1500:]}")
            self.numbers["injected"] += fault.happened()
            self.numbers["runs that failed"] += done.code != 0
            self.hit.append(str(each))
            if not fault.happened() and each is crash:
                said = "the write never came"
            if each.kind in KILLS and fault.happened():
                said = said or self._recover()
        said = said or self._go_on(phase) or self.damage(phase)
        self.numbers["seconds"] += round(time.monotonic() - began)
        if said:
            self.failures.append("\n".join([f"{phase}: {crash}: {said}", *runs]))
            self._start_over(phase)

    def _recover(self) -> str:
        self.numbers["recovered"] += 1
        mended = self.site.recover("--yes")
        return f"recover: {mended.text[-2000:]}" if mended.code else ""

    def _go_on(self, phase: str) -> str:
        """Do what the runbook says; return what went wrong."""
        done = self.again(phase)
        if done.code:
            said = self._recover()
            if said:
                return said
            done = self.again(phase)
        return done.text[-3000:] if done.code else ""

    def again(self, phase: str) -> Done:
        """Run what the runbook says is next."""
        return self.site.destroy() if phase == "destroy" else self.site.up("--refresh")

    def damage(self, phase: str) -> str:
        """Return what is not as it should be, "" where everything is."""
        found = self.site.inventory()
        wanted = self.whole[phase]
        if found != wanted:
            return f"too much: {sorted(found - wanted)}, missing: {sorted(wanted - found)}"
        if phase == "destroy":
            return ""
        refused = [account for account in ACCOUNTS if not self.site.project.accepts(account)]
        preview = self.site.run("preview", "--refresh", "--expect-no-changes")
        if refused or preview.code:
            return (
                f"refused: {refused}, preview {preview.code}: {preview.text[-3000:] if preview.code else ''}"
            )
        return ""

    def _start_over(self, phase: str) -> None:
        self.site.wipe()
        self.site.restore()
        if phase != "destroy":
            self.site.up().succeeded()
        if phase == "update":
            self.site.change()
            self.site.up().succeeded()
