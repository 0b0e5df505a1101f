"""`./ciaccess adopt`: describe what exists already, and take it into a stack's state without a job noticing."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

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
    help="Describe what exists already, and take it into a stack's state without a job noticing.",
    epilog="In this order: ./ciaccess adopt crawl, plan, run. See docs/runbook-adopt.md",
)
StackOption = Annotated[
    str, typer.Option("--stack", envvar=["CIACCESS_STACK", "PULUMI_STACK"], help="The stack that adopts.")
]
SettingsOption = Annotated[
    Path | None,
    typer.Option("--config-file", help="The stack's settings. Default: config/Pulumi.<stack>.yaml."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the plan as JSON.")]
# The keys of a stack's addresses, and the variable that each is taken from otherwise.
_ADDRESSES = {"vault": "VAULT_ADDR", "nexus": "NEXUS_URL", "gitlab": "GITLAB_URL"}


@application.command(epilog="Example:  ./ciaccess adopt crawl --group orchestrator --out config/access.yaml")
def crawl(  # noqa: PLR0913 a command's options
    *,
    out: Annotated[Path, typer.Option("--out", help="The YAML to write; it must not exist.")],
    group: Annotated[
        list[str] | None, typer.Option("--group", help="A GitLab group, by path or id; again for each.")
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
        str | None, typer.Option("--kv", help="Mount and folder of the secrets, as in secret/nexus.")
    ] = None,
    jwt: Annotated[str | None, typer.Option("--jwt", help="Mount of the JWT backend.")] = None,
) -> None:
    """Write an access.yaml that describes what exists. Reads, and tries each secret's login; changes nothing.

    The max_age of accounts, which no system tells, is kept from the stack's access.yaml, where there is one.

    Exit code 0 if the YAML is valid as it is, 2 if something in it is yours to decide, 3 could not look, 1 an error.
    """
    from ciaccess.access.reading.document import read  # noqa: PLC0415 likewise
    from ciaccess.access.reading.loader import check  # noqa: PLC0415 likewise
    from ciaccess.adoption.describing import describe  # noqa: PLC0415 --help does without
    from ciaccess.adoption.rotations import max_ages_in  # noqa: PLC0415 likewise
    from ciaccess.adoption.session import connect, told  # noqa: PLC0415 likewise
    from ciaccess.adoption.world import crawl as look  # noqa: PLC0415 likewise
    from ciaccess.adoption.writing import text  # noqa: PLC0415 likewise

    if out.exists():
        raise CommandError(f"{out} exists already. Name another file, and compare the two")
    given = {"vault": vault, "nexus": nexus, "gitlab": gitlab}
    addresses, before = _addresses(stack, settings_file, given)
    with told():
        max_ages = max_ages_in(read(before)) if before.exists() else {}
        draft = describe(look(connect(**addresses), group or (), kv, jwt), max_ages)
    write_file(out, text(draft))
    checked = check(out)
    _tell_of_draft(draft, checked, out)
    finish(Exit.CLEAN if checked.access else Exit.DIFFERENCES)


def _addresses(
    stack: str | None, settings_file: Path | None, given: dict[str, str | None]
) -> tuple[dict[str, str], Path]:
    """Return the addresses: those that are given, the stack's, or the environment's; and where its access.yaml is."""
    from ciaccess.cli.local_credentials import use_local_credentials  # noqa: PLC0415 --help does without
    from ciaccess.engine.settings import StackSettings, StackSettingsError  # noqa: PLC0415 likewise

    settings = StackSettings()
    if stack:
        use_local_credentials(stack, settings_file)
        try:
            settings = StackSettings.of_stack(stack, settings_file)
        except StackSettingsError as error:
            raise CommandError(str(error)) from None
    found = {
        name: given[name] or settings.addresses.get(name) or os.environ.get(variable, "")
        for name, variable in _ADDRESSES.items()
    }
    if missing := [f"--{name} (or {_ADDRESSES[name]})" for name, url in found.items() if not url]:
        raise CommandError(
            f"addresses are missing: {', '.join(missing)}. Or name a stack that has them: --stack"
        )
    return {name: url.rstrip("/") for name, url in found.items()}, settings.access_file


def _tell_of_draft(draft: Draft, checked: Checked, out: Path) -> None:
    say = output()
    lines = _lines(draft, out)
    for remark in draft.remarks:
        say.print(f"{out}:{lines[remark.path]}: {remark.rule}: {remark}", markup=False)
    for fault in checked.faults:
        say.print(str(fault), markup=False)
    errors = sum(fault.severity == "error" for fault in checked.faults)
    accounts = len(draft.data["accounts"])
    verdict = "valid" if checked.access else f"{errors} to decide before it is valid"
    say.print(f"{out}: {accounts} accounts, {len(draft.remarks)} remarks; {verdict}", markup=False)


def _lines(draft: Draft, out: Path) -> dict[YamlPath, int]:
    """Return the line of each place that a remark concerns, or of what it lies in."""
    from ciaccess.access.reading.document import read  # noqa: PLC0415 --help does without
    from ciaccess.access.reading.faults import ConfigError  # noqa: PLC0415 likewise

    found: dict[YamlPath, int] = {}
    try:
        document = read(out)
    except ConfigError:  # a value holds what no access.yaml may hold; validate says so
        return dict.fromkeys((remark.path for remark in draft.remarks), 1)
    for remark in draft.remarks:
        path = remark.path
        while path and path not in document.keys and path not in document.values:
            path = path[:-1]
        found[remark.path] = document.position(path, key=path in document.keys)[0]
    return found


@application.command(epilog="Example:  ./ciaccess adopt plan --stack prod --import-file import.json")
def plan(
    *,
    stack: StackOption = "prod",
    settings_file: SettingsOption = None,
    import_file: Annotated[
        Path | None, typer.Option("--import-file", help="Write the file that `pulumi import --file` takes.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show which objects exist, what each becomes, and what the first `up` changes. Changes nothing.

    Exit code 0 nothing is left to adopt, 2 something is, 3 could not look, 1 an error.
    """
    from ciaccess.adoption.plan import Becomes  # noqa: PLC0415 --help does without
    from ciaccess.adoption.session import session  # noqa: PLC0415 likewise

    with session(stack, settings_file) as adopting:
        found = adopting.plan()
        if import_file:
            adopting.write_import_file(found, import_file)
    _tell_of_plan(found, as_json=as_json)
    finish(Exit.DIFFERENCES if found.of(Becomes.ADOPTED, Becomes.REFUSED) else Exit.CLEAN)


