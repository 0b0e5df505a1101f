"""`./ciaccess access`: who may do what, and with --diff who gains or loses access."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated

import typer

from ciaccess.access import Access
from ciaccess.access.reading.faults import require_declared
from ciaccess.analysis import sections
from ciaccess.analysis.changes import Difference
from ciaccess.analysis.difference import difference
from ciaccess.analysis.facts import AccessFacts
from ciaccess.cli.help import Command, examples
from ciaccess.cli.options import FileOption, load_access
from ciaccess.cli.terminal import finish, output, print_json
from ciaccess.engine.settings import CONFIG_FOLDER
from ciaccess.errors import CommandError, Exit
from ciaccess.report import page

# Mermaid's defaults, maxTextSize and maxEdges.
_MOST_CHART_CHARACTERS = 50_000
_MOST_ARROWS = 500
application = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
_EXAMPLES = examples(
    "./ciaccess access --by project",
    "./ciaccess access --diff origin/main",
    "./ciaccess access --diff $(git merge-base origin/main HEAD) --format html > access.html",
    "./ciaccess access --format mermaid --account svc-bench",
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
    MERMAID = "mermaid"


_OWN = "; without ciaccess's own (docs/own-pipeline.md)"
_VIEWS = {
    By.ACCOUNT: sections.by_account,
    By.PROJECT: sections.by_project,
    By.REPOSITORY: sections.by_repository,
}


@application.command(cls=Command, epilog=_EXAMPLES)
def access(
    *,
    by: Annotated[By, typer.Option("--by", help="What a row is about.")] = By.ACCOUNT,
    form: Annotated[
        Format,
        typer.Option("--format", help="html is one page in one file, mermaid a chart that GitLab shows."),
    ] = Format.TABLE,
    account: Annotated[str | None, typer.Option("--account", help="This account alone.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    diff: Annotated[
        str | None, typer.Option("--diff", metavar="REV", help="Who gains and loses since this git revision.")
    ] = None,
    file: FileOption = None,
) -> None:
    """Show who may do what; with --diff, who gains and who loses.

    Exit code 0 clean, 2 with --diff: differences, 1 error.
    """
    access = load_access(file)
    require_declared([account] if account else (), access.accounts)
    facts = _facts(access, account)
    if form is Format.MERMAID:
        sys.stdout.write(_chart(facts, diff))
        return
    changes = None
    if diff is not None:
        from ciaccess.cli.revisions import declared_at  # noqa: PLC0415 only for --diff

        then = declared_at(diff, file or CONFIG_FOLDER / "access.yaml", {})
        changes = difference(_facts(then, account), facts)
    if as_json or form is Format.JSON:
        print_json(
            {"compared_with": diff, **changes.to_json()} if changes is not None else sections.as_json(facts)
        )
    else:
        views = _VIEWS[by](facts)
        shown = (
            _facts_page(facts, views, has_own=access.pipeline is not None)
            if changes is None
            else _difference_page(changes, str(diff), views, form)
        )
        _print(shown, form)
    finish(Exit.DIFFERENCES if changes else Exit.CLEAN)


def _facts(access: Access, account: str | None) -> AccessFacts:
    facts = AccessFacts.of(access)
    return facts.only(account) if account else facts


def _chart(facts: AccessFacts, diff: str | None) -> str:
    from ciaccess.analysis.diagram import mermaid  # noqa: PLC0415 only for --format mermaid

    if diff is not None:
        raise CommandError("--format mermaid shows one state. Leave --diff out, or use --format markdown")
    chart = mermaid(facts)
    if len(chart) > _MOST_CHART_CHARACTERS or chart.count("-->") > _MOST_ARROWS:
        sys.stderr.write(
            f"note: Mermaid draws no chart of over {_MOST_CHART_CHARACTERS:,} characters or {_MOST_ARROWS} arrows, and this one has more. "
            "Name one account with --account, or use --format html\n"
        )
    return chart


def _facts_page(facts: AccessFacts, views: tuple[page.Section, ...], *, has_own: bool) -> page.Page:
    accounts = page.count_text(len(facts.accounts), "account")
    roles = page.count_text(len(facts.roles), "JWT role")
    return page.Page(
        title="Who may do what",
        verdict=f"{accounts} in Nexus, their secrets read by the jobs of {roles}{_OWN if has_own else ''}",
        tone="plain",
        sections=views,
        facts=(("Issuer", facts.trust.issuer), ("Login", facts.trust.login_path)),
    )


def _difference_page(
    changes: Difference, revision: str, views: tuple[page.Section, ...], form: Format
) -> page.Page:
    """Return the page of a difference; the HTML one shows what comes out of it, too."""
    text, tone = sections.verdict(changes)
    after = views if form is Format.HTML else ()
    facts = (("Compared with", revision),)
    return page.Page("Who gains, who loses", text, tone, (*sections.of_changes(changes), *after), facts)


def _print(shown: page.Page, form: Format) -> None:
    if form is Format.TABLE:
        page.show(shown, output())
    else:
        sys.stdout.write(page.html(shown) if form is Format.HTML else page.markdown(shown))
