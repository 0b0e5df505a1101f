"""`./ciaccess pull-secret`: a Secret or External Secrets' manifests to pull images."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from ciaccess.cli.options import FileOption, StackOption, load_access
from ciaccess.cli.terminal import print_json
from ciaccess.consumers import kubernetes
from ciaccess.errors import CommandError

if TYPE_CHECKING:
    pass

application = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
_EXAMPLES = (
    "Examples:  ./ciaccess pull-secret --account svc-deployer --namespace orchestrator | kubectl apply -f -  ·  "
    "./ciaccess pull-secret --account svc-deployer --namespace orchestrator --kind external-secret"
)


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
    """Print a pull secret for both registries for kubectl, or manifests that read it from Vault.

    The secret is read with VAULT_TOKEN from VAULT_ADDR, which must be the Vault of the YAML or of --stack.

    Exit code 0, 3 where Vault cannot be asked or has no such secret, 1 an error.
    """
    from ciaccess.consumers.pull_secret import check_account, check_names, docker_config  # noqa: PLC0415 `--help` needs no clients

    access = load_access(file, stack)
    check_names(name, namespace)
    check_account(access, account)
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
        made = [kubernetes.pull_secret(name, namespace, account, docker_config(access, account))]
    if as_json:
        print_json(made[0] if len(made) == 1 else kubernetes.as_list(made))
    else:
        sys.stdout.write(kubernetes.as_yaml(made))
