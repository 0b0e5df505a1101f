"""`./ciaccess pull-secret`: a Secret, manifests or a docker config to pull images."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated

import typer

from ciaccess.cli.help import Command, examples
from ciaccess.cli.local_credentials import use_local_credentials
from ciaccess.cli.options import FileOption, StackOption, load_access
from ciaccess.cli.terminal import print_json
from ciaccess.consumers import kubernetes
from ciaccess.errors import CommandError

application = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
_EXAMPLES = examples(
    "./ciaccess pull-secret --account svc-deployer --namespace orchestrator | kubectl apply -f -",
    "./ciaccess pull-secret --account svc-deployer --namespace orchestrator --kind external-secret",
    "./ciaccess pull-secret --account svc-deployer --kind docker-config > ~/.docker/config.json",
)
_WITH_PASSWORD = "print the secret: this is a terminal. Pipe it to `kubectl apply -f -`, or add --show"  # noqa: S105 a message


class Kind(StrEnum):
    """What is printed; the manifests that hold no secret are named as their templates."""

    SECRET = "secret"  # noqa: S105 a kind, no secret
    EXTERNAL_SECRET = "external-secret"  # noqa: S105 likewise
    VAULT_STATIC_SECRET = "vault-static-secret"  # noqa: S105 likewise
    POD_EXAMPLE = "pod-example"
    DOCKER_CONFIG = "docker-config"


_AuthMount = Annotated[str, typer.Option(help="For an operator: Vault's kubernetes auth mount.")]
_VaultRole = Annotated[
    str | None, typer.Option(help="For an operator: its role. Default: the name of the pull secret.")
]
_Audience = Annotated[str, typer.Option(help="For an operator: the audience that its role accepts.")]
_CaSecret = Annotated[
    str, typer.Option(help="For an operator: a Secret whose key ca.crt has the CA of Vault's certificate.")
]


@application.command(cls=Command, epilog=_EXAMPLES)
def pull_secret(  # noqa: PLR0913 each option is a name in the manifests
    *,
    account: Annotated[str, typer.Option(help="Account to pull as, such as svc-deployer.")],
    namespace: Annotated[
        str | None, typer.Option(help="Namespace of the pods; needed for all but docker-config.")
    ] = None,
    name: Annotated[str, typer.Option(help="Name of the pull secret.")] = "nexus-pull",
    kind: Annotated[
        Kind, typer.Option(help="secret and docker-config hold the password, the others hold no secret.")
    ] = Kind.SECRET,
    auth_mount: _AuthMount = "kubernetes",
    vault_role: _VaultRole = None,
    audience: _Audience = "vault",
    ca_secret: _CaSecret = "",
    show: Annotated[bool, typer.Option("--show", help="Print the secret even to a terminal.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON; kubectl takes it too.")] = False,
    stack: StackOption = None,
    file: FileOption = None,
) -> None:
    """Print a pull secret for both registries: for kubectl, an operator, or a host.

    The secret is read with VAULT_TOKEN from VAULT_ADDR, which must be the Vault of the YAML or of --stack.

    Exit code 0, 3 Vault cannot be read or has no such secret, 1 an error.
    """
    from ciaccess.consumers.pull_secret import check_account, check_names, docker_config  # noqa: PLC0415 `--help` needs no clients

    access = load_access(file, stack)
    if kind in (Kind.SECRET, Kind.DOCKER_CONFIG):
        _prepare_reading(stack, show=show)
    if kind is Kind.DOCKER_CONFIG:
        check_account(access, account)
        sys.stdout.write(f"{docker_config(access, account)}\n")
        return
    if namespace is None:
        raise CommandError(f"--kind {kind} needs --namespace, the namespace of the pods")
    check_names(name, namespace)
    check_account(access, account)
    names = name, namespace, account
    if kind is Kind.SECRET:
        made = [kubernetes.pull_secret(*names, docker_config(access, account))]
    else:
        login = kubernetes.Login(auth_mount, vault_role or name, audience, ca_secret)
        made = kubernetes.without_secret(kind, access, *names, login)
    if as_json:
        print_json(made[0] if len(made) == 1 else kubernetes.as_list(made))
    else:
        sys.stdout.write(kubernetes.as_yaml(made))


def _prepare_reading(stack: str | None, *, show: bool) -> None:
    """Refuse to print a secret to a terminal; take the local stack's credentials on it."""
    if sys.stdout.isatty() and not show:
        raise CommandError(_WITH_PASSWORD)
    if stack:
        use_local_credentials(stack)
