"""`./ciaccess access`: who may do what, and with --diff who gains and who loses by a change; from the YAML alone."""

from __future__ import annotations

import sys
import tempfile
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analysis.difference import difference
from analysis.facts import AccessFacts
from commands import access_tables, page
from commands.declared import FileOption, declared
from commands.terminal import CommandError, Exit, finish, output, print_json
from config.stacks import CONFIG_FOLDER

if TYPE_CHECKING:
    from analysis.changes import Change, Difference

application = typer.Typer(add_completion=False)
_EXAMPLES = (
    "Examples:  ./ciaccess access --by project  ·  ./ciaccess access --diff origin/main  ·  "
    "./ciaccess access --diff $(git merge-base origin/main HEAD) --format html > access.html"
)


class By(StrEnum):
    """What a row is about."""

    ACCOUNT = "account"
    PROJECT = "project"
    REPOSITORY = "repository"


class Format(StrEnum):
    """How the answer is printed."""

    TABLE = "table"
    MARKDOWN = "markdown"
    JSON = "json"
    HTML = "html"


_VIEWS = {
    By.ACCOUNT: access_tables.by_account,
    By.PROJECT: access_tables.by_project,
    By.REPOSITORY: access_tables.by_repository,
}


@application.command(epilog=_EXAMPLES)
def access(
    *,
    by: Annotated[By, typer.Option("--by", help="What a row is about.")] = By.ACCOUNT,
    form: Annotated[Format, typer.Option("--format", help="html is one page in one file.")] = Format.TABLE,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    diff: Annotated[
        str | None, typer.Option("--diff", metavar="REV", help="Who gains and loses since this git revision.")
    ] = None,
    file: FileOption = None,
) -> None:
    """Show who may do what; with --diff, who gains and who loses. Exit code 2 when --diff finds a difference."""
    facts = AccessFacts.of(declared(file))
    changes = None
    if diff is not None:
        changes = difference(_facts_at(diff, file or CONFIG_FOLDER / "access.yaml"), facts)
    if as_json or form is Format.JSON:
        print_json(
            {"compared_with": diff, **changes.to_json()}
            if changes is not None
            else access_tables.as_json(facts)
        )
    else:
        sections = _VIEWS[by](facts)
        shown = _whole(facts, sections) if changes is None else _compared(changes, str(diff), sections, form)
        _print(shown, form)
    finish(Exit.DIFFERENCES if changes else Exit.CLEAN)


def change_sections(changes: Difference) -> tuple[page.Section, ...]:
    """Return the gains and losses as a page shows them; nothing where there are none."""
    if not changes:
        return ()
    risky_first = sorted(changes.gains, key=lambda change: not change.risks)
    gains = tuple(_finding(change, "gain") for change in risky_first)
    losses = tuple(_finding(change, "loss") for change in changes.losses)
    return (
        page.Section("Who gains", findings=gains, nothing="Nobody gains anything."),
        page.Section("Who loses", findings=losses, nothing="Nobody loses anything."),
    )


def verdict(changes: Difference) -> tuple[str, page.Tone]:
    """Return a difference in one line, and its tone."""
    if not changes:
        return "Nobody gains or loses access.", "good"
    counts = f"{_counted(len(changes.gains), 'gain')}, {_counted(len(changes.losses), 'loss')}"
    marks = ", ".join(changes.risks)
    return (f"{counts}. Look twice: {marks}.", "risky") if marks else (f"{counts}.", "plain")


def _facts_at(revision: str, file: Path) -> AccessFacts:
    from commands.revisions import content_at  # noqa: PLC0415 only for --diff

    with tempfile.TemporaryDirectory(prefix="ciaccess-") as scratch:
        copy = Path(scratch) / file.name
        copy.write_bytes(content_at(revision, file))
        try:
            return AccessFacts.of(declared(copy))
        except CommandError as error:
            raise CommandError(f"compare with {revision!r}: the YAML of then is refused. {error}") from None


def _whole(facts: AccessFacts, sections: tuple[page.Section, ...]) -> page.Page:
    accounts, roles = _counted(len(facts.accounts), "account"), _counted(len(facts.roles), "JWT role")
    return page.Page(
        title="Who may do what",
        verdict=f"{accounts} in Nexus, their secrets read by the jobs of {roles}",
        tone="plain",
        sections=sections,
        facts=(("Issuer", facts.trust.issuer), ("Login", facts.trust.login_path)),
    )


def _compared(
    changes: Difference, revision: str, sections: tuple[page.Section, ...], form: Format
) -> page.Page:
    """Return the page of a difference; the HTML one shows what comes out of it, too."""
    text, tone = verdict(changes)
    after = sections if form is Format.HTML else ()
    facts = (("Compared with", revision),)
    return page.Page("Who gains, who loses", text, tone, (*change_sections(changes), *after), facts)


def _finding(change: Change, tone: page.Tone) -> page.Finding:
    return page.Finding(change.sentence, tone, tuple(change.risks))


def _counted(number: int, word: str) -> str:
    plural = f"{word}es" if word.endswith("s") else f"{word}s"
    return f"{number} {word if number == 1 else plural}"


def _print(shown: page.Page, form: Format) -> None:
    if form is Format.TABLE:
        page.show(shown, output())
    else:
        sys.stdout.write(page.html(shown) if form is Format.HTML else page.markdown(shown))
