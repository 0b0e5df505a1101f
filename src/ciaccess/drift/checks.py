"""A check as data: what it is about, what it must be able to read, and the question itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ciaccess.drift.findings import Finding

Question = Callable[[], Iterable[Finding]]


@dataclass(frozen=True)
class Check:
    """`subject` completes "could not look at …"; `reads` are API paths of Vault, those that end in / are listed."""

    subject: str
    question: Question
    reads: tuple[str, ...] = ()
