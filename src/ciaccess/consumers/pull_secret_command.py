"""`./ciaccess pull-secret`: what a cluster needs to pull images as an account: a Secret, or External Secrets' manifests."""

from __future__ import annotations

import re
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from ciaccess.access.desired.vault import secret_of
from ciaccess.cli.options import FileOption, StackOption, load_access
from ciaccess.cli.terminal import print_json
from ciaccess.consumers import kubernetes
from ciaccess.errors import CommandError, Exit

if TYPE_CHECKING:
    from ciaccess.access import Access
    from ciaccess.clients.vault.secret import SecretSnapshot

application = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
_EXAMPLES = (
    "Examples:  ./ciaccess pull-secret --account svc-deployer --namespace orchestrator | kubectl apply -f -  ·  "
    "./ciaccess pull-secret --account svc-deployer --namespace orchestrator --kind external-secret"
)
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_MOST_NAME_CHARACTERS = 253


class Kind(StrEnum):
    """What is printed."""

    SECRET = "secret"  # noqa: S105 a kind, no secret
    EXTERNAL_SECRET = "external-secret"  # noqa: S105 likewise
    POD_EXAMPLE = "pod-example"


@application.command(epilog=_EXAMPLES)
def pull_secret(  # noqa: PLR0913 each option is a name in the manifests
    *,
    account: Annotated[str, typer.Option(help="Account to pull as, such as svc-deployer.")],
    namespace: Annotated[str, typer.Option(help="Namespace of the pods.")],
    name: Annotated[str, typer.Option(help="Name of the pull secret.")] = "nexus-pull",
    kind: Annotated[Kind, typer.Option(help="external-secret and pod-example hold no secret.")] = Kind.SECRET,
    auth_mount: Annotated[
        str, typer.Option(help="Vault's kubernetes auth mount, for external-secret.")
    ] = "kubernetes",
    vault_role: Annotated[
        str | None, typer.Option(help="Its role for the operator. Default: the name of the pull secret.")
    ] = None,
    show: Annotated[bool, typer.Option("--show", help="Print the secret even to a terminal.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON; kubectl takes it too.")] = False,
    stack: StackOption = None,
    file: FileOption = None,
) -> None:
    """Print a pull secret for both registries, to be piped to kubectl, or manifests that fetch it from Vault.

    The secret is read with VAULT_TOKEN from VAULT_ADDR, which must be the Vault of the YAML or of --stack.

    Exit code 0, 3 where Vault cannot be asked or has no such secret, 1 an error.
    """
    access = load_access(file, stack)
    _check_names(name, namespace)
    _check_account(access, account)
    if kind is Kind.EXTERNAL_SECRET:
        made = kubernetes.external_secret(
            access, name, namespace, account, auth_mount=auth_mount, role=vault_role or name
        )
    elif kind is Kind.POD_EXAMPLE:
        made = kubernetes.pod_example(access, name, namespace, account)
    else:
        if sys.stdout.isatty() and not show:
            raise CommandError(
                "print the secret: this is a terminal. Pipe it to `kubectl apply -f -`, or add --show"
            )
        made = [kubernetes.pull_secret(name, namespace, account, _docker_config(access, account))]
    if as_json:
        print_json(made[0] if len(made) == 1 else kubernetes.as_list(made))
    else:
        sys.stdout.write(kubernetes.as_yaml(made))


def _check_names(name: str, namespace: str) -> None:
    if not _LABEL.fullmatch(namespace):
        raise CommandError(f"use namespace {namespace!r}: Kubernetes allows 1 to 63 of a-z, 0-9 and - in it")
    if len(name) > _MOST_NAME_CHARACTERS or not all(_LABEL.fullmatch(part) for part in name.split(".")):
        raise CommandError(
            f"use name {name!r}: Kubernetes allows a-z, 0-9, - and . in it, up to 253 characters"
        )


def _check_account(access: Access, account: str) -> None:
    """Make sure that the account is declared, and may pull images at all.

    Raises:
        CommandError: it is not, or may not.
    """
    from ciaccess.analysis.facts import EVERY, AccessFacts, Holder  # noqa: PLC0415 after the names, which cost nothing

    if account not in access.accounts:
        raise CommandError(f"there is no account {account!r}. Accounts: {', '.join(access.accounts)}")
    facts = AccessFacts.of(access)
    holder = Holder(account)
    if facts.may_administer(holder):
        raise CommandError(
            f"{account} administers Nexus: a cluster must not hold its password. Take one that pulls"
        )
    grants = facts.grants_to(holder)
    if not any(grant.format in ("docker", EVERY) and grant.action in ("read", EVERY) for grant in grants):
        raise CommandError(
            f"{account} may pull no images, so its pull secret would be refused. Take one that may"
        )
    if any(grant.action not in ("read", "browse") for grant in grants):
        sys.stderr.write(f"note: {account} may do more than pull; a cluster needs one that only pulls\n")


def _docker_config(access: Access, account: str) -> str:
    """Read the account's secret from the YAML's Vault and return it as a docker config.

    Raises:
        CommandError: it cannot be read, or is not a secret of an account.
    """
    path = secret_of(access, account).api_path
    secret = _secret(access, path)
    if not secret.exists:
        raise CommandError(f"read {path}: not found in Vault. Provision it: pulumi up", Exit.COULD_NOT_LOOK)
    found = secret.credentials
    if found is None:
        raise CommandError(f"read {path}: username or password is missing. Repair: pulumi up --refresh")
    try:
        return kubernetes.docker_config(kubernetes.registries(access), found.username, found.password)
    except ValueError as error:
        raise CommandError(f"use {path}: {error}. Correct it in Vault: pulumi up --refresh") from None


def _secret(access: Access, path: str) -> SecretSnapshot:
    from ciaccess.clients.connect import vault_client  # noqa: PLC0415 only for the secret itself
    from ciaccess.clients.credentials import require  # noqa: PLC0415 likewise
    from ciaccess.clients.vault.secret import VaultSecret  # noqa: PLC0415 likewise

    require(
        "VAULT_ADDR", "VAULT_TOKEN"
    )  # the token is VAULT_ADDR's: without it, nothing says for which Vault it is
    return VaultSecret(vault_client(access), path).read()
