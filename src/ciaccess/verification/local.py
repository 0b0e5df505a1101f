"""The local stack provisioned by `pulumi up`, proved, and shown with commands to try."""

from __future__ import annotations

import os
from pathlib import PurePath

from ciaccess.access import Access
from ciaccess.cli.options import load_access
from ciaccess.cli.terminal import output
from ciaccess.engine import pulumi_cli
from ciaccess.errors import CommandError, Exit
from ciaccess.local_stack import stack
from ciaccess.local_stack.places import Record, credential_file
from ciaccess.verification import tables
from ciaccess.verification.resources import local_resources
from ciaccess.verification.results import Verdict
from ciaccess.verification.run import verify_accounts

_STACK = "local"
# An account with few rights, in one folder only.
_PROVED = "svc-executor"
_COMMAND_CHARACTERS = 50


def provision() -> None:
    """Run `pulumi up` on the stack `local`.

    Raises:
        CommandError: it failed; its output is above.
    """
    pulumi_cli.ensure_stack(_STACK)
    if pulumi_cli.run("up", "--yes", "--skip-preview", "--stack", _STACK, variables=stack.environment()):
        raise CommandError("pulumi up failed; its output is above. The proof was not run")


def prove() -> str:
    """Prove one account from token to artifact, print it, and return its name.

    Raises:
        CommandError: a check failed, or could not be made.
    """
    access = load_access(stack=_STACK)
    account = _PROVED if _PROVED in access.accounts else next(iter(access.accounts))
    report = verify_accounts(access, [account], local_resources(access))
    tables.show_proof(report, account, output())
    if report.verdict is not Verdict.AS_IT_MUST_BE:
        raise CommandError("the proof failed; the failed checks are above", Exit(report.verdict))
    return account


def first_steps(access: Access, account: str, record: Record) -> str:
    """Return what was made, where it is, and commands to try with the `account` that was proved."""
    addresses = record.addresses()
    server = PurePath(record.vault).name
    secret = f"{access.vault.kv.mount}/{access.vault.kv.prefix}/{account}"
    commands = (
        ('eval "$(make -s env)"', f"pulumi, {server} and the credentials in this shell; then:"),
        (f"{server} kv get {secret}", "the secret that a job reads"),
        ("./ciaccess access --by account", "what each account may do"),
        ("./ciaccess access --format html > access.html", "all of that as a page for a browser"),
        ("$EDITOR config/access.yaml; ./ciaccess validate", "change something; every mistake at once"),
        ("pulumi preview --stack local --diff", "what would change; `pulumi up` applies it"),
        ("./ciaccess drift --stack local --html drift.html", "manual changes in these systems, as a page"),
        ("./ciaccess local status", "what runs and where; `make down` stops it"),
    )
    systems = (
        ("OpenBao" if server == "bao" else "Vault", addresses["vault"], f"token in {_shown('vault-token')}"),
        ("Nexus", addresses["nexus"], f"user admin, password in {_shown('nexus-password')}"),
        ("  pushes", addresses["push_registry"], "registry for docker push"),
        ("  pulls", addresses["pull_registry"], "registry for docker pull"),
        ("GitLab", addresses["gitlab"], f"token in {_shown('gitlab-token')}"),
    )
    lines = [
        f"Made from config/{record.access_file}:",
        f"  {len(access.accounts)} accounts, each a Nexus user with a role, and a secret in Vault",
        f"  JWT roles with which jobs log in to Vault: {', '.join(access.vault.roles)}",
        "  the variables of the GitLab group, with which jobs find Vault",
        "In:",
        *(f"  {name:10}{address:25}{login}" for name, address, login in systems),
        "Try next:",
        *(f"  {command:{_COMMAND_CHARACTERS}}{purpose}" for command, purpose in commands),
    ]
    return "\n".join(lines)


def _shown(name: str) -> str:
    return os.path.relpath(credential_file(name))
