"""Where a preview goes besides the terminal: files, GitLab's terraform report, the note."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from typer._click import Context

from ciaccess.cli.help import Command
from ciaccess.cli.terminal import notices, output, print_json, write_file
from ciaccess.errors import CiaccessError, CommandError
from ciaccess.report import page
from ciaccess.review.run import Subject

STANDARD_OUTPUT = "-"
_JOB = ("CI_PROJECT_ID", "CI_MERGE_REQUEST_IID")


class OptionalFileCommand(Command):
    """A command whose `--json` may be without a file, which typer's options cannot express."""

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        """Give a bare --json the standard output for its file."""
        bare = [
            index
            for index, word in enumerate(args)
            if word == "--json" and (index + 1 == len(args) or args[index + 1].startswith("--"))
        ]
        for index in bare:
            args[index] = f"--json={STANDARD_OUTPUT}"
        return super().parse_args(ctx, args)


@dataclass(frozen=True)
class Outputs:
    """What is written: `as_json` is a file's name or `-`; None where it is not asked for."""

    as_json: str | None
    markdown: Path | None
    html: Path | None
    terraform: Path | None
    note: bool

    @property
    def is_json(self) -> bool:
        """Tell whether standard output is JSON."""
        return self.as_json == STANDARD_OUTPUT

    def check(self) -> None:
        """Refuse a note outside of a merge request's job, before anything is done.

        Raises:
            CommandError: the job's variables are missing.
        """
        missing = [name for name in _JOB if not os.environ.get(name)]
        if self.note and missing:
            raise CommandError(
                f"--note needs {' and '.join(missing)}: run it in a merge request's pipeline, or leave --note out"
            )

    def tell(
        self,
        subject: Subject,
        shown: page.Page,
        as_json: dict[str, Any],
        counts: dict[str, int] | None = None,
    ) -> None:
        """Write all of it, the note last, so that the artifacts exist whatever GitLab responds.

        Raises:
            CommandError: a file could not be written, or GitLab refused the note.
        """
        if self.is_json:
            print_json(as_json)
        else:
            page.show(shown, output())
        if self.as_json not in (None, STANDARD_OUTPUT):
            write_file(Path(str(self.as_json)), _json(as_json))
        if self.markdown:
            write_file(self.markdown, page.markdown(shown))
        if self.html:
            write_file(self.html, page.html(shown))
        if self.terraform and counts is not None:
            write_file(self.terraform, _json(counts))
        if self.note:
            self._keep_note(subject, shown)

    def _keep_note(self, subject: Subject, shown: page.Page) -> None:
        from ciaccess.clients.connect import gitlab_client  # noqa: PLC0415 only here
        from ciaccess.clients.credentials import notes_token  # noqa: PLC0415 likewise
        from ciaccess.clients.gitlab.marked import MergeRequestNotes  # noqa: PLC0415 likewise
        from ciaccess.review.note import marker, text_of, update_note  # noqa: PLC0415 likewise

        mark = marker(subject.project, subject.stack)
        project, merge_request = (os.environ[name] for name in _JOB)
        try:
            gitlab = gitlab_client(subject.access.gitlab.url, notes_token())
            notes = MergeRequestNotes(gitlab, project, int(merge_request))
            done = update_note(notes, mark, text_of(shown, mark, self._link()))
        except CiaccessError as error:
            raise CommandError(f"keep the note: {error}") from None
        notices().print(f"note on !{merge_request}: {done}", markup=False)

    def _link(self) -> str:
        """Return the address of the job's page, of the HTML page among its artifacts where there is one."""
        job = os.environ.get("CI_JOB_URL", "")
        if not job or self.html is None:
            return job
        root = os.environ.get("CI_PROJECT_DIR") or Path.cwd()
        return f"{job}/artifacts/file/{quote(os.path.relpath(self.html, root))}"


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
