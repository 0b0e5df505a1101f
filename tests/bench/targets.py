"""What the figures are held against: the targets of 1,000 accounts and of 8, how much may be lost on the way, and Terraform."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.bench import operations as named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bench.results import Results

FEW, SOME, MANY = 8, 100, 1000
MOST_GROWTH = 12.0
# By number of accounts: seconds of an apply from nothing and of an empty plan with refresh, its requests to Nexus and Vault.
TERRAFORM = {
    FEW: (0.9, 0.6, 32, 23),
    SOME: (4.0, 2.7, 400, 207),
    400: (24.9, 8.8, 1600, 807),
    MANY: (130.0, 38.0, 4000, 2007),
}
COMMANDS = (
    named.VALIDATE,
    named.ACCESS,
    named.FIRST_UP,
    named.UP_AGAIN,
    named.PREVIEW,
    named.DRIFT,
    named.ADDED,
    named.ROTATED,
    named.ALL_ROTATED,
    named.DESTROY,
)


@dataclass(frozen=True)
class Target:
    """A limit, and what was measured: None where it was not."""

    text: str
    limit: float
    unit: str
    measured: float | None

    @property
    def verdict(self) -> str:
        """Return whether it is met, in words."""
        if self.measured is None:
            return "not measured"
        return "met" if self.measured <= self.limit else "**not met**"


def targets(results: Results) -> list[Target]:
    """Return every target with what was measured."""

    def seconds(count: int, operation: str, limit: float, latency: int = 0) -> Target:
        late = f", {latency} ms a request" if latency else ""
        text = f"{count:,} accounts{late}: {operation}"
        return Target(text, limit, "s", results.wall(count, operation, latency))

    return [
        seconds(MANY, named.VALIDATE, 2),
        seconds(MANY, named.FIRST_UP, 90),
        seconds(MANY, named.PREVIEW, 20),
        seconds(MANY, named.DRIFT, 8),
        seconds(MANY, named.ADDED, 25),
        seconds(MANY, named.DRIFT, 15, latency=20),
        Target("1,000 accounts: peak memory of any command", 1200, "MB", _peak(results)),
        *_requests(results),
        seconds(FEW, named.UP_AGAIN, 3),
        seconds(FEW, named.DRIFT, 1.2),
        seconds(FEW, named.VALIDATE, 0.5),
        seconds(FEW, named.PREVIEW_WITHOUT, 5),
        seconds(FEW, named.DRIFT_WITHOUT, 5),
        Target(
            "growth from 100 to 1,000 accounts, of any command",
            MOST_GROWTH,
            "times",
            max((times for _, times in growth(results)), default=None),
        ),
    ]


def growth(results: Results) -> Iterator[tuple[str, float]]:
    """Return how many times longer each command takes with 1,000 accounts than with 100."""
    for operation in COMMANDS:
        some, many = results.wall(SOME, operation), results.wall(MANY, operation)
        if some and many:
            yield operation, many / some


def _peak(results: Results) -> float | None:
    costs = [results.cost(MANY, operation) for operation in COMMANDS]
    return max((cost["peak_megabytes"] for cost in costs if cost), default=None)


def _requests(results: Results) -> Iterator[Target]:
    for operation in (named.PREVIEW, named.DRIFT):
        asked = {count: results.cost(count, operation).get("requests", {}) for count in (FEW, SOME, MANY)}
        lists = [each["nexus lists"] for each in asked.values() if each]
        yield Target(f"lists of Nexus, any number of accounts: {operation}", 5, "", max(lists, default=None))
        for what, limit, unit in (
            ("nexus logins", 1, "logins in Nexus for each further account"),
            ("vault", 2, "requests to Vault for each further account"),
        ):
            more = _more(asked[SOME].get(what), asked[MANY].get(what))
            yield Target(f"{unit}: {operation}", limit, "", more)


def _more(some: int | None, many: int | None) -> float | None:
    return None if some is None or many is None else round((many - some) / (MANY - SOME), 2)
