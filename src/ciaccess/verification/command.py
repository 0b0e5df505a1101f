"""`./ciaccess verify`: proves each account from an id_token to an artifact, and that what must be refused is refused."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ciaccess.cli.options import FileOption, StackOption, load_access
from ciaccess.cli.terminal import finish, notices, output, print_json, write_file
from ciaccess.errors import CommandError
from ciaccess.verification import tables

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ciaccess.access import Access
    from ciaccess.clients.http.session import HttpOptions
    from ciaccess.verification.id_tokens import IdToken
    from ciaccess.verification.results import Report
    from ciaccess.verification.run import Means

application = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
TOKEN = "VAULT_ID_TOKEN"  # noqa: S105 a variable's name
_EXAMPLES = (
    "Examples:  ./ciaccess verify --stack local  ·  ./ciaccess verify svc-executor --stack local --verbose  ·  "
    "in a job with id_tokens: ./ciaccess verify --junit verify.xml"
)


@application.command(epilog=_EXAMPLES)
def verify(  # noqa: PLR0913 each option is a choice of its own
    accounts: Annotated[
        list[str] | None, typer.Argument(help="Accounts. Default: all.", show_default=False)
    ] = None,
    *,
    id_token_file: Annotated[
        Path | None, typer.Option(help=f"File of a job's id_token. Default: the variable {TOKEN}.")
    ] = None,
    write: Annotated[
        bool | None,
        typer.Option(
            "--write/--read-only",
            help="Also test uploads, or only what leaves nothing behind. Default: uploads only on the local stack.",
            show_default=False,
        ),
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Print every check.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print every check as JSON.")] = False,
    junit: Annotated[Path | None, typer.Option(help="Also write the result as JUnit XML.")] = None,
    file: FileOption = None,
    stack: StackOption = None,
) -> None:
    """Prove each account against the running systems: what it may do works, the rest is refused.

    Exit code 0: all checks passed; 2: a check failed; 3: a check could not be made; 1: error.
    The id_token is the job's, or on the stack `local` minted by its GitLab.
    """
    access = load_access(file, stack)
    chosen = _chosen(access, accounts or ())
    local = _is_local(stack)
    means = _means(access, id_token_file, local=local, writes=local if write is None else write)
    report = run(access, chosen, means)
    if junit is not None:
        write_file(junit, report.as_junit())
    if as_json:
        print_json(report.as_json())
    else:
        tables.show(report, output(), verbose=verbose)
    finish(tables.EXITS[report.verdict])


def run(access: Access, accounts: Sequence[str], means: Means) -> Report:
    """Verify, with progress on a terminal."""
    from rich.progress import Progress  # noqa: PLC0415 slow to import

    from ciaccess.verification.run import Verification  # noqa: PLC0415 likewise

    console = notices()
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        verification = Verification(access, accounts, means, lambda _: progress.advance(task))
        task = progress.add_task("verifying", total=verification.subjects)
        return verification.run()


def local_means(access: Access, *, writes: bool = True, given: IdToken | None = None) -> Means:
    """Return all that the local stack gives: any id_token, and every administrator's credentials.

    Raises:
        StackError: there is no local stack, or it did not finish starting.
    """
    from ciaccess.clients.gitlab.variables import GitLab  # noqa: PLC0415 `--help` does without clients
    from ciaccess.clients.vault.client import Vault  # noqa: PLC0415 likewise
    from ciaccess.clients.vault.secret import Credentials  # noqa: PLC0415 likewise
    from ciaccess.local_stack import stack  # noqa: PLC0415 likewise
    from ciaccess.local_stack.places import credential_file  # noqa: PLC0415 likewise
    from ciaccess.verification.run import Means  # noqa: PLC0415 likewise
    from ciaccess.verification.token_sources import GivenToken, MintedTokens  # noqa: PLC0415 likewise

    stack.environment()
    options = _bounds()
    vault_token, nexus_password, gitlab_token = (
        credential_file(name).read_text(encoding="ascii")
        for name in ("vault-token", "nexus-password", "gitlab-token")
    )
    return Means(
        options=options,
        tokens=GivenToken(access, given) if given else MintedTokens(access, _LocalIssuer()),
        writes=writes,
        nexus_administrator=Credentials("admin", nexus_password),
        vault_administrator=Vault(access.vault.address, vault_token, options=options),
        gitlab=GitLab(access.gitlab.url, gitlab_token, options=options),
    )


class _LocalIssuer:
    """The local stack's GitLab, its failures put as verification has them."""

    def __init__(self) -> None:
        from ciaccess.local_stack.id_tokens import LocalIssuer  # noqa: PLC0415 only the local stack has one

        self._issuer = LocalIssuer()

    @property
    def projects(self) -> Sequence[str]:
        return self._issuer.projects

    def mint(self, project: str, ref: str, audience: str, **options: Any) -> str:
        from ciaccess.local_stack.processes import StackError  # noqa: PLC0415 as above
        from ciaccess.verification.id_tokens import TokenError  # noqa: PLC0415 likewise

        try:
            return self._issuer.mint(project, ref, audience, **options)
        except StackError as error:
            raise TokenError(str(error)) from None


