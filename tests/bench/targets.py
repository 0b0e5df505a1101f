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
_PEAK = "1,000 accounts: peak memory of any command"
# Seconds of Terraform 1.11 by number of accounts and command: with users and roles only, and with all of our objects. What failed on
# the way to a whole apply is added.
TERRAFORM: dict[int, dict[str, tuple[float, float | None]]] = {
    FEW: {
        named.FIRST_UP: (0.64, 0.72),
        named.PREVIEW: (0.45, 0.52),
        named.ADDED: (0.61, 0.70),
        named.ROTATED: (0.52, 0.71),
        named.DESTROY: (0.72, 0.95),
    },
    SOME: {
        named.FIRST_UP: (3.28, 9.21),
        named.PREVIEW: (1.55, 2.03),
        named.ADDED: (1.74, 2.42),
        named.ROTATED: (1.64, 2.44),
        named.DESTROY: (5.03, 12.8),
    },
    MANY: {
        named.FIRST_UP: (117.0, 489.0),
        named.PREVIEW: (34.8, 43.7),
        named.ADDED: (35.1, None),
        named.ROTATED: (37.7, None),
        named.DESTROY: (215.0, None),
    },
}
COMMANDS = (
    named.VALIDATE,
    named.ACCESS,
    named.FIRST_UP,
    named.UP_AGAIN,
    named.PREVIEW,
    named.REVIEW,
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


# By number of accounts, the seconds that a command may take on a real server.
_ON_A_REAL_SERVER = {
    MANY: {
        named.FIRST_UP: 25,
        named.PREVIEW: 12,
        named.DRIFT: 2.5,
        named.ADDED: 8,
        named.ROTATED: 8,
        named.DESTROY: 15,
    },
    SOME: {named.FIRST_UP: 3, named.PREVIEW: 2, named.ADDED: 1.7},
    FEW: {named.FIRST_UP: 1.4, named.UP_AGAIN: 1.1, named.PREVIEW: 1.4, named.REVIEW: 1.7},
}


def targets_on_a_real_server(results: Results) -> list[Target]:
    """Return every target of a real server with what was measured."""
    found = [
        Target(f"{count:,} accounts: {operation}", limit, "s", results.wall(count, operation))
        for count, limits in _ON_A_REAL_SERVER.items()
        for operation, limit in limits.items()
    ]
    return [*found, Target(_PEAK, 700, "MB", _peak(results))]


def targets(results: Results) -> list[Target]:
    """Return every target of the simulator with what was measured."""

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
        Target(_PEAK, 1200, "MB", _peak(results)),
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
