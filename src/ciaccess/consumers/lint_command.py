"""`./ciaccess lint-ci`: faults and leaks at Vault and Nexus in pipelines."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ciaccess.cli.help import Command, examples
from ciaccess.cli.local_credentials import use_local_credentials
from ciaccess.cli.options import FileOption, StackOption, load_access
from ciaccess.cli.terminal import finish, notices, output, print_json, print_text, write_file
from ciaccess.consumers.lint import Checked, Finding, SourceError, apply_fixes, check
from ciaccess.errors import CommandError, Exit

if TYPE_CHECKING:
    from ciaccess.access import Access
    from ciaccess.consumers.audit.audit import Audit

application = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@application.command(
    cls=Command,
    epilog=examples(
        "./ciaccess lint-ci ../executor/.gitlab-ci.yml",
        "./ciaccess lint-ci --fix ci/*.yml",
        "./ciaccess lint-ci --group orchestrator --html pipelines.html",
    ),
)
def lint_ci(  # noqa: PLR0913 a command's options
    files: Annotated[list[Path] | None, typer.Argument(help="Pipeline files.", show_default=False)] = None,
    *,
    fix: Annotated[
        bool,
        typer.Option(
            "--fix", help="Correct YAML values where a second check proves it; no script is edited."
        ),
    ] = False,
    group: Annotated[
        list[str] | None,
        typer.Option(
            "--group", help="Check the projects of a GitLab group and its subgroups, by path or id."
        ),
    ] = None,
    project: Annotated[
        list[str] | None, typer.Option("--project", help="Check one GitLab project, by path or id.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
    html: Annotated[
        Path | None, typer.Option("--html", help="With --group or --project: write an HTML page.")
    ] = None,
    timeout: Annotated[
        float, typer.Option("--timeout", min=0.1, help="Seconds to wait for a response of GitLab.")
    ] = 60.0,
    file: FileOption = None,
    stack: StackOption = None,
) -> None:
    """Check pipelines for what fails or leaks at Vault or Nexus; each finding has its remedy.

    With --group or --project, GitLab merges the pipeline of each default branch; GITLAB_TOKEN needs scope read_api and
    role Reporter. Exit code 0 clean, 2 findings, 3 a pipeline could not be read, 1 an error.
    """
    asked = bool(group or project)
    if asked == bool(files) or (asked and fix) or (html and not asked):
        raise CommandError(
            "name the files to check, such as .gitlab-ci.yml (--fix is for these); or a --group or --project of GitLab (--html is for these)"
        )
    access = load_access(file, stack)
    if asked:
        if stack:
            use_local_credentials(stack)
        _show_audit(_audit(access, group or [], project or [], timeout), html, as_json=as_json)
    _lint_files(access, files or [], fix=fix, as_json=as_json)


def _audit(access: Access, groups: list[str], projects: list[str], timeout_seconds: float) -> Audit:
    """Check every pipeline, with progress on a terminal."""
    from rich.progress import Progress  # noqa: PLC0415 slow to import, and files need none of these

    from ciaccess.consumers.audit.audit import Auditor, audit  # noqa: PLC0415 likewise

    auditor = Auditor.connect(access, timeout_seconds)
    console = notices()
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("listing projects", total=None)
        listed, incomplete = auditor.projects(groups, projects)
        progress.update(task, description="checking pipelines", total=len(listed))
        results = auditor.check_all(listed, lambda: progress.advance(task))
    return audit(", ".join([*groups, *projects]), results, incomplete)


def _show_audit(audit: Audit, html: Path | None, *, as_json: bool) -> None:
    from ciaccess.consumers.audit.views import page_of, to_json  # noqa: PLC0415 files need none of these
    from ciaccess.report import page  # noqa: PLC0415 likewise

    shown = page_of(audit, datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"))
    if html:
        write_file(html, page.html(shown))
    if as_json:
        print_json(to_json(audit))
    else:
        page.show(shown, output())
    finish(audit.code)


def _lint_files(access: Access, files: list[Path], *, fix: bool, as_json: bool) -> None:
    results, errors = _lint_each(access, list(dict.fromkeys(files)), fix=fix)
    if not results:
        raise CommandError("\nerror: ".join(errors))
    left = list({each.place: each for _, checked, _ in results for each in checked.findings}.values())
    fixed = [each for _, _, done in results for each in done]
    unread = dict.fromkeys(
        f"{path}: {each}"
        for path, checked, _ in results
        for each in (*checked.unread, *checked.invalid_children)
    )
    # Files without jobs: whether they include what was not read.
    without_jobs = {path: bool(checked.unread) for path, checked, _ in results if not checked.has_jobs}
    nothing_checked = len(without_jobs) == len(results)
    if as_json:
        found = {"findings": [each.to_json() for each in left], "fixed": [each.to_json() for each in fixed]}
        print_json({**found, "unread": list(unread), "without_jobs": list(without_jobs)})
    else:
        for each in fixed:
            print_text(f"{_where(each)}: fixed: {each.why}")
        _show(left, list(unread), without_jobs)
        named = set() if fix else {path for path, _, _ in results}
        fixable = sum(each.edit is not None and each.edit.source.name in named for each in left)
        if left:
            print_text(f"{len(left)} found{f'; --fix can correct {fixable}' if fixable else ''}")
        elif not (fixed or nothing_checked):
            print_text("nothing found in what was read" if unread or without_jobs or errors else "clean")
    if errors:
        raise CommandError("\nerror: ".join(errors))
    if any(without_jobs.values()):
        finish(Exit.COULD_NOT_LOOK)
    if left:
        finish(Exit.DIFFERENCES)
    finish(Exit.ERROR if nothing_checked else Exit.CLEAN)


def _lint_each(
    access: Access, files: list[Path], *, fix: bool
) -> tuple[list[tuple[str, Checked, list[Finding]]], list[str]]:
    """Return what each file has and what was corrected in it, and the errors of unreadable ones.

    Nothing is corrected while one cannot be read.
    """
    results, errors = list[tuple[str, Checked, list[Finding]]](), list[str]()
    for path in files:
        try:
            results.append((str(path), *_lint_file(access, path, fix=False)))
        except CommandError as error:
            errors.append(str(error))
    if fix and errors:
        errors.append("no file was corrected: first correct these, or leave them out")
    elif fix:
        results = [(str(path), *_lint_file(access, path, fix=True)) for path in files]
    return results, errors


def _lint_file(access: Access, path: Path, *, fix: bool) -> tuple[Checked, list[Finding]]:
    """Return what a file has, and what was corrected in it."""
    text, done = _read(path), list[Finding]()
    try:
        if fix:
            text, done = apply_fixes(text, access, path)
            if done:
                _write(path, text)
        return check(text, access, path), done
    except SourceError as error:
        raise CommandError(f"read {path}: {error}") from None


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise CommandError(
            f"read {path}: {reason}", remedy="Name a pipeline's file, such as .gitlab-ci.yml."
        ) from None


def _write(path: Path, text: str) -> None:
    try:
        path.write_bytes(text.encode("utf-8"))
    except OSError as error:
        raise CommandError(f"write {path}: {error.strerror}") from None


def _show(left: list[Finding], unread: list[str], without_jobs: dict[str, bool]) -> None:
    suggested = set[tuple[str, int]]()
    for finding in left:
        print_text(f"{_where(finding)}: {finding.why}\n    fix: {finding.remedy}")
        if finding.suggestion:
            print_text(f"    new line: {finding.suggestion}")
            if (finding.source.name, finding.line) in suggested:
                print_text("    in it, keep the change above: both are of this line")
            suggested.add((finding.source.name, finding.line))
    for each in unread:
        print_text(f"not read: {each}")
    for path, has_unread in without_jobs.items():
        also = " of its own, and what it includes was not read" if has_unread else ""
        print_text(f"{path}: nothing to check: it has no job{also}")


def _where(finding: Finding) -> str:
    return f"{finding.source.name}:{finding.line}: {finding.rule}"
