"""One job for the rules: its steps, its first variables, and its logins to Vault."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from ciaccess.consumers.lint.findings import Edit, Finding, without_passwords
from ciaccess.consumers.lint.login_rules import login_in
from ciaccess.consumers.lint.native_secrets import native_secrets
from ciaccess.consumers.lint.reading import OF_TEXT
from ciaccess.consumers.lint.running import runs_of
from ciaccess.consumers.lint.variables import fill_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ciaccess.consumers.lint.login_rules import Login
    from ciaccess.consumers.lint.merging import Job
    from ciaccess.consumers.lint.native_secrets import NativeSecret
    from ciaccess.consumers.lint.reading import Call, Place, Step
    from ciaccess.consumers.lint.variables import Values
    from ciaccess.consumers.lint.vocabulary import Vocabulary


@dataclass(frozen=True)
class JobReading:
    """A job with what it runs in one case.

    `values` are its variables before the first line, `known` the names of those that it has in some case; `words` are
    what the rules compare it with.
    """

    job: Job
    steps: list[Step]
    logins: list[Login]
    native: list[NativeSecret]
    values: Values
    known: frozenset[str]
    words: Vocabulary

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

    def written_to_dotenv(self) -> Iterator[tuple[Call, str]]:
        """Yield what is written to a dotenv report, which is an artifact, with the command that does."""
        files = {in_project(fill_in(each, self.values)) for each in self.job.dotenv_files}
        names = {each.rpartition("/")[2] for each in files}
        is_elsewhere = False
        for step in self.steps if files else ():
            for index, call in enumerate(step.calls):
                if call.name in ("cd", "pushd"):
                    is_elsewhere = in_project(f"{call.words[0] if call.words else '~'}/.") != "."
                written = list(map(in_project, call.written_to))
                in_folder = [
                    each.rpartition("/")[2] for each in written if is_elsewhere and each[:1] not in "/~"
                ]
                if not (_is_any(written, files) or _is_any(in_folder, names)):
                    continue
                # What `tee` and the like write, those before it in the pipeline print.
                writers = step.calls[: index + 1] if call.name in OF_TEXT else (call,)
                arguments = [one.raw.text for each in writers for one in each.arguments]
                yield call, " ".join((*arguments, *(each.given for each in writers)))


def _is_any(names: list[str], patterns: set[str]) -> bool:
    return any(fnmatchcase(name, each) for name in names for each in patterns)


def in_project(path: str) -> str:
    """Return a path as it is named from the project's folder."""
    return re.sub(r"^(?:\$\{?CI_PROJECT_DIR\}?/|\./)", "", path).rstrip("/")


def read_job(job: Job, words: Vocabulary) -> tuple[list[JobReading], list[str]]:
    """Read what a job runs in each case, and name what was left out.

    Raises:
        SourceError: a script is too large, or runs too much.
    """
    runs, unread = runs_of(job, words)
    known = frozenset(name for values, _ in runs for name in values)
    readings = []
    for values, steps in runs:
        native = list(native_secrets(job, values, words))
        found = [login for step in steps if (login := login_in(step, words))]
        found += [each.login for each in native if each.is_of(words)]
        readings.append(JobReading(job, steps, list(dict.fromkeys(found)), native, values, known, words))
    return readings, unread
