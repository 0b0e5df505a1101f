"""docs/performance.md from the measured figures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.bench import operations as named
from tests.bench.results import SIMULATOR
from tests.bench.targets import (
    COMMANDS,
    MANY,
    MOST_GROWTH,
    SOME,
    TERRAFORM,
    growth,
    targets,
    targets_on_a_real_server,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tests.bench.results import Results
    from tests.bench.targets import Target

_HEAD = """# Performance

Written by `make bench` (simulator) and `make bench NEXUS=3.71.0` (a real server); the figures are also in [performance.json](performance.json), so that a
regression shows in a diff.

![Seconds by number of accounts, beside Terraform](performance.svg)

## How it is measured

On the local stack, all of it on one machine: a real Vault with its audit device on, which counts the requests, a Nexus, and the
simulator of GitLab. A run has a stack of its own; of several runs the one with the median wall time is shown. Time and
memory are those of the command with all its children, the engine and the plugins, without the servers; memory is resident, sampled every
0.1 s, and pages that processes share count for each of them. 8 accounts are the organisation's own. Each of 100 and 1,000 is a user, a
role, a path scope with its content selector and privilege, and a secret; every 25 come with a GitLab group of their own. (Before 29 November
2026 each had two formats.)

The floor is an `up` without changes of a program that declares nothing, on the same machine: 0.71 s on the one for which the targets
were set. "floors" is a wall time divided by it, so that figures of several machines can be compared.

With latency every request takes so many milliseconds longer: the simulators wait before they answer, and a proxy holds back what is
sent to Vault. Then only the first `up`, the preview and `drift` are measured, on the simulator.
"""
_TERRAFORM = """
### Beside Terraform

Terraform 1.11 with datadrivers/nexus and hashicorp/vault 5.10 on 2 cores, a real Nexus 3.77.1 and a real Vault, each figure from one to three runs: once with users
and roles only, and once with all objects of ours. Its first apply of the latter failed on Nexus's race of content selectors with 100 accounts and more; the time
is that of all applies until everything existed (1,000: four). Its state has the passwords in plain text, and its plan misses a password
that was changed in Nexus.
"""
_PROFILE = Path(__file__).with_name("profile.md")


def page(servers: Mapping[str, Results]) -> str:
    """Return the page of all servers as Markdown."""
    parts = [_HEAD]
    for server, results in servers.items():
        if server == SIMULATOR:
            parts += ["\n## On the simulator\n", *_targets(targets(results))]
        else:
            parts += [f"\n## On a real {server}\n", *_targets(targets_on_a_real_server(results))]
            parts += [_TERRAFORM, *_terraform(results)]
        parts += _growth(results)
        for count in results.counts():
            for latency in sorted(map(int, results.cells[str(count)])):
                parts += _cell(count, latency, results.cell(count, latency))
    return "".join(parts) + "\n" + _PROFILE.read_text(encoding="utf-8")


def most_real(servers: Mapping[str, Results]) -> Results:
    """Return the results of a real server if there are any, else the simulator's."""
    return servers[max(servers, key=lambda server: server != SIMULATOR)]


def number(value: float | None) -> str:
    """Return a figure with as many digits as are worth reading, a hyphen where there is none."""
    if value is None:
        return "-"
    return f"{value:,.2f}" if value < 10 else f"{value:,.1f}" if value < 100 else f"{value:,.0f}"


def _table(head: str, rows: Iterable[Iterable[str]]) -> Iterator[str]:
    yield f"\n| {head} |\n|{' --- |' * len(head.split(' | '))}\n"
    for row in rows:
        yield f"| {' | '.join(row)} |\n"


def _targets(found: Iterable[Target]) -> Iterator[str]:
    rows = [
        (
            each.text,
            f"{each.limit:,g} {each.unit}".strip(),
            f"{number(each.measured)} {each.unit}".strip() if each.measured is not None else "-",
            each.verdict,
        )
        for each in found
    ]
    yield from _table("what | at most | measured | verdict", rows)


def _growth(results: Results) -> Iterator[str]:
    yield f"\n### Growth\n\nFrom 100 to 1,000 accounts, at most {MOST_GROWTH:g} times.\n"
    rows = [
        (
            operation,
            number(results.wall(SOME, operation)),
            number(results.wall(MANY, operation)),
            number(times),
        )
        for operation, times in growth(results)
    ]
    yield from _table("command | 100 accounts, s | 1,000 accounts, s | times", rows)


def _terraform(results: Results) -> Iterator[str]:
    head = "accounts | command | ours, s | Terraform, users and roles, s | Terraform, all objects, s"
    rows = [
        (f"{count:,}", operation, number(results.wall(count, operation)), number(few), number(same))
        for count, commands in TERRAFORM.items()
        for operation, (few, same) in commands.items()
    ]
    yield from _table(head, rows)


def _cell(count: int, latency: int, cell: dict[str, Any]) -> Iterator[str]:
    late = f", {latency} ms a request" if latency else ""
    yield f"\n### {count:,} accounts{late}\n\nMeasured {cell['date']} on {cell['machine']}; runs: {cell['runs']}."
    costs = cell["operations"]
    yield f" State: {number(costs[named.STATE])} MB.\n" if named.STATE in costs else "\n"
    floor = costs.get(named.FLOOR, {}).get("wall_seconds")
    head = "command | wall, s | floors | processor, s | peak memory, MB | Vault | Nexus: lists | logins | other reads | writes | GitLab"
    order = (named.FLOOR, *COMMANDS, named.PREVIEW_WITHOUT, named.DRIFT_WITHOUT)
    rows = [_row(operation, costs[operation], floor) for operation in order if operation in costs]
    yield from _table(head, rows)


def _row(operation: str, cost: dict[str, Any], floor: float | None) -> tuple[str, ...]:
    asked = cost["requests"]
    systems = ("vault", "nexus lists", "nexus logins", "nexus reads", "nexus writes", "gitlab")
    wall = cost["wall_seconds"]
    figures = (wall, wall / floor if floor else None, cost["processor_seconds"])
    peak = f"{cost['peak_megabytes']:.0f}"
    return operation, *map(number, figures), peak, *(f"{asked.get(system, 0):,}" for system in systems)
