"""One job for the rules: its steps, its first variables, and its logins to Vault."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ciaccess.consumers.lint.findings import Edit, Finding, without_passwords
from ciaccess.consumers.lint.login_rules import Login, login_in
from ciaccess.consumers.lint.native_secrets import native_secrets
from ciaccess.consumers.lint.running import steps_of
from ciaccess.consumers.lint.variables import first_values

if TYPE_CHECKING:
    from ciaccess.consumers.lint.merging import Job
    from ciaccess.consumers.lint.native_secrets import NativeSecret
    from ciaccess.consumers.lint.reading import Place, Step
    from ciaccess.consumers.lint.variables import Values
    from ciaccess.consumers.lint.vocabulary import Vocabulary


@dataclass(frozen=True)
class JobReading:
    """A job with what it runs.

    `cases` are the sets of variables before its first line, `unread` names what was left out.
    """

    job: Job
    steps: tuple[Step, ...]
    logins: tuple[Login, ...]
    native: tuple[NativeSecret, ...]
    cases: list[Values]
    unread: list[str]

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
        shown = without_passwords(suggestion)
        return Finding(rule, place.scalar.source, place.line, str(self.job.name), why, remedy, shown, edit)


def read_job(job: Job, words: Vocabulary) -> JobReading:
    """Read what a job runs.

    Raises:
        SourceError: a script is too large, or runs too much.
    """
    (steps, unread), cases = steps_of(job, words), first_values(job, words)
    found = [login for step in steps if (login := login_in(step, words))]
    native = tuple(each for values in cases for each in native_secrets(job, values))
    found += [each.login() for each in native if each.is_of(words)]
    logins: dict[Place, Login] = {}
    for each in found:
        known = logins.get(each.place, each)
        roles = tuple(dict.fromkeys((*known.roles, *each.roles)))
        logins[each.place] = replace(each, roles=roles, tokens=known.tokens | each.tokens)
    return JobReading(job, tuple(steps), tuple(logins.values()), native, cases, unread)
