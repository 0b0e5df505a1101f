"""The catalogue of crashes: at every write of a first `up`, an update, a rotation, an adoption and a destroy, all that can go wrong."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.support.recovery.crash import ACCOUNTS
from tests.support.recovery.crash_world import forget, inventory, purge, reads, spoil, wipe
from tests.support.servers.fault_proxy import BROKEN_JSON, Answer, Fault, busy, proxy_page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.project.project import Done
    from tests.support.recovery.crash import Site
    from tests.support.recovery.crash_world import Read
    from tests.support.servers.fault_proxy import Request

PHASES = ("create", "update", "rotate", "adopt", "destroy")
PLUGINS = {
    "vault": "pulumi-resource-vault",
    "nexus": "-m ciaccess.provider",
    "gitlab": "-m ciaccess.provider",
}
ALTERNATE, IN_PLACE = ACCOUNTS
KINDS = (
    "all killed before",
    "cut after",
    "plugin killed after",
    "system killed after",
    "all killed late",
    "page",
    "command killed after",
    "cut within",
    "all killed after",
    "plugin killed within",
    "cut before",
    "engine killed after",
    "busy",
    "plugin killed before",
    "all killed within",
    "broken JSON",
    "system killed before",
    "engine killed before",
    "500",
)
# Those that may end the engine itself, so that its lock stays.
_END_THE_ENGINE = ("all", "engine", "command")


@dataclass(frozen=True)
class Crash:
    """A write, the `occurrence`-th of its kind in a run, and what happens to it."""

    request: Request | None
    occurrence: int
    kind: str

    def __str__(self) -> str:
        return f"{self.kind} at {self.request or 'any write'} ({self.occurrence})"

    @property
    def ends_the_engine(self) -> bool:
        """Tell whether the runbook begins with `recover` after it."""
        return self.kind.partition(" killed ")[0] in _END_THE_ENGINE

    def followed_by(self, number: int) -> Crash:
        """Return a crash of another kind at the first write of the run after this one, whichever that is."""
        return Crash(None, 1, KINDS[(KINDS.index(self.kind) + 1 + number) % len(KINDS)])

    def fault(self, site: Site) -> Fault:
        """Return the fault that makes it happen."""
        fault = Fault(request=self.request, at=self.occurrence)
        who, _, when = self.kind.rpartition(" killed ")
        if who:
            marks = [PLUGINS[self.request.system]] if self.request else [*PLUGINS.values()]
            strike = {
                "all": site.kill_all,
                "engine": site.kill_engine,
                "command": site.kill_command,
                "plugin": site.kill_plugins(*marks),
                "system": site.kill_system(self.request.system if self.request else "nexus"),
            }[who]
            if when == "before":
                # The engine alone: its plugin lives on, and what it had asked for is done.
                fault.strike, fault.cut = strike, "" if who == "engine" else "before"
            elif when == "within":
                fault.cut, fault.strike_within = when, strike
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
    # What jobs have read since the phase began, and still must let them in when it has ended.
    held: list[Read] = field(default_factory=list)

    def rehearse(self) -> None:
        """Go through the phases once without a crash, and learn what they write."""
        before = inventory(self.site.project)
        for phase in PHASES:
            self.begin(phase).succeeded()
            self.writes[phase] = self.site.proxy.writes()
            self.whole[phase] = inventory(self.site.project)
        assert self.whole["destroy"] == before

    def begin(self, phase: str, *faults: Fault) -> Done:
        """Run a phase for the first time."""
        site = self.site
        self.held = [each for each in reads(site.project) if phase == "adopt" or each.account == ALTERNATE]
        if phase == "create":
            # What a destroy leaves of the secrets says whose they are: then one write less is needed.
            purge(site.project)
            site.restore()
        elif phase == "update":
            site.change()
        elif phase == "rotate":
            return site.ciaccess("rotate", *ACCOUNTS, "--up", faults=faults)
        elif phase == "adopt":
            forget(site)
            spoil(site.project)
        return self.again(phase, *faults, refresh=False)

    def again(self, phase: str, *faults: Fault, refresh: bool = True) -> Done:
        """Run what the runbook says is next, after `recover` where that is due."""
        if phase == "destroy":
            return self.site.destroy(*faults)
        if phase == "adopt":
            return self.site.ciaccess("adopt", "run", "--all", "--yes", faults=faults)
        return self.site.up(*(["--refresh"] if refresh else []), faults=faults)

    def go_through(self, crash: Crash, phase: str) -> None:
        """Run a phase with a crash, hit what follows with a second one, do what the runbook says, and look at the world."""
        began = time.monotonic()
        runs: list[str] = []
        said = ""
        number = self.numbers["episodes"]
        self.numbers["episodes"] += 1
        for each in (crash, crash.followed_by(number)):
            fault = each.fault(self.site)
            # A plain `up` must get over it, too: every other one looks first.
            done = self.again(phase, fault, refresh=number % 2 == 0) if runs else self.begin(phase, fault)
            self.site.bury()
            runs.append(f"--- hit by {each}:\n{done.text[-1500:]}")
            self.numbers["injected"] += fault.happened()
            self.numbers["runs that failed"] += done.code != 0
            if not fault.happened() and each is crash:
                said = "the write never came"
            if each.ends_the_engine and fault.happened():
                said = said or self.recover()
            said = said or self.read(phase)
        said = said or self.go_on(phase) or self.damage(phase)
        self.numbers["seconds"] += round(time.monotonic() - began)
        if said:
            self.failures.append("\n".join([f"{phase}: {crash}: {said}", *runs]))
            self._start_over(phase)

    def recover(self) -> str:
        """Run `./ciaccess recover --yes`; return what went wrong."""
        self.numbers["recovered"] += 1
        mended = self.site.recover("--yes")
        return f"recover: {mended.text[-2000:]}" if mended.code else ""

    def read(self, phase: str) -> str:
        """Read what jobs can read between a crash and the next run; return which of it lets nobody in."""
        if phase == "destroy":
            return ""
        found = reads(self.site.project)
        refused = [each.account for each in found if not each.lets_in(self.site.project)]
        if phase in ("update", "rotate"):
            # In place, there is a moment in which the secret is behind, and a next turn that ends it.
            found = [each for each in found if each.account == ALTERNATE]
            refused = [account for account in refused if account == ALTERNATE]
        self.held += found
        return f"between crash and rerun, the secret of {refused} lets nobody in" if refused else ""

    def damage(self, phase: str) -> str:
        """Return what is not as it should be, "" where everything is."""
        project = self.site.project
        found, wanted = inventory(project), self.whole[phase]
        if found != wanted:
            return f"too much: {sorted(found - wanted)}, missing: {sorted(wanted - found)}"
        if phase == "destroy":
            return ""
        read = reads(project)
        refused = [each.account for each in read if not each.lets_in(project)]
        ended = sorted({each.account for each in self.held if not each.lets_in(project)})
        changed = phase == "adopt" and not {*self.held} <= {*read}
        preview = self.site.run("preview", "--refresh", "--expect-no-changes")
        if refused or ended or changed or preview.code:
            shown = preview.text[-3000:] if preview.code else ""
            return (
                f"refused: {refused}, no longer: {ended}, changed: {changed}, preview {preview.code}: {shown}"
            )
        return ""

    def go_on(self, phase: str) -> str:
        """Do what the runbook says until the phase has ended; return what went wrong."""
        done = self.again(phase)
        if done.code:
            said = self.recover()
            if said:
                return said
            done = self.again(phase)
        return done.text[-3000:] if done.code else ""

    def _start_over(self, phase: str) -> None:
        """Bring the world to where the next phase begins, from nothing."""
        wipe(self.site)
        self.site.restore()
        if phase != "destroy":
            self.site.up().succeeded()
        if phase in ("update", "rotate", "adopt"):
            self.site.change()
            self.site.up().succeeded()
