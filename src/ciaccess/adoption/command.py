"""`./ciaccess adopt`: describe existing objects, and import them into a stack's state."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ciaccess.cli.help import Command, examples
from ciaccess.cli.options import JsonOption, LiveStackOption, SettingsOption
from ciaccess.cli.terminal import finish, notices, output, print_json, write_file
from ciaccess.errors import CommandError, Exit

if TYPE_CHECKING:
    from ciaccess.access.reading.document import YamlPath
    from ciaccess.access.reading.loader import Checked
    from ciaccess.adoption.draft import Draft
    from ciaccess.adoption.plan import Plan
    from ciaccess.adoption.session import Session

application = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Describe existing objects in access.yaml, and import them into a stack's state. Jobs keep working.",
    epilog="Run crawl, plan, run, in this order. See docs/runbook-adopt.md",
)
# The keys of a stack's addresses, each with its variable as the default.
_ADDRESSES = {"vault": "VAULT_ADDR", "nexus": "NEXUS_URL", "gitlab": "GITLAB_URL"}


@application.command(
    cls=Command, epilog=examples("./ciaccess adopt crawl --group orchestrator --out config/access.yaml")
)
def crawl(  # noqa: PLR0913 a command's options
    *,
    out: Annotated[Path, typer.Option("--out", help="The file to write; it must not exist.")],
    group: Annotated[
        list[str] | None, typer.Option("--group", help="A GitLab group, by path or id; repeatable.")
    ] = None,
    stack: Annotated[
        str | None, typer.Option("--stack", help="Take the addresses from this stack's settings.")
    ] = None,
    settings_file: SettingsOption = None,
    vault: Annotated[
        str | None, typer.Option("--vault", help="Vault's address. Default: VAULT_ADDR.")
    ] = None,
    nexus: Annotated[str | None, typer.Option("--nexus", help="Nexus's address. Default: NEXUS_URL.")] = None,
    gitlab: Annotated[
        str | None, typer.Option("--gitlab", help="GitLab's address. Default: GITLAB_URL.")
    ] = None,
    kv: Annotated[
        str | None, typer.Option("--kv", help="Mount and folder of the secrets, such as secret/nexus.")
    ] = None,
    jwt: Annotated[str | None, typer.Option("--jwt", help="Mount of the JWT backend.")] = None,
) -> None:
    """Write an access.yaml of the existing objects. Reads only, and checks each secret's login.

    The max_age of accounts and the images, which no system records, are copied from the stack's present access.yaml, if there is one.

    Exit code 0 the YAML is valid, 2 it has errors for you to resolve, 3 could not look, 1 error.
    """
    from ciaccess.access.reading.document import Document, read  # noqa: PLC0415 likewise
    from ciaccess.access.reading.loader import check  # noqa: PLC0415 likewise
    from ciaccess.adoption.describing import describe  # noqa: PLC0415 --help does not need it
    from ciaccess.adoption.draft import text  # noqa: PLC0415 likewise
    from ciaccess.adoption.inventory import read_systems  # noqa: PLC0415 likewise
    from ciaccess.adoption.rotations import max_ages_in  # noqa: PLC0415 likewise
    from ciaccess.adoption.session import connect  # noqa: PLC0415 likewise

    if out.exists():
        raise CommandError(f"{out} exists already. Name another file, and compare the two")
    given = {"vault": vault, "nexus": nexus, "gitlab": gitlab}
    addresses, before = _addresses(stack, settings_file, given)
    present = read(before) if before.exists() else Document(str(before))
    draft = describe(read_systems(connect(**addresses), group or (), kv, jwt), max_ages_in(present))
    if images := present.at(("images",)):
        draft.data["images"] = images
    write_file(out, text(draft))
    checked = check(out)
    _print_draft(draft, checked, out)
    finish(Exit.CLEAN if checked.access else Exit.DIFFERENCES)


def _addresses(
    stack: str | None, settings_file: Path | None, given: dict[str, str | None]
) -> tuple[dict[str, str], Path]:
    """Return the addresses (given, the stack's or the environment's) and access.yaml's path."""
    from ciaccess.cli.local_credentials import use_local_credentials  # noqa: PLC0415 --help does without
    from ciaccess.engine.settings import StackSettings  # noqa: PLC0415 likewise

    settings = StackSettings()
    if stack:
        use_local_credentials(stack, settings_file)
        settings = StackSettings.of_stack(stack, settings_file)
    # An option overrides its variable, so that the credentials are for its address.
    os.environ.update({_ADDRESSES[name]: url for name, url in given.items() if url})
    found = {
        name: given[name] or settings.addresses.get(name) or os.environ.get(variable, "")
        for name, variable in _ADDRESSES.items()
    }
    if missing := [f"--{name} (or {_ADDRESSES[name]})" for name, url in found.items() if not url]:
        raise CommandError(
            f"addresses are missing: {', '.join(missing)}. Or name a stack that has them: --stack"
        )
    return {name: url.rstrip("/") for name, url in found.items()}, settings.access_file


def _print_draft(draft: Draft, checked: Checked, out: Path) -> None:
    say = output()
    lines = _lines(draft, out)
    for remark in draft.remarks:
        say.print(f"{out}:{lines[remark.path]}: {remark.rule}: {remark}", markup=False)
    for fault in checked.faults:
        say.print(str(fault), markup=False)
    errors = sum(fault.severity == "error" for fault in checked.faults)
    accounts = len(draft.data["accounts"])
    verdict = "valid" if checked.access else f"{errors} errors to resolve"
    say.print(f"{out}: {accounts} accounts, {len(draft.remarks)} remarks; {verdict}", markup=False)


