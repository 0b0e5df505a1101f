"""The local stack provisioned by `pulumi up`, and proved."""

from __future__ import annotations

from ciaccess.cli.options import load_access
from ciaccess.cli.terminal import output
from ciaccess.engine import pulumi_cli
from ciaccess.errors import CommandError, Exit
from ciaccess.local_stack import stack
from ciaccess.verification import tables
from ciaccess.verification.resources import local_resources
from ciaccess.verification.results import Verdict
from ciaccess.verification.run import verify_accounts

_STACK = "local"
# An account with few rights, in one folder only.
_PROVED = "svc-executor"


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