def _means(access: Access, id_token_file: Path | None, *, local: bool, writes: bool) -> Means:
    from ciaccess.clients.credentials import require  # noqa: PLC0415 `--help` does without clients
    from ciaccess.clients.gitlab.variables import GitLab  # noqa: PLC0415 likewise
    from ciaccess.clients.vault.secret import Credentials  # noqa: PLC0415 likewise
    from ciaccess.verification.run import Means  # noqa: PLC0415 likewise
    from ciaccess.verification.token_sources import GivenToken  # noqa: PLC0415 likewise

    given = _given(id_token_file)
    if local:
        return local_means(access, writes=writes, given=given)
    if given is None:
        raise CommandError(
            f"no id_token given. Run this in a job whose id_tokens has {TOKEN}, name a file by --id-token-file, "
            "or try the local stack: --stack local"
        )
    options = _bounds()
    administrator, gitlab = None, None
    if writes and _is_set("NEXUS_USERNAME") and _is_set("NEXUS_PASSWORD"):
        found = require("NEXUS_USERNAME", "NEXUS_PASSWORD")
        administrator = Credentials(found["NEXUS_USERNAME"], found["NEXUS_PASSWORD"])
    if _is_set("GITLAB_TOKEN"):
        gitlab = GitLab(access.gitlab.url, require("GITLAB_TOKEN")["GITLAB_TOKEN"], options=options)
    return Means(
        options=options,
        tokens=GivenToken(access, given),
        writes=writes,
        nexus_administrator=administrator,
        gitlab=gitlab,
        job_environment=os.environ if "CI_PROJECT_PATH" in os.environ else {},
    )


def _given(id_token_file: Path | None) -> IdToken | None:
    from ciaccess.clients.credentials import require  # noqa: PLC0415 `--help` does without clients
    from ciaccess.verification.id_tokens import IdToken, TokenError  # noqa: PLC0415 likewise

    try:
        if id_token_file is not None:
            return IdToken.parse(id_token_file.read_text(encoding="ascii").strip())
        return IdToken.parse(require(TOKEN)[TOKEN]) if _is_set(TOKEN) else None
    except TokenError as error:
        raise CommandError(f"read the id_token: {error}") from None
    except OSError as error:
        raise CommandError(
            f"read {id_token_file}: {error.strerror}. Name a file that holds an id_token"
        ) from None
    except UnicodeDecodeError:
        raise CommandError(
            f"read {id_token_file}: not an id_token: it has characters outside ASCII"
        ) from None


def _bounds() -> HttpOptions:
    from ciaccess.clients.http.session import trusting  # noqa: PLC0415 `--help` does without clients

    return trusting(down_seconds=2.0, total_seconds=20.0)


def _is_set(name: str) -> bool:
    return bool(os.environ.get(name) or os.environ.get(f"{name}_FILE"))


def _is_local(stack: str | None) -> bool:
    from ciaccess.engine.settings import StackSettings  # noqa: PLC0415 `declared` has told of a stack's faults by now

    return stack is not None and StackSettings.of_stack(stack).local


def _chosen(access: Access, accounts: Sequence[str]) -> list[str]:
    unknown = [account for account in accounts if account not in access.accounts]
    if unknown:
        raise CommandError(
            f"account {', '.join(unknown)} is not declared. Declared accounts: {', '.join(access.accounts)}"
        )
    return list(dict.fromkeys(accounts)) or list(access.accounts)
