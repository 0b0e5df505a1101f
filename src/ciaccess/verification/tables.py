"""A verification as text: accounts by kinds of checks, Vault's reasons, failures by name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from ciaccess.report.page import count_text, visible
from ciaccess.verification.results import Outcome, Verdict, expectation, subjects

if TYPE_CHECKING:
    from rich.console import Console

    from ciaccess.verification.results import Report, Result

_SIGNS = {Outcome.WORKED: "✓", Outcome.REFUSED: "⊘", Outcome.WRONG: "✗", Outcome.NOT_LOOKED: "?"}
_STYLES = {
    Outcome.WORKED: "green",
    Outcome.REFUSED: "cyan",
    Outcome.WRONG: "bold red",
    Outcome.NOT_LOOKED: "yellow",
}
_KINDS = ("login", "secret", "Nexus login", "administer", "browse", "read", "upload", "delete")
_HEADINGS = {"Nexus login": "NEXUS", "administer": "ADMIN"}
_CELL_CHARACTERS = 9
_LEGEND = "✓ allowed and worked   ⊘ refused, as expected   ✗ failed   ? could not look"
_NOT_APPLIED = "Is access.yaml newer than the last `pulumi up`? ./ciaccess drift tells; docs/verify.md has the other causes"
_ROLE, _GROUP = "role ", "group "


def show(report: Report, console: Console, *, verbose: bool = False) -> None:
    """Print the report."""
    named = subjects(report.results)
    accounts = [name for name in named if not name.startswith((_ROLE, _GROUP))]
    if verbose:
        for subject in accounts:
            console.print(Text(subject, style="bold"))
            _print_lines(console, _of(report, subject))
    else:
        # Wider than a narrow terminal if need be: a cut number would be wrong.
        console.print(_matrix(report, accounts), width=max(console.width, _least_width(accounts)))
        console.print(Text(_LEGEND, style="dim"))
        console.print()
    for subject in (name for name in named if name not in accounts):
        if verbose or report.verdict is not Verdict.AS_IT_MUST_BE:
            console.print(Text(subject, style="bold"))
            _print_lines(console, _of(report, subject))
        else:
            _step(console, _summary(report, subject))
    _print_troubles(console, report)
    for remark in report.remarks:
        console.print(Text(visible(f"note: {remark}"), style="dim"))
    console.print(_verdict(report))


def show_proof(report: Report, account: str, console: Console) -> None:
    """Print one account's checks from token to artifact, and the refusals by kind."""
    console.print(f"\n[bold]{account}, from token to artifact[/]")
    results = _of(report, account)
    for result in results:
        if result.outcome is Outcome.WORKED:
            _step(console, f"{result.title}: {result.reason}")
    for kind in _KINDS:
        refused = [result for result in results if result.kind == kind and result.outcome is Outcome.REFUSED]
        if refused:
            _step(
                console,
                f"{kind} not allowed, {count_text(len(refused), 'check')}: refused, as expected",
            )
    others = [result for result in report.results if result.subject != account]
    for subject in subjects(others):
        _step(console, _summary(report, subject))
    _print_troubles(console, report)


def _summary(report: Report, subject: str) -> str:
    """Return the good checks of a role or a group on one line."""
    good = [result for result in _of(report, subject) if result.outcome in (Outcome.WORKED, Outcome.REFUSED)]
    reason = "refused, as expected" if subject.startswith(_ROLE) else "as declared"
    return f"{subject}, {count_text(len(good), 'check')}: {reason}"


def _matrix(report: Report, accounts: Sequence[str]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("ACCOUNT", no_wrap=True)
    kinds = [kind for kind in _KINDS if any(result.kind == kind for result in report.results)]
    for kind in kinds:
        table.add_column(_HEADINGS.get(kind, kind.upper()), no_wrap=True)
    for account in accounts:
        results = _of(report, account)
        table.add_row(
            account, *(_cell([result for result in results if result.kind == kind]) for kind in kinds)
        )
    return table


def _least_width(accounts: Sequence[str]) -> int:
    return max(map(len, accounts), default=0) + (_CELL_CHARACTERS + 1) * len(_KINDS)


def _cell(results: Sequence[Result]) -> Text:
    counts = {outcome: sum(result.outcome is outcome for result in results) for outcome in Outcome}
    parts = [
        Text(f"{_SIGNS[outcome]}{count}", style=_STYLES[outcome])
        for outcome, count in counts.items()
        if count
    ]
    return Text(" ").join(parts) if parts else Text("-", style="dim")


def _print_lines(console: Console, results: Iterable[Result]) -> None:
    for result in results:
        line = Text(f"  {_SIGNS[result.outcome]} ", style=_STYLES[result.outcome])
        console.print(line + Text(visible(f"{result.title}: {result.reason}"), style=""))


def _print_troubles(console: Console, report: Report) -> None:
    wrong, unseen = report.of(Outcome.WRONG), report.of(Outcome.NOT_LOOKED)
    if wrong:
        console.print(Text("\nFailed", style=_STYLES[Outcome.WRONG]))
    for result in wrong:
        line = f"  {result.subject}: {result.title}: {expectation(result)}; {result.reason}"
        console.print(Text(visible(line)))
    if wrong:
        console.print(Text(f"  {_NOT_APPLIED}", style="dim"))
    if unseen:
        console.print(Text("\nCould not look", style=_STYLES[Outcome.NOT_LOOKED]))
    # What fails for one reason is reported once.
    for reason in dict.fromkeys(result.reason for result in unseen):
        concerned = subjects(result for result in unseen if result.reason == reason)
        console.print(Text(visible(f"  {', '.join(concerned)}: {reason}")))


def _verdict(report: Report) -> Text:
    wrong, unseen = len(report.of(Outcome.WRONG)), len(report.of(Outcome.NOT_LOOKED))
    checks = count_text(len(report.results), "check")
    if unseen:
        text = f"{checks}: {unseen} could not be made, {wrong} failed"
    elif wrong:
        text = f"{checks}: {wrong} failed"
    else:
        worked, refused = len(report.of(Outcome.WORKED)), len(report.of(Outcome.REFUSED))
        text = f"{checks} passed: {worked} allowed, {refused} refused"
    style = {
        Verdict.AS_IT_MUST_BE: "bold green",
        Verdict.WRONG: "bold red",
        Verdict.COULD_NOT_LOOK: "bold yellow",
    }
    return Text(f"\n{text}", style=style[report.verdict])


def _of(report: Report, subject: str) -> list[Result]:
    return [result for result in report.results if result.subject == subject]


def _step(console: Console, text: str) -> None:
    console.print(Text("  ✓ ", style="green") + Text(visible(text), style=""))