@application.command(
    epilog="Examples:  ./ciaccess adopt run --account svc-bench  ·  ./ciaccess adopt run --all --yes"
)
def run(  # noqa: PLR0913 a command's options
    *,
    kind: Annotated[
        list[str] | None,
        typer.Option("--kind", help="Objects of this kind, as the plan names it; again for more."),
    ] = None,
    account: Annotated[
        list[str] | None, typer.Option("--account", help="This account, with what it needs; again for more.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Everything that is declared.")] = False,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Write to the systems too: what differs, and what is missing.")
    ] = False,
    fewer_rights: Annotated[
        bool, typer.Option("--fewer-rights", help="With --yes: also where users of Nexus lose rights.")
    ] = False,
    stack: StackOption = "prod",
    settings_file: SettingsOption = None,
) -> None:
    """Take objects into the stack's state as they are. With --yes, then bring them in line with access.yaml.

    Repeat it as you like: what is in the state is left alone. Exit code 0 all that was chosen is adopted and as declared,
    2 something still differs or was refused, 3 could not look, 1 an error.
    """
    from ciaccess.adoption.session import session  # noqa: PLC0415 --help does without

    if every == bool(kind or account):
        raise CommandError("choose what to adopt: --kind, --account, or --all")
    with session(stack, settings_file) as adopting:
        whole = adopting.plan()
        chosen = whole if every else _chosen(whole, kind or [], account or [])
        _tell_of_plan(chosen)
        _check_rights(adopting.lost_rights(chosen), refuse=yes and not fewer_rights)
        finish(_adopt(adopting, chosen, yes=yes))


def _chosen(whole: Plan, kinds: list[str], accounts: list[str]) -> Plan:
    from ciaccess.adoption.errors import AdoptionError  # noqa: PLC0415 --help does without

    try:
        return whole.chosen(kinds, accounts)
    except AdoptionError as error:
        raise CommandError(str(error)) from None


def _check_rights(lost: dict[str, str], *, refuse: bool) -> None:
    """Report the users of Nexus that lose rights.

    Raises:
        CommandError: there are some, and that was not confirmed.
    """
    for user, rights in lost.items():
        output().print(f"up would take from {user}: {rights}", markup=False)
    if lost and refuse:
        raise CommandError(
            f"{', '.join(lost)} would have fewer rights in Nexus than now. Nothing was written: declare these rights in "
            "access.yaml, or confirm the loss with --fewer-rights"
        )


def _adopt(adopting: Session, chosen: Plan, *, yes: bool) -> Exit:
    from ciaccess.adoption.plan import Becomes  # noqa: PLC0415 --help does without
    from ciaccess.adoption.verifying import unplanned  # noqa: PLC0415 likewise

    adopting.take_into_state(chosen)
    changes = adopting.changes(chosen)
    if unexpected := unplanned(chosen, changes):
        shown = "; ".join(map(str, unexpected))
        raise CommandError(
            f"the engine would change what the plan does not name: {shown}. Nothing was written to any system: look at it "
            "with pulumi preview --diff"
        )
    if yes and changes:
        adopting.bring_in_line(chosen)
        changes = adopting.changes(chosen, all_made=True)
    else:
        adopting.settle(chosen)
    for change in changes.values():
        output().print(f"up would still change {change}", markup=False)
    done = chosen.of(Becomes.ADOPTED, Becomes.IN_STATE)
    refused = chosen.of(Becomes.REFUSED)
    said = "no system was written to" if not yes else "brought in line with access.yaml"
    notices().print(f"{len(done)} in the state, {len(changes)} to change, {len(refused)} refused; {said}")
    return Exit.DIFFERENCES if changes or refused else Exit.CLEAN


def _tell_of_plan(found: Plan, *, as_json: bool = False) -> None:
    from ciaccess.adoption.tables import lines, plan_as_json, summary  # noqa: PLC0415 --help does without

    if as_json:
        print_json(plan_as_json(found))
        return
    for line in lines(found):
        output().print(line, markup=False)
    notices().print(summary(found), markup=False)
