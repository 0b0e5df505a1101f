"""One job for the rules: its steps, the known variables, and its logins to Vault."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ciaccess.consumers.lint.findings import Edit, Finding
from ciaccess.consumers.lint.login_rules import Login, login_in
from ciaccess.consumers.lint.native_secrets import native_secrets
from ciaccess.consumers.lint.reading import Place, Step, steps_of
from ciaccess.consumers.lint.variables import Variables, variables_of

if TYPE_CHECKING:
    from ciaccess.consumers.lint.merging import Job
    from ciaccess.consumers.lint.native_secrets import NativeSecret
    from ciaccess.consumers.lint.vocabulary import Vocabulary


@dataclass(frozen=True)
class JobReading:
    """A job with what it runs. `variables` are those before its first line."""

    job: Job
    steps: tuple[Step, ...]
    logins: tuple[Login, ...]
    native: tuple[NativeSecret, ...]
    variables: Variables

    def finding(
        self,
        rule: str,
        place: Place,
        why: str,
        remedy: str,
        *,
        suggestion: str = "",
        edit: Edit | None = None,
    ) -> Finding:
        """Return a finding at a place of this job."""
        return Finding(
            rule, place.scalar.source, place.line, str(self.job.name), why, remedy, suggestion, edit
        )


def read_job(job: Job, words: Vocabulary) -> JobReading:
    """Read what a job runs.

    Raises:
        SourceError: a script is too large.
    """
    steps, logins = [], []
    for step, known in steps_of(job, words):
        steps.append(step)
        if login := login_in(step, known, words):
            logins.append(login)
    variables = variables_of(job, words)
    native = tuple(native_secrets(job, variables))
    logins += [each.login() for each in native if each.is_of(words)]
    return JobReading(job, tuple(steps), tuple(logins), native, variables)
