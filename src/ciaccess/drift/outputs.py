"""Where a drift report goes: the terminal or standard output, files, and the rolling issue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ciaccess.cli.terminal import notices, output, print_json, write_file
from ciaccess.drift.check_all import Subject
from ciaccess.drift.findings import Report, as_json
from ciaccess.drift.repairs import Plan
from ciaccess.errors import CiaccessError, CommandError


@dataclass(frozen=True)
class Outputs:
    """The files to write, None if not requested; `issue` is a GitLab project, by id or path."""

    as_json: bool
    markdown: Path | None
    junit: Path | None
    html: Path | None
    issue: str | None

    def tell(self, subject: Subject, report: Report, steps: Plan) -> None:
        """Write all outputs, the files first, so that they exist even if GitLab fails.

        Raises:
            CommandError: a file could not be written, or GitLab refused.
        """
        from ciaccess.drift.page import page_of  # noqa: PLC0415 after the checks, which should begin early
        from ciaccess.report import page  # noqa: PLC0415 likewise

        shown = page_of(report, steps, datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"))
        if self.markdown:
            write_file(self.markdown, page.markdown(shown))
        if self.html:
            write_file(self.html, page.html(shown))
        if self.junit:
            from ciaccess.drift.junit import junit  # noqa: PLC0415 only for this option

            write_file(self.junit, junit(report))
        if self.as_json:
            print_json(as_json(report) | {"repair": steps.words() if steps.runs else None})
        else:
            page.show(shown, output())
        if self.issue:
            _keep_issue(subject, report, self.issue, page.markdown(shown))


def _keep_issue(subject: Subject, report: Report, project: str, text: str) -> None:
    from ciaccess.clients.connect import checked_gitlab  # noqa: PLC0415 only for this option
    from ciaccess.clients.credentials import notes_token  # noqa: PLC0415 likewise
    from ciaccess.clients.gitlab.marked import Issues  # noqa: PLC0415 likewise
    from ciaccess.drift.issue import update_issue  # noqa: PLC0415 likewise

    try:
        gitlab = checked_gitlab(subject.access, subject.timeout_seconds, notes_token())
        done = update_issue(Issues(gitlab, project), report, text)
    except CiaccessError as error:
        raise CommandError(f"keep the issue: {error}") from None
    notices().print(f"issue: {done}", markup=False)
