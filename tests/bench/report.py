"""docs/performance.md from the measured figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.bench import operations as named
from tests.bench.targets import COMMANDS, MANY, MOST_GROWTH, SOME, TERRAFORM, growth, targets

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.bench.results import Results

_HEAD = """# Performance

Written by `make bench`; the figures are also in [performance.json](performance.json), so that a regression shows in a diff.

![Seconds by number of accounts, beside Terraform](performance.svg)

## How it is measured

On the local stack, all of it on one machine: a real Vault with its audit device on, which counts the requests, and the
simulators of Nexus and GitLab. A run has a stack of its own; of several runs the one with the median wall time is shown. Time and
memory are those of the command with all its children, the engine and the plugins, without the servers; memory is resident, sampled every
0.1 s, and pages that processes share count for each of them. 8 accounts are the organisation's own. Each of 100 and 1,000 has two
formats, a path scope, a user, a role, two content selectors and privileges, and a secret; every 25 come with a GitLab group of their own.

With latency every request takes so many milliseconds longer: the simulators wait before they answer, and a proxy holds back what is
sent to Vault. Then only the first `up`, the preview and `drift` are measured.
"""
_TERRAFORM = """
## Beside Terraform

Terraform 1.11 with datadrivers/nexus and hashicorp/vault 5.10 on 2 cores, a real Nexus 3.77 and a real Vault: a mount, a JWT
backend, a role, a policy, and for each account one role, one user and one generic secret. Ours are the accounts described above, against the
simulator. Terraform's state has the passwords in plain text, and its plan misses a password that was changed in Nexus.
"""


def page(results: Results) -> str:
    """Return the page as Markdown."""
    parts = [_HEAD, *_targets(results), *_growth(results)]
    parts += [_TERRAFORM, *_terraform(results)]
    for count in results.counts():
        for latency in sorted(map(int, results.cells[str(count)])):
            parts += _cell(count, latency, results.cell(count, latency))
    return "".join(parts)


def number(value: float | None) -> str:
    """Return a figure with as many digits as are worth reading, a hyphen where there is none."""
    if value is None:
        return "-"
    return f"{value:,.2f}" if value < 10 else f"{value:,.1f}" if value < 100 else f"{value:,.0f}"


def _table(head: str, rows: Iterable[Iterable[str]]) -> Iterator[str]:
    yield f"\n| {head} |\n|{' --- |' * len(head.split(' | '))}\n"
    for row in rows:
        yield f"| {' | '.join(row)} |\n"


def _targets(results: Results) -> Iterator[str]:
    yield "\n## Targets\n"
    rows = [
        (
            each.text,
            f"{each.limit:,g} {each.unit}".strip(),
            f"{number(each.measured)} {each.unit}".strip() if each.measured is not None else "-",
            each.verdict,
        )
        for each in targets(results)
    ]
    yield from _table("what | at most | measured | verdict", rows)


def _growth(results: Results) -> Iterator[str]:
    yield f"\n## Growth\n\nFrom 100 to 1,000 accounts, at most {MOST_GROWTH:g} times.\n"
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
    head = (
        "accounts | apply from nothing, s: Terraform | `up` | empty plan with refresh, s: Terraform | `preview --refresh` | "
        "its requests to Nexus and Vault: Terraform | `preview --refresh`"
    )
    rows = []
    for count, (apply, plan, nexus, vault) in TERRAFORM.items():
        asked = results.cost(count, named.PREVIEW).get("requests")
        ours = "-" if asked is None else f"{_nexus(asked):,} + {asked['vault']:,}"
        rows.append(
            (
                f"{count:,}",
                number(apply),
                number(results.wall(count, named.FIRST_UP)),
                number(plan),
                number(results.wall(count, named.PREVIEW)),
                f"{nexus:,} + {vault:,}",
                ours,
            )
        )
    yield from _table(head, rows)


def _cell(count: int, latency: int, cell: dict[str, Any]) -> Iterator[str]:
    late = f", {latency} ms a request" if latency else ""
    yield f"\n## {count:,} accounts{late}\n\nMeasured {cell['date']} on {cell['machine']}; runs: {cell['runs']}."
    costs = cell["operations"]
    yield f" State: {number(costs[named.STATE])} MB.\n" if named.STATE in costs else "\n"
    head = "command | wall, s | processor, s | peak memory, MB | Vault | Nexus: lists | logins | other reads | writes | GitLab"
    order = (*COMMANDS, named.PREVIEW_WITHOUT, named.DRIFT_WITHOUT)
    rows = [_row(operation, costs[operation]) for operation in order if operation in costs]
    yield from _table(head, rows)


def _row(operation: str, cost: dict[str, Any]) -> tuple[str, ...]:
    asked = cost["requests"]
    systems = ("vault", "nexus lists", "nexus logins", "nexus reads", "nexus writes", "gitlab")
    figures = (cost["wall_seconds"], cost["processor_seconds"])
    peak = f"{cost['peak_megabytes']:.0f}"
    return operation, *map(number, figures), peak, *(f"{asked.get(system, 0):,}" for system in systems)


def _nexus(asked: dict[str, int]) -> int:
    return sum(requests for system, requests in asked.items() if system.startswith("nexus"))
