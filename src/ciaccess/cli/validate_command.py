"""`./ciaccess validate`: every fault of access.yaml at once, without any network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ciaccess.access.desired.former_names import former_names
from ciaccess.access.reading.loader import Checked, check
from ciaccess.cli.help import Command, examples
from ciaccess.cli.terminal import finish, print_json, print_text
from ciaccess.engine.settings import StackSettings
from ciaccess.errors import Exit
from ciaccess.report.page import count_text

_STANDARD_INPUT = Path("/dev/stdin")
application = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@application.command(
    cls=Command,
    epilog=examples(
        "./ciaccess validate",
        "./ciaccess validate other.yaml --json | jq '.faults[].message'",
        "git show HEAD~1:config/access.yaml | ./ciaccess validate -",
    ),
)
def validate(
    file: Annotated[
        Path | None,
        typer.Argument(help="The YAML to check; - for standard input. Default: config/access.yaml"),
    ] = None,
    *,
    stack: Annotated[
        str | None, typer.Option("--stack", help="Check it with this stack's file and addresses.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the faults as JSON.")] = False,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON Schema for editors, no more.")
    ] = False,
) -> None:
    """Check access.yaml, and print every fault with its line and remedy. Exit code 0 valid, 1 not."""
    if schema:
        from ciaccess.access.reading.schema import text  # noqa: PLC0415 only for this option

        typer.echo(text(), nl=False)
        return
    settings = StackSettings.of_stack(stack) if stack else StackSettings()
    given = _STANDARD_INPUT if file == Path("-") else file
    checked = check(given or settings.access_file, settings.addresses)
    if as_json:
        print_json(_as_json(checked))
    else:
        for fault in checked.faults:
            print_text(str(fault))
        print_text(_summary(checked))
    finish(Exit.CLEAN if checked.access else Exit.ERROR)


def _as_json(checked: Checked) -> dict[str, Any]:
    access = checked.access
    former = list(former_names(access)) if access else []
    return {
        "valid": access is not None,
        "accounts": len(access.accounts) if access else None,
        "former": [each.to_json() for each in former],
        "faults": [fault.to_json() for fault in checked.faults],
    }


def _summary(checked: Checked) -> str:
    errors = sum(fault.severity == "error" for fault in checked.faults)
    warnings = len(checked.faults) - errors
    counts = {"error": errors, "warning": warnings}
    found = ", ".join(count_text(count, word) for word, count in counts.items() if count)
    if checked.access is None:
        return f"{found} found"
    former = [each for each in former_names(checked.access) if not each.is_over]
    named = "".join(f"\n  {each.name}: {each}" for each in former)
    return (
        f"{checked.file}: valid, {len(checked.access.accounts)} accounts"
        + (f", {found}" if found else "")
        + named
    )
