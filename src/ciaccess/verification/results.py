"""The results of checks, the report with all of them, and its verdict."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import IntEnum, StrEnum
from typing import Any

from ciaccess.clients.errors import ApiError, one_line
from ciaccess.report.junit import Case, Trouble, document


class Outcome(StrEnum):
    """The outcome of one check."""

    WORKED = "worked"
    REFUSED = "refused"
    WRONG = "wrong"
    NOT_LOOKED = "could not look"


class Verdict(IntEnum):
    """The answer, by its exit code."""

    AS_IT_MUST_BE = 0
    WRONG = 2
    COULD_NOT_LOOK = 3


@dataclass(frozen=True)
class Result:
    """One check: its subject (`svc-bench`, `role nexus-ci`), kind, title and result.

    `allowed` is whether it must work, `reason` the system's message, never a secret.
    """

    subject: str
    kind: str
    title: str
    allowed: bool
    outcome: Outcome
    reason: str

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object; the reason's key is `said`, as ever."""
        fields = asdict(self)
        reason = fields.pop("reason")
        return {**fields, "said": reason}


@dataclass(frozen=True)
class Check:
    """A check before it is made."""

    subject: str
    kind: str
    title: str
    allowed: bool = True

    def succeed(self, reason: str) -> Result:
        """Return that it worked: wrong where it must be refused."""
        return self._result(Outcome.WORKED if self.allowed else Outcome.WRONG, reason)

    def refuse(self, reason: str) -> Result:
        """Return that it was refused: wrong where it must work."""
        return self._result(Outcome.WRONG if self.allowed else Outcome.REFUSED, reason)

    def fail(self, reason: str) -> Result:
        """Return that it failed otherwise."""
        return self._result(Outcome.WRONG, reason)

    def not_checked(self, reason: str) -> Result:
        """Return that it could not be made."""
        return self._result(Outcome.NOT_LOOKED, reason)

    def no_answer(self, error: ApiError) -> Result:
        """Return the result of a check without an answer; the same reason gives the same text."""
        return self.not_checked(f"{error.reason}. {error.remedy}")

    def _result(self, outcome: Outcome, reason: str) -> Result:
        return Result(self.subject, self.kind, self.title, self.allowed, outcome, one_line(reason))


@dataclass(frozen=True)
class Report:
    """All results; `remarks` are what they do not cover, and what was left behind."""

    results: tuple[Result, ...]
    remarks: tuple[str, ...] = ()

    def of(self, outcome: Outcome) -> tuple[Result, ...]:
        """Return the results with this outcome."""
        return tuple(result for result in self.results if result.outcome is outcome)

    @property
    def verdict(self) -> Verdict:
        """Return the verdict: "could not look" outweighs failures, as in a drift report."""
        if self.of(Outcome.NOT_LOOKED):
            return Verdict.COULD_NOT_LOOK
        return Verdict.WRONG if self.of(Outcome.WRONG) else Verdict.AS_IT_MUST_BE

    def as_json(self) -> dict[str, Any]:
        """Return the report as JSON's types; its names are stable."""
        return {
            "verdict": self.verdict.name.lower(),
            "counts": {outcome.value: len(self.of(outcome)) for outcome in Outcome},
            "results": [result.to_json() for result in self.results],
            "remarks": list(self.remarks),
        }

    def as_junit(self) -> str:
        """Return the report as JUnit XML: a failure for a failed check, an error for an impossible one."""
        return document("ciaccess verify", (_case(result) for result in self.results))


def subjects(results: Iterable[Result]) -> list[str]:
    """Return the subjects of results, each once, in order."""
    return list(dict.fromkeys(result.subject for result in results))


def expectation(result: Result) -> str:
    """Return what is expected, in words."""
    return "must work" if result.allowed else "must be refused"


def _case(result: Result) -> Case:
    trouble = None
    text = f"{result.title}: {expectation(result)}; {result.reason}"
    if result.outcome is Outcome.WRONG:
        trouble = Trouble("failure", text, "wrong")
    elif result.outcome is Outcome.NOT_LOOKED:
        trouble = Trouble("error", text, "could-not-look")
    return Case(result.subject, f"{result.title} ({expectation(result)})", trouble)