def _lines(draft: Draft, out: Path) -> dict[YamlPath, int]:
    """Return the line of each remark's place, or of the nearest enclosing one."""
    from ciaccess.access.reading.document import read  # noqa: PLC0415 --help does without
    from ciaccess.access.reading.faults import ConfigError  # noqa: PLC0415 likewise

    found: dict[YamlPath, int] = {}
    try:
        document = read(out)
    except ConfigError:  # a value is invalid in any access.yaml; validate reports it
        return dict.fromkeys((remark.path for remark in draft.remarks), 1)
    for remark in draft.remarks:
        path = remark.path
        while path and path not in document.keys and path not in document.values:
            path = path[:-1]
        found[remark.path] = document.position(path, key=path in document.keys)[0]
    return found


@application.command(
    cls=Command, epilog=examples("./ciaccess adopt plan --stack prod --import-file import.json")
)
def plan(
    *,
    stack: LiveStackOption = "prod",
    settings_file: SettingsOption = None,
    import_file: Annotated[
        Path | None, typer.Option("--import-file", help="Write the input of `pulumi import --file`.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List the declared objects, with an action and the changes of the first `up`. Writes nothing.

    Exit code 0 nothing to adopt, 2 objects to adopt or refused, 3 could not look, 1 error.
    """
    from ciaccess.adoption.plan import PlannedAction  # noqa: PLC0415 --help does without
    from ciaccess.adoption.session import session  # noqa: PLC0415 likewise

    with session(stack, settings_file) as adopting:
        found = adopting.plan()
        if import_file:
            adopting.write_import_file(found, import_file)
    _print_plan(found, as_json=as_json)
    finish(Exit.DIFFERENCES if found.of(PlannedAction.ADOPTED, PlannedAction.REFUSED) else Exit.CLEAN)


@application.command(
    cls=Command,
    epilog=examples("./ciaccess adopt run --account svc-bench", "./ciaccess adopt run --all --yes"),
)
def run(  # noqa: PLR0913 a command's options
    *,
    kind: Annotated[
        list[str] | None,
        typer.Option("--kind", help="Objects of this kind, as named in the plan; repeatable."),
    ] = None,
    account: Annotated[
        list[str] | None,
        typer.Option("--account", help="This account, with the objects that it needs; repeatable."),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All declared objects.")] = False,
    yes: Annotated[
        bool,
        typer.Option("--yes", "-y", help="Also write to the systems: update and create objects as declared."),
    ] = False,
    fewer_rights: Annotated[
        bool, typer.Option("--fewer-rights", help="With --yes: allow that users of Nexus lose rights.")
    ] = False,
    stack: LiveStackOption = "prod",
    settings_file: SettingsOption = None,
) -> None:
    """Import objects into the stack's state as they are. With --yes, then update them to access.yaml.

    Can be repeated: objects in the state are skipped.

    Exit code 0 all chosen objects are adopted and as declared, 2 some differ or were refused, 3 could not look, 1 error.
    """
    from ciaccess.adoption.session import session  # noqa: PLC0415 --help does without

    if every == bool(kind or account):
        raise CommandError("choose what to adopt: --kind, --account, or --all (without the others)")
    with session(stack, settings_file) as adopting:
        whole = adopting.plan()
        chosen = whole if every else whole.chosen(kind or [], account or [])
        _print_plan(chosen)
        _check_rights(adopting.lost_rights(chosen), refuse=yes and not fewer_rights)
        finish(_adopt(adopting, chosen, yes=yes))


def _check_rights(lost: dict[str, str], *, refuse: bool) -> None:
    """Print the users of Nexus that lose rights.

    Raises:
        CommandError: some do, and the loss is not confirmed.
    """
    for user, rights in lost.items():
        output().print(f"up would remove rights of {user}: {rights}", markup=False)
    if lost and refuse:
        raise CommandError(
            f"{', '.join(lost)} would lose rights in Nexus. Nothing was written. Declare these rights in access.yaml, or "
            "confirm the loss with --fewer-rights"
        )


def _adopt(adopting: Session, chosen: Plan, *, yes: bool) -> Exit:
    from ciaccess.adoption.plan import PlannedAction  # noqa: PLC0415 --help does without
    from ciaccess.adoption.verifying import unplanned_changes  # noqa: PLC0415 likewise

    adopting.take_into_state(chosen)
    changes = adopting.changes(chosen)
    if unexpected := unplanned_changes(chosen, changes):
        shown = "; ".join(map(str, unexpected))
        raise CommandError(
            f"the engine plans changes that are not in the plan: {shown}. Nothing was written to any system. Inspect them "
            "with pulumi preview --diff"
        )
    if yes and changes:
        adopting.bring_in_line(chosen)
        changes = adopting.changes(chosen, all_made=True)
    else:
        adopting.settle(chosen)
    for change in changes.values():
        left = "; it leaves that each time: drift has the command that resets it" if change.is_left else ""
        output().print(f"up would still change {change}{left}", markup=False)
    done = chosen.of(PlannedAction.ADOPTED, PlannedAction.IN_STATE)
    refused = chosen.of(PlannedAction.REFUSED)
    effect = "no system was written to" if not yes else "systems updated to access.yaml"
    notices().print(f"{len(done)} in the state, {len(changes)} to change, {len(refused)} refused; {effect}")
    return Exit.DIFFERENCES if changes or refused else Exit.CLEAN


def _print_plan(found: Plan, *, as_json: bool = False) -> None:
    from ciaccess.adoption.tables import lines, plan_as_json, summary  # noqa: PLC0415 --help does without

    if as_json:
        print_json(plan_as_json(found))
        return
    for line in lines(found):
        output().print(line, markup=False)
    notices().print(summary(found), markup=False)
